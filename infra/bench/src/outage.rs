//! All monitors of one account fall at once, in three regions, with webhooks, where each partition of the store takes what DynamoDB's
//! would. Minutes begin in real time, and each event of a checker is an invocation with a process's own limits, as on AWS; all of them
//! run at the same time, and so do the webhooks.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use serde_json::json;
use tokio::{task::JoinSet, time::sleep_until};
use valpero::stack::{Parts, STACK, Stack};
use valpero_checker::{BACKOFF, Checker, CheckerEvent, TickReport};
use valpero_domain::{RegionCode, Timestamp, packed};
use valpero_outbound::Outbound;
use valpero_runtime::{Clock, telemetry::chain};
use valpero_storage::Tables;

use crate::{Failure, Targets, client, meter::cpu, partitions::Partitions, scale, tick};

/// Batches of webhooks at the same time: the template's default of `DeliveriesAtOnce`.
pub(crate) const DELIVERIES_AT_ONCE: usize = 5;

/// After so many minutes there is an end, whatever is left.
const MINUTES: i64 = 30;

/// What the invocations share.
struct Outage {
    stack: Stack,
    client: Client,
    outbound: Outbound,
    regions: Vec<RegionCode>,
}

/// What the invocations of one minute did.
#[derive(Debug, Default)]
struct Minute {
    invocations: usize,
    failed: usize,
    longest: Duration,
    down: usize,
    unwritten: usize,
}

pub(crate) async fn run(count: usize) -> Result<(), Failure> {
    let (site, port) = scale::start_site()?;
    let (_receiver, webhook_port) = scale::start_site()?;
    let regions: Vec<RegionCode> = ["fra", "use", "sin"].into_iter().map(str::parse).collect::<Result<_, _>>()?;
    let targets = Targets {
        scheme: "http".into(),
        port,
        count,
        ca_file: None,
        rounds: 1,
        phases: false,
        regions: regions.clone(),
        resolve: false,
        checked: false,
        day: false,
        webhook_port: Some(webhook_port),
    };
    let (_store, _output, address) = tick::start_store(&targets)?;
    // A minute of the clock begins where the first of ours does.
    let (began, first) = (Instant::now(), Clock::system().now().start_of_minute());
    let clock = Clock::reading(move || {
        Timestamp::from_ms(first.ms() + i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX))
    });
    let partitions = Partitions::default();
    let (client, outbound) = (client::limited(address, &partitions), tick::outbound(&targets)?);
    let stack = Stack::assemble(Parts {
        client: client.clone(),
        regions: regions.clone(),
        private_targets: true,
        public_url: "https://valpero.example.com".parse()?,
        clock,
        outbound: outbound.clone(),
        public_tools: false,
        mail_rate: valpero_runtime::config::DEFAULT_MAIL_RATE,
        mailer: valpero_mail::Mailer::Absent,
        backoff: BACKOFF,
        sockets_per_region: 700,
        writes_per_region: valpero_checker::IN_WRITING,
    })
    .await?;
    let outage = Arc::new(Outage { stack, client, outbound, regions });
    let well = outage.minute(first).await?;
    if well.failed > 0 || well.down > 0 {
        return Err(format!("not all is well before the outage: {well:?}").into());
    }
    drop(site);
    partitions.limit();
    outage.falls(count, began, first, &partitions).await
}

impl Outage {
    /// Minute after minute until every monitor has its incident and every webhook is sent.
    async fn falls(
        self: Arc<Self>,
        count: usize,
        began: Instant,
        first: Timestamp,
        partitions: &Partitions,
    ) -> Result<(), Failure> {
        let minutes_before = i64::try_from(began.elapsed().as_secs() / 60)? + 1;
        let start = |minute: i64| began + Duration::from_secs(60 * u64::try_from(minutes_before + minute).unwrap_or(0));
        sleep_until(start(0).into()).await;
        let spent = cpu();
        let webhooks = Arc::clone(&self).deliver();
        let (mut running, mut checked) = (JoinSet::new(), Vec::new());
        let mut sent = None;
        for minute in 0..MINUTES {
            let at = first.plus_seconds(60 * (minutes_before + minute));
            let this = Arc::clone(&self);
            running.spawn(async move { this.minute(at).await.map(|done| (at, done)) });
            while sent.is_none() && Instant::now() < start(minute + 1) {
                tokio::time::sleep(Duration::from_millis(100)).await;
                if partitions.opened().len() >= count && self.stack.queue.waiting() == 0 {
                    sent = Some(start(0).elapsed().as_secs_f64());
                }
            }
            if sent.is_some() {
                break;
            }
        }
        while let Some(done) = running.join_next().await {
            checked.push(done??);
        }
        webhooks.abort();
        checked.sort_by_key(|(at, _)| *at);
        let all = self.recorded().await?;
        let recorded: Vec<usize> = checked.iter().map(|(at, _)| all.get(&at.seconds()).copied().unwrap_or(0)).collect();
        let mut opened: Vec<f64> =
            partitions.opened().iter().map(|at| at.duration_since(start(0)).as_secs_f64()).collect();
        opened.sort_by(f64::total_cmp);
        let of = |part: usize| opened.get((opened.len() * part / 100).min(opened.len().saturating_sub(1))).copied();
        let sum = |of: fn(&Minute) -> usize| checked.iter().map(|(_, minute)| of(minute)).collect::<Vec<_>>();
        let line = json!({
            "monitors": count,
            "opened": opened.len(),
            "first_s": opened.first(),
            "half_s": of(50),
            "last_s": opened.last(),
            "within_the_first_minute": opened.iter().filter(|at| **at < 60.0).count(),
            "all_sent_s": sent,
            "recorded": recorded,
            "invocations": sum(|minute| minute.invocations),
            "failed": sum(|minute| minute.failed),
            "unwritten": sum(|minute| minute.unwritten),
            "longest_s": checked.iter().map(|(_, minute)| minute.longest.as_secs_f64()).fold(0.0, f64::max),
            "refused": partitions.refused(),
            "cpu_s": (cpu() - spent).as_secs_f64(),
        });
        tick::print(&line.to_string());
        Ok(())
    }

