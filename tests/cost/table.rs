//! What every request and every tick consumes, as a table that shows in review whatever a change makes dearer.

use std::{collections::BTreeSet, fmt::Write};

use serde_json::{Value, json};
use valpero_checker::CheckerEvent;
use valpero_domain::{Plan, Role, packed::COHORT_SIZE};
use valpero_storage::Usage;

use crate::{
    api::routes::{Row, table, things},
    harness::{Mailbox, Receiver, Site, Tenant, World, WorldOptions},
    pages::{
        crowd::{crowd, link},
        page, view,
    },
};

fn line(what: &str, usage: Usage) -> String {
    format!("{what:<66} {:>6.1} {:>6.1} {:>5}\n", usage.wru, usage.rru, usage.round_trips)
}

fn head(what: &str) -> String {
    format!("{what:<66} {:>6} {:>6} {:>5}\n", "writes", "reads", "trips")
}

fn add(sum: &mut Usage, more: Usage) {
    sum.wru += more.wru;
    sum.rru += more.rru;
    sum.round_trips += more.round_trips;
}

/// What the delivery worker consumes for one event of an incident.
async fn told() -> Usage {
    let world = World::new().await;
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    site.answers(500);
    let owner = world.tenant(Plan::Business).await;
    world.monitor(&owner, &site.url(), json!({"webhook_url": receiver.url()})).await;
    world.bare_tick().await;
    let ((), usage) = Usage::of(world.deliver()).await;
    assert_eq!(receiver.events(), ["incident.opened"]);
    usage
}

/// What the delivery worker consumes for the opening and the end of an incident that three channels are told of.
async fn told_to_channels() -> (Usage, Usage) {
    let world = World::new().await;
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    let mut channels = Vec::new();
    for name in ["Chat", "On call", "Boss"] {
        let channel = json!({"name": name, "type": "mattermost", "webhook_url": receiver.url()});
        channels.push(world.post("/api/v1/channels", &owner, channel).await.expect(201).text("/id"));
    }
    let policy = json!({"name": "All", "steps": [{"after_minutes": 0, "channel_ids": channels}]});
    let policy = world.post("/api/v1/escalation-policies", &owner, policy).await.expect(201).text("/id");
    let routes = json!({"routes": [{"policy_id": policy}]});
    world.call("PUT", "/api/v1/alert-routes", &owner.token, routes).await.expect(200);
    world.monitor(&owner, &site.url(), json!({})).await;
    world.tick().await;
    let mut usages = Vec::new();
    for status in [500, 200] {
        site.answers(status);
        world.bare_tick().await;
        usages.push(Usage::of(world.deliver()).await.1);
    }
    assert_eq!(receiver.delivered().len(), 6);
    let (idle, swept) = (world.sweep().await, Usage::of(world.sweep()).await.1);
    assert_eq!((idle.sent, swept.wru), (0, 0.0), "an account where nothing happens costs the sweep nothing");
    (usages[0], usages[1])
}

#[tokio::test]
async fn requests() {
    let world = World::new().await;
    let mut seen = BTreeSet::new();
    let mut lines = head("request, of a key that was used in the same minute");
    for Row(method, route, _, body, status) in table() {
        if !seen.insert((method, route)) {
            continue;
        }
        let things = Box::pin(things(&world)).await;
        let body: Value = serde_json::from_str(&things.fill(&body.to_string())).expect("JSON");
        let reply = world.call(method, &things.fill(route), &things.owner.token, body).await.expect(status);
        lines += &line(&format!("{method} {route}"), reply.usage);
    }
    lines.push('\n');
    lines += &head("beyond that");
    let owner = world.tenant(Plan::Business).await;
    // Others fill a half of a cohort, so that whichever monitors a page of the list has, they are in two cohorts.
    let others = world.tenant(Plan::Business).await;
    for number in 0..COHORT_SIZE * 3 / 2 {
        let whose = if number < COHORT_SIZE / 2 { &others } else { &owner };
        world.monitor(whose, "http://127.0.0.1:9/", json!({})).await;
    }
    let first = world.call("GET", "/api/v1/account", "val_key_x", Value::Null).await.expect(401);
    lines += &line("a token whose checksum fails", first.usage);
    world.advance(60);
    let next = world.get("/api/v1/account", &owner).await.expect(200);
    lines += &line("GET /api/v1/account, the key's first request of a minute", next.usage);
    world.advance(86_400);
    let next = world.get("/api/v1/account", &owner).await.expect(200);
    lines += &line("GET /api/v1/account, the key's first request of a day", next.usage);
    lines += &line("an incident's event, handed out and delivered to a webhook", Box::pin(told()).await);
    let (opened, resolved) = Box::pin(told_to_channels()).await;
    lines += &line("an incident's opening, told to three channels", opened);
    lines += &line("its end, told to the three", resolved);
    let list = world.get("/api/v1/monitors", &owner).await.expect(200);
    lines += &line("GET /api/v1/monitors, 50 of 56", list.usage);
    let scrape = world.get("/api/metrics", &owner).await.expect(200);
    lines += &line("GET /api/metrics, 56 monitors, 3 regions", scrape.usage);
    let named = world.post_named("/api/v1/monitors", &owner, "a", json!({"url": "http://127.0.0.1:9/"})).await;
    lines += &line("POST /api/v1/monitors, with an Idempotency-Key", named.expect(201).usage);
    let again = world.post_named("/api/v1/monitors", &owner, "a", json!({"url": "http://127.0.0.1:9/"})).await;
    lines += &line("POST /api/v1/monitors, the same again", again.expect(201).usage);
    insta::assert_snapshot!("requests", lines);
}

