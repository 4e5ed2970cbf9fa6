//! Every text of the pages. A language is one folder of this module, and one value of [`Texts`]: the compiler finds what is missing.

pub mod alerts;
pub mod common;
pub mod deliveries;
mod en;
mod fi;
pub mod incidents;
pub mod monitor;
pub mod monitor_form;
pub mod monitors;
pub mod people;
pub mod settings;
pub mod sign_in;
pub mod tools;

use axum::http::{HeaderMap, header};
use valpero_domain::{Field, Language};
use valpero_http::Code;

/// The texts of one language.
#[derive(Debug)]
pub struct Texts {
    /// The language.
    pub language: Language,
    /// What several pages say.
    pub common: common::Common,
    /// What the pages of deliveries say.
    pub deliveries: deliveries::Deliveries,
    /// What the pages of incidents say.
    pub incidents: incidents::Incidents,
    /// What the pages of people say.
    pub people: people::People,
    /// What the other pages of the settings say.
    pub settings: settings::Settings,
    /// What the page of the tools says.
    pub tools: tools::Tools,
    /// What the pages of alerting say.
    pub alerts: alerts::Alerts,
    /// What the page of a monitor says.
    pub monitor: monitor::MonitorTexts,
    /// What the form of a monitor says.
    pub monitor_form: monitor_form::MonitorForm,
    /// What the list of monitors says.
    pub monitors: monitors::Monitors,
    /// What the pages say that sign people in.
    pub sign_in: sign_in::SignIn,
    fields: fn(&str) -> Option<(&'static str, &'static str)>,
    options: fn(&str, &str) -> Option<&'static str>,
    problems: fn(Code) -> &'static str,
}

/// What a form says of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldText {
    /// What it is called.
    pub label: String,
    /// What it means.
    pub hint: String,
}

impl Texts {
    /// The texts of a language.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &en::TEXTS,
            Language::Fi => &fi::TEXTS,
        }
    }

    /// The texts in the first language that the browser asks for and there is.
    pub fn accepted(headers: &HeaderMap) -> &'static Self {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let codes = asked.split(',').filter_map(|part| part.trim().get(..2));
        let found = codes.filter_map(|code| code.to_ascii_lowercase().parse().ok()).next();
        Self::of(found.unwrap_or_default())
    }

    /// The language's code, for `<html lang>`.
    pub fn lang(&self) -> &'static str {
        self.language.as_str()
    }

    /// What a form says of the field at this path, such as `http.method`. What the catalogue does not have, the reference says.
    pub fn field(&self, path: &str, field: &Field) -> FieldText {
        match (self.fields)(path) {
            Some((label, hint)) => FieldText { label: label.to_owned(), hint: hint.to_owned() },
            None => FieldText { label: field.label(), hint: field.description() },
        }
    }

    /// What a form calls one of a field's values.
    pub fn option<'a>(&self, field: &str, value: &'a str) -> &'a str
    where
        'static: 'a,
    {
        (self.options)(field, value).unwrap_or(value)
    }

    /// A problem in a few words.
    pub fn problem(&self, code: Code) -> &'static str {
        (self.problems)(code)
    }

    /// The sentence of what was just done; none where it is not known.
    pub fn done(&self, what: &str) -> Option<&'static str> {
        self.common.done.iter().find(|(name, _)| *name == what).map(|(_, sentence)| *sentence)
    }
}
