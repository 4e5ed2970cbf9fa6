//! Changing a monitor's description: JSON Merge Patch (RFC 7396), with hidden header values that stay hidden.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{Faults, MonitorSpec, check::CheckType, http_check::REDACTED, merge_patch::merge, monitor::Allowance};

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
        let mut merged = self.to_value();
        self.forget_other_type(&mut merged, patch);
        spell_header_names(&mut merged, patch, "/http/headers");
        merge(&mut merged, patch);
        let kept = keep_redacted(&mut merged, self);
        let patched = Self::read(&merged, allowance)?;
        let mut faults = Faults::default();
        if !self.check.same_origin(&patched.check)
            && let Some(http) = patched.check.http()
        {
            // Who may change a monitor may not see its secrets, and so may not have them sent elsewhere either.
            let given = |pointer: &str| patch.pointer(pointer).is_some() && !kept.contains(pointer);
            if http.headers.iter().any(|(name, _)| !given(&header_pointer(name))) {
                let detail = "were given for another scheme, host or port; with the new url, send each of their values again or null";
                faults.add("/http/headers", detail);
            }
            if http.basic_auth.is_some() && !given(PASSWORD) {
                let detail = "was given for another scheme, host or port; with the new url, send it again, or basic_auth as null";
                faults.add(PASSWORD, detail);
            }
        }
        faults.finish(Some(patched))
    }

    /// With another type, the settings of the old one go, but for those that the patch itself names.
    fn forget_other_type(&self, merged: &mut Value, patch: &Value) {
        let old = self.check.check_type();
        let asked = patch.get("check_type");
        let turns = asked.is_some_and(|to| if to.is_null() { old != CheckType::Http } else { to != old.as_str() });
        if let (true, Some(merged)) = (turns, merged.as_object_mut()) {
            merged.remove(old.as_str());
            merged.remove("url");
        }
    }
}

/// Where a password stands.
const PASSWORD: &str = "/http/basic_auth/password";

/// Where a header's value stands (RFC 6901: `~` is escaped; a header's name has no `/`).
fn header_pointer(name: &str) -> String {
    format!("/http/headers/{}", name.replace('~', "~0"))
}

/// Header names know no case: those that are stored take the spelling of the patch, so that it changes them and adds none.
pub(crate) fn spell_header_names(merged: &mut Value, patch: &Value, place: &str) {
    let headers = merged.pointer_mut(place).and_then(Value::as_object_mut);
    let given = patch.pointer(place).and_then(Value::as_object);
    let (Some(headers), Some(given)) = (headers, given) else { return };
    let spelled = |name: String| given.keys().find(|given| given.eq_ignore_ascii_case(&name)).cloned().unwrap_or(name);
    *headers = std::mem::take(headers).into_iter().map(|(name, value)| (spelled(name), value)).collect();
}

