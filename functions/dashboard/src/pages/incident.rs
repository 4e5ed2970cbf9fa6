//! `/incidents/{id}`: all that is known of one incident, and what a person does with it.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Extension,
    extract::Path,
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use serde_json::{Value, json};
use valpero_domain::{
    Actor, ActorType, ChannelId, IncidentId, MonitorId, RegionCode, Scope,
    incident::{IncidentStatus, TimelineType},
};
use valpero_http::{Code, List, Problem};
use valpero_views::{ActorView, Channel, CheckView, Incident, Monitor, NextStepView, Notified, TimelineEntry};

use crate::{
    form::{self, Sent},
    page::{Shell, live, page, to},
    parts::{Moment, State},
    texts::Texts,
    visitor::Visitor,
    words::Words,
};

/// Characters of an ID's ULID that stand for all of it.
const SHORT: usize = 8;

/// What the API says of an incident.
struct Known {
    incident: Incident,
    /// The monitor's name; none where it was deleted.
    monitor: Option<String>,
    /// The monitor's newest checks, while the incident is ongoing.
    checks: Vec<CheckView>,
    channels: BTreeMap<ChannelId, String>,
    suppressed_by: Option<Link>,
}

/// A form that the API refused.
#[derive(Debug, Default)]
struct Refused {
    note: String,
    note_fault: String,
    body: String,
    body_fault: String,
}

/// A monitor with its path.
#[derive(Debug, Clone)]
struct Link {
    href: String,
    name: String,
}

/// What a region saw.
struct RegionRow {
    region: &'static str,
    state: State,
    at: Option<Moment>,
    code: &'static str,
    says: String,
}

/// An entry of the timeline.
struct Entry {
    class: &'static str,
    who: String,
    what: &'static str,
    at: Moment,
    note: String,
}

/// A channel that was told.
struct Told {
    channel: String,
    state: State,
    at: Moment,
    attempts: u32,
    /// Path of the delivery; empty where there is none.
    delivery: String,
}

/// Whom the escalation policy tells next.
struct Next {
    channels: String,
    at: Moment,
}

#[derive(Template)]
#[template(path = "incident.html")]
struct Page {
    shell: Shell,
    /// Whether the page renews itself.
    is_live: bool,
    path: String,
    monitor: String,
    /// Path of the monitor; empty where it is gone.
    monitor_path: String,
    short: String,
    title: String,
    banner: State,
    says: String,
    acknowledges: bool,
    resolves: bool,
    comments: bool,
    suppressed_by: Option<Link>,
    is_flapping: bool,
    is_ongoing: bool,
    regions: Vec<RegionRow>,
    cause_code: &'static str,
    cause: String,
    entries: Vec<Entry>,
    told: Vec<Told>,
    next: Option<Next>,
    /// A name for the next comment. It stays the same until there is one, as the page does.
    once: String,
    refused: Refused,
}

#[derive(Template)]
#[template(path = "incident_resolve.html")]
struct Resolve {
    shell: Shell,
    path: String,
    cause: String,
    note: String,
    fault: String,
}

/// The ID in a path; 404 where it is none.
fn id_of(text: &str) -> Result<IncidentId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// `GET /incidents/{id}`.
pub async fn show(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = ask(&visitor, id_of(&id)?).await?;
    live(&headers, &compose(&visitor, &known, true, Refused::default()))
}

/// `POST /incidents/{id}/acknowledge`: with a `note`, which may be empty.
pub async fn acknowledge(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let note = lines(&sent, "note");
    let path = format!("/api/v1/incidents/{id}/acknowledge");
    match visitor.client.send(Method::POST, &path, &body_of(&note)).await {
        Ok(_) => Ok(to(&format!("/incidents/{id}"), "acknowledged")),
        Err(problem) => {
            let note_fault = fault_of(problem)?;
            again(&visitor, id, Refused { note, note_fault, ..Refused::default() }).await
        }
    }
}

