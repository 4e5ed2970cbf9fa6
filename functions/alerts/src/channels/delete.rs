//! `DELETE /api/v1/channels/{id}`.

use axum::{extract::State, http::StatusCode};
use valpero_domain::{AuditAction, ChannelId};
use valpero_http::{Auth, Code, ETag, IfMatch, IfMatchParam, NoBody, ObjectId, Problem, need, retry_on_conflict};
use valpero_runtime::App;
use valpero_storage::EscalationPolicyRow;
use valpero_views::schema;

/// Policies that a problem names, at most.
const NAMED: usize = 10;

/// Delete a channel. Nothing more is sent to it. While an escalation policy names it, 409 `channel_in_use`. If `If-Match` names another
/// version of the settings, 412 `precondition_failed`.
#[utoipa::path(
    delete,
    path = "/api/v1/channels/{id}",
    operation_id = "delete_channel",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    params(("id" = schema::ChannelId, Path, description = "ID of the channel"), IfMatchParam),
    responses((status = 204, description = "The channel is deleted"))
)]
pub async fn delete(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    ObjectId(id): ObjectId<ChannelId>,
    if_match: IfMatch,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    retry_on_conflict(|| async {
        let account = caller.account();
        let (channel, policies) =
            tokio::try_join!(app.store.channel(account, id), app.store.policies_with_channel(account, id))?;
        if_match.holds(&ETag::of(channel.updated_at))?;
        not_in_use(&policies)?;
        let audit = caller.audit(app.now(), AuditAction::ChannelDeleted, Some(id.to_string()));
        app.store.delete_channel(account, channel.id, &audit).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn not_in_use(policies: &[EscalationPolicyRow]) -> Result<(), Problem> {
    if policies.is_empty() {
        return Ok(());
    }
    let name = |row: &EscalationPolicyRow| format!("{:?} ({})", row.policy.name.as_str(), row.id);
    let named: Vec<String> = policies.iter().take(NAMED).map(name).collect();
    let more = match policies.len() - named.len() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let detail =
        format!("Escalation policies name this channel: {}{more}. Remove it from them first.", named.join(", "));
    Err(Problem::conflict(Code::ChannelInUse, detail))
}