    /// The schedule's event in each region, and each event that comes of it.
    async fn minute(self: &Arc<Self>, at: Timestamp) -> Result<Minute, Failure> {
        let mut running = JoinSet::new();
        for region in &self.regions {
            running.spawn(Arc::clone(self).invocation(*region, CheckerEvent::scheduled(at)));
        }
        let mut minute = Minute::default();
        loop {
            tokio::select! {
                Some(done) = running.join_next() => {
                    let (took, report) = done?;
                    minute.invocations += 1;
                    minute.longest = minute.longest.max(took);
                    match report {
                        Some(report) => {
                            minute.down += report.down;
                            minute.unwritten += report.unwritten;
                        }
                        None => minute.failed += 1,
                    }
                }
                () = self.stack.bus.arrival() => {}
                else => return Ok(minute),
            }
            while let Some((region, event)) = self.stack.bus.take() {
                running.spawn(Arc::clone(self).invocation(region, event));
            }
            if running.is_empty() {
                return Ok(minute);
            }
        }
    }

    /// How many checks of each tick, by its seconds, are in the store.
    async fn recorded(&self) -> Result<HashMap<i64, usize>, Failure> {
        let table = Tables::of_stack(STACK).checks;
        let mut pages = self.client.scan().table_name(table).into_paginator().items().send();
        let mut all = HashMap::new();
        while let Some(item) = pages.try_next().await? {
            // What has no checks is a failure in words.
            let (Some(Ok(at)), Some(Ok(checks))) =
                (item.get("at").map(AttributeValue::as_s), item.get("checks").map(AttributeValue::as_b))
            else {
                continue;
            };
            let second = at.split('.').next().unwrap_or_default().parse()?;
            *all.entry(second).or_default() += packed::records(checks.as_ref()).count();
        }
        Ok(all)
    }

    /// One event, by a checker of its own: it has a process's permits. Lambda ends it after 90 s.
    async fn invocation(
        self: Arc<Self>,
        region: RegionCode,
        event: serde_json::Value,
    ) -> (Duration, Option<TickReport>) {
        let began = Instant::now();
        let checker = Checker::new(self.stack.app.clone(), region, self.outbound.clone(), BACKOFF);
        let done = tokio::time::timeout(Duration::from_secs(90), checker.handle(&event)).await;
        let report = match done {
            Ok(Ok(report)) => Some(report),
            Ok(Err(error)) => {
                complain(&format!("{region} failed after {:?}: {}", began.elapsed(), chain(&error)));
                None
            }
            Err(_) => {
                complain(&format!("{region} was ended after {:?}", began.elapsed()));
                None
            }
        };
        (began.elapsed(), report)
    }

    /// Sends webhooks, and sweeps each minute.
    fn deliver(self: Arc<Self>) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move {
            let mut workers = JoinSet::new();
            for _ in 0..DELIVERIES_AT_ONCE {
                let this = Arc::clone(&self);
                workers.spawn(async move {
                    loop {
                        match this.stack.deliver_batch().await {
                            Ok(true) => {}
                            Ok(false) => tokio::time::sleep(Duration::from_millis(100)).await,
                            Err(error) => complain(&format!("a batch failed: {}", chain(&error))),
                        }
                    }
                });
            }
            loop {
                tokio::time::sleep(Duration::from_secs(60)).await;
                // One that fails is followed by another.
                if let Err(error) = self.stack.delivery.sweep().await {
                    complain(&format!("a sweep failed: {}", chain(&error)));
                }
            }
        })
    }
}

#[expect(clippy::print_stderr, reason = "beside the figures")]
pub(crate) fn complain(of: &str) {
    eprintln!("{of}");
}
