//! A checker's ticks, as its function runs them: schedule, probes, packed records, in a store that is another process.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    net::{IpAddr, SocketAddr},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use futures::future::BoxFuture;
use serde_json::{Value, json};
use valpero::stack::STACK;
use valpero_checker::{BACKOFF, Checker, CheckerEvent};
use valpero_domain::{
    Timestamp,
    check::Check,
    dns_check::RecordType,
    dns_name::DnsName,
    http_check::HttpCheck,
    packed::Record,
    probe::{Cause, ErrorCode},
};
use valpero_outbound::{DnsAnswers, Guard, Outbound, Resolve, SystemResolver, Tls, probe};
use valpero_runtime::{App, Clock, EventBus, Queue, Settings, config::DEFAULT_MAIL_RATE};
use valpero_storage::{self as storage, Seat, Tables};
use valpero_views::PhasesView;

use crate::{Failure, Targets, client::client, meter::Round};

/// Ends with this process.
pub(crate) struct Ends(pub(crate) Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Starts the store; answers it, what it prints, and where it listens.
pub(crate) fn start_store(targets: &Targets) -> Result<(Ends, BufReader<ChildStdout>, SocketAddr), Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("store").args(targets.arguments());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().ok_or("the store has no output")?;
    let (store, mut output, mut line) = (Ends(child), BufReader::new(output), String::new());
    output.read_line(&mut line)?;
    let here: Value = serde_json::from_str(&line)?;
    let address = here["address"].as_str().ok_or("the store does not say where it is")?;
    Ok((store, output, address.parse()?))
}

struct Names(HashMap<String, IpAddr>);

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>> {
        let address = self.0.get(host).copied().ok_or_else(|| Cause::of(ErrorCode::DnsNxdomain));
        Box::pin(async move { address.map(|address| vec![address]) })
    }

    fn records<'a>(
        &'a self,
        _: &'a DnsName,
        _: RecordType,
        _: &'a [SocketAddr],
    ) -> BoxFuture<'a, Result<DnsAnswers, Cause>> {
        Box::pin(async { Err(Cause::of(ErrorCode::DnsNoRecords)) })
    }
}

pub(crate) fn outbound(targets: &Targets) -> Result<Outbound, Failure> {
    let resolver: Arc<dyn Resolve> = if targets.resolve {
        Arc::new(SystemResolver::new()?)
    } else {
        let names = (0..targets.count).map(|place| (Targets::host(place), Targets::address(place))).collect();
        Arc::new(Names(names))
    };
    let guard = Guard::allowing_private(Vec::new());
    Ok(Outbound::new(guard, resolver, Tls::trusting(targets.roots()?)?))
}

/// Probes the first target as often as there are rounds, with nothing else to do, each so long after the one before.
pub(crate) async fn single(targets: &Targets, pause: Duration) -> Result<(), Failure> {
    let (outbound, clock) = (outbound(targets)?, Clock::system());
    let settings = json!({"url": targets.url(0), "http": HttpCheck::default()});
    let check: Check = serde_json::from_value(settings)?;
    for _ in 0..targets.rounds {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let (result, _) = probe(&outbound, &check, 10_000, clock.now()).await;
        print(&json!({"phases": PhasesView::of(&result.phases), "error": result.cause}).to_string());
    }
    Ok(())
}

/// What a checker's function has, around the store at this address.
pub(crate) fn app(store: SocketAddr, events: EventBus, clock: Clock) -> App {
    App {
        store: storage::Store::new(client(store), Tables::of_stack(STACK)),
        queue: Queue::Absent,
        events,
        clock,
        settings: Arc::new(Settings {
            private_targets: true,
            blocked_ports: &[],
            public_url: None,
            public_tools: false,
            sends_mail: false,
            mail_rate: DEFAULT_MAIL_RATE,
        }),
    }
}

/// Runs the ticks.
pub(crate) async fn run(targets: &Targets) -> Result<(), Failure> {
    let (_store, _output, address) = start_store(targets)?;
    let clock = Clock::system();
    let app = app(address, EventBus::Absent, clock.clone());
    let (kept, outbound) = (app.store.clone(), outbound(targets)?);
    let checker = Checker::new(app, "fra".parse()?, outbound, BACKOFF);
    let mut at = clock.now().start_of_minute();
    for round in 0..=targets.rounds {
        at = at.plus_seconds(60);
        let event = CheckerEvent::scheduled(at);
        let measured = Round::start();
        let report = checker.handle(&event).await?;
        if round > 0 {
            measured.end(report.checked, report.checked - report.down - report.probe_errors);
        }
    }
    if targets.phases {
        for record in checks_of(&kept, at).await? {
            print(&json!({"phases": PhasesView::of(&record.phases), "error": record.error}).to_string());
        }
    }
    Ok(())
}

/// The checks that are of this very minute, at most one of a monitor.
pub(crate) async fn checks_of(store: &storage::Store, at: Timestamp) -> Result<Vec<Record>, Failure> {
    let mut checks = Vec::new();
    for cohort in store.cohorts_ever("fra".parse()?).await? {
        let seats: Vec<Seat> = store.scheduled(&cohort).await?.iter().map(|member| member.seat(&cohort)).collect();
        let latest = store.latest_checks(&seats).await?;
        checks.extend(latest.into_values().filter(|check| check.at == at).map(|check| check.record));
    }
    Ok(checks)
}

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
pub(crate) fn print(line: &str) {
    println!("{line}");
}
