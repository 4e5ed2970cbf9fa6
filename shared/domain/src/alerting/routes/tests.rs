//! The first route that matches decides.

use serde_json::json;

use super::*;
use crate::Timestamp;

fn policy(number: u8) -> PolicyId {
    PolicyId::new(Timestamp::from_seconds(1), [number; 10])
}

fn monitor(number: u8) -> MonitorId {
    MonitorId::new(Timestamp::from_seconds(1), [number; 10])
}

fn read(routes: &Value) -> Result<AlertRoutes, Vec<String>> {
    let faults = |faults: Faults| faults.into_vec().into_iter().map(|fault| fault.pointer).collect();
    AlertRoutes::read(&json!({ "routes": routes })).map_err(faults)
}

#[test]
fn the_first_match_wins_and_all_conditions_count() {
    let both = json!({"tags_any": ["production", "shop"], "check_types": ["http", "tcp"]});
    let routes = read(&json!([
        {"match": both, "policy_id": policy(1)},
        {"match": {"monitor_ids": [monitor(1), monitor(2)]}, "policy_id": policy(2)},
        {"match": {"tags_any": ["shop"]}, "policy_id": policy(3)},
    ]))
    .expect("valid");
    let mut with_default = routes.clone();
    with_default.routes.extend(read(&json!([{"match": {}, "policy_id": policy(9)}])).expect("valid").routes);
    for (number, tags, check_type, expected) in [
        (3, &["production"][..], CheckType::Http, Some(1)),
        (3, &["other", "shop"], CheckType::Tcp, Some(1)),
        (1, &["shop"], CheckType::Http, Some(1)),
        (1, &["shop"], CheckType::Dns, Some(2)),
        (2, &[], CheckType::Http, Some(2)),
        (3, &["shop"], CheckType::Dns, Some(3)),
        (3, &["production"], CheckType::Dns, None),
        (3, &["Shop"], CheckType::Http, None),
        (3, &[], CheckType::Http, None),
    ] {
        let tags: Vec<Tag> = tags.iter().filter_map(|tag| Tag::try_from((*tag).to_owned()).ok()).collect();
        let facts = Routed { id: monitor(number), tags: &tags, check_type };
        assert_eq!(policy_for(&routes, facts), expected.map(policy), "{facts:?}");
        assert_eq!(policy_for(&with_default, facts), Some(policy(expected.unwrap_or(9))), "{facts:?}");
    }
    let nobody = Routed { id: monitor(1), tags: &[], check_type: CheckType::Http };
    assert_eq!(policy_for(&AlertRoutes::default(), nobody), None);
}

#[test]
fn routes_are_read_and_stored_alike() {
    let body = json!([{"match": {"tags_any": ["a"]}, "policy_id": policy(1)}, {"match": {}, "policy_id": policy(2)}]);
    let routes = read(&body).expect("valid");
    assert_eq!(serde_json::to_value(&routes).ok(), Some(json!({ "routes": body })));
    assert_eq!(read(&json!([{"policy_id": policy(2)}])).expect("valid").routes, routes.routes[1..]);
}

#[test]
fn each_bound_is_held_on_both_sides() {
    let route = || json!({"policy_id": policy(1)});
    let with = |name: &str, value: Value| json!([{"match": {name: value}, "policy_id": policy(1)}]);
    let tags = |count: usize| (0..count).map(|tag| json!(format!("t{tag}"))).collect::<Value>();
    let monitors = |count: u8| (0..count).map(|number| json!(monitor(number))).collect::<Value>();
    for (good, bad, pointer) in [
        (vec![route(); 100].into(), Value::from(vec![route(); 101]), "/routes"),
        (json!([]), Value::Null, "/routes"),
        (with("tags_any", tags(1)), with("tags_any", tags(0)), "/routes/0/match/tags_any"),
        (with("tags_any", tags(20)), with("tags_any", tags(21)), "/routes/0/match/tags_any"),
        (with("tags_any", json!(["a"])), with("tags_any", json!(["a b"])), "/routes/0/match/tags_any/0"),
        (with("monitor_ids", monitors(1)), with("monitor_ids", monitors(0)), "/routes/0/match/monitor_ids"),
        (with("monitor_ids", monitors(100)), with("monitor_ids", monitors(101)), "/routes/0/match/monitor_ids"),
        (with("check_types", json!(["ssl"])), with("check_types", json!([])), "/routes/0/match/check_types"),
        (with("check_types", json!(["ssl"])), with("check_types", json!(["gopher"])), "/routes/0/match/check_types/0"),
        (with("tags_any", Value::Null), with("tag", tags(1)), "/routes/0/match/tag"),
        (json!([route()]), json!([{"match": {}}]), "/routes/0/policy_id"),
        (json!([route()]), json!([{"match": {}, "policy_id": "pol_1"}]), "/routes/0/policy_id"),
    ] {
        assert!(read(&good).is_ok(), "{good}");
        assert_eq!(read(&bad).expect_err("refused"), [pointer], "{bad}");
    }
}

#[test]
fn a_policy_of_nobody_is_named_with_its_place() {
    let routes = read(&json!([{"policy_id": policy(1)}, {"policy_id": policy(2)}])).expect("valid");
    assert!(routes.unknown_policies(&[policy(1), policy(2)].into()).is_empty());
    let faults = routes.unknown_policies(&[policy(1)].into()).into_vec();
    assert_eq!(faults.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), ["/routes/1/policy_id"]);
}
