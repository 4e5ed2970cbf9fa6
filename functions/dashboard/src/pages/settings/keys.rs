//! `/settings/keys`: the API keys, and a new one.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, response::Response};
use serde::Deserialize;
use serde_json::{Value, json};
use valpero_domain::{Scope, Scopes, Timestamp};
use valpero_http::Problem;

use super::{Refused, all, line};
use crate::{
    form::{Control, Option_, Sent, Shape},
    page::{Shell, page},
    parts::Moment,
    visitor::Visitor,
    words::Words,
};

/// Live keys that an account may have.
const LIVE_MAX: usize = 100;

/// Seconds in a day.
const DAY_S: i64 = 86_400;

/// Days within which a rotation is said in days.
const SOON_DAYS: i64 = 60;

/// What a person sees of a key.
#[derive(Debug, Clone, Deserialize)]
pub struct Key {
    /// Unique ID.
    pub id: String,
    /// Name of the key.
    pub name: String,
    /// Scopes.
    pub scopes: Vec<String>,
    /// Last four characters of the token.
    pub last4: String,
    /// Time of the last request with this key. None: never.
    pub last_used_at: Option<Timestamp>,
    /// Expiry time. None: never.
    pub expires_at: Option<Timestamp>,
    /// Time of revocation. None: not revoked.
    pub revoked_at: Option<Timestamp>,
    /// Time at which the key should be rotated.
    pub rotation_due_at: Timestamp,
    /// The person who made it; none where that was a key.
    #[serde(default)]
    pub minted_by: Option<String>,
}

impl Key {
    /// Whether requests with it are let in.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }

    /// Name and end of the token: "laptop …x7Qe".
    pub fn title(&self) -> String {
        format!("{} …{}", self.name, self.last4)
    }
}

/// A secret in the one answer that shows it. It has no `Debug`, so that no log can have it.
pub struct Once {
    /// What it is.
    pub says: String,
    /// The secret.
    pub value: String,
    /// What else is to be said; may be empty.
    pub more: String,
}

/// A key in a table.
#[derive(Debug)]
struct Row {
    id: String,
    name: String,
    last4: String,
    scopes: Vec<String>,
    used: Option<Moment>,
    rotation: Moment,
    is_overdue: bool,
    ends: Option<Moment>,
    /// `revoked` or `expired`, and when; none of a live key.
    ended: Option<(&'static str, Moment)>,
}

/// A scope as a tick box.
#[derive(Debug)]
struct Tick {
    value: &'static str,
    says: &'static str,
    chosen: bool,
}

/// What the form of a new key says.
#[derive(Debug)]
struct Draft {
    name: String,
    scopes: Vec<String>,
    expires_at: String,
}

#[derive(Template)]
#[template(path = "settings_keys.html")]
struct Page {
    shell: Shell,
    minted: Option<Once>,
    sentence: String,
    live: Vec<Row>,
    ended: Vec<Row>,
    ended_title: String,
    count: String,
    may_write: bool,
    name: Control,
    ticks: Vec<Tick>,
    scopes_fault: Option<String>,
    ends: Vec<Option_>,
    ends_fault: Option<String>,
}

impl Draft {
    /// The form before anybody filled it in: read-only.
    fn first() -> Self {
        let scopes = Scopes::DEFAULT_NAMES.iter().map(|scope| (*scope).to_owned()).collect();
        Self { name: String::new(), scopes, expires_at: String::new() }
    }

    fn of(sent: &Sent) -> Self {
        Self {
            name: sent.text("name").to_owned(),
            scopes: sent.texts("scopes").into_iter().map(str::to_owned).collect(),
            expires_at: sent.text("expires_at").to_owned(),
        }
    }

    fn body(&self) -> Value {
        let mut body = json!({"name": self.name, "scopes": self.scopes});
        if !self.expires_at.is_empty() {
            body["expires_at"] = json!(self.expires_at);
        }
        body
    }

    fn ticks(&self, visitor: &Visitor) -> Vec<Tick> {
        let mut ticks = Vec::new();
        // A key can do no more than who makes it.
        for scope in Scope::ALL.into_iter().filter(|scope| visitor.client.may(*scope)) {
            let value = scope.as_str();
            let chosen = self.scopes.iter().any(|one| one == value);
            ticks.push(Tick { value, says: (visitor.t.settings.scope_says)(value), chosen });
        }
        ticks
    }

