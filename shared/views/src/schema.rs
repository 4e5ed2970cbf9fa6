//! Texts of the API as the OpenAPI document describes them: ids, times, URLs and the like. Views and requests name these types in
//! place of the domain's, which know nothing of OpenAPI.

use std::borrow::Cow;

use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Object, RefOr, Schema,
        schema::{ObjectBuilder, SchemaFormat, SchemaType, Type},
    },
};

/// How a text is described.
struct Text {
    says: &'static str,
    example: &'static str,
    pattern: &'static str,
    format: &'static str,
    length: Option<(usize, usize)>,
    values: &'static [&'static str],
}

const PLAIN: Text = Text { says: "", example: "", pattern: "", format: "", length: None, values: &[] };

impl Text {
    fn schema(&self) -> RefOr<Schema> {
        let some = |text: &'static str| (!text.is_empty()).then_some(text);
        let mut schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(self.says))
            .examples([json!(self.example)])
            .pattern(some(self.pattern))
            .format(some(self.format).map(|format| SchemaFormat::Custom(format.to_owned())));
        if let Some((least, most)) = self.length {
            schema = schema.min_length(Some(least)).max_length(Some(most));
        }
        if !self.values.is_empty() {
            schema = schema.enum_values(Some(self.values.iter().copied()));
        }
        schema.build().into()
    }
}

