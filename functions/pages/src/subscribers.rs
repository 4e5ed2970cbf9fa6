//! Subscribers of status pages: list and remove them. They subscribe by themselves, at the page.

pub mod list;
pub mod remove;
