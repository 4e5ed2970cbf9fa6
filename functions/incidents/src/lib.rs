//! Incidents and their stories.

mod acknowledge;
mod comment;
mod list;
mod read;
mod resolve;

use serde_json::Value;
use valpero_domain::{AccountId, Faults, Field, Fields, IncidentId, Literal, Object, incident::Note, text_spec};
use valpero_http::{Problem, Routes, routes};
use valpero_runtime::{App, Needs};
use valpero_views::{Incident, TimelineEntry, body};

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

const NOTE: Field = Field::text("note", &text_spec::NOTE)
    .says("1 to 2,000 characters. White space around them is removed.")
    .example(Literal::Str("On it."));

/// The body of an acknowledgement or a resolution.
const NOTE_BODY: Object =
    Object { name: "Note", patch_name: "", says: "A note for the timeline of the incident.", fields: &[NOTE] };

body!(NoteBody, NOTE_BODY, Whole);

/// The `note` of a body that may have one.
fn note(body: &Value) -> Result<Option<String>, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let note: Option<Note> = fields.read(&NOTE, &mut faults);
    fields.finish(&mut faults);
    faults.finish(Some(note.map(String::from)))
}
