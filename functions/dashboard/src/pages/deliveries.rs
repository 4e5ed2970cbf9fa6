//! `/deliveries` and `/webhook-deliveries`: what was sent to channels and webhooks, what came of it, and sending it again.

mod asked;
mod names;

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Extension,
    extract::{Path, Query, RawQuery},
    http::{HeaderMap, Method},
    response::Response,
};
use serde_json::Value;
use valpero_domain::{
    ChannelId, DeliveryId, MonitorId,
    alerting::content::MessageType,
    delivery::{DeliveryStatus, EventType},
};
use valpero_http::{List, Problem};
use valpero_views::{Attempt, Delivery};

use self::{
    asked::{Asked, Kind},
    names::{Link, Names, is_nothing, optional},
};
use crate::{
    entry::way_back,
    page::{Shell, live, to},
    parts::{Moment, State},
    texts::Texts,
    visitor::Visitor,
    words::Words,
};

struct Chip {
    label: String,
    href: String,
    /// What a screen reader says; empty where it is the label.
    says: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "deliveries.html")]
struct ListPage {
    shell: Shell,
    title: &'static str,
    of_webhooks: bool,
    path: &'static str,
    chips: Vec<Chip>,
    narrowed: Vec<Chip>,
    is_narrow: bool,
    rows: Vec<Row>,
    first: String,
    next: String,
}

struct Row {
    path: String,
    at: Moment,
    event: String,
    about: String,
    to: Link,
    state: State,
    says: String,
    attempts: usize,
}

#[derive(Template)]
#[template(path = "delivery.html")]
struct OnePage {
    shell: Shell,
    /// Path of the list.
    list: &'static str,
    list_title: &'static str,
    /// Path of this page.
    path: String,
    title: String,
    can_send: bool,
    state: State,
    to_label: &'static str,
    to: Link,
    monitor: Option<Link>,
    incident: String,
    event: String,
    event_id: String,
    digest: String,
    id: String,
    created: Moment,
    sent_again: Option<Moment>,
    next_attempt: Option<Moment>,
    waits_for: String,
    why: String,
    attempts: Vec<AttemptRow>,
}

struct AttemptRow {
    at: Moment,
    state: State,
    http_status: String,
    took: String,
    error: String,
    receiver_says: String,
    headers: String,
}

/// `GET /deliveries`.
pub async fn list(
    Extension(visitor): Extension<Arc<Visitor>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    show_list(&visitor, Kind::All, &query.unwrap_or_default(), &headers).await
}

/// `GET /webhook-deliveries`.
pub async fn list_of_webhooks(
    Extension(visitor): Extension<Arc<Visitor>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    show_list(&visitor, Kind::Webhooks, &query.unwrap_or_default(), &headers).await
}

/// `GET /deliveries/{id}`, of either kind.
pub async fn show(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    show_one(&visitor, Kind::All, &id, &headers).await
}

/// `GET /webhook-deliveries/{id}`.
pub async fn show_of_webhook(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    show_one(&visitor, Kind::Webhooks, &id, &headers).await
}

/// `POST /deliveries/{id}/redeliver`, of either kind; then to where `back` says.
pub async fn redeliver(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    send_again(&visitor, Kind::All, &id, &query).await
}

/// `POST /webhook-deliveries/{id}/redeliver`; then to where `back` says.
pub async fn redeliver_webhook(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    send_again(&visitor, Kind::Webhooks, &id, &query).await
}

/// The delivery that a path names. Whatever else a path holds goes nowhere.
fn delivery_id(text: &str) -> Result<DeliveryId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

async fn show_list(visitor: &Visitor, kind: Kind, query: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let asked = Asked::read(kind, query);
    let list: List<Delivery> = visitor.client.get(&asked.below(kind.api())).await?;
    let names = Names::of_list(&visitor.client, kind).await?;
    let t = visitor.t;
    let shell = visitor.shell("alerts");
    let words = shell.words();
    let start = Asked { cursor: String::new(), ..asked.clone() };
    let next = list.next_cursor.clone().map(|cursor| Asked { cursor, ..start.clone() }.below(kind.path()));
    let template = ListPage {
        title: kind.title(t),
        of_webhooks: kind == Kind::Webhooks,
        path: kind.path(),
        chips: status_chips(t, kind, &start),
        narrowed: narrowed(t, kind, &start, &names),
        is_narrow: asked.is_narrow(),
        rows: list.data.iter().map(|delivery| row(&words, kind, delivery, &names)).collect(),
        first: if asked.cursor.is_empty() { String::new() } else { start.below(kind.path()) },
        next: next.unwrap_or_default(),
        shell,
    };
    live(headers, &template)
}

