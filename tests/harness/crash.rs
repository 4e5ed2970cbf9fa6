//! Crashes: after so many writes the store is out of reach, as for a process that is gone.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use aws_sdk_dynamodb::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef},
    error::BoxError,
};

const UNLIMITED: i64 = i64::MAX / 2;

/// Lets so many writes through, then nothing more.
#[derive(Debug, Clone)]
pub struct Crashes(Arc<AtomicI64>);

impl Default for Crashes {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(UNLIMITED)))
    }
}

impl Crashes {
    /// After `writes` more writes everything fails.
    pub fn after(&self, writes: i64) {
        self.0.store(writes, Ordering::SeqCst);
    }

    /// Whether the crash has come.
    pub fn happened(&self) -> bool {
        self.0.load(Ordering::SeqCst) < 0
    }

    /// A new process, without a crash.
    pub fn restart(&self) {
        self.0.store(UNLIMITED, Ordering::SeqCst);
    }
}

impl Intercept for Crashes {
    fn name(&self) -> &'static str {
        "Crashes"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let writes =
            ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"].iter().any(|name| target.ends_with(name));
        let left = if writes { self.0.fetch_sub(1, Ordering::SeqCst) - 1 } else { self.0.load(Ordering::SeqCst) };
        if left < 0 { Err("the process is gone".into()) } else { Ok(()) }
    }
}
