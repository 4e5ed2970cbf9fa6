//! `/status-pages/{id}/components`: what the components of a page are by hand.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::Path, http::Method, response::Response};
use serde_json::{Value, json};
use valpero_domain::{ComponentId, PageId, pages::ComponentStatus};
use valpero_http::Problem;
use valpero_views::{PageComponentView, StatusPage};

use super::{Refused, page_id, path_of, status_name};
use crate::{
    form::{Option_, Sent},
    page::{Shell, page, to},
    parts::Moment,
    visitor::Visitor,
};

#[derive(Template)]
#[template(path = "status_components.html")]
struct ComponentsPage {
    shell: Shell,
    id: String,
    title: String,
    url: String,
    can_write: bool,
    refusals: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    name: String,
    has_monitors: bool,
    by_hand: Option<ByHand>,
    options: Vec<Option_>,
    /// An hour from now, as forms take times.
    proposal: String,
}

struct ByHand {
    status: String,
    until: Option<Moment>,
    who: String,
}

/// `GET /status-pages/{id}/components`.
pub async fn show(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    render(&visitor, page_id(&id)?, Refused::default()).await
}

async fn render(visitor: &Visitor, id: PageId, refused: Refused) -> Result<Response, Problem> {
    let status_page: StatusPage = visitor.client.get(&path_of(id)).await?;
    let shell = visitor.shell("pages");
    let (t, words) = (visitor.t, shell.words());
    let proposal = minute(&visitor.now.plus_seconds(3_600).to_string());
    let row = |component: &PageComponentView| Row {
        id: component.id.to_string(),
        name: component.name.clone(),
        has_monitors: !component.monitor_ids.is_empty(),
        by_hand: component.status_by_hand.as_ref().map(|set| ByHand {
            status: status_name(t, set.status).to_owned(),
            until: set.until.map(|until| Moment::coming(&words, until)),
            who: set.actor.name.clone().unwrap_or_default(),
        }),
        options: ComponentStatus::ALL
            .into_iter()
            .map(|status| Option_ {
                value: status.as_str().to_owned(),
                label: status_name(t, status).to_owned(),
                chosen: component.status_by_hand.as_ref().is_some_and(|set| set.status == status),
            })
            .collect(),
        proposal: proposal.clone(),
    };
    let faults =
        refused.faults.iter().map(|fault| format!("{} {}", t.field(&fault.pointer[1..], &UNTIL).label, fault.detail));
    let template = ComponentsPage {
        id: id.to_string(),
        title: status_page.title.clone(),
        url: status_page.url.clone(),
        can_write: shell.may("pages:write"),
        refusals: refused.says.iter().cloned().chain(faults).collect(),
        rows: status_page.components.iter().map(row).collect(),
        shell,
    };
    page(refused.status, &template)
}

const UNTIL: valpero_domain::Field = valpero_domain::Field::text("until", &valpero_domain::text_spec::TIME);

/// A time as the browser's control has it: to the minute, without a zone.
pub fn minute(time: &str) -> String {
    time.get(..16).unwrap_or_default().to_owned()
}

/// A time as it was typed, for the API: without a zone it is UTC.
pub fn time_of(typed: &str) -> Value {
    let typed = typed.trim();
    match typed.len() {
        0 => Value::Null,
        16 => json!(format!("{typed}:00Z")),
        19 => json!(format!("{typed}Z")),
        _ => json!(typed),
    }
}

/// `POST /status-pages/{id}/components/{component}`: sets the status, or resets it where `do` is `reset`.
pub async fn set(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path((id, component)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = page_id(&id)?;
    let component: ComponentId = component.parse().map_err(|_| Problem::not_found())?;
    let path = format!("{}/components/{component}/status", path_of(id));
    let done = if sent.text("do") == "reset" {
        visitor.client.send(Method::DELETE, &path, &Value::Null).await
    } else {
        let body = json!({"status": sent.text("status"), "until": time_of(sent.text("until"))});
        visitor.client.send(Method::PUT, &path, &body).await
    };
    match done {
        Ok(_) => Ok(to(&format!("/status-pages/{id}/components"), "saved")),
        Err(problem) => render(&visitor, id, Refused::of(problem)?).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_utc() {
        assert_eq!(time_of("2026-12-31T22:00"), json!("2026-12-31T22:00:00Z"));
        assert_eq!(time_of("2026-12-31T22:00:30"), json!("2026-12-31T22:00:30Z"));
        assert_eq!(time_of("2026-12-31T22:00:00+02:00"), json!("2026-12-31T22:00:00+02:00"));
        assert_eq!((time_of(" "), time_of("soon")), (Value::Null, json!("soon")));
        assert_eq!(minute("2026-12-31T22:00:00.000Z"), "2026-12-31T22:00");
    }
}
