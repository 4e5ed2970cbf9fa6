//! A mail as bytes: MIME with a plain and an HTML part, the same for all ways in which it leaves and on every attempt at the same time.

use std::time::{Duration, UNIX_EPOCH};

use lettre::{
    Address, Message,
    address::AddressError,
    message::{
        Mailbox, MessageBuilder, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue, InvalidHeaderName},
    },
};
use sha2::{Digest, Sha256};
use valpero_channels::Mail;
use valpero_domain::{Timestamp, mail_address::MailAddress};

const MESSAGE_ID: &str = "Message-ID";

/// A mail that cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MimeError {
    /// A recipient's address.
    #[error("the recipient's address {0:?} is not valid")]
    Recipient(String, #[source] AddressError),
    /// A header's name.
    #[error("a header's name is not valid")]
    Header(#[source] InvalidHeaderName),
    /// Without recipients, for one.
    #[error("the mail cannot be written")]
    Message(#[from] lettre::error::Error),
}

/// A mail as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// Sender of the envelope.
    pub from: Address,
    /// Recipients of the envelope.
    pub to: Vec<Address>,
    /// Its `Message-ID`.
    pub id: String,
    /// Headers and parts.
    pub bytes: Vec<u8>,
}

/// The sender's address, as the writer of messages wants it.
pub(crate) fn sender(from: &MailAddress) -> Result<Address, AddressError> {
    from.as_str().parse()
}

/// Writes a mail.
pub(crate) fn write(from: &Address, mail: &Mail, now: Timestamp) -> Result<Letter, MimeError> {
    let to =
        mail.to.iter().map(|text| text.parse::<Address>().map_err(|error| MimeError::Recipient(text.clone(), error)));
    let to = to.collect::<Result<Vec<_>, _>>()?;
    let hash = hash(mail);
    let given = mail.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(MESSAGE_ID));
    let id = given.map_or_else(|| format!("<{}.{hash}@{}>", now.ms(), from.domain()), |(_, id)| one_line(id));
    let date = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.ms()).unwrap_or_default());
    let mut message: MessageBuilder =
        Message::builder().from(Mailbox::new(None, from.clone())).subject(one_line(&mail.subject)).date(date);
    for address in &to {
        message = message.to(Mailbox::new(None, address.clone()));
    }
    let others = mail.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(MESSAGE_ID));
    let named = others.map(|(name, value)| (*name, one_line(value)));
    for (name, value) in [(MESSAGE_ID, id.clone())].into_iter().chain(named) {
        let name = HeaderName::new_from_ascii(name.to_owned()).map_err(MimeError::Header)?;
        message = message.raw_header(HeaderValue::new(name, value));
    }
    // The boundary has a hash of the texts, so that none of them can contain it.
    let parts = MultiPart::alternative().boundary(format!("=_{hash}"));
    let parts = parts.singlepart(SinglePart::plain(mail.text.clone())).singlepart(SinglePart::html(mail.html.clone()));
    let bytes = message.multipart(parts)?.formatted();
    Ok(Letter { from: from.clone(), to, id, bytes })
}

/// The same for the same mail, so that a repeated attempt has the same bytes.
fn hash(mail: &Mail) -> String {
    let mut hash = Sha256::new();
    for part in [&mail.subject, &mail.text, &mail.html] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..16])
}

/// The value of a header on one line, so that no text can add a header.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn mail() -> Mail {
        Mail {
            to: vec!["ops@example.com".to_owned()],
            subject: "Down: shop".to_owned(),
            text: "It is down.\n.\nReally.".to_owned(),
            html: "<p>It is down.</p>".to_owned(),
            headers: vec![
                ("Message-ID", "<a.b@example.com>".to_owned()),
                ("Auto-Submitted", "auto-generated".to_owned()),
            ],
        }
    }

    fn text(mail: &Mail) -> String {
        let from = "valpero@example.com".parse().expect("an address");
        let letter = write(&from, mail, Timestamp::from_seconds(1_795_000_020)).expect("a letter");
        String::from_utf8(letter.bytes).expect("ASCII")
    }

    /// The lines before the first empty one, unfolded.
    fn head(text: &str) -> Vec<String> {
        let (head, _) = text.split_once("\r\n\r\n").expect("a head");
        head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_mail_has_its_headers_and_the_time_that_it_is_given() {
        let text = text(&mail());
        let head = head(&text);
        for line in [
            "From: valpero@example.com",
            "To: ops@example.com",
            "Subject: Down: shop",
            "Date: Wed, 18 Nov 2026 11:07:00 +0000",
            "Message-ID: <a.b@example.com>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(head.iter().any(|found| found == line), "{line} is not in {head:#?}");
        }
        assert!(text.contains("text/plain") && text.contains("text/html"), "{text}");
    }

    #[test]
    fn the_same_mail_is_the_same_bytes() {
        assert_eq!(text(&mail()), text(&mail()));
        let mut other = mail();
        other.text.push('x');
        assert_ne!(text(&mail()), text(&other));
    }

    #[test]
    fn no_line_of_a_value_becomes_a_header() {
        let mut nasty = mail();
        nasty.subject = "Down\r\nBcc: thief@example.com\r\n\r\nbody".to_owned();
        nasty.headers.push(("References", "<x>\r\nX-Evil: 1\n".to_owned()));
        nasty.headers[0].1 = "<id>\r\nX-Evil: 2".to_owned();
        let text = text(&nasty);
        let names: Vec<String> =
            head(&text).iter().filter_map(|line| Some(line.split_once(':')?.0.to_ascii_lowercase())).collect();
        assert!(!names.iter().any(|name| ["bcc", "x-evil"].contains(&name.as_str())), "{text}");
        assert_eq!(head(&text).len(), names.len(), "every line is a header: {text}");
    }

    #[test]
    fn everything_on_the_wire_is_short_ascii_lines() {
        let mut long = mail();
        long.subject = "🔥 Größe ".repeat(30);
        long.text = "é".repeat(3_000);
        long.html = format!("<p>{}</p>", "x".repeat(5_000));
        long.headers.push(("X-Auto-Response-Suppress", "All".to_owned()));
        let text = text(&long);
        assert!(text.is_ascii());
        for line in text.split("\r\n") {
            assert!(line.len() <= 78 && !line.contains(['\r', '\n']), "{line:?}");
        }
    }

    #[test]
    fn a_mail_without_an_id_gets_one_and_a_bad_recipient_is_named() {
        let mut bare = mail();
        bare.headers.clear();
        assert!(text(&bare).contains("Message-ID: <1795000020000."));
        bare.to = vec!["a@b\r\nBcc: c@d".to_owned()];
        let from = "valpero@example.com".parse().expect("an address");
        let error = write(&from, &bare, Timestamp::from_seconds(0)).expect_err("no address");
        assert!(error.to_string().contains("is not valid"), "{error}");
    }
}
