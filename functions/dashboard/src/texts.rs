//! Every text of the pages. A language is one folder of this module, and one value of [`Texts`]: the compiler finds what is missing.

pub mod alerts;
pub mod common;
pub mod deliveries;
mod en;
pub mod faults;
mod fi;
pub mod incidents;
pub mod monitor;
pub mod monitor_form;
pub mod monitors;
pub mod pages;
pub mod people;
pub mod settings;
pub mod sign_in;
pub mod tools;

use axum::http::{HeaderMap, header};
use valpero_domain::{
    Field, Language,
    probe::{Cause, ErrorCode},
};
use valpero_http::Code;

use faults::Phrases;

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
    /// What the pages of status pages say.
    pub pages: pages::Pages,
    /// What the pages say that sign people in.
    pub sign_in: sign_in::SignIn,
    fields: fn(&str) -> Option<(&'static str, &'static str)>,
    options: fn(&str, &str) -> Option<&'static str>,
    problems: fn(Code) -> &'static str,
    /// Why a check is not up; none in the API's own language.
    causes: Option<fn(ErrorCode) -> &'static str>,
    /// What may be wrong with a value; none in the API's own language.
    faults: Phrases,
    words: Phrases,
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

    /// What is wrong with a value. What the catalogue does not have stays in the API's words.
    pub fn fault(&self, detail: &str) -> String {
        faults::translated(self.faults, self.words, detail).unwrap_or_else(|| detail.to_owned())
    }

    /// Why a check is not up: in the API's own language what was seen, in others what that means before it.
    pub fn cause(&self, cause: &Cause) -> String {
        match self.causes {
            Some(say) => format!("{} ({})", say(cause.code), cause.detail),
            None => cause.detail.clone(),
        }
    }

    /// The sentence of what was just done; none where it is not known.
    pub fn done(&self, what: &str) -> Option<&'static str> {
        self.common.done.iter().find(|(name, _)| *name == what).map(|(_, sentence)| *sentence)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use valpero_domain::{
        AccountSettings, Items, Kind, MonitorSpec, Object, alerting,
        channel::ChannelSpec,
        pages::{NewPost, StatusPageSpec},
    };

    use super::*;

    const LANGUAGES: [Language; 2] = Language::ALL;

    /// Each field of an object, and of those within it, by its path.
    fn fields(object: &Object, prefix: &str, see: &mut impl FnMut(&str, &Field)) {
        for field in object.fields {
            let path = format!("{prefix}{}", field.name);
            see(&path, field);
            if let Kind::Object(inner) | Kind::List { of: Items::Objects(inner), .. } = field.kind {
                fields(inner, &format!("{path}."), see);
            }
        }
    }

    #[test]
    fn every_field_of_a_form_has_words_in_every_language() {
        let objects = [
            MonitorSpec::OBJECT,
            ChannelSpec::OBJECT,
            alerting::EscalationPolicy::OBJECT,
            alerting::AlertRoutes::OBJECT,
            AccountSettings::OBJECT,
            StatusPageSpec::OBJECT,
            NewPost::OBJECT,
        ];
        for language in LANGUAGES {
            let t = Texts::of(language);
            for object in &objects {
                fields(object, "", &mut |path, _| {
                    let found = (t.fields)(path);
                    assert!(found.is_some_and(|(label, _)| !label.is_empty()), "{language}: {path}");
                });
            }
        }
    }

    #[test]
    fn what_was_done_is_said_in_every_language() {
        let names = |language| {
            let t = Texts::of(language);
            t.common.done.iter().map(|(name, _)| *name).collect::<BTreeSet<&str>>()
        };
        assert_eq!(names(Language::En), names(Language::Fi));
        for language in LANGUAGES {
            let t = Texts::of(language);
            assert_eq!(t.common.done.len(), names(language).len(), "{language}: each name once");
            assert!(t.done("saved").is_some() && t.done("<script>").is_none());
        }
    }

    #[test]
    fn every_problem_has_a_title_in_every_language() {
        for language in LANGUAGES {
            let t = Texts::of(language);
            for code in Code::ALL {
                assert!(!t.problem(*code).is_empty(), "{language}: {}", code.as_str());
            }
        }
        assert_ne!(Texts::of(Language::En).problem(Code::NotFound), Texts::of(Language::Fi).problem(Code::NotFound));
    }

    #[test]
    fn the_browser_chooses_the_language_of_who_is_not_signed_in() {
        let accepted = |asked: &str| {
            let mut headers = HeaderMap::new();
            if let Ok(value) = asked.parse() {
                headers.insert(header::ACCEPT_LANGUAGE, value);
            }
            Texts::accepted(&headers).lang()
        };
        for (asked, lang) in [
            ("fi-FI,fi;q=0.9,en;q=0.8", "fi"),
            ("en-GB", "en"),
            ("de,fi;q=0.5", "fi"),
            ("de", "en"),
            ("", "en"),
            ("é", "en"),
        ] {
            assert_eq!(accepted(asked), lang, "{asked}");
        }
    }
}
