//! `/alerts`: the channels, the escalation policies, the routes to them and the account's mute at a glance.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Extension,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use valpero_domain::{
    ChannelId, Fault, PolicyId,
    channel::{ChannelType, HealthStatus},
};
use valpero_http::{Code, List, Problem};
use valpero_views::{AlertMatchView, AlertRouteView, AlertRoutes, Channel, EscalationPolicy};

use crate::{
    page::{Shell, live},
    parts::{Moment, State},
    texts::Texts,
    visitor::Visitor,
    words::Words,
};

/// All channels of an account: there are at most 100.
pub const CHANNELS: &str = "/api/v1/channels?limit=200";

/// All escalation policies of an account: there are at most 100.
pub const POLICIES: &str = "/api/v1/escalation-policies?limit=200";

/// Seconds for which the account can be muted by a button.
const MUTES_S: [i64; 3] = [3_600, 28_800, 86_400];

/// How a channel is.
pub fn state_of(t: &Texts, channel: &Channel) -> State {
    let m = &t.alerts;
    match channel.health.status {
        _ if !channel.enabled => State::paused(m.off),
        HealthStatus::Failing => State::down(m.failing),
        HealthStatus::Disabled => State::down(m.refused),
        HealthStatus::Ok if channel.health.last_success_at.is_none() => State::pending(m.untried),
        HealthStatus::Ok => State::up(m.works),
    }
}

/// What a type of channel is called: the product's own name, unless it has another in this language.
pub fn type_name(t: &Texts, kind: ChannelType) -> &'static str {
    let said = t.option("type", kind.as_str());
    if said == kind.as_str() { kind.name() } else { said }
}

/// What a channel is told of, in words.
pub fn events_of(t: &Texts, channel: &Channel) -> String {
    let names: Vec<&str> = channel.events.iter().map(|event| t.option("events", event.as_str())).collect();
    names.join(", ")
}

/// What a form shows of a request that the API refused.
#[derive(Debug)]
pub struct Refused {
    /// The status of the page.
    pub status: StatusCode,
    /// What is wrong with its fields.
    pub faults: Vec<Fault>,
    /// What is wrong with none of them.
    pub says: Vec<String>,
}

impl Refused {
    /// The refusal, where the form can show it.
    ///
    /// # Errors
    /// Any other problem is the page's.
    pub fn of(t: &Texts, problem: Problem) -> Result<Self, Problem> {
        let code = problem.code();
        let is_limit = [Code::MailNotSent, Code::ChannelLimitReached, Code::PolicyLimitReached].contains(&code);
        if problem.errors().is_empty() && !is_limit {
            return Err(problem);
        }
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        let says = if is_limit { vec![format!("{}: {}", t.problem(code), problem.detail())] } else { Vec::new() };
        Ok(Self { status, faults: problem.errors().to_vec(), says })
    }
}

