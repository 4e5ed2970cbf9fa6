//! What an answer's headers do for the safety of browsers: the six that Mozilla's HTTP Observatory and OWASP's Secure Headers
//! Project ask for.

use axum::http::{HeaderMap, header};
use valpero_views::{Finding, Rating};

type Judged = (Rating, &'static str);

/// Half a year, in seconds: from so long an age on, HTTP Observatory counts HSTS as set.
const HSTS_AGE_MIN_S: u64 = 15_768_000;

/// What the headers of an answer are worth; `secure`: it came by https.
pub(crate) fn findings(headers: &HeaderMap, secure: bool) -> Vec<Finding> {
    let policies = policies(headers);
    let judged = [
        ("strict-transport-security", strict_transport_security(headers, secure)),
        ("content-security-policy", content_security_policy(headers, &policies)),
        ("x-content-type-options", content_type_options(headers)),
        ("x-frame-options", frame_options(headers, &policies)),
        ("referrer-policy", referrer_policy(headers)),
        ("permissions-policy", permissions_policy(headers)),
    ];
    let finding = |(header, (verdict, detail)): (&str, Judged)| Finding {
        header: header.to_owned(),
        value: value(headers, header),
        verdict,
        detail: detail.to_owned(),
    };
    judged.into_iter().map(finding).collect()
}

/// A header's value, all of them where there are several.
fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<_> =
        headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    if values.is_empty() { None } else { Some(values.join(", ")) }
}

/// RFC 6797: the first such header counts (section 8.1), by https alone.
fn strict_transport_security(headers: &HeaderMap, secure: bool) -> Judged {
    if !secure {
        let sent = headers.contains_key(header::STRICT_TRANSPORT_SECURITY);
        let verdict = if sent { Rating::Weak } else { Rating::Missing };
        return (verdict, "Browsers heed it by https alone, and this site answers by http: redirect to https first.");
    }
    let Some(first) = headers.get(header::STRICT_TRANSPORT_SECURITY) else {
        return (Rating::Missing, "Browsers may still come by http first; send max-age=63072000; includeSubDomains.");
    };
    let first = first.to_str().unwrap_or_default().to_ascii_lowercase();
    let age = first.split(';').find_map(|directive| directive.trim().strip_prefix("max-age")?.trim().strip_prefix('='));
    match age.and_then(|age| age.trim().trim_matches('"').parse::<u64>().ok()) {
        None => (Rating::Weak, "It has no max-age that is a number, so browsers ignore it."),
        Some(0) => (Rating::Weak, "A max-age of 0 makes browsers forget that this site is https only."),
        Some(age) if age < HSTS_AGE_MIN_S => {
            (Rating::Weak, "Browsers forget it within half a year; two years are usual: max-age=63072000.")
        }
        Some(_) => (Rating::Good, "Browsers come by https alone."),
    }
}

/// A policy: its directives in order, by lower-case name.
type Policy = Vec<(String, Vec<String>)>;

/// The policies of the Content-Security-Policy headers; all of them bind (CSP Level 3, section 4.2).
fn policies(headers: &HeaderMap) -> Vec<Policy> {
    let values = headers.get_all(header::CONTENT_SECURITY_POLICY).iter().filter_map(|value| value.to_str().ok());
    let directive = |text: &str| {
        let mut words = text.split_ascii_whitespace().map(str::to_ascii_lowercase);
        words.next().map(|name| (name, words.collect()))
    };
    values.flat_map(|value| value.split(',')).map(|policy| policy.split(';').filter_map(directive).collect()).collect()
}

/// The sources of a directive; of one that stands twice the first counts.
fn sources<'a>(policy: &'a Policy, name: &str) -> Option<&'a [String]> {
    policy.iter().find(|(of, _)| of == name).map(|(_, sources)| sources.as_slice())
}

fn content_security_policy(headers: &HeaderMap, policies: &[Policy]) -> Judged {
    let best = policies.iter().map(scripts).max_by_key(|(verdict, _)| *verdict);
    best.unwrap_or_else(|| {
        if headers.contains_key(header::CONTENT_SECURITY_POLICY_REPORT_ONLY) {
            (Rating::Weak, "The policy is sent as report only: browsers tell of violations and allow them.")
        } else {
            (Rating::Missing, "Nothing limits which scripts run; begin with default-src 'self'.")
        }
    })
}

