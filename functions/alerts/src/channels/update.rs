//! `PATCH /api/v1/channels/{id}`.

use axum::{Extension, Json, extract::State, response::IntoResponse};
use serde_json::Value;
use valpero_auth::{LinkSecret, WebhookSecret};
use valpero_domain::{AuditAction, ChannelId, channel::ChannelType};
use valpero_http::{Auth, Caller, ETag, IfMatch, IfMatchParam, JsonBody, ObjectId, Problem, need, retry_on_conflict};
use valpero_runtime::App;
use valpero_storage::{Channel, ChannelHealth};
use valpero_views::{self as views, Shown, schema};

use super::ChannelPatch;
use crate::Alerts;

/// Update a channel. The body is a JSON Merge Patch (RFC 7396): fields in it change, `null` restores the default; a patch that changes
/// nothing is not recorded. A disabled channel is open again once its settings change. If `If-Match` names another version of the
/// settings, 412 `precondition_failed`; type `email` is 409 `mail_not_sent` where the deployment sends no mail.
#[utoipa::path(
    patch,
    path = "/api/v1/channels/{id}",
    operation_id = "update_channel",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    params(("id" = schema::ChannelId, Path, description = "ID of the channel"), IfMatchParam),
    request_body = ChannelPatch,
    responses((status = 200, description = "The updated channel", body = views::Channel))
)]
pub async fn update(
    State(app): State<App>,
    Extension(alerts): Extension<Alerts>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    ObjectId(id): ObjectId<ChannelId>,
    if_match: IfMatch,
    JsonBody(patch): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let (channel, is_new) = retry_on_conflict(|| apply(&app, &alerts, &caller, id, &if_match, &patch)).await?;
    let secret = channel.secret.as_ref().filter(|_| is_new);
    let webhook_secret = secret.map(|secret| Shown::from(secret.reveal()));
    let view = views::Channel { webhook_secret, ..views::Channel::of(&channel) };
    Ok((ETag::of(channel.updated_at).header(), Json(view)))
}

/// The channel as it is now, and whether its secret is new.
async fn apply(
    app: &App,
    alerts: &Alerts,
    caller: &Caller,
    id: ChannelId,
    if_match: &IfMatch,
    patch: &Value,
) -> Result<(Channel, bool), Problem> {
    let old = app.store.channel(caller.account(), id).await?;
    if_match.holds(&ETag::of(old.updated_at))?;
    // Each version has a moment of its own.
    let now = app.now().max(old.updated_at.plus_ms(1));
    let spec = old.spec.patched(patch, &super::allowance(app))?;
    if spec == old.spec {
        return Ok((old, false));
    }
    super::check(&spec.settings, &alerts.mailer)?;
    let is_webhook = spec.settings.channel_type() == ChannelType::Webhook;
    let is_new = is_webhook && old.secret.is_none();
    let secret = if is_new { Some(WebhookSecret::generate()) } else { old.secret.clone().filter(|_| is_webhook) };
    // Secrets are those of a webhook; those of another type's time are gone.
    let (previous_secret, previous_until) =
        if is_webhook { (old.previous_secret.clone(), old.previous_until) } else { (None, None) };
    // The health of other settings does not apply to these.
    let health = if spec.settings == old.spec.settings { old.health.clone() } else { ChannelHealth::default() };
    let link_secret = Some(old.link_secret.clone().unwrap_or_else(LinkSecret::generate));
    let new =
        Channel { spec, secret, previous_secret, previous_until, link_secret, health, updated_at: now, ..old.clone() };
    let audit = caller.audit(now, AuditAction::ChannelUpdated, Some(id.to_string()));
    app.store.update_channel(&old, &new, &audit).await?;
    Ok((new, is_new))
}
