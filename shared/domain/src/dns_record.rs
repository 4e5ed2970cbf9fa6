//! Records of the DNS: each has one spelling in which it is compared, however a zone file, dig or a person spells it.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{
    Invalid,
    dns_check::RecordType,
    dns_name::DnsName,
    dns_text::{self, quoted, unescape, words},
};

impl RecordType {
    /// A record's data in the spelling in which answers are compared.
    ///
    /// # Errors
    /// What such a record looks like, where this is none.
    pub fn normal(self, text: &str) -> Result<String, Invalid> {
        if self == Self::Txt {
            return Ok(dns_text::normal(text));
        }
        let fault = || Invalid::new(format!("must be {} records such as {}", self.as_str(), self.sample()));
        self.spelled(text).ok_or_else(fault)
    }

    /// What the record of this type is, that an answer contains. Every other type has its own spelling.
    pub fn txt(bytes: &[u8]) -> String {
        dns_text::shown(bytes)
    }

    /// A CAA record of an answer.
    pub fn caa(flags: u8, tag: &str, value: &[u8]) -> String {
        format!("{flags} {} {}", tag.to_ascii_lowercase(), quoted(value))
    }

    const fn sample(self) -> &'static str {
        match self {
            Self::A => "\"192.0.2.1\"",
            Self::Aaaa => "\"2001:db8::1\"",
            Self::Cname | Self::Ns | Self::Ptr => "\"www.example.com\"",
            Self::Mx => "\"10 mail.example.com\"",
            Self::Srv => "\"10 60 5060 sip.example.com\"",
            Self::Txt => "\"v=spf1 -all\"",
            Self::Soa => "\"ns1.example.com admin.example.com 2026112501 7200 3600 1209600 300\"",
            Self::Caa => "\"0 issue \\\"letsencrypt.org\\\"\"",
        }
    }

    fn spelled(self, text: &str) -> Option<String> {
        if self == Self::Caa {
            return caa(text);
        }
        let words = words(text)?;
        let words: Option<Vec<&str>> = words.iter().map(|word| (!word.quoted).then_some(word.text)).collect();
        match (self, words?.as_slice()) {
            (Self::A, [one]) => one.parse::<Ipv4Addr>().ok().map(|v4| v4.to_string()),
            (Self::Aaaa, [one]) => one.parse::<Ipv6Addr>().ok().map(|v6| v6.to_string()),
            (Self::Cname | Self::Ns | Self::Ptr, [one]) => name(one),
            (Self::Mx, [preference, exchange]) => Some(format!("{} {}", number::<u16>(preference)?, name(exchange)?)),
            (Self::Srv, [priority, weight, port, target]) => {
                let (priority, weight) = (number::<u16>(priority)?, number::<u16>(weight)?);
                Some(format!("{priority} {weight} {} {}", number::<u16>(port)?, name(target)?))
            }
            (Self::Soa, [primary, mailbox, serial, times @ ..]) if times.len() == 4 => {
                let times: Option<Vec<String>> =
                    times.iter().map(|time| seconds(time).map(|s| s.to_string())).collect();
                Some(format!("{} {} {} {}", name(primary)?, name(mailbox)?, number::<u32>(serial)?, times?.join(" ")))
            }
            _ => None,
        }
    }
}

/// A number, however many zeros stand before it.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn name(text: &str) -> Option<String> {
    DnsName::parse(text).ok().map(|name| name.as_str().to_owned())
}

