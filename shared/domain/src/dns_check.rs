//! The dns check: which records a name must have.

use std::{borrow::Cow, collections::BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Faults, Field, Fields, Items, Literal, Object,
    dns_name::DnsName,
    dns_text,
    host::NameServer,
    probe::{Cause, ErrorCode},
    text_spec::{DNS_NAME, DNS_RECORD, NAME_SERVER, Text, values},
};

/// Name whose records are looked up.
pub const NAME: Field = Field::text("name", &DNS_NAME).required().says("Name whose records are looked up.");

/// Type of the records.
pub const RECORD_TYPE: Field = Field::text("record_type", &RecordType::TEXT)
    .says("Type of the records.")
    .default(Literal::Str(RecordType::A.as_str()));

/// Records that are expected.
pub const EXPECTED: Field = Field::list("expected", "record", Items::Texts(&DNS_RECORD), 0, Some(20))
    .says("Records that are expected, as in a zone file. At most 32 KiB in all.")
    .computed("any record")
    .on_patch("Replaces the list.");

/// The longest list of expected records, in bytes.
pub const EXPECTED_MAX: usize = 32 * 1024;

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
    Srv,
    Ptr,
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
    pub const ALL: [Self; 10] =
        [Self::A, Self::Aaaa, Self::Cname, Self::Mx, Self::Ns, Self::Txt, Self::Soa, Self::Caa, Self::Srv, Self::Ptr];

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
            Self::Srv => "SRV",
            Self::Ptr => "PTR",
        }
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
    /// One of the TXT records contains this text; of several texts each.
    Substring,
}

impl DnsMatch {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "DnsMatch",
        says: "`exact`: these records and no others. `contains`: at least these. `substring`, only for TXT: each of these texts is part of a record.",
        example: "exact",
        values: values!(DnsMatch),
        ..Text::PLAIN
    };

    /// All of them.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Contains, Self::Substring];

    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Contains => "contains",
            Self::Substring => "substring",
        }
    }
}

