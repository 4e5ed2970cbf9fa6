//! What a public page shows: kept as one item, which says all that a view needs, and read at a moment. Nothing in it is private, apart
//! from who may see the page.

use serde::{Deserialize, Serialize};

use super::{
    Component, ComponentStatus, Impact, Indicator, Post, PostKind, PostState, StatusPageSpec,
    days::{ComponentDay, PastDays, Span, component_days, sum},
};
use crate::{
    Actor, ComponentId, MonitorId, PageId, PostId, Status, Timestamp, downtime::Downtime, time_zone::LocalDay,
};

/// Days that a page remembers, whatever it shows.
pub const DAYS_KEPT: u16 = 90;

/// How long a post that is over stays on the page's front: 14 days.
pub const RECENT_S: i64 = 14 * 86_400;

/// Posts that are over on the page's front, at most.
pub const RECENT_MAX: usize = 20;

/// Bytes that posts take in a page's item, at most, about: an item of the store has 400 KB, and components need some of them.
const POSTS_SIZE_MAX: usize = 200_000;

/// A status of a component that a person set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// Status.
    pub status: ComponentStatus,
    /// Time at which it ends. None: it stays until it is set again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl ByHand {
    /// Whether it holds at this moment.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// A response time of one hour: its median in milliseconds, where anything was measured.
pub type HourMs = Option<u32>;

/// A component as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentView {
    /// What its owner says of it, without its monitors.
    #[serde(flatten)]
    pub component: Component,
    /// Whether monitors say how it is.
    pub has_monitors: bool,
    /// Status by its monitors. None if none of them is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_monitors: Option<ComponentStatus>,
    /// Status set by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<ByHand>,
    /// Its days before that of [`PageView::day`].
    pub past: PastDays,
    /// What its monitors remember since the begin of that day.
    #[serde(default)]
    pub recent: Vec<Downtime>,
    /// Its response times of the last 24 full hours, oldest first; empty where they are not shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<HourMs>,
}

/// A post without those who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicPost {
    /// Unique ID.
    pub id: PostId,
    /// What it says.
    #[serde(flatten)]
    pub post: Post,
}

impl PublicPost {
    /// A post as everybody may see it: without authors and without the incident's ID.
    pub fn of(id: PostId, post: &Post) -> Self {
        let mut post = post.clone();
        (post.incident_id, post.made_by) = (None, Vec::new());
        for update in &mut post.updates {
            update.by = Actor::System.into();
        }
        Self { id, post }
    }

    /// The component's times of planned work, where the post is about it.
    fn work(&self, component: ComponentId, now: Timestamp) -> Vec<Span> {
        let names = self.post.components.iter().any(|affected| affected.id == component);
        if names { self.post.work(now) } else { Vec::new() }
    }

    /// About how many bytes it takes.
    fn size(&self) -> usize {
        let texts = self.post.updates.iter().map(|update| update.body.len() + 200 + update.components.len() * 100);
        1_000 + self.post.title.len() + self.post.components.len() * 100 + texts.sum::<usize>()
    }
}

/// What a page shows, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageView {
    /// The page.
    pub page_id: PageId,
    /// What its owner says of it, without its components.
    pub spec: StatusPageSpec,
    /// Its own domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Its components.
    pub components: Vec<ComponentView>,
    /// Posts that are not over, and those that were over not long ago; the latest first.
    pub posts: Vec<PublicPost>,
    /// The begin of the local day at which it was made.
    pub day: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
    /// When the page was made by its owner.
    pub created_at: Timestamp,
}

/// What is known of a monitor when a view is made.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The monitor.
    pub id: MonitorId,
    /// What it is.
    pub status: Status,
    /// When it was down.
    pub downtime: &'a Downtime,
}

/// What a view is made of.
#[derive(Debug)]
pub struct Sources<'a> {
    /// The page.
    pub page_id: PageId,
    /// What its owner says of it.
    pub spec: &'a StatusPageSpec,
    /// Its own domain.
    pub domain: Option<&'a str>,
    /// When its owner made it.
    pub created_at: Timestamp,
    /// Those of its monitors that still are.
    pub monitors: &'a [Seen<'a>],
    /// What people said of components.
    pub by_hand: &'a [(ComponentId, ByHand)],
    /// Its posts of the last 90 days and those that are not over, in any order.
    pub posts: &'a [PublicPost],
    /// Response times of its components.
    pub hours: &'a [(ComponentId, Vec<HourMs>)],
}

