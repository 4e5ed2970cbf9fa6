//! What a page shows at a moment.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::{PostUpdateId, pages::NewPost};

fn now() -> Timestamp {
    "2026-11-29T12:00:00Z".parse().expect("a time")
}

fn monitor(number: u8) -> MonitorId {
    MonitorId::new(now(), [number; 10])
}

fn spec(components: &serde_json::Value) -> StatusPageSpec {
    let mut count = 0;
    let mut new_id = || {
        count += 1;
        ComponentId::new(Timestamp::from_ms(count), [0; 10])
    };
    let body = json!({"slug": "acme", "title": "Acme", "components": components});
    StatusPageSpec::read(&body, &BTreeSet::new(), &mut new_id).expect("a page")
}

fn life(turns: &[(Status, i64)]) -> Downtime {
    let mut downtime = Downtime::default();
    for (to, hours_ago) in turns {
        let at = now().plus_seconds(-hours_ago * 3600);
        downtime.transition(*to, at, at);
    }
    downtime
}

fn view(
    spec: &StatusPageSpec,
    monitors: &[Seen<'_>],
    by_hand: &[(ComponentId, ByHand)],
    posts: &[PublicPost],
) -> PageView {
    let sources = Sources {
        page_id: PageId::new(now(), [0; 10]),
        spec,
        domain: None,
        created_at: now(),
        monitors,
        by_hand,
        posts,
        hours: &[],
    };
    PageView::of(&sources, now())
}

fn post(spec: &StatusPageSpec, number: u8, body: &serde_json::Value) -> PublicPost {
    let known = spec.components.iter().map(|component| component.id).collect();
    let mut whole = json!({"title": "x", "body": "y", "notify": false});
    crate::merge_patch::merge(&mut whole, body);
    let post = NewPost::read(&whole, &known).expect("a post");
    let post = post.into_post(PostUpdateId::new(now(), [number; 10]), Actor::Operator.into(), now());
    PublicPost::of(PostId::new(now(), [number; 10]), &post)
}

#[test]
fn a_component_is_what_its_monitors_say_until_a_person_or_a_post_says_otherwise() {
    use ComponentStatus::{DegradedPerformance, MajorOutage, Operational, PartialOutage};
    let spec = spec(&json!([
        {"name": "Site", "monitor_ids": [monitor(1), monitor(2)]},
        {"name": "By hand"},
        {"name": "Gone", "monitor_ids": [monitor(9)]},
    ]));
    let [site, hand, gone] = [0, 1, 2].map(|place| spec.components[place].id);
    let up = life(&[(Status::Up, 200)]);
    let monitors = [
        Seen { id: monitor(1), status: Status::Down, downtime: &up },
        Seen { id: monitor(2), status: Status::Up, downtime: &up },
    ];
    let statuses = |view: &PageView, at: Timestamp| {
        view.at(at).components.iter().map(|component| component.status).collect::<Vec<_>>()
    };
    let plain = view(&spec, &monitors, &[], &[]);
    assert_eq!(
        statuses(&plain, now()),
        [Some(PartialOutage), Some(Operational), None],
        "a monitor that is gone says nothing"
    );
    assert_eq!(plain.at(now()).indicator, Indicator::Major);
    assert!(plain.components.iter().all(|view| view.component.monitor_ids.is_empty()), "no page names a monitor");

    let until = now().plus_seconds(60);
    let by_hand = [
        (site, ByHand { status: Operational, until: Some(until) }),
        (hand, ByHand { status: MajorOutage, until: None }),
        (gone, ByHand { status: MajorOutage, until: Some(now()) }),
    ];
    let said = view(&spec, &monitors, &by_hand, &[]);
    assert_eq!(statuses(&said, now()), [Some(Operational), Some(MajorOutage), None]);
    assert_eq!(statuses(&said, until), [Some(PartialOutage), Some(MajorOutage), None], "its end has come");
    assert_eq!(said.next_change(now()), Some(until));

    let told =
        post(&spec, 1, &json!({"kind": "incident", "components": [{"id": hand, "status": "degraded_performance"}]}));
    let told = view(&spec, &monitors, &by_hand[..1], &[told]);
    assert_eq!(statuses(&told, now()), [Some(Operational), Some(DegradedPerformance), None]);
    assert_eq!(told.at(now()).incidents.len(), 1);
    assert_eq!(told.posts[0].post.updates[0].by, Actor::System.into(), "nobody reads who wrote");
}

#[test]
fn a_page_names_the_only_component_that_is_impaired() {
    use ComponentStatus::{DegradedPerformance, MajorOutage, Operational};
    let spec = spec(&json!([{"name": "Site"}, {"name": "Shop"}]));
    let ids = [0, 1].map(|place| spec.components[place].id);
    let named = |statuses: [ComponentStatus; 2], posts: &[PublicPost]| {
        let by_hand = [0, 1].map(|place| (ids[place], ByHand { status: statuses[place], until: None }));
        let page = view(&spec, &[], &by_hand, posts);
        let shown = page.at(now());
        shown.only_impaired().map(|(one, status)| (one.view.component.name.to_string(), status))
    };
    assert_eq!(named([Operational, MajorOutage], &[]), Some(("Shop".to_owned(), MajorOutage)));
    assert_eq!(named([Operational, Operational], &[]), None);
    assert_eq!(named([DegradedPerformance, MajorOutage], &[]), None);
    let critical = post(&spec, 1, &json!({"kind": "incident", "impact": "critical"}));
    assert_eq!(named([Operational, MajorOutage], &[critical]), None, "a post says that it is worse");
}

#[test]
fn maintenance_begins_and_ends_by_itself_and_its_time_does_not_count() {
    let spec = spec(&json!([{"name": "Site", "monitor_ids": [monitor(1)]}]));
    let site = spec.components[0].id;
    let down = life(&[(Status::Up, 48), (Status::Down, 1)]);
    let monitors = [Seen { id: monitor(1), status: Status::Down, downtime: &down }];
    let (from, until) = (now().plus_seconds(-7200), now().plus_seconds(3600));
    let work = post(
        &spec,
        1,
        &json!({"kind": "maintenance", "scheduled_for": from.to_string(), "scheduled_until": until.to_string(),
               "components": [{"id": site, "status": "under_maintenance"}]}),
    );
    let page = view(&spec, &monitors, &[], &[work]);
    let shown = page.at(now());
    assert_eq!(shown.components[0].status, Some(ComponentStatus::UnderMaintenance));
    assert_eq!((shown.indicator, shown.active.len(), shown.upcoming.len()), (Indicator::Maintenance, 1, 0));
    assert_eq!(shown.components[0].uptime(90), Some(10_000), "what was announced does not count against it");
    let later = page.at(until.plus_seconds(3600));
    assert_eq!(later.components[0].status, Some(ComponentStatus::MajorOutage));
    assert_eq!((later.active.len(), later.over.len()), (0, 1));
    assert!(later.components[0].uptime(1).is_some_and(|uptime| uptime < 10_000), "what came after it does");
    assert_eq!(page.at(from.plus_seconds(-1)).upcoming.len(), 1);
}

#[test]
fn a_view_goes_on_for_days_without_being_made_anew() {
    let spec = spec(&json!([{"name": "Site", "monitor_ids": [monitor(1)]}]));
    let flaky = life(&[(Status::Up, 24 * 40), (Status::Down, 24 * 3), (Status::Up, 24 * 3 - 1), (Status::Down, 1)]);
    let monitors = [Seen { id: monitor(1), status: Status::Down, downtime: &flaky }];
    let kept = view(&spec, &monitors, &[], &[]);
    for days in 0..5 {
        let at = now().plus_seconds(days * 86_400);
        let sources = Sources {
            page_id: kept.page_id,
            spec: &spec,
            domain: None,
            created_at: now(),
            monitors: &monitors,
            by_hand: &[],
            posts: &[],
            hours: &[],
        };
        let fresh = PageView::of(&sources, at);
        assert_eq!(kept.at(at).components[0].days, fresh.at(at).components[0].days, "{days}");
    }
    assert_eq!(kept.at(now()).components[0].days.len(), 90);
}

#[test]
fn posts_leave_the_front_after_two_weeks() {
    let spec = spec(&json!([{"name": "Site"}]));
    let mut old = post(&spec, 1, &json!({"kind": "incident", "state": "resolved"}));
    let fresh = post(&spec, 2, &json!({"kind": "incident", "state": "resolved"}));
    let open = post(&spec, 3, &json!({"kind": "incident", "impact": "critical"}));
    old.post.updates[0].at = now().plus_seconds(-15 * 86_400);
    let page = view(&spec, &[], &[], &[old, fresh.clone(), open]);
    let shown = page.at(now());
    assert_eq!(shown.over.iter().map(|post| post.id).collect::<Vec<_>>(), [fresh.id]);
    assert_eq!(shown.indicator, Indicator::Critical, "by the impact, since the post names no component");
    assert!(page.at(now().plus_seconds(15 * 86_400)).over.is_empty(), "also where nothing makes the page anew");
}

#[test]
fn whatever_people_write_the_page_stays_one_item_of_the_store() {
    let spec = spec(&json!([{"name": "Site"}]));
    let long = "€".repeat(10_000);
    let posts = |count: u8, state: &str| -> Vec<PublicPost> {
        let body = json!({"kind": "incident", "state": state, "body": long});
        (0..count).map(|number| post(&spec, number, &body)).collect()
    };
    let with_updates = |mut posts: Vec<PublicPost>, count: usize| {
        for post in &mut posts {
            let first = post.post.updates[0].clone();
            post.post.updates.extend(std::iter::repeat_n(first, count));
        }
        posts
    };
    let ids = |page: &PageView| page.posts.iter().map(|post| post.id).collect::<Vec<_>>();
    let over = posts(20, "resolved");
    let page = view(&spec, &[], &[], &over);
    assert_eq!(ids(&page), [19, 18, 17, 16, 15, 14].map(|number| over[number].id), "the latest stay");
    let open = with_updates(posts(2, "investigating"), 4);
    let page = view(&spec, &[], &[], &[over.clone(), open.clone()].concat());
    assert_eq!(ids(&page), [1, 0].map(|number| open[number].id), "what is over goes first");
    let bodies =
        |place: usize| page.posts[place].post.updates.iter().map(|update| update.body.len()).collect::<Vec<_>>();
    assert_eq!(bodies(0), [30_000; 5], "the latest is whole");
    assert_eq!(bodies(1), [3, 3, 3, 3, 30_000], "of the oldest, the last update is");
    for posts in [page, view(&spec, &[], &[], &with_updates(posts(100, "investigating"), 99))] {
        let size = serde_json::to_string(&posts).expect("JSON").len();
        assert!((100_000..350_000).contains(&size), "{size}");
    }
}