/// Looks up a name's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsCheck {
    /// Name whose records are looked up.
    pub name: DnsName,
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
        let given_name: Option<DnsName> = fields.read(&NAME, faults);
        let record_type: RecordType = fields.read(&RECORD_TYPE, faults).unwrap_or_default();
        let name = given_name.and_then(|name| match Self::check_name(&name, record_type) {
            Ok(()) => Some(name),
            Err(says) => {
                faults.add(fields.pointer("name"), says);
                None
            }
        });
        let expected: Vec<String> = fields.read(&EXPECTED, faults).unwrap_or_default();
        if expected.iter().map(String::len).sum::<usize>() > EXPECTED_MAX {
            faults.add(fields.pointer("expected"), format!("must be at most {} KiB in all", EXPECTED_MAX / 1024));
        }
        for (place, text) in expected.iter().enumerate() {
            if let Err(error) = DNS_RECORD.fit(text).and_then(|()| record_type.normal(text)) {
                faults.add(format!("{}/{place}", fields.pointer("expected")), error.0);
            }
        }
        let matching = fields.read(&MATCH, faults);
        if matching == Some(DnsMatch::Substring) && record_type != RecordType::Txt {
            faults.add(fields.pointer("match"), "must be exact or contains: only TXT records are searched for a text");
        }
        let resolver = fields.read(&RESOLVER, faults);
        Some(Self { name: name?, record_type, expected, matching: matching?, resolver })
    }

    fn check_name(name: &DnsName, record_type: RecordType) -> Result<(), &'static str> {
        match name.as_address() {
            Some(_) if record_type != RecordType::Ptr => {
                Err("must be a name, not an address, unless the records are PTR")
            }
            None if name.as_str().contains("//") => Err("must be a name such as example.com, not a URL"),
            _ => Ok(()),
        }
    }

    /// The name that is asked for: that of the address, where one was given.
    pub fn question(&self) -> Cow<'_, DnsName> {
        self.name.as_address().map_or(Cow::Borrowed(&self.name), |address| Cow::Owned(DnsName::reverse(address)))
    }

    /// Whether these records, each in its normal spelling, are what is expected.
    ///
    /// # Errors
    /// What is missing, or too many.
    pub fn judge(&self, answers: &[String]) -> Result<(), Cause> {
        if self.expected.is_empty() {
            return Ok(());
        }
        let found: Vec<Vec<u8>> = answers.iter().map(|answer| self.values(answer).swap_remove(0)).collect();
        // Each was checked when it was read.
        let normal = |one: &String| self.record_type.normal(one).unwrap_or_else(|_| one.clone());
        let expected: Vec<String> = self.expected.iter().map(normal).collect();
        let wanted: Vec<Vec<Vec<u8>>> = expected.iter().map(|one| self.values(one)).collect();
        let fits = |meant: &Vec<u8>, record: &Vec<u8>| match self.matching {
            DnsMatch::Exact | DnsMatch::Contains => meant == record,
            DnsMatch::Substring => memchr::memmem::find(record, meant).is_some(),
        };
        let is_met =
            |meanings: &Vec<Vec<u8>>| meanings.iter().any(|meant| found.iter().any(|record| fits(meant, record)));
        let is_wanted = |record: &Vec<u8>| wanted.iter().flatten().any(|meant| meant == record);
        let missing: BTreeSet<&str> = of(&expected, &wanted, |meanings| !is_met(meanings));
        let extra: BTreeSet<&str> = of(answers, &found, |record| !is_wanted(record));
        let list = |of: BTreeSet<&str>| of.into_iter().collect::<Vec<_>>().join(", ");
        let (name, kind) = (self.question(), self.record_type.as_str());
        let detail = match self.matching {
            DnsMatch::Substring if !missing.is_empty() => {
                format!("{name} has no {kind} record that contains {}.", list(missing))
            }
            _ if !missing.is_empty() => format!("{name} has no {kind} record {}.", list(missing)),
            DnsMatch::Exact if !extra.is_empty() => {
                format!("{name} has a {kind} record that is not expected: {}.", list(extra))
            }
            _ => return Ok(()),
        };
        Err(Cause::seen(ErrorCode::DnsMismatch, detail))
    }

    /// What a record's spelling stands for, the likeliest first: only the text of a TXT record may stand for several things.
    fn values(&self, record: &str) -> Vec<Vec<u8>> {
        match self.record_type {
            RecordType::Txt => dns_text::meanings(record),
            _ => vec![record.as_bytes().to_vec()],
        }
    }
}

