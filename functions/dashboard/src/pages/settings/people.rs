//! `/settings/people`: the people of the account, their roles, and invitations.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::Path,
    http::{Method, StatusCode},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};
use valpero_domain::{Role, Timestamp};
use valpero_http::Problem;

use super::{
    Refused, all, choice,
    keys::{Key, Once},
    line, option, segment,
};
use crate::{
    form::{Control, Option_, Sent, Shape},
    page::{Shell, page, to},
    parts::Moment,
    texts::Texts,
    visitor::Visitor,
    words::Words,
};

const PEOPLE: &str = "/api/v1/people";
const INVITATIONS: &str = "/api/v1/people/invitations";

/// A person, as the API shows them.
#[derive(Debug, Clone, Deserialize)]
struct Person {
    user_id: String,
    email: String,
    name: String,
    role: String,
    last_seen_at: Option<Timestamp>,
    #[serde(default)]
    has_totp: bool,
}

/// An invitation, as the API shows it.
#[derive(Debug, Clone, Deserialize)]
struct Invitation {
    id: String,
    email: String,
    role: String,
    expires_at: Timestamp,
    #[serde(default)]
    invited_by: Value,
}

/// What is read of the answer to a removal.
#[derive(Debug, Deserialize)]
struct Removed {
    #[serde(default)]
    keys: Vec<Key>,
}

/// A person in the table.
#[derive(Debug)]
struct Row {
    id: String,
    name: String,
    email: String,
    role: &'static str,
    seen: Option<Moment>,
    signs_in: &'static str,
    /// The roles that the visitor may give this person; empty where none.
    roles: Vec<Option_>,
    role_label: String,
    is_me: bool,
}

/// An invitation in the table.
#[derive(Debug)]
struct Open {
    id: String,
    email: String,
    role: &'static str,
    by: String,
    ends: Moment,
    withdraw: String,
}

#[derive(Template)]
#[template(path = "settings_people.html")]
struct Page {
    shell: Shell,
    invited: Option<Once>,
    sentence: String,
    count: String,
    people: Vec<Row>,
    open: Vec<Open>,
    may_write: bool,
    email: Control,
    role: Control,
}

#[derive(Template)]
#[template(path = "settings_person_remove.html")]
struct RemovePage {
    shell: Shell,
    title: String,
    /// That the person is the visitor; empty where it is not.
    warning: &'static str,
    says: String,
    id: String,
    keys: Vec<String>,
    keys_say: String,
}

#[derive(Template)]
#[template(path = "settings_person_removed.html")]
struct RemovedPage {
    shell: Shell,
    title: String,
    revoked: Vec<String>,
    left: Vec<String>,
}

/// What the form of an invitation says.
#[derive(Debug, Default)]
struct Draft {
    email: String,
    role: String,
}

/// `GET /settings/people`.
///
/// # Errors
/// The API's problem.
pub async fn list(Extension(visitor): Extension<Arc<Visitor>>) -> Result<Response, Problem> {
    answer(&visitor, &Draft::default(), None, &Refused::default()).await
}

/// `POST /settings/people/invitations`.
///
/// # Errors
/// The API's problem, unless the form can show it.
pub async fn invite(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let draft = Draft { email: sent.text("email").to_owned(), role: sent.text("role").to_owned() };
    let body = json!({"email": draft.email, "role": draft.role});
    match visitor.client.create(INVITATIONS, sent.once(), &body).await {
        Ok(made) => {
            let invited = link_of(visitor.t, &draft.email, &made.json);
            answer(&visitor, &Draft::default(), Some(invited), &Refused::default()).await
        }
        Err(problem) => {
            let refused = Refused::of(visitor.t, problem)?;
            answer(&visitor, &draft, None, &refused).await
        }
    }
}

/// The link of a new invitation, and whether it was mailed.
fn link_of(t: &'static Texts, email: &str, json: &Value) -> Once {
    let p = &t.people;
    let value = json.get("invite_url").and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_mailed = json.get("mailed").and_then(Value::as_bool).unwrap_or_default();
    let more = if is_mailed { (p.mailed_to)(email) } else { (p.not_mailed_to)(email) };
    Once { says: p.link_once.to_owned(), value, more }
}

async fn answer(
    visitor: &Visitor,
    draft: &Draft,
    invited: Option<Once>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let people: Vec<Person> = all(&visitor.client, PEOPLE).await?;
    let invitations: Vec<Invitation> = all(&visitor.client, INVITATIONS).await?;
    let account: Value = visitor.client.get("/api/v1/account").await?;
    let shell = visitor.shell("settings");
    let words = shell.words();
    let p = &visitor.t.people;
    let may_write = shell.may("people:write");
    let me = visitor.client.caller().person().map(|user| user.to_string()).unwrap_or_default();
    let mine = people.iter().find(|person| person.user_id == me).and_then(|person| person.role.parse::<Role>().ok());
    let mine = mine.filter(|_| may_write);
    let rows: Vec<Row> = people.iter().map(|person| row(person, &me, mine, &words)).collect();
    let chosen = if draft.role.is_empty() { "member" } else { draft.role.as_str() };
    let mut email = line("email", p.email, "", &draft.email, refused.fault("email"));
    email.required = true;
    email.placeholder = "dev@example.com".to_owned();
    let roles = Role::ALL.into_iter().filter(|role| mine.is_none_or(|mine| mine.may_give(*role)));
    let options = roles.map(|role| {
        let label = format!("{}: {}", (p.role_name)(role.as_str()), (p.role_says)(role.as_str()));
        option(role.as_str(), &label, chosen)
    });
    let role = choice("role", p.role, "", options.collect(), refused.fault("role"));
    let template = Page {
        invited,
        sentence: refused.sentence(&["email", "role"]),
        count: count(visitor, &account, people.len()),
        people: rows,
        open: invitations.iter().map(|one| open(one, &words)).collect(),
        may_write,
        email,
        role,
        shell,
    };
    page(refused.status, &template)
}

