//! All of Valpero on one machine: the functions of the template around an embedded store, and the operator's commands.

mod args;
mod backup;
mod check;
pub mod cli;
mod cloudformation;
mod data;
mod data_error;
mod dead_letters;
mod deployed;
pub mod embedded;
mod handles;
mod health;
mod mail;
mod operator;
mod private;
mod proxy;
mod screen;
mod services;
mod ses;
mod soundness;
pub mod stack;
mod up;
mod users;

pub use cli::main;