/// What a policy does about scripts: those of elements, and those within attributes and texts.
fn scripts(policy: &Policy) -> Judged {
    let general = sources(policy, "script-src").or_else(|| sources(policy, "default-src"));
    let parts = ["script-src-elem", "script-src-attr"].map(|part| sources(policy, part).or(general));
    let judged = parts.into_iter().chain(general.map(Some)).map(|sources| {
        sources.map_or(
            (Rating::Weak, "The policy has neither script-src nor default-src: it does not limit all scripts."),
            limited,
        )
    });
    // A page is as safe as the weakest of them.
    judged.min_by_key(|(verdict, _)| *verdict).unwrap_or((Rating::Weak, "The policy says nothing."))
}

/// Sources that stand for a whole scheme, or for all.
fn is_open(source: &str) -> bool {
    let source = source.strip_suffix(":*").unwrap_or(source);
    ["*", "http:", "https:", "http://*", "https://*"].contains(&source)
}

fn limited(sources: &[String]) -> Judged {
    let has = |wanted: &[&str]| sources.iter().any(|source| wanted.contains(&source.as_str()));
    let listed = sources
        .iter()
        .any(|source| ["'nonce-", "'sha256-", "'sha384-", "'sha512-"].iter().any(|start| source.starts_with(start)));
    // Browsers that know 'strict-dynamic' ignore schemes, hosts and 'unsafe-inline' beside it; those that know nonces and hashes
    // ignore 'unsafe-inline' beside them.
    let strict = has(&["'strict-dynamic'"]) && listed;
    if has(&["'unsafe-inline'"]) && !listed {
        (Rating::Weak, "'unsafe-inline' lets injected scripts run; use nonces or hashes.")
    } else if (has(&["data:", "blob:"]) || sources.iter().any(|source| is_open(source))) && !strict {
        (Rating::Weak, "Scripts may come from any place of a whole scheme; name their hosts, or use nonces.")
    } else if has(&["'unsafe-eval'"]) {
        (Rating::Weak, "'unsafe-eval' lets texts become scripts.")
    } else {
        (Rating::Good, "The policy limits which scripts run.")
    }
}

fn content_type_options(headers: &HeaderMap) -> Judged {
    match value(headers, "x-content-type-options") {
        None => (Rating::Missing, "Browsers may take a file for a script that is none; send nosniff."),
        // The Fetch standard looks at the first value alone.
        Some(value) if value.split(',').next().unwrap_or_default().trim().eq_ignore_ascii_case("nosniff") => {
            (Rating::Good, "Browsers take files for what they are said to be.")
        }
        Some(_) => (Rating::Weak, "Only nosniff has a meaning."),
    }
}

fn frame_options(headers: &HeaderMap, policies: &[Policy]) -> Judged {
    let judge = |ancestors: &[String]| {
        if ancestors.iter().any(|source| is_open(source)) {
            (
                Rating::Weak,
                "frame-ancestors of the content security policy, which goes before it, lets any site frame this one.",
            )
        } else {
            (Rating::Good, "frame-ancestors of the content security policy says who may frame this site.")
        }
    };
    let ancestors = policies.iter().filter_map(|policy| sources(policy, "frame-ancestors"));
    if let Some(best) = ancestors.map(judge).max_by_key(|(verdict, _)| *verdict) {
        return best;
    }
    let Some(value) = value(headers, "x-frame-options") else {
        return (
            Rating::Missing,
            "Any site may frame this one (clickjacking); send DENY, or a policy with frame-ancestors.",
        );
    };
    // HTML, section 7.5.2: several values are one set, and those that do not agree forbid all frames where one is known.
    let known = |value: &str| ["deny", "sameorigin"].contains(&value.trim().to_ascii_lowercase().as_str());
    if value.split(',').any(known) {
        (Rating::Good, "Other sites cannot frame this one.")
    } else {
        (Rating::Weak, "Only DENY and SAMEORIGIN have a meaning; browsers ignore anything else.")
    }
}

/// Referrer Policy, section 8.1: of several values, the last one that is known counts.
fn referrer_policy(headers: &HeaderMap) -> Judged {
    const GOOD: [&str; 4] = ["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"];
    const WEAK: [&str; 4] = ["no-referrer-when-downgrade", "origin", "origin-when-cross-origin", "unsafe-url"];
    let Some(value) = value(headers, "referrer-policy") else {
        return (
            Rating::Missing,
            "It is left to each browser what other sites learn of this one's addresses; send strict-origin-when-cross-origin.",
        );
    };
    let value = value.to_ascii_lowercase();
    let known = value.rsplit(',').map(str::trim).find(|policy| GOOD.contains(policy) || WEAK.contains(policy));
    match known {
        None => (Rating::Weak, "No browser knows such a policy, so all ignore it."),
        Some(policy) if GOOD.contains(&policy) => {
            (Rating::Good, "Other sites learn no more than this site's origin, and that by https.")
        }
        Some(_) => (
            Rating::Weak,
            "Other sites may learn more of this one's addresses than they need, or by http; send strict-origin-when-cross-origin.",
        ),
    }
}

