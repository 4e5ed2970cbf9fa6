//! What runs for every check and for every request, piece by piece, with what it allocates: `cargo bench -p valpero-bench`.
#![expect(clippy::expect_used, reason = "what cannot be set up cannot be timed")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::SocketAddr,
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use divan::{AllocProfiler, Bencher, black_box};
use serde_json::{Value, json};
use valpero_auth::{Token, cursor, webhook::WebhookSecret};
use valpero_domain::{
    AccountId, MonitorId, Plan, RegionCode, Status, Timestamp,
    body_check::{Budget, JsonAssertion, Values},
    monitor::{Allowance, MonitorSpec},
    packed::{self, COHORT_SIZE, Record, Slot},
    probe::{Outcome, Phases, ProbeResult},
    quorum::{Standing, decide},
    rollup::Sum,
    schedule::RegionState,
    status::{Verdict, Vote},
};
use valpero_outbound::Guard;
use valpero_storage::{LatestCheck, ScheduledProbe};
use valpero_views as views;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const NOW: Timestamp = Timestamp::from_seconds(1_795_000_020);
const REGIONS: [&str; 3] = ["fra", "hel", "usc"];

fn main() {
    divan::main();
}

fn region(code: &str) -> RegionCode {
    code.parse().expect("a region")
}

fn phases() -> Phases {
    Phases { dns_us: Some(1_200), connect_us: Some(20_000), tls_us: Some(24_000), first_byte_us: Some(90_000) }
}

fn records() -> Vec<Record> {
    let slots = (0..COHORT_SIZE).filter_map(|number| Slot::new(u32::try_from(number).expect("small")));
    slots
        .map(|slot| Record { slot, outcome: Outcome::Up, error: None, http_status: Some(200), phases: phases() })
        .collect()
}

fn result() -> ProbeResult {
    ProbeResult {
        outcome: Outcome::Up,
        http_status: Some(200),
        phases: phases(),
        cause: None,
        certificate_expires_at: Some(NOW.plus_seconds(60 * 86_400)),
    }
}

fn id(prefix: &str) -> String {
    format!("{prefix}_01M7Q5DB10NTT6MT7ZJVHR3WRF")
}

mod check {
    use super::*;

