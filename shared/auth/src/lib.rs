//! API keys, webhook signatures, cursors and sealed answers: pure functions over bytes, and the one source of random bytes.

pub mod cursor;
pub mod derived;
pub mod seal;
pub mod token;
pub mod webhook;

pub use seal::{Seal, SealError};
pub use token::{Token, TokenHash};
pub use webhook::WebhookSecret;

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system's random generator failed")]
pub struct NoEntropy(#[source] getrandom::Error);

/// Random bytes from the operating system.
///
/// # Errors
/// Where the system call fails.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoEntropy)?;
    Ok(bytes)
}