fn permissions_policy(headers: &HeaderMap) -> Judged {
    match value(headers, "permissions-policy") {
        None => (
            Rating::Missing,
            "Scripts of this site, injected ones too, may ask for camera, place and the like; send camera=(), microphone=(), geolocation=().",
        ),
        Some(value) if !value.contains('=') => {
            (Rating::Weak, "It names no feature in a way that browsers read, such as camera=().")
        }
        Some(_) => (Rating::Good, "It says which features of the browser this site uses."),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn verdicts(headers: &[(&'static str, &'static str)], secure: bool) -> Vec<Rating> {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers.iter().map(pair) {
            map.append(name, value);
        }
        findings(&map, secure).into_iter().map(|finding| finding.verdict).collect()
    }

    #[test]
    fn an_answer_without_them_misses_all() {
        assert_eq!(verdicts(&[], true), [Rating::Missing; 6]);
    }

    #[test]
    fn an_answer_with_all_of_them_is_good() {
        let headers = [
            ("strict-transport-security", "max-age=\"63072000\"; includeSubDomains"),
            ("content-security-policy", "default-src 'self'"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer, strict-origin-when-cross-origin"),
            ("permissions-policy", "camera=()"),
        ];
        assert_eq!(verdicts(&headers, true), [Rating::Good; 6]);
        assert_eq!(verdicts(&headers, false)[0], Rating::Weak, "by http, browsers ignore it");
    }

    #[test]
    fn each_header_is_judged_by_its_value() {
        use Rating::{Good, Missing, Weak};
        for (place, name, value, verdict) in [
            (0, "strict-transport-security", "max-age=0", Weak),
            (0, "strict-transport-security", "max-age=15767999", Weak),
            (0, "strict-transport-security", "Max-Age = 15768000", Good),
            (0, "strict-transport-security", "includeSubDomains", Weak),
            (1, "content-security-policy", "img-src 'self'", Weak),
            (1, "content-security-policy", "default-src *; script-src 'self'", Good),
            (1, "content-security-policy", "script-src 'self' 'unsafe-inline'", Weak),
            (1, "content-security-policy", "script-src 'unsafe-inline' 'nonce-abc'", Good),
            (1, "content-security-policy", "script-src https: 'unsafe-inline'  'nonce-abc' 'strict-dynamic'", Good),
            (1, "content-security-policy", "script-src https: 'nonce-abc'", Weak),
            (1, "content-security-policy", "script-src 'self'; script-src *", Good),
            (1, "content-security-policy", "script-src https://*", Weak),
            (1, "content-security-policy", "script-src 'self'; script-src-elem * 'unsafe-inline'", Weak),
            (1, "content-security-policy", "script-src-elem 'self'", Weak),
            (1, "content-security-policy", "script-src-elem 'self'; script-src-attr 'none'", Good),
            (1, "content-security-policy", "script-src 'self' 'unsafe-eval'", Weak),
            (1, "content-security-policy", "img-src 'self', script-src 'none'", Good),
            (1, "content-security-policy-report-only", "default-src 'self'", Weak),
            (2, "x-content-type-options", "NoSniff", Good),
            (2, "x-content-type-options", "sniff", Weak),
            (3, "x-frame-options", "allow-from https://example.com", Weak),
            (3, "x-frame-options", "SameOrigin", Good),
            (3, "x-frame-options", "DENY, SAMEORIGIN", Good),
            (3, "content-security-policy", "frame-ancestors https://*", Weak),
            (3, "content-security-policy", "frame-ancestors *, frame-ancestors 'none'", Good),
            (3, "content-security-policy", "frame-ancestors 'none'", Good),
            (3, "content-security-policy", "frame-ancestors *", Weak),
            (4, "referrer-policy", "unsafe-url", Weak),
            (4, "referrer-policy", "no-referrer, nonsense", Good),
            (4, "referrer-policy", "nonsense", Weak),
            (5, "permissions-policy", "none", Weak),
            (5, "feature-policy", "camera 'none'", Missing),
        ] {
            assert_eq!(verdicts(&[(name, value)], true)[place], verdict, "{name}: {value}");
        }
    }

    #[test]
    fn the_strictest_of_several_policies_counts() {
        let headers = [("content-security-policy", "script-src *"), ("content-security-policy", "script-src 'self'")];
        assert_eq!(verdicts(&headers, true)[1], Rating::Good);
        let first = [("strict-transport-security", "max-age=1"), ("strict-transport-security", "max-age=63072000")];
        assert_eq!(verdicts(&first, true)[0], Rating::Weak, "the first one");
    }
}
