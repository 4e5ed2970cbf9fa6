//! How each text of the API looks: its bounds, pattern, format and closed list of values.

use crate::Invalid;

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// The schema's name in the OpenAPI document; empty where it has none of its own.
    pub name: &'static str,
    /// What it is.
    pub says: &'static str,
    /// A typical one.
    pub example: &'static str,
    /// A regular expression (ECMA-262) that it matches.
    pub pattern: &'static str,
    /// The name of its format.
    pub format: &'static str,
    /// The shortest.
    pub min: usize,
    /// The longest.
    pub max: Option<usize>,
    /// What its length counts.
    pub unit: Unit,
    /// Whether white space around it does not count.
    pub trimmed: bool,
    /// Whether it is a secret: answered as `***`, which therefore is no value, but keeps the stored one in a merge patch.
    pub secret: bool,
    /// Whether people write it on several lines.
    pub lines: bool,
    /// A closed list of values; empty where any text will do.
    pub values: &'static [&'static str],
}

/// What a text's length counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Characters, as JSON Schema does.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
}

impl Text {
    /// Any text.
    pub const PLAIN: Self = Self {
        name: "",
        says: "",
        example: "",
        pattern: "",
        format: "",
        min: 0,
        max: None,
        unit: Unit::Characters,
        trimmed: false,
        secret: false,
        lines: false,
        values: &[],
    };

    /// Whether a text is within the bounds, and on the list where there is one.
    ///
    /// # Errors
    /// What it must be.
    pub fn fit(&self, text: &str) -> Result<(), Invalid> {
        let text = if self.trimmed { text.trim() } else { text };
        let length = match self.unit {
            Unit::Characters => text.chars().count(),
            Unit::Bytes => text.len(),
        };
        if length < self.min || self.max.is_some_and(|max| length > max) {
            return Err(Invalid::new(self.rule()));
        }
        if !self.values.is_empty() && !self.values.contains(&text) {
            return Err(self.none_of_these("one of these"));
        }
        Ok(())
    }

    /// What is wrong with a text that is not on the closed list; none where there is no list, or it is on it.
    pub(crate) fn misfit_of_closed_list(&self, text: &str) -> Option<String> {
        let strange = !self.values.is_empty() && !self.values.contains(&text);
        strange.then(|| self.none_of_these("one of these").0)
    }

