//! Cookies along the redirects of one probe (RFC 6265): kept for this probe alone, bounded in number and size.

use cookie::Cookie;
use http::{HeaderMap, HeaderValue, header};
use url::{Host, Url};
use valpero_domain::Timestamp;

/// Cookies of one probe, at most.
const COOKIES_MAX: usize = 50;

/// The longest name and value of a cookie together, in bytes.
const COOKIE_MAX: usize = 4096;

/// The longest header of cookies, in bytes: what many servers accept of all headers together.
const HEADER_MAX: usize = 8 * 1024;

/// The cookies that the targets of one probe have set.
pub(crate) struct Cookies {
    now: Timestamp,
    kept: Vec<Kept>,
}

struct Kept {
    name: String,
    value: String,
    domain: String,
    /// Whether hosts below the domain get it, too.
    with_subdomains: bool,
    path: String,
    secure: bool,
}

impl Kept {
    fn is_for(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let host_fits = if self.with_subdomains { is_within(host, &self.domain) } else { host == self.domain };
        host_fits && path_fits(url.path(), &self.path) && (!self.secure || url.scheme() == "https")
    }
}

impl Cookies {
    /// None yet; `now` is when they must not have expired.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { now, kept: Vec::new() }
    }

    /// Keeps what a response sets (RFC 6265, section 5.3).
    pub(crate) fn learn(&mut self, url: &Url, headers: &HeaderMap) {
        for value in headers.get_all(header::SET_COOKIE) {
            let text = std::str::from_utf8(value.as_bytes()).ok();
            let Some(cookie) = text.and_then(|text| Cookie::parse(text).ok()) else { continue };
            let Some(new) = kept(url, &cookie) else { continue };
            let same = |old: &Kept| (&old.name, &old.domain, &old.path) == (&new.name, &new.domain, &new.path);
            let place = self.kept.iter().position(same);
            match (place, self.is_over(&cookie)) {
                (Some(place), true) => drop(self.kept.remove(place)),
                (None, true) => {}
                (Some(place), false) => {
                    if let Some(old) = self.kept.get_mut(place) {
                        *old = new;
                    }
                }
                (None, false) => {
                    if self.kept.len() == COOKIES_MAX {
                        self.kept.remove(0);
                    }
                    self.kept.push(new);
                }
            }
        }
    }

    /// Max-Age has precedence over Expires. A cookie that lives longer than now lives as long as the probe.
    fn is_over(&self, cookie: &Cookie<'_>) -> bool {
        match (cookie.max_age(), cookie.expires_datetime()) {
            (Some(age), _) => !age.is_positive(),
            (None, Some(expires)) => expires.unix_timestamp() <= self.now.seconds(),
            (None, None) => false,
        }
    }

    /// The `Cookie` header for a URL (RFC 6265, section 5.4): the monitor's own cookies first, without those that a target has set anew.
    pub(crate) fn header(&self, url: &Url, own: Option<&HeaderValue>) -> Option<HeaderValue> {
        let mut fitting: Vec<&Kept> = self.kept.iter().filter(|kept| kept.is_for(url)).collect();
        if fitting.is_empty() {
            return own.cloned();
        }
        // Stable: of paths of the same length, the older cookie comes first.
        fitting.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let own = own.and_then(|own| own.to_str().ok()).unwrap_or_default();
        let is_set_anew = |pair: &str| {
            let name = pair.split('=').next().unwrap_or_default().trim();
            fitting.iter().any(|kept| kept.name == name)
        };
        let own = own.split(';').map(str::trim).filter(|pair| !pair.is_empty() && !is_set_anew(pair));
        let mut text = own.collect::<Vec<&str>>().join("; ");
        for Kept { name, value, .. } in &fitting {
            if text.len() + name.len() + value.len() + 3 > HEADER_MAX {
                break;
            }
            let before = if text.is_empty() { "" } else { "; " };
            text.push_str(&format!("{before}{name}={value}"));
        }
        // What no header can hold is not sent.
        let mut header = HeaderValue::from_bytes(text.as_bytes()).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// A cookie as this URL may set it.
fn kept(url: &Url, cookie: &Cookie<'_>) -> Option<Kept> {
    let (name, value) = cookie.name_value();
    if name.len() + value.len() > COOKIE_MAX {
        return None;
    }
    let host = url.host_str()?;
    let domain = cookie.domain().filter(|domain| !domain.is_empty()).map(str::to_ascii_lowercase);
    let (domain, with_subdomains) = match domain {
        Some(domain) if domain != host => {
            // A name without a dot is a public suffix, such as `com`: no site may set cookies for all that is below it.
            let is_name = matches!(url.host(), Some(Host::Domain(_))) && domain.contains('.');
            (is_name && is_within(host, &domain)).then_some((domain, true))?
        }
        Some(domain) => (domain, matches!(url.host(), Some(Host::Domain(_)))),
        None => (host.to_owned(), false),
    };
    let path = cookie.path().filter(|path| path.starts_with('/')).unwrap_or_else(|| directory(url.path())).to_owned();
    let secure = cookie.secure() == Some(true);
    Some(Kept { name: name.to_owned(), value: value.to_owned(), domain, with_subdomains, path, secure })
}

/// Whether a host is a domain or below it.
fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// RFC 6265, section 5.1.4.
fn path_fits(path: &str, wanted: &str) -> bool {
    path.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || wanted.ends_with('/') || rest.starts_with('/'))
}

