//! Minutes of a region with very many monitors: the schedule's event, and then each event that it put on the bus, by the checker's own
//! code, against targets and a store that are other processes. On AWS the invocations run side by side; here one after the other, so
//! that each has the processor for itself, and what each would be billed for is the time that it took.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use valpero_checker::{BACKOFF, Checker, CheckerEvent, TickReport};
use valpero_domain::Timestamp;
use valpero_runtime::{Clock, EventBus, event_bus::InProcessBus};
use valpero_storage::Usage;

use crate::{Failure, Targets, meter::cpu, tick, tick::Ends};

/// Targets that answer at once; answers them, and their port.
pub(crate) fn start_site() -> Result<(Ends, u16), Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["site", "--wait-us", "0"]);
    let mut site = Ends(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?);
    let mut line = String::new();
    BufReader::new(site.0.stdout.take().ok_or("the site has no output")?).read_line(&mut line)?;
    Ok((site, line.trim().parse()?))
}

fn let_some_hang(site: &mut Child) -> Result<(), Failure> {
    Ok(site.stdin.as_mut().ok_or("the site has no input")?.write_all(b"hang\n")?)
}

/// One invocation of the function.
struct Invocation {
    /// When it could begin: milliseconds after the minute did.
    from_ms: f64,
    billed: Duration,
    cpu: Duration,
    report: TickReport,
    usage: Usage,
}

impl Invocation {
    async fn run(checker: &Checker, event: &Value, from_ms: f64) -> Result<Self, Failure> {
        let (began, spent) = (Instant::now(), cpu());
        let (report, usage) = checker.handle_measured(event).await;
        Ok(Self { from_ms, billed: began.elapsed(), cpu: cpu() - spent, report: report?, usage })
    }

    fn ends_ms(&self) -> f64 {
        self.from_ms + self.billed.as_secs_f64() * 1e3
    }

    fn json(&self) -> Value {
        let (checked, down) = (self.report.checked, self.report.down);
        json!({"billed_ms": self.billed.as_millis() + 1, "checked": checked, "down": down})
    }
}

pub(crate) async fn run(count: usize, minutes: usize, hanging: bool) -> Result<(), Failure> {
    let (mut site, port) = start_site()?;
    let (scheme, regions) = ("http".into(), vec!["fra".parse()?]);
    let targets = Targets {
        scheme,
        port,
        count,
        ca_file: None,
        rounds: minutes,
        phases: false,
        regions,
        resolve: false,
        checked: false,
        day: false,
        webhook_port: None,
    };
    let (_store, _output, address) = tick::start_store(&targets)?;
    let mut at = Clock::system().now().start_of_minute();
    let (time, bus) = (Arc::new(AtomicI64::new(at.ms())), Arc::new(InProcessBus::default()));
    // It stands still for a minute's invocations: on AWS they run side by side, and none comes later for the others' sake.
    let clock = Clock::reading({
        let time = Arc::clone(&time);
        move || Timestamp::from_ms(time.load(Ordering::Relaxed))
    });
    let app = tick::app(address, EventBus::InProcess(Arc::clone(&bus)), clock);
    let store = app.store.clone();
    let checker = Checker::new(app, "fra".parse()?, tick::outbound(&targets)?, BACKOFF);
    for minute in 0..=minutes * if hanging { 2 } else { 1 } {
        if minute == minutes + 1 {
            let_some_hang(&mut site.0)?;
        }
        at = at.plus_seconds(60);
        time.store(at.ms(), Ordering::Relaxed);
        let invocations = a_minute(&checker, &bus, at).await?;
        if minute > 0 {
            let once = tick::checks_of(&store, at).await?.len();
            tick::print(&summary(&invocations, count, once, minute > minutes).to_string());
        }
    }
    Ok(())
}

async fn a_minute(checker: &Checker, bus: &InProcessBus, at: Timestamp) -> Result<Vec<Invocation>, Failure> {
    let (began, tick) = (Instant::now(), CheckerEvent::scheduled(at));
    let since = || began.elapsed().as_secs_f64() * 1e3;
    let mut events = Vec::new();
    let mut first = std::pin::pin!(Invocation::run(checker, &tick, 0.0));
    let mut done = loop {
        tokio::select! {
            first = &mut first => break vec![first?],
            () = bus.arrival() => while let Some((_, event)) = bus.take() {
                events.push((event, since()));
            },
        }
    };
    while let Some((_, event)) = bus.take() {
        events.push((event, since()));
    }
    let mut next = 0;
    while next < events.len() {
        let (event, from_ms) = events[next].clone();
        let began = Instant::now();
        done.push(Invocation::run(checker, &event, from_ms).await?);
        // What a slice leaves to others is there soon after its own beginning; its whole time is the safe side.
        while let Some((_, event)) = bus.take() {
            events.push((event, from_ms + began.elapsed().as_secs_f64() * 1e3));
        }
        next += 1;
    }
    Ok(done)
}

#[expect(clippy::cast_precision_loss, reason = "they are shown to three digits")]
fn summary(invocations: &[Invocation], count: usize, recorded: usize, hanging: bool) -> Value {
    let sum = |of: fn(&Invocation) -> f64| -> f64 { invocations.iter().map(of).sum() };
    let longest = |of: fn(&Invocation) -> f64| invocations.iter().map(of).fold(0.0, f64::max);
    json!({
        "monitors": count,
        "hanging": hanging,
        "checked": sum(|one| one.report.checked as f64),
        "recorded": recorded,
        "down": sum(|one| one.report.down as f64),
        "probe_errors": sum(|one| one.report.probe_errors as f64),
        "invocations": invocations.len(),
        "last_begins_ms": longest(|one| one.from_ms),
        "last_ends_ms": longest(Invocation::ends_ms),
        "one_after_the_other_ms": sum(|one| one.billed.as_secs_f64() * 1e3),
        "cpu_us_per_check": sum(|one| one.cpu.as_secs_f64() * 1e6) / count as f64,
        "billed_ms_per_check": sum(|one| one.billed.as_secs_f64() * 1e3) / count as f64,
        "writes": sum(|one| one.usage.wru),
        "reads": sum(|one| one.usage.rru),
        "round_trips": sum(|one| one.usage.round_trips as f64),
        "each": if invocations.len() <= 10 { invocations.iter().map(Invocation::json).collect() } else { Vec::new() },
    })
}
