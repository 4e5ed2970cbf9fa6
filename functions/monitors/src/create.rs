//! `POST /api/v1/monitors`.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde_json::json;
use valpero_app::{
    App, entropy,
    http::{Auth, JsonBody, Problem, need},
    views,
};
use valpero_auth::WebhookSecret;
use valpero_domain::{AccountId, MonitorId, MonitorSpec, Status, Timestamp};
use valpero_storage::{Monitor, StoreError, Webhook};

/// Makes a monitor. With a `webhook_url`, the answer shows the webhook's secret, this once.
#[utoipa::path(
    post,
    path = "/api/v1/monitors",
    tag = "monitors",
    security(("key" = ["monitors:write"])),
    responses((status = 201, description = "The monitor"))
)]
pub async fn create(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let now = app.now();
    let (account, regions) = tokio::try_join!(app.store.account(caller.account()), app.store.deployed_regions())?;
    if regions.is_empty() {
        return Err(Problem::no_region());
    }
    let plan = account.plan;
    let spec = MonitorSpec::read(&body, &crate::allowance(&app, plan, &regions, &[]))?;
    let draft = draft(caller.account(), spec, now)?;
    let audit = caller.audit(now, "monitor.created", Some(draft.id.to_string()))?;
    let most = plan.limits().monitors;
    let monitor = app.store.create_monitor(draft, most, &audit).await.map_err(|error| match error {
        StoreError::LimitReached => Problem::monitor_limit(most),
        error => error.into(),
    })?;
    let mut view = views::monitor(&monitor, &BTreeMap::new());
    if let Some(webhook) = &monitor.webhook {
        view["webhook_secret"] = json!(webhook.secret.reveal());
    }
    let location = [(header::LOCATION, format!("/api/v1/monitors/{}", monitor.id))];
    Ok((StatusCode::CREATED, location, Json(view)))
}

fn draft(account_id: AccountId, spec: MonitorSpec, now: Timestamp) -> Result<Monitor, Problem> {
    let webhook = match spec.webhook_url {
        Some(_) => Some(Webhook::new(WebhookSecret::generate()?)),
        None => None,
    };
    Ok(Monitor {
        account_id,
        id: MonitorId::new(now, entropy()?),
        spec,
        status: Status::Pending,
        status_since: now,
        version: 0,
        votes: BTreeMap::new(),
        places: Vec::new(),
        past_places: Vec::new(),
        current_incident_id: None,
        last_resolved_at: None,
        webhook,
        ssl_expires_at: None,
        created_at: now,
        updated_at: now,
    })
}
