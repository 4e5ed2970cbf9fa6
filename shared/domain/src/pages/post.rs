//! Posts of a status page: what its owner tells of an incident or of planned maintenance, update by update.

use std::{collections::BTreeSet, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::Value;

mod fields;

use super::{ComponentStatus, values::words};
use crate::{
    Author, ComponentId, Faults, Field, Fields, IncidentId, Invalid, Object, PostUpdateId, Timestamp,
    text_spec::{Text, values},
};

use fields::{
    AFFECTED, AFFECTED_ID, AFFECTED_STATUS, BODY, IMPACT, INCIDENT_ID, KIND, NOTIFY, SCHEDULED_FOR, SCHEDULED_UNTIL,
    STATE, TITLE, UPDATE_STATE,
};

/// Updates of one post, at most.
pub const UPDATES_MAX: usize = 100;

/// Bytes of text in a post from which on it takes no further update, so that it stays one item of the store.
pub const TEXT_MAX: usize = 150_000;

words! {
    /// What a post is about.
    PostKind, "PostKind", "What a post is about. `incident`: something that happened. `maintenance`: work that is planned.", "a kind of post":
    /// Something that happened.
    #[default]
    Incident = "incident",
    /// Work that is planned.
    Maintenance = "maintenance",
}

words! {
    /// Impact of an incident.
    Impact, "PostImpact", "Impact of the incident.", "an impact":
    /// Nothing fails.
    None = "none",
    /// A small part fails.
    #[default]
    Minor = "minor",
    /// A large part fails.
    Major = "major",
    /// Everything fails.
    Critical = "critical",
}

words! {
    /// State of a post.
    PostState, "PostState",
    "State of the post. An incident is `investigating`, `identified`, `monitoring` or `resolved`; maintenance is `scheduled`, `in_progress` or `completed`.",
    "a state":
    /// The cause is being looked for.
    #[default]
    Investigating = "investigating",
    /// The cause is known.
    Identified = "identified",
    /// A fix is in place and is being watched.
    Monitoring = "monitoring",
    /// It is over.
    Resolved = "resolved",
    /// The work is planned.
    Scheduled = "scheduled",
    /// The work is being done.
    InProgress = "in_progress",
    /// The work is done.
    Completed = "completed",
}

impl PostState {
    /// What a post of this state is about.
    pub const fn kind(self) -> PostKind {
        match self {
            Self::Investigating | Self::Identified | Self::Monitoring | Self::Resolved => PostKind::Incident,
            Self::Scheduled | Self::InProgress | Self::Completed => PostKind::Maintenance,
        }
    }

    /// Whether nothing more is to come.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Resolved | Self::Completed)
    }
}

/// A component's status in a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// The component.
    pub id: ComponentId,
    /// Its status until the post is over.
    pub status: ComponentStatus,
}

/// An update of a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostUpdate {
    /// Unique ID.
    pub id: PostUpdateId,
    /// Time.
    pub at: Timestamp,
    /// State of the post from this update on.
    pub state: PostState,
    /// Text in Markdown. Empty if the schedule alone changed the state.
    pub body: String,
    /// Statuses of components that it sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Affected>,
    /// Whether subscribers are told.
    pub notify: bool,
    /// Author.
    #[serde(flatten)]
    pub by: Author,
}

/// A new post, as a request has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPost {
    /// Kind.
    pub kind: PostKind,
    /// Title: one line.
    pub title: String,
    /// Impact.
    pub impact: Impact,
    /// The incident that it tells of.
    pub incident_id: Option<IncidentId>,
    /// Schedule of maintenance.
    pub scheduled: Option<Scheduled>,
    /// Its first update.
    pub first: NewUpdate,
}

/// When maintenance begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    /// When it begins.
    #[serde(rename = "scheduled_for")]
    pub from: Timestamp,
    /// When it ends.
    #[serde(rename = "scheduled_until")]
    pub until: Timestamp,
}

/// A new update, as a request has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpdate {
    /// State of the post.
    pub state: PostState,
    /// Text in Markdown.
    pub body: String,
    /// Statuses of the components. None: they stay as they are.
    pub components: Option<Vec<Affected>>,
    /// Whether subscribers are told.
    pub notify: bool,
}