/// The path of a cookie that names none: up to the last slash.
fn directory(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(end) => path.get(..end).unwrap_or("/"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn set(cookies: &mut Cookies, from: &str, texts: &[&str]) {
        let mut headers = HeaderMap::new();
        for text in texts {
            headers.append(header::SET_COOKIE, HeaderValue::from_str(text).expect("a value"));
        }
        cookies.learn(&url(from), &headers);
    }

    fn sent(cookies: &Cookies, to: &str, own: Option<&str>) -> String {
        let own = own.map(|own| HeaderValue::from_str(own).expect("a value"));
        let header = cookies.header(&url(to), own.as_ref());
        header.map(|header| header.to_str().expect("ASCII").to_owned()).unwrap_or_default()
    }

    #[test]
    fn cookies_go_where_they_belong() {
        let from = "https://a.site.example/one/two";
        for (set_cookie, to, expected) in [
            ("a=b", from, "a=b"),
            ("a=b", "https://a.site.example/one", "a=b"),
            ("a=b", "https://a.site.example/onetwo", ""),
            ("a=b; Path=/", "https://a.site.example/", "a=b"),
            ("a=b; Path=x", "https://a.site.example/one/", "a=b"),
            ("a=b; Path=/one/", "https://a.site.example/one", ""),
            ("a=b", "https://a.site.example:8443/one", "a=b"),
            ("a=b; Path=/", "http://a.site.example/", "a=b"),
            ("a=b; Path=/; Secure", "http://a.site.example/", ""),
            ("a=b; Path=/; Secure; HttpOnly; SameSite=Strict", "https://a.site.example/", "a=b"),
            ("a=b; Path=/", "https://site.example/", ""),
            ("a=b; Path=/", "https://b.a.site.example/", ""),
            ("a=b; Path=/; Domain=a.site.example", "https://b.a.site.example/", "a=b"),
            ("a=b; Path=/; Domain=.SITE.example", "https://b.site.example/", "a=b"),
            ("a=b; Path=/; Domain=.site.example", "https://othersite.example/", ""),
            ("a=b; Path=/; Domain=b.site.example", "https://b.site.example/", ""),
            ("a=b; Path=/; Domain=example", "https://a.site.example/", ""),
            ("a=b; Max-Age=0", from, ""),
            ("a=b; Max-Age=-1", from, ""),
            ("a=b; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", from, "a=b"),
            ("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", from, ""),
            ("a=b; Expires=Fri, 01 Jan 2100 00:00:00 GMT", from, "a=b"),
            ("a=\"b c\"", from, "a=\"b c\""),
            ("no cookie", from, ""),
        ] {
            let mut cookies = Cookies::new(NOW);
            set(&mut cookies, from, &[set_cookie]);
            assert_eq!(sent(&cookies, to, None), expected, "{set_cookie} {to}");
        }
    }

    #[test]
    fn cookies_of_an_address_are_its_own() {
        let mut cookies = Cookies::new(NOW);
        set(&mut cookies, "http://127.0.0.1/", &["a=b; Domain=0.0.1", "c=d; Domain=127.0.0.1", "e=f"]);
        assert_eq!(sent(&cookies, "http://127.0.0.1:8080/", None), "c=d; e=f");
    }

    #[test]
    fn a_later_cookie_replaces_and_removes() {
        let site = "https://site.example/one/two";
        let mut cookies = Cookies::new(NOW);
        set(&mut cookies, site, &["a=1; Path=/", "b=2; Path=/", "c=3; Path=/one", "a=4; Path=/"]);
        assert_eq!(sent(&cookies, site, None), "c=3; a=4; b=2");
        set(&mut cookies, site, &["b=; Path=/; Max-Age=0"]);
        assert_eq!(sent(&cookies, site, None), "c=3; a=4");
        assert_eq!(sent(&cookies, site, Some("x=y; a=own;z=1")), "x=y; z=1; c=3; a=4");
        assert_eq!(sent(&cookies, "https://other.example/", Some("x=y")), "x=y");
    }

    #[test]
    fn a_target_cannot_fill_the_memory() {
        let site = "https://site.example/";
        let mut cookies = Cookies::new(NOW);
        for number in 0..1_000 {
            set(&mut cookies, site, &[&format!("n{number}={}", "x".repeat(3_000)), &"y".repeat(5_000)]);
        }
        set(&mut cookies, site, &[&format!("long={}", "x".repeat(5_000))]);
        assert_eq!(cookies.kept.len(), COOKIES_MAX);
        let sent = sent(&cookies, site, None);
        assert!(sent.len() <= HEADER_MAX && sent.starts_with("n950=") && !sent.contains("long"), "{}", sent.len());
    }

    proptest! {
        #[test]
        fn whatever_is_set_goes_to_nobody_else_and_is_bounded(
            texts in proptest::collection::vec("[a-c=; ,\"A-C\u{e4}-]{0,12}(; *(Domain=(site.example|other.example|example|\\.)|Path=[/a-c]{0,4}|Max-Age=-?[0-9]{0,3}|Secure|Expires=.{0,9})){0,3}", 0..80),
            long in 0_usize..5000,
        ) {
            let mut cookies = Cookies::new(NOW);
            let long = format!("l={}", "x".repeat(long));
            for text in texts.iter().chain([&long]) {
                // What no header can hold does not come in one.
                let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) else { continue };
                cookies.learn(&url("https://a.site.example/b/c"), &HeaderMap::from_iter([(header::SET_COOKIE, value)]));
            }
            for to in ["https://other.example/", "https://example/", "https://site.example.other.example/", "https://192.0.2.1/"] {
                prop_assert_eq!(cookies.header(&url(to), None), None, "{}", to);
            }
            let own = HeaderValue::from_static("own=1");
            let sent = cookies.header(&url("https://a.site.example/b/c"), Some(&own)).expect("at least the monitor's own");
            prop_assert!(sent.len() <= HEADER_MAX && sent.as_bytes().starts_with(b"own=1"));
        }
    }
}
