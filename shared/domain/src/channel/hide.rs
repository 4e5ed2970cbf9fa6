//! Hides a channel's secrets in what its receiver said.

use serde_json::Value;
use url::Url;

use super::{Settings, fields};
use crate::http_check::REDACTED;

/// A part of a hook's URL that is as long as this is a token of it, or may be.
const TOKEN_MIN: usize = 8;

impl Settings {
    /// The text with a mark in the place of each of the channel's secrets, and of each part of a hook's URL that may be one.
    pub fn hide_secrets(&self, text: &str) -> String {
        let mut secrets = Vec::new();
        let value = serde_json::to_value(self).unwrap_or_default();
        for field in fields::of(self.channel_type()).iter().filter(|field| fields::is_secret(field)) {
            match &value[field.name] {
                Value::String(secret) => secrets.extend(parts(secret)),
                Value::Object(members) => {
                    secrets.extend(members.values().filter_map(Value::as_str).map(str::to_owned));
                }
                _ => {}
            }
        }
        // The longest first: a part must not leave the rest of a whole.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let hide = |text: String, secret: &String| text.replace(secret.as_str(), REDACTED);
        secrets.iter().filter(|secret| !secret.is_empty()).fold(text.to_owned(), hide)
    }
}

/// A secret, and where it is a URL, each of its parts that may be one by itself.
fn parts(secret: &str) -> Vec<String> {
    let mut parts = vec![secret.to_owned()];
    if let Ok(url) = Url::parse(secret) {
        let path = url.path_segments().into_iter().flatten().map(str::to_owned);
        let query = url.query_pairs().map(|(_, value)| value.into_owned());
        parts.extend(path.chain(query).filter(|part| part.len() >= TOKEN_MIN));
        parts.push(url.into());
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::channel::{Allowance, ChannelSpec};

    fn spec(body: &Value) -> Settings {
        ChannelSpec::read(body, &Allowance { private_targets: true, blocked_ports: &[] }).expect("a channel").settings
    }

    #[test]
    fn no_secret_is_left_in_what_a_receiver_said() {
        let slack = spec(
            &json!({"name": "a", "type": "slack", "webhook_url": "https://hooks.example/services/T024BE7LD/B024BE7LE/s3cretS3cret"}),
        );
        let said = "no hook s3cretS3cret at /services/T024BE7LD; tell hooks.example";
        assert_eq!(slack.hide_secrets(said), "no hook *** at /***/***; tell hooks.example");
        let webhook = spec(
            &json!({"name": "a", "type": "webhook", "url": "https://hooks.example/", "headers": {"x-key": "k3y"}}),
        );
        assert_eq!(webhook.hide_secrets("x-key k3y is wrong"), "x-key *** is wrong");
        let pagerduty =
            spec(&json!({"name": "a", "type": "pagerduty", "routing_key": "0123456789abcdef0123456789abcdef"}));
        assert_eq!(pagerduty.hide_secrets("0123456789abcdef0123456789abcdef?"), "***?");
    }
}
