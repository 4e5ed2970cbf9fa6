//! Invitations into an account.

pub mod create;
pub mod list;
pub mod withdraw;
