//! What the pages under `/settings` share: times, controls, lists of the API, and what it refused.

pub mod account;
pub mod audit;
pub mod key;
pub mod keys;
pub mod people;
pub mod plan;
pub mod sessions;

use axum::http::StatusCode;
use serde::{Deserialize, de::DeserializeOwned};
use url::form_urlencoded;
use valpero_domain::Fault;
use valpero_http::Problem;

use crate::{
    client::Client,
    form::{Control, Option_, Shape},
    texts::Texts,
};

/// Parts of a list that are read at most, each of 200 items: far more than an account has.
const PARTS: usize = 5;

/// One part of a list of the API.
#[derive(Debug, Deserialize)]
pub struct Part<T> {
    /// Its items.
    pub data: Vec<T>,
    /// Where the next part begins; none of the last one.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// All items of a list, up to 1,000.
///
/// # Errors
/// The API's problem.
pub async fn all<T: DeserializeOwned>(client: &Client, path: &str) -> Result<Vec<T>, Problem> {
    let mut found: Vec<T> = Vec::new();
    let mut cursor = String::new();
    for _ in 0..PARTS {
        let address = with_query(path, &[("limit", "200"), ("cursor", cursor.as_str())]);
        let part: Part<T> = client.get(&address).await?;
        found.extend(part.data);
        match part.next_cursor {
            Some(next) => cursor = next,
            None => break,
        }
    }
    Ok(found)
}

/// A path with a query of those of these names and values that are not empty.
pub fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// An ID as part of a path of the API; what can be none is not found.
///
/// # Errors
/// `not_found` where it has other characters than IDs have.
pub fn segment(id: &str) -> Result<&str, Problem> {
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_id { Ok(id) } else { Err(Problem::not_found()) }
}

/// What the API refused of a form; by default nothing.
#[derive(Debug, Default)]
pub struct Refused {
    /// The status of the page that shows it.
    pub status: StatusCode,
    /// What is wrong with fields.
    pub faults: Vec<Fault>,
    /// Further faults. Empty if there are none.
    pub says: String,
}

impl Refused {
    /// The refusal, where a form can show it.
    ///
    /// # Errors
    /// Any other problem is the page's.
    pub fn of(t: &Texts, problem: Problem) -> Result<Self, Problem> {
        let code = problem.code();
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        if !problem.errors().is_empty() {
            return Ok(Self { status, faults: problem.errors().to_vec(), says: String::new() });
        }
        if matches!(code.status(), 403 | 404 | 409 | 429) {
            let says = format!("{}. {}", t.problem(code), problem.detail());
            return Ok(Self { status, faults: Vec::new(), says });
        }
        Err(problem)
    }

    /// What is wrong with a field, or with something in it.
    pub fn fault(&self, name: &str) -> Option<String> {
        self.faults.iter().find(|fault| is_of(fault, name)).map(|fault| fault.detail.clone())
    }

    /// Fault of none of these fields. Empty if there is none.
    pub fn sentence(&self, shown: &[&str]) -> String {
        let strays = self.faults.iter().filter(|fault| !shown.iter().any(|name| is_of(fault, name)));
        let strays = strays.map(|fault| format!("{} {}", fault.pointer, fault.detail));
        let says = Some(self.says.clone()).filter(|says| !says.is_empty());
        says.into_iter().chain(strays).collect::<Vec<String>>().join(" ")
    }
}

fn is_of(fault: &Fault, name: &str) -> bool {
    let rest = fault.pointer.strip_prefix('/').and_then(|pointer| pointer.strip_prefix(name));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A control of one line.
pub fn line(name: &str, label: &str, hint: &str, value: &str, fault: Option<String>) -> Control {
    Control {
        name: name.to_owned(),
        label: label.to_owned(),
        hint: hint.to_owned(),
        fault,
        shape: Shape::Line,
        value: value.to_owned(),
        options: Vec::new(),
        placeholder: String::new(),
        required: false,
        min: String::new(),
        max: String::new(),
        step: String::new(),
    }
}

/// A control that is one of these options.
pub fn choice(name: &str, label: &str, hint: &str, options: Vec<Option_>, fault: Option<String>) -> Control {
    Control { shape: Shape::Choice, options, required: true, ..line(name, label, hint, "", fault) }
}

/// One option of a choice.
pub fn option(value: &str, label: &str, chosen: &str) -> Option_ {
    Option_ { value: value.to_owned(), label: label.to_owned(), chosen: value == chosen }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(pointer: &str) -> Fault {
        Fault { pointer: pointer.to_owned(), detail: format!("is wrong at {pointer}") }
    }

    #[test]
    fn a_fault_belongs_to_one_field_or_to_the_sentence() {
        let faults = vec![fault("/scopes/0"), fault("/name"), fault("/names")];
        let refused = Refused { status: StatusCode::UNPROCESSABLE_ENTITY, faults, says: String::new() };
        assert_eq!(refused.fault("name"), Some("is wrong at /name".to_owned()));
        assert_eq!(refused.fault("scopes"), Some("is wrong at /scopes/0".to_owned()));
        assert_eq!(refused.fault("expires_at"), None);
        assert_eq!(refused.sentence(&["name", "scopes"]), "/names is wrong at /names");
        assert_eq!(Refused::default().sentence(&[]), "");
    }

    #[test]
    fn a_path_has_what_is_not_empty() {
        assert_eq!(with_query("/a", &[("b", ""), ("c", "")]), "/a");
        assert_eq!(with_query("/a", &[("b", "x y"), ("c", ""), ("d", "&")]), "/a?b=x+y&d=%26");
    }

    #[test]
    fn what_is_no_id_leads_nowhere() {
        assert!(segment("key_01M82PJFFSY9XKXCV0WRMX4C7M").is_ok());
        for wrong in ["", "..", "a/b", "a?b", "a b", "ä"] {
            assert!(segment(wrong).is_err(), "{wrong}");
        }
    }
}