/// `POST /incidents/{id}/comments`: with a `body`.
pub async fn comment(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let body = lines(&sent, "body");
    let path = format!("/api/v1/incidents/{id}/comments");
    match visitor
        .client
        .create(&path, sent.once(), &json!({ "body": body, "public": sent.text("public") == "true" }))
        .await
    {
        Ok(_) => Ok(to(&format!("/incidents/{id}"), "commented")),
        Err(problem) => {
            // An old page of this incident, as behind the browser's button that goes back, names its comment as the one before.
            let is_second = problem.code() == Code::IdempotencyKeyReused;
            let body_fault = if is_second { visitor.t.incidents.sent_already.to_owned() } else { fault_of(problem)? };
            again(&visitor, id, Refused { body, body_fault, ..Refused::default() }).await
        }
    }
}

/// `GET /incidents/{id}/resolve`: asks once.
pub async fn ask_resolve(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    ask_to_resolve(&visitor, id_of(&id)?, String::new(), String::new()).await
}

/// `POST /incidents/{id}/resolve`: with a `note`, which may be empty.
pub async fn resolve(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let note = lines(&sent, "note");
    let path = format!("/api/v1/incidents/{id}/resolve");
    match visitor.client.send(Method::POST, &path, &body_of(&note)).await {
        Ok(_) => Ok(to(&format!("/incidents/{id}"), "resolved")),
        Err(problem) => {
            let fault = fault_of(problem)?;
            ask_to_resolve(&visitor, id, note, fault).await
        }
    }
}

/// The page that asks, or the incident where it is over already.
async fn ask_to_resolve(visitor: &Visitor, id: IncidentId, note: String, fault: String) -> Result<Response, Problem> {
    let incident: Incident = visitor.client.get(&format!("/api/v1/incidents/{id}")).await?;
    let path = format!("/incidents/{id}");
    if incident.status == IncidentStatus::Resolved {
        return Ok(to(&path, ""));
    }
    let status = if fault.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shell = visitor.shell("incidents");
    page(status, &Resolve { shell, path, cause: visitor.t.cause(&incident.cause), note, fault })
}

/// The page again, with what a person typed and what is wrong with it.
async fn again(visitor: &Visitor, id: IncidentId, refused: Refused) -> Result<Response, Problem> {
    let known = ask(visitor, id).await?;
    page(StatusCode::UNPROCESSABLE_ENTITY, &compose(visitor, &known, false, refused))
}

/// A text of several lines. Browsers send lines that end with CR LF.
fn lines(sent: &Sent, name: &str) -> String {
    sent.text(name).replace("\r\n", "\n")
}

/// The body of a request that takes a note.
fn body_of(note: &str) -> Value {
    if note.trim().is_empty() { Value::Null } else { json!({ "note": note }) }
}

/// What is wrong with the one field of a form; any other problem is the page's.
fn fault_of(problem: Problem) -> Result<String, Problem> {
    let faults = form::faults(problem)?;
    Ok(faults.into_iter().map(|fault| fault.detail).collect::<Vec<String>>().join(" "))
}

async fn ask(visitor: &Visitor, id: IncidentId) -> Result<Known, Problem> {
    let client = &visitor.client;
    let incident: Incident = client.get(&format!("/api/v1/incidents/{id}")).await?;
    let monitor = name_of(visitor, incident.monitor_id).await?;
    let checks = if monitor.is_some() && incident.status == IncidentStatus::Ongoing {
        let path = format!("/api/v1/monitors/{}/checks?limit=50", incident.monitor_id);
        let list: List<CheckView> = client.get(&path).await?;
        list.data
    } else {
        Vec::new()
    };
    let names_any = incident.notified.as_ref().is_some_and(|told| !told.is_empty()) || incident.next_step.is_some();
    let channels: BTreeMap<ChannelId, String> = if names_any && client.may(Scope::AlertsRead) {
        let list: List<Channel> = client.get("/api/v1/channels?limit=200").await?;
        list.data.into_iter().map(|channel| (channel.id, channel.name)).collect()
    } else {
        BTreeMap::new()
    };
    let suppressed_by = match incident.suppressed_by {
        Some(by) => {
            let name = name_of(visitor, by).await?.unwrap_or_else(|| by.to_string());
            Some(Link { href: format!("/monitors/{by}"), name })
        }
        None => None,
    };
    Ok(Known { incident, monitor, checks, channels, suppressed_by })
}

