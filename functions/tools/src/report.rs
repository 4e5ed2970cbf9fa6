//! What one probe saw, as clients see it.

use axum::http::HeaderMap;
use valpero_domain::{
    Timestamp,
    certificate::days_left,
    check::Check,
    probe::{Phases, ProbeResult},
};
use valpero_outbound::{
    Facts,
    certificate::{Certificate, Description},
};
use valpero_views::{ChainCertificate, HeaderView, HeadersReport, PhasesView, Report, ShownCertificate, ms};

use crate::security_headers::findings;

/// What a probe saw; `now` says how many days a certificate has left.
pub fn report(check: &Check, result: &ProbeResult, facts: &Facts, now: Timestamp) -> Report {
    let phases = result.phases;
    let began = phases != Phases::default();
    let answers = facts.answers.as_ref();
    Report {
        outcome: result.outcome,
        check_type: check.check_type(),
        target: check.target(),
        // Of what is shown, so that the phases add up to it.
        response_time_ms: began.then(|| ms(shown_us(&phases))),
        phases: PhasesView::of(&phases),
        http_status: result.http_status,
        error: result.cause.clone(),
        remote_address: facts.remote.map(|remote| remote.to_string()),
        http_version: http_version(facts),
        redirects: facts.redirects.clone(),
        body_ms: facts.body_us.map(ms),
        certificate: facts.certificate.as_ref().and_then(|certificate| shown_certificate(certificate, now)),
        answers: answers.map(|answers| answers.records.clone()),
        cnames: answers.map(|answers| answers.cnames.clone()).unwrap_or_default(),
        ttl_seconds: answers.map(|answers| answers.ttl_s),
    }
}

/// What a probe saw of a site's headers.
pub(crate) fn headers_report(check: &Check, result: &ProbeResult, facts: &Facts, now: Timestamp) -> HeadersReport {
    let probe = report(check, result, facts, now);
    if result.http_status.is_none() {
        return HeadersReport { probe, headers: Vec::new(), security: Vec::new() };
    }
    let secure = facts.redirects.last().map_or(probe.target.as_str(), String::as_str).starts_with("https:");
    HeadersReport { headers: shown(&facts.headers), security: findings(&facts.headers, secure), probe }
}

fn shown(headers: &HeaderMap) -> Vec<HeaderView> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| HeaderView { name: name.to_string(), value: text(value.as_bytes()) }).collect()
}

/// How many certificates beside the leaf are shown. Chains of the public web have three at most.
const CHAIN_SHOWN: usize = 10;

fn in_chain(described: Description) -> ChainCertificate {
    ChainCertificate {
        subject: described.subject,
        issuer: described.issuer,
        serial: described.serial,
        key: described.key,
        not_before: described.not_before,
        expires_at: described.not_after,
    }
}

/// A certificate as clients see it; none if it does not parse.
pub fn shown_certificate(certificate: &Certificate, now: Timestamp) -> Option<ShownCertificate> {
    let described = certificate.describe()?;
    let chain_expires_at = certificate.expires_at()?;
    let version = certificate.version.and_then(|version| version.as_str());
    Some(ShownCertificate {
        subject: described.subject,
        issuer: described.issuer,
        names: described.names,
        serial: described.serial,
        key: described.key,
        not_before: described.not_before,
        expires_at: described.not_after,
        chain_expires_at,
        days_remaining: days_left(chain_expires_at, now),
        chain_length: certificate.chain_length(),
        chain: certificate.others().take(CHAIN_SHOWN).map(in_chain).collect(),
        self_signed: described.self_signed,
        tls_version: version.map(|name| name.replace("TLSv1_", "TLS 1.")),
        cipher: certificate.cipher.and_then(|cipher| cipher.as_str()).map(str::to_owned),
    })
}

/// The sum of the phases, each to 10 µs as it is shown.
pub fn shown_us(phases: &Phases) -> u32 {
    let phases = [phases.dns_us, phases.connect_us, phases.tls_us, phases.first_byte_us];
    phases.into_iter().flatten().map(|us| us.saturating_add(5) / 10 * 10).fold(0, u32::saturating_add)
}

/// The version of HTTP that the last answer came in, such as `1.1` or `2`.
pub fn http_version(facts: &Facts) -> Option<String> {
    let shown = format!("{:?}", facts.http_version?);
    let number = shown.trim_start_matches("HTTP/");
    Some(number.strip_suffix(".0").filter(|major| *major != "1").unwrap_or(number).to_owned())
}
