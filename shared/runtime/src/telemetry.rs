//! Logs: one JSON object a line on standard output, one line a request, message or tick. Field names are those of the docs.

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{EnvFilter, filter::FilterFn, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::log_filter;

pub use crate::error_chain::chain;

/// Starts the log of a function on AWS.
pub fn start() {
    start_on(std::io::stdout, "info");
}

/// Starts a log that this takes; `default` says which lines are written, unless `VALPERO_LOG` does.
pub fn start_on<W>(writer: W, default: &str)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(log_filter(default)).unwrap_or_else(|_| EnvFilter::new(default));
    // A second start in one process keeps the first log.
    let _already_started = subscriber(filter, writer).try_init();
}

fn subscriber<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(writer)
        .finish()
        .with(FilterFn::new(may_be_told))
}

/// Whether a line may be written at all, whatever `VALPERO_LOG` asks for. At `trace` the libraries below us write what goes over the
/// wire, with the header values, passwords and secrets in it; of lines so fine only our own are told.
fn may_be_told(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::DEBUG || metadata.target().starts_with("valpero")
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;

    /// What was written, for the test to read.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic holds it").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_level_tells_what_goes_over_the_wire() {
        for filter in ["trace", "aws_smithy_runtime=trace,hyper=trace,dynoxide=trace,valpero_runtime=trace"] {
            let written = Written::default();
            let sink = written.clone();
            let log = subscriber(EnvFilter::new(filter), move || sink.clone());
            tracing::subscriber::with_default(log, || {
                tracing::trace!(target: "aws_smithy_runtime::client::orchestrator", body = "hidden", "request");
                tracing::trace!(target: "hyper::proto", "hidden");
                tracing::trace!(target: "dynoxide::server", body = "hidden", "request body");
                tracing::debug!(target: "hyper::client", "a connection");
                tracing::trace!(target: "valpero_runtime", "shown");
            });
            let text = String::from_utf8(written.0.lock().expect("no panic holds it").clone()).expect("text");
            assert!(!text.contains("hidden"), "{filter}: {text}");
            assert!(text.contains("shown") && text.contains("a connection"), "{filter}: {text}");
        }
    }
}