fn status_chips(t: &Texts, kind: Kind, asked: &Asked) -> Vec<Chip> {
    let chip = |label: &str, status: &str| Chip {
        label: label.to_owned(),
        href: Asked { status: status.to_owned(), ..asked.clone() }.below(kind.path()),
        says: String::new(),
        current: asked.status == status,
    };
    let mut chips = vec![chip(t.deliveries.any_status, "")];
    // Webhooks have no digests.
    let statuses =
        DeliveryStatus::ALL.into_iter().filter(|status| kind == Kind::All || *status != DeliveryStatus::Digested);
    chips.extend(statuses.map(|status| chip(&State::of_delivery(t, status).word, status.as_str())));
    chips
}

/// The other filters, each as a link that removes it.
fn narrowed(t: &Texts, kind: Kind, asked: &Asked, names: &Names) -> Vec<Chip> {
    let m = &t.deliveries;
    let channel = |id: &str| id.parse::<ChannelId>().ok().and_then(|id| names.channel(id).map(str::to_owned));
    let monitor = |id: &str| id.parse::<MonitorId>().ok().and_then(|id| names.monitor(id).map(str::to_owned));
    let mut chips = Vec::new();
    let mut add = |what: &str, named: Vec<String>, without: Asked| {
        let label = format!("{what}: {}", named.join(", "));
        chips.push(Chip {
            says: (m.remove_filter)(&label),
            label: format!("{label} ×"),
            href: without.below(kind.path()),
            current: true,
        });
    };
    if !asked.channel_id.is_empty() {
        let named: Vec<String> =
            asked.channel_id.split(',').map(|id| channel(id).unwrap_or_else(|| id.to_owned())).collect();
        add(m.channel, named, Asked { channel_id: String::new(), ..asked.clone() });
    }
    if !asked.monitor_id.is_empty() {
        let named: Vec<String> =
            asked.monitor_id.split(',').map(|id| monitor(id).unwrap_or_else(|| id.to_owned())).collect();
        add(m.monitor, named, Asked { monitor_id: String::new(), ..asked.clone() });
    }
    if !asked.incident_id.is_empty() {
        add(m.incident, vec![asked.incident_id.clone()], Asked { incident_id: String::new(), ..asked.clone() });
    }
    chips
}

fn row(words: &Words, kind: Kind, delivery: &Delivery, names: &Names) -> Row {
    let t = words.t;
    Row {
        path: format!("{}/{}", kind.path(), delivery.id),
        at: Moment::past(words, delivery.created_at),
        event: event(t, delivery).to_owned(),
        about: delivery.monitor_id.and_then(|id| names.monitor(id)).unwrap_or_default().to_owned(),
        to: names.receiver(t, delivery),
        state: State::of_delivery(t, delivery.status),
        says: met(words, delivery),
        attempts: delivery.attempts.len(),
    }
}

/// What the message says, in words.
fn event(t: &Texts, delivery: &Delivery) -> &'static str {
    let m = &t.deliveries;
    let message: Option<MessageType> = delivery.message.filter(|message| *message != MessageType::Event);
    let event: Option<EventType> = delivery.event;
    match (message, event) {
        (Some(message), _) => (m.message_is)(message),
        (None, Some(event)) => (m.event_is)(event),
        (None, None) => m.event,
    }
}

/// Why it has not arrived, and what comes next.
fn met(words: &Words, delivery: &Delivery) -> String {
    let mut says: Vec<String> = Vec::new();
    if delivery.status != DeliveryStatus::Succeeded {
        says.extend(delivery.attempts.last().and_then(|attempt| attempt.error.clone()));
    }
    says.extend(delivery.gave_up.clone());
    says.extend(delivery.waits_for.clone());
    if let Some(next) = delivery.next_attempt_at {
        says.push((words.t.deliveries.next_attempt_is)(&words.until(&next)));
    }
    says.join(" · ")
}

async fn show_one(visitor: &Visitor, kind: Kind, id: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let id = delivery_id(id)?;
    let client = &visitor.client;
    let delivery: Delivery = match client.get::<Delivery>(&format!("{}/{id}", kind.api())).await {
        Err(problem) if kind == Kind::All && is_nothing(&problem) => {
            let of_webhook: Option<Delivery> = optional(client, &format!("{}/{id}", Kind::Webhooks.api())).await?;
            of_webhook.ok_or(problem)?
        }
        found => found?,
    };
    let names = Names::of_one(client, &delivery).await?;
    live(headers, &one(visitor, kind, &delivery, &names))
}

