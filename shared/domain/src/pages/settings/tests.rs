//! Settings of status pages: defaults, faults, patches.

use serde_json::json;

use super::*;
use crate::Timestamp;

fn read(body: &Value) -> Result<StatusPageSpec, Vec<String>> {
    let mut count = 0;
    let mut new_id = || {
        count += 1;
        ComponentId::new(Timestamp::from_ms(count), [0; 10])
    };
    let read = StatusPageSpec::read(body, &BTreeSet::new(), &mut new_id);
    read.map_err(|faults| {
        faults.into_vec().into_iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect()
    })
}

#[test]
fn a_slug_and_a_title_make_a_page() {
    let page = read(&json!({"slug": "acme", "title": " Acme "})).expect("a page");
    assert_eq!((page.slug.as_str(), page.title.as_str()), ("acme", "Acme"));
    assert_eq!((page.history_days, page.auto_publish.after_minutes, page.subscribers), (90, 5, true));
    assert_eq!(
        (page.visibility, page.language, page.time_zone.as_str()),
        (Visibility::Public, PageLanguage::En, "UTC")
    );
}

#[test]
fn every_fault_is_told_with_its_pointer() {
    let monitor = "mon_01M82PJFFSY9XKXCV0WRMX4C7M";
    let faults = read(&json!({
        "slug": "-Acme",
        "theme": {"accent": "red", "logo_url": "http://example.com/l.png"},
        "visibility": "secret",
        "ip_allow": ["10.0.0.0/8", "nowhere"],
        "history_days": 45,
        "language": "sv",
        "components": [{"name": "", "monitor_ids": [monitor, monitor]}, {"id": "cmp_01M82PJFFSY9XKXCV0WRMX4C7M", "name": "x"}],
        "auto_publish": {"after_minutes": -1},
        "password": "short",
        "typo": 1,
    }));
    let faults = faults.expect_err("faults");
    let pointers: Vec<&str> = faults.iter().filter_map(|fault| fault.split(' ').next()).collect();
    assert_eq!(
        pointers,
        [
            "/slug",
            "/title",
            "/language",
            "/theme/accent",
            "/theme/logo_url",
            "/visibility",
            "/password",
            "/ip_allow/1",
            "/history_days",
            "/components/0/name",
            "/components/0/monitor_ids/1",
            "/components/1/id",
            "/auto_publish/after_minutes",
            "/typo",
        ],
        "{faults:#?}"
    );
}

#[test]
fn a_patch_keeps_components_that_it_names() {
    let page = read(&json!({"slug": "acme", "title": "Acme", "components": [{"name": "Site"}, {"name": "API"}]}));
    let page = page.expect("a page");
    let kept = page.components[1].id;
    let mut new_id = || ComponentId::new(Timestamp::from_ms(99), [9; 10]);
    let patch =
        json!({"components": [{"id": kept, "name": "API v2"}, {"name": "Docs"}], "theme": {"accent": "#FFFFFF"}});
    let patched = page.patched(&patch, &mut new_id).expect("a page");
    assert_eq!(patched.components[0].id, kept);
    assert_eq!((patched.components.len(), patched.components[0].name.as_str()), (2, "API v2"));
    assert!(patched.theme.accent.as_ref().is_some_and(Colour::is_light));
    assert_eq!(patched.patched(&json!({"theme": null}), &mut new_id).expect("a page").theme, Theme::default());
}

#[test]
fn an_address_belongs_to_its_network_however_it_is_spelled() {
    let network: Network = "10.1.2.3/8".parse().expect("a network");
    assert_eq!(network.to_string(), "10.0.0.0/8");
    assert!(network.contains("::ffff:10.9.9.9".parse().expect("an address")));
    assert!(!network.contains("11.0.0.1".parse().expect("an address")));
    let one: Network = "2001:db8::1".parse().expect("an address");
    assert!(one.contains("2001:db8::1".parse().expect("an address")));
}