    /// When the key ends, by a moment and not by a span, so that the form says the same however often it is sent.
    fn ends(&self, visitor: &Visitor) -> Vec<Option_> {
        let m = &visitor.t.settings;
        let typed: Option<Timestamp> = self.expires_at.parse::<Timestamp>().ok();
        let days = typed.map(|end| end.ms_since(visitor.now) / (DAY_S * 1000));
        let after = |span: i64| visitor.now.plus_seconds(span * DAY_S).to_string();
        let is_year = days.is_some_and(|days| days > 200);
        vec![
            Option_ { value: String::new(), label: m.ends_never.to_owned(), chosen: days.is_none() },
            Option_ { value: after(90), label: m.in_90_days.to_owned(), chosen: days.is_some() && !is_year },
            Option_ { value: after(365), label: m.in_a_year.to_owned(), chosen: is_year },
        ]
    }
}

/// `GET /settings/keys`.
///
/// # Errors
/// The API's problem.
pub async fn list(Extension(visitor): Extension<Arc<Visitor>>) -> Result<Response, Problem> {
    answer(&visitor, &Draft::first(), None, &Refused::default()).await
}

/// `POST /settings/keys`.
///
/// # Errors
/// The API's problem, unless the form can show it.
pub async fn create(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let draft = Draft::of(&sent);
    match visitor.client.create("/api/v1/keys", sent.once(), &draft.body()).await {
        Ok(made) => {
            let minted = minted(&visitor, &made.json, String::new());
            answer(&visitor, &Draft::first(), Some(minted), &Refused::default()).await
        }
        Err(problem) => {
            let refused = Refused::of(visitor.t, problem)?;
            answer(&visitor, &draft, None, &refused).await
        }
    }
}

/// The token of a new key.
fn minted(visitor: &Visitor, json: &Value, more: String) -> Once {
    let value = json.get("token").and_then(Value::as_str).unwrap_or_default().to_owned();
    Once { says: visitor.t.settings.copy_now.to_owned(), value, more }
}

/// The page after a key was rotated, with the token of its successor.
///
/// # Errors
/// The API's problem.
pub async fn rotated(visitor: &Visitor, json: &Value, more: String) -> Result<Response, Problem> {
    let minted = minted(visitor, json, more);
    answer(visitor, &Draft::first(), Some(minted), &Refused::default()).await
}

async fn answer(
    visitor: &Visitor,
    draft: &Draft,
    minted: Option<Once>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let keys: Vec<Key> = all(&visitor.client, "/api/v1/keys").await?;
    let shell = visitor.shell("settings");
    let words = shell.words();
    let m = &visitor.t.settings;
    let (live, ended): (Vec<Key>, Vec<Key>) = keys.into_iter().partition(|key| key.is_live(visitor.now));
    let live: Vec<Row> = live.iter().map(|key| row(key, &words)).collect();
    let ended: Vec<Row> = ended.iter().rev().map(|key| row(key, &words)).collect();
    let mut name = line("name", visitor.t.common.name, m.key_name_says, &draft.name, refused.fault("name"));
    name.required = true;
    name.placeholder = "terraform".to_owned();
    let template = Page {
        minted,
        sentence: refused.sentence(&["name", "scopes", "expires_at"]),
        count: (m.live_keys)(live.len(), LIVE_MAX),
        ended_title: (m.ended_keys)(ended.len()),
        live,
        ended,
        may_write: shell.may("keys:write"),
        name,
        ticks: draft.ticks(visitor),
        scopes_fault: refused.fault("scopes"),
        ends: draft.ends(visitor),
        ends_fault: refused.fault("expires_at"),
        shell,
    };
    page(refused.status, &template)
}

fn row(key: &Key, words: &Words) -> Row {
    let m = &words.t.settings;
    let due = key.rotation_due_at;
    let mut rotation = Moment::coming(words, due);
    let is_overdue = due <= words.now;
    let days = due.ms_since(words.now) / (DAY_S * 1000);
    if is_overdue {
        rotation.says = m.overdue.to_owned();
    } else if days > SOON_DAYS {
        rotation.says = (m.in_months)(days / 30);
    }
    let ended = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => Some((m.revoked, Moment::past(words, at))),
        (None, Some(at)) if at <= words.now => Some((m.expired, Moment::past(words, at))),
        _ => None,
    };
    Row {
        id: key.id.clone(),
        name: key.name.clone(),
        last4: key.last4.clone(),
        scopes: key.scopes.clone(),
        used: key.last_used_at.map(|at| Moment::past(words, at)),
        rotation,
        is_overdue,
        ends: key.expires_at.map(|at| Moment::coming(words, at)),
        ended,
    }
}
