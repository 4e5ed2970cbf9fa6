//! What a probe saw, as the page shows it.

use serde_json::Value;
use valpero_domain::probe::Outcome;
use valpero_http::Problem;
use valpero_views::{ChainCertificate, HeaderView, HeadersReport, PhasesView, Rating, Report, ShownCertificate};

use crate::{
    parts::{Moment, Pair, State},
    words::Words,
};

/// A phase of a probe.
#[derive(Debug)]
pub struct Phase {
    /// Class of its colour.
    pub class: &'static str,
    /// Its name and time.
    pub says: String,
    /// Where its part of the bar begins, in percent.
    pub x: String,
    /// How long its part is, in percent.
    pub width: String,
}

/// A rated header.
#[derive(Debug)]
pub struct Rated {
    /// Its name.
    pub header: String,
    /// Its value; empty where it was not sent.
    pub value: String,
    /// How good it is.
    pub state: State,
    /// Why, and how to improve it.
    pub detail: String,
}

/// A certificate.
#[derive(Debug)]
pub struct Certificate {
    /// What it says of itself.
    pub pairs: Vec<Pair>,
    /// Names that it is valid for.
    pub names: Vec<String>,
    /// Start of validity.
    pub from: Moment,
    /// Expiry time.
    pub until: Moment,
    /// Earliest expiry time of the chain.
    pub chain_until: Moment,
    /// The certificates that were sent with it.
    pub chain: Vec<Link>,
}

/// A certificate of a chain.
#[derive(Debug)]
pub struct Link {
    /// Whom it is for.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Its key.
    pub key: String,
    /// Expiry time.
    pub until: Moment,
}

/// What a probe saw.
#[derive(Debug)]
pub struct Seen {
    /// The outcome.
    pub state: State,
    /// What was probed.
    pub target: String,
    /// Status, version and time.
    pub says: String,
    /// Code and detail of what is wrong.
    pub error: Option<(String, String)>,
    /// Where the time went.
    pub phases: Vec<Phase>,
    /// What else was seen.
    pub pairs: Vec<Pair>,
    /// Redirect targets, in order.
    pub redirects: Vec<String>,
    /// The certificate that was presented last.
    pub certificate: Option<Certificate>,
    /// Records; none where the tool asks for none.
    pub answers: Option<Vec<String>>,
    /// Ratings of the security headers.
    pub rated: Vec<Rated>,
    /// All headers.
    pub headers: Vec<HeaderView>,
    /// The API's answer.
    pub json: String,
}

impl Seen {
    /// What a tool's answer says.
    ///
    /// # Errors
    /// Where it is no report: a fault of ours.
    pub fn of(words: &Words, tool: &str, json: Value) -> Result<Self, Problem> {
        let text = serde_json::to_string_pretty(&json).map_err(|error| Problem::internal(&error))?;
        if tool == "headers" {
            let report: HeadersReport = serde_json::from_value(json).map_err(|error| Problem::internal(&error))?;
            let mut seen = Self::report(words, &report.probe, text);
            for finding in report.security {
                seen.rated.push(Rated {
                    header: finding.header,
                    value: finding.value.unwrap_or_default(),
                    state: rating(words, finding.verdict),
                    detail: finding.detail,
                });
            }
            seen.headers = report.headers;
            return Ok(seen);
        }
        let report: Report = serde_json::from_value(json).map_err(|error| Problem::internal(&error))?;
        Ok(Self::report(words, &report, text))
    }

