//! What a probe measured and saw on its way, whether it came to an answer or not.

use std::net::SocketAddr;

use http::{HeaderMap, Version};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use valpero_domain::{Timestamp, probe::Phases};

use crate::certificate::Certificate;

/// What a probe measured and saw.
#[derive(Debug, Default)]
pub struct Trace {
    /// Where the time went.
    pub phases: Phases,
    /// The status of the last HTTP answer that was not a redirect to follow.
    pub(crate) http_status: Option<u16>,
    /// When the certificate, or one of those that vouch for it, expires; the earliest of them where there were several.
    pub certificate_expires_at: Option<Timestamp>,
    /// What else there was to see.
    pub facts: Facts,
    /// The leave to ask the DNS, where it was waited for before the time began.
    pub(crate) turn: Option<OwnedSemaphorePermit>,
}

/// What a person who looks at one probe wants to see beside its verdict.
#[derive(Debug, Default)]
pub struct Facts {
    /// Whom the last connection was made with.
    pub remote: Option<SocketAddr>,
    /// The version of the last answer.
    pub http_version: Option<Version>,
    /// The headers of the last answer.
    pub headers: HeaderMap,
    /// Where the target redirected to, in order.
    pub redirects: Vec<String>,
    /// How long the body took, in microseconds, where it was read; no part of the response time.
    pub body_us: Option<u32>,
    /// The certificate that was shown last.
    pub certificate: Option<Certificate>,
    /// The records of a dns check.
    pub answers: Option<Vec<String>>,
}

impl Trace {
    /// Adds the time since `started` to a phase.
    pub(crate) fn add(phase: &mut Option<u32>, started: Instant) {
        let us = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
        *phase = Some(phase.unwrap_or(0).saturating_add(us));
    }

    /// Of the certificates on the way through redirects, the one that expires first is the one to know of.
    pub(crate) fn note_certificate(&mut self, certificate: Certificate) {
        let expires_at = certificate.expires_at();
        self.certificate_expires_at = self.certificate_expires_at.into_iter().chain(expires_at).min();
        self.facts.certificate = Some(certificate);
    }
}
