//! The state of an account's monitors, for Prometheus.

mod exposition;
mod metrics;

use valpero_http::{Routes, routes};
use valpero_runtime::Needs;

/// It needs the store alone.
pub const NEEDS: Needs = Needs::NONE;

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new().with(routes!(metrics::read))
}
