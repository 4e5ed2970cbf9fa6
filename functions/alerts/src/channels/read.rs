//! `GET /api/v1/channels/{id}`.

use axum::{Json, extract::State, response::IntoResponse};
use valpero_domain::ChannelId;
use valpero_http::{Auth, ETag, NoQuery, ObjectId, Problem, need};
use valpero_runtime::App;
use valpero_views::{Channel, schema};

/// Get a channel. `health` says whether its receiver takes messages; secrets are never shown. `ETag` is the version of its settings, for
/// `If-Match` of a change.
#[utoipa::path(
    get,
    path = "/api/v1/channels/{id}",
    operation_id = "get_channel",
    tag = "alerts",
    security(("key" = ["alerts:read"])),
    params(("id" = schema::ChannelId, Path, description = "ID of the channel")),
    responses((status = 200, description = "The channel", body = Channel))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsRead>,
    ObjectId(id): ObjectId<ChannelId>,
    _: NoQuery,
) -> Result<impl IntoResponse, Problem> {
    let channel = app.store.channel(caller.account(), id).await?;
    Ok((ETag::of(channel.updated_at).header(), Json(Channel::of(&channel))))
}
