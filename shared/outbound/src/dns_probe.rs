//! The dns probe: one question, to the checker's own resolver or to the one that the monitor names.

use tokio::time::{Instant, timeout_at};
use valpero_domain::{
    dns_check::DnsCheck,
    probe::{Cause, ErrorCode, Outcome},
};

use crate::{Outbound, Trace, dial::targets, host_probes::host};

/// Asks for the records, and compares them.
pub(crate) async fn dns(
    outbound: &Outbound,
    check: &DnsCheck,
    deadline: Instant,
    trace: &mut Trace,
) -> Result<(), Cause> {
    let servers = match &check.resolver {
        None => Vec::new(),
        // The time that its own name takes is none of the time that its answer takes.
        Some(named) => {
            let found = targets(outbound, &host(&named.host), named.port, deadline, &mut Trace::default()).await;
            let unreachable = |cause: Cause| match cause.code {
                ErrorCode::BlockedAddress => cause,
                code if code.outcome() == Outcome::ProbeError => cause,
                _ => Cause::seen(ErrorCode::ResolverUnreachable, format!("The name server {named}: {}", cause.detail)),
            };
            found.map_err(unreachable)?
        }
    };
    // Of several addresses nobody knows which one answered.
    trace.facts.remote = if let [server] = servers.as_slice() { Some(*server) } else { None };
    let started = Instant::now();
    let asked = timeout_at(deadline, outbound.resolver.records(&check.name, check.record_type, &servers)).await;
    Trace::add(&mut trace.phases.dns_us, started);
    let late = if servers.is_empty() { ErrorCode::DnsTimeout } else { ErrorCode::ResolverTimeout };
    let mut answers = asked.unwrap_or_else(|_| Err(Cause::of(late)))?;
    answers.sort();
    answers.dedup();
    let judged = check.judge(&answers);
    trace.facts.answers = Some(answers);
    judged
}
