//! Alert routes: which escalation policy the incidents of a monitor follow.

pub mod read;
pub mod replace;

use valpero_domain::{Timestamp, alerting::AlertRoutes};
use valpero_http::ETag;
use valpero_storage::AlertRoutesRow;
use valpero_views::body;

body!(AlertRoutesPut, AlertRoutes::OBJECT, Whole);

/// The version of an account's routes. Also routes that were never set have one, so that the first to set them can be held to it.
fn version(row: &AlertRoutesRow) -> ETag {
    ETag::of(row.updated_at.unwrap_or(Timestamp::from_ms(0)))
}