/// What is wrong at a place of a form: there, or within it.
pub fn fault_at(faults: &[Fault], pointer: &str) -> Option<String> {
    let within = format!("{pointer}/");
    let found = faults.iter().find(|fault| fault.pointer == pointer || fault.pointer.starts_with(&within));
    found.map(|fault| fault.detail.clone())
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct Page {
    shell: Shell,
    can_write: bool,
    channels: Vec<ChannelRow>,
    policies: Vec<PolicyRow>,
    routes: Vec<RouteRow>,
    muted: Option<Moment>,
    mutes: Vec<Mute>,
}

struct ChannelRow {
    id: String,
    name: String,
    kind: &'static str,
    state: State,
    unreachable: String,
    events: String,
    last: Option<Moment>,
    error: String,
}

struct PolicyRow {
    id: String,
    name: String,
    steps: Vec<StepRow>,
    repeats: String,
    is_unused: bool,
}

struct StepRow {
    when: String,
    who: String,
}

struct RouteRow {
    conditions: String,
    policy: String,
    policy_id: String,
}

struct Mute {
    seconds: i64,
    says: String,
}

/// `GET /alerts`.
pub async fn show(Extension(visitor): Extension<Arc<Visitor>>, headers: HeaderMap) -> Result<Response, Problem> {
    let client = &visitor.client;
    let (channels, policies, routes) = tokio::try_join!(
        client.get::<List<Channel>>(CHANNELS),
        client.get::<List<EscalationPolicy>>(POLICIES),
        client.get::<AlertRoutes>("/api/v1/alert-routes"),
    )?;
    let shell = visitor.shell("alerts");
    let (t, words) = (visitor.t, shell.words());
    let channel_names: BTreeMap<ChannelId, String> =
        channels.data.iter().map(|channel| (channel.id, channel.name.clone())).collect();
    let policy_names: BTreeMap<PolicyId, String> =
        policies.data.iter().map(|policy| (policy.id, policy.name.clone())).collect();
    let muted = visitor.account.muted_until.filter(|until| *until > visitor.now);
    let mutes =
        MUTES_S.iter().map(|seconds| Mute { seconds: *seconds, says: (t.alerts.mute_for)(&in_hours(t, *seconds)) });
    let page = Page {
        can_write: shell.may("alerts:write"),
        channels: channels.data.iter().map(|channel| channel_row(t, &words, channel)).collect(),
        policies: policies.data.iter().map(|policy| policy_row(t, &words, policy, &channel_names, &routes)).collect(),
        routes: routes.routes.iter().map(|route| route_row(t, route, &policy_names)).collect(),
        muted: muted.map(|until| Moment::coming(&words, until)),
        mutes: mutes.collect(),
        shell,
    };
    live(&headers, &page)
}

/// "24 h", which is not yet "1 day".
fn in_hours(t: &Texts, seconds: i64) -> String {
    format!("{}\u{202f}{}", seconds / 3_600, t.common.hours)
}

fn channel_row(t: &Texts, words: &Words, channel: &Channel) -> ChannelRow {
    let state = state_of(t, channel);
    let health = &channel.health;
    let is_down = state.class == "down";
    let last = if is_down { health.last_error_at } else { health.last_success_at };
    ChannelRow {
        id: channel.id.to_string(),
        name: channel.name.clone(),
        kind: type_name(t, channel.channel_type),
        unreachable: (t.alerts.unreachable)(&channel.name),
        events: events_of(t, channel),
        last: last.map(|at| Moment::past(words, at)),
        error: if is_down { health.last_error.clone().unwrap_or_default() } else { String::new() },
        state,
    }
}

fn policy_row(
    t: &Texts,
    words: &Words,
    policy: &EscalationPolicy,
    channels: &BTreeMap<ChannelId, String>,
    routes: &AlertRoutes,
) -> PolicyRow {
    let span = |minutes: u32| words.exact_span(i64::from(minutes) * 60);
    let steps = policy.steps.iter().map(|step| {
        let who: Vec<String> =
            step.channel_ids.iter().map(|id| channels.get(id).cloned().unwrap_or_else(|| id.to_string())).collect();
        let when = match step.after_minutes {
            0 => t.alerts.at_once.to_owned(),
            minutes => (t.alerts.after)(&span(minutes)),
        };
        StepRow { when, who: who.join(", ") }
    });
    PolicyRow {
        id: policy.id.to_string(),
        name: policy.name.clone(),
        steps: steps.collect(),
        repeats: policy.repeat_minutes.map(|minutes| (t.alerts.repeats)(&span(minutes))).unwrap_or_default(),
        is_unused: !routes.routes.iter().any(|route| route.policy_id == policy.id),
    }
}

fn route_row(t: &Texts, route: &AlertRouteView, policies: &BTreeMap<PolicyId, String>) -> RouteRow {
    let policy_id = route.policy_id.to_string();
    RouteRow {
        conditions: conditions(t, &route.matching),
        policy: policies.get(&route.policy_id).cloned().unwrap_or_else(|| policy_id.clone()),
        policy_id,
    }
}

/// Which monitors a route is for, in words.
fn conditions(t: &Texts, matching: &AlertMatchView) -> String {
    let m = &t.alerts;
    let mut parts = Vec::new();
    if let Some(tags) = &matching.tags_any {
        parts.push((m.with_tag)(&tags.join(m.or)));
    }
    if let Some(types) = &matching.check_types {
        let names: Vec<&str> = types.iter().map(|kind| t.option("check_types", kind.as_str())).collect();
        parts.push((m.of_type)(&names.join(m.or)));
    }
    if let Some(ids) = &matching.monitor_ids {
        parts.push((m.of_monitors)(ids.len()));
    }
    if parts.is_empty() { m.all_monitors.to_owned() } else { parts.join(", ") }
}
