//! All of Valpero on one machine: the functions of the template around an embedded store, and the operator's commands.

pub mod api;
mod check;
pub mod cli;
mod data;
mod dead_letters;
mod deployed;
pub mod embedded;
pub mod openapi;
mod operator;
mod screen;
mod services;
pub mod stack;
mod up;

pub use cli::main;
