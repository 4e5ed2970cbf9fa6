//! What an account says of its owner.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Faults, Field, Fields, Invalid, Literal, Object, TimeZone,
    text_spec::{Text, values},
    time_zone,
};

/// A language of the dashboard and of mails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Finnish.
    Fi,
}

impl Language {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "Language",
        says: "Language: ISO 639-1.",
        example: "en",
        values: values!(Language),
        ..Text::PLAIN
    };

    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Fi];

    /// Its code by ISO 639-1.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fi => "fi",
        }
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Language {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|language| language.as_str() == text);
        found.ok_or_else(|| Self::TEXT.none_of_these("a language"))
    }
}

as_text!(Language);

const LANGUAGE: Field = Field::text("language", &Language::TEXT)
    .says("Preferred language. Messages are in English.")
    .default(Literal::Str("en"));
const TIME_ZONE: Field = Field::text("time_zone", &time_zone::TEXT)
    .says("Time zone of the times in alerts and pages.")
    .default(Literal::Str("UTC"));

/// What an account says of its owner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountSettings {
    /// The language of the dashboard and of mails.
    pub language: Language,
    /// The time zone of the times in messages and pages.
    pub time_zone: TimeZone,
}

impl AccountSettings {
    /// How they are described.
    pub const OBJECT: Object = Object {
        name: "AccountSettings",
        patch_name: "AccountPatch",
        says: "Settings of the account.",
        fields: &[LANGUAGE, TIME_ZONE],
    };

    /// These settings, changed by a JSON Merge Patch (RFC 7396).
    ///
    /// # Errors
    /// All faults of the patch.
    pub fn patched(self, patch: &Value) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(patch, "", &mut faults);
        // An absent field stays; null, which counts as absent in a whole body, restores the default.
        let has = |name: &str| patch.get(name).is_some();
        let language: Option<Language> = fields.read(&LANGUAGE, &mut faults);
        let time_zone: Option<TimeZone> = fields.read(&TIME_ZONE, &mut faults);
        fields.finish(&mut faults);
        let settings = Self {
            language: if has(LANGUAGE.name) { language.unwrap_or_default() } else { self.language },
            time_zone: if has(TIME_ZONE.name) { time_zone.unwrap_or_default() } else { self.time_zone },
        };
        faults.finish(Some(settings))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_changes_what_it_names_and_null_restores_the_default() {
        let finnish = AccountSettings { language: Language::Fi, time_zone: "Europe/Helsinki".parse().expect("a zone") };
        let patched = |patch: Value| finnish.patched(&patch);
        assert_eq!(patched(json!({})), Ok(finnish));
        assert_eq!(patched(json!({"language": "en"})), Ok(AccountSettings { language: Language::En, ..finnish }));
        assert_eq!(patched(json!({"time_zone": null, "language": null})), Ok(AccountSettings::default()));
        for wrong in [
            json!({"language": "de"}),
            json!({"time_zone": "Mars/Base"}),
            json!({"x": 1}),
            json!([]),
            json!({"language": 1}),
        ] {
            assert!(patched(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
