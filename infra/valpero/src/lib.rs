//! All of Valpero on one machine: the functions of the template around an embedded store, and the operator's commands.

pub mod api;
pub mod cli;
mod data;
pub mod embedded;
mod operator;
mod screen;
pub mod stack;
mod up;

pub use cli::main;