/// A time as a number of seconds, or in units as BIND writes it: `2h`, `1w2d`.
fn seconds(text: &str) -> Option<u32> {
    if let Some(plain) = number(text) {
        return Some(plain);
    }
    let mut sum = 0_u32;
    let mut rest = text;
    while !rest.is_empty() {
        let (digits, behind) = rest.split_at(rest.find(|letter: char| !letter.is_ascii_digit())?);
        let unit = match behind.as_bytes().first()?.to_ascii_lowercase() {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        sum = sum.checked_add(digits.parse::<u32>().ok()?.checked_mul(unit)?)?;
        rest = &behind[1..];
    }
    (!text.is_empty()).then_some(sum)
}

/// A CAA record: its value is all that follows the tag, with or without quotes.
fn caa(text: &str) -> Option<String> {
    let word = |text: &str| text.split_ascii_whitespace().next().map(str::len);
    let text = text.trim_ascii_start();
    let (flags, rest) = text.split_at(word(text)?);
    let rest = rest.trim_ascii_start();
    let (tag, rest) = rest.split_at(word(rest)?);
    let rest = rest.trim_ascii();
    let strings = words(rest).unwrap_or_default();
    let quoted = !strings.is_empty() && strings.iter().all(|string| string.quoted);
    let parts: Option<Vec<Vec<u8>>> = strings.iter().map(|string| unescape(string.text)).collect();
    let value = match parts {
        Some(parts) if quoted => parts.concat(),
        _ => unescape(rest).unwrap_or_else(|| rest.as_bytes().to_vec()),
    };
    Some(RecordType::caa(number(flags)?, tag, &value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn records_have_one_spelling() {
        let soa = Some("ns.a admin.a 1 7200 3600 1209600 300");
        for (of, given, kept) in [
            (RecordType::A, " 192.0.2.1 ", Some("192.0.2.1")),
            (RecordType::A, "192.0.2", None),
            (RecordType::A, "::1", None),
            (RecordType::Aaaa, "2001:DB8:0::1", Some("2001:db8::1")),
            (RecordType::Aaaa, "2001:0db8:0000:0000:0000:0000:0000:0001", Some("2001:db8::1")),
            (RecordType::Aaaa, "::ffff:c000:0201", Some("::ffff:192.0.2.1")),
            (RecordType::Cname, "WWW.Example.com.", Some("www.example.com")),
            (RecordType::Cname, "bücher.example", Some("xn--bcher-kva.example")),
            (RecordType::Cname, "XN--BCHER-KVA.example.", Some("xn--bcher-kva.example")),
            (RecordType::Cname, "a\\.b\\067\\032d.t", Some("a\\.bc\\032d.t")),
            (RecordType::Cname, "www.t ; a comment", Some("www.t")),
            (RecordType::Cname, ".", Some(".")),
            (RecordType::Cname, "0x7f.1", Some("0x7f.1")),
            (RecordType::Cname, "\"www.t\"", None),
            (RecordType::Ns, ".", Some(".")),
            (RecordType::Mx, "10  Mail.example.com.", Some("10 mail.example.com")),
            (RecordType::Mx, "mail.example.com", None),
            (RecordType::Mx, "0 .", Some("0 .")),
            (RecordType::Mx, "+010 mail.example.com", Some("10 mail.example.com")),
            (RecordType::Mx, "65536 mail.example.com", None),
            (RecordType::Srv, "010 060  05060 SIP.example.com.", Some("10 60 5060 sip.example.com")),
            (RecordType::Srv, "0 0 0 .", Some("0 0 0 .")),
            (RecordType::Srv, "10 5060 sip.example.com", None),
            (RecordType::Ptr, "Host.Example.com.", Some("host.example.com")),
            (RecordType::Caa, "00 Issue  \"letsencrypt.org\" ", Some("0 issue \"letsencrypt.org\"")),
            (RecordType::Caa, "0 \u{b}issue", Some("0 \u{b}issue \"\"")),
            (RecordType::Caa, "\u{3000}0 issue x", None),
            (RecordType::Caa, "0 Issue letsencrypt.org", Some("0 issue \"letsencrypt.org\"")),
            (RecordType::Caa, "0 issue \"a; b=c\"", Some("0 issue \"a; b=c\"")),
            (RecordType::Caa, "0 issue \"a\\; b=c\"", Some("0 issue \"a; b=c\"")),
            (RecordType::Caa, "0 issue a\\;\\032b=c", Some("0 issue \"a; b=c\"")),
            (RecordType::Caa, "0 issue ;", Some("0 issue \";\"")),
            (RecordType::Caa, "0 iodef \"m\\097il\\\"\"", Some("0 iodef \"mail\\\"\"")),
            (RecordType::Caa, "issue x", None),
            (RecordType::Caa, "256 issue x", None),
            (RecordType::Soa, "ns.a. admin.a. 1 7200 3600 1209600 300", soa),
            (RecordType::Soa, "NS.a. admin.a. ( 01 ; serial\n 2h 1H 2w 5m )", soa),
            (RecordType::Soa, "ns.a. admin.a. 1 1h60m 3600 1w7d 300s", soa),
            (RecordType::Soa, "ns.a. j\\.doe.a. 1 2 3 4 5", Some("ns.a j\\.doe.a 1 2 3 4 5")),
            (RecordType::Soa, ". . 1 2 3 4 5", Some(". . 1 2 3 4 5")),
            (RecordType::Soa, "ns.a. admin.a. 1 2 3 4", None),
            (RecordType::Soa, "ns.a. admin.a. 1 2 3 4 h", None),
            (RecordType::Soa, "ns.a. admin.a. 1 2 3 4 99999999w", None),
            (RecordType::Txt, "v=spf1  -all", Some("v=spf1  -all")),
            (RecordType::Txt, "\"v=spf1 \" \"-all\"", Some("v=spf1 -all")),
            (RecordType::Txt, "\"a\" or \"b\"", Some("\"a\" or \"b\"")),
            (RecordType::Txt, "\"", Some("\"")),
            (RecordType::Txt, "\"say \\\"hi\\\"\"", Some("say \"hi\"")),
            (RecordType::Txt, "\"a\\\\b\"", Some("\"a\\\\b\"")),
            (RecordType::Txt, "\"gr\\195\\188\\195\\159e\"", Some("grüße")),
            (RecordType::Txt, "\"v=DMARC1\\; p=none\"", Some("v=DMARC1; p=none")),
            (RecordType::Txt, "( \"v=DKIM1; \"\n\t\"p=MIGf\" ) ; key", Some("v=DKIM1; p=MIGf")),
            (RecordType::Txt, "\"\\252\"", Some("\"\\252\"")),
            (RecordType::Txt, "\"\\\"all\\\"\"", Some("\"\\\"all\\\"\"")),
            (RecordType::Txt, "\"\"", Some("\"\"")),
            (RecordType::Txt, "\"a\\009b\"", Some("\"a\\009b\"")),
        ] {
            let normal = of.normal(given).ok();
            assert_eq!(normal.as_deref(), kept, "{of:?} {given}");
            assert_eq!(normal.as_ref().and_then(|normal| of.normal(normal).ok()), normal, "{of:?} {given}");
        }
    }

    #[test]
    fn an_answer_can_be_expected_as_it_is_shown() {
        for bytes in [
            &b"v=spf1 -all"[..],
            b"say \"hello\" \\ twice",
            b"\"all\"",
            b"\"a\" \"b\"",
            b"( \"a\" )",
            b"\xfc",
            b"",
            b" ",
            b"a\tb",
            b"\\097",
        ] {
            let shown = RecordType::txt(bytes);
            let expected = RecordType::Txt.normal(&shown).expect("a record");
            assert!(dns_text::meanings(&expected).iter().any(|meant| meant == bytes), "{shown} {expected}");
        }
        assert_eq!(RecordType::txt(b"say \"hello\" \\ twice"), "say \"hello\" \\ twice");
        assert_eq!(RecordType::txt(b"gr\xfcn"), "\"gr\\252n\"");
        assert_eq!(RecordType::caa(0, "Issue", b"a\";\xff"), "0 issue \"a\\\";\\255\"");
    }

    proptest! {
        #[test]
        fn a_spelling_stays_as_it_is(place in 0..RecordType::ALL.len(), text in "[a-c0-3 .\\\\\"();ü\u{85}\u{7}]{0,12}") {
            let of = RecordType::ALL[place];
            if let Ok(normal) = of.normal(&text) {
                prop_assert_eq!(of.normal(&normal).ok(), Some(normal));
            }
        }

        #[test]
        fn any_txt_record_can_be_expected_as_it_is_shown(bytes: Vec<u8>) {
            let expected = RecordType::Txt.normal(&RecordType::txt(&bytes)).expect("a record");
            prop_assert!(dns_text::meanings(&expected).contains(&bytes));
        }
    }
}
