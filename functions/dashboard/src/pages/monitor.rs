//! `/monitors/{id}`: all that is known of one monitor.

pub mod actions;
mod lists;
pub mod settings;
mod view;

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Path, Query},
    http::{HeaderMap, Method},
    response::Response,
};
use serde::Deserialize;
use serde_json::Value;
use valpero_domain::{CheckId, MonitorId, Scope, Timestamp, rollup::Window};
use valpero_http::{Code, List, Problem};
use valpero_views::{CheckRequest, CheckView, Delivery, Incident, Monitor, ResponseTimes};

use crate::{
    charts::{Chart, Day, chart, strip},
    page::{Shell, live},
    parts::Pair,
    texts::Texts,
    visitor::Visitor,
    words::Words,
};
use lists::{CheckRow, IncidentRow, Requested, Webhook};
use view::{Banner, Figure, Head};

/// What the strip shows, in seconds: 90 days.
const STRIP_S: i64 = 90 * 86_400;

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// Period of the chart: `24h`, `7d`, `30d` or `90d`.
    #[serde(default)]
    range: String,
    /// ID of a check that somebody asked for.
    #[serde(default)]
    check: String,
}

/// A period that can be chosen.
#[derive(Debug)]
struct Range {
    path: String,
    label: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "monitor.html")]
struct Page {
    shell: Shell,
    head: Head,
    banner: Banner,
    requested: Option<Requested>,
    hurries: bool,
    figures: Vec<Figure>,
    chart: Chart,
    chart_says: String,
    ranges: Vec<Range>,
    days: Vec<Day>,
    /// The first of them.
    first_day: String,
    checks: Vec<CheckRow>,
    sees_incidents: bool,
    incidents: Vec<IncidentRow>,
    all_incidents: String,
    webhook: Option<Webhook>,
    settings: Vec<Pair>,
    zone: String,
    curl: String,
}

/// What the API says of a monitor.
struct Known {
    monitor: Monitor,
    value: Value,
    times: ResponseTimes,
    checks: List<CheckView>,
    incidents: Option<List<Incident>>,
    deliveries: Vec<Delivery>,
    request: Option<CheckRequest>,
}

/// The ID in a path.
///
/// # Errors
/// 404 where it is none.
pub fn id_of(text: &str) -> Result<MonitorId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// `GET /monitors/{id}`.
pub async fn show(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let window: Window = asked.range.parse().unwrap_or(Window::Day);
    let known = ask(&visitor, id_of(&id)?, window, &asked.check).await?;
    live(&headers, &compose(visitor.shell("monitors"), &known, window))
}

async fn ask(visitor: &Visitor, id: MonitorId, window: Window, check: &str) -> Result<Known, Problem> {
    let client = &visitor.client;
    let path = format!("/api/v1/monitors/{id}");
    let value = client.send(Method::GET, &path, &Value::Null).await?.json;
    let monitor: Monitor = serde_json::from_value(value.clone()).map_err(|error| Problem::internal(&error))?;
    let times: ResponseTimes = client.get(&format!("{path}/response-times?window={}", window.as_str())).await?;
    let checks: List<CheckView> = client.get(&format!("{path}/checks?limit=20")).await?;
    let from = visitor.now.plus_seconds(-STRIP_S);
    let incidents: Option<List<Incident>> = match client.may(Scope::IncidentsRead) {
        true => Some(client.get(&format!("/api/v1/incidents?monitor_id={id}&from={from}&limit=200")).await?),
        false => None,
    };
    let deliveries = if monitor.webhook_url.is_some() {
        let list: List<Delivery> = client.get(&format!("/api/v1/webhooks/deliveries?monitor_id={id}&limit=10")).await?;
        list.data
    } else {
        Vec::new()
    };
    let request = match check.parse::<CheckId>() {
        Ok(check) => requested(visitor, &format!("{path}/check-requests/{check}")).await?,
        Err(_) => None,
    };
    Ok(Known { monitor, value, times, checks, incidents, deliveries, request })
}

/// A check that somebody asked for; none where nobody knows of it any more.
async fn requested(visitor: &Visitor, path: &str) -> Result<Option<CheckRequest>, Problem> {
    match visitor.client.get(path).await {
        Ok(request) => Ok(Some(request)),
        Err(problem) if problem.code() == Code::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn compose(shell: Shell, known: &Known, window: Window) -> Page {
    let words = shell.words();
    let monitor = &known.monitor;
    let head = view::head(&words, monitor);
    let incidents: &[Incident] = known.incidents.as_ref().map_or(&[], |list| list.data.as_slice());
    let open = monitor.current_incident_id.and_then(|id| incidents.iter().find(|incident| incident.id == id));
    let down = lists::downtimes(&words, incidents);
    // Of a page that is cut off, what is older is not known.
    let oldest = incidents.last().map(|incident| incident.started_at);
    let known_from = match &known.incidents {
        None => words.now.plus_seconds(86_400),
        Some(list) if list.has_more => oldest.unwrap_or(monitor.created_at).max(monitor.created_at),
        Some(_) => monitor.created_at,
    };
    let days = strip(&words, known_from, &down);
    let requested = known.request.as_ref().map(|request| lists::requested(&words, &head.path, request));
    let mut settings = settings::unusual(shell.t, &known.value);
    let m = &shell.t.monitor;
    if let Some(ends) = monitor.ssl_expires_at {
        settings.insert(0, Pair { label: m.certificate.to_owned(), value: expiry(&words, ends) });
    }
    settings.push(Pair { label: m.cost.to_owned(), value: settings::cost(&words, monitor) });
    Page {
        banner: view::banner(&words, monitor, open),
        hurries: requested.as_ref().is_some_and(|requested| requested.is_pending),
        requested,
        figures: view::figures(&words, monitor),
        chart: chart(&words, &known.times, &down),
        chart_says: (m.chart_says)(window_label(shell.t, window)),
        ranges: ranges(shell.t, &head.path, window),
        first_day: days.first().map(|day| day.name.clone()).unwrap_or_default(),
        days,
        checks: lists::checks(&words, &known.checks.data),
        sees_incidents: known.incidents.is_some(),
        incidents: lists::incidents(&words, incidents),
        all_incidents: format!("/incidents?monitor_id={}", monitor.id),
        webhook: lists::webhook(&words, monitor, &known.deliveries),
        settings,
        zone: (m.times_in)(&shell.zone.offset(shell.now).name),
        curl: format!(
            "curl -X POST \"$VALPERO_URL/api/v1/monitors/{}/check\" -H \"Authorization: Bearer $VALPERO_KEY\"",
            monitor.id
        ),
        head,
        shell,
    }
}

/// When the certificate expires, with the moment.
fn expiry(words: &Words, ends: Timestamp) -> String {
    format!("{} ({})", view::certificate(words, ends), words.exact(&ends))
}

fn window_label(t: &'static Texts, window: Window) -> &'static str {
    let m = &t.monitor;
    match window {
        Window::Day => m.last_day,
        Window::Week => m.last_week,
        Window::Month => m.last_month,
        Window::Quarter => m.last_quarter,
    }
}

fn ranges(t: &'static Texts, path: &str, chosen: Window) -> Vec<Range> {
    let range = |window: Window| Range {
        path: format!("{path}?range={}", window.as_str()),
        label: window_label(t, window),
        is_chosen: window == chosen,
    };
    Window::ALL.into_iter().map(range).collect()
}