impl PageView {
    /// What the page shows, from all that it shows.
    pub fn of(sources: &Sources<'_>, now: Timestamp) -> Self {
        let spec = sources.spec;
        let mut days = spec.time_zone.days(now, DAYS_KEPT + 1);
        let today = days.pop();
        let day = today.map_or(now, |day| day.from);
        let component = |component: &Component| {
            let of_it = |seen: &&Seen<'_>| component.monitor_ids.contains(&seen.id);
            let monitors: Vec<&Seen<'_>> = sources.monitors.iter().filter(of_it).collect();
            let statuses: Vec<Status> = monitors.iter().map(|seen| seen.status).collect();
            let downtimes: Vec<&Downtime> = monitors.iter().map(|seen| seen.downtime).collect();
            let work: Vec<Span> = sources.posts.iter().flat_map(|post| post.work(component.id, now)).collect();
            let past = component_days(&days, &downtimes, &work, now);
            let by_hand = sources.by_hand.iter().find(|(id, _)| *id == component.id).map(|(_, by_hand)| *by_hand);
            let hours = sources.hours.iter().find(|(id, _)| *id == component.id).map(|(_, hours)| hours.clone());
            ComponentView {
                component: Component { monitor_ids: Vec::new(), ..component.clone() },
                has_monitors: !component.monitor_ids.is_empty(),
                by_monitors: ComponentStatus::of_monitors(&statuses),
                by_hand: by_hand.filter(|by_hand| by_hand.holds(now)),
                past: PastDays(past.into_iter().map(|day| day.looked).collect()),
                recent: downtimes.iter().map(|downtime| downtime.since(day)).collect(),
                hours: hours.unwrap_or_default(),
            }
        };
        let mut posts: Vec<PublicPost> = sources.posts.to_vec();
        posts.sort_by_key(|post| std::cmp::Reverse(post.id));
        let mut over = 0;
        posts.retain(|post| match post.post.over_at(now) {
            None => true,
            Some(at) => {
                over += 1;
                over <= RECENT_MAX && at.plus_seconds(RECENT_S) > now
            }
        });
        fit(&mut posts, now);
        Self {
            page_id: sources.page_id,
            spec: StatusPageSpec { components: Vec::new(), ..spec.clone() },
            domain: sources.domain.map(str::to_owned),
            components: spec.components.iter().map(component).collect(),
            posts,
            day,
            made_at: now,
            created_at: sources.created_at,
        }
    }

    /// What the page shows at this moment.
    pub fn at(&self, now: Timestamp) -> Shown<'_> {
        let days = self.spec.time_zone.days(now, DAYS_KEPT);
        let components: Vec<ShownComponent<'_>> =
            self.components.iter().map(|view| self.component(view, &days, now)).collect();
        let state = |post: &PublicPost| post.post.state(now);
        let recent = |post: &PublicPost| post.post.over_at(now).is_some_and(|at| at.plus_seconds(RECENT_S) > now);
        let of_kind = |kind: PostKind| self.posts.iter().filter(move |post| post.post.kind == kind);
        let incidents: Vec<&PublicPost> = of_kind(PostKind::Incident).filter(|post| !state(post).is_over()).collect();
        let active = of_kind(PostKind::Maintenance).filter(|post| state(post) == PostState::InProgress).collect();
        let mut upcoming: Vec<&PublicPost> =
            of_kind(PostKind::Maintenance).filter(|post| state(post) == PostState::Scheduled).collect();
        upcoming.sort_by_key(|post| post.post.scheduled.map(|scheduled| scheduled.from));
        let active: Vec<&PublicPost> = active;
        let statuses: Vec<ComponentStatus> = components.iter().filter_map(|component| component.status).collect();
        let by_posts = incidents.iter().map(|post| match post.post.impact {
            Impact::None => Indicator::None,
            Impact::Minor => Indicator::Minor,
            Impact::Major => Indicator::Major,
            Impact::Critical => Indicator::Critical,
        });
        let by_work = active.iter().map(|_| Indicator::Maintenance);
        let indicator = by_posts.chain(by_work).max().unwrap_or(Indicator::None);
        Shown {
            indicator: indicator.max(Indicator::of_components(&statuses)),
            components,
            incidents,
            active,
            upcoming,
            over: self.posts.iter().filter(|post| recent(post)).collect(),
        }
    }

    fn component<'a>(&'a self, view: &'a ComponentView, days: &[LocalDay], now: Timestamp) -> ShownComponent<'a> {
        let work: Vec<Span> = self.posts.iter().flat_map(|post| post.work(view.component.id, now)).collect();
        let recent: Vec<&Downtime> = view.recent.iter().collect();
        let past = days.iter().filter(|day| day.from < self.day).count();
        let mut shown: Vec<ComponentDay> = Vec::with_capacity(days.len());
        for (place, day) in days[..past].iter().enumerate() {
            shown.push(ComponentDay { name: day.name.clone(), looked: view.past.before(past - place) });
        }
        shown.extend(component_days(&days[past..], &recent, &work, now));
        ShownComponent { view, status: self.status(view, now), days: shown }
    }

    /// What a component is: what a person said, or its monitors, or that it is being worked on; and no better than posts say.
    fn status(&self, view: &ComponentView, now: Timestamp) -> Option<ComponentStatus> {
        let said = |kind: PostKind, state: &dyn Fn(PostState) -> bool| {
            let of_kind = self.posts.iter().filter(|post| post.post.kind == kind && state(post.post.state(now)));
            let affected = of_kind.flat_map(|post| post.post.components.iter());
            affected.filter(|affected| affected.id == view.component.id).map(|affected| affected.status).max()
        };
        let by_hand = view.by_hand.filter(|by_hand| by_hand.holds(now)).map(|by_hand| by_hand.status);
        let in_work = said(PostKind::Maintenance, &|state| state == PostState::InProgress);
        let by_itself = if view.has_monitors { view.by_monitors } else { Some(ComponentStatus::Operational) };
        let base = by_hand.or(in_work).or(by_itself);
        base.max(said(PostKind::Incident, &|state| !state.is_over()))
    }

    /// The next moment at which something that nobody does changes what it shows; none where nothing does.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let posts = self.posts.iter().filter_map(|post| post.post.next_change());
        let by_hand = self.components.iter().filter_map(|view| view.by_hand?.until);
        posts.chain(by_hand).filter(|at| *at > now).min()
    }
}

