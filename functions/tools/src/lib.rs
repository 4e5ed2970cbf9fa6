//! Probes on request, of targets that are no monitors: what the checkers do, once, for a person who looks at a site.

mod bodies;
mod probing;
mod reach;
mod report;
mod security_headers;

use std::sync::Arc;

use axum::{Extension, Router};
use tokio::sync::Semaphore;
use valpero_http::{Routes, routes};
use valpero_outbound::{Outbound, OutboundError};
use valpero_runtime::Needs;

pub use report::{http_version, report, shown_us};

/// It connects to hosts that users name.
pub const NEEDS: Needs = Needs { targets: true, ..Needs::NONE };

/// Probes at the same time; while all of them wait for slow targets, further ones are refused, for nobody knows how long they would
/// have to wait. On AWS each has an instance of its own.
const IN_FLIGHT: usize = 64;

/// The ways out that the tools take.
#[derive(Debug, Clone)]
pub struct Tools {
    outbound: Outbound,
    /// For keys that may only look.
    public: Outbound,
    in_flight: Arc<Semaphore>,
}

impl Tools {
    /// The tools with these ways out.
    pub fn new(outbound: Outbound) -> Self {
        Self { public: outbound.public_only(), outbound, in_flight: Arc::new(Semaphore::new(IN_FLIGHT)) }
    }

    /// The tools of a function on AWS; `private_targets` opens private networks, never the machine itself.
    ///
    /// # Errors
    /// Where DNS or TLS cannot be set up.
    pub fn on_aws(private_targets: bool) -> Result<Self, OutboundError> {
        Ok(Self::new(Outbound::on_aws(private_targets)?))
    }

    /// Puts the ways out beside the requests to these routes, where the handlers take them from.
    pub fn beside(self, routes: Router) -> Router {
        routes.layer(Extension(self))
    }
}

/// The routes of this function. They need [`Tools::beside`].
pub fn routes() -> Routes {
    Routes::new()
        .with(routes!(probing::http))
        .with(routes!(probing::ssl))
        .with(routes!(probing::dns))
        .with(routes!(probing::ping))
        .with(routes!(probing::headers))
}
