//! `/settings/audit`: the audit log, newest first.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::Query, response::Response};
use serde::Deserialize;
use valpero_domain::{AuditAction, TimeZone, Timestamp};
use valpero_http::{List, Problem};
use valpero_views::AuditRow;

use super::{Refused, choice, line, option, with_query};
use crate::{
    form::{Control, Option_, Shape},
    page::{Shell, page},
    parts::Moment,
    visitor::Visitor,
    words::Words,
};

const HERE: &str = "/settings/audit";

/// Seconds in a day.
const DAY_S: i64 = 86_400;

/// The page's query. Days are those of the account's zone, and `to` is part of the span.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    actor: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    target: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    cursor: String,
}

/// A row of the table.
#[derive(Debug)]
struct Row {
    at: Moment,
    who: String,
    kind: &'static str,
    says: &'static str,
    action: String,
    target: String,
    /// The page of the target; empty where it has none.
    target_path: String,
    ip: String,
    request: String,
}

#[derive(Template)]
#[template(path = "settings_audit.html")]
struct Page {
    shell: Shell,
    sentence: String,
    action: Control,
    actor: Control,
    target: Control,
    from: String,
    from_fault: Option<String>,
    to: String,
    to_fault: Option<String>,
    is_filtered: bool,
    rows: Vec<Row>,
    /// The next page; empty of the last one.
    older: String,
    /// The first page; empty on it.
    newest: String,
}

/// `GET /settings/audit`.
///
/// # Errors
/// The API's problem, unless it is of the filters.
pub async fn list(
    Extension(visitor): Extension<Arc<Visitor>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let path = asked.path(visitor.account.time_zone);
    let found: Result<List<AuditRow>, Problem> = visitor.client.get(&path).await;
    let (list, refused) = match found {
        Ok(list) => (Some(list), Refused::default()),
        Err(problem) => (None, Refused::of(visitor.t, problem)?),
    };
    let shell = visitor.shell("settings");
    let words = shell.words();
    let older = list.as_ref().and_then(|list| list.next_cursor.clone());
    let rows: Vec<Row> = list.iter().flat_map(|list| list.data.iter()).map(|one| row(one, &words)).collect();
    let m = &visitor.t.settings;
    let actions = AuditAction::ALL.iter().map(|action| action_option(&words, action.as_str(), &asked.action));
    let mut action = choice("action", m.what, "", actions.collect(), refused.fault("action"));
    action.required = false;
    let template = Page {
        sentence: refused.sentence(&["actor", "action", "target", "from", "to"]),
        action,
        actor: line("actor", m.who, m.who_says, &asked.actor, refused.fault("actor")),
        target: line("target", m.target, m.target_says, &asked.target, refused.fault("target")),
        from_fault: refused.fault("from"),
        to_fault: refused.fault("to"),
        is_filtered: !asked.filters("").is_empty(),
        rows,
        older: older.map(|cursor| asked.address(&cursor)).unwrap_or_default(),
        newest: if asked.cursor.is_empty() { String::new() } else { asked.address("") },
        from: asked.from,
        to: asked.to,
        shell,
    };
    page(refused.status, &template)
}

impl Asked {
    /// The filters that are set, and this cursor.
    fn filters<'a>(&'a self, cursor: &'a str) -> Vec<(&'static str, &'a str)> {
        let all = [
            ("actor", self.actor.trim()),
            ("action", self.action.as_str()),
            ("target", self.target.trim()),
            ("from", self.from.as_str()),
            ("to", self.to.as_str()),
            ("cursor", cursor),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The page with the same filters, from this cursor on.
    fn address(&self, cursor: &str) -> String {
        with_query(HERE, &self.filters(cursor))
    }

    /// The same question to the API.
    fn path(&self, zone: TimeZone) -> String {
        let from = start_of_day(&self.from, 0, zone);
        let to = start_of_day(&self.to, 1, zone);
        let mut pairs = self.filters(&self.cursor);
        for (name, value) in &mut pairs {
            match *name {
                "from" => *value = from.as_str(),
                "to" => *value = to.as_str(),
                _ => {}
            }
        }
        pairs.push(("limit", "50"));
        with_query("/api/v1/audit-log", &pairs)
    }
}

/// When a day such as 2026-11-29 begins in a zone, or so many days later. Text that is not a day is sent unchanged: the API rejects it and says why.
fn start_of_day(day: &str, later: i64, zone: TimeZone) -> String {
    let Ok(utc) = format!("{day}T00:00:00Z").parse::<Timestamp>() else { return day.to_owned() };
    let utc = utc.plus_seconds(later * DAY_S);
    let ahead = |at: Timestamp| i64::from(zone.offset(at).minutes) * 60;
    // The offset of that moment, and not of the same clock time in UTC.
    let guess = utc.plus_seconds(-ahead(utc));
    utc.plus_seconds(-ahead(guess)).to_string()
}

fn action_option(words: &Words, action: &str, chosen: &str) -> Option_ {
    let says = (words.t.settings.action)(action);
    let label = if says.is_empty() { action.to_owned() } else { format!("{says} ({action})") };
    option(action, &label, chosen)
}

fn row(row: &AuditRow, words: &Words) -> Row {
    let m = &words.t.settings;
    let target = row.target.clone().unwrap_or_default();
    let actor = &row.actor;
    let who = actor.name.clone().or_else(|| actor.id.clone()).unwrap_or_default();
    Row {
        at: Moment::exact(words, row.at),
        who,
        kind: (m.actor_kind)(actor.kind.as_str()),
        says: (m.action)(&row.action),
        action: row.action.clone(),
        target_path: path_of(&target),
        target,
        ip: row.ip.clone().unwrap_or_default(),
        request: row.request_id.clone().unwrap_or_default(),
    }
}

/// The page of an object; empty where it has none.
fn path_of(id: &str) -> String {
    let folders = [("mon_", "/monitors"), ("inc_", "/incidents"), ("chn_", "/alerts/channels")];
    let folder = folders.into_iter().find(|(prefix, _)| id.starts_with(prefix));
    folder.map(|(_, folder)| format!("{folder}/{id}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        name.parse().expect("a zone")
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_zone() {
        for (day, later, name, at) in [
            ("2026-11-29", 0, "UTC", "2026-11-29T00:00:00.000Z"),
            ("2026-11-29", 1, "UTC", "2026-11-30T00:00:00.000Z"),
            ("2026-11-29", 0, "Europe/Helsinki", "2026-11-28T22:00:00.000Z"),
            ("2026-06-29", 0, "Europe/Helsinki", "2026-06-28T21:00:00.000Z"),
            // The clocks go back in the night to the 25th: at midnight it is still summer.
            ("2026-10-25", 0, "Europe/Helsinki", "2026-10-24T21:00:00.000Z"),
            ("2026-10-25", 1, "Europe/Helsinki", "2026-10-25T22:00:00.000Z"),
            ("yesterday", 0, "UTC", "yesterday"),
            ("", 0, "UTC", ""),
        ] {
            assert_eq!(start_of_day(day, later, zone(name)), at, "{day} {name}");
        }
    }

    #[test]
    fn the_next_page_has_the_same_filters() {
        let asked = Asked { action: "key.created".to_owned(), from: "2026-11-29".to_owned(), ..Asked::default() };
        assert_eq!(asked.address("abc"), "/settings/audit?action=key.created&from=2026-11-29&cursor=abc");
        let path = asked.path(zone("UTC"));
        assert_eq!(path, "/api/v1/audit-log?action=key.created&from=2026-11-29T00%3A00%3A00.000Z&limit=50");
        assert_eq!(Asked::default().address(""), "/settings/audit");
    }
}
