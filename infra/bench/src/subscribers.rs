//! Subscribers of a status page are told of an update, mail by mail at the pace of a quota, where each partition of the store takes what
//! DynamoDB's would. In the middle the process that sends them is killed; another one goes on.

use std::{
    collections::HashMap,
    fs, io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant as TokioInstant, interval_at, sleep},
};
use valpero::stack::{Parts, Stack};
use valpero_checker::BACKOFF;
use valpero_domain::{
    PageId,
    mail_address::MailAddress,
    pages::{Contact, SubscriberStatus},
};
use valpero_mail::Mailer;
use valpero_runtime::{Clock, telemetry::chain};
use valpero_storage::{StoreError, Subscriber};

use crate::{
    Failure, Targets, client,
    meter::cpu,
    outage::{DELIVERIES_AT_ONCE, complain},
    partitions::Partitions,
    prepare::{call, key},
    tick,
};

/// Mails a second while nothing is measured.
const HASTE: u32 = 1_000;

const MINUTE: Duration = Duration::from_secs(60);

/// Silence after which nothing more is expected: longer than a message is invisible after the process that took it was killed.
const QUIET: Duration = Duration::from_secs(300);

pub(crate) async fn run(count: usize, rate: u32) -> Result<(), Failure> {
    let targets = Targets::none()?;
    let (_store, _output, address) = tick::start_store(&targets)?;
    let partitions = Partitions::default();
    let folder = std::env::temp_dir().join(format!("valpero-subscribers-{}", std::process::id()));
    let from = MailAddress::try_from("status@example.com".to_owned())?;
    let assemble = async |mail_rate: u32| -> Result<Stack, Failure> {
        let stack = Stack::assemble(Parts {
            client: client::limited(address, &partitions),
            regions: targets.regions.clone(),
            private_targets: true,
            public_url: "https://valpero.example.com".parse()?,
            clock: Clock::system(),
            outbound: tick::outbound(&targets)?,
            public_tools: false,
            mail_rate,
            mailer: Mailer::folder(&folder, &from)?,
            backoff: BACKOFF,
            sockets_per_region: 700,
            writes_per_region: valpero_checker::IN_WRITING,
        });
        Ok(stack.await?)
    };
    let hasty = assemble(HASTE).await?;
    let stack = assemble(rate).await?;
    let (account, token) = key(&stack, "status@localhost").await?;
    let (router, token) = (stack.router(), token.reveal());
    let body = json!({"slug": "acme", "title": "Acme", "components": [{"name": "Shop"}]});
    let made = call(&router, "POST", "/api/v1/status-pages", token, Some(body)).await?;
    let page: PageId = made["id"].as_str().ok_or("the page has no ID")?.parse()?;
    for number in 0..count {
        let email = MailAddress::try_from(address_of(number))?;
        let new = Subscriber::new(account, page, Contact::Email { email }, stack.app.now());
        let row = Subscriber { status: SubscriberStatus::Active, ..new };
        match stack.app.store.subscribe(&row, None, stack.app.now()).await {
            // The client has sent it twice, without the token that says so.
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // Confirmations are sent first, so that they are not measured.
    while hasty.delivery.sweep().await?.sent > 0 {
        while hasty.deliver_batch().await? {}
        sleep(Duration::from_secs(1)).await;
    }
    for mail in fs::read_dir(&folder)? {
        fs::remove_file(mail?.path())?;
    }
    partitions.limit();
    let post =
        json!({"kind": "incident", "title": "Checkout fails", "body": "We are looking into it.", "notify": true});
    let (began, spent) = (Instant::now(), cpu());
    call(&router, "POST", &format!("/api/v1/status-pages/{page}/posts"), token, Some(post)).await?;
    let stack = Arc::new(stack);
    let mut workers = deliver(&stack);
    let (mut sent, mut last, mut killed) = (0, Instant::now(), None);
    while sent < count && last.elapsed() < QUIET {
        sleep(Duration::from_millis(250)).await;
        let now = fs::read_dir(&folder)?.count();
        if now > sent {
            (sent, last) = (now, Instant::now());
        }
        if killed.is_none() && sent >= count / 2 {
            // What it holds in memory is gone, and so is the queue, which is a part of this process.
            workers.shutdown().await;
            while let Some(event) = stack.queue.receive(stack.app.now()) {
                stack.queue.acknowledge(&event, &[]);
            }
            killed = Some((began.elapsed().as_secs_f64(), sent));
            workers = deliver(&stack);
        }
    }
    let (took, spent) = (last - began, cpu() - spent);
    workers.shutdown().await;
    let told = told(&folder)?;
    fs::remove_dir_all(&folder)?;
    let (killed_s, killed_at) = killed.unzip();
    let line = json!({
        "subscribers": count,
        "mails_a_second": rate,
        "killed_s": killed_s,
        "killed_after": killed_at,
        "told": told.len(),
        "told_twice": told.values().filter(|mails| **mails > 1).count(),
        "not_told": (0..count).filter(|number| !told.contains_key(&address_of(*number))).count(),
        "all_told_s": took.as_secs_f64(),
        "cpu_ms_each": spent.as_secs_f64() * 1e3 / f64::from(u32::try_from(count.max(1))?),
        "refused": partitions.refused(),
    });
    tick::print(&line.to_string());
    Ok(())
}

fn address_of(number: usize) -> String {
    format!("reader{number}@example.com")
}

/// How many mails each address has.
fn told(folder: &Path) -> Result<HashMap<String, usize>, io::Error> {
    let mut told = HashMap::new();
    for entry in fs::read_dir(folder)? {
        let mail = fs::read_to_string(entry?.path())?;
        let to = mail.lines().find_map(|line| line.strip_prefix("To: ")).unwrap_or_default();
        *told.entry(to.to_owned()).or_default() += 1;
    }
    Ok(told)
}

/// The workers of a process, and its sweep each minute. They end as they are dropped, wherever they are.
fn deliver(stack: &Arc<Stack>) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    for _ in 0..DELIVERIES_AT_ONCE {
        let stack = Arc::clone(stack);
        workers.spawn(async move {
            loop {
                match stack.deliver_batch().await {
                    Ok(true) => {}
                    Ok(false) => sleep(Duration::from_millis(100)).await,
                    Err(error) => complain(&format!("a batch failed: {}", chain(&error))),
                }
            }
        });
    }
    let stack = Arc::clone(stack);
    workers.spawn(async move {
        let mut minutes = interval_at(TokioInstant::now() + MINUTE, MINUTE);
        loop {
            minutes.tick().await;
            // One that fails is followed by another.
            if let Err(error) = stack.delivery.sweep().await {
                complain(&format!("a sweep failed: {}", chain(&error)));
            }
        }
    });
    workers
}
