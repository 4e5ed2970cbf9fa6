//! Incidents and their stories.

mod acknowledge;
mod comment;
mod list;
mod read;
mod resolve;

use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};
use valpero_app::{App, Needs, http::Problem, views};
use valpero_domain::{AccountId, Faults, Fields, IncidentId, incident::Note};

/// It tells of what people do with incidents.
pub const NEEDS: Needs = Needs { queue: true, events: false, targets: false, region: false };

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(read::read))
        .routes(routes!(acknowledge::acknowledge))
        .routes(routes!(resolve::resolve))
        .routes(routes!(comment::comment))
}

/// An incident with its story.
async fn view(app: &App, account: AccountId, id: IncidentId) -> Result<Value, Problem> {
    let incident = app.store.incident(account, id).await?;
    let timeline = app.store.timeline(account, id).await?;
    let mut view = views::incident(&incident);
    view["timeline"] = timeline.iter().map(views::timeline_entry).collect();
    Ok(view)
}

/// The `note` of a body that may have one.
fn note(body: &Value) -> Result<Option<String>, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let note: Option<Note> = fields.optional("note", &mut faults);
    fields.finish(&mut faults);
    faults.finish(Some(note.map(String::from)))
}
