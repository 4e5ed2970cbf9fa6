//! What must hold for any input at all, one function for each parser that strangers reach. cargo-fuzz looks for inputs that break it;
//! the test suite runs the same functions over the corpus and over mutations of it.

use std::{
    cell::Cell,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use serde::de::IgnoredAny;
use serde_json::{Value, json};
use url::Host;
use valpero_auth::{Token, cursor};
use valpero_domain::{
    AccountId, Faults, Fields,
    body_check::{Budget, JsonAssertion, JsonPath, Keyword, Values},
    charset::BodyText,
    check::{Check, CheckType},
    dns_check::RecordType,
    http_check::{ExpectedStatus, JSON},
    monitor::HttpUrl,
    packed,
    probe::ErrorCode,
    rollup,
};
use valpero_outbound::Guard;

/// A target's name and function.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 10] = [
    ("url", url),
    ("guard", guard),
    ("expected_status", expected_status),
    ("json_assertion", json_assertion),
    ("json_path", json_path),
    ("charset", charset),
    ("dns_record", dns_record),
    ("packed", packed),
    ("cursor", cursor),
    ("token", token),
];

/// A URL that is accepted is one that can be probed, carries no secret, and means the same however often it is stored.
pub fn url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(accepted) = HttpUrl::try_from(text.to_owned()) else { return };
    let url = accepted.as_url();
    assert!(matches!(url.scheme(), "http" | "https"), "{text:?}");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{text:?}");
    assert!(url.port_or_known_default().is_some_and(|port| port > 0), "{text:?}");
    assert!(!accepted.host().is_empty(), "{text:?}");
    let asked = accepted.to_string();
    assert!(asked.len() <= 2048 && asked.bytes().all(|byte| (b'!'..=b'~').contains(&byte)), "{text:?}: {asked:?}");
    assert_eq!(HttpUrl::try_from(asked).as_ref().map(HttpUrl::as_url), Ok(url), "{text:?}");
    assert_eq!(accepted.as_given(), text, "it is stored as it was given");
    assert_eq!(HttpUrl::try_from(String::from(accepted.clone())), Ok(accepted.clone()), "{text:?}");
    let literal = match url.host() {
        Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
        Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
        _ => None,
    };
    assert_eq!(accepted.literal_address(), literal, "{text:?}");
}

/// Networks that are no part of the public internet: IANA's special-purpose address registries, and multicast.
const CLOSED: [(&str, u32); 27] = [
    ("0.0.0.0", 8),
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.0.0.0", 29),
    ("192.0.2.0", 24),
    ("192.168.0.0", 16),
    ("198.18.0.0", 15),
    ("198.51.100.0", 24),
    ("203.0.113.0", 24),
    ("224.0.0.0", 4),
    ("240.0.0.0", 4),
    ("::", 128),
    ("::1", 128),
    ("64:ff9b:1::", 48),
    ("100::", 64),
    ("2001:2::", 48),
    ("2001:10::", 28),
    ("2001:db8::", 32),
    ("3fff::", 20),
    ("5f00::", 16),
    ("fc00::", 7),
    ("fe80::", 10),
    ("fec0::", 10),
    ("ff00::", 8),
];

fn closed(address: IpAddr) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    let (ours, width) = bits(address);
    CLOSED.iter().any(|(network, length)| {
        let (network, of) = bits(network.parse().expect("a network"));
        of == width && (ours ^ network).leading_zeros() >= *length
    })
}

/// The IPv4 address that a packet to this address ends up at, where it is one that carries another.
fn carried(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = v6.to_bits();
    #[expect(clippy::cast_possible_truncation, reason = "the part that is meant")]
    let part = |shift: u32| Ipv4Addr::from_bits((bits >> shift) as u32);
    let starts = |prefix: u128, length: u32| (bits ^ prefix).leading_zeros() >= length;
    if starts(0xffff_0000_0000, 96) || starts(0x0064_ff9b << 96, 96) {
        Some(part(0))
    } else if starts(0x2002 << 112, 16) {
        Some(part(80))
    } else {
        None
    }
}

