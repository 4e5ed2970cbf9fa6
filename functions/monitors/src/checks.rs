//! `GET /api/v1/monitors/{id}/checks`.

use axum::{Json, extract::State};
use futures::future::try_join_all;
use serde_json::{Value, json};
use valpero_app::{
    App,
    http::{Auth, ObjectId, Params, Problem, need},
    views::ms,
};
use valpero_domain::{MonitorId, RegionCode, Timestamp, packed::Record, probe::Outcome};
use valpero_storage::{Check, CheckSpan};

/// A monitor's checks of the last 30 days, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/monitors/{id}/checks",
    tag = "monitors",
    security(("key" = ["monitors:read"])),
    params(
        ("id" = String, Path, description = "The monitor's id"),
        ("region" = Option<String>, Query, description = "Only from this region"),
        ("from" = Option<String>, Query, description = "Only then or later"),
        ("to" = Option<String>, Query, description = "Only before"),
        ("outcome" = Option<String>, Query, description = "up, down or probe_error"),
        ("page" = Option<u32>, Query, description = "From 1"),
        ("limit" = Option<u32>, Query, description = "1 to 200"),
    ),
    responses((status = 200, description = "A page of checks"))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    ObjectId(id): ObjectId<MonitorId>,
    mut params: Params,
) -> Result<Json<Value>, Problem> {
    let region: Option<RegionCode> = params.take("region");
    let outcome: Option<Outcome> = params.take("outcome");
    let soon = app.now().plus_seconds(60);
    let span = CheckSpan {
        from: params.take("from").unwrap_or(Timestamp::from_ms(0)),
        to: params.take("to").map_or(soon, |to: Timestamp| to.min(soon)),
    };
    let page = params.page();
    params.finish()?;
    let monitor = app.store.monitor(caller.account(), id).await?;
    let places = monitor.places.iter().chain(&monitor.past_places);
    let accepts = |record: &Record| outcome.is_none_or(|asked| asked == record.outcome);
    let reads = places
        .filter(|place| region.is_none_or(|asked| asked == place.region))
        .map(|place| app.store.checks(place, span, accepts, page.count()));
    let mut checks: Vec<Check> = try_join_all(reads).await?.into_iter().flatten().collect();
    checks.sort_by(|one, other| other.at.cmp(&one.at).then(one.region.cmp(&other.region)));
    let (checks, has_more) = page.cut(checks);
    let data: Vec<Value> = checks.iter().map(view).collect();
    Ok(page.answer(&data, has_more))
}

fn view(check: &Check) -> Value {
    let record = &check.record;
    let phases = record.phases;
    json!({
        "at": check.at,
        "region": check.region,
        "outcome": record.outcome,
        "response_time_ms": (phases != valpero_domain::probe::Phases::default()).then(|| ms(phases.total_us())),
        "phases": {
            "dns_ms": phases.dns_us.map(ms),
            "connect_ms": phases.connect_us.map(ms),
            "tls_ms": phases.tls_us.map(ms),
            "first_byte_ms": phases.first_byte_us.map(ms),
        },
        "http_status": record.http_status,
        "error": check.cause,
    })
}
