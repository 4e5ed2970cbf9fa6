//! Policies are read whole or refused with every fault.

use serde_json::json;

use super::*;

fn channel(number: u8) -> String {
    ChannelId::new(crate::Timestamp::from_seconds(1), [number; 10]).to_string()
}

fn step(after_minutes: u32) -> Value {
    json!({"after_minutes": after_minutes, "channel_ids": [channel(1)]})
}

fn faults(body: &Value) -> Vec<(String, String)> {
    let faults = EscalationPolicy::read(body).err().map(Faults::into_vec).unwrap_or_default();
    faults.into_iter().map(|fault| (fault.pointer, fault.detail)).collect()
}

#[test]
fn a_policy_is_read_and_stored_alike() {
    let body = json!({
        "name": " Everyone ", "steps": [step(0), {"after_minutes": 15, "channel_ids": [channel(1), channel(2)]}], "repeat_minutes": 30,
    });
    let policy = EscalationPolicy::read(&body).expect("valid");
    assert_eq!((policy.name.as_str(), policy.steps.repeat_minutes), ("Everyone", Some(30)));
    assert_eq!((policy.channels().len(), policy.steps.first().len()), (2, 1));
    let stored = serde_json::to_value(&policy).expect("JSON");
    assert_eq!(stored["steps"], body["steps"]);
    assert_eq!(serde_json::from_value::<EscalationPolicy>(stored).ok(), Some(policy));
    let least = json!({"name": "Night", "steps": [step(5)]});
    assert_eq!(EscalationPolicy::read(&least).map(|policy| policy.steps.repeat_minutes), Ok(None));
}

#[test]
fn each_bound_is_held_on_both_sides() {
    let with = |name: &str, value: Value| {
        let mut body = json!({"name": "Night", "steps": [step(0)]});
        body[name] = value;
        faults(&body)
    };
    let many = |count: u8| json!([{"after_minutes": 0, "channel_ids": (0..count).map(channel).collect::<Vec<_>>()}]);
    for (field, good, bad, pointer) in [
        ("repeat_minutes", json!(5), json!(4), "/repeat_minutes"),
        ("repeat_minutes", json!(1_440), json!(1_441), "/repeat_minutes"),
        ("steps", json!([step(0)]), json!([]), "/steps"),
        ("steps", (0..10).map(step).collect(), (0..11).map(step).collect(), "/steps"),
        ("steps", json!([step(1_440)]), json!([step(1_441)]), "/steps/0/after_minutes"),
        ("steps", many(1), many(0), "/steps/0/channel_ids"),
        ("steps", many(20), many(21), "/steps/0/channel_ids"),
        ("steps", json!([step(4), step(5)]), json!([step(5), step(5)]), "/steps/1/after_minutes"),
        ("name", json!("x".repeat(100)), json!("x".repeat(101)), "/name"),
    ] {
        assert_eq!(with(field, good.clone()), [], "{field} {good}");
        let found: Vec<String> = with(field, bad.clone()).into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(found, [pointer], "{field} {bad}");
    }
}

#[test]
fn every_fault_is_named_at_once() {
    let body = json!({
        "steps": [
            {"after_minutes": 10, "channel_ids": [channel(1), channel(2), channel(1)]},
            {"after_minutes": 3, "channel_ids": ["chn_1"], "wait": 1},
            {"after_minutes": "soon"},
            7,
        ],
        "repeat_minutes": "often", "color": "red",
    });
    let pointers: Vec<String> = faults(&body).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(
        pointers,
        [
            "/name",
            "/steps/0/channel_ids/2",
            "/steps/1/channel_ids/0",
            "/steps/1/wait",
            "/steps/2/after_minutes",
            "/steps/2/channel_ids",
            "/steps/3",
            "/repeat_minutes",
            "/color",
            "/steps/1/after_minutes",
        ]
    );
    let told = faults(&body).pop().map(|(_, detail)| detail);
    assert_eq!(told.as_deref(), Some("must be greater than 10, that of the step before"));
    for (body, pointer) in
        [(json!([]), ""), (json!({"name": "x", "steps": {}}), "/steps"), (json!({"name": "x"}), "/steps")]
    {
        assert_eq!(faults(&body).first().map(|(pointer, _)| pointer.clone()).as_deref(), Some(pointer), "{body}");
    }
}

#[test]
fn a_patch_changes_what_it_names() {
    let body = json!({"name": "Night", "steps": [step(0)], "repeat_minutes": 30});
    let policy = EscalationPolicy::read(&body).expect("valid");
    let patched = policy.patched(&json!({"name": "Day", "repeat_minutes": null})).expect("valid");
    assert_eq!((patched.name.as_str(), patched.steps.repeat_minutes), ("Day", None));
    assert_eq!(patched.steps.steps, policy.steps.steps);
    let patched = policy.patched(&json!({"steps": [step(1), step(2)]})).expect("valid");
    assert_eq!((patched.steps.steps.len(), patched.steps.repeat_minutes), (2, Some(30)));
    for (patch, pointer) in
        [(json!({"steps": null}), "/steps"), (json!({"steps": []}), "/steps"), (json!([1]), ""), (json!(null), "")]
    {
        let faults = policy.patched(&patch).expect_err("refused").into_vec();
        assert_eq!(faults[0].pointer, pointer, "{patch}");
    }
}

#[test]
fn a_channel_of_nobody_is_named_with_its_place() {
    let body =
        json!({"name": "Night", "steps": [step(0), {"after_minutes": 5, "channel_ids": [channel(1), channel(2)]}]});
    let policy = EscalationPolicy::read(&body).expect("valid");
    let known = |numbers: &[u8]| numbers.iter().filter_map(|&number| channel(number).parse().ok()).collect();
    assert!(policy.unknown_channels(&known(&[1, 2, 3])).is_empty());
    let faults = policy.unknown_channels(&known(&[1])).into_vec();
    assert_eq!(faults.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), ["/steps/1/channel_ids/1"]);
}
