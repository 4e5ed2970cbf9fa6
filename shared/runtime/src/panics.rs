//! Panics: a fault of ours in one piece of work ends neither the process nor the work beside it.

use std::{any::Any, future::Future, panic::AssertUnwindSafe};

use futures::FutureExt;

/// A piece of work panicked.
#[derive(Debug, thiserror::Error)]
#[error("panicked: {0}")]
pub struct Panicked(String);

impl From<Box<dyn Any + Send>> for Panicked {
    fn from(payload: Box<dyn Any + Send>) -> Self {
        let text =
            payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self(text.unwrap_or("no message").to_owned())
    }
}

/// Runs a piece of work to its end, also where that is a panic. Whatever it shares with others must bear that it stopped anywhere.
///
/// # Errors
/// Where it panicked.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(Panicked::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_own_words() {
        let work = async |fails: bool| if fails { panic!("no {}", "way") } else { 1 };
        assert_eq!(futures::executor::block_on(caught(work(false))).ok(), Some(1));
        let error = futures::executor::block_on(caught(work(true))).expect_err("a panic");
        assert_eq!(error.to_string(), "panicked: no way");
    }
}
