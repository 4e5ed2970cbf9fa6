//! What a page posts by itself: incidents that last, their ends, and the begin and the end of maintenance.

use std::collections::BTreeSet;

use super::{Affected, ComponentStatus, Impact, PageLanguage, Post, PostKind, PostState, PostUpdate, StatusPageSpec};
use crate::{Actor, ComponentId, IncidentId, MonitorId, PostId, PostUpdateId, Timestamp, id::Entropy};

/// An incident that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// The incident.
    pub incident: IncidentId,
    /// Its monitor.
    pub monitor: MonitorId,
    /// When it was opened.
    pub since: Timestamp,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A new post. Its ID follows from the incident, so that it is made once.
    Create(PostId, Post),
    /// A post with something added.
    Change(PostId, Post),
}

/// What a page knows when it looks what to post.
#[derive(Debug)]
pub struct Knows<'a> {
    /// Settings.
    pub spec: &'a StatusPageSpec,
    /// Incidents of its monitors that are open.
    pub open: &'a [Open],
    /// Its posts.
    pub posts: &'a [(PostId, Post)],
    /// Incidents whose post was deleted: the page makes none for them by itself.
    pub deleted: &'a BTreeSet<IncidentId>,
    /// What its components are by their monitors.
    pub statuses: &'a [(ComponentId, ComponentStatus)],
}

