//! The whole of Valpero, tested from outside: one binary, a fresh stack for each test, time as a value.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod alerts;
mod api;
mod checks;
mod cost;
mod dashboard;
mod delivery;
mod fuzz;
mod harness;
mod pages;
mod security;
mod tidy;
