//! Where the time of a check went, as clients see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::probe::Phases;

use super::ms;

/// Time spent in each phase of a check, in milliseconds; redirects are added up. Null if a phase was not reached or not needed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Phases)]
pub struct PhasesView {
    /// DNS resolution.
    #[schema(required, minimum = 0)]
    pub dns_ms: Option<f64>,
    /// TCP handshake.
    #[schema(required, minimum = 0)]
    pub connect_ms: Option<f64>,
    /// TLS handshake.
    #[schema(required, minimum = 0)]
    pub tls_ms: Option<f64>,
    /// From sending the request to receiving the response headers.
    #[schema(required, minimum = 0)]
    pub first_byte_ms: Option<f64>,
}

impl PhasesView {
    /// The phases in milliseconds, each to a hundredth.
    pub fn of(phases: &Phases) -> Self {
        Self {
            dns_ms: phases.dns_us.map(ms),
            connect_ms: phases.connect_us.map(ms),
            tls_ms: phases.tls_us.map(ms),
            first_byte_ms: phases.first_byte_us.map(ms),
        }
    }
}