/// Puts the stored values behind the marks that stand for them; answers where.
fn keep_redacted(merged: &mut Value, stored: &MonitorSpec) -> BTreeSet<String> {
    let Some(http) = stored.check.http() else { return BTreeSet::new() };
    let mut kept = BTreeSet::new();
    let headers = merged.pointer_mut("/http/headers").and_then(Value::as_object_mut);
    for (name, mark) in headers.into_iter().flatten().filter(|(_, value)| **value == REDACTED) {
        let value = http.headers.iter().find(|(stored, _)| stored.eq_ignore_ascii_case(name));
        if let Some((_, value)) = value {
            *mark = json!(value);
            kept.insert(header_pointer(name));
        }
    }
    let mark = merged.pointer_mut(PASSWORD).filter(|mark| **mark == REDACTED);
    if let (Some(mark), Some(auth)) = (mark, &http.basic_auth) {
        *mark = json!(auth.password);
        kept.insert(PASSWORD.to_owned());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, RegionCode};

    fn regions() -> Vec<RegionCode> {
        ["fra", "hel", "usc"].into_iter().filter_map(|code| code.parse().ok()).collect()
    }

    fn header_list(spec: &MonitorSpec) -> Vec<String> {
        let http = spec.check.http().into_iter();
        http.flat_map(|http| http.headers.iter()).map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn another_type_takes_the_old_settings_away() {
        let allowance = Allowance {
            id: None,
            regions: &regions(),
            kept: &[],
            private_targets: false,
            blocked_ports: &[],
            limits: Plan::Free.limits(),
        };
        let body = json!({"url": "https://example.com/", "http": {"headers": {"authorization": "s3cret"}}});
        let spec = MonitorSpec::read(&body, &allowance).expect("valid");
        let turned = spec.patched(&json!({"check_type": "ssl", "ssl": {"host": "example.com"}}), &allowance);
        let turned = turned.expect("valid");
        assert_eq!(turned.check.target(), "example.com:443");
        let back =
            turned.patched(&json!({"check_type": null, "url": "https://example.org"}), &allowance).expect("valid");
        assert_eq!((back.check.target().as_str(), header_list(&back).len()), ("https://example.org/", 0));
        let faults = spec.patched(&json!({"check_type": "ssl", "url": "https://example.org"}), &allowance);
        let pointers: Vec<String> = faults.expect_err("refused").into_vec().into_iter().map(|f| f.pointer).collect();
        assert_eq!(pointers, ["/url", "/ssl"]);
    }

    #[test]
    fn a_hidden_password_stays_where_it_was_given_for() {
        let allowance = Allowance {
            id: None,
            regions: &regions(),
            kept: &[],
            private_targets: false,
            blocked_ports: &[],
            limits: Plan::Free.limits(),
        };
        let body =
            json!({"url": "https://example.com/", "http": {"basic_auth": {"username": "me", "password": "s3cret"}}});
        let spec = MonitorSpec::read(&body, &allowance).expect("valid");
        let password = |patch: Value| {
            spec.patched(&patch, &allowance)
                .map(|spec| spec.check.http().and_then(|http| http.basic_auth.clone()).map(|auth| auth.password))
                .map_err(|faults| faults.into_vec().remove(0).pointer)
        };
        assert_eq!(password(json!({"http": {"basic_auth": {"username": "you"}}})), Ok(Some("s3cret".into())));
        assert_eq!(password(json!({"http": {"basic_auth": {"password": REDACTED}}})), Ok(Some("s3cret".into())));
        assert_eq!(password(json!({"url": "https://example.org/"})), Err(PASSWORD.to_owned()));
        assert_eq!(
            password(json!({"url": "https://example.org/", "http": {"basic_auth": {"password": REDACTED}}})),
            Err(PASSWORD.to_owned())
        );
        assert_eq!(password(json!({"url": "https://example.org/", "http": {"basic_auth": null}})), Ok(None));
    }

    #[test]
    fn a_patch_changes_what_it_names_and_hidden_values_stay() {
        let allowance = Allowance {
            id: None,
            regions: &regions(),
            kept: &[],
            private_targets: false,
            blocked_ports: &[],
            limits: Plan::Free.limits(),
        };
        let body = json!({"url": "https://example.com/", "retries": 0, "http": {"headers": {"authorization": "s3cret", "x-old": "1"}}});
        let spec = MonitorSpec::read(&body, &allowance).expect("valid");
        let patch =
            json!({"name": "Shop", "retries": null, "http": {"headers": {"authorization": REDACTED, "x-old": null}}});
        let patched = spec.patched(&patch, &allowance).expect("valid");
        assert_eq!((patched.name.as_str(), patched.retries), ("Shop", 2));
        assert_eq!(header_list(&patched), ["authorization=s3cret"]);
    }

    #[test]
    fn header_names_know_no_case_in_a_patch() {
        let allowance = Allowance {
            id: None,
            regions: &regions(),
            kept: &[],
            private_targets: false,
            blocked_ports: &[],
            limits: Plan::Free.limits(),
        };
        let body = json!({"url": "https://example.com/", "http": {"headers": {"Authorization": "s3cret"}}});
        let spec = MonitorSpec::read(&body, &allowance).expect("valid");
        let headers = |value: Value| {
            let patched =
                spec.patched(&json!({"http": {"headers": {"AUTHORIZATION": value}}}), &allowance).expect("valid");
            header_list(&patched)
        };
        assert_eq!(headers(json!("new")), ["AUTHORIZATION=new"]);
        assert_eq!(headers(json!(REDACTED)), ["AUTHORIZATION=s3cret"]);
        assert!(headers(Value::Null).is_empty());
    }

    #[test]
    fn hidden_headers_do_not_follow_a_monitor_to_another_origin() {
        let allowance = Allowance {
            id: None,
            regions: &regions(),
            kept: &[],
            private_targets: false,
            blocked_ports: &[],
            limits: Plan::Free.limits(),
        };
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
