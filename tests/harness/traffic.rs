//! Traffic: how many bytes of HTTP went to the store and came back.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        http::HttpResponse,
        interceptors::{AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef},
    },
    error::BoxError,
};

/// Counts requests and answers, their heads included; what TLS and TCP add is not in it.
#[derive(Debug, Clone, Default)]
pub struct Traffic(Arc<AtomicUsize>);

impl Traffic {
    /// The bytes since this was last asked.
    pub fn bytes(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }

    fn add<'a>(&self, first_line: &str, headers: impl Iterator<Item = (&'a str, &'a str)>, body: Option<&[u8]>) {
        // A checksum has eight to ten digits, and two runs shall count the same.
        let lines = headers
            .filter(|(name, _)| *name != "x-amz-crc32")
            .map(|(name, value)| name.len() + ": \r\n".len() + value.len());
        let head = first_line.len() + "\r\n\r\n".len() + lines.sum::<usize>();
        self.0.fetch_add(head + body.map_or(0, <[u8]>::len), Ordering::SeqCst);
    }
}

impl Intercept for Traffic {
    fn name(&self) -> &'static str {
        "Traffic"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        self.add("POST / HTTP/1.1", request.headers().iter(), request.body().bytes());
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer: &HttpResponse = context.response();
        self.add("HTTP/1.1 200 OK", answer.headers().iter(), answer.body().bytes());
        Ok(())
    }
}
