//! Whether a receiver takes what is rendered for it: mail, too, which is no request.

use valpero_channels::{Mail, Outgoing};

use super::{
    markup::stray_html,
    receivers::{Seen, accept},
};

fn demand(fits: bool, what: impl Into<String>) -> Result<(), String> {
    if fits { Ok(()) } else { Err(what.into()) }
}

/// Why the receiver would refuse it, or read something in it that was not meant; none where it takes it.
pub fn refusal(kind: &str, outgoing: &Outgoing) -> Option<String> {
    let checked = match outgoing {
        Outgoing::Nothing { why } => demand(!why.is_empty(), "no reason"),
        Outgoing::Mail(mail) => mail_of(mail),
        Outgoing::Http(request) => {
            let (method, url) = (request.method.to_owned(), request.url.clone());
            accept(kind, &Seen { method, url, headers: request.headers.clone(), body: request.body.clone() })
        }
    };
    checked.err()
}

fn mail_of(mail: &Mail) -> Result<(), String> {
    demand((1..=50).contains(&mail.to.len()), "recipients")?;
    let line = |text: &str| !text.chars().any(char::is_control);
    demand(line(&mail.subject) && (1..=250).contains(&mail.subject.len()), format!("subject {:?}", mail.subject))?;
    for (name, value) in &mail.headers {
        demand(line(value) && value.is_ascii() && value.len() < 900, format!("header {name}: {value}"))?;
    }
    let id = |name: &str| mail.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str());
    let sound =
        |id: &str| id.starts_with('<') && id.ends_with('>') && id.matches('@').count() == 1 && !id.contains(' ');
    demand(id("Message-ID").is_some_and(sound) && id("Auto-Submitted") == Some("auto-generated"), "Message-ID")?;
    demand(id("References").is_none_or(sound) && id("References") == id("In-Reply-To"), "References")?;
    demand(!mail.text.trim().is_empty() && !mail.text.contains('\r'), "plain part")?;
    let tags = [
        "!doctype", "html", "head", "meta", "title", "body", "h1", "p", "br", "table", "tr", "th", "td", "ul", "li",
        "a",
    ];
    stray_html(&mail.html, &tags).map_or(Ok(()), Err)
}