/// "3 of 5 on the plan Start".
fn count(visitor: &Visitor, account: &Value, people: usize) -> String {
    let number = |pointer: &str| account.pointer(pointer).and_then(Value::as_u64);
    let used = number("/usage/people").or_else(|| u64::try_from(people).ok()).unwrap_or_default();
    let plan = (visitor.t.settings.plan_name)(visitor.account.plan);
    number("/limits/people").map(|most| (visitor.t.people.of_plan)(used, most, plan)).unwrap_or_default()
}

fn row(person: &Person, me: &str, mine: Option<Role>, words: &Words) -> Row {
    let p = &words.t.people;
    let has: Option<Role> = person.role.parse::<Role>().ok();
    let mut roles: Vec<Option_> = Vec::new();
    if let Some(mine) = mine
        && has.is_some_and(|has| mine.may_give(has))
    {
        for role in Role::ALL.into_iter().filter(|role| mine.may_give(*role)) {
            roles.push(option(role.as_str(), (p.role_name)(role.as_str()), &person.role));
        }
    }
    Row {
        id: person.user_id.clone(),
        name: person.name.clone(),
        email: person.email.clone(),
        role: (p.role_name)(&person.role),
        seen: person.last_seen_at.map(|at| Moment::past(words, at)),
        signs_in: if person.has_totp { p.two_factor_on } else { p.password_alone },
        roles,
        role_label: (p.role_of)(&person.name),
        is_me: person.user_id == me,
    }
}

fn open(invitation: &Invitation, words: &Words) -> Open {
    let p = &words.t.people;
    let by = invitation.invited_by.get("name").and_then(Value::as_str).unwrap_or("–");
    Open {
        id: invitation.id.clone(),
        email: invitation.email.clone(),
        role: (p.role_name)(&invitation.role),
        by: by.to_owned(),
        ends: Moment::coming(words, invitation.expires_at),
        withdraw: (p.withdraw_of)(&invitation.email),
    }
}

/// `POST /settings/people/{id}/role`.
///
/// # Errors
/// The API's problem, unless the page can show it.
pub async fn set_role(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let path = format!("{PEOPLE}/{}", segment(&id)?);
    let body = json!({"role": sent.text("role")});
    match visitor.client.send(Method::PATCH, &path, &body).await {
        Ok(_) => Ok(to("/settings/people", "saved")),
        Err(problem) => {
            let mut refused = Refused::of(visitor.t, problem)?;
            // A fault is of the person's role, and not of the form's below.
            refused.says = refused.sentence(&[]);
            refused.faults = Vec::new();
            answer(&visitor, &Draft::default(), None, &refused).await
        }
    }
}

async fn person(visitor: &Visitor, id: &str) -> Result<Person, Problem> {
    let people: Vec<Person> = all(&visitor.client, PEOPLE).await?;
    people.into_iter().find(|person| person.user_id == id).ok_or_else(Problem::not_found)
}

/// `GET /settings/people/{id}/remove`.
///
/// # Errors
/// The API's problem.
pub async fn ask_remove(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let person = person(&visitor, &id).await?;
    let shell = visitor.shell("settings");
    let mut keys: Vec<String> = Vec::new();
    if shell.may("keys:read") {
        let all_keys: Vec<Key> = all(&visitor.client, "/api/v1/keys").await?;
        let theirs = all_keys.iter().filter(|key| key.minted_by.as_deref() == Some(id.as_str()));
        keys = theirs.filter(|key| key.is_live(visitor.now)).map(Key::title).collect();
    }
    let p = &visitor.t.people;
    let is_me = visitor.client.caller().person().is_some_and(|user| user.to_string() == person.user_id);
    let template = RemovePage {
        title: (p.remove_of)(&person.name),
        warning: if is_me { p.remove_me } else { "" },
        says: (p.remove_says)(&person.email),
        id: person.user_id.clone(),
        keys_say: (p.minted_keys)(&person.name),
        keys,
        shell,
    };
    page(StatusCode::OK, &template)
}

/// `POST /settings/people/{id}/remove`.
///
/// # Errors
/// The API's problem.
pub async fn remove(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let person = person(&visitor, &id).await?;
    let revoke_keys = sent.text("revoke_keys") == "true";
    let path = format!("{PEOPLE}/{}?revoke_keys={revoke_keys}", segment(&id)?);
    let removed: Removed = visitor.client.send(Method::DELETE, &path, &Value::Null).await?.read()?;
    if removed.keys.is_empty() {
        return Ok(to("/settings/people", "person-removed"));
    }
    let (revoked, left): (Vec<Key>, Vec<Key>) =
        removed.keys.into_iter().partition(|key| revoke_keys || key.revoked_at.is_some());
    let template = RemovedPage {
        shell: visitor.shell("settings"),
        title: (visitor.t.people.removed)(&person.name),
        revoked: revoked.iter().map(Key::title).collect(),
        left: left.iter().map(Key::title).collect(),
    };
    page(StatusCode::OK, &template)
}

/// `POST /settings/people/invitations/{id}/withdraw`.
///
/// # Errors
/// The API's problem.
pub async fn withdraw(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let path = format!("{INVITATIONS}/{}", segment(&id)?);
    visitor.client.send(Method::DELETE, &path, &Value::Null).await?;
    Ok(to("/settings/people", "invitation-withdrawn"))
}