impl Knows<'_> {
    /// The first thing that is to be written now; none where nothing is.
    pub fn step(&self, now: Timestamp, entropy: Entropy) -> Option<Step> {
        self.by_clock(now, entropy).or_else(|| self.end(now, entropy)).or_else(|| self.begin(now, entropy))
    }

    /// Time at which the next incident is due to be published.
    pub fn next(&self) -> Option<Timestamp> {
        self.due().map(|open| self.due_at(open)).min()
    }

    /// The post of an incident, which a person's words make public at once, where the page publishes incidents.
    pub fn publish(&self, incident: IncidentId, now: Timestamp, entropy: Entropy) -> Option<Step> {
        let open = self.unpublished().find(|open| open.incident == incident)?;
        Some(self.create(open, now, entropy))
    }

    /// Those that the page publishes by itself.
    fn due(&self) -> impl Iterator<Item = &Open> {
        self.unpublished().filter(|open| !self.deleted.contains(&open.incident))
    }

    fn due_at(&self, open: &Open) -> Timestamp {
        open.since.plus_seconds(i64::from(self.spec.auto_publish.after_minutes) * 60)
    }

    fn unpublished(&self) -> impl Iterator<Item = &Open> {
        let untold = |open: &&Open| {
            self.spec.auto_publish.incidents
                && !self.components_of(open.monitor).is_empty()
                && !self.posts.iter().any(|(_, post)| post.tells_of(open.incident))
        };
        self.open.iter().filter(untold)
    }

    fn components_of(&self, monitor: MonitorId) -> BTreeSet<ComponentId> {
        let of_it = self.spec.components.iter().filter(|component| component.monitor_ids.contains(&monitor));
        of_it.map(|component| component.id).collect()
    }

    fn by_clock(&self, now: Timestamp, entropy: Entropy) -> Option<Step> {
        let (id, post, (state, at)) = self.posts.iter().find_map(|(id, post)| Some((*id, post, post.unsaid(now)?)))?;
        let notify = post.updates.first().is_some_and(|first| first.notify);
        let mut post = post.clone();
        post.add(update(state, String::new(), notify, at, entropy), None);
        Some(Step::Change(id, post))
    }

    /// The end of a post all of whose incidents are over. One that was over already, and that somebody took up again, is theirs to end.
    fn end(&self, now: Timestamp, entropy: Entropy) -> Option<Step> {
        let is_open = |incident: &IncidentId| self.open.iter().any(|open| open.incident == *incident);
        let ended = |(_, post): &&(PostId, Post)| {
            let was_over = post.updates.iter().any(|update| update.state.is_over());
            !post.made_by.is_empty() && !was_over && !post.made_by.iter().any(is_open)
        };
        let (id, post) = self.posts.iter().find(ended)?;
        let mut post = post.clone();
        let body = words(self.spec.language).ended.to_owned();
        post.add(update(PostState::Resolved, body, true, now, entropy), None);
        Some(Step::Change(*id, post))
    }

    /// The post of an incident that has lasted long enough: a new one, or that of another incident which tells of the same components
    /// already.
    fn begin(&self, now: Timestamp, entropy: Entropy) -> Option<Step> {
        let open = self.due().find(|open| self.due_at(open) <= now)?;
        Some(self.create(open, now, entropy))
    }

    fn create(&self, open: &Open, now: Timestamp, entropy: Entropy) -> Step {
        let components = self.components_of(open.monitor);
        let covers = |(_, post): &&(PostId, Post)| {
            let told: BTreeSet<ComponentId> = post.components.iter().map(|affected| affected.id).collect();
            !post.made_by.is_empty() && !post.state(now).is_over() && told.is_superset(&components)
        };
        if let Some((id, post)) = self.posts.iter().find(covers) {
            let mut post = post.clone();
            post.made_by.push(open.incident);
            return Step::Change(*id, post);
        }
        let status = |id: &ComponentId| {
            let known = self.statuses.iter().find(|(component, _)| component == id).map(|(_, status)| *status);
            Affected { id: *id, status: known.unwrap_or(ComponentStatus::MajorOutage) }
        };
        let affected: Vec<Affected> = components.iter().map(status).collect();
        let worst = affected.iter().map(|affected| affected.status).max().unwrap_or(ComponentStatus::MajorOutage);
        let named = self.spec.components.iter().filter(|component| components.contains(&component.id));
        let names: Vec<&str> = named.map(|component| component.name.as_str()).collect();
        let words = words(self.spec.language);
        let mut first = update(PostState::Investigating, words.began.to_owned(), true, now, entropy);
        first.components.clone_from(&affected);
        let post = Post {
            kind: PostKind::Incident,
            title: shortened(&names.join(", "), words.title),
            impact: match worst {
                ComponentStatus::MajorOutage if affected.len() == self.spec.components.len() => Impact::Critical,
                ComponentStatus::MajorOutage => Impact::Major,
                _ => Impact::Minor,
            },
            incident_id: Some(open.incident),
            scheduled: None,
            components: affected,
            made_by: vec![open.incident],
            updates: vec![first],
        };
        Step::Create(post_of(open.incident), post)
    }
}

impl Post {
    /// Whether it tells of this incident.
    pub fn tells_of(&self, incident: IncidentId) -> bool {
        self.told_of().any(|told| told == incident)
    }

    /// The incidents that it tells of; one may come twice.
    pub fn told_of(&self) -> impl Iterator<Item = IncidentId> {
        self.incident_id.into_iter().chain(self.made_by.iter().copied())
    }
}

/// The post that an incident makes.
pub fn post_of(incident: IncidentId) -> PostId {
    PostId::from_bytes(incident.to_bytes())
}

fn update(state: PostState, body: String, notify: bool, at: Timestamp, entropy: Entropy) -> PostUpdate {
    let by = Actor::System.into();
    PostUpdate { id: PostUpdateId::new(at, entropy), at, state, body, components: Vec::new(), notify, by }
}

/// Names and what is said of them, within the bounds of a title.
fn shortened(names: &str, says: &str) -> String {
    let short: String = names.chars().take(150).collect();
    let rest = if short.len() < names.len() { "…" } else { "" };
    format!("{short}{rest}: {says}")
}

/// What a page posts, in its language.
struct Words {
    title: &'static str,
    began: &'static str,
    ended: &'static str,
}

