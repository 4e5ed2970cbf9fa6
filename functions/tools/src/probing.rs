//! `POST /api/v1/tools/…`: one probe from where the API runs. Nothing is stored. How far it reaches is the key's matter.

use axum::{Extension, Json, extract::State};
use serde_json::Value;
use valpero_domain::{
    Faults, Fields, Timestamp,
    check::{Check, CheckType},
    http_check::{ExpectedStatus, FOLLOW_REDIRECTS, HttpCheck, VERIFY_TLS},
    probe::ProbeResult,
};
use valpero_http::{Auth, JsonBody, Problem, need};
use valpero_outbound::{Facts, probe};
use valpero_runtime::App;
use valpero_views::{HeadersReport, Report};

use crate::{
    Tools,
    bodies::{DnsTool, HeadersTool, HttpTool, PingTool, SITE, SslTool, TIMEOUT_MS},
    reach::Reach,
    report::{headers_report, report},
};

/// Probe a URL once, like an http check. Nothing is stored. Methods other than GET and HEAD, `headers`, `body`, `basic_auth` and
/// targets that are not on the public internet also need the scope `monitors:write`, otherwise 403 `missing_scope`.
#[utoipa::path(
    post,
    path = "/api/v1/tools/http",
    operation_id = "probe_http",
    tag = "tools",
    security(("key" = ["monitors:read"])),
    request_body = HttpTool,
    responses((status = 200, description = "Result of the probe, whether the target is up or down", body = Report))
)]
pub async fn http(
    State(app): State<App>,
    Extension(tools): Extension<Tools>,
    auth: Auth<need::MonitorsRead>,
    JsonBody(body): JsonBody,
) -> Result<Json<Report>, Problem> {
    probed(&app, &tools, Reach::of(&auth), CheckType::Http, &body).await
}

/// Examine a certificate once, like an ssl check. Nothing is stored. Targets that are not on the public internet also need the scope
/// `monitors:write`, otherwise 403 `missing_scope`.
#[utoipa::path(
    post,
    path = "/api/v1/tools/ssl",
    operation_id = "probe_ssl",
    tag = "tools",
    security(("key" = ["monitors:read"])),
    request_body = SslTool,
    responses((status = 200, description = "Result of the probe, whether the target is up or down", body = Report))
)]
pub async fn ssl(
    State(app): State<App>,
    Extension(tools): Extension<Tools>,
    auth: Auth<need::MonitorsRead>,
    JsonBody(body): JsonBody,
) -> Result<Json<Report>, Problem> {
    probed(&app, &tools, Reach::of(&auth), CheckType::Ssl, &body).await
}

/// Query DNS records once, like a dns check. Nothing is stored. A `resolver` that is not on the public internet also needs the scope
/// `monitors:write`, otherwise 403 `missing_scope`.
#[utoipa::path(
    post,
    path = "/api/v1/tools/dns",
    operation_id = "probe_dns",
    tag = "tools",
    security(("key" = ["monitors:read"])),
    request_body = DnsTool,
    responses((status = 200, description = "Result of the probe, whether the target is up or down", body = Report))
)]
pub async fn dns(
    State(app): State<App>,
    Extension(tools): Extension<Tools>,
    auth: Auth<need::MonitorsRead>,
    JsonBody(body): JsonBody,
) -> Result<Json<Report>, Problem> {
    probed(&app, &tools, Reach::of(&auth), CheckType::Dns, &body).await
}

/// Measure a TCP handshake once, like a ping check. Nothing is stored. Targets that are not on the public internet also need the
/// scope `monitors:write`, otherwise 403 `missing_scope`.
#[utoipa::path(
    post,
    path = "/api/v1/tools/ping",
    operation_id = "probe_ping",
    tag = "tools",
    security(("key" = ["monitors:read"])),
    request_body = PingTool,
    responses((status = 200, description = "Result of the probe, whether the target is up or down", body = Report))
)]
pub async fn ping(
    State(app): State<App>,
    Extension(tools): Extension<Tools>,
    auth: Auth<need::MonitorsRead>,
    JsonBody(body): JsonBody,
) -> Result<Json<Report>, Problem> {
    probed(&app, &tools, Reach::of(&auth), CheckType::Ping, &body).await
}

/// Get a site's response headers and rate its security headers. Nothing is stored. Sites that are not on the public internet also
/// need the scope `monitors:write`, otherwise 403 `missing_scope`.
#[utoipa::path(
    post,
    path = "/api/v1/tools/headers",
    operation_id = "probe_headers",
    tag = "tools",
    security(("key" = ["monitors:read"])),
    request_body = HeadersTool,
    responses((status = 200, description = "Headers and ratings, whatever the site's status code", body = HeadersReport))
)]
pub async fn headers(
    State(app): State<App>,
    Extension(tools): Extension<Tools>,
    auth: Auth<need::MonitorsRead>,
    JsonBody(body): JsonBody,
) -> Result<Json<HeadersReport>, Problem> {
    let (check, timeout_ms) = read(&app, &body, |fields, faults| {
        let url = fields.read(&SITE, faults);
        let ours = HttpCheck::default();
        let http = HttpCheck {
            follow_redirects: fields.read(&FOLLOW_REDIRECTS, faults).unwrap_or(ours.follow_redirects),
            verify_tls: fields.read(&VERIFY_TLS, faults).unwrap_or(ours.verify_tls),
            expected_status: ExpectedStatus::any(),
            ..ours
        };
        let check = url.map(|url| Check::Http(url, http));
        if let Some(check) = check.as_ref().filter(|_| !app.settings.private_targets) {
            check.refuse_private(fields, faults);
        }
        check
    })?;
    let (result, facts, now) = once(&app, &tools, Reach::of(&auth), &check, timeout_ms).await?;
    Ok(Json(headers_report(&check, &result, &facts, now)))
}

async fn probed(app: &App, tools: &Tools, reach: Reach, of: CheckType, body: &Value) -> Result<Json<Report>, Problem> {
    let (check, timeout_ms) =
        read(app, body, |fields, faults| Check::read_flat(of, fields, app.settings.private_targets, faults))?;
    let (result, facts, now) = once(app, tools, reach, &check, timeout_ms).await?;
    Ok(Json(report(&check, &result, &facts, now)))
}

/// The check that a body asks for, and how long it may take.
fn read<'a>(
    app: &App,
    body: &'a Value,
    check: impl FnOnce(&mut Fields<'a>, &mut Faults) -> Option<Check>,
) -> Result<(Check, u32), Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let check = check(&mut fields, &mut faults);
    if let Some(check) = &check {
        check.refuse_ports(app.settings.blocked_ports, &fields, &mut faults);
    }
    let timeout_ms = fields.read(&TIMEOUT_MS, &mut faults);
    fields.finish(&mut faults);
    faults.finish(check.zip(timeout_ms))
}

async fn once(
    app: &App,
    tools: &Tools,
    reach: Reach,
    check: &Check,
    timeout_ms: u32,
) -> Result<(ProbeResult, Facts, Timestamp), Problem> {
    reach.permit(check)?;
    let _place = tools.in_flight.try_acquire().map_err(|error| Problem::unavailable(&error))?;
    let now = app.now();
    let (result, facts) = probe(reach.ways_out(tools), check, timeout_ms, now).await;
    reach.seen(&result, app.settings.private_targets)?;
    Ok((result, facts, now))
}
