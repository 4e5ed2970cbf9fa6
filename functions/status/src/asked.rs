//! What is asked for: which page, and what of it.

use axum::http::{HeaderMap, Uri, header};
use valpero_domain::{PageId, PostId, pages::Slug};
use valpero_statuspage::Month;

/// What of a page is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What {
    /// The front page.
    Front,
    /// The state in one line, for an `<iframe>` of another site.
    Embed,
    /// What was posted in a month. Default: the current month.
    History(Option<Month>),
    /// A post.
    Post(PostId),
    /// A document in the shape of Statuspage.
    Json(Document),
    /// The Atom feed.
    Atom,
    /// The RSS feed.
    Rss,
    /// The calendar of maintenance.
    Calendar,
    /// A badge.
    Badge(Badge),
    /// `robots.txt`.
    Robots,
    /// `sitemap.xml`.
    Sitemap,
    /// The form that takes the password.
    Password,
    /// Whether the host shows this page, for who looks at its domain.
    Here(PageId),
    /// The form that asks for a subscription.
    Subscribe,
    /// The subscription of a token.
    Subscription(String),
    /// The end of the subscription of a token.
    Unsubscribe(String),
}

/// A document in the shape of Statuspage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Document {
    /// `summary.json`.
    Summary,
    /// `status.json`.
    Status,
    /// `components.json`.
    Components,
    /// `incidents.json`.
    Incidents,
    /// `incidents/unresolved.json`.
    Unresolved,
    /// `scheduled-maintenances.json`.
    Maintenances,
    /// `scheduled-maintenances/upcoming.json`.
    Upcoming,
    /// `scheduled-maintenances/active.json`.
    Active,
}

/// A badge of a page, or of a component.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Badge {
    /// `page`, or a component's ID.
    pub of: String,
    /// Days whose uptime it shows; the present state where there are none.
    pub days: Option<u16>,
    /// The left side; the page's or the component's name where there is none.
    pub label: Option<String>,
    /// Whether its corners are square.
    pub square: bool,
    /// Whether it is asked for as the JSON that shields.io draws.
    pub shields: bool,
}

/// A request for something of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The page: by its name, or by its domain.
    pub page: Which,
    /// What of it. None: the page has no such path.
    pub what: Option<What>,
}

/// How a page is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// By its name, below `/status`.
    Slug(Slug),
    /// By the host that was asked.
    Host(String),
}

impl Asked {
    /// What this request asks for; none where it names no page.
    pub fn of(uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        let segments: Vec<&str> = uri.path().split('/').skip(1).filter(|part| !part.is_empty()).collect();
        let query = Query(uri.query().unwrap_or_default());
        match segments.as_slice() {
            ["status", slug, rest @ ..] => {
                Some(Self { page: Which::Slug(slug.parse().ok()?), what: What::of(rest, &query) })
            }
            rest => Some(Self { page: Which::Host(host(headers, uri)?), what: What::of(rest, &query) }),
        }
    }
}

/// The host that was asked, without its port, in lower case.
pub fn host(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| uri.host())?;
    let host = named.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let host = host.map_or(named, |(host, _)| host).trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty() && host.len() <= 253).then_some(host)
}

struct Query<'a>(&'a str);

impl Query<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.0.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