/// A monitor's name; none where it is gone, or the person may not see it.
async fn name_of(visitor: &Visitor, id: MonitorId) -> Result<Option<String>, Problem> {
    if !visitor.client.may(Scope::MonitorsRead) {
        return Ok(None);
    }
    let found: Result<Monitor, Problem> = visitor.client.get(&format!("/api/v1/monitors/{id}")).await;
    match found {
        Ok(monitor) => Ok(Some(monitor.name.as_str().to_owned())),
        Err(problem) if problem.code() == Code::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn compose(visitor: &Visitor, known: &Known, is_live: bool, refused: Refused) -> Page {
    let shell = visitor.shell("incidents");
    let words = shell.words();
    let incident = &known.incident;
    let timeline = timeline_of(incident);
    let is_ongoing = incident.status == IncidentStatus::Ongoing;
    let writes = visitor.client.may(Scope::IncidentsWrite);
    let told = incident.notified.as_deref().unwrap_or_default();
    Page {
        is_live,
        path: format!("/incidents/{}", incident.id),
        monitor_path: known.monitor.as_ref().map(|_| format!("/monitors/{}", incident.monitor_id)).unwrap_or_default(),
        monitor: known.monitor.clone().unwrap_or_else(|| incident.monitor_id.to_string()),
        short: (shell.t.incidents.incident)(&short(incident.id)),
        title: shell.t.cause(&incident.cause),
        banner: banner(&words, incident),
        says: says(&words, incident).join(" · "),
        acknowledges: writes && is_ongoing && incident.acknowledged_at.is_none(),
        resolves: writes && is_ongoing,
        comments: writes,
        suppressed_by: known.suppressed_by.clone(),
        is_flapping: incident.flapping == Some(true),
        is_ongoing,
        regions: if is_ongoing { regions_now(&words, &known.checks) } else { regions_then(&words, incident) },
        cause_code: incident.cause.code.as_str(),
        cause: shell.t.cause(&incident.cause),
        entries: timeline.iter().map(|entry| entry_of(&words, entry)).collect(),
        told: told.iter().map(|told| told_of(&words, told, &known.channels)).collect(),
        next: incident.next_step.as_ref().map(|next| next_of(&words, next, &known.channels)),
        once: format!("{}-{}", incident.id, timeline.len()),
        refused,
        shell,
    }
}

/// The first characters of an ID, without its prefix.
fn short(id: IncidentId) -> String {
    let text = id.to_string();
    text.strip_prefix(IncidentId::PREFIX).unwrap_or(&text).chars().take(SHORT).collect()
}

fn timeline_of(incident: &Incident) -> &[TimelineEntry] {
    incident.timeline.as_deref().unwrap_or_default()
}

fn banner(words: &Words, incident: &Incident) -> State {
    let m = &words.t.incidents;
    match incident.duration_seconds {
        Some(seconds) => State::up((m.lasted_for)(&words.exact_span(seconds))),
        None => State::down((m.ongoing_for)(&words.since(&incident.started_at))),
    }
}

/// What else the banner says: when, and who has it.
fn says(words: &Words, incident: &Incident) -> Vec<String> {
    let m = &words.t.incidents;
    let mut says = vec![(m.began_at)(&words.exact(&incident.started_at))];
    if let Some(opened) = timeline_of(incident).iter().find(|entry| entry.kind == TimelineType::Opened) {
        let seconds = opened.at.ms_since(incident.started_at).max(0) / 1000;
        says.push((m.found_after)(&words.exact_span(seconds)));
    }
    if let Some(at) = incident.resolved_at {
        says.push((m.ended_at)(&words.exact(&at)));
        says.push(match incident.resolved_by {
            Some(Actor::Recovery) | None => m.recovered.to_owned(),
            Some(actor) => (m.resolved_by)(&doer(words.t, incident, TimelineType::Resolved, actor)),
        });
        return says;
    }
    says.push(match (incident.acknowledged_at, incident.acknowledged_by) {
        (Some(at), Some(actor)) => {
            (m.has_it)(&doer(words.t, incident, TimelineType::Acknowledged, actor), &words.ago(&at))
        }
        (Some(_), None) => m.acknowledged.to_owned(),
        (None, _) => m.nobody_has_it.to_owned(),
    });
    says
}

/// Who did the last thing of this type: by name, where the timeline has one.
fn doer(t: &Texts, incident: &Incident, kind: TimelineType, actor: Actor) -> String {
    let entry = timeline_of(incident).iter().rev().find(|entry| entry.kind == kind);
    entry.map_or_else(|| actor.to_string(), |entry| who(t, &entry.actor))
}

/// An actor in words.
fn who(t: &Texts, actor: &ActorView) -> String {
    let m = &t.incidents;
    let name = actor.name.clone().or_else(|| actor.id.clone()).unwrap_or_default();
    match actor.kind {
        ActorType::Key | ActorType::User => name,
        ActorType::Channel => (m.by_link)(&name),
        ActorType::Operator => m.operator.to_owned(),
        ActorType::Checker if name.is_empty() => m.checks.to_owned(),
        ActorType::Checker => (m.checks_from)(&name),
        ActorType::Recovery => m.recovery.to_owned(),
        // The product's own name.
        ActorType::Delivery | ActorType::System => "Valpero".to_owned(),
    }
}

/// The newest check of each region, of checks that are newest first.
fn regions_now(words: &Words, checks: &[CheckView]) -> Vec<RegionRow> {
    let mut newest: BTreeMap<RegionCode, &CheckView> = BTreeMap::new();
    for check in checks {
        newest.entry(check.region).or_insert(check);
    }
    let row = |check: &CheckView| RegionRow {
        region: check.region.as_str(),
        state: State::of_outcome(words.t, check.outcome),
        at: Some(Moment::past(words, check.at)),
        code: check.error.as_ref().map_or("", |cause| cause.code.as_str()),
        says: check.error.as_ref().map(|cause| words.t.cause(cause)).unwrap_or_default(),
    };
    newest.into_values().map(row).collect()
}

/// The regions that saw the monitor down when the incident opened.
fn regions_then(words: &Words, incident: &Incident) -> Vec<RegionRow> {
    let row = |region: &RegionCode| RegionRow {
        region: region.as_str(),
        state: State::down(words.t.common.down),
        at: None,
        code: "",
        says: String::new(),
    };
    incident.regions.iter().map(row).collect()
}

fn entry_of(words: &Words, entry: &TimelineEntry) -> Entry {
    let m = &words.t.incidents;
    let name = who(words.t, &entry.actor);
    let (class, who, what) = match entry.kind {
        TimelineType::Opened => ("is-down", m.opened.to_owned(), ""),
        TimelineType::Acknowledged => ("", name, m.did_acknowledge),
        TimelineType::Commented => ("", name, m.did_comment),
        TimelineType::Resolved if entry.actor.kind == ActorType::Recovery => ("is-up", m.has_recovered.to_owned(), ""),
        TimelineType::Resolved => ("is-up", name, m.did_resolve),
    };
    let at = Moment::clock(words, entry.at);
    Entry { class, who, what, at, note: entry.note.clone().unwrap_or_default() }
}

fn next_of(words: &Words, next: &NextStepView, channels: &BTreeMap<ChannelId, String>) -> Next {
    let names: Vec<String> = next.channel_ids.iter().map(|id| name_of_channel(channels, *id)).collect();
    Next { channels: names.join(", "), at: Moment::coming(words, next.at) }
}

/// The channel's name, or its ID where that is not known.
fn name_of_channel(channels: &BTreeMap<ChannelId, String>, id: ChannelId) -> String {
    channels.get(&id).cloned().unwrap_or_else(|| id.to_string())
}

fn told_of(words: &Words, told: &Notified, channels: &BTreeMap<ChannelId, String>) -> Told {
    let m = &words.t.incidents;
    Told {
        channel: name_of_channel(channels, told.channel_id),
        state: match told.status {
            Some(status) => State::of_delivery(words.t, status),
            None => State::paused(m.not_sent),
        },
        at: Moment::past(words, told.at),
        attempts: told.attempts,
        delivery: told.delivery_id.map(|id| format!("/deliveries/{id}")).unwrap_or_default(),
    }
}
