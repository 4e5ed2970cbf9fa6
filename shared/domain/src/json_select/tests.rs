//! What is selected is what the standard says, and what it costs is bounded.

use std::cell::Cell;

use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value};

use super::*;
use crate::{json_document::tests::value, json_path::JsonPath};

fn read(path: &str) -> JsonPath {
    JsonPath::try_from(path.to_owned()).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

/// What a path selects: each node once, or as often as the standard has it.
fn selected(path: &JsonPath, document: &Document<'_>, once: bool) -> Vec<Id> {
    let mut budget = Budget::new(u64::MAX, &|| true);
    Run { document, budget: &mut budget }.follow(path.query(), 0, once).expect("within the budget")
}

/// Each node's normalized path (RFC 9535, section 2.7), in the order of the nodes.
fn places(document: &Document<'_>) -> Vec<String> {
    let mut places = vec![String::new(); document.nodes.len()];
    places[0] = "$".to_owned();
    for id in 0..document.nodes.len() {
        let children = document.children(u32::try_from(id).expect("small")).enumerate();
        for (place, (name, child)) in children.collect::<Vec<_>>() {
            let step = match name {
                None => place.to_string(),
                Some(name) => format!("'{}'", escaped(&document.text(name))),
            };
            places[child as usize] = format!("{}[{step}]", places[id]);
        }
    }
    places
}

fn escaped(name: &str) -> String {
    let escape = |c| match c {
        '\'' | '\\' => format!("\\{c}"),
        '\u{8}' => "\\b".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        c if c < ' ' => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    name.chars().map(escape).collect()
}

/// <https://github.com/jsonpath-standard/jsonpath-compliance-test-suite>, without its tags.
#[test]
fn the_standards_own_tests_hold() {
    let tests = include_str!("../../testdata/jsonpath-compliance-test-suite/cts.json");
    let tests: Vec<Value> = serde_json::from_str(tests).expect("tests");
    let mut refused = 0;
    for test in &tests {
        let about = format!("{}: {}", test["name"], test["selector"]);
        let path = JsonPath::try_from(test["selector"].as_str().expect("a selector").to_owned());
        if test["invalid_selector"] == true {
            assert!(path.is_err(), "{about}");
            continue;
        }
        let path = match path {
            Err(fault) if fault.0.contains("match or search") => {
                refused += 1;
                continue;
            }
            path => path.unwrap_or_else(|fault| panic!("{about}: {fault}")),
        };
        let text = test["document"].to_string();
        let document = Document::read(text.as_bytes()).expect("JSON");
        let mut found = selected(&path, &document, false);
        let places = places(&document);
        let said = [
            (found.iter().map(|id| value(&document, *id)).collect(), "result"),
            (found.iter().map(|id| Value::from(places[*id as usize].as_str())).collect::<Value>(), "result_paths"),
        ];
        for (said, field) in said {
            let several = field.replacen("result", "results", 1);
            let holds = test[several.as_str()].as_array().map_or(said == test[field], |all| all.contains(&said));
            assert!(holds, "{about}: {said}");
        }
        let mut once = selected(&path, &document, true);
        found.sort_unstable();
        found.dedup();
        once.sort_unstable();
        assert_eq!(once, found, "{about}");
    }
    assert!(tests.len() - refused > 600, "{refused} of {}", tests.len());
}

fn documents() -> impl Strategy<Value = Value> {
    let leaf = select(vec![
        Value::Null,
        true.into(),
        0.into(),
        1.into(),
        (-1.5).into(),
        1e300.into(),
        "".into(),
        "a".into(),
        "\u{e9}\"\n".into(),
    ]);
    let name = select(vec!["a", "b", "\u{e9}", "\""]);
    leaf.prop_recursive(5, 60, 4, move |inner| {
        let members = prop::collection::vec((name.clone().prop_map(str::to_owned), inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            members.prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

fn literals() -> impl Strategy<Value = String> {
    let literals = vec!["0", "1", "-1.5", "1e300", "'a'", "\"\u{e9}\\\"\\n\"", "null", "true", "''"];
    select(literals).prop_map(str::to_owned)
}

fn comparables() -> impl Strategy<Value = String> {
    let singular = select(vec!["@", "@.a", "@[ 'b' ]", "@[0]", "@[1].a", "$.a", "$[0]"]);
    let function = select(vec![
        "length(@)",
        "length(@.a)",
        "length('\u{e9}')",
        "count(@.*)",
        "count(@..*)",
        "count(@['a', 'a', 0])",
        "count(@..[*, *]..a)",
        "value(@..a)",
        "length(value(@.*))",
    ]);
    prop_oneof![3 => singular.prop_map(str::to_owned), 2 => literals(), 1 => function.prop_map(str::to_owned)]
}

fn filters() -> impl Strategy<Value = String> {
    // The other orders what has no order, does not know that nothing is at most nothing, and no negative index of what it compares.
    let ordered = select(vec!["0", "1", "-1.5", "'a'", "''"]).prop_map(str::to_owned);
    let compare = prop_oneof![
        (comparables(), select(vec!["==", "!="]), comparables()),
        (comparables(), select(vec!["<", ">", "<=", " >= "]), ordered)
    ]
    .prop_map(|(left, operator, right)| format!("{left}{operator}{right}"));
    let exists = select(vec!["@.a", "@..b", "!@[0]", "$..a", "@[?@ == 1]", "@[?@.a || $.b]", "@.*.*", "!@[1:]"]);
    let basic = prop_oneof![2 => compare, 1 => exists.prop_map(str::to_owned)];
    basic.prop_recursive(2, 6, 2, |inner| {
        let joined = (inner.clone(), select(vec!["&&", " || "]), inner.clone());
        prop_oneof![
            joined.prop_map(|(left, operator, right)| format!("{left}{operator}{right}")),
            inner.clone().prop_map(|inner| format!("( {inner} )")),
            inner.prop_map(|inner| format!("!({inner})")),
        ]
    })
}

fn paths() -> impl Strategy<Value = String> {
    let plain = vec![
        "'a'",
        "\"b\"",
        "'\\u00e9'",
        "'\"'",
        "*",
        "0",
        "-1",
        "2",
        ":",
        "1:",
        "-2:",
        ":-1",
        "::2",
        "::-1",
        "2::-2",
        "-1:0:-1",
        "::0",
        "9:-9:-1",
    ];
    let plain = select(plain).prop_map(str::to_owned);
    let selector = prop_oneof![4 => plain, 1 => filters().prop_map(|filter| format!("?{filter}"))];
    let brackets = (any::<bool>(), prop::collection::vec(selector, 1..3)).prop_map(|(descendant, selectors)| {
        format!("{}[{}]", if descendant { ".." } else { "" }, selectors.join(" , "))
    });
    let dotted = select(vec![".a", ".*", "..b", "..*", ".\u{e9}"]).prop_map(str::to_owned);
    let segments = prop::collection::vec(prop_oneof![dotted, brackets], 0..4);
    segments.prop_map(|segments| format!("${}", segments.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_implementation_selects_the_same(document in documents(), path in paths()) {
        prop_assume!(path.len() <= 200);
        let theirs = serde_json_path::JsonPath::parse(&path).expect("a path").query_located(&document);
        let mut theirs: Vec<String> = theirs.iter().map(|node| node.location().to_string()).collect();
        let text = document.to_string();
        let read_document = Document::read(text.as_bytes()).expect("JSON");
        let places = places(&read_document);
        let path = read(&path);
        let of = |once| {
            let mut found: Vec<String> =
                selected(&path, &read_document, once).iter().map(|id| places[*id as usize].clone()).collect();
            found.sort();
            found
        };
        theirs.sort();
        prop_assert_eq!(of(false), theirs.clone());
        theirs.dedup();
        prop_assert_eq!(of(true), theirs);
    }
}

/// Less than checks have, so that the tests are soon over.
const BUDGET: u64 = 200_000;

/// What a run over a body found, what it spent, and how often it asked whether to go on.
fn spent(path: &str, document: &Document<'_>) -> (Result<Vec<Id>, Stop>, u64, u64) {
    let asked = Cell::new(0);
    let go_on = || {
        asked.set(asked.get() + 1);
        true
    };
    let mut budget = Budget::new(BUDGET, &go_on);
    let found = Run { document, budget: &mut budget }.select(read(path).query());
    (found, BUDGET - budget.left(), asked.get())
}

/// 20 KB of each kind that makes work: wide, deep, both, and with texts, names and numbers that take long to read.
fn bodies() -> Vec<String> {
    let array = |unit: &str| format!("[{}]", vec![unit; 20_000 / (unit.len() + 1)].join(","));
    let nested = |open: &str, within: &str, close: &str, depth: usize| {
        format!("{}{within}{}", open.repeat(depth), close.repeat(depth))
    };
    let numbers = ["0", "1.5e-300", &format!("1.{}e-290", "7".repeat(760)), &"9".repeat(38)].map(array);
    let texts = ["\"\\u0061\\n\"", &format!("\"{}\"", "a".repeat(200)), "[]", "{\"a\":1,\"b\":[2,{}]}"].map(array);
    let level = format!("[{}", "0,".repeat(80));
    let others = [
        format!("{{{}}}", vec!["\"\\u0061\":1"; 1_800].join(",")),
        format!("[\"{}\"]", "\\n".repeat(10_000)),
        nested("[", "", "]", 10_000),
        nested("{\"a\":", "1", "}", 3_000),
        nested(&level, "0", "]", 120),
    ];
    numbers.into_iter().chain(texts).chain(others).collect()
}

#[test]
fn no_path_takes_more_than_the_budget_on_any_body() {
    let many = |selector: &str| format!("$..[{}]", vec![selector; 190 / (selector.len() + 1)].join(","));
    let segments = ["..*", "..[0:,0:,0:]", "..[::-1,'a']", "[?@..*]", "..[?count($..*)>1]", "[?@==$]", "[?!(@<$[0])]"];
    let filters =
        ["@==$[0]", "$==$", "length($[0])>3", "value($[0])==value($[1])", "@..[?@..[?@..*]]", "count($..*)==@"];
    let mut paths: Vec<String> = ["*", "'a'", "-1", "::-1", "?@", "?@>'a'"].map(many).into();
    paths.extend(segments.iter().flat_map(|one| segments.map(|two| format!("$..*{one}{two}{one}{two}"))));
    paths.extend(segments.map(|segment| format!("${}", segment.repeat(10))));
    paths.extend(filters.map(|filter| format!("$[?{filter}]")));
    paths.extend(filters.map(|filter| format!("$..[?!({filter}) || {filter} && {filter}]")));
    let mut too_costly = 0;
    for body in bodies() {
        let document = Document::read(body.as_bytes()).expect("JSON");
        for path in &paths {
            let (found, spent, asked) = spent(path, &document);
            let about = format!("{path} on {body:.20}: {spent} steps");
            assert!(spent <= BUDGET, "{about}");
            assert!(asked >= spent / STEPS_BETWEEN / 2, "{about}, asked {asked} times");
            match found {
                // Each node that was found was paid for.
                Ok(found) => assert!(u64::try_from(found.len()).expect("small") <= spent, "{about}"),
                Err(stop) => {
                    assert_eq!((stop, spent), (Stop::TooCostly, BUDGET), "{about}");
                    too_costly += 1;
                }
            }
        }
    }
    assert!(too_costly > 100, "the paths are costly: {too_costly}");
}

#[test]
fn paths_without_filters_cost_no_more_than_the_body_is_long_for_each_selector() {
    for body in bodies() {
        let document = Document::read(body.as_bytes()).expect("JSON");
        for (path, selectors) in [("$..*", 1), ("$..*..*..*..*", 4), ("$..[0:,0:,0:]..[*,*]", 5)] {
            let (found, spent, _) = spent(path, &document);
            let nodes = u64::try_from(document.nodes.len()).expect("small");
            assert!(
                found.is_ok() && spent <= 200 + 4 * selectors * nodes,
                "{path} on {body:.20}: {spent} of {nodes} nodes"
            );
        }
    }
}

#[test]
fn nobody_waits_for_what_is_not_wanted_any_more() {
    let body = format!("[{}]", vec!["0"; 10_000].join(","));
    let document = Document::read(body.as_bytes()).expect("JSON");
    for answers in [0_u64, 1, 5] {
        let left = Cell::new(answers);
        let go_on = || left.replace(left.get().saturating_sub(1)) > 0;
        let mut budget = Budget::new(Budget::CHECK, &go_on);
        let found = Run { document: &document, budget: &mut budget }.select(read("$[?count($[*]) > 1]").query());
        assert_eq!(found.err(), Some(Stop::Interrupted));
        assert!(Budget::CHECK - budget.left() <= (answers + 1) * (STEPS_BETWEEN + 20_000), "{}", budget.left());
    }
}
