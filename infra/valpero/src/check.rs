//! `valpero check`: one probe from the terminal, by the code that the checkers run, without an account.

use std::{
    error::Error,
    fs,
    io::{self, Read},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use valpero_domain::{
    MonitorSpec, Plan, Timestamp,
    certificate::days_left,
    check::{Check, CheckType},
    monitor::Allowance,
    probe::{Outcome, ProbeResult},
};
use valpero_outbound::{Facts, Guard, Outbound, SystemResolver, Tls, probe, tls::public_roots};
use valpero_runtime::clock::Clock;
use valpero_tools::{http_version, report, shown_us};
use valpero_views::ms;

use crate::{args::CheckArgs, screen, screen::Screen};

/// The widest bar of a phase, in characters.
const BAR: f64 = 40.0;

type Failure = Box<dyn Error + Send + Sync>;

/// Probes once. Exit code 0: up or slow; 1: down; 2: wrong input, or an error of the checker.
pub(crate) async fn run(args: CheckArgs) -> ExitCode {
    match tried(&args).await {
        Ok(outcome) if outcome.is_up() => ExitCode::SUCCESS,
        Ok(Outcome::Down) => ExitCode::from(1),
        Ok(_) => ExitCode::from(2),
        Err(error) => {
            screen::complain(&valpero_runtime::telemetry::chain(error.as_ref()));
            ExitCode::from(2)
        }
    }
}

async fn tried(args: &CheckArgs) -> Result<Outcome, Failure> {
    let (check, timeout_ms) = described(args)?;
    let guard = if args.public_only { Guard::public_only() } else { Guard::allowing_private(Vec::new()) };
    let trust = Tls::trusting(roots(args.ca_file.as_deref())?)?;
    let outbound = Outbound::new(guard, Arc::new(SystemResolver::new()?), trust);
    let now = Clock::system().now();
    let (result, facts) = probe(&outbound, &check, timeout_ms, now).await;
    let report = report(&check, &result, &facts, now);
    Screen::new(args.json).result(&serde_json::to_value(&report)?, &lines(&check, &result, &facts, now));
    Ok(result.outcome)
}

/// The check that the command line or the file describes, and how long it may take.
fn described(args: &CheckArgs) -> Result<(Check, u32), Failure> {
    let mut body: Value = match &args.monitor {
        Some(path) => serde_json::from_str(&text(path)?)?,
        None => body(args)?,
    };
    // Where a monitor is checked from, how many must agree, and on what else it depends, is none of this machine's business.
    for elsewhere in ["regions", "confirm_regions", "depends_on"] {
        body.as_object_mut().map(|body| body.remove(elsewhere));
    }
    let allowance = Allowance {
        id: None,
        regions: &[],
        kept: &[],
        private_targets: !args.public_only,
        blocked_ports: &[],
        limits: Plan::Business.limits(),
    };
    let spec = MonitorSpec::read(&body, &allowance).map_err(|faults| {
        let faults = faults.into_vec().into_iter().map(|fault| format!("{}: {}", fault.pointer, fault.detail));
        faults.collect::<Vec<_>>().join("\n         ")
    })?;
    Ok((spec.check, spec.timeout_ms))
}

fn text(path: &Path) -> Result<String, Failure> {
    if path != Path::new("-") {
        return fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()).into());
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// A monitor's body from the command line: a URL, a host, or a host and port.
fn body(args: &CheckArgs) -> Result<Value, Failure> {
    let target = args.target.as_deref().ok_or("there must be a target, such as https://example.com, or --monitor")?;
    let kind = args.check_type;
    let settings = match kind {
        CheckType::Http => {
            let url = if target.contains("://") { target.to_owned() } else { format!("https://{target}") };
            return Ok(json!({"url": url, "timeout_ms": args.timeout_ms}));
        }
        CheckType::Dns => json!({"name": target, "record_type": args.record_type, "resolver": args.resolver}),
        CheckType::Ssl | CheckType::Tcp | CheckType::Ping => {
            // A URL stands for its host.
            let bare = target.split_once("://").map_or(target, |(_, rest)| rest.split('/').next().unwrap_or(rest));
            let split = bare.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
            match split {
                Some((host, port)) => {
                    let port: u16 = port.parse().map_err(|_| format!("{port} is no port"))?;
                    json!({"host": host, "port": port})
                }
                None => json!({"host": bare}),
            }
        }
    };
    Ok(json!({"check_type": kind.as_str(), "timeout_ms": args.timeout_ms, kind.as_str(): settings}))
}

/// The public web's authorities, and those of a file.
fn roots(file: Option<&Path>) -> Result<RootCertStore, Failure> {
    let mut roots = public_roots();
    if let Some(path) = file {
        let certificates = CertificateDer::pem_file_iter(path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        for certificate in certificates {
            roots.add(certificate?)?;
        }
    }
    Ok(roots)
}

fn lines(check: &Check, result: &ProbeResult, facts: &Facts, now: Timestamp) -> String {
    let outcome = result.outcome.as_str();
    let mut lines = vec![format!("{outcome}  {}  {}", check.check_type().as_str(), check.target())];
    if let Some(cause) = &result.cause {
        lines.push(format!("  {}: {}", cause.code.as_str(), cause.detail));
    }
    lines.extend(facts.redirects.iter().map(|url| format!("  redirected to {url}")));
    let version = http_version(facts);
    match (result.http_status, version, facts.remote) {
        (Some(status), Some(version), Some(remote)) => {
            lines.push(format!("  {status} over HTTP/{version} from {remote}"));
        }
        (_, _, Some(remote)) => lines.push(format!("  from {remote}")),
        _ => {}
    }
    let phases = result.phases;
    let named = [
        ("dns", phases.dns_us),
        ("connect", phases.connect_us),
        ("tls", phases.tls_us),
        ("first byte", phases.first_byte_us),
    ];
    let total = phases.total_us();
    let mut before = 0_u32;
    for (name, us) in named.into_iter().filter_map(|(name, us)| us.map(|us| (name, us))) {
        lines.push(format!("  {name:<10} {:>9.2} ms  {}", ms(us), bar(before, us, total)));
        before = before.saturating_add(us);
    }
    if total > 0 {
        lines.push(format!("  {:<10} {:>9.2} ms", "total", ms(shown_us(&phases))));
    }
    if let Some((described, expires_at)) =
        facts.certificate.as_ref().and_then(|certificate| certificate.describe().zip(certificate.expires_at()))
    {
        lines.push(format!("  certificate of {}, by {}", described.subject, described.issuer));
        lines.push(format!("  expires at {expires_at}, in {} days", days_left(expires_at, now)));
    }
    if let Some(answers) = &facts.answers {
        lines.extend(answers.cnames.iter().map(|name| format!("  CNAME {name}")));
        lines.extend(answers.records.iter().map(|record| format!("  {record}")));
        lines.push(format!("  TTL {} s", answers.ttl_s));
    }
    // Much of it is the target's own words, and a terminal obeys some.
    let harmless = |line: String| line.replace(char::is_control, "\u{fffd}");
    lines.into_iter().map(harmless).collect::<Vec<_>>().join("\n")
}

/// A phase's part of the whole, where it lies in it.
fn bar(before: u32, us: u32, total: u32) -> String {
    let wide = |us: u32| f64::from(us) / f64::from(total.max(1)) * BAR;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 40")]
    let (start, length) = (wide(before).round() as usize, (wide(us).round() as usize).max(1));
    format!("{}{}", " ".repeat(start), "█".repeat(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_lies_where_its_phase_lies() {
        assert_eq!(bar(0, 50, 100), "█".repeat(20));
        assert_eq!(bar(50, 25, 100), format!("{}{}", " ".repeat(20), "█".repeat(10)));
        assert_eq!(bar(0, 0, 0), "█");
    }
}
