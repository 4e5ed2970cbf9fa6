//! Changing a channel: JSON Merge Patch (RFC 7396), with secrets that stay hidden and go nowhere else.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Allowance, ChannelSpec, fields,
    settings::{Settings, Slack},
};
use crate::{Faults, escape, http_check::REDACTED, merge_patch::merge, patch::spell_header_names};

impl ChannelSpec {
    /// This channel with a JSON Merge Patch (RFC 7396) applied: `null` goes back to the default, what is absent stays, and `***`
    /// keeps a secret.
    ///
    /// # Errors
    /// All faults of the result, each with its pointer.
    pub fn patched(&self, patch: &Value, allowance: &Allowance<'_>) -> Result<Self, Faults> {
        if !patch.is_object() {
            let mut faults = Faults::default();
            faults.add("", "must be a JSON object");
            return Err(faults);
        }
        let stored = self.to_value();
        let mut merged = stored.clone();
        let old = self.settings.channel_type();
        let turns = patch.get("type").is_some_and(|to| to != old.as_str());
        if let (true, Some(merged)) = (turns, merged.as_object_mut()) {
            for field in fields::of(old) {
                merged.remove(field.name);
            }
        }
        spell_header_names(&mut merged, patch, "/headers");
        merge(&mut merged, patch);
        let kept = if turns { BTreeSet::new() } else { keep_redacted(&mut merged, &stored, self) };
        let patched = Self::read(&merged, allowance)?;
        let mut faults = Faults::default();
        if !turns && !same_receiver(&self.settings, &patched.settings) {
            // Who may change a channel may not see its secrets, and so may not have them sent elsewhere either.
            for pointer in secrets(&patched.to_value(), &patched) {
                if patch.pointer(&pointer).is_none() || kept.contains(&pointer) {
                    let detail = "was given for another scheme, host or port; with the new one, send it again or null";
                    faults.add(pointer, detail);
                }
            }
        }
        faults.finish(Some(patched))
    }
}

/// Whether the secrets of both go to the same scheme, host and port. A hook's URL is the secret itself.
fn same_receiver(before: &Settings, after: &Settings) -> bool {
    let is_hook = |settings: &Settings| {
        settings.url().is_some_and(|(field, _)| [fields::WEBHOOK_URL.name, fields::WORKFLOW_URL.name].contains(&field))
    };
    let by_hook = |settings: &Settings| matches!(settings, Settings::Slack(Slack::Hook(_)));
    if by_hook(before) != by_hook(after) || (is_hook(before) && is_hook(after)) {
        // Either it brings all its secrets along, or it is nothing but a secret.
        return true;
    }
    let origin = |settings: &Settings| settings.url().map(|(_, url)| url.as_url().origin());
    origin(before) == origin(after)
}

/// Where the secrets of a channel stand.
fn secrets(value: &Value, spec: &ChannelSpec) -> Vec<String> {
    let mut places = Vec::new();
    for field in fields::of(spec.settings.channel_type()).iter().filter(|field| fields::is_secret(field)) {
        match value.get(field.name) {
            Some(Value::Object(members)) => {
                places.extend(members.keys().map(|name| format!("/{}/{}", field.name, escape(name))));
            }
            Some(Value::String(_)) => places.push(format!("/{}", field.name)),
            _ => {}
        }
    }
    places
}

/// Puts a mark in the place of each secret.
pub(super) fn redact(value: &mut Value, spec: &ChannelSpec) {
    for place in secrets(value, spec) {
        if let Some(secret) = value.pointer_mut(&place) {
            *secret = REDACTED.into();
        }
    }
}

/// Puts the stored values behind the marks that stand for them; answers where.
fn keep_redacted(merged: &mut Value, stored: &Value, spec: &ChannelSpec) -> BTreeSet<String> {
    let mut kept = BTreeSet::new();
    for place in secrets(stored, spec) {
        let Some(secret) = stored.pointer(&place) else { continue };
        // The name of a header may be spelled otherwise in the patch.
        let spelled = match place.strip_prefix("/headers/") {
            Some(name) => merged
                .get("headers")
                .and_then(Value::as_object)
                .and_then(|headers| headers.keys().find(|other| escape(other).eq_ignore_ascii_case(name)))
                .map_or_else(|| place.clone(), |name| format!("/headers/{}", escape(name))),
            None => place,
        };
        if let Some(mark) = merged.pointer_mut(&spelled).filter(|mark| **mark == REDACTED) {
            *mark = secret.clone();
            kept.insert(spelled);
        }
    }
    kept
}