/// No spelling of an address, and no address that carries another, leads to a network that is not public.
pub fn guard(data: &[u8]) {
    let guard = Guard::public_only();
    let raw = match data.len() {
        4 => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
        _ => None,
    };
    if let Some(address) = raw {
        let permitted = guard.permits(SocketAddr::new(address, 80));
        assert!(!(permitted && closed(address)), "{address}");
        if let IpAddr::V6(v6) = address
            && let Some(inner) = carried(v6)
        {
            assert!(!(permitted && closed(inner.into())), "{address} carries {inner}");
        }
    }
    let Ok(host) = std::str::from_utf8(data) else { return };
    for (of, body, field) in [
        (CheckType::Http, json!({"url": format!("http://{host}/")}), "/url"),
        (CheckType::Ping, json!({"host": host}), "/host"),
        (CheckType::Dns, json!({"name": "example.com", "resolver": host}), "/resolver"),
    ] {
        let read = |private| {
            let mut faults = Faults::default();
            let mut fields = Fields::of(&body, "", &mut faults);
            let check = Check::read_flat(of, &mut fields, private, &mut faults);
            fields.finish(&mut faults);
            (check, faults.into_vec())
        };
        let (Some(check), faults) = read(true) else { continue };
        if !faults.is_empty() {
            continue;
        }
        let refused = read(false).1;
        let public = check.literal_address().is_none_or(|literal| guard.permits(SocketAddr::new(literal, 80)));
        let pointers: Vec<&str> = refused.iter().map(|fault| fault.pointer.as_str()).collect();
        let expected: &[&str] = if public { &[] } else { &[field] };
        assert_eq!(pointers, expected, "{host:?}");
    }
}

/// A list of statuses that is accepted accepts what it says, and survives being shown and stored.
pub fn expected_status(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(expected) = ExpectedStatus::try_from(text.to_owned()) else { return };
    let ranges: Vec<(u16, u16)> = text
        .split(',')
        .map(|part| {
            let bounds: Vec<u16> = part.split('-').map(|bound| bound.trim().parse().expect("a status")).collect();
            (bounds[0], *bounds.last().expect("a bound"))
        })
        .collect();
    for status in 0..=1000 {
        let says = ranges.iter().any(|(low, high)| *low <= status && status <= *high);
        assert_eq!(expected.accepts(status), says, "{text:?} {status}");
    }
    assert_eq!(ExpectedStatus::try_from(expected.to_string()), Ok(expected), "{text:?}");
}

/// Operators agree with each other on any document, and what is stored judges as what was sent. The input is a path, a value and a
/// document, each on a line of its own.
pub fn json_assertion(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(3, '\n');
    let (Some(path), Some(value), Some(document)) = (lines.next(), lines.next(), lines.next()) else { return };
    let Ok(value) = serde_json::from_str::<Value>(value) else { return };
    if serde_json::from_str::<IgnoredAny>(document).is_err() {
        return;
    }
    let judge = |assertion: &JsonAssertion| {
        let mut budget = Budget::new(Budget::CHECK, &|| true);
        let judged =
            JsonAssertion::judge_all(std::slice::from_ref(assertion), Values::Shown, document.as_bytes(), &mut budget);
        judged.map_err(|cause| cause.code)
    };
    let holds = |op: &str| {
        let mut one = json!({"path": path, "op": op});
        if !matches!(op, "exists" | "absent") {
            one["value"] = value.clone();
        }
        let mut faults = Faults::default();
        let body = json!({ "json": [one] });
        let read = JsonAssertion::read_all(&mut Fields::of(&body, "", &mut faults), &JSON, &mut faults);
        if !faults.is_empty() {
            return None;
        }
        let assertion = read.first().expect("one was given, and it has no fault");
        let verdict = judge(assertion);
        let stored = serde_json::to_value(assertion).expect("JSON");
        let again: JsonAssertion = serde_json::from_value(stored).expect("what was stored");
        assert_eq!(judge(&again), verdict, "{text:?}");
        // What takes too long is neither true nor false.
        (verdict != Err(ErrorCode::JsonTooCostly)).then_some(verdict.is_ok())
    };
    let [exists, absent, equal, unequal] = ["exists", "absent", "eq", "ne"].map(holds);
    let [less, at_most, more, at_least] = ["lt", "lte", "gt", "gte"].map(holds);
    let yes = Some(true);
    assert_eq!(exists.map(|exists| !exists), absent, "{text:?}");
    assert!(!(equal == yes && unequal == yes), "{text:?}");
    assert!(equal != yes || exists == yes, "{text:?}");
    assert!(less != yes || at_most == yes, "{text:?}");
    assert!(more != yes || at_least == yes, "{text:?}");
    assert!(!(less == yes && at_least == yes), "{text:?}");
    assert!(!(more == yes && at_most == yes), "{text:?}");
}

