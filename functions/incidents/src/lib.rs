//! Incidents and their stories.

mod acknowledge;
mod comment;
mod list;
mod read;
mod resolve;

use serde_json::Value;
use utoipa::ToSchema;
use valpero_domain::{AccountId, Faults, Fields, IncidentId, incident::Note};
use valpero_http::{Problem, Routes, routes};
use valpero_runtime::{App, Needs};
use valpero_views::{Incident, TimelineEntry};

/// It tells of what people do with incidents.
pub const NEEDS: Needs = Needs { queue: true, events: false, targets: false, region: false };

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .with(routes!(list::list))
        .with(routes!(read::read))
        .with(routes!(acknowledge::acknowledge))
        .with(routes!(resolve::resolve))
        .with(routes!(comment::comment))
}

/// An incident with its story.
async fn view(app: &App, account: AccountId, id: IncidentId) -> Result<Incident, Problem> {
    let incident = app.store.incident(account, id).await?;
    let timeline = app.store.timeline(account, id).await?;
    Ok(Incident { timeline: Some(timeline.iter().map(TimelineEntry::from).collect()), ..Incident::of(&incident) })
}

/// What a person says while they acknowledge or resolve.
#[derive(Debug, ToSchema)]
#[schema(as = Note)]
#[expect(
    dead_code,
    reason = "described, and never built: bodies are read field by field, so that all faults are told at once"
)]
pub struct NoteBody {
    /// 1 to 2,000 characters, spaces around them not counted.
    #[schema(min_length = 1, max_length = 2000, pattern = "\\S", example = "On it.")]
    note: Option<String>,
}

/// The `note` of a body that may have one.
fn note(body: &Value) -> Result<Option<String>, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let note: Option<Note> = fields.optional("note", &mut faults);
    fields.finish(&mut faults);
    faults.finish(Some(note.map(String::from)))
}
