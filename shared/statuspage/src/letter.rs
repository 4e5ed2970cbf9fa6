//! Mail to a page's subscribers, in the page's language.

use valpero_channels::{Mail, html};
use valpero_domain::{
    PageId, PostId, SubscriberId, Timestamp,
    mail_address::MailAddress,
    pages::{Post, PostUpdate, StatusPageSpec, post::Scheduled},
};

use crate::{
    markdown,
    texts::{Texts, texts},
    times::Times,
};

/// Characters of a title within a subject, at most: a subject in Unicode is three times as long on the wire, and a line is 998 bytes at most.
const TITLE_MAX: usize = 100;

/// To whom mail goes, and of which page.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The page.
    pub page_id: PageId,
    /// Its settings.
    pub spec: &'a StatusPageSpec,
    /// Where it is, without a slash at its end.
    pub url: &'a str,
    /// Where it is below the deployment's own URL, for links that must not die with the page's domain.
    pub own_url: &'a str,
    /// The subscriber.
    pub subscriber_id: SubscriberId,
    /// The address.
    pub to: &'a MailAddress,
    /// The subscriber's token.
    pub token: &'a str,
    /// The domain of the sender's address.
    pub domain: &'a str,
}

/// URL of the page that confirms, changes and ends the subscription of this token.
pub fn manage_url(url: &str, token: &str) -> String {
    format!("{url}/subscription/{token}")
}

/// URL that ends the subscription of this token by one POST (RFC 8058).
pub fn unsubscribe_url(url: &str, token: &str) -> String {
    format!("{url}/unsubscribe/{token}")
}

impl Letter<'_> {
    fn t(&self) -> &'static Texts {
        texts(self.spec.language)
    }

    fn title(&self) -> String {
        cut(self.spec.title.as_str())
    }

    fn id(&self, what: &str) -> String {
        let domain = if self.domain.is_empty() { "valpero.invalid" } else { self.domain };
        format!("<{what}@{domain}>")
    }

    /// Asks to confirm the subscription.
    pub fn confirmation(&self) -> Mail {
        let t = &self.t().subscribing;
        let title = self.title();
        let parts = Parts {
            lang: self.t().lang,
            heading: (t.confirm_subject)(&title),
            before: vec![(t.confirm_mail)(&title)],
            link: Some((t.confirm, manage_url(self.own_url, self.token))),
            after: vec![t.confirm_ignore.to_owned()],
            ..Parts::default()
        };
        self.mail(parts.heading.clone(), &parts, Vec::new())
    }

    /// Tells who subscribed a second time that the first one is good.
    pub fn known_already(&self) -> Mail {
        let t = &self.t().subscribing;
        let title = self.title();
        let parts = Parts {
            lang: self.t().lang,
            heading: (t.known_subject)(&title),
            before: vec![t.known_mail.to_owned()],
            link: Some((t.yours, manage_url(self.own_url, self.token))),
            ..Parts::default()
        };
        self.mail(parts.heading.clone(), &parts, Vec::new())
    }

    /// Tells an update of a post. Programs show the updates of a post together, by the ID that all of them refer to.
    pub fn update(&self, id: PostId, post: &Post, update: &PostUpdate) -> Mail {
        let (t, times) = (self.t(), Times { language: self.spec.language, zone: self.spec.time_zone });
        let state = t.state(update.state);
        let title = self.title();
        let named = |affected: &valpero_domain::pages::Affected| {
            self.spec.components.iter().find(|component| component.id == affected.id).map(|one| one.name.as_str())
        };
        let names: Vec<&str> = post.components.iter().filter_map(named).collect();
        let time = |at: Timestamp| times.time(at).words;
        let mut before = vec![format!("{state} · {}", time(update.at))];
        before.extend(
            post.scheduled
                .map(|Scheduled { from, until }| format!("{} – {}", time(from), times.end(from, until).words)),
        );
        if !names.is_empty() {
            before.push(format!("{}: {}", t.affects, names.join(", ")));
        }
        let is_silent = update.body.is_empty();
        let manage = manage_url(self.own_url, self.token);
        let parts = Parts {
            lang: t.lang,
            heading: post.title.clone(),
            before,
            body: if is_silent { t.by_itself(update.state).to_owned() } else { update.body.clone() },
            link: Some((self.spec.title.as_str(), format!("{}/posts/{id}", self.url))),
            after: Vec::new(),
            foot: Some(((t.subscribing.because)(&title), t.subscribing.manage, manage)),
        };
        let thread = self.id(&format!("{id}.{}", self.subscriber_id));
        let headers = vec![
            ("Message-ID", self.id(&format!("{}.{}", update.id, self.subscriber_id))),
            ("In-Reply-To", thread.clone()),
            ("References", thread),
            ("List-Id", self.id(&self.page_id.to_string())),
            ("List-Unsubscribe", format!("<{}>", unsubscribe_url(self.own_url, self.token))),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ];
        self.mail(format!("{state}: {} · {title}", cut(&post.title)), &parts, headers)
    }

    fn mail(&self, subject: String, parts: &Parts<'_>, mut headers: Vec<(&'static str, String)>) -> Mail {
        // RFC 3834: no vacation responder answers it.
        headers.push(("Auto-Submitted", "auto-generated".to_owned()));
        headers.push(("X-Auto-Response-Suppress", "All".to_owned()));
        Mail { to: vec![self.to.as_str().to_owned()], subject, text: parts.text(), html: parts.html(), headers }
    }
}

