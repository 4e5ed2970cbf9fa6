//! Documents in the shape of Atlassian Statuspage's public API, field for field, so that what reads theirs reads ours
//! (<https://doers.statuspage.io/api/v2>).

use serde_json::{Value, json};
use valpero_domain::{
    PostId, Timestamp,
    pages::{PageView, PostKind, post::Post},
};
use valpero_statuspage::json;
use valpero_storage::PostRow;

use crate::{asked::Document, frame::Place};

/// A document of a page. `posts` are its latest, for those that have more than the view.
pub fn document(document: Document, view: &PageView, place: &Place, posts: &[PostRow], now: Timestamp) -> Value {
    let shown = view.at(now);
    let page = json!({
        "id": view.page_id,
        "name": view.spec.title,
        "url": place.url,
        "time_zone": view.spec.time_zone,
        "updated_at": view.made_at,
    });
    let status = json::status(view, &shown);
    let components = || json::components(view, &shown.components);
    let post = |id: PostId, post: &Post| json::incident(view, &place.url, &shown.components, id, post, now);
    let all =
        |of: &[&valpero_domain::pages::PublicPost]| of.iter().map(|one| post(one.id, &one.post)).collect::<Vec<_>>();
    let latest = |kind: PostKind| {
        let of_kind = posts.iter().filter(|row| row.post.kind == kind);
        of_kind.map(|row| post(row.id, &row.post)).collect::<Vec<_>>()
    };
    let planned = || [shown.active.as_slice(), shown.upcoming.as_slice()].concat();
    match document {
        Document::Summary => json!({
            "page": page,
            "components": components(),
            "incidents": all(&shown.incidents),
            "scheduled_maintenances": all(&planned()),
            "status": status,
        }),
        Document::Status => json!({"page": page, "status": status}),
        Document::Components => json!({"page": page, "components": components()}),
        Document::Incidents => json!({"page": page, "incidents": latest(PostKind::Incident)}),
        Document::Unresolved => json!({"page": page, "incidents": all(&shown.incidents)}),
        Document::Maintenances => json!({"page": page, "scheduled_maintenances": latest(PostKind::Maintenance)}),
        Document::Upcoming => json!({"page": page, "scheduled_maintenances": all(&shown.upcoming)}),
        Document::Active => json!({"page": page, "scheduled_maintenances": all(&shown.active)}),
    }
}
