//! The dns probe: one question to the checker's own resolver, or to the one that the monitor names.

use tokio::time::{Instant, timeout_at};
use valpero_domain::{
    dns_check::DnsCheck,
    probe::{Cause, ErrorCode, Outcome},
};

use crate::{
    Outbound, Trace,
    dial::{has_ipv6_route, targets},
    silence,
};

/// Asks for the records, and compares them.
pub(crate) async fn dns(
    outbound: &Outbound,
    check: &DnsCheck,
    deadline: Instant,
    trace: &mut Trace,
) -> Result<(), Cause> {
    let servers = match &check.resolver {
        None => Vec::new(),
        // The time to resolve its own name does not count as its response time.
        Some(named) => {
            let mut apart = Trace { turn: trace.turn.take(), ..Trace::default() };
            let found = targets(outbound, &named.host.as_host(), named.port, deadline, &mut apart).await;
            trace.turn = apart.turn;
            let unreachable = |cause: Cause| match cause.code {
                ErrorCode::BlockedAddress => cause,
                code if code.outcome() == Outcome::ProbeError => cause,
                _ => Cause::seen(ErrorCode::ResolverUnreachable, format!("The name server {named}: {}", cause.detail)),
            };
            let found = found.map_err(unreachable)?;
            if found.iter().all(|server| server.is_ipv6() && !has_ipv6_route(*server)) {
                let detail =
                    format!("The name server {named} has IPv6 addresses alone, and the checker has no route to them.");
                return Err(Cause::seen(ErrorCode::NoIpv6, detail));
            }
            found
        }
    };
    let _turn = outbound.turn(trace, deadline).await?;
    // Of several addresses, the resolver does not report which one answered.
    trace.facts.remote = if let [server] = servers.as_slice() { Some(*server) } else { None };
    let started = Instant::now();
    let resolver = outbound.resolver.as_ref();
    let name = check.question();
    let question = resolver.records(&name, check.record_type, &servers);
    let asked = if servers.is_empty() {
        silence::listen(resolver, &name.to_string(), question, deadline).await
    } else {
        timeout_at(deadline, question).await.unwrap_or_else(|_| Err(Cause::of(ErrorCode::ResolverTimeout)))
    };
    Trace::add(&mut trace.phases.dns_us, started);
    let mut answers = asked?;
    answers.records.sort();
    answers.records.dedup();
    let judged = check.judge(&answers.records);
    trace.facts.answers = Some(answers);
    judged
}
