//! Pages as HTML.

use std::borrow::Cow;

use askama::Template;
use valpero_domain::{
    ComponentId, PostId, Timestamp,
    pages::{
        ComponentStatus, Impact, Indicator, PageView, PostKind, PostState, PublicPost, Shown, ShownComponent,
        post::{Post, Scheduled},
    },
};
use valpero_statuspage::{Month, Texts, Time, markdown, texts};
use valpero_storage::PostRow;

use crate::{
    assets,
    bars::{self, Bars},
    frame::{Frame, Place, times},
};

/// A component's status as the pages draw it: a class and a shape.
struct State {
    class: &'static str,
    shape: &'static str,
    word: Cow<'static, str>,
}

const CIRCLE: &str = "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z";
const TRIANGLE: &str = "M8 1.5 15 14H1z";
const OCTAGON: &str = "M5 1h6l4 4v6l-4 4H5l-4-4V5z";
/// An octagon whose right half is hollow.
const HALF_OCTAGON: &str = "M5 1h6l4 4v6l-4 4H5l-4-4V5zM8 3v10h2.2l2.8-2.8V5.8L10.2 3z";
const DIAMOND: &str = "M8 1l7 7-7 7-7-7z";
const RING: &str = "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8z";

fn state_of(t: &Texts, status: Option<ComponentStatus>) -> State {
    let (class, shape) = match status {
        None => ("is-unknown", RING),
        Some(ComponentStatus::Operational) => ("is-up", CIRCLE),
        Some(ComponentStatus::UnderMaintenance) => ("is-maintenance", DIAMOND),
        Some(ComponentStatus::DegradedPerformance) => ("is-degraded", TRIANGLE),
        Some(ComponentStatus::PartialOutage) => ("is-down", HALF_OCTAGON),
        Some(ComponentStatus::MajorOutage) => ("is-down", OCTAGON),
    };
    State { class, shape, word: t.status(status).into() }
}

fn state_of_page(view: &PageView, shown: &Shown<'_>) -> State {
    let t = texts(view.spec.language);
    if let Some((component, status)) = shown.only_impaired() {
        let word = (t.one)(component.view.component.name.as_str(), status);
        return State { word: word.into(), ..state_of(t, Some(status)) };
    }
    let is_known = view.components.is_empty() || shown.components.iter().any(|one| one.status.is_some());
    let (class, shape) = match shown.indicator {
        Indicator::None if !is_known => {
            return State { class: "is-unknown", shape: RING, word: t.nothing_known.into() };
        }
        Indicator::None => ("is-up", CIRCLE),
        Indicator::Maintenance => ("is-maintenance", DIAMOND),
        Indicator::Minor => ("is-degraded", TRIANGLE),
        Indicator::Major | Indicator::Critical => ("is-down", OCTAGON),
    };
    State { class, shape, word: t.headline(shown.indicator).into() }
}

fn state_of_post(t: &Texts, post: &Post, now: Timestamp) -> State {
    let state = post.state(now);
    let (class, shape) = match (post.kind, state.is_over(), post.impact) {
        (PostKind::Maintenance, false, _) => ("is-maintenance", DIAMOND),
        (_, true, _) => ("is-up", CIRCLE),
        (PostKind::Incident, false, Impact::None | Impact::Minor) => ("is-degraded", TRIANGLE),
        (PostKind::Incident, false, Impact::Major | Impact::Critical) => ("is-down", OCTAGON),
    };
    State { class, shape, word: t.state(state).into() }
}

struct ComponentBox {
    name: String,
    description: String,
    state: State,
    bars: Option<Bars>,
    days_ago: String,
    uptime: String,
    line: Option<(String, String)>,
}

impl ComponentBox {
    fn of(shown: &ShownComponent<'_>, view: &PageView) -> Self {
        let t = texts(view.spec.language);
        let component = &shown.view.component;
        let days = view.spec.history_days;
        let line = bars::line(&shown.view.hours).map(|(path, _)| {
            let latest = shown.view.hours.iter().rev().flatten().next().copied().unwrap_or_default();
            (path, format!("{latest} ms"))
        });
        Self {
            name: component.name.to_string(),
            description: component.description.clone().unwrap_or_default(),
            state: state_of(t, shown.status),
            bars: (component.show_uptime && shown.view.has_monitors)
                .then(|| Bars::of(shown.last(days), t, times(view))),
            days_ago: (t.days_ago)(days),
            uptime: shown
                .uptime(days)
                .map_or_else(|| t.no_data.to_owned(), |uptime| format!("{} {}", t.uptime, t.percent(uptime))),
            line: line.filter(|_| component.show_response_time),
        }
    }
}

/// Components of one group; of none where the name is empty.
struct Group {
    name: String,
    components: Vec<ComponentBox>,
}

fn groups(components: &[ShownComponent<'_>], view: &PageView) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for shown in components {
        let name = shown.view.component.group.as_ref().map(ToString::to_string).unwrap_or_default();
        let boxed = ComponentBox::of(shown, view);
        match groups.last_mut() {
            Some(group) if group.name == name => group.components.push(boxed),
            _ => groups.push(Group { name, components: vec![boxed] }),
        }
    }
    groups
}

struct UpdateLine {
    anchor: String,
    word: &'static str,
    at: Time,
    body: String,
}

struct PostBox {
    id: String,
    title: String,
    state: State,
    /// When the work is planned for, from and until.
    planned: Option<(Time, Time)>,
    affects: String,
    /// The latest first.
    updates: Vec<UpdateLine>,
}

