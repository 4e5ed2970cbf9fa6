//! `/incidents`: all incidents, newest first.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{Extension, extract::Query, http::HeaderMap, response::Response};
use serde::Deserialize;
use url::form_urlencoded::Serializer;
use valpero_domain::{MonitorId, Scope, incident::IncidentStatus};
use valpero_http::{List, Problem};
use valpero_views::{Incident, Monitor};

use crate::{
    page::{Shell, live},
    parts::{Moment, State},
    texts::Texts,
    visitor::Visitor,
    words::Words,
};

/// Incidents on one page.
const A_PAGE: u32 = 50;

/// The query of the page. What is empty filters nothing.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// Statuses, separated by commas.
    #[serde(default)]
    status: String,
    /// IDs of monitors, separated by commas.
    #[serde(default)]
    monitor_id: String,
    /// `next_cursor` of the page before.
    #[serde(default)]
    cursor: String,
}

impl Asked {
    /// The filters as a query with this status and from this cursor on; empty where nothing is asked for.
    fn query(&self, status: &str, monitor_id: &str, cursor: &str) -> String {
        let mut query = Serializer::new(String::new());
        for (name, value) in [("status", status), ("monitor_id", monitor_id), ("cursor", cursor)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// Path of the API's list.
    fn api(&self) -> String {
        let query = self.query(&self.status, &self.monitor_id, &self.cursor);
        let sign = if query.is_empty() { "" } else { "&" };
        format!("/api/v1/incidents?limit={A_PAGE}{sign}{query}")
    }

    /// Path of the page with this status in place of its own, from the newest on.
    fn path_of_status(&self, status: &str) -> String {
        path(&self.query(status, &self.monitor_id, ""))
    }

    /// Path of the page with the incidents of all monitors.
    fn path_of_all_monitors(&self) -> String {
        path(&self.query(&self.status, "", ""))
    }

    /// Path of the page from this cursor on.
    fn path_from(&self, cursor: &str) -> String {
        path(&self.query(&self.status, &self.monitor_id, cursor))
    }

    fn is_filtered(&self) -> bool {
        !(self.status.is_empty() && self.monitor_id.is_empty() && self.cursor.is_empty())
    }
}

fn path(query: &str) -> String {
    if query.is_empty() { "/incidents".to_owned() } else { format!("/incidents?{query}") }
}

/// A link that filters by a status.
struct Chip {
    href: String,
    label: &'static str,
    is_chosen: bool,
}

/// An incident.
struct Row {
    path: String,
    monitor: String,
    cause: String,
    state: State,
    began: Moment,
    lasted: String,
    acknowledged: &'static str,
}

#[derive(Template)]
#[template(path = "incidents.html")]
struct Page {
    shell: Shell,
    chips: Vec<Chip>,
    /// Whose incidents are shown; empty where it is all monitors'.
    only: String,
    of_all: String,
    rows: Vec<Row>,
    is_filtered: bool,
    /// Path of the page with older ones; empty where there is none.
    older: String,
    /// Path of the first page; empty where this is it.
    first: String,
}

/// `GET /incidents`.
pub async fn list(
    Extension(visitor): Extension<Arc<Visitor>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let list: List<Incident> = visitor.client.get(&asked.api()).await?;
    let names = names(&visitor).await?;
    live(&headers, &compose(visitor.shell("incidents"), &asked, &list, &names))
}

/// The monitors' names, as far as the person may see them.
async fn names(visitor: &Visitor) -> Result<BTreeMap<MonitorId, String>, Problem> {
    if !visitor.client.may(Scope::MonitorsRead) {
        return Ok(BTreeMap::new());
    }
    let list: List<Monitor> = visitor.client.get("/api/v1/monitors?limit=200").await?;
    Ok(list.data.iter().map(|monitor| (monitor.id, monitor.name.as_str().to_owned())).collect())
}

fn compose(shell: Shell, asked: &Asked, list: &List<Incident>, names: &BTreeMap<MonitorId, String>) -> Page {
    let words = shell.words();
    let only = if asked.monitor_id.is_empty() {
        String::new()
    } else {
        let each: Vec<String> = asked.monitor_id.split(',').map(|id| name_of(id, names)).collect();
        (shell.t.incidents.only_of)(&each.join(", "))
    };
    Page {
        chips: chips(shell.t, asked),
        only,
        of_all: asked.path_of_all_monitors(),
        rows: list.data.iter().map(|incident| row(&words, incident, names)).collect(),
        is_filtered: asked.is_filtered(),
        older: list.next_cursor.as_ref().map(|cursor| asked.path_from(cursor)).unwrap_or_default(),
        first: if asked.cursor.is_empty() { String::new() } else { asked.path_of_status(&asked.status) },
        shell,
    }
}

/// A monitor's name, or the ID where nobody knows it any more.
fn name_of(id: &str, names: &BTreeMap<MonitorId, String>) -> String {
    let name = id.parse::<MonitorId>().ok().and_then(|id| names.get(&id).cloned());
    name.unwrap_or_else(|| id.to_owned())
}

fn chips(t: &'static Texts, asked: &Asked) -> Vec<Chip> {
    let m = &t.incidents;
    let chip = |status: &str, label: &'static str| Chip {
        href: asked.path_of_status(status),
        label,
        is_chosen: asked.status == status,
    };
    vec![
        chip("", m.all),
        chip(IncidentStatus::Ongoing.as_str(), m.ongoing),
        chip(IncidentStatus::Resolved.as_str(), m.resolved),
    ]
}

fn row(words: &Words, incident: &Incident, names: &BTreeMap<MonitorId, String>) -> Row {
    let m = &words.t.incidents;
    Row {
        path: format!("/incidents/{}", incident.id),
        monitor: names.get(&incident.monitor_id).cloned().unwrap_or_else(|| incident.monitor_id.to_string()),
        cause: words.t.cause(&incident.cause),
        state: match incident.status {
            IncidentStatus::Ongoing => State::down(m.ongoing),
            IncidentStatus::Resolved => State::up(m.resolved),
        },
        began: Moment::past(words, incident.started_at),
        lasted: match incident.duration_seconds {
            Some(seconds) => words.exact_span(seconds),
            None => words.since(&incident.started_at),
        },
        acknowledged: if incident.acknowledged_at.is_some() { m.acknowledged } else { m.not_acknowledged },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_survive_the_way_to_the_api_and_to_older_ones() {
        let asked =
            Asked { status: "ongoing".to_owned(), monitor_id: "mon_1,mon_2".to_owned(), cursor: "a=b".to_owned() };
        assert_eq!(asked.api(), "/api/v1/incidents?limit=50&status=ongoing&monitor_id=mon_1%2Cmon_2&cursor=a%3Db");
        assert_eq!(asked.path_from("c"), "/incidents?status=ongoing&monitor_id=mon_1%2Cmon_2&cursor=c");
        assert_eq!(asked.path_of_status(""), "/incidents?monitor_id=mon_1%2Cmon_2");
        let all = Asked::default();
        assert_eq!((all.api().as_str(), all.path_of_status("").as_str()), ("/api/v1/incidents?limit=50", "/incidents"));
        assert!(asked.is_filtered() && !all.is_filtered());
    }
}