/// Pages, as a person's browser asks for them: with the session's count and the account, which every page reads.
#[tokio::test]
async fn pages() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let mut monitors = Vec::new();
    for _ in 0..50 {
        monitors.push(world.monitor(&owner, &site.url(), json!({})).await);
    }
    // A day of checks, as hours that are summed up.
    for _ in 0..24 {
        world.tick().await;
        world.advance(3_600);
    }
    world.roll_up().await;
    world.tick().await;
    let ada = world.person(&owner, Role::Owner, None).await;
    let page = world.page("/monitors", &ada).await.expect(200);
    assert_eq!(page.body().matches("class=\"spark\"").count(), 50, "each has its line");
    let css = page.body().split('"').find(|part| part.ends_with(".css")).expect("a style sheet");
    let js = page.body().split('"').find(|part| part.ends_with(".js")).expect("a script");
    let mut weight = page.body().len();
    for path in [css, js] {
        weight += world.page(path, &ada).await.expect(200).body().len();
    }
    assert!(weight <= 60 * 1024, "HTML, CSS and JS of 50 monitors are {weight} bytes");
    site.answers(500);
    world.tick().await;
    let incident = world.incidents(&owner).await[0]["id"].as_str().expect("an id").to_owned();
    let mut lines = head("page, of a session that was used in the same minute");
    let list = [
        ("/monitors, 50 monitors", "/monitors".to_owned()),
        ("/monitors/{id}", format!("/monitors/{}", monitors[0])),
        ("/monitors/new", "/monitors/new".to_owned()),
        ("/incidents, 50 of them", "/incidents".to_owned()),
        ("/incidents/{id}", format!("/incidents/{incident}")),
        ("/alerts", "/alerts".to_owned()),
        ("/deliveries", "/deliveries".to_owned()),
        ("/settings", "/settings".to_owned()),
        ("/settings/keys", "/settings/keys".to_owned()),
        ("/settings/people", "/settings/people".to_owned()),
        ("/settings/audit", "/settings/audit".to_owned()),
        ("/tv", "/tv".to_owned()),
    ];
    world.page("/settings", &ada).await.expect(200);
    for (what, path) in list {
        lines += &line(what, world.page(&path, &ada).await.expect(200).usage);
    }
    insta::assert_snapshot!("pages", lines);
}

