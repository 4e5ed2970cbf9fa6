//! What happens to a monitor: decide, write, tell. The checker and the API's functions share it.

pub mod audit;
pub mod hours;
pub mod notify;
pub mod pages;
pub mod resolution;
pub mod settle;
mod unwatched;