/// Leaves out what has no room in the page's item: first posts that are over, then the older words of the others, then the oldest of them. Each
/// is still whole at its own address.
fn fit(posts: &mut Vec<PublicPost>, now: Timestamp) {
    let size = |posts: &[PublicPost]| posts.iter().map(PublicPost::size).sum::<usize>();
    while size(posts) > POSTS_SIZE_MAX
        && let Some(place) = posts.iter().rposition(|post| post.post.state(now).is_over())
    {
        posts.remove(place);
    }
    for place in (0..posts.len()).rev() {
        if size(posts) <= POSTS_SIZE_MAX {
            return;
        }
        let updates = &mut posts[place].post.updates;
        let older = updates.len().saturating_sub(1);
        for update in &mut updates[..older] {
            "…".clone_into(&mut update.body);
        }
    }
    while size(posts) > POSTS_SIZE_MAX {
        posts.pop();
    }
}

/// A component at a moment.
#[derive(Debug)]
pub struct ShownComponent<'a> {
    /// The component.
    pub view: &'a ComponentView,
    /// Status. None if it is not known.
    pub status: Option<ComponentStatus>,
    /// Its last 90 days, oldest first.
    pub days: Vec<ComponentDay>,
}

impl ShownComponent<'_> {
    /// The last days, as many as are asked for.
    pub fn last(&self, days: u16) -> &[ComponentDay] {
        &self.days[self.days.len().saturating_sub(usize::from(days))..]
    }

    /// Uptime of the last days in hundredths of a percent, never rounded up; none where nobody looked.
    pub fn uptime(&self, days: u16) -> Option<u32> {
        sum(self.last(days)).hundredths()
    }
}

/// A page at a moment.
#[derive(Debug)]
pub struct Shown<'a> {
    /// What the whole page says.
    pub indicator: Indicator,
    /// Its components.
    pub components: Vec<ShownComponent<'a>>,
    /// Incidents that are not over, the latest first.
    pub incidents: Vec<&'a PublicPost>,
    /// Maintenance that is being done, the latest first.
    pub active: Vec<&'a PublicPost>,
    /// Maintenance that is planned, the next first.
    pub upcoming: Vec<&'a PublicPost>,
    /// What was over not long ago, the latest first.
    pub over: Vec<&'a PublicPost>,
}

impl Shown<'_> {
    /// The only component that is not operational, and its status. None if there are several, or if a post makes the indicator worse.
    pub fn only_impaired(&self) -> Option<(&ShownComponent<'_>, ComponentStatus)> {
        let known =
            || self.components.iter().filter_map(|component| component.status.map(|status| (component, status)));
        let mut impaired = known().filter(|(_, status)| *status != ComponentStatus::Operational);
        let first = impaired.next().filter(|_| impaired.next().is_none())?;
        let statuses: Vec<ComponentStatus> = known().map(|(_, status)| status).collect();
        (Indicator::of_components(&statuses) == self.indicator).then_some(first)
    }
}

#[cfg(test)]
mod tests;
