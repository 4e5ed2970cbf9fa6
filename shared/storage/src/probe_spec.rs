//! What a checker needs to know to probe, and how the schedule keeps it.

use serde::{Deserialize, Serialize};
use valpero_domain::{MonitorSpec, check::Check};

/// What a checker needs to know to probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeSpec {
    /// What to probe, and how.
    #[serde(flatten)]
    pub check: Check,
    /// How long one attempt may take, in milliseconds.
    #[serde(default = "usual::timeout_ms", skip_serializing_if = "usual::is_timeout_ms")]
    pub timeout_ms: u32,
    /// Further attempts before the region votes down.
    #[serde(default = "usual::retries", skip_serializing_if = "usual::is_retries")]
    pub retries: u8,
    /// Whether this region is the monitor's only one, so that no other confirms what it sees.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
}

/// What most monitors have, and is not said of them.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
mod usual {
    use valpero_domain::monitor::{DEFAULT_RETRIES, DEFAULT_TIMEOUT_MS};

    pub(super) const fn timeout_ms() -> u32 {
        DEFAULT_TIMEOUT_MS
    }

    pub(super) const fn is_timeout_ms(timeout_ms: &u32) -> bool {
        *timeout_ms == DEFAULT_TIMEOUT_MS
    }

    pub(super) const fn retries() -> u8 {
        DEFAULT_RETRIES
    }

    pub(super) const fn is_retries(retries: &u8) -> bool {
        *retries == DEFAULT_RETRIES
    }
}

impl ProbeSpec {
    /// What a checker needs of a monitor's description.
    pub fn of(spec: &MonitorSpec) -> Self {
        Self {
            check: spec.check.clone(),
            timeout_ms: spec.timeout_ms,
            retries: spec.retries,
            alone: spec.regions.len() == 1,
        }
    }
}

/// A probe's description as one text: a tick reads it of every monitor, and as a map of maps that takes four times as long.
pub(crate) mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de, ser};

    use super::ProbeSpec;

    pub(crate) fn of(probe: &ProbeSpec) -> Result<String, serde_json::Error> {
        serde_json::to_string(probe)
    }

    pub(crate) fn serialize<S: Serializer>(probe: &ProbeSpec, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&of(probe).map_err(ser::Error::custom)?)
    }

    /// Or as a map, as earlier versions wrote it.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        Text(String),
        Map(Box<ProbeSpec>),
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ProbeSpec, D::Error> {
        match Kept::deserialize(deserializer)? {
            Kept::Text(text) => serde_json::from_str(&text).map_err(de::Error::custom),
            Kept::Map(probe) => Ok(*probe),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        #[serde(with = "as_text")]
        probe: ProbeSpec,
    }

    #[test]
    fn a_probe_is_kept_as_text_and_read_as_earlier_versions_kept_it() {
        let spec =
            json!({"url": "https://shop.example/", "http": {}, "timeout_ms": 10_000, "retries": 2, "alone": false});
        let row: Row = serde_json::from_value(json!({"probe": spec})).expect("a map");
        let kept = serde_json::to_value(&row).expect("JSON");
        let text = kept["probe"].as_str().expect("a text");
        assert!(text.contains("shop.example") && text.len() < 140, "{text}");
        assert_eq!(serde_json::from_value::<Row>(kept).expect("a text"), row);
        assert!(serde_json::from_value::<Row>(json!({"probe": "{}"})).is_err());
    }
}
