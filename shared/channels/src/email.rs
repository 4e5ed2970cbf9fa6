//! E-mail. All messages of an incident refer to one id, so that programs show them together.
//!
//! No mail has that ID: what sends the mail, such as SES, may put its own `Message-ID` in the place of ours, and
//! `References` to an id that nobody has serve as well.

use valpero_domain::channel::Email;

use crate::{
    message::{Item, Level, Message},
    text::{cut, cut_bytes, html, one_line},
    wire::{Mail, Outgoing},
};

/// A line of a mail is 998 bytes at most, and a subject in Unicode is three times as long on the wire.
const SUBJECT_MAX: usize = 250;
const TEXT_MAX: usize = 100_000;
/// The parts of the page.
const PART_MAX: usize = 10_000;
const ITEMS_MAX: usize = 500;

pub(crate) fn render(settings: &Email, message: &Message) -> Outgoing {
    let domain = domain(&message.context.mail_domain);
    let mut headers = vec![
        ("Message-ID", format!("<{}.{}@{domain}>", id(&message.topic), id(&message.context.delivery))),
        // RFC 3834: no vacation responder answers it.
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
    ];
    if message.incident.is_some() {
        let thread = format!("<{}@{domain}>", id(&message.topic));
        headers.extend([("In-Reply-To", thread.clone()), ("References", thread)]);
    }
    if message.level == Level::Critical {
        headers.push(("Importance", "high".to_owned()));
    }
    Outgoing::Mail(Mail {
        to: settings.to.iter().map(|address| address.as_str().to_owned()).collect(),
        subject: cut_bytes(&one_line(&message.title), SUBJECT_MAX),
        text: text(message),
        html: page(message),
        headers,
    })
}

/// A mail to a person about their account, which no message of a channel is.
pub fn notice(to: &str, subject: &str, text: &str) -> Mail {
    let subject = cut_bytes(&one_line(subject), SUBJECT_MAX);
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head><body \
         style=\"margin:24px;font-family:sans-serif;font-size:15px\"><h1 style=\"font-size:20px\">{title}</h1><p>{}</p></body></html>",
        html(&cut(text, PART_MAX)),
        title = html(&subject),
    );
    Mail {
        to: vec![to.to_owned()],
        text: format!("{subject}\n\n{}\n\n-- \nValpero", cut(text, PART_MAX)),
        html: page,
        headers: vec![("Auto-Submitted", "auto-generated".to_owned())],
        subject,
    }
}

/// A part of a message's id: letters, digits and what else stands in the ids of Valpero.
fn id(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')).take(100).collect()
}

fn domain(text: &str) -> String {
    let domain: String =
        text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).take(253).collect();
    if domain.is_empty() { "valpero.invalid".to_owned() } else { domain }
}

fn text(message: &Message) -> String {
    let links: Vec<String> = message.links().iter().map(|(label, url)| format!("{label}: {}", one_line(url))).collect();
    let mut parts = vec![message.title.clone(), message.plain(), links.join("\n"), "-- \nValpero".to_owned()];
    parts.retain(|part| !part.is_empty());
    cut(&parts.join("\n\n"), TEXT_MAX)
}

fn page(message: &Message) -> String {
    let paragraph =
        |text: &str| format!("<p style=\"margin:0 0 12px\">{}</p>", html(&cut(text, PART_MAX)).replace('\n', "<br>"));
    let mut body = format!(
        "<h1 style=\"margin:0 0 12px;padding:0 0 0 12px;border-left:6px solid {};font-size:20px\">{}</h1>",
        message.level.css(),
        html(&cut(&message.title, PART_MAX))
    );
    body += &paragraph(&message.summary);
    body += &message.note.as_deref().map(paragraph).unwrap_or_default();
    let rows = message.facts.iter().map(|fact| {
        format!(
            "<tr><th style=\"padding:2px 12px 2px 0;text-align:left;vertical-align:top\">{}</th><td style=\"padding:2px 0\">{}</td></tr>",
            fact.label,
            html(&cut(&fact.value, PART_MAX / 5))
        )
    });
    let rows: String = rows.collect();
    if !rows.is_empty() {
        body += &format!("<table style=\"margin:0 0 12px;border-collapse:collapse\">{rows}</table>");
    }
    let items: String =
        message.items.iter().take(ITEMS_MAX).map(Item::line).map(|line| format!("<li>{}</li>", html(&line))).collect();
    if !items.is_empty() {
        body += &format!("<ul>{items}</ul>");
    }
    if message.items.len() > ITEMS_MAX {
        body += &paragraph("… and others");
    }
    let links = message.links();
    let links: String =
        links.iter().map(|(label, url)| format!("<a href=\"{}\">{label}</a> &nbsp; ", html(url))).collect();
    if !links.is_empty() {
        body += &format!("<p style=\"margin:0 0 12px\">{links}</p>");
    }
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head><body style=\"margin:24px;font-family:sans-serif;font-size:15px;color:#1f2328\">{body}</body></html>",
        html(&cut(&message.title, PART_MAX))
    )
}
