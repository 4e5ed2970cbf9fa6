//! Keywords and comparisons on bodies.

use serde_json::json;

use super::*;
use crate::Items;

fn assertions(value: &Value) -> Result<Vec<JsonAssertion>, Vec<String>> {
    let mut faults = Faults::default();
    let body = json!({ "json": value });
    let items = Items::Objects(&JsonAssertion::OBJECT);
    let field = Field::list("json", "comparison", items, 0, Some(JsonAssertion::MAX));
    let read = JsonAssertion::read_all(&mut Fields::of(&body, "", &mut faults), &field, &mut faults);
    let faults: Vec<String> =
        faults.into_vec().into_iter().map(|fault| format!("{}: {}", fault.pointer, fault.detail)).collect();
    if faults.is_empty() { Ok(read) } else { Err(faults) }
}

/// Whether a document says it, with all the time in the world.
fn judge(assertion: &JsonAssertion, document: &str) -> Result<(), Cause> {
    let mut budget = Budget::new(u64::MAX, &|| true);
    JsonAssertion::judge_all(std::slice::from_ref(assertion), Values::Shown, document.as_bytes(), &mut budget)
}

#[test]
fn documents_are_compared() {
    let document = json!({"status": "ok", "load": 0.5, "count": 3, "big": 9007199254740993_u64, "none": null, "on": true,
        "nodes": [{"up": true, "ms": 5}, {"up": true, "ms": 9}], "tags": ["a", "b"]});
    let document = document.to_string();
    for (path, op, value, holds) in [
        ("$.status", "eq", json!("ok"), true),
        ("$.status", "ne", json!("ok"), false),
        ("$.status", "contains", json!("o"), true),
        ("$.load", "lt", json!(1), true),
        ("$.load", "lte", json!(0.5), true),
        ("$.count", "gte", json!(3.0), true),
        ("$.count", "eq", json!(3.0), true),
        ("$.count", "eq", json!("3"), false),
        ("$.count", "gt", json!("2"), false),
        ("$.big", "eq", json!(9007199254740992_u64), false),
        ("$.none", "eq", json!(null), true),
        ("$.on", "eq", json!(true), true),
        ("$.nodes[*].up", "eq", json!(true), true),
        ("$.nodes[*].ms", "lt", json!(9), false),
        ("$.nodes[?@.ms > 5].up", "eq", json!(true), true),
        ("$..ms", "lte", json!(9), true),
        ("$.tags", "contains", json!("b"), true),
        ("$.tags", "contains", json!("c"), false),
        ("$.missing", "ne", json!(1), false),
        ("$['status']", "eq", json!("ok"), true),
    ] {
        let one = json!([{"path": path, "op": op, "value": value}]);
        let read = assertions(&one).unwrap_or_else(|faults| panic!("{one}: {faults:?}"));
        assert_eq!(judge(&read[0], &document).is_ok(), holds, "{one}");
    }
    for (path, op, holds) in [("$.none", "exists", true), ("$.x", "exists", false), ("$.x", "absent", true)] {
        let read = assertions(&json!([{"path": path, "op": op}])).expect("valid");
        assert_eq!(judge(&read[0], &document).is_ok(), holds, "{path} {op}");
    }
}

