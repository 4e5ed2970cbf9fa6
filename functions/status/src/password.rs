//! `POST …/password`: takes a page's password. Tries are bounded by the client's address.

use axum::{
    body::{Body, to_bytes},
    http::StatusCode,
};
use valpero_auth::password::Password;
use valpero_http::{Problem, RequestMeta};
use valpero_runtime::App;
use valpero_storage::PublicPage;

/// Passwords that one address may try on one page in 15 minutes.
const TRIES_MAX: u32 = 10;

/// Bytes of the form, at most.
const FORM_MAX: usize = 4_096;

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// It is the password.
    Right,
    /// It is not.
    Wrong,
    /// Too many were tried.
    TooMany,
}

impl Tried {
    /// The status of the answer.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Right => StatusCode::SEE_OTHER,
            Self::Wrong => StatusCode::FORBIDDEN,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// Tries the password of a form on a page.
///
/// # Errors
/// Where the store fails.
pub async fn tried(app: &App, page: &PublicPage, meta: &RequestMeta, body: Body) -> Result<Tried, Problem> {
    let now = app.now();
    let counter = format!("{} {}", page.page_id, meta.client());
    if !app.store.count_try(&counter, now, TRIES_MAX).await? {
        return Ok(Tried::TooMany);
    }
    let Ok(form) = to_bytes(body, FORM_MAX).await else { return Ok(Tried::Wrong) };
    let given =
        url::form_urlencoded::parse(&form).find(|(name, _)| name == "password").map(|(_, value)| value.into_owned());
    let Some(password) = given.as_deref().and_then(Password::claim) else { return Ok(Tried::Wrong) };
    let hash = page.password.clone();
    // It takes some 20 ms of a processor, which others need not wait for.
    let checked = tokio::task::spawn_blocking(move || password.is_of(hash.as_ref())).await;
    let is_right = checked.map_err(|error| Problem::internal(&error))?.map_err(|error| Problem::internal(&error))?;
    if !is_right {
        return Ok(Tried::Wrong);
    }
    app.store.forgive_try(&counter, now).await?;
    Ok(Tried::Right)
}
