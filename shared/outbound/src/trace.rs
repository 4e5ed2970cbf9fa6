//! What a probe measured and saw, whether it got an answer or not.

use std::net::SocketAddr;

use http::{HeaderMap, Version};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use valpero_domain::{
    Timestamp,
    probe::{Cause, Phases},
};

use crate::{DnsAnswers, certificate::Certificate};

/// What a probe measured and saw.
#[derive(Debug, Default)]
pub struct Trace {
    /// Time taken by each phase.
    pub phases: Phases,
    /// The status of the last HTTP answer that was not a redirect to follow.
    pub(crate) http_status: Option<u16>,
    /// When the certificate or one above it expires; the earliest, where redirects showed several.
    pub certificate_expires_at: Option<Timestamp>,
    /// Details for people.
    pub facts: Facts,
    /// What is to be said of a target that is up nevertheless.
    pub(crate) remark: Option<Cause>,
    /// The lookup permit that was taken before the time began.
    pub(crate) turn: Option<OwnedSemaphorePermit>,
}

/// Details of one probe, shown beside its verdict.
#[derive(Debug, Default)]
pub struct Facts {
    /// The peer of the last connection.
    pub remote: Option<SocketAddr>,
    /// The HTTP version of the last response.
    pub http_version: Option<Version>,
    /// The headers of the last response.
    pub headers: HeaderMap,
    /// The URLs of the redirects that were followed, in order.
    pub redirects: Vec<String>,
    /// How long reading the body took, in microseconds; not part of the response time.
    pub body_us: Option<u32>,
    /// The certificate that was shown last.
    pub certificate: Option<Certificate>,
    /// The answers to a dns check.
    pub answers: Option<DnsAnswers>,
}

impl Trace {
    /// Adds the time since `started` to a phase.
    pub(crate) fn add(phase: &mut Option<u32>, started: Instant) {
        let us = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
        *phase = Some(phase.unwrap_or(0).saturating_add(us));
    }

    /// Of the certificates met on redirects, the one that expires first counts.
    pub(crate) fn note_certificate(&mut self, certificate: Certificate) {
        let expires_at = certificate.expires_at();
        self.certificate_expires_at = self.certificate_expires_at.into_iter().chain(expires_at).min();
        self.facts.certificate = Some(certificate);
    }
}
