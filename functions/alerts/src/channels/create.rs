//! `POST /api/v1/channels`.

use axum::{Extension, extract::State, response::Response};
use valpero_auth::{LinkSecret, WebhookSecret};
use valpero_domain::{
    AuditAction, ChannelId,
    channel::{ChannelSpec, ChannelType},
};
use valpero_http::{Answer, Auth, Idempotency, IdempotencyParam, JsonBody, Problem, Ticket, need};
use valpero_runtime::{App, entropy};
use valpero_storage::{CHANNELS_MAX, Channel, ChannelHealth, StoreError};
use valpero_views::{self as views, Shown};

use super::ChannelCreate;
use crate::Alerts;

/// Create a channel. A `webhook` channel gets a secret that signs its messages, shown only in this response. At most 100 channels an
/// account, then 403 `channel_limit_reached`; type `email` is 409 `mail_not_sent` where the deployment sends no mail.
#[utoipa::path(
    post,
    path = "/api/v1/channels",
    operation_id = "create_channel",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    params(IdempotencyParam),
    request_body = ChannelCreate,
    responses((status = 201, description = "The channel", body = views::Channel))
)]
pub async fn create(
    State(app): State<App>,
    Extension(alerts): Extension<Alerts>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    idempotency: Idempotency,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let make = async |ticket: Ticket| {
        let now = app.now();
        let spec = ChannelSpec::read(&body, &super::allowance(&app))?;
        super::check(&spec.settings, &alerts.mailer)?;
        let is_webhook = spec.settings.channel_type() == ChannelType::Webhook;
        let channel = Channel {
            account_id: caller.account(),
            id: ChannelId::new(now, entropy()),
            spec,
            secret: is_webhook.then(WebhookSecret::generate),
            previous_secret: None,
            previous_until: None,
            link_secret: Some(LinkSecret::generate()),
            health: ChannelHealth::default(),
            delivered: 0,
            retried: 0,
            gave_up: 0,
            created_at: now,
            updated_at: now,
        };
        let webhook_secret = channel.secret.as_ref().map(|secret| Shown::from(secret.reveal()));
        let view = views::Channel { webhook_secret, ..views::Channel::of(&channel) };
        let answer = Answer::created(Some(format!("/api/v1/channels/{}", channel.id)), &view);
        let trail = ticket.trail(AuditAction::ChannelCreated, &channel.id, &answer, now)?;
        match app.store.create_channel(&channel, &trail).await {
            Ok(()) => Ok(answer),
            Err(StoreError::LimitReached) => Err(Problem::channel_limit(CHANNELS_MAX)),
            Err(error) => Err(error.into()),
        }
    };
    idempotency.once(&app, &caller, &body, make).await
}
