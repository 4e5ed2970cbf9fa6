//! `POST /api/v1/monitors/{id}/mute` and `/unmute`, `POST /api/v1/mute` and `/unmute`.

use axum::{Json, extract::State};
use serde_json::Value;
use valpero_domain::{
    AuditAction, Faults, Fields, MonitorId, Object, Timestamp,
    alerting::mute::{UNTIL, is_muted, read_until},
    event::{Due, Muted},
};
use valpero_http::{Auth, Caller, JsonBody, NoBody, ObjectId, Problem, latest::latest_of, need, retry_on_conflict};
use valpero_monitoring::notify;
use valpero_runtime::App;
use valpero_views::{AccountMute, Monitor, body, schema};

/// The body of a mute.
const MUTE: Object = Object { name: "Mute", patch_name: "", says: "How long channels are silent.", fields: &[UNTIL] };

body!(Mute, MUTE, Whole);

/// Mute a monitor. Until then its channels are told nothing of it; its incidents and its webhook go on. Afterwards they are told of the
/// incidents that are still open. A monitor that is muted already gets the new end.
#[utoipa::path(
    post,
    path = "/api/v1/monitors/{id}/mute",
    operation_id = "mute_monitor",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    params(("id" = schema::MonitorId, Path, description = "ID of the monitor")),
    request_body = Mute,
    responses((status = 200, description = "The muted monitor", body = Monitor))
)]
pub async fn mute_monitor(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    ObjectId(id): ObjectId<MonitorId>,
    JsonBody(body): JsonBody,
) -> Result<Json<Monitor>, Problem> {
    mute(&app, &caller, Muted::Monitor(id), &body).await?;
    monitor(&app, &caller, id).await
}

/// Unmute a monitor. Its channels are told of the incidents that are still open. Idempotent.
#[utoipa::path(
    post,
    path = "/api/v1/monitors/{id}/unmute",
    operation_id = "unmute_monitor",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    params(("id" = schema::MonitorId, Path, description = "ID of the monitor")),
    responses((status = 200, description = "The monitor", body = Monitor))
)]
pub async fn unmute_monitor(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    ObjectId(id): ObjectId<MonitorId>,
    _: NoBody,
) -> Result<Json<Monitor>, Problem> {
    unmute(&app, &caller, Muted::Monitor(id)).await?;
    monitor(&app, &caller, id).await
}

/// Mute the account. Until then no channel is told of any monitor; incidents and webhooks go on. Afterwards the channels are told of the
/// incidents that are still open. An account that is muted already gets the new end.
#[utoipa::path(
    post,
    path = "/api/v1/mute",
    operation_id = "mute_account",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    request_body = Mute,
    responses((status = 200, description = "The end of the mute", body = AccountMute))
)]
pub async fn mute_account(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    JsonBody(body): JsonBody,
) -> Result<Json<AccountMute>, Problem> {
    let until = mute(&app, &caller, Muted::Account, &body).await?;
    Ok(Json(AccountMute { muted_until: Some(until) }))
}

/// Unmute the account. The channels are told of the incidents that are still open, but for those of monitors that are muted
/// themselves. Idempotent.
#[utoipa::path(
    post,
    path = "/api/v1/unmute",
    operation_id = "unmute_account",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    responses((status = 200, description = "The account is not muted", body = AccountMute))
)]
pub async fn unmute_account(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    _: NoBody,
) -> Result<Json<AccountMute>, Problem> {
    unmute(&app, &caller, Muted::Account).await?;
    Ok(Json(AccountMute { muted_until: None }))
}

/// Mutes until the time that the body names, which it answers. Where that is the end already, nothing is written.
async fn mute(app: &App, caller: &Caller, muted: Muted, body: &Value) -> Result<Timestamp, Problem> {
    let now = app.now();
    let until = until(body, now)?;
    if muted_until(app, caller, muted).await? == Some(until) {
        return Ok(until);
    }
    let (action, target) = match muted {
        Muted::Account => (AuditAction::AccountMuted, None),
        Muted::Monitor(id) => (AuditAction::MonitorMuted, Some(id.to_string())),
    };
    app.store.mute(caller.account(), muted, until, &caller.audit(now, action, target)).await?;
    Ok(until)
}

async fn unmute(app: &App, caller: &Caller, muted: Muted) -> Result<(), Problem> {
    let ended = retry_on_conflict(|| async {
        let now = app.now();
        // One that has ended by itself is told by the sweep.
        if is_muted(muted_until(app, caller, muted).await?, None, now).is_none() {
            return Ok(false);
        }
        let (action, target) = match muted {
            Muted::Account => (AuditAction::AccountUnmuted, None),
            Muted::Monitor(id) => (AuditAction::MonitorUnmuted, Some(id.to_string())),
        };
        app.store.unmute(caller.account(), muted, now, &caller.audit(now, action, target)).await?;
        Ok::<_, Problem>(true)
    });
    if ended.await? {
        notify::announce_due(app, caller.account(), Due::Mute(muted)).await;
    }
    Ok(())
}

/// The end that is stored, be it over or not.
async fn muted_until(app: &App, caller: &Caller, muted: Muted) -> Result<Option<Timestamp>, Problem> {
    Ok(match muted {
        Muted::Account => app.store.account(caller.account()).await?.muted_until,
        Muted::Monitor(id) => app.store.monitor(caller.account(), id).await?.muted_until,
    })
}

fn until(body: &Value, now: Timestamp) -> Result<Timestamp, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let until = read_until(&mut fields, now, &mut faults);
    fields.finish(&mut faults);
    faults.finish(until)
}

async fn monitor(app: &App, caller: &Caller, id: MonitorId) -> Result<Json<Monitor>, Problem> {
    let monitor = app.store.monitor(caller.account(), id).await?;
    Ok(Json(Monitor::of(&monitor, &latest_of(app, &monitor).await?, app.now())))
}