const fn words(language: PageLanguage) -> Words {
    match language {
        PageLanguage::En => Words {
            title: "outage",
            began: "We see a problem and are looking into it.",
            ended: "The problem is solved.",
        },
        PageLanguage::Fi => Words {
            title: "häiriö",
            began: "Olemme havainneet häiriön ja selvitämme sitä.",
            ended: "Häiriö on korjattu.",
        },
        PageLanguage::De => Words {
            title: "Störung",
            began: "Wir sehen eine Störung und gehen ihr nach.",
            ended: "Die Störung ist behoben.",
        },
        PageLanguage::Es => Words {
            title: "interrupción",
            began: "Hemos detectado un problema y lo estamos investigando.",
            ended: "El problema está resuelto.",
        },
        PageLanguage::Fr => Words {
            title: "panne",
            began: "Nous constatons un problème et menons l'enquête.",
            ended: "Le problème est résolu.",
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    fn monitor(number: u8) -> MonitorId {
        MonitorId::new(at(0), [number; 10])
    }

    fn open(number: u8, monitor_number: u8) -> Open {
        Open { incident: IncidentId::new(at(0), [number; 10]), monitor: monitor(monitor_number), since: at(0) }
    }

    fn spec(publishes: bool) -> StatusPageSpec {
        let mut count = 0;
        let mut new_id = || {
            count += 1;
            ComponentId::new(Timestamp::from_ms(count), [0; 10])
        };
        let body = json!({
            "slug": "acme", "title": "Acme", "language": "fi",
            "components": [{"name": "Site", "monitor_ids": [monitor(1), monitor(2)]}, {"name": "API", "monitor_ids": [monitor(3)]}],
            "auto_publish": {"incidents": publishes, "after_minutes": 2},
        });
        StatusPageSpec::read(&body, &BTreeSet::new(), &mut new_id).expect("a page")
    }

    fn step(
        spec: &StatusPageSpec,
        open: &[Open],
        posts: &[(PostId, Post)],
        now: Timestamp,
    ) -> (Option<Step>, Option<Timestamp>) {
        let statuses = &[(spec.components[0].id, ComponentStatus::PartialOutage)];
        let knows = Knows { spec, open, posts, deleted: &BTreeSet::new(), statuses };
        (knows.step(now, [7; 10]), knows.next())
    }

    #[test]
    fn a_post_that_was_deleted_is_made_again_by_a_persons_words_alone() {
        let (spec, both) = (spec(true), [open(1, 1), open(3, 3)]);
        let deleted = BTreeSet::from([both[0].incident]);
        let knows = Knows { spec: &spec, open: &both, posts: &[], deleted: &deleted, statuses: &[] };
        let Some(Step::Create(id, _)) = knows.step(at(120), [7; 10]) else { panic!("no post") };
        assert_eq!(id, post_of(both[1].incident), "of the other incident");
        let first = Knows { open: &both[..1], ..knows };
        assert_eq!((first.step(at(9_000), [7; 10]), first.next()), (None, None));
        assert!(first.publish(both[0].incident, at(9_000), [7; 10]).is_some());
    }

    #[test]
    fn an_incident_is_published_once_it_has_lasted_and_resolved_by_its_end() {
        let spec = spec(true);
        assert_eq!(step(&spec, &[open(1, 1)], &[], at(119)), (None, Some(at(120))));
        let (Some(Step::Create(id, post)), _) = step(&spec, &[open(1, 1)], &[], at(120)) else { panic!("no post") };
        assert_eq!((post.title.as_str(), post.impact), ("Site: häiriö", Impact::Minor));
        assert_eq!(post.components, [Affected { id: spec.components[0].id, status: ComponentStatus::PartialOutage }]);
        assert_eq!(id.to_bytes(), open(1, 1).incident.to_bytes(), "so that it is made once");
        let posts = [(id, post)];
        assert_eq!(step(&spec, &[open(1, 1)], &posts, at(200)), (None, None), "once");
        let (Some(Step::Change(_, over)), _) = step(&spec, &[], &posts, at(300)) else { panic!("not resolved") };
        assert_eq!(over.state(at(300)), PostState::Resolved);
        assert_eq!(step(&spec, &[], &[(id, over.clone())], at(400)), (None, None));
        let mut again = over;
        again.add(update(PostState::Monitoring, "Not quite.".to_owned(), true, at(500), [9; 10]), None);
        assert_eq!(step(&spec, &[], &[(id, again)], at(600)), (None, None), "who takes it up again ends it");
    }

    #[test]
    fn incidents_of_the_same_components_share_a_post_that_ends_with_the_last() {
        let spec = spec(true);
        let (Some(Step::Create(id, post)), _) = step(&spec, &[open(1, 1)], &[], at(120)) else { panic!("no post") };
        let both = [open(1, 1), open(2, 2)];
        let (Some(Step::Change(same, post)), _) = step(&spec, &both, &[(id, post)], at(130)) else {
            panic!("no change")
        };
        assert_eq!((same, post.made_by.len(), post.updates.len()), (id, 2, 1));
        assert_eq!(step(&spec, &[open(2, 2)], &[(id, post.clone())], at(140)), (None, None), "one is still open");
        let other = step(&spec, &[open(2, 2), open(3, 3)], &[(id, post)], at(150)).0;
        assert!(
            matches!(other, Some(Step::Create(_, post)) if post.title == "API: häiriö"),
            "another component has its own"
        );
    }

    #[test]
    fn nothing_is_published_that_nobody_asked_for_and_a_persons_post_stays_open() {
        let silent = spec(false);
        assert_eq!(step(&silent, &[open(1, 1)], &[], at(9_000)), (None, None));
        let spec = spec(true);
        assert_eq!(step(&spec, &[open(1, 9)], &[], at(9_000)), (None, None), "a monitor that no component names");
        let known = spec.components.iter().map(|component| component.id).collect();
        let body =
            json!({"kind": "incident", "title": "x", "body": "y", "notify": false, "incident_id": open(1, 1).incident});
        let told = super::super::NewPost::read(&body, &known).expect("a post");
        let told = told.into_post(PostUpdateId::new(at(0), [0; 10]), Actor::Operator.into(), at(0));
        let posts = [(PostId::new(at(0), [0; 10]), told)];
        assert_eq!(step(&spec, &[open(1, 1)], &posts, at(9_000)), (None, None), "a person tells of it");
        assert_eq!(step(&spec, &[], &posts, at(9_000)), (None, None), "and says when it is over");
    }

    #[test]
    fn the_clock_says_that_maintenance_begins_and_ends() {
        let spec = spec(false);
        let body = json!({
            "kind": "maintenance", "title": "Move", "body": "We move.", "notify": true,
            "scheduled_for": at(60).to_string(), "scheduled_until": at(120).to_string(),
        });
        let post = super::super::NewPost::read(&body, &BTreeSet::new()).expect("a post");
        let post = post.into_post(PostUpdateId::new(at(0), [0; 10]), Actor::Operator.into(), at(0));
        let posts = vec![(PostId::new(at(0), [0; 10]), post)];
        assert_eq!(step(&spec, &[], &posts, at(59)).0, None);
        let (Some(Step::Change(id, post)), _) = step(&spec, &[], &posts, at(500)) else { panic!("not begun") };
        let last = post.last().expect("an update");
        assert_eq!((last.state, last.at, last.notify), (PostState::InProgress, at(60), true));
        let (Some(Step::Change(_, post)), _) = step(&spec, &[], &[(id, post)], at(500)) else { panic!("not ended") };
        assert_eq!(post.last().map(|last| (last.state, last.at)), Some((PostState::Completed, at(120))));
    }

    #[test]
    fn a_title_has_room() {
        assert!(shortened(&"ä".repeat(500), "häiriö").chars().count() <= 200);
    }
}