macro_rules! texts {
    ($($name:ident $text:expr;)*) => {$(
        #[doc = concat!("Describes `", stringify!($name), "`.")]
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text: Text = $text;
                text.schema()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

macro_rules! id {
    ($says:literal, $prefix:literal) => {
        Text {
            says: $says,
            example: concat!($prefix, "01M82PJFFSY9XKXCV0WRMX4C7M"),
            pattern: concat!("^", $prefix, "[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
            ..PLAIN
        }
    };
}

texts! {
    AccountId id!("Names an account.", "acc_");
    AuditId id!("Names a row of the audit log.", "aud_");
    CheckId id!("Names a check that was asked for.", "chk_");
    CommentId id!("Names a line of an incident's timeline.", "cmt_");
    DeliveryId id!("Names a webhook delivery.", "dlv_");
    EventId id!("Names an event; the same on every attempt to deliver it.", "evt_");
    IncidentId id!("Names an incident.", "inc_");
    KeyId id!("Names an API key.", "key_");
    MonitorId id!("Names a monitor.", "mon_");
    Time Text {
        says: "A moment: RFC 3339, answered in UTC with milliseconds.",
        example: "2026-11-22T22:37:00.000Z",
        format: "date-time",
        ..PLAIN
    };
    Region Text {
        says: "The code of a region that checks, such as `fra`.",
        example: "hel",
        pattern: "^[a-z]{3}$",
        format: "region",
        ..PLAIN
    };
    Url Text {
        says: "An absolute http or https URL, without credentials and fragment.",
        example: "https://example.com/health",
        pattern: "^[hH][tT][tT][pP][sS]?:",
        format: "uri",
        length: Some((8, 2048)),
        ..PLAIN
    };
    Name Text {
        says: "What people call it: 1 to 100 characters, none of them a control character.",
        example: "Shop",
        // At least one character that is no space, since spaces around it are taken away.
        pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$",
        length: Some((1, 100)),
        ..PLAIN
    };
    Tag Text {
        says: "A label of your own.",
        example: "production",
        pattern: "^[A-Za-z0-9._:/-]{1,50}$",
        length: Some((1, 50)),
        ..PLAIN
    };
    ExpectedStatus Text {
        says: "Status codes and ranges that count as up, at most 20, separated by commas.",
        example: "200-299,301",
        pattern: "^\\s*[1-5][0-9]{2}(-[1-5][0-9]{2})?\\s*(,\\s*[1-5][0-9]{2}(-[1-5][0-9]{2})?\\s*){0,19}$",
        format: "expected-status",
        ..PLAIN
    };
    Cursor Text {
        says: "A place in a list: `next_cursor` of the page before. Of this account, this list and these filters alone.",
        example: "3q2-7wAAAAAAAAAAbW9uXzAxTTgyUEpGRlNZOVhLWENWMFdSTVg0QzdN",
        format: "cursor",
        length: Some((1, 300)),
        ..PLAIN
    };
    WebhookSecret Text {
        says: "What webhooks are signed with: 32 bytes in base64.",
        example: "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        pattern: "^whsec_[A-Za-z0-9+/]{43}=$",
        ..PLAIN
    };
    Token Text {
        says: "What a client sends as `Authorization: Bearer …`.",
        example: "val_key_EXAMPLEexampleEXAMPLEexampleEXAM000000",
        pattern: "^val_key_[0-9A-Za-z]{38}$",
        ..PLAIN
    };
    Status Text {
        says: "`pending`: not yet decided. `degraded`: a minority of regions sees it down. `paused`: not checked.",
        example: "up",
        values: &["pending", "up", "degraded", "down", "paused"],
        ..PLAIN
    };
    CheckType Text { says: "How it is checked.", example: "http", values: &["http", "ssl", "tcp", "dns", "ping"], ..PLAIN };
    Host Text {
        says: "A host name, or an IP address.",
        example: "example.com",
        format: "host",
        length: Some((1, 253)),
        ..PLAIN
    };
    NameServer Text {
        says: "A name server: a host name or an IP address, with a port other than 53 behind a colon.",
        example: "1.1.1.1",
        format: "name-server",
        length: Some((1, 260)),
        ..PLAIN
    };
    JsonPath Text {
        says: "A JSONPath query (RFC 9535) without `match` and `search`, and at most 16 levels of filters, parentheses and functions.",
        example: "$.status",
        format: "json-path",
        length: Some((1, 200)),
        ..PLAIN
    };
    JsonOp Text {
        says: "How a node is compared. `contains`: a text that has it, or an array that has it.",
        example: "eq",
        values: &["eq", "ne", "lt", "lte", "gt", "gte", "contains", "exists", "absent"],
        ..PLAIN
    };
    SlowOutcome Text {
        says: "What it means that a target is slow.",
        example: "degraded",
        values: &["degraded", "down"],
        ..PLAIN
    };
    RecordType Text {
        says: "A type of DNS records.",
        example: "A",
        values: &["A", "AAAA", "CNAME", "MX", "NS", "TXT", "SOA", "CAA"],
        ..PLAIN
    };
    DnsRecord Text {
        says: "A record as a zone file spells it: an address, a name, `10 mail.example.com`.",
        example: "192.0.2.1",
        format: "dns-record",
        length: Some((1, 512)),
        ..PLAIN
    };
    DnsMatch Text {
        says: "`exact`: these records and no others. `contains`: at least these.",
        example: "exact",
        values: &["exact", "contains"],
        ..PLAIN
    };
    Method Text {
        says: "A request's method.",
        example: "GET",
        values: &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        ..PLAIN
    };
    Outcome Text {
        says: "`degraded` is up, but slower than the monitor wishes: it counts as up. `probe_error` is our own fault: it counts for nothing.",
        example: "up",
        values: &["up", "degraded", "down", "probe_error"],
        ..PLAIN
    };
    IncidentStatus Text {
        says: "An incident that somebody has taken is still `ongoing`.",
        example: "ongoing",
        values: &["ongoing", "resolved"],
        ..PLAIN
    };
    ActorType Text {
        says: "Kind of an actor. `checker`: a region's checks. `recovery`: the target is up again. `delivery`: the webhook worker.",
        example: "key",
        values: &["key", "user", "operator", "checker", "delivery", "recovery", "system"],
        ..PLAIN
    };
    TimelineType Text {
        says: "What happened.",
        example: "opened",
        values: &["opened", "acknowledged", "commented", "resolved"],
        ..PLAIN
    };
    DeliveryStatus Text {
        says: "`pending`: to be sent, or sent again. `dead`: given up, and kept.",
        example: "succeeded",
        values: &["pending", "succeeded", "dead"],
        ..PLAIN
    };
    EventType Text {
        says: "What a webhook tells of.",
        example: "incident.opened",
        values: &[
            "incident.opened",
            "incident.acknowledged",
            "incident.commented",
            "incident.resolved",
            "monitor.degraded",
            "monitor.recovered",
            "monitor.unwatched",
            "ssl.expiring",
            "webhook.test",
        ],
        ..PLAIN
    };
    Scope Text {
        says: "What a key may do.",
        example: "monitors:read",
        values: &[
            "account:read",
            "keys:read",
            "keys:write",
            "monitors:read",
            "monitors:write",
            "incidents:read",
            "incidents:write",
        ],
        ..PLAIN
    };
    Plan Text {
        says: "What an account may do, and how fast.",
        example: "pro",
        values: &["free", "lite", "start", "pro", "business"],
        ..PLAIN
    };
    Window Text {
        says: "Back from now. Up to 7 days come by the hour, more by the day (UTC).",
        example: "24h",
        values: &["24h", "7d", "30d", "90d"],
        ..PLAIN
    };
}

/// A text, a number, a truth value or null.
pub fn scalar() -> Object {
    let types = [Type::String, Type::Number, Type::Boolean, Type::Null];
    ObjectBuilder::new().schema_type(SchemaType::from_iter(types)).examples([json!("ok")]).build()
}

#[cfg(test)]
mod tests {
    use valpero_domain::{Plan, Scope, Status, body_check, check, delivery::EventType, dns_check, http_check, probe};

    use super::*;

    fn values<T: PartialSchema>() -> Vec<String> {
        let schema = json!(T::schema());
        schema["enum"].as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn closed_lists_are_those_of_the_domain() {
        assert_eq!(values::<super::Plan>(), Plan::ALL.map(|plan| plan.as_str().to_owned()));
        assert_eq!(values::<super::Scope>(), Scope::ALL.map(|scope| scope.as_str().to_owned()));
        assert_eq!(values::<super::EventType>(), EventType::ALL.map(|event| event.as_str().to_owned()));
        assert_eq!(values::<ActorType>(), valpero_domain::ActorType::ALL.map(|of| of.as_str().to_owned()));
        for status in values::<super::Status>() {
            assert!(status.parse::<Status>().is_ok(), "{status}");
        }
        assert_eq!(values::<Outcome>(), probe::Outcome::ALL.map(|outcome| outcome.as_str().to_owned()));
        for code in values::<CheckType>() {
            assert!(code.parse::<check::CheckType>().is_ok(), "{code}");
        }
        assert_eq!(values::<CheckType>().len(), check::CheckType::ALL.len());
        assert_eq!(values::<RecordType>(), dns_check::RecordType::ALL.map(|of| of.as_str().to_owned()));
        assert_eq!(values::<JsonOp>(), body_check::Op::ALL.map(|op| op.as_str().to_owned()));
        for method in values::<Method>() {
            assert!(serde_json::from_value::<http_check::Method>(json!(method)).is_ok(), "{method}");
        }
    }
}