fn one(visitor: &Visitor, kind: Kind, delivery: &Delivery, names: &Names) -> OnePage {
    let t = visitor.t;
    let m = &t.deliveries;
    let shell = visitor.shell("alerts");
    let words = shell.words();
    let is_webhook = delivery.channel_id.is_none();
    let may_send = (kind == Kind::All && shell.may("alerts:write")) || (is_webhook && shell.may("monitors:write"));
    let monitor = delivery.monitor_id.map(|id| match names.monitor(id) {
        Some(name) => Link { label: name.to_owned(), href: format!("/monitors/{id}") },
        None => Link { label: format!("{} ({id})", m.deleted_monitor), href: String::new() },
    });
    OnePage {
        list: kind.path(),
        list_title: kind.title(t),
        path: format!("{}/{}", kind.path(), delivery.id),
        title: event(t, delivery).to_owned(),
        can_send: may_send && delivery.status != DeliveryStatus::Digested,
        state: State::of_delivery(t, delivery.status),
        to_label: if is_webhook { m.webhook } else { m.channel },
        to: names.receiver(t, delivery),
        monitor,
        incident: delivery.incident_id.map(|id| id.to_string()).unwrap_or_default(),
        event: delivery.event.map(EventType::as_str).unwrap_or_default().to_owned(),
        event_id: delivery.event_id.map(|id| id.to_string()).unwrap_or_default(),
        digest: delivery.digest_id.map(|id| id.to_string()).unwrap_or_default(),
        id: delivery.id.to_string(),
        created: Moment::past(&words, delivery.created_at),
        sent_again: delivery.redelivered_at.map(|at| Moment::past(&words, at)),
        next_attempt: delivery.next_attempt_at.map(|at| Moment::coming(&words, at)),
        waits_for: delivery.waits_for.clone().unwrap_or_default(),
        why: delivery.gave_up.clone().unwrap_or_default(),
        attempts: delivery.attempts.iter().rev().map(|attempt| attempt_row(&words, attempt)).collect(),
        shell,
    }
}

fn attempt_row(words: &Words, attempt: &Attempt) -> AttemptRow {
    let m = &words.t.deliveries;
    let state = if attempt.error.is_none() { State::up(m.arrived) } else { State::down(m.failed) };
    AttemptRow {
        at: Moment::past(words, attempt.at),
        state,
        http_status: attempt.http_status.map(|status| status.to_string()).unwrap_or_default(),
        took: words.ms(&Some(f64::from(attempt.latency_ms))),
        error: attempt.error.clone().unwrap_or_default(),
        receiver_says: attempt.receiver_says.clone().unwrap_or_default(),
        headers: attempt.response_headers.clone().unwrap_or_default(),
    }
}

async fn send_again(
    visitor: &Visitor,
    kind: Kind,
    id: &str,
    query: &BTreeMap<String, String>,
) -> Result<Response, Problem> {
    let id = delivery_id(id)?;
    let client = &visitor.client;
    let sent = client.send(Method::POST, &format!("{}/{id}/redeliver", kind.api()), &Value::Null).await;
    if let Err(problem) = sent {
        // Members may send webhooks again, though they may not change alerting.
        if kind == Kind::Webhooks || !is_nothing(&problem) {
            return Err(problem);
        }
        let path = format!("{}/{id}/redeliver", Kind::Webhooks.api());
        match client.send(Method::POST, &path, &Value::Null).await {
            Ok(_) => {}
            Err(second) if is_nothing(&second) => return Err(problem),
            Err(second) => return Err(second),
        }
    }
    let back = query.get("back").map(String::as_str).unwrap_or_default();
    Ok(to(&way_of(back, &format!("{}/{id}", kind.path())), "sent_again"))
}

/// Where `back` leads, if that is a path of this deployment; otherwise to the page of the delivery.
fn way_of(back: &str, own: &str) -> String {
    if way_back(back) == back { back.to_owned() } else { own.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_leads_to_this_deployment_alone() {
        for (back, way) in [
            ("/monitors/mon_1", "/monitors/mon_1"),
            ("", "/deliveries/dlv_1"),
            ("//evil.example", "/deliveries/dlv_1"),
            ("https://evil.example", "/deliveries/dlv_1"),
        ] {
            assert_eq!(way_of(back, "/deliveries/dlv_1"), way, "{back:?}");
        }
    }
}