/// A post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Kind.
    pub kind: PostKind,
    /// Title: one line.
    pub title: String,
    /// Impact.
    pub impact: Impact,
    /// The incident that it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_id: Option<IncidentId>,
    /// Schedule of maintenance.
    #[serde(flatten)]
    pub scheduled: Option<Scheduled>,
    /// The statuses of components that it sets.
    #[serde(default)]
    pub components: Vec<Affected>,
    /// The incidents that made it by themselves; their ends resolve it. Empty where a person made it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made_by: Vec<IncidentId>,
    /// Updates, oldest first. Never empty.
    pub updates: Vec<PostUpdate>,
}

impl Affected {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "AffectedComponent",
        patch_name: "",
        says: "A component's status in a post.",
        fields: &[AFFECTED_ID, AFFECTED_STATUS],
    };

    fn read(
        fields: &mut Fields<'_>,
        faults: &mut Faults,
        known: &BTreeSet<ComponentId>,
        seen: &mut BTreeSet<ComponentId>,
    ) -> Option<Self> {
        let id: Option<ComponentId> = fields.read(&AFFECTED_ID, faults);
        let status = fields.read(&AFFECTED_STATUS, faults);
        if let Some(id) = id {
            if !known.contains(&id) {
                faults.add(fields.pointer(AFFECTED_ID.name), "must be the id of a component of this page");
            } else if !seen.insert(id) {
                faults.add(fields.pointer(AFFECTED_ID.name), "is named twice");
            }
        }
        Some(Self { id: id?, status: status? })
    }

    fn read_all(fields: &mut Fields<'_>, faults: &mut Faults, known: &BTreeSet<ComponentId>) -> Option<Vec<Self>> {
        let mut seen = BTreeSet::new();
        let all = fields.objects(&AFFECTED, faults, |fields, faults| Self::read(fields, faults, known, &mut seen));
        all.map(|all| all.into_iter().flatten().collect())
    }
}

fn wrong_state(kind: PostKind) -> String {
    let states = PostState::ALL.iter().filter(|state| state.kind() == kind).map(|state| state.as_str());
    format!("must be one of these for a post of this kind: {}", states.collect::<Vec<_>>().join(", "))
}

impl NewPost {
    /// The fields of a new post.
    pub const OBJECT: Object = Object {
        name: "PagePostCreate",
        patch_name: "",
        says: "A post of a status page with its first update.",
        fields: &[KIND, TITLE, IMPACT, AFFECTED, STATE, BODY, SCHEDULED_FOR, SCHEDULED_UNTIL, INCIDENT_ID, NOTIFY],
    };

    /// Reads a request's body, reporting every fault at once. `known` are the page's components.
    ///
    /// # Errors
    /// All faults, each with its pointer.
    pub fn read(body: &Value, known: &BTreeSet<ComponentId>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(body, "", &mut faults);
        let kind: Option<PostKind> = fields.read(&KIND, &mut faults);
        let title: Option<String> = fields.read(&TITLE, &mut faults);
        let impact = fields.read(&IMPACT, &mut faults).unwrap_or_default();
        let components = Affected::read_all(&mut fields, &mut faults, known);
        let state: Option<PostState> = fields.read(&STATE, &mut faults);
        let body_text: Option<String> = fields.read(&BODY, &mut faults);
        let from = fields.read(&SCHEDULED_FOR, &mut faults);
        let until = fields.read(&SCHEDULED_UNTIL, &mut faults);
        let incident_id = fields.read(&INCIDENT_ID, &mut faults);
        let notify = fields.read(&NOTIFY, &mut faults);
        if let Some(kind) = kind {
            if state.is_some_and(|state| state.kind() != kind) {
                faults.add(fields.pointer(STATE.name), wrong_state(kind));
            }
            schedule_of(kind, from, until, &fields, &mut faults);
        }
        fields.finish(&mut faults);
        let post = move || {
            let kind = kind?;
            let first = match kind {
                PostKind::Incident => PostState::Investigating,
                PostKind::Maintenance => PostState::Scheduled,
            };
            let scheduled = from.zip(until).map(|(from, until)| Scheduled { from, until });
            let first =
                NewUpdate { state: state.unwrap_or(first), body: trimmed(&body_text?), components, notify: notify? };
            Some(Self { kind, title: trimmed(&title?), impact, incident_id, scheduled, first })
        };
        faults.finish(post())
    }