    /// What is said of a text that is none of the values: "must be a plan: free, lite or pro".
    pub fn none_of_these(&self, what: &str) -> Invalid {
        let list = match self.values {
            [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            few => few.join(", "),
        };
        Invalid::new(format!("must be {what}: {list}"))
    }

    /// The bounds as a fault names them: "must be 1 to 500 bytes".
    pub fn rule(&self) -> String {
        let unit = match self.unit {
            Unit::Characters => "characters",
            Unit::Bytes => "bytes",
        };
        match (self.min, self.max) {
            (0, Some(max)) if self.unit == Unit::Bytes && max >= 10_240 && max.is_multiple_of(1024) => {
                format!("must be at most {} KiB", max / 1024)
            }
            (0, Some(max)) => format!("must be at most {max} {unit}"),
            (min, Some(max)) => format!("must be {min} to {max} {unit}"),
            (min, None) => format!("must be at least {min} {unit}"),
        }
    }
}

/// The values of an enum that has `ALL` and a constant `as_str`, as a constant list.
macro_rules! values {
    ($of:ty) => {{
        const VALUES: [&str; <$of>::ALL.len()] = {
            let mut values = [""; <$of>::ALL.len()];
            let mut place = 0;
            while place < values.len() {
                values[place] = <$of>::ALL[place].as_str();
                place += 1;
            }
            values
        };
        &VALUES
    }};
}
pub(crate) use values;

/// A moment.
pub const TIME: Text = Text {
    name: "Time",
    says: "Date and time: RFC 3339. Answers have UTC and milliseconds.",
    example: "2026-11-22T22:37:00.000Z",
    format: "date-time",
    ..Text::PLAIN
};

/// A region's code.
pub const REGION: Text = Text {
    name: "Region",
    says: "Code of a region that checks.",
    example: "hel",
    pattern: "^[a-z]{3}$",
    format: "region",
    ..Text::PLAIN
};

/// An actor, as a filter of the audit log names it.
pub const ACTOR: Text = Text {
    name: "ActorFilter",
    says: "Actor: the ID of a key, user or channel, `operator`, `checker`, `checker:` and a region, `delivery`, `recovery` or `system`.",
    example: "checker:hel",
    pattern: "^(operator|checker|checker:[a-z]{3}|delivery|recovery|system|(key|usr|chn)_[0-7][0-9A-HJKMNP-TV-Z]{25})$",
    format: "actor",
    ..Text::PLAIN
};

/// A URL.
pub const URL: Text = Text {
    name: "Url",
    says: "Absolute http or https URL, without credentials and fragment.",
    example: "https://example.com/health",
    pattern: "^[hH][tT][tT][pP][sS]?:",
    format: "uri",
    min: 8,
    max: Some(2048),
    unit: Unit::Bytes,
    ..Text::PLAIN
};

/// A name that people give.
pub const NAME: Text = Text {
    name: "Name",
    says: "Display name: 1 to 100 characters without control characters. White space around it is removed.",
    example: "Shop",
    // At least one character that is no space, since spaces around it are taken away.
    pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$",
    min: 1,
    max: Some(100),
    trimmed: true,
    ..Text::PLAIN
};

/// A label of a monitor.
pub const TAG: Text = Text {
    name: "Tag",
    says: "Label of your own.",
    example: "production",
    pattern: "^[A-Za-z0-9._:/-]{1,50}$",
    min: 1,
    max: Some(50),
    ..Text::PLAIN
};

/// A value of a filter that takes several, separated by commas.
pub const FILTER_VALUE: Text =
    Text { name: "FilterValue", says: "Exact value.", pattern: "^[^,]+$", min: 1, ..Text::PLAIN };

/// What people write on an incident.
pub const NOTE: Text = Text { min: 1, max: Some(2000), pattern: "\\S", trimmed: true, lines: true, ..Text::PLAIN };

/// Statuses of HTTP that count as up.
pub const EXPECTED_STATUS: Text = Text {
    name: "ExpectedStatus",
    says: "Status codes and ranges that count as up, at most 20, separated by commas.",
    example: "200-299,301",
    pattern: "^\\s*[1-5][0-9]{2}(-[1-5][0-9]{2})?\\s*(,\\s*[1-5][0-9]{2}(-[1-5][0-9]{2})?\\s*){0,19}$",
    format: "expected-status",
    ..Text::PLAIN
};

/// A host.
pub const HOST: Text = Text {
    name: "Host",
    says: "Host name or IP address.",
    example: "example.com",
    format: "host",
    min: 1,
    max: Some(253),
    ..Text::PLAIN
};

/// A name server.
pub const NAME_SERVER: Text = Text {
    name: "NameServer",
    says: "Name server: host name or IP address. A port other than 53 follows a colon.",
    example: "1.1.1.1",
    format: "name-server",
    min: 1,
    max: Some(260),
    ..Text::PLAIN
};

/// A path into JSON.
pub const JSON_PATH: Text = Text {
    name: "JsonPath",
    says: "JSONPath query (RFC 9535) without `match` and `search`, with at most 16 levels of filters, parentheses and functions.",
    example: "$.status",
    format: "json-path",
    min: 1,
    max: Some(200),
    unit: Unit::Bytes,
    ..Text::PLAIN
};

/// A name of the DNS.
pub const DNS_NAME: Text = Text {
    name: "DnsName",
    says: "DNS name as in a zone file, in Unicode or Punycode; `.` is the root. For PTR records also an IP address, which becomes its name below `in-addr.arpa` or `ip6.arpa`.",
    example: "example.com",
    format: "dns-name",
    min: 1,
    max: Some(253),
    ..Text::PLAIN
};

/// A record of the DNS.
pub const DNS_RECORD: Text = Text {
    name: "DnsRecord",
    says: "Record as in a zone file or as dig prints it: an address, a name, `10 mail.example.com`. A TXT record is its text, or its strings in quotes.",
    example: "192.0.2.1",
    format: "dns-record",
    min: 1,
    max: Some(16 * 1024),
    unit: Unit::Bytes,
    ..Text::PLAIN
};

/// The name of a request's header: a token (RFC 9110).
pub const HEADER_NAME: Text =
    Text { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$", min: 1, max: Some(100), ..Text::PLAIN };

/// The value of a request's header.
pub const HEADER_VALUE: Text =
    Text { pattern: "^[\\t -~]*$", max: Some(2048), unit: Unit::Bytes, secret: true, ..Text::PLAIN };

/// The body of a request.
pub const REQUEST_BODY: Text = Text { max: Some(16 * 1024), unit: Unit::Bytes, lines: true, ..Text::PLAIN };

/// A user name of Basic authentication.
pub const USERNAME: Text =
    Text { pattern: "^[^:\\u0000-\\u001f\\u007f-\\u009f]*$", max: Some(255), unit: Unit::Bytes, ..Text::PLAIN };

/// A password of Basic authentication.
pub const PASSWORD: Text = Text {
    pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
    max: Some(255),
    unit: Unit::Bytes,
    secret: true,
    ..Text::PLAIN
};

/// A text that is looked for in a body.
pub const NEEDLE: Text = Text { min: 1, max: Some(500), unit: Unit::Bytes, ..Text::PLAIN };

/// A text on the wire.
pub const WIRE_TEXT: Text = Text { min: 1, max: Some(1024), unit: Unit::Bytes, lines: true, ..Text::PLAIN };