impl PostBox {
    fn of(id: PostId, post: &Post, view: &PageView, now: Timestamp) -> Self {
        let (t, times) = (texts(view.spec.language), times(view));
        let named = |id: &ComponentId| view.components.iter().find(|one| one.component.id == *id);
        let names = post.components.iter().filter_map(|one| named(&one.id)).map(|one| one.component.name.as_str());
        let update = |update: &valpero_domain::pages::PostUpdate| UpdateLine {
            anchor: update.id.to_string(),
            word: t.state(update.state),
            at: times.time(update.at),
            body: body(t, update.state, &update.body),
        };
        Self {
            id: id.to_string(),
            title: post.title.clone(),
            state: state_of_post(t, post, now),
            planned: post.scheduled.map(|Scheduled { from, until }| (times.time(from), times.end(from, until))),
            affects: names.collect::<Vec<_>>().join(", "),
            updates: post.updates.iter().rev().map(update).collect(),
        }
    }
}

/// What an update says, as HTML that is safe to show.
pub fn body(t: &Texts, state: PostState, text: &str) -> String {
    if text.is_empty() { format!("<p>{}</p>", t.by_itself(state)) } else { markdown::to_html(text) }
}

#[derive(Template)]
#[template(path = "front.html")]
struct Front<'a> {
    frame: Frame<'a>,
    now: Time,
    state: State,
    incidents: Vec<PostBox>,
    active: Vec<PostBox>,
    groups: Vec<Group>,
    upcoming: Vec<PostBox>,
    over: Vec<PostBox>,
}

/// The front of a page. `stale` is the time at which it was read, where the store fails since.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn front(
    view: &PageView,
    place: &Place,
    now: Timestamp,
    stale: Option<Timestamp>,
) -> Result<String, askama::Error> {
    let shown = view.at(now);
    let boxes = |posts: &[&PublicPost]| posts.iter().map(|post| PostBox::of(post.id, &post.post, view, now)).collect();
    let template = Front {
        frame: Frame::of(view, place, view.spec.title.to_string(), stale),
        now: times(view).time(stale.unwrap_or(now)),
        state: state_of_page(view, &shown),
        incidents: boxes(&shown.incidents),
        active: boxes(&shown.active),
        groups: groups(&shown.components, view),
        upcoming: boxes(&shown.upcoming),
        over: boxes(&shown.over),
    };
    template.render()
}

#[derive(Template)]
#[template(path = "embed.html")]
struct Embed<'a> {
    frame: Frame<'a>,
    state: State,
}

/// What a page says, in one line, for a frame of another site.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn embed(
    view: &PageView,
    place: &Place,
    now: Timestamp,
    stale: Option<Timestamp>,
) -> Result<String, askama::Error> {
    let state = state_of_page(view, &view.at(now));
    Embed { frame: Frame::of(view, place, view.spec.title.to_string(), stale), state }.render()
}

#[derive(Template)]
#[template(path = "history.html")]
struct History<'a> {
    frame: Frame<'a>,
    month: String,
    earlier: Option<String>,
    later: Option<String>,
    posts: Vec<PostBox>,
}

/// What was posted in a month.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn history(
    view: &PageView,
    place: &Place,
    month: Option<Month>,
    posts: &[PostRow],
    now: Timestamp,
    stale: Option<Timestamp>,
) -> Result<String, askama::Error> {
    let times = times(view);
    let present = times.month_of(now);
    let month = month.unwrap_or(present);
    let first = times.month_of(view.created_at);
    let name = times.month(month);
    let t = texts(view.spec.language);
    let template = History {
        frame: Frame::of(view, place, format!("{}: {} · {}", t.history, name, view.spec.title), stale),
        month: name,
        earlier: (month > first).then(|| month.plus(-1).to_string()),
        later: (month < present).then(|| month.plus(1).to_string()),
        // Scheduled maintenance is on the front page.
        posts: posts
            .iter()
            .filter(|row| row.post.state(now) != PostState::Scheduled)
            .map(|row| PostBox::of(row.id, &row.post, view, now))
            .collect(),
    };
    template.render()
}

#[derive(Template)]
#[template(path = "post.html")]
struct OnePost<'a> {
    frame: Frame<'a>,
    post: PostBox,
}

/// One post; none where the page has no such post.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn post(
    view: &PageView,
    place: &Place,
    id: PostId,
    posts: &[PostRow],
    now: Timestamp,
    stale: Option<Timestamp>,
) -> Result<Option<String>, askama::Error> {
    let kept = view.posts.iter().find(|post| post.id == id).map(|post| &post.post);
    let Some(found) = kept.or_else(|| posts.iter().find(|row| row.id == id).map(|row| &row.post)) else {
        return Ok(None);
    };
    let mut frame = Frame::of(view, place, format!("{} · {}", found.title, view.spec.title), stale);
    frame.description = found.last().map(|last| markdown::to_line(&last.body, 200)).unwrap_or_default();
    OnePost { frame, post: PostBox::of(id, found, view, now) }.render().map(Some)
}

#[derive(Template)]
#[template(path = "password.html")]
struct Password<'a> {
    frame: Frame<'a>,
    fault: &'static str,
}

/// The form that takes the password. It tells nothing but the page's name.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn password(view: &PageView, place: &Place, fault: &'static str) -> Result<String, askama::Error> {
    let frame = Frame::of(view, place, view.spec.title.to_string(), None).alone();
    Password { frame, fault }.render()
}

#[derive(Template)]
#[template(path = "nothing.html")]
struct Nothing {
    icon: String,
    css: String,
}

/// What is said where there is no such page.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn nothing() -> Result<String, askama::Error> {
    Nothing { icon: assets::icon_path(), css: assets::css_path(None) }.render()
}
