//! `GET` and `POST /acknowledge/{token}`: acknowledging an incident from the message that told of it, without a key.
//!
//! Programs that look at mail follow its links, so that a `GET` only shows a page. Nothing of the account is on it but the title that the
//! message had.

use askama::Template;
use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use valpero_auth::{AcknowledgeLink, link::Claim};
use valpero_domain::{
    Actor, AuditAction, Author, Status,
    incident::{Incident, IncidentStatus},
};
use valpero_http::{Code, Problem, RequestMeta, retry_on_conflict};
use valpero_runtime::App;
use valpero_storage::{Channel, Optional};

use crate::acknowledge;

/// Where the pages are.
pub(crate) const PATHS: [&str; 4] = ["/acknowledge/{token}", "/acknowledge/{token}/", "/acknowledge", "/acknowledge/"];

const STYLE: &str = include_str!("../templates/style.css");

/// What the page may load: its style sheet alone, of which this is the hash. Where it may send its form: to itself.
const POLICY: &str = "default-src 'none'; style-src 'sha256-zHJDRILhY3JCUby5BEP8AlnjGU0qWZ71M6IFpXEWFU4='; img-src data:; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "acknowledge.html")]
struct Page<'a> {
    heading: &'a str,
    says: &'a str,
    offers: bool,
}

/// What a link leads to.
enum Found {
    /// The incident.
    Incident(Box<Linked>),
    /// Nothing: the signature is invalid, or the channel or incident was deleted.
    Nothing,
    /// The link has expired.
    TooLate,
}

/// What a good link names.
struct Linked {
    incident: Incident,
    /// Name of the incident's monitor, as its messages give it.
    name: String,
    /// Whether the monitor is down now, be it for another incident.
    is_down: bool,
    /// The channel that the link was sent to.
    channel: Channel,
}

/// The page with the button.
pub(crate) async fn show(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    match find(&app, token).await? {
        Found::Incident(linked) => linked.page(),
        other => nothing(&other),
    }
}

/// The button.
pub(crate) async fn act(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let path = request.uri().path().to_owned();
    let meta = request.extensions().get::<RequestMeta>().cloned().unwrap_or_default();
    let linked = match find(&app, token).await? {
        Found::Incident(linked) => linked,
        other => return nothing(&other),
    };
    let Linked { incident, channel, .. } = linked.as_ref();
    if incident.status == IncidentStatus::Resolved {
        return linked.page();
    }
    let by = Author { actor: Actor::Channel(channel.id), name: Some(channel.spec.name.as_str().to_owned()) };
    let account = channel.account_id;
    let target = incident.id.to_string();
    let audit = |at| meta.audit(account, by.clone(), at, AuditAction::IncidentAcknowledged, Some(target.clone()));
    let applied = retry_on_conflict(|| acknowledge::apply(&app, &by, account, incident.id, None, &audit)).await;
    match applied {
        Ok(()) => {}
        // It was resolved meanwhile: the page says so.
        Err(problem) if problem.code() == Code::IncidentResolved => {}
        Err(problem) => return Err(problem),
    }
    // The page is asked for anew, so that to load it again does nothing.
    Ok(Redirect::to(&path).into_response())
}

async fn find(app: &App, token: Result<Path<String>, PathRejection>) -> Result<Found, Problem> {
    let Some(claim) = token.ok().and_then(|Path(token)| Claim::read(&token)) else { return Ok(Found::Nothing) };
    let (account, channel) = claim.signer();
    let Some(channel) = app.store.channel(account, channel).await.optional()? else { return Ok(Found::Nothing) };
    let proved = channel.link_secret.as_ref().and_then(|secret| claim.proved(secret));
    let Some(AcknowledgeLink { incident_id, until, .. }) = proved else { return Ok(Found::Nothing) };
    if app.now() >= until {
        return Ok(Found::TooLate);
    }
    let Some(incident) = app.store.incident(account, incident_id).await.optional()? else { return Ok(Found::Nothing) };
    let monitor = app.store.monitor(account, incident.monitor_id).await.optional()?;
    let is_down = monitor.as_ref().is_some_and(|monitor| monitor.status == Status::Down);
    let name = monitor.map_or_else(|| incident.monitor_id.to_string(), |monitor| monitor.spec.name.as_str().to_owned());
    Ok(Found::Incident(Box::new(Linked { incident, name, is_down, channel })))
}

impl Linked {
    fn page(&self) -> Result<Response, Problem> {
        let incident = &self.incident;
        let (state, says, offers) = match (incident.status, incident.acknowledged_at) {
            (IncidentStatus::Resolved, _) if self.is_down => {
                ("Over", "This incident is over, but the monitor is down again: see the newer message.", false)
            }
            (IncidentStatus::Resolved, _) => {
                let by_itself = matches!(incident.resolved_by, Some(Actor::Recovery) | None);
                let state = if by_itself { "Up again" } else { "Resolved" };
                (state, "The incident is over. There is nothing left to acknowledge.", false)
            }
            (_, Some(_)) => ("Acknowledged", "Somebody is on it. No reminders and further steps are sent.", false),
            (_, None) => (
                "Down",
                "Acknowledge it if you are on it: reminders and further steps stop, and its timeline says so.",
                true,
            ),
        };
        page(StatusCode::OK, &format!("{state}: {}", self.name), says, offers)
    }
}

fn nothing(found: &Found) -> Result<Response, Problem> {
    match found {
        Found::TooLate => page(
            StatusCode::GONE,
            "This link is too old",
            "Links in alerts are good for 24 hours. Use the link of a newer message, or acknowledge the incident by the API.",
            false,
        ),
        _ => page(
            StatusCode::NOT_FOUND,
            "This link leads nowhere",
            "It is not complete, or its channel or incident was deleted. Copy the whole link from the message.",
            false,
        ),
    }
}

fn page(status: StatusCode, heading: &str, says: &str, offers: bool) -> Result<Response, Problem> {
    let html = Page { heading, says, offers }.render().map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        // The address is the secret.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((status, headers, Html(html)).into_response())
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_page_may_use_its_style_sheet() {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        assert!(POLICY.contains(&format!("'sha256-{hash}'")), "{hash}");
    }

    #[test]
    fn what_people_wrote_is_text() {
        let heading = "Down: <script>alert(1)</script>\"'&";
        let html = Page { heading, says: "x", offers: true }.render().expect("HTML");
        assert!(!html.contains("<script") && html.contains("&#60;script&#62;"), "{html}");
    }
}