/// The first of a text that stands within a line.
fn cut(text: &str) -> String {
    if text.chars().count() <= TITLE_MAX {
        return text.to_owned();
    }
    text.chars().take(TITLE_MAX - 1).chain(['…']).collect()
}

/// What a mail consists of.
#[derive(Debug, Default)]
struct Parts<'a> {
    lang: &'static str,
    heading: String,
    /// Lines before the body.
    before: Vec<String>,
    /// Markdown.
    body: String,
    /// A label and a URL.
    link: Option<(&'a str, String)>,
    /// Lines behind the link.
    after: Vec<String>,
    /// Why it is sent, and how that ends: a sentence, a label, a URL.
    foot: Option<(String, &'a str, String)>,
}

impl Parts<'_> {
    fn text(&self) -> String {
        let mut blocks = vec![self.heading.clone(), self.before.join("\n"), self.body.clone()];
        blocks.extend(self.link.as_ref().map(|(_, url)| url.clone()));
        blocks.extend(self.after.iter().cloned());
        blocks.extend(self.foot.as_ref().map(|(because, label, url)| format!("-- \n{because}\n{label}: {url}")));
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n\n")
    }

    fn html(&self) -> String {
        let line = |text: &String| format!("<p style=\"margin:0 0 8px\">{}</p>", html(text));
        let lines = |texts: &[String]| texts.iter().map(line).collect::<String>();
        let link = |label: &str, url: &str| format!("<a href=\"{}\">{}</a>", html(url), html(label));
        let linked = self.link.as_ref().map(|(label, url)| {
            // The address itself, so that nobody has to trust a word.
            format!("<p style=\"margin:16px 0 8px\">{}<br><small>{}</small></p>", link(label, url), html(url))
        });
        let foot = self.foot.as_ref().map(|(because, label, url)| {
            format!(
                "<p style=\"margin:24px 0 0;font-size:13px;color:#556260\">{} {}</p>",
                html(because),
                link(label, url)
            )
        });
        format!(
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{heading}</title></head><body style=\"margin:24px;font-family:sans-serif;font-size:15px;color:#1f2328\"><h1 style=\"margin:0 0 12px;font-size:20px\">{heading}</h1>{}{}{}{}{}</body></html>",
            self.lang,
            lines(&self.before),
            markdown::to_html(&self.body),
            linked.unwrap_or_default(),
            lines(&self.after),
            foot.unwrap_or_default(),
            heading = html(&self.heading),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;
    use valpero_domain::{
        Actor, ComponentId, PostUpdateId,
        pages::{NewPost, PageLanguage},
    };

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + seconds)
    }

    fn spec(language: PageLanguage) -> StatusPageSpec {
        let mut number = 0;
        let body = json!({
            "slug": "acme", "title": "Acme <b>", "language": language.as_str(), "time_zone": "Europe/Helsinki",
            "components": [{"name": "Check\"out"}],
        });
        let mut new_id = || {
            number += 1;
            ComponentId::from_bytes([number; 16])
        };
        StatusPageSpec::read(&body, &BTreeSet::new(), &mut new_id).expect("a page")
    }

    fn post(spec: &StatusPageSpec) -> Post {
        let component = spec.components[0].id;
        let body = json!({
            "kind": "incident", "title": "Down <i>", "body": "**Why**: <script>", "notify": true,
            "components": [{"id": component, "status": "major_outage"}],
        });
        let new = NewPost::read(&body, &BTreeSet::from([component])).expect("a post");
        new.into_post(PostUpdateId::from_bytes([3; 16]), Actor::Operator.into(), at(0))
    }

    fn letter(spec: &StatusPageSpec, of: impl Fn(&Letter<'_>) -> Mail) -> Mail {
        let to = MailAddress::try_from("reader@example.com".to_owned()).expect("an address");
        of(&Letter {
            page_id: PageId::from_bytes([1; 16]),
            spec,
            url: "https://status.example.com",
            own_url: "https://valpero.example.com/status/acme",
            subscriber_id: SubscriberId::from_bytes([2; 16]),
            to: &to,
            token: "TOKEN",
            domain: "example.com",
        })
    }

    #[test]
    fn an_update_says_what_happened_and_how_to_end_it() {
        for language in PageLanguage::ALL {
            let spec = spec(language);
            let post = post(&spec);
            let update = post.last().expect("an update").clone();
            let mail = letter(&spec, |letter| letter.update(PostId::from_bytes([4; 16]), &post, &update));
            let t = texts(language);
            assert!(mail.subject.starts_with(t.investigating), "{}", mail.subject);
            let header =
                |name: &str| mail.headers.iter().find(|(named, _)| *named == name).map(|(_, value)| value.clone());
            assert_eq!(
                header("List-Unsubscribe").as_deref(),
                Some("<https://valpero.example.com/status/acme/unsubscribe/TOKEN>")
            );
            assert_eq!(header("List-Unsubscribe-Post").as_deref(), Some("List-Unsubscribe=One-Click"));
            assert!(header("Message-ID").is_some_and(|id| id.contains(&update.id.to_string())));
            for part in [&mail.text, &mail.html] {
                assert!(part.contains("https://valpero.example.com/status/acme/subscription/TOKEN"), "{part}");
                assert!(part.contains(&format!("https://status.example.com/posts/{}", PostId::from_bytes([4; 16]))));
                assert!(part.contains(t.subscribing.manage));
            }
            assert!(mail.html.contains("Check&quot;out") && !mail.html.contains("<script>"), "{}", mail.html);
        }
    }

    #[test]
    fn what_is_to_be_confirmed_has_one_link_and_no_way_to_unsubscribe() {
        let spec = spec(PageLanguage::En);
        for is_known in [false, true] {
            let mail = letter(&spec, |letter| if is_known { letter.known_already() } else { letter.confirmation() });
            assert!(mail.text.contains("https://valpero.example.com/status/acme/subscription/TOKEN"), "{}", mail.text);
            assert!(mail.subject.contains("Acme <b>") && mail.html.contains("Acme &lt;b&gt;"));
            assert!(!mail.headers.iter().any(|(name, _)| name.starts_with("List-")));
            assert_eq!(mail.to, ["reader@example.com"]);
        }
    }

    #[test]
    fn a_subject_stays_short() {
        let mut spec = spec(PageLanguage::En);
        spec.title = "T".repeat(100).try_into().expect("a name");
        let mut post = post(&spec);
        post.title = "é".repeat(200);
        let update = post.last().expect("an update").clone();
        let mail = letter(&spec, |letter| letter.update(PostId::from_bytes([4; 16]), &post, &update));
        assert!(mail.subject.chars().count() < 250, "{}", mail.subject);
    }
}
