//! API keys, passwords, one-time codes, webhook signatures, signed links, cursors and sealed answers: pure functions over bytes, and the one source of random bytes.

pub mod cursor;
pub mod derived;
pub mod link;
pub mod one_time;
pub mod password;
pub mod seal;
pub mod token;
pub mod totp;
pub mod webhook;

pub use link::{AcknowledgeLink, LinkSecret, SubscriberClaim, SubscriberLink};
pub use one_time::OneTimeSecret;
pub use password::{Password, PasswordHash};
pub use seal::{Seal, SealError};
pub use token::{Token, TokenHash};
pub use totp::TotpSecret;
pub use webhook::WebhookSecret;

/// Random bytes from the operating system.
///
/// # Panics
/// Where it has none. Once a process runs, that cannot be: getrandom(2) fails where the system call is missing or forbidden, and waits
/// at most until the machine has gathered enough at its start.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::panic, reason = "nothing that needs random bytes can go on without them")]
    if let Err(error) = getrandom::fill(&mut bytes) {
        panic!("the operating system's random generator failed: {error}");
    }
    bytes
}