    fn report(words: &Words, report: &Report, json: String) -> Self {
        let m = &words.t.tools;
        let mut says: Vec<String> = Vec::new();
        if let Some(status) = report.http_status {
            let version = report.http_version.clone().unwrap_or_else(|| "1.1".to_owned());
            says.push((m.over_http)(&status.to_string(), &version));
        }
        if report.response_time_ms.is_some() {
            says.push((m.in_ms)(&words.ms(&report.response_time_ms)));
        }
        let mut pairs: Vec<Pair> = Vec::new();
        if let Some(address) = &report.remote_address {
            pairs.push(Pair { label: m.remote_address.to_owned(), value: address.clone() });
        }
        if !report.cnames.is_empty() {
            pairs.push(Pair { label: m.cnames.to_owned(), value: report.cnames.join(" → ") });
        }
        if let Some(seconds) = report.ttl_seconds {
            pairs.push(Pair { label: m.ttl.to_owned(), value: format!("{seconds} s") });
        }
        if report.body_ms.is_some() {
            pairs.push(Pair { label: m.body_time.to_owned(), value: words.ms(&report.body_ms) });
        }
        Self {
            state: outcome(words, report.outcome),
            target: report.target.clone(),
            says: says.join(" "),
            error: report.error.as_ref().map(|error| (error.code.as_str().to_owned(), words.t.cause(error))),
            phases: phases(words, &report.phases),
            pairs,
            redirects: report.redirects.clone(),
            certificate: report.certificate.as_ref().map(|seen| certificate(words, seen)),
            answers: report.answers.clone(),
            rated: Vec::new(),
            headers: Vec::new(),
            json,
        }
    }
}

fn outcome(words: &Words, outcome: Outcome) -> State {
    let (common, m) = (&words.t.common, &words.t.tools);
    match outcome {
        Outcome::Up => State::up(common.up),
        Outcome::Slow => State::degraded(m.slow),
        Outcome::Down => State::down(common.down),
        Outcome::ProbeError => State::pending(m.probe_error),
    }
}

fn rating(words: &Words, rating: Rating) -> State {
    let m = &words.t.tools;
    match rating {
        Rating::Good => State::up(m.good),
        Rating::Weak => State::degraded(m.weak),
        Rating::Missing => State::down(m.missing),
    }
}

fn phases(words: &Words, seen: &PhasesView) -> Vec<Phase> {
    let m = &words.t.tools;
    let parts = [
        ("dns", m.dns_phase, seen.dns_ms),
        ("connect", m.connect_phase, seen.connect_ms),
        ("tls", m.tls_phase, seen.tls_ms),
        ("wait", m.wait_phase, seen.first_byte_ms),
    ];
    let total: f64 = parts.iter().filter_map(|(_, _, ms)| *ms).sum();
    let mut begin = 0.0;
    let mut phases = Vec::new();
    for (class, name, ms) in parts {
        let Some(ms) = ms else { continue };
        let share = if total > 0.0 { ms / total * 100.0 } else { 0.0 };
        let says = format!("{name} {}", words.ms(&Some(ms)));
        phases.push(Phase { class, says, x: format!("{begin:.2}"), width: format!("{share:.2}") });
        begin += share;
    }
    phases
}

fn certificate(words: &Words, seen: &ShownCertificate) -> Certificate {
    let (common, m) = (&words.t.common, &words.t.tools);
    let pair = |label: &'static str, value: &str| Pair { label: label.to_owned(), value: value.to_owned() };
    let mut pairs = vec![
        pair(m.subject, &seen.subject),
        pair(m.issuer, &seen.issuer),
        pair(m.days_left, &seen.days_remaining.to_string()),
        pair(m.public_key, &seen.key),
        pair(m.serial, &seen.serial),
        pair(m.chain_length, &seen.chain_length.to_string()),
        pair(m.self_signed, if seen.self_signed { common.yes } else { common.no }),
    ];
    if let Some(version) = &seen.tls_version {
        pairs.push(pair(m.tls_version, version));
    }
    if let Some(cipher) = &seen.cipher {
        pairs.push(pair(m.cipher, cipher));
    }
    Certificate {
        pairs,
        names: seen.names.clone(),
        from: Moment::exact(words, seen.not_before),
        until: Moment::exact(words, seen.expires_at),
        chain_until: Moment::exact(words, seen.chain_expires_at),
        chain: seen.chain.iter().map(|one| link(words, one)).collect(),
    }
}

fn link(words: &Words, seen: &ChainCertificate) -> Link {
    Link {
        subject: seen.subject.clone(),
        issuer: seen.issuer.clone(),
        key: seen.key.clone(),
        until: Moment::exact(words, seen.expires_at),
    }
}
