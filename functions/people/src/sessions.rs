//! `GET /api/v1/sessions` and `DELETE /api/v1/sessions/{id}`: a person's own.

use axum::{extract::State, http::StatusCode};
use valpero_domain::{AuditAction, SessionId};
use valpero_http::{Auth, List, Listed, NoBody, ObjectId, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::StoreError;
use valpero_views::{Session, schema};

/// List the sessions of the person who asks, in this account, oldest first. An API key has none.
#[utoipa::path(
    get,
    path = "/api/v1/sessions",
    operation_id = "list_sessions",
    tag = "people",
    security(("key" = ["account:read"])),
    params(PageParams),
    responses((status = 200, description = "One page of sessions", body = List<Session>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AccountRead>,
    mut params: Params,
) -> Result<Listed<Session>, Problem> {
    let page: Page<SessionId> = params.page(caller.account());
    params.finish()?;
    let (now, current) = (app.now(), caller.receipts.key_id);
    let mut sessions = match caller.person() {
        Some(user) => app.store.sessions(caller.account(), user).await?,
        None => Vec::new(),
    };
    let id = |session: &valpero_storage::ApiKey| SessionId::of_key(session.id);
    sessions.retain(|session| session.is_live(now) && page.after().is_none_or(|after| id(session) > *after));
    Ok(page.answer(&page.cut(sessions), id, |session| Session::of(session, current)))
}

/// End a session of the person who asks. The next request with it gets 401.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{id}",
    operation_id = "end_session",
    tag = "people",
    security(("key" = ["account:read"])),
    params(("id" = schema::SessionId, Path, description = "ID of the session")),
    responses((status = 204, description = "The session is over"))
)]
pub async fn end(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AccountRead>,
    ObjectId(id): ObjectId<SessionId>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let user = caller.person().ok_or(StoreError::NotFound)?;
    let sessions = app.store.sessions(caller.account(), user).await?;
    let session = sessions.iter().find(|session| session.id == id.key()).ok_or(StoreError::NotFound)?;
    let audit = caller.audit(app.now(), AuditAction::SessionEnded, Some(id.to_string()));
    app.store.end_session(session, &audit).await?;
    Ok(StatusCode::NO_CONTENT)
}
