//! The dns check: which records a name must have.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, Ipv6Addr},
};

use serde::{Deserialize, Serialize};

use crate::{
    Faults, Field, Fields, Invalid, Items, Literal, Object,
    host::{HostName, NameServer},
    probe::{Cause, ErrorCode},
    text_spec::{DNS_RECORD, HOST, NAME_SERVER, Text, values},
};

/// Name whose records are looked up.
pub const NAME: Field = Field::text("name", &HOST).required().says("Name whose records are looked up.");

/// Type of the records.
pub const RECORD_TYPE: Field = Field::text("record_type", &RecordType::TEXT)
    .says("Type of the records.")
    .default(Literal::Str(RecordType::A.as_str()));

/// Records that are expected.
pub const EXPECTED: Field = Field::list("expected", "record", Items::Texts(&DNS_RECORD), 0, Some(20))
    .says("Records that are expected, as in a zone file.")
    .computed("any record")
    .on_patch("Replaces the list.");

/// How the answer is compared.
pub const MATCH: Field = Field::text("match", &DnsMatch::TEXT)
    .says("How the answer is compared with `expected`.")
    .default(Literal::Str(DnsMatch::Exact.as_str()));

/// Name server that is asked.
pub const RESOLVER: Field =
    Field::text("resolver", &NAME_SERVER).says("Name server that is asked.").computed("the resolver of the checker");

/// The records that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names of the DNS's registry say it")]
pub enum RecordType {
    #[default]
    A,
    Aaaa,
    Cname,
    Mx,
    Ns,
    Txt,
    Soa,
    Caa,
}

impl RecordType {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "RecordType",
        says: "Type of DNS records.",
        example: "A",
        values: values!(RecordType),
        ..Text::PLAIN
    };

    /// Every type.
    pub const ALL: [Self; 8] = [Self::A, Self::Aaaa, Self::Cname, Self::Mx, Self::Ns, Self::Txt, Self::Soa, Self::Caa];

    /// As a zone file spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Txt => "TXT",
            Self::Soa => "SOA",
            Self::Caa => "CAA",
        }
    }

    /// A record's data in the spelling in which answers are compared.
    ///
    /// # Errors
    /// What such a record looks like, where this is none.
    pub fn normal<'a>(self, text: &'a str) -> Result<String, Invalid> {
        let fault = |shape: &str| Invalid::new(format!("must be {} records such as {shape}", self.as_str()));
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        match (self, words.as_slice()) {
            (Self::A, [one]) => one.parse::<Ipv4Addr>().map(|v4| v4.to_string()).map_err(|_| fault("\"192.0.2.1\"")),
            (Self::A, _) => Err(fault("\"192.0.2.1\"")),
            (Self::Aaaa, [one]) => {
                one.parse::<Ipv6Addr>().map(|v6| v6.to_string()).map_err(|_| fault("\"2001:db8::1\""))
            }
            (Self::Aaaa, _) => Err(fault("\"2001:db8::1\"")),
            (Self::Cname | Self::Ns, [one]) => Ok(name(one)),
            (Self::Cname | Self::Ns, _) => Err(fault("\"www.example.com\"")),
            (Self::Mx, [preference, exchange]) if preference.parse::<u16>().is_ok() => {
                Ok(format!("{} {}", number(preference), name(exchange)))
            }
            (Self::Mx, _) => Err(fault("\"10 mail.example.com\"")),
            (Self::Soa, [primary, mailbox, numbers @ ..])
                if numbers.len() == 5 && numbers.iter().all(|number| number.parse::<u32>().is_ok()) =>
            {
                let numbers: Vec<&str> = numbers.iter().map(|text| number(text)).collect();
                Ok(format!("{} {} {}", name(primary), name(mailbox), numbers.join(" ")))
            }
            (Self::Soa, _) => Err(fault("\"ns1.example.com admin.example.com 2026112501 7200 3600 1209600 300\"")),
            (Self::Caa, [flags, tag, ..]) if flags.parse::<u8>().is_ok() => {
                // The words are ASCII's, so that they stand where they were found.
                let behind = |text: &'a str, word: &str| text.trim_ascii_start().get(word.len()..).unwrap_or_default();
                let value = behind(behind(text, flags), tag).trim_ascii();
                Ok(format!("{} {} \"{}\"", number(flags), tag.to_ascii_lowercase(), value.trim_matches('"')))
            }
            (Self::Caa, _) => Err(fault("\"0 issue \\\"letsencrypt.org\\\"\"")),
            (Self::Txt, _) => Ok(unquoted(text)),
        }
    }
}

