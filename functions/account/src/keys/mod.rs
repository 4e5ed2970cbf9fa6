//! API keys.

pub mod create;
pub mod list;
pub mod read;
pub mod rename;
pub mod revoke;
pub mod rotate;

use valpero_domain::{Faults, Timestamp};
use valpero_http::{Caller, Problem};
use valpero_storage::{LIVE_KEYS_MAX, StoreError};

/// Why a new key was not kept.
fn not_kept(error: StoreError) -> Problem {
    match error {
        StoreError::LimitReached => Problem::key_limit(LIVE_KEYS_MAX),
        error => error.into(),
    }
}

/// A key that ends can hand out none that ends later.
fn outlives(caller: &Caller, expires_at: Option<Timestamp>) -> Result<(), Faults> {
    let mut faults = Faults::default();
    if let Some(end) = caller.expires_at
        && expires_at.is_none_or(|asked| asked > end)
    {
        faults.add("/expires_at", format!("must be {end} or earlier, when the key that mints it expires"));
    }
    faults.finish(Some(()))
}