/// Whoever's path on whoever's body costs what the budget has at most, asks often enough whether to go on, and finds something where
/// another implementation does. The input is a path and a body, each on a line of its own.
pub fn json_path(data: &[u8]) {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (Ok(text), body) = (std::str::from_utf8(&data[..end]), &data[end + 1..]) else { return };
    let Ok(path) = JsonPath::try_from(text.to_owned()) else { return };
    assert_eq!(JsonPath::try_from(String::from(path.clone())), Ok(path), "{text:?}");
    let one = json!({"path": text, "op": "exists"});
    let assertion: JsonAssertion = serde_json::from_value(one).expect("a comparison");
    let exists = |body: &[u8]| {
        let (steps, asked) = (20_000, Cell::new(0_u64));
        let go_on = || {
            asked.set(asked.get() + 1);
            true
        };
        let mut budget = Budget::new(steps, &go_on);
        let judged = JsonAssertion::judge_all(std::slice::from_ref(&assertion), Values::Hidden, body, &mut budget);
        let judged = judged.map_err(|cause| cause.code);
        assert_eq!(judged == Err(ErrorCode::JsonTooCostly), budget.left() == 0, "{text:?}");
        assert_eq!(judged == Err(ErrorCode::JsonInvalid), asked.get() == 0, "{text:?}");
        judged
    };
    let is_json = std::str::from_utf8(body).is_ok_and(|body| serde_json::from_str::<IgnoredAny>(body).is_ok());
    match exists(body) {
        Err(ErrorCode::JsonInvalid) => assert!(!is_json, "{data:?}"),
        Ok(()) | Err(ErrorCode::JsonMismatch | ErrorCode::JsonTooCostly) => assert!(is_json, "{data:?}"),
        Err(other) => panic!("{data:?}: {other:?}"),
    }
    // The other departs from the standard in filters, and takes time that doubles with each filter in a filter; and of members with
    // the same name it knows but one.
    if text.contains('?') {
        return;
    }
    let (Ok(other), Ok(document)) = (serde_json_path::JsonPath::parse(text), serde_json::from_slice::<Value>(body))
    else {
        return;
    };
    let expected = if other.query(&document).is_empty() { Err(ErrorCode::JsonMismatch) } else { Ok(()) };
    let found = exists(document.to_string().as_bytes());
    assert!(found == expected || found == Err(ErrorCode::JsonTooCostly), "{data:?}: {found:?}");
}

/// A text is in a body, or it is not, or nobody can tell; and what a body in UTF-8 has is found. The input is a Content-Type on a line
/// of its own, and a body.
pub fn charset(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let content_type = std::str::from_utf8(&data[..end]).ok();
    let body = data.get(end + 1..).unwrap_or_default();
    let text = BodyText::read(content_type, body);
    for wanted in ["ok", "Störung", "服务"] {
        let judge = |name: &str| read_keyword(&json!({ name: wanted })).judge(&text).err().map(|cause| cause.code);
        let (there, absent) = (judge("contains"), judge("not_contains"));
        let told = [
            (None, Some(ErrorCode::KeywordPresent)),
            (Some(ErrorCode::KeywordMissing), None),
            (Some(ErrorCode::BodyCharset), Some(ErrorCode::BodyCharset)),
        ];
        assert!(told.contains(&(there, absent)), "{content_type:?} {body:?}: {there:?} {absent:?}");
        let plain = BodyText::read(Some("text/plain; charset=utf-8"), wanted.as_bytes());
        assert_eq!(read_keyword(&json!({ "contains": wanted })).judge(&plain), Ok(()));
    }
}

