//! What is remembered: response times by the hour and by the day, and uptime to the millisecond.

use serde_json::{Value, json};
use valpero_domain::{
    MonitorId, Plan, Timestamp,
    probe::{Cause, ErrorCode},
    schedule::{RegionState, Words},
};
use valpero_storage::{FailureDetail, Occasion};

use crate::harness::{Site, Tenant, World, WorldOptions};

async fn response_times(world: &World, owner: &Tenant, id: &str, query: &str) -> Value {
    world.get(&format!("/api/v1/monitors/{id}/response-times{query}"), owner).await.expect(200).json
}

/// The hours of the one monitor that the list has.
async fn listed_hours(world: &World, owner: &Tenant, query: &str) -> Option<Value> {
    let list = world.get(&format!("/api/v1/monitors{query}"), owner).await.expect(200).json;
    list["data"][0].get("hours").map(|hours| json!({ "data": hours }))
}

fn buckets(answer: &Value) -> Vec<(String, u64, u64)> {
    let bucket = |one: &Value| {
        let number = |name: &str| one[name].as_u64().expect("a number");
        (one["at"].as_str().expect("a time").to_owned(), number("count"), number("failures"))
    };
    answer["data"].as_array().expect("buckets").iter().map(bucket).collect()
}

#[tokio::test]
async fn hours_and_days_are_summed_up_once_and_read_alike_before_and_after() {
    // A quarter to midnight, so that both an hour and a day end soon.
    let start: Timestamp = "2026-11-24T23:45:00Z".parse().expect("a time");
    let world = World::with(WorldOptions { regions: "fra", start, ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    for minute in 1..=30 {
        site.answers(if minute == 3 { 500 } else { 200 });
        world.tick().await;
    }
    world.post(&format!("/api/v1/monitors/{id}/check"), &owner, Value::Null).await.expect(202);
    world.drain().await;
    let hours = response_times(&world, &owner, &id, "?window=24h").await;
    assert_eq!((&hours["window"], &hours["bucket_seconds"]), (&json!("24h"), &json!(3600)));
    // 23:46 to 23:59, and 00:00 to 00:15; the check on request counts for none.
    let expected = [("2026-11-24T23:00:00.000Z".to_owned(), 14, 1), ("2026-11-25T00:00:00.000Z".to_owned(), 16, 0)];
    assert_eq!(buckets(&hours), expected);
    let days = response_times(&world, &owner, &id, "?window=30d").await;
    assert_eq!(days["bucket_seconds"], 86_400);
    assert_eq!(buckets(&days).iter().map(|day| (day.1, day.2)).collect::<Vec<_>>(), [(14, 1), (16, 0)]);
    let first = &hours["data"][0];
    let ms = |name: &str| first[name].as_f64().expect("a time");
    assert!(0.0 < ms("p50_ms") && ms("p50_ms") <= ms("p95_ms") && ms("p95_ms") <= ms("max_ms"));

    let asked = "?include_hours=true";
    assert_eq!(listed_hours(&world, &owner, "").await, None, "only on request");
    assert_eq!(listed_hours(&world, &owner, asked).await, Some(json!({"data": []})), "none is summed up yet");
    let report = world.roll_up().await;
    assert_eq!(
        (report.spans, report.summaries),
        (48 + 2, 2),
        "two days back at first; one hour and one day had checks"
    );
    assert_eq!(world.roll_up().await.spans, 0, "what is summed up stays so");
    let listed = listed_hours(&world, &owner, asked).await.expect("hours");
    assert_eq!(buckets(&listed), expected[..1], "the hour that is over");
    assert_eq!(listed["data"][0]["p50_ms"], first["p50_ms"], "of one region");
    assert_eq!(response_times(&world, &owner, &id, "?window=24h").await, hours);
    assert_eq!(response_times(&world, &owner, &id, "?window=30d").await, days);
    assert_eq!(buckets(&response_times(&world, &owner, &id, "?window=7d").await), expected);
    world.advance(3_600);
    assert_eq!(world.roll_up().await.summaries, 1, "the next hour");
    assert_eq!(buckets(&listed_hours(&world, &owner, asked).await.expect("hours")), expected);
    assert_eq!(buckets(&response_times(&world, &owner, &id, "").await), expected, "default: 24h");
    // The ticks themselves are gone by now; the summaries are not.
    let ticks = world.client.scan().table_name("valpero-checks").filter_expression("begins_with(cohort, :cohort)");
    let cohort = aws_sdk_dynamodb::types::AttributeValue::S("fra#00060#0000000".into());
    let found = ticks.expression_attribute_values(":cohort", cohort).send().await.expect("a scan");
    for item in found.items() {
        if item["cohort"].as_s().is_ok_and(|cohort| cohort == "fra#00060#0000000") {
            let key = ["cohort", "at"].map(|name| (name.to_owned(), item[name].clone()));
            let gone = world.client.delete_item().table_name("valpero-checks").set_key(Some(key.into_iter().collect()));
            gone.send().await.expect("deleted");
        }
    }
    world.advance(86_400);
    world.roll_up().await;
    assert_eq!(buckets(&response_times(&world, &owner, &id, "?window=7d").await), expected);
    assert_eq!(listed_hours(&world, &owner, asked).await, Some(json!({"data": []})), "older than a day");
    let bad = world.get("/api/v1/monitors?include_hours=1", &owner).await.expect(422);
    assert_eq!(bad.problem().1, ["/include_hours"]);
    let quarter = response_times(&world, &owner, &id, "?window=90d").await;
    assert_eq!(buckets(&quarter)[0].1, 14);
    assert_eq!(response_times(&world, &owner, &id, "?window=7d&region=hel").await["data"], json!([]));
    let bad = world.get(&format!("/api/v1/monitors/{id}/response-times?window=1y&region=x"), &owner).await.expect(422);
    assert_eq!(bad.problem().1, ["/window", "/region"]);
}

#[tokio::test]
async fn nobody_sees_another_tenants_hours_and_a_move_hides_none() {
    let world = World::with(WorldOptions { regions: "fra", ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let (one, other) = (world.tenant(Plan::Business).await, world.tenant(Plan::Business).await);
    let gone = world.monitor(&one, &site.url(), json!({})).await;
    for _ in 0..3 {
        world.tick().await;
    }
    world.call("DELETE", &format!("/api/v1/monitors/{gone}"), &one.token, Value::Null).await.expect(204);
    let next = world.monitor(&other, &site.url(), json!({})).await;
    world.advance(7_200);
    world.roll_up().await;
    assert_eq!(
        buckets(&response_times(&world, &other, &next, "").await),
        [],
        "a place that was left hides what it was"
    );
    let asked = "?include_hours=true";
    assert_eq!(listed_hours(&world, &other, asked).await, Some(json!({"data": []})), "in the list, too");
    world.tick().await;
    let path = format!("/api/v1/monitors/{next}");
    world.call("PATCH", &path, &other.token, json!({"check_interval": 120})).await.expect(200);
    for _ in 0..4 {
        world.tick().await;
    }
    let counts: u64 = buckets(&response_times(&world, &other, &next, "").await).iter().map(|one| one.1).sum();
    assert_eq!(counts, 3, "one before the move, two of four minutes after");
    world.advance(7_200);
    world.roll_up().await;
    let counts: u64 = buckets(&response_times(&world, &other, &next, "").await).iter().map(|one| one.1).sum();
    assert_eq!(counts, 3, "also summed up");
    let listed = listed_hours(&world, &other, asked).await.expect("hours");
    assert_eq!(buckets(&listed).iter().map(|one| one.1).sum::<u64>(), 3, "in the list, too");
}

#[tokio::test]
async fn an_hour_of_the_list_is_that_of_all_regions() {
    let world = World::with(WorldOptions { regions: "fra,hel", ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let places = json!({"regions": ["fra", "hel"]});
    let first = world.monitor(&owner, &site.url(), places.clone()).await;
    // The list is in the order of creation, of which a moment decides.
    world.advance(1);
    let second = world.monitor(&owner, &site.url(), places).await;
    for _ in 0..3 {
        world.tick().await;
    }
    world.advance(7_200);
    world.roll_up().await;
    let list = world.get("/api/v1/monitors?include_hours=true", &owner).await.expect(200).json;
    let of = |place: usize| (&list["data"][place]["id"], buckets(&json!({"data": list["data"][place]["hours"]})));
    let counts = |hours: &[(String, u64, u64)]| hours.iter().map(|hour| hour.1).sum::<u64>();
    for (place, id) in [first, second].iter().enumerate() {
        let (listed, hours) = of(place);
        assert_eq!((listed.as_str(), counts(&hours)), (Some(id.as_str()), 6), "three ticks of two regions: {hours:?}");
    }
}

#[tokio::test]
async fn uptime_is_that_of_the_incidents_without_what_was_paused() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    let uptime = async || world.read(&owner, &id).await["uptime"].clone();
    assert_eq!(uptime().await, json!({"24h": null, "7d": null, "30d": null, "90d": null}), "never a made-up 100 %");
    world.tick().await;
    world.advance(1);
    assert_eq!(uptime().await["24h"], 1.0);
    // Ten minutes up, of which the last two were not.
    for minute in 1..10 {
        site.answers(if minute < 8 { 200 } else { 500 });
        world.tick().await;
    }
    world.tick().await;
    let ten = uptime().await;
    assert_eq!((&ten["24h"], &ten["90d"]), (&json!(0.8), &json!(0.8)), "down since the first failure: {ten}");
    world.post(&format!("/api/v1/monitors/{id}/pause"), &owner, Value::Null).await.expect(200);
    world.advance(3_600);
    assert_eq!(uptime().await["24h"], 0.8, "an hour that does not count");
    world.post(&format!("/api/v1/monitors/{id}/resume"), &owner, Value::Null).await.expect(200);
    site.answers(200);
    world.advance(600);
    assert_eq!(uptime().await["24h"], 0.8, "nor do minutes in which nobody has looked yet");
    world.tick().await;
    world.advance(600);
    assert_eq!(uptime().await["24h"], 0.9);
    let listed = world.get("/api/v1/monitors", &owner).await.expect(200);
    assert_eq!(listed.data()[0]["uptime"]["24h"], 0.9, "the list says the same");
    world.advance(2 * 86_400);
    let later = uptime().await;
    assert_eq!(later["24h"], 1.0);
    assert!(later["7d"].as_f64().is_some_and(|ratio| ratio > 0.99 && ratio < 1.0), "{later}");
}

#[tokio::test]
async fn words_that_stay_the_same_are_written_once_and_read_with_each_check() {
    let world = World::with(WorldOptions { regions: "fra", ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    let checks = async |query: &str| {
        let listed = world.get(&format!("/api/v1/monitors/{id}/checks{query}"), &owner).await.expect(200);
        let named =
            |said: &str| said.split(|c: char| !c.is_ascii_digit()).find(|word| !word.is_empty()).map(str::to_owned);
        let word = |check: &Value| check["error"]["detail"].as_str().and_then(named);
        listed.data().iter().map(word).collect::<Vec<_>>()
    };
    let expected = |statuses: &[u16]| {
        let said = |status: &u16| (*status != 200).then(|| status.to_string());
        statuses.iter().rev().map(said).collect::<Vec<_>>()
    };
    let seen = [200, 500, 500, 500, 503, 503, 200, 503, 500, 500];
    for status in seen {
        site.answers(status);
        world.tick().await;
    }
    assert_eq!(checks("").await, expected(&seen));
    assert_eq!(checks("?limit=2").await, expected(&[500, 500]), "words that are older than the page");
    assert_eq!(checks("?limit=5").await, expected(&[503, 200, 503, 500, 500]));
    assert_eq!(words_kept(&world).await, 3, "500, 503 and 500 again");

    // A check on request says its own, and leaves the ticks theirs.
    site.answers(502);
    world.advance(7);
    world.post(&format!("/api/v1/monitors/{id}/check"), &owner, Value::Null).await.expect(202);
    world.drain().await;
    site.answers(500);
    world.tick().await;
    assert_eq!(checks("?limit=3").await, expected(&[500, 502, 500]));
    assert_eq!(words_kept(&world).await, 5);

    // Said anew once a day, so that those in history never run out.
    world.advance(86_400);
    world.tick().await;
    assert_eq!(checks("?limit=1").await, expected(&[500]));
    assert_eq!(words_kept(&world).await, 6);
}

#[tokio::test]
async fn a_check_whose_state_is_refused_leaves_history_its_words() {
    let world = World::with(WorldOptions { regions: "fra", ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    site.answers(500);
    for _ in 0..3 {
        world.tick().await;
    }
    let store = &world.stack.app.store;
    let monitor_id: MonitorId = id.parse().expect("an id");
    let monitor = store.monitor(owner.account, monitor_id).await.expect("the monitor");
    let (place, at) = (&monitor.places[0], world.now());
    let seen = store.scheduled_probe(owner.account, monitor_id, place).await.expect("read").expect("scheduled");
    let kept = words_kept(&world).await;
    let say = async |words: &str| {
        let cause = Cause::seen(ErrorCode::HttpStatus, words);
        let state = RegionState { words: Some(Words { cause: cause.clone(), at }), ..seen.state.clone() };
        let words = FailureDetail { at, occasion: Occasion::Requested, cause: &cause };
        store.save_region_state(&seen, &place.cohort(), &state, Some(words)).await.expect("kept, or refused");
    };
    say("The faster one.").await;
    assert_eq!(words_kept(&world).await, kept + 1);
    say("The one that was slower.").await;
    let now = store.scheduled_probe(owner.account, monitor_id, place).await.expect("read").expect("scheduled");
    assert_eq!(now.state.words.map(|words| words.cause.detail), Some("The faster one.".into()));
    world.tick().await;
    let listed = world.get(&format!("/api/v1/monitors/{id}/checks?limit=1"), &owner).await.expect(200);
    assert!(listed.data()[0]["error"]["detail"].as_str().expect("words").contains("500"), "{}", listed.json);
    let texts = world.client.scan().table_name("valpero-checks").filter_expression("attribute_exists(detail)");
    let texts = format!("{:?}", texts.send().await.expect("a scan").items());
    assert!(texts.contains("The faster one.") && !texts.contains("slower"), "{texts}");
}

/// How many items there are that hold a failure's words.
async fn words_kept(world: &World) -> usize {
    let found = world.client.scan().table_name("valpero-checks").filter_expression("attribute_exists(detail)");
    found.send().await.expect("a scan").items().len()
}

#[tokio::test]
async fn hours_are_summed_up_again_once_a_clock_that_was_ahead_is_set_right() {
    let world = World::with(WorldOptions { regions: "fra", ..WorldOptions::default() }).await;
    world.roll_up().await;
    world.advance(40 * 3_600);
    assert_eq!(world.roll_up().await.spans, 40 + 2, "as far as that clock knew");
    world.advance(-30 * 3_600);
    assert!(world.roll_up().await.spans >= 10, "the hours that are over now");
    world.advance(3_600);
    assert_eq!(world.roll_up().await.spans, 1, "and from then on each as it ends");
}