impl What {
    fn of(segments: &[&str], query: &Query<'_>) -> Option<Self> {
        Some(match segments {
            [] => Self::Front,
            ["embed"] => Self::Embed,
            ["password"] => Self::Password,
            [".well-known", "valpero-page", id] => Self::Here(id.parse().ok()?),
            ["subscribe"] => Self::Subscribe,
            ["subscription", token] => Self::Subscription((*token).to_owned()),
            ["unsubscribe", token] => Self::Unsubscribe((*token).to_owned()),
            ["history"] => Self::History(match query.get("month") {
                Some(month) => Some(Month::parse(&month)?),
                None => None,
            }),
            ["posts", id] => Self::Post(id.parse().ok()?),
            ["feed.atom"] => Self::Atom,
            ["feed.rss"] => Self::Rss,
            ["calendar.ics"] => Self::Calendar,
            ["robots.txt"] => Self::Robots,
            ["sitemap.xml"] => Self::Sitemap,
            ["api", "v2", rest @ ..] => Self::Json(match rest {
                ["summary.json"] => Document::Summary,
                ["status.json"] => Document::Status,
                ["components.json"] => Document::Components,
                ["incidents.json"] => Document::Incidents,
                ["incidents", "unresolved.json"] => Document::Unresolved,
                ["scheduled-maintenances.json"] => Document::Maintenances,
                ["scheduled-maintenances", "upcoming.json"] => Document::Upcoming,
                ["scheduled-maintenances", "active.json"] => Document::Active,
                _ => return None,
            }),
            ["badge", file] => Self::Badge(Badge::of(file, query)?),
            _ => return None,
        })
    }
}

/// Characters of a badge's label, at most.
const LABEL_MAX: usize = 60;

impl Badge {
    fn of(file: &str, query: &Query<'_>) -> Option<Self> {
        let (of, shields) = match file.strip_suffix(".svg") {
            Some(of) => (of, false),
            None => (file.strip_suffix(".json")?, true),
        };
        let days = match query.get("uptime").as_deref() {
            None => None,
            Some("7d") => Some(7),
            Some("30d") => Some(30),
            Some("90d") => Some(90),
            Some(_) => return None,
        };
        let label =
            query.get("label").map(|label| label.chars().filter(|one| !one.is_control()).take(LABEL_MAX).collect());
        let square = match query.get("style").as_deref() {
            None | Some("flat") => false,
            Some("flat-square") => true,
            Some(_) => return None,
        };
        Some(Self { of: of.to_owned(), days, label, square, shields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str) -> Option<Asked> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "Status.Example.com:443".parse().expect("a host"));
        Asked::of(&path.parse().expect("a path"), &headers)
    }

    #[test]
    fn a_page_is_named_by_its_path_or_by_its_host() {
        let slug: Slug = "acme".parse().expect("a slug");
        assert_eq!(asked("/status/acme"), Some(Asked { page: Which::Slug(slug.clone()), what: Some(What::Front) }));
        assert_eq!(asked("/status/acme/"), asked("/status/acme"));
        let host = Which::Host("status.example.com".to_owned());
        assert_eq!(asked("/"), Some(Asked { page: host.clone(), what: Some(What::Front) }));
        assert_eq!(asked("/feed.atom"), Some(Asked { page: host.clone(), what: Some(What::Atom) }));
        assert_eq!(asked("/status/Bad_slug"), None);
        assert_eq!(asked("/nothing"), Some(Asked { page: host, what: None }));
        let json = |path: &str| asked(&format!("/status/acme/api/v2/{path}")).and_then(|asked| asked.what);
        assert_eq!(json("summary.json"), Some(What::Json(Document::Summary)));
        assert_eq!(json("scheduled-maintenances/active.json"), Some(What::Json(Document::Active)));
        assert_eq!(json("secrets.json"), None);
    }

    #[test]
    fn months_and_badges_are_read_strictly() {
        let what = |path: &str| asked(path).and_then(|asked| asked.what);
        assert_eq!(what("/history?month=2026-11"), Some(What::History(Month::parse("2026-11"))));
        for bad in [
            "/history?month=2026-13",
            "/history?month=+026-11",
            "/history?month=x",
            "/badge/page.png",
            "/badge/page.svg?uptime=1y",
        ] {
            assert_eq!(what(bad), None, "{bad}");
        }
        let Some(What::Badge(badge)) = what("/badge/page.svg?uptime=30d&style=flat-square&label=My%20site") else {
            panic!("no badge")
        };
        assert_eq!((badge.days, badge.square, badge.label.as_deref()), (Some(30), true, Some("My site")));
        let november = Month { year: 2026, month: 11 };
        assert_eq!(
            (november.plus(2).to_string(), november.plus(-11).to_string()),
            ("2027-01".into(), "2025-12".into())
        );
    }
}