fn read_keyword(body: &Value) -> Keyword {
    let mut faults = Faults::default();
    let keyword = Keyword::read(&mut Fields::of(body, "", &mut faults), &mut faults);
    assert!(faults.is_empty());
    keyword
}

/// A record has one spelling: what was made of it is made of itself. The input is a type's number and a record.
pub fn dns_record(data: &[u8]) {
    let Some((number, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let of = RecordType::ALL[usize::from(*number) % RecordType::ALL.len()];
    if let Ok(normal) = of.normal(text) {
        assert_eq!(of.normal(&normal).ok().as_ref(), Some(&normal), "{of:?} {text:?}");
    }
}

/// Packed checks of any bytes are read without a fault, and what we packed ourselves says the same however often it is packed again.
pub fn packed(data: &[u8]) {
    let records: Vec<packed::Record> = packed::records(data).collect();
    let bytes = packed::pack(&records);
    // A duration that nobody would have written so is rounded once.
    let rounded: Vec<packed::Record> = packed::records(&bytes).collect();
    assert_eq!(rounded.len(), records.len(), "{data:?}");
    for (kept, given) in rounded.iter().zip(&records) {
        assert_eq!(packed::Record { phases: given.phases, ..*kept }, *given, "{data:?}");
        let (kept, given) = (kept.phases, given.phases);
        for (kept, given) in [
            (kept.dns_us, given.dns_us),
            (kept.connect_us, given.connect_us),
            (kept.tls_us, given.tls_us),
            (kept.first_byte_us, given.first_byte_us),
        ] {
            assert_eq!(kept.is_some(), given.is_some(), "{data:?}");
            assert!(kept.unwrap_or(0).abs_diff(given.unwrap_or(0)) <= 500, "{data:?}");
        }
    }
    assert_eq!(packed::pack(&rounded), bytes, "{data:?}");
    for record in &records {
        let first = records.iter().find(|other| other.slot == record.slot);
        assert_eq!(packed::find(data, record.slot).as_ref(), first, "{data:?}");
        let summary: Vec<rollup::Summary> = rollup::find(data, record.slot).into_iter().collect();
        let bytes = rollup::pack(&summary);
        let rounded: Vec<rollup::Summary> = rollup::find(&bytes, record.slot).into_iter().collect();
        assert_eq!(rollup::pack(&rounded), bytes, "{data:?}");
    }
}

/// A cursor leads only to where it was made for: its account, its list, its place.
pub fn cursor(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let account =
        |end: char| -> AccountId { format!("acc_01M82PJFFSY9XKXCV0WRMX4C7{end}").parse().expect("an account") };
    let (ours, theirs, query) = (account('M'), account('N'), "/api/v1/monitors?slot=a");
    let sealed = cursor::seal(ours, query, text);
    // No place of ours is longer.
    assert_eq!(cursor::open(ours, query, &sealed).as_deref(), Some(text).filter(|text| text.len() <= 200));
    assert_eq!(cursor::open(theirs, query, &sealed), None, "{text:?}");
    assert_eq!(cursor::open(ours, "/api/v1/monitors", &sealed), None, "{text:?}");
    // As what a client sends.
    if let Some(position) = cursor::open(ours, query, text) {
        assert_eq!(cursor::seal(ours, query, &position), text, "there is one spelling of each");
    }
}

/// Only a whole token is one: with any one character another, it is refused without asking the store.
pub fn token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(token) = Token::parse(text) else { return };
    assert_eq!(token.reveal(), text);
    assert!(text.starts_with("val_key_") && text.len() == 46, "{text:?}");
    assert!(token.last4().chars().all(|one| one.is_ascii_alphanumeric()) && text.ends_with(&token.last4()));
    for place in 0..text.len() {
        let mut other = text.as_bytes().to_vec();
        other[place] = if other[place] == b'A' { b'B' } else { b'A' };
        let other = String::from_utf8(other).expect("ASCII");
        assert!(Token::parse(&other).is_none(), "{other:?} for {text:?}");
    }
}