#[test]
fn a_mismatch_tells_what_was_seen_and_expected() {
    let document = json!({"status": "degraded", "load": 0.75, "on": true, "none": null, "tags": ["a", "b"], "one": {"x": 1},
        "long": "é\"".repeat(80), "nodes": [{"ms": 4}, {"ms": 9}]});
    let document = document.to_string().replace("0.75", "0.750000000000000000001");
    let cut = format!("\"{}…\"", "é\\\"".repeat(50));
    for (path, op, value, shown, hidden) in [
        ("$.status", "eq", json!("ok"), r#"$.status is "degraded", expected "ok"."#, "a text"),
        ("$.status", "ne", json!("degraded"), r#"$.status is "degraded", expected anything but "degraded"."#, "a text"),
        ("$.status", "eq", json!(1), r#"$.status is "degraded", expected 1."#, "a text"),
        ("$.load", "lt", json!(0.5), "$.load is 0.750000000000000000001, expected less than 0.5.", "a number"),
        ("$.load", "lte", json!(0.75), "$.load is 0.750000000000000000001, expected at most 0.75.", "a number"),
        ("$.load", "gt", json!(1), "$.load is 0.750000000000000000001, expected more than 1.", "a number"),
        ("$.load", "gte", json!(1), "$.load is 0.750000000000000000001, expected at least 1.", "a number"),
        ("$.on", "eq", json!(false), "$.on is true, expected false.", "a boolean"),
        ("$.none", "ne", json!(null), "$.none is null, expected anything but null.", "null"),
        (
            "$.tags",
            "contains",
            json!("c"),
            "$.tags is an array of 2 elements, expected something that contains \"c\".",
            "an array of 2 elements",
        ),
        ("$.one", "absent", json!(null), "$.one is an object of 1 member, expected nothing.", "an object of 1 member"),
        ("$.missing", "exists", json!(null), "$.missing selects nothing, expected something.", "selects nothing"),
        (
            "$.missing",
            "eq",
            json!("x".repeat(101)),
            &format!("$.missing selects nothing, expected \"{}…\".", "x".repeat(100)),
            "nothing",
        ),
        ("$.nodes[*].ms", "lt", json!(9), "One of $.nodes[*].ms is 9, expected less than 9.", "a number"),
        ("$.long", "eq", json!(""), &format!("$.long is {cut}, expected \"\"."), "a text"),
    ] {
        let mut one = json!({"path": path, "op": op});
        if !matches!(op, "exists" | "absent") {
            one["value"] = value;
        }
        let read = assertions(&json!([one])).expect("valid");
        let judge = |values| {
            let mut budget = Budget::new(u64::MAX, &|| true);
            JsonAssertion::judge_all(&read, values, document.as_bytes(), &mut budget).expect_err("a mismatch").detail
        };
        assert_eq!(judge(Values::Shown), shown);
        let told = judge(Values::Hidden);
        assert!(told.contains(hidden) && !told.contains("is \"degraded\"") && !told.contains("is 0.75"), "{told}");
    }
}

#[test]
fn a_member_that_nobody_asks_for_decides_nothing() {
    let digits = "9".repeat(400);
    let deep = format!("{}{}", "[".repeat(130), "]".repeat(130));
    let read = assertions(&json!([{"path": "$.status", "op": "eq", "value": "ok"}])).expect("valid");
    for member in [r#""cut \ud83d""#, "1e400", &digits, &deep] {
        assert_eq!(judge(&read[0], &format!(r#"{{"odd": {member}, "status": "ok"}}"#)), Ok(()), "{member:.40}");
    }
}

#[test]
fn faults_have_their_place() {
    for (bad, place) in [
        (json!({}), "/json:"),
        (json!([{"op": "eq", "value": 1}]), "/json/0/path"),
        (json!([{"path": "status", "op": "eq", "value": 1}]), "/json/0/path"),
        (json!([{"path": "$.a", "op": "like", "value": 1}]), "/json/0/op"),
        (json!([{"path": "$.a", "op": "eq"}]), "/json/0/value"),
        (json!([{"path": "$.a", "op": "exists", "value": 1}]), "/json/0/value"),
        (json!([{"path": "$.a", "op": "lt", "value": true}]), "/json/0/value"),
        (json!([{"path": "$.a", "op": "eq", "value": [1]}]), "/json/0/value"),
        (json!([{"path": "$.a", "op": "eq", "value": 1e300}]), "/json/0/value"),
        (json!([{"path": "$.a", "op": "eq", "value": 1, "x": 1}]), "/json/0/x"),
        (json!(vec![json!({"path": "$.a", "op": "exists"}); 11]), "/json:"),
    ] {
        let faults = assertions(&bad).expect_err("faults");
        assert!(faults.len() == 1 && faults[0].starts_with(place), "{bad}: {faults:?}");
    }
}

#[test]
fn keywords_are_there_or_not() {
    let read = |value: Value| {
        let mut faults = Faults::default();
        let mut fields = Fields::of(&value, "/keyword", &mut faults);
        let keyword = Keyword::read(&mut fields, &mut faults);
        fields.finish(&mut faults);
        faults.is_empty().then_some(keyword)
    };
    let both = read(json!({"contains": "all good", "not_contains": "error"})).expect("valid");
    let code = |keyword: &Keyword, content_type, body| {
        keyword.judge(&BodyText::read(content_type, body)).err().map(|cause| cause.code)
    };
    assert_eq!(code(&both, None, b"... all good ..."), None);
    assert_eq!(code(&both, None, b"all bad"), Some(ErrorCode::KeywordMissing));
    assert_eq!(code(&both, None, b"all good, error"), Some(ErrorCode::KeywordPresent));
    let outage = read(json!({"not_contains": "Störung"})).expect("valid");
    let page = b"St\xf6rung im Netz";
    assert_eq!(code(&outage, Some("text/html; charset=iso-8859-1"), page), Some(ErrorCode::KeywordPresent));
    assert_eq!(code(&outage, Some("text/html; charset=utf-8"), page), Some(ErrorCode::BodyCharset));
    assert_eq!(code(&outage, Some("text/html; charset=?"), b"fine"), Some(ErrorCode::BodyCharset));
    assert_eq!(code(&outage, Some("text/html; charset=utf-8"), b"fine \xff"), None, "no place for it");
    for bad in
        [json!({}), json!({"contains": ""}), json!("ok"), json!({"has": "x"}), json!({"contains": "x".repeat(501)})]
    {
        assert!(read(bad.clone()).is_none(), "{bad}");
    }
}
