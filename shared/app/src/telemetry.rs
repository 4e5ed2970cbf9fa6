//! Logs: one JSON object a line on standard output, one line a request, message or tick. Field names are those of the docs.

use tracing_subscriber::EnvFilter;

use crate::config::log_filter;

/// Starts the log of a function on AWS.
pub fn start() {
    let filter = EnvFilter::try_new(log_filter("info")).unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter);
    // A second start in one process keeps the first log.
    let _already_started = subscriber.try_init();
}

/// An error with everything behind it, on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