    /// The post that it becomes.
    pub fn into_post(self, id: PostUpdateId, by: Author, now: Timestamp) -> Post {
        let components = self.first.components.clone().unwrap_or_default();
        let first = self.first.into_update(id, by, now);
        Post {
            kind: self.kind,
            title: self.title,
            impact: self.impact,
            incident_id: self.incident_id,
            scheduled: self.scheduled,
            components,
            made_by: Vec::new(),
            updates: vec![first],
        }
    }
}

fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

fn schedule_of(
    kind: PostKind,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    fields: &Fields<'_>,
    faults: &mut Faults,
) {
    match kind {
        PostKind::Incident => {
            for (field, given) in [(&SCHEDULED_FOR, from), (&SCHEDULED_UNTIL, until)] {
                if given.is_some() {
                    faults.add(fields.pointer(field.name), "must be absent: only maintenance is scheduled");
                }
            }
        }
        PostKind::Maintenance => {
            for (field, given) in [(&SCHEDULED_FOR, from), (&SCHEDULED_UNTIL, until)] {
                if given.is_none() {
                    faults.add(fields.pointer(field.name), "is required for maintenance");
                }
            }
            if from.zip(until).is_some_and(|(from, until)| until <= from) {
                faults.add(fields.pointer(SCHEDULED_UNTIL.name), "must be later than scheduled_for");
            }
        }
    }
}

impl NewUpdate {
    /// The fields of a new update.
    pub const OBJECT: Object = Object {
        name: "PagePostUpdateCreate",
        patch_name: "",
        says: "An update of a post.",
        fields: &[UPDATE_STATE, BODY, AFFECTED, NOTIFY],
    };

    /// Reads a request's body, reporting every fault at once. `known` are the page's components.
    ///
    /// # Errors
    /// All faults, each with its pointer.
    pub fn read(body: &Value, kind: PostKind, known: &BTreeSet<ComponentId>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(body, "", &mut faults);
        let state: Option<PostState> = fields.read(&UPDATE_STATE, &mut faults);
        let text: Option<String> = fields.read(&BODY, &mut faults);
        let components = Affected::read_all(&mut fields, &mut faults, known);
        let notify = fields.read(&NOTIFY, &mut faults);
        if state.is_some_and(|state| state.kind() != kind) {
            faults.add(fields.pointer(UPDATE_STATE.name), wrong_state(kind));
        }
        fields.finish(&mut faults);
        let update = move || Some(Self { state: state?, body: trimmed(&text?), components, notify: notify? });
        faults.finish(update())
    }

    /// The update that it becomes.
    pub fn into_update(self, id: PostUpdateId, by: Author, at: Timestamp) -> PostUpdate {
        let components = self.components.unwrap_or_default();
        PostUpdate { id, at, state: self.state, body: self.body, components, notify: self.notify, by }
    }
}

/// What somebody changes of a post apart from its updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostPatch;

impl PostPatch {
    /// The fields of the patch.
    pub const OBJECT: Object = Object {
        name: "PagePostSettings",
        patch_name: "PagePostPatch",
        says: "Settings of a post.",
        fields: &[TITLE, IMPACT, SCHEDULED_FOR, SCHEDULED_UNTIL],
    };
}

