//! `POST /api/v1/monitors`.

use std::collections::{BTreeMap, BTreeSet};

use axum::{extract::State, response::Response};
use valpero_auth::WebhookSecret;
use valpero_domain::{
    AccountId, AuditAction, MonitorId, MonitorSpec, Status, Timestamp, certificate::ToldOf, downtime::Downtime,
};
use valpero_http::{Answer, Auth, Idempotency, IdempotencyParam, JsonBody, Problem, Ticket, need};
use valpero_runtime::{App, entropy};
use valpero_storage::{Monitor, StoreError, Webhook};
use valpero_views as views;
use valpero_views::Shown;

use crate::{bodies::MonitorCreate, depends_on};

/// Create a monitor. If `webhook_url` is set, the response contains the webhook's secret, shown only once. A plan's limit is 403
/// `monitor_limit_reached`; a new deployment, in which no region has reported yet, is 503 `no_region_yet`.
#[utoipa::path(
    post,
    path = "/api/v1/monitors",
    operation_id = "create_monitor",
    tag = "monitors",
    security(("key" = ["monitors:write"])),
    params(IdempotencyParam),
    request_body = MonitorCreate,
    responses((status = 201, description = "The monitor", body = views::Monitor))
)]
pub async fn create(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    idempotency: Idempotency,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let make = async |ticket: Ticket| {
        let now = app.now();
        let (account, regions) = tokio::try_join!(app.store.account(caller.account()), app.store.deployed_regions())?;
        if regions.is_empty() {
            return Err(Problem::no_region());
        }
        let plan = account.plan;
        let spec = MonitorSpec::read(&body, &crate::allowance(&app, plan, None, &regions, &[]))?;
        depends_on::check(&app, caller.account(), None, &[], &spec.depends_on).await?;
        let draft = draft(caller.account(), spec, now)?;
        let id = draft.id;
        let webhook_secret = draft.webhook.as_ref().map(|webhook| Shown::from(webhook.secret.reveal()));
        let view = views::Monitor { webhook_secret, ..views::Monitor::of(&draft, &BTreeMap::new(), now) };
        let answer = Answer::created(Some(format!("/api/v1/monitors/{id}")), &view);
        let trail = ticket.trail(AuditAction::MonitorCreated, &id, &answer, now)?;
        let most = plan.limits().monitors;
        match app.store.create_monitor(draft, most, &trail).await {
            Ok(_) => Ok(answer),
            Err(StoreError::LimitReached) => Err(Problem::monitor_limit(most)),
            Err(error) => Err(error.into()),
        }
    };
    idempotency.once(&app, &caller, &body, make).await
}

fn draft(account_id: AccountId, spec: MonitorSpec, now: Timestamp) -> Result<Monitor, Problem> {
    let webhook = spec.webhook_url.as_ref().map(|_| Webhook::new(WebhookSecret::generate()));
    Ok(Monitor {
        account_id,
        id: MonitorId::new(now, entropy()),
        spec,
        status: Status::Pending,
        status_since: now,
        version: 0,
        votes: BTreeMap::new(),
        degraded_reason: None,
        places: Vec::new(),
        past_places: Vec::new(),
        unwatched: None,
        current_incident_id: None,
        last_resolved_at: None,
        webhook,
        ssl_expires_at: None,
        certificates_told: ToldOf::default(),
        downtime: Downtime::default(),
        muted_until: None,
        pages: BTreeSet::new(),
        created_at: now,
        updated_at: now,
    })
}