/// A number that was parsed, without a sign and zeros before it.
fn number(text: &str) -> &str {
    let bare = text.trim_start_matches('+').trim_start_matches('0');
    if bare.is_empty() { "0" } else { bare }
}

/// A text as it is, or as a zone file quotes it: its parts joined.
fn unquoted(text: &str) -> String {
    let inner = text.trim_ascii().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let Some(inner) = inner.filter(|inner| !inner.contains('\\')) else { return text.to_owned() };
    let parts: Vec<&str> = inner.split('"').collect();
    // Between two quotes that end and begin a part there are spaces alone.
    let between = |(place, part): (usize, &&str)| place % 2 == 0 || part.trim_ascii().is_empty();
    if parts.len() % 2 == 1 && parts.iter().enumerate().all(between) {
        parts.iter().step_by(2).copied().collect()
    } else {
        text.to_owned()
    }
}

/// A name in the spelling in which names are compared; the root is a dot.
fn name(text: &str) -> String {
    let lower = text.to_lowercase();
    match lower.trim_end_matches('.') {
        "" => ".".to_owned(),
        bare => HostName::try_from(bare.to_owned()).map_or_else(|_| bare.to_owned(), String::from),
    }
}

/// How the answer must relate to what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DnsMatch {
    /// These records, and no others, in any order.
    #[default]
    Exact,
    /// At least these.
    Contains,
}

impl DnsMatch {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "DnsMatch",
        says: "`exact`: these records and no others. `contains`: at least these.",
        example: "exact",
        values: values!(DnsMatch),
        ..Text::PLAIN
    };

    /// Both.
    pub const ALL: [Self; 2] = [Self::Exact, Self::Contains];

    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Contains => "contains",
        }
    }
}

/// Looks up a name's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsCheck {
    /// Name whose records are looked up.
    pub name: HostName,
    /// Type of the records.
    pub record_type: RecordType,
    /// Records that are expected; any, where there are none.
    #[serde(default)]
    pub expected: Vec<String>,
    /// How the answer is compared with `expected`.
    #[serde(default, rename = "match")]
    pub matching: DnsMatch,
    /// Name server that is asked. Default: the resolver of the checker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolver: Option<NameServer>,
}