/// What readers of a status page take, and what it takes to tell its subscribers.
#[tokio::test]
async fn readers() {
    const SUBSCRIBERS: usize = 100;
    let mail = Mailbox::new();
    let world = World::with(WorldOptions { mailer: mail.mailer(), ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    let components: Vec<Value> = (1..=20).map(|number| json!({"name": format!("Component {number}")})).collect();
    let (id, _) = page(&world, &owner, "acme", json!(components), json!({})).await;
    let posts = format!("/api/v1/status-pages/{id}/posts");
    let post = json!({"kind": "incident", "title": "Checkout fails", "body": "We are looking.", "notify": false});
    for _ in 0..3 {
        world.post(&posts, &owner, post.clone()).await.expect(201);
    }
    world.deliver().await;
    let mut lines = head("a status page of 20 components and 3 posts");
    lines += &line("a view", view(&world, "/status/acme").await.expect(200).usage);
    lines += &line("each view within 10 seconds of it", view(&world, "/status/acme").await.expect(200).usage);
    lines += &line("its feed, likewise", view(&world, "/status/acme/feed.atom").await.expect(200).usage);
    world.advance(10);
    lines += &line("a view after that", view(&world, "/status/acme").await.expect(200).usage);
    lines += &line("a view of a page that does not exist", view(&world, "/status/nowhere").await.expect(404).usage);

    lines.push('\n');
    lines += &head("subscribers by mail");
    let asked = world.post_form("/status/acme/subscribe", "email=reader0@example.com").await.expect(202);
    lines += &line("subscribing", asked.usage);
    lines += &line("the mail that asks to confirm it", Usage::of(sent(&world, &mail, 1)).await.1);
    let path = link(&mail.messages()[0], "/subscription/");
    lines += &line("confirming it", world.post_form(&path, "do=confirm").await.expect(200).usage);
    crowd(&world, &owner, &id, 1..SUBSCRIBERS).await;
    let told = json!({"kind": "incident", "title": "Checkout fails", "body": "We are looking.", "notify": true});
    world.post(&posts, &owner, told).await.expect(201);
    let (steps, mut each) = Usage::of(sent(&world, &mail, SUBSCRIBERS)).await;
    assert!(steps >= 8, "12 mails a second are the most: {steps}");
    each.wru /= 100.0;
    each.rru /= 100.0;
    each.round_trips /= 100;
    lines += &line("an update, for each of 100 subscribers", each);
    insta::assert_snapshot!("readers", lines);
}

/// Lets the delivery worker work, second by second, until so many mails are sent; answers the seconds.
async fn sent(world: &World, mail: &Mailbox, count: usize) -> usize {
    mail.clear();
    for second in 1..=60 {
        world.deliver().await;
        world.advance(1);
        if mail.messages().len() >= count {
            return second;
        }
    }
    panic!("{} mails of {count}", mail.messages().len());
}

/// The next minute, one region after the other, so that each run does the same.
async fn tick(world: &World) -> (usize, Usage) {
    world.advance(60);
    let (event, mut sum, mut changes) = (CheckerEvent::scheduled(world.now()), Usage::default(), 0);
    for checker in &world.stack.checkers {
        let (report, usage) = checker.handle_measured(&event).await;
        changes += report.expect("a tick").changes;
        add(&mut sum, usage);
    }
    (changes, sum)
}

/// What the regions and the store say to each other in the next minute: it is paid for where they are in different regions of AWS.
async fn said(world: &World) -> String {
    world.traffic.bytes();
    tick(world).await;
    format!("{:<66} {:>20}\n", "bytes to the store and back", world.traffic.bytes())
}

/// Ticks until nothing changes any more; what the changes took altogether, and what a minute takes from then on.
async fn settle(world: &World) -> (usize, Usage, Usage) {
    let (mut changes, mut sum) = tick(world).await;
    let mut last = tick(world).await;
    while last.0 > 0 {
        changes += last.0;
        add(&mut sum, last.1);
        last = tick(world).await;
    }
    (changes, sum, last.1)
}

#[tokio::test]
async fn ticks() {
    let mut lines = String::new();
    for size in [1, 10, COHORT_SIZE] {
        let (world, good, one) = (World::new().await, Site::start().await, Site::start().await);
        let owner = world.tenant(Plan::Business).await;
        made(&world, &owner, &one, 1).await;
        made(&world, &owner, &good, size - 1).await;
        if size > 1 {
            lines.push('\n');
        }
        lines += &head(&format!("a minute of {size} monitors in three regions"));
        let (_, _, still) = settle(&world).await;
        lines += &line("all up", still);
        lines += &said(&world).await;
        one.answers(500);
        let (changes, change, still) = settle(&world).await;
        lines += &line(&format!("one goes down ({changes} change)"), change);
        lines += &line("one is down", still);
        good.answers(500);
        if size > 1 {
            let (changes, change, still) = settle(&world).await;
            lines += &line(&format!("all others go down ({changes} changes)"), change);
            lines += &line("all are down", still);
        }
        one.answers(200);
        good.answers(200);
        let (changes, change, _) = settle(&world).await;
        lines += &line(&format!("all come back ({changes} changes)"), change);
    }
    writeln!(lines).expect("a text takes everything");
    let world = World::new().await;
    let (_, idle) = tick(&world).await;
    lines += &head("a minute");
    lines += &line("three regions without a monitor", idle);
    lines += &said(&world).await;
    insta::assert_snapshot!("ticks", lines);
}

async fn made(world: &World, owner: &Tenant, site: &Site, many: usize) {
    for _ in 0..many {
        world.monitor(owner, &site.url(), json!({})).await;
    }
}
