//! Incidents and their stories.

mod acknowledge;
mod comment;
mod link;
mod list;
mod read;
mod resolve;

use axum::routing::get;
use serde_json::Value;
use valpero_domain::{AccountId, Faults, Field, Fields, IncidentId, Literal, Object, incident::Note, text_spec};
use valpero_http::{Problem, Routes, routes};
use valpero_runtime::{App, Needs};
use valpero_storage::AlertingRow;
use valpero_views::{Incident, NextStepView, Notified, TimelineEntry, body};

/// It tells of what people do with incidents.
pub const NEEDS: Needs = Needs { queue: true, ..Needs::NONE };

/// Those of its routes that need no key: what the links in messages lead to. They are for people, so the reference does not name them.
pub fn open_routes() -> Routes {
    Routes::new().map(|router| {
        // Chat programs add a slash to links, and people lose the end of them.
        link::PATHS.into_iter().fold(router, |router, path| router.route(path, get(link::show).post(link::act)))
    })
}

/// Those of its routes that need a key.
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
    let alerting = app.store.alerting(account, id).await?;
    let notified = match &alerting {
        Some(row) => notified(app, row).await?,
        None => Vec::new(),
    };
    Ok(Incident {
        timeline: Some(timeline.iter().map(TimelineEntry::from).collect()),
        notified: Some(notified),
        next_step: alerting.as_ref().and_then(|row| NextStepView::of(&row.alerting)),
        suppressed_by: alerting.as_ref().and_then(|row| row.alerting.suppressed_by()),
        flapping: Some(alerting.is_some_and(|row| row.flapping)),
        ..Incident::of(&incident)
    })
}

/// Who was told of an incident, and whether it arrived.
async fn notified(app: &App, row: &AlertingRow) -> Result<Vec<Notified>, Problem> {
    let account = row.account_id;
    let openings = row.alerting.told.iter().filter_map(|told| row.opening_of(told.channel_id)).collect();
    let openings = app.store.deliveries_by_id(account, &openings).await?;
    let digests = openings.iter().filter_map(|delivery| delivery.digest_id).collect();
    let digests = app.store.deliveries_by_id(account, &digests).await?;
    let told = row.alerting.told.iter().map(|told| {
        let opening = openings.iter().find(|delivery| delivery.channel_id == Some(told.channel_id));
        let digest = opening.and_then(|opening| digests.iter().find(|digest| Some(digest.id) == opening.digest_id));
        let arrived = digest.or(opening);
        Notified {
            channel_id: told.channel_id,
            delivery_id: opening.map(|delivery| delivery.id),
            status: arrived.map(|delivery| delivery.status),
            at: told.at,
            attempts: arrived.map_or(0, |delivery| delivery.attempts),
        }
    });
    Ok(told.collect())
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