impl Post {
    /// The post, changed by a JSON Merge Patch (RFC 7396) of its title, impact and schedule.
    ///
    /// # Errors
    /// All faults of the patch.
    pub fn patched(&self, patch: &Value) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(patch, "", &mut faults);
        let given = |name: &str| patch.get(name).is_some();
        let title: Option<String> = fields.given(&Field { presence: crate::Presence::Optional, ..TITLE }, &mut faults);
        let impact: Option<Impact> = fields.read(&IMPACT, &mut faults);
        let from: Option<Timestamp> = fields.read(&SCHEDULED_FOR, &mut faults);
        let until: Option<Timestamp> = fields.read(&SCHEDULED_UNTIL, &mut faults);
        if given(TITLE.name) && title.is_none() && faults.is_empty() {
            faults.add(fields.pointer(TITLE.name), "is required");
        }
        let kept =
            |name: &str, now: Option<Timestamp>, before: Option<Timestamp>| if given(name) { now } else { before };
        let from = kept(SCHEDULED_FOR.name, from, self.scheduled.map(|scheduled| scheduled.from));
        let until = kept(SCHEDULED_UNTIL.name, until, self.scheduled.map(|scheduled| scheduled.until));
        schedule_of(self.kind, from, until, &fields, &mut faults);
        fields.finish(&mut faults);
        let mut post = self.clone();
        post.title = title.map_or(post.title, |title| trimmed(&title));
        if given(IMPACT.name) {
            post.impact = impact.unwrap_or_default();
        }
        post.scheduled = from.zip(until).map(|(from, until)| Scheduled { from, until });
        faults.finish(Some(post))
    }

    /// Adds an update. What it says of components stands in the place of what was said before.
    pub fn add(&mut self, update: PostUpdate, components: Option<Vec<Affected>>) {
        if let Some(components) = components {
            self.components = components;
        }
        self.updates.push(update);
    }

    /// Whether it takes no further update.
    pub fn is_full(&self) -> bool {
        self.updates.len() >= UPDATES_MAX
            || self.updates.iter().map(|update| update.body.len()).sum::<usize>() >= TEXT_MAX
    }

    /// Its last update.
    pub fn last(&self) -> Option<&PostUpdate> {
        self.updates.last()
    }

    /// State at this time: that of the last update, or what the schedule has made of it since.
    pub fn state(&self, now: Timestamp) -> PostState {
        let said = self.last().map_or(PostState::Investigating, |update| update.state);
        match (said, self.scheduled) {
            (PostState::Scheduled, Some(Scheduled { from, until })) if now >= from && now < until => {
                PostState::InProgress
            }
            (PostState::Scheduled | PostState::InProgress, Some(Scheduled { until, .. })) if now >= until => {
                PostState::Completed
            }
            _ => said,
        }
    }

    /// The state that the schedule has led to and that no update has yet, and since when.
    pub fn unsaid(&self, now: Timestamp) -> Option<(PostState, Timestamp)> {
        let said = self.last()?.state;
        let scheduled = self.scheduled?;
        match (said, self.state(now)) {
            (said, state) if said == state => None,
            // Both at once, where nobody looked in between: the begin comes first.
            (PostState::Scheduled, _) => Some((PostState::InProgress, scheduled.from)),
            (_, state) => Some((state, scheduled.until)),
        }
    }

    /// Time at which the schedule next changes its state.
    pub fn next_change(&self) -> Option<Timestamp> {
        match (self.last()?.state, self.scheduled?) {
            (PostState::Scheduled, scheduled) => Some(scheduled.from),
            (PostState::InProgress, scheduled) => Some(scheduled.until),
            _ => None,
        }
    }

    /// When it began.
    pub fn began_at(&self) -> Option<Timestamp> {
        self.updates.first().map(|update| update.at)
    }

    /// When it was over; none where it is not.
    pub fn over_at(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.state(now).is_over() {
            return None;
        }
        let said = self.updates.iter().rev().take_while(|update| update.state.is_over()).last().map(|update| update.at);
        said.or(self.scheduled.map(|scheduled| scheduled.until))
    }

    /// The times in which the work was, or is, being done: each from its begin, by the clock or earlier by somebody's word, until somebody
    /// said that it is over, or put off, or until its planned end. Several where it was taken up again; none of a plan that was called
    /// off.
    pub fn work(&self, now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let Some(Scheduled { from, until }) = self.scheduled else { return Vec::new() };
        let (mut spans, mut begun, mut before) = (Vec::new(), None, PostState::Scheduled);
        for update in &self.updates {
            // The clock may have begun it before anybody said so.
            let by_clock = (before == PostState::Scheduled && from <= update.at).then_some(from);
            match (update.state, begun) {
                (PostState::InProgress, None) => begun = by_clock.or(Some(update.at)),
                (PostState::Completed, _) => {
                    spans.extend(begun.take().or(by_clock).map(|from| (from, update.at.min(until))));
                }
                (PostState::Scheduled, Some(_)) => spans.extend(begun.take().map(|from| (from, update.at))),
                _ => {}
            }
            before = update.state;
        }
        let by_clock = (before == PostState::Scheduled && from <= now).then_some(from);
        spans.extend(begun.or(by_clock).map(|from| (from, until)));
        spans.retain(|(from, until)| from < until);
        spans
    }
}

#[cfg(test)]
mod tests;