/// The records whose value, in the same place, is one of these.
fn of<'a, T>(records: &'a [String], values: &[T], is: impl Fn(&T) -> bool) -> BTreeSet<&'a str> {
    records.iter().zip(values).filter(|(_, value)| is(value)).map(|(record, _)| record.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(expected: &[&str], matching: DnsMatch) -> DnsCheck {
        DnsCheck {
            name: DnsName::parse("example.com").expect("a name"),
            record_type: RecordType::A,
            expected: expected.iter().map(|one| (*one).to_owned()).collect(),
            matching,
            resolver: None,
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
    fn texts_are_compared_by_what_they_stand_for() {
        let judge = |expected: &str, matching, answer: &[u8]| {
            let expected = RecordType::Txt.normal(expected).expect("a record");
            DnsCheck { record_type: RecordType::Txt, ..check(&[&expected], matching) }.judge(&[RecordType::txt(answer)])
        };
        for (expected, answer) in [
            ("\"say \\\"hi\\\"\"", &b"say \"hi\""[..]),
            ("say \"hi\"", b"say \"hi\""),
            ("\"a\\\\b\"", b"a\\b"),
            ("a\\b", b"a\\b"),
            ("a\\\\b", b"a\\b"),
            ("\"gr\\195\\188\\195\\159e\"", "grüße".as_bytes()),
            ("gr\\195\\188\\195\\159e", "grüße".as_bytes()),
            ("grüße", "grüße".as_bytes()),
            ("\"v=DMARC1\\; p=none\"", b"v=DMARC1; p=none"),
            ("v=DMARC1\\; p=none", b"v=DMARC1; p=none"),
            ("v=DMARC1\\;\\032p=none", b"v=DMARC1; p=none"),
            ("\"v=spf1 \"\"-all\"", b"v=spf1 -all"),
            ("\"v=spf1 \" -all", b"v=spf1 -all"),
            ("\"\\252\"", b"\xfc"),
            ("\"\"", b""),
        ] {
            for matching in DnsMatch::ALL {
                assert_eq!(judge(expected, matching, answer), Ok(()), "{expected} {matching:?}");
            }
        }
        for (expected, answer) in [
            ("v=spf1 -all", &b"v=spf1-all"[..]),
            ("\"a\\\\b\"", b"ab"),
            ("V=spf1", b"v=spf1"),
            ("\"a\" ", b"\"a\""),
            ("\\252", b"\xef\xbf\xbd"),
            ("\"\\252\"", b"\xfd"),
        ] {
            assert!(judge(expected, DnsMatch::Exact, answer).is_err(), "{expected}");
        }
    }

    #[test]
    fn a_part_of_a_text_can_be_looked_for() {
        let answers = [RecordType::txt(b"v=spf1 include:_spf.example -all"), RecordType::txt(b"site=\"a\"\xff")];
        let judge = |expected: &[&str]| {
            DnsCheck { record_type: RecordType::Txt, ..check(expected, DnsMatch::Substring) }.judge(&answers)
        };
        for expected in
            [&["include:_spf.example"] as &[&str], &["v=spf1", "site="], &["\"=\\\"a\""], &["\"\\255\""], &[]]
        {
            assert_eq!(judge(expected), Ok(()), "{expected:?}");
        }
        let cause = judge(&["v=spf1", "v=spf2"]).expect_err("a mismatch");
        assert!(cause.code == ErrorCode::DnsMismatch && cause.detail.ends_with("no TXT record that contains v=spf2."));
    }

    fn faults(body: &serde_json::Value) -> Vec<String> {
        let mut faults = Faults::default();
        DnsCheck::read(&mut Fields::of(body, "/dns", &mut faults), &mut faults);
        faults.into_vec().into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn long_records_fit_and_all_of_them_have_a_bound() {
        let expected = |lengths: &[usize]| {
            let records: Vec<String> = lengths.iter().map(|length| "a".repeat(*length)).collect();
            faults(&json!({"name": "example.com", "record_type": "TXT", "expected": records}))
        };
        let none: [String; 0] = [];
        assert_eq!(expected(&[750]), none);
        assert_eq!(expected(&[16 * 1024, 16 * 1024]), none);
        assert_eq!(expected(&[16 * 1024 + 1]), ["/dns/expected/0"]);
        assert_eq!(expected(&[16 * 1024, 16 * 1024, 1]), ["/dns/expected"]);
    }

    #[test]
    fn names_are_names_of_the_dns() {
        let named = |name: &str, record_type: &str| {
            let body = json!({"name": name, "record_type": record_type});
            let mut faults = Faults::default();
            DnsCheck::read(&mut Fields::of(&body, "/dns", &mut faults), &mut faults)
                .map(|check| check.question().to_string())
        };
        for (name, record_type, asked) in [
            ("0/25.2.0.192.in-addr.arpa", "PTR", Some("0/25.2.0.192.in-addr.arpa")),
            ("192.0.2.1", "PTR", Some("1.2.0.192.in-addr.arpa")),
            ("2001:DB8::1", "PTR", Some("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")),
            ("192.0.2.1", "A", None),
            ("::1", "AAAA", None),
            (".", "NS", Some(".")),
            (".", "SOA", Some(".")),
            ("_SIP._tcp.example.com.", "SRV", Some("_sip._tcp.example.com")),
            ("https://example.com", "A", None),
        ] {
            assert_eq!(named(name, record_type).as_deref(), asked, "{name} {record_type}");
        }
    }

    #[test]
    fn each_fault_has_its_place() {
        let body = json!({"name": "10.0.0.1", "record_type": "MX", "expected": ["mail.example.com", ""], "match": "substring", "resolver": "1.1.1.1:0"});
        assert_eq!(faults(&body), ["/dns/name", "/dns/expected/0", "/dns/expected/1", "/dns/match", "/dns/resolver"]);
    }
}
