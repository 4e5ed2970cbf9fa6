//! The dashboard, from outside: coming in, what pages show and do, and what strangers cannot.

mod entry;
mod pages;
mod reach;
mod tools;
mod two_factor;

pub use entry::session_of;