    /// A monitor of the schedule, as the store hands it over.
    fn item() -> HashMap<String, AttributeValue> {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let probe = json!({
            "check_type": "http", "url": "https://www.example.com/health", "http": {},
        });
        let state = RegionState::default().after(&result(), NOW, false);
        let state = serde_dynamo::to_attribute_value(state).expect("a state");
        [
            ("entry", text(&id("mon"))),
            ("account_id", text(&id("acc"))),
            ("tag", AttributeValue::N("7".into())),
            ("probe", text(&probe.to_string())),
            ("state", state),
            ("revision", AttributeValue::N("3".into())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    #[divan::bench]
    fn read_what_is_scheduled(bencher: Bencher<'_, '_>) {
        bencher
            .with_inputs(item)
            .bench_values(|item| serde_dynamo::from_item::<_, ScheduledProbe>(item).expect("a probe"));
    }

    #[divan::bench]
    fn guard_an_address(bencher: Bencher<'_, '_>) {
        let (guard, address) = (Guard::public_only(), SocketAddr::from(([93, 184, 215, 14], 443)));
        bencher.bench_local(|| guard.permits(black_box(address)));
    }

    #[divan::bench]
    fn make_up_a_regions_mind(bencher: Bencher<'_, '_>) {
        let state = RegionState::default().after(&result(), NOW, false);
        let (result, took) = (result(), Duration::from_millis(135));
        bencher.bench_local(|| black_box(&state).after(black_box(&result), NOW, false).having_taken(took));
    }

    #[divan::bench]
    fn pack_a_full_cohort(bencher: Bencher<'_, '_>) {
        let records = records();
        bencher.bench_local(|| packed::pack(black_box(&records)));
    }

    #[divan::bench]
    fn find_in_a_full_cohort(bencher: Bencher<'_, '_>) {
        let (bytes, last) = (packed::pack(&records()), Slot::new(55).expect("a slot"));
        bencher.bench_local(|| packed::find(black_box(&bytes), last));
    }

    /// Ten comparisons that use up the budget of a check, on a body as large as any: the most that one can cost.
    #[divan::bench]
    fn compare_json_until_the_budget_is_used_up(bencher: Bencher<'_, '_>) {
        let one = json!({"path": "$[?value($[0]) == value($[1])]", "op": "exists"});
        let assertions: Vec<JsonAssertion> = serde_json::from_value(json!(vec![one; 10])).expect("comparisons");
        let record = r#"{"id":12345,"name":"service","up":true,"ms":5.5,"tags":["a","b"]}"#;
        let body = format!("[{}]", vec![record; 15_000].join(","));
        bencher.bench_local(|| {
            let mut budget = Budget::new(Budget::CHECK, &|| true);
            JsonAssertion::judge_all(black_box(&assertions), Values::Shown, body.as_bytes(), &mut budget)
        });
    }

    #[divan::bench]
    fn compare_json_of_a_kilobyte(bencher: Bencher<'_, '_>) {
        let one = json!({"path": "$.status", "op": "eq", "value": "ok"});
        let assertions: Vec<JsonAssertion> = serde_json::from_value(json!([one])).expect("a comparison");
        let body = json!({"status": "ok", "parts": vec![json!({"name": "x", "ms": 1.5}); 45]}).to_string();
        bencher.bench_local(|| {
            let mut budget = Budget::new(Budget::CHECK, &|| true);
            JsonAssertion::judge_all(black_box(&assertions), Values::Shown, body.as_bytes(), &mut budget)
        });
    }

    #[divan::bench]
    fn decide_with_three_votes(bencher: Bencher<'_, '_>) {
        let regions = REGIONS.map(region);
        let vote = Vote { verdict: Verdict::Up, since: NOW, at: NOW, cause: None, slow: false };
        let votes: BTreeMap<_, _> = regions.iter().map(|region| (*region, vote.clone())).collect();
        let (reporting, current): (BTreeSet<_>, BTreeSet<_>) = (regions.into(), BTreeSet::new());
        let standing = Standing {
            status: Status::Up,
            reason: None,
            status_since: NOW,
            regions: &regions,
            confirm_regions: None,
            votes: &votes,
        };
        bencher.bench_local(|| decide(black_box(&standing), &reporting, &current, NOW));
    }

    #[divan::bench]
    fn sum_up_an_hour_of_a_full_cohort(bencher: Bencher<'_, '_>) {
        let tick = packed::pack(&records());
        bencher.bench_local(|| {
            let mut sum = Sum::default();
            (0..60).for_each(|minute| sum.add(Timestamp::from_seconds(60 * minute), black_box(&tick)));
            sum.finish()
        });
    }
}

mod request {
    use super::*;

    fn body() -> Value {
        json!({
            "url": "https://www.example.com/health", "name": "Example", "check_interval": 60, "regions": REGIONS,
            "http": {"method": "GET", "expected_status": "200-299,301"}, "tags": ["web", "production"],
        })
    }

    fn spec() -> MonitorSpec {
        let (deployed, limits) = (REGIONS.map(region), Plan::Business.limits());
        let allowance =
            Allowance { id: None, regions: &deployed, kept: &[], private_targets: false, blocked_ports: &[], limits };
        MonitorSpec::read(&body(), &allowance).expect("a monitor")
    }

    #[divan::bench]
    fn read_and_hash_a_token(bencher: Bencher<'_, '_>) {
        let token = Token::generate().reveal().to_owned();
        bencher.bench_local(|| Token::parse(black_box(&token)).map(|token| token.hash()));
    }

    #[divan::bench]
    fn read_a_monitors_description(bencher: Bencher<'_, '_>) {
        bencher.bench_local(spec);
    }

    #[divan::bench]
    fn answer_a_monitor(bencher: Bencher<'_, '_>) {
        let monitor = json!({
            "account_id": id("acc"), "monitor_id": id("mon"), "spec": spec(), "status": "up", "status_since": NOW, "version": 3, "votes": {},
            "places": [], "created_at": NOW, "updated_at": NOW,
        });
        let monitor: valpero_storage::Monitor = serde_json::from_value(monitor).expect("a monitor");
        let latest = REGIONS.map(|code| (region(code), LatestCheck { at: NOW, record: records()[0] })).into();
        bencher.bench_local(|| serde_json::to_vec(&views::Monitor::of(black_box(&monitor), &latest, NOW)));
    }

    #[divan::bench]
    fn open_a_cursor(bencher: Bencher<'_, '_>) {
        let account: AccountId = id("acc").parse().expect("an account");
        let position = id("mon").parse::<MonitorId>().expect("a monitor").to_string();
        let sealed = cursor::seal(account, "monitors?status=up", &position);
        bencher.bench_local(|| cursor::open(account, "monitors?status=up", black_box(&sealed)));
    }

    #[divan::bench]
    fn sign_a_webhook(bencher: Bencher<'_, '_>) {
        let (secret, body) = (WebhookSecret::generate(), "x".repeat(1_500));
        bencher.bench_local(|| {
            let body = black_box(body.as_bytes());
            (secret.sign_body(body), secret.sign_standard("dlv_1", NOW.seconds(), body))
        });
    }
}