impl DnsCheck {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "DnsSettings",
        patch_name: "DnsPatch",
        says: "Settings of a dns check.",
        fields: &[NAME, RECORD_TYPE, EXPECTED, MATCH, RESOLVER],
    };

    /// Reads the check's fields.
    pub fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Self> {
        let name: Option<HostName> = fields.read(&NAME, faults);
        if name.as_ref().is_some_and(|name| name.literal_address().is_some()) {
            faults.add(fields.pointer("name"), "must be a name, not an address");
        }
        let record_type: RecordType = fields.read(&RECORD_TYPE, faults).unwrap_or_default();
        let given: Vec<String> = fields.read(&EXPECTED, faults).unwrap_or_default();
        let mut expected = Vec::with_capacity(given.len());
        for (place, text) in given.iter().enumerate() {
            let pointer = format!("{}/{place}", fields.pointer("expected"));
            match DNS_RECORD.fit(text).and_then(|()| record_type.normal(text)) {
                Ok(normal) => expected.push(normal),
                Err(error) => faults.add(pointer, error.0),
            }
        }
        let matching = fields.read(&MATCH, faults);
        let resolver = fields.read(&RESOLVER, faults);
        Some(Self { name: name?, record_type, expected, matching: matching?, resolver })
    }

    /// Whether these records, each in its normal spelling, are what is expected.
    ///
    /// # Errors
    /// What is missing, or too many.
    pub fn judge(&self, answers: &[String]) -> Result<(), Cause> {
        if self.expected.is_empty() {
            return Ok(());
        }
        let wanted: BTreeSet<&String> = self.expected.iter().collect();
        let found: BTreeSet<&String> = answers.iter().collect();
        let list = |of: Vec<&&String>| of.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ");
        let missing: Vec<&&String> = wanted.difference(&found).collect();
        let extra: Vec<&&String> = found.difference(&wanted).collect();
        let detail = if !missing.is_empty() {
            format!("{} has no {} record {}.", self.name, self.record_type.as_str(), list(missing))
        } else if self.matching == DnsMatch::Exact && !extra.is_empty() {
            let what = self.record_type.as_str();
            format!("{} has a {what} record that is not expected: {}.", self.name, list(extra))
        } else {
            return Ok(());
        };
        Err(Cause::seen(ErrorCode::DnsMismatch, detail))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(expected: &[&str], matching: DnsMatch) -> DnsCheck {
        DnsCheck {
            name: HostName::try_from("example.com".to_owned()).expect("a name"),
            record_type: RecordType::A,
            expected: expected.iter().map(|one| (*one).to_owned()).collect(),
            matching,
            resolver: None,
        }
    }

    #[test]
    fn records_have_one_spelling() {
        for (of, given, kept) in [
            (RecordType::A, " 192.0.2.1 ", Some("192.0.2.1")),
            (RecordType::A, "192.0.2", None),
            (RecordType::A, "::1", None),
            (RecordType::Aaaa, "2001:DB8:0::1", Some("2001:db8::1")),
            (RecordType::Cname, "WWW.Example.com.", Some("www.example.com")),
            (RecordType::Mx, "10  Mail.example.com.", Some("10 mail.example.com")),
            (RecordType::Mx, "mail.example.com", None),
            (RecordType::Txt, "v=spf1  -all", Some("v=spf1  -all")),
            (RecordType::Txt, "\"v=spf1 \" \"-all\"", Some("v=spf1 -all")),
            (RecordType::Txt, "\"a\" or \"b\"", Some("\"a\" or \"b\"")),
            (RecordType::Txt, "\"", Some("\"")),
            (RecordType::Mx, "0 .", Some("0 .")),
            (RecordType::Mx, "+010 mail.example.com", Some("10 mail.example.com")),
            (RecordType::Cname, ".", Some(".")),
            (RecordType::Caa, "00 Issue  \"letsencrypt.org\" ", Some("0 issue \"letsencrypt.org\"")),
            (RecordType::Caa, "0 \u{b}issue", Some("0 \u{b}issue \"\"")),
            (RecordType::Caa, "\u{3000}0 issue x", None),
            (RecordType::Soa, "ns.a. admin.a. 1 2 3 4 5", Some("ns.a admin.a 1 2 3 4 5")),
            (RecordType::Soa, "ns.a. admin.a. 1 2 3 4", None),
            (RecordType::Caa, "0 Issue letsencrypt.org", Some("0 issue \"letsencrypt.org\"")),
            (RecordType::Caa, "0 issue \"a; b=c\"", Some("0 issue \"a; b=c\"")),
            (RecordType::Caa, "issue x", None),
        ] {
            assert_eq!(of.normal(given).ok().as_deref(), kept, "{of:?} {given}");
        }
    }

    #[test]
    fn the_set_is_compared_as_a_set() {
        let answers = ["192.0.2.2".to_owned(), "192.0.2.1".to_owned()];
        assert_eq!(check(&[], DnsMatch::Exact).judge(&answers), Ok(()));
        assert_eq!(check(&["192.0.2.1", "192.0.2.2"], DnsMatch::Exact).judge(&answers), Ok(()));
        assert_eq!(check(&["192.0.2.1"], DnsMatch::Contains).judge(&answers), Ok(()));
        for (expected, matching, says) in [
            (&["192.0.2.1"] as &[&str], DnsMatch::Exact, "not expected: 192.0.2.2"),
            (&["192.0.2.9"], DnsMatch::Exact, "no A record 192.0.2.9"),
            (&["192.0.2.9"], DnsMatch::Contains, "no A record 192.0.2.9"),
        ] {
            let cause = check(expected, matching).judge(&answers).expect_err("a mismatch");
            assert!(cause.code == ErrorCode::DnsMismatch && cause.detail.contains(says), "{cause:?}");
        }
    }

    #[test]
    fn each_fault_has_its_place() {
        let body = json!({"name": "10.0.0.1", "record_type": "MX", "expected": ["mail.example.com", ""], "resolver": "1.1.1.1:0"});
        let mut faults = Faults::default();
        let mut fields = Fields::of(&body, "/dns", &mut faults);
        assert!(DnsCheck::read(&mut fields, &mut faults).is_some());
        let pointers: Vec<String> = faults.into_vec().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/dns/name", "/dns/expected/0", "/dns/expected/1", "/dns/resolver"]);
    }
}
