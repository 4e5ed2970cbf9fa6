//! One probe of one target: from the type of a check to who does it.

use valpero_domain::{
    Timestamp,
    check::Check,
    probe::{Outcome, ProbeResult},
};

use crate::{
    Outbound, Trace,
    dns_probe::dns,
    exchange::deadline_in,
    host_probes::{ping, ssl, tcp},
    http_probe::http,
    trace::Facts,
};

/// Probes a target once, on fresh connections, within `timeout_ms` in total, counted from when it may ask the DNS. `now` is the only
/// wall clock that a verdict uses: certificates must be valid then.
pub async fn probe(outbound: &Outbound, check: &Check, timeout_ms: u32, now: Timestamp) -> (ProbeResult, Facts) {
    if matches!(check, Check::Http(..) | Check::Ssl(_)) {
        outbound.tls.gather_entropy();
    }
    let mut trace = Trace::default();
    if matches!(check, Check::Dns(_)) || check.literal_address().is_none() {
        match outbound.await_turn().await {
            Ok(turn) => trace.turn = Some(turn),
            Err(cause) => return (ProbeResult::failed(cause, trace.phases), trace.facts),
        }
    }
    let deadline = deadline_in(timeout_ms);
    let seen = match check {
        Check::Http(url, check) => http(outbound, url, check, now, deadline, &mut trace).await,
        Check::Ssl(check) => ssl(outbound, check, now, deadline, &mut trace).await,
        Check::Tcp(check) => tcp(outbound, check, deadline, &mut trace).await,
        Check::Dns(check) => dns(outbound, check, deadline, &mut trace).await,
        Check::Ping(check) => ping(outbound, check, deadline, &mut trace).await,
    };
    let cause = seen.err().or(trace.remark);
    let result = ProbeResult {
        outcome: cause.as_ref().map_or(Outcome::Up, |cause| cause.code.outcome()),
        http_status: trace.http_status,
        phases: trace.phases,
        cause,
        certificate_expires_at: trace.certificate_expires_at,
    };
    (result, trace.facts)
}
