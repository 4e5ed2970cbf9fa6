//! Changing a monitor's description: JSON Merge Patch (RFC 7396), with hidden header values that stay hidden.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{Faults, MonitorSpec, http_check::REDACTED, monitor::Allowance};

impl MonitorSpec {
    /// This description with a JSON Merge Patch (RFC 7396) applied: `null` goes back to the default, what is absent stays.
    ///
    /// # Errors
    /// All faults of the result, each with its pointer.
    pub fn patched(&self, patch: &Value, allowance: &Allowance<'_>) -> Result<Self, Faults> {
        if !patch.is_object() {
            let mut faults = Faults::default();
            faults.add("", "must be a JSON object");
            return Err(faults);
        }
        let mut patch = patch.clone();
        lower_header_names(&mut patch);
        let mut merged = self.to_value();
        merge(&mut merged, &patch);
        let kept = keep_redacted(&mut merged, self);
        let patched = Self::read(&merged, allowance)?;
        let moved = self.url.to_url().ok().map(|url| url.origin()) != patched.url.to_url().ok().map(|url| url.origin());
        let given = |name: &str| patch.pointer("/http/headers").and_then(|headers| headers.get(name)).is_some();
        let unsent = |name: &str| kept.contains(name) || !given(name);
        if moved && patched.http.headers.iter().any(|(name, _)| unsent(name)) {
            // Who may change a monitor may not see its headers, and so may not have them sent elsewhere either.
            let mut faults = Faults::default();
            let detail = "were given for another scheme, host or port; with the new url, send each of their values again or null";
            faults.add("/http/headers", detail);
            return Err(faults);
        }
        Ok(patched)
    }
}

/// Header names know no case; stored ones are lower-case.
fn lower_header_names(patch: &mut Value) {
    if let Some(headers) = patch.pointer_mut("/http/headers").and_then(Value::as_object_mut) {
        *headers =
            std::mem::take(headers).into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    }
}

/// Puts the stored values behind the marks that stand for them; answers for which headers.
fn keep_redacted(merged: &mut Value, stored: &MonitorSpec) -> BTreeSet<String> {
    let mut kept = BTreeSet::new();
    if let Some(headers) = merged.pointer_mut("/http/headers").and_then(Value::as_object_mut) {
        for (name, value) in stored.http.headers.iter() {
            if let Some(mark) = headers.get_mut(name).filter(|value| **value == REDACTED) {
                *mark = json!(value);
                kept.insert(name.to_owned());
            }
        }
    }
    kept
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(target) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name.as_str()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, RegionCode};

    fn regions() -> Vec<RegionCode> {
        ["fra", "hel", "usc"].into_iter().filter_map(|code| code.parse().ok()).collect()
    }

    #[test]
    fn a_patch_changes_what_it_names_and_hidden_values_stay() {
        let allowance =
            Allowance { regions: &regions(), kept: &[], private_targets: false, limits: Plan::Free.limits() };
        let body = json!({"url": "https://example.com/", "retries": 0, "http": {"headers": {"authorization": "s3cret", "x-old": "1"}}});
        let spec = MonitorSpec::read(&body, &allowance).expect("valid");
        let patch =
            json!({"name": "Shop", "retries": null, "http": {"headers": {"authorization": REDACTED, "x-old": null}}});
        let patched = spec.patched(&patch, &allowance).expect("valid");
        assert_eq!((patched.name.as_str(), patched.retries), ("Shop", 2));
        assert_eq!(patched.http.headers.iter().collect::<Vec<_>>(), [("authorization", "s3cret")]);
    }

    #[test]
    fn header_names_know_no_case_in_a_patch() {
        let allowance =
            Allowance { regions: &regions(), kept: &[], private_targets: false, limits: Plan::Free.limits() };
        let body = json!({"url": "https://example.com/", "http": {"headers": {"Authorization": "s3cret"}}});
        let spec = MonitorSpec::read(&body, &allowance).expect("valid");
        let headers = |value: Value| {
            let patched =
                spec.patched(&json!({"http": {"headers": {"AUTHORIZATION": value}}}), &allowance).expect("valid");
            patched.http.headers.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
        };
        assert_eq!(headers(json!("new")), ["authorization=new"]);
        assert_eq!(headers(json!(REDACTED)), ["authorization=s3cret"]);
        assert!(headers(Value::Null).is_empty());
    }

    #[test]
    fn hidden_headers_do_not_follow_a_monitor_to_another_origin() {
        let allowance =
            Allowance { regions: &regions(), kept: &[], private_targets: false, limits: Plan::Free.limits() };
        let body = json!({"url": "https://example.com/", "http": {"headers": {"authorization": "s3cret"}}});
        let spec = MonitorSpec::read(&body, &allowance).expect("valid");
        for patch in [
            json!({"url": "https://attacker.example/"}),
            json!({"url": "http://example.com/"}),
            json!({"url": "https://attacker.example/", "http": {"headers": {"authorization": REDACTED}}}),
        ] {
            let faults = spec.patched(&patch, &allowance).expect_err("refused").into_vec();
            assert_eq!(faults[0].pointer, "/http/headers", "{patch}");
        }
        for patch in [
            json!({"url": "https://example.com/other"}),
            json!({"url": "https://new.example/", "http": {"headers": {"Authorization": "x"}}}),
            json!({"url": "https://new.example/", "http": {"headers": null}}),
        ] {
            assert!(spec.patched(&patch, &allowance).is_ok(), "{patch}");
        }
    }
}
