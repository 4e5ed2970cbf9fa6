//! Mail to one person about the person's own access.

use valpero_channels::{Mail, html};
use valpero_domain::mail_address::MailAddress;

/// An invitation, with the link that leads in.
pub fn invitation(to: &MailAddress, by: &str, url: &str) -> Mail {
    let subject = format!("Invitation to Valpero from {}", one_line(by));
    let says = format!("{by} invites you to the monitors of an account in Valpero.");
    letter(
        to,
        subject,
        &says,
        url,
        "The link is good for 7 days and one use. If you expected no invitation, ignore it.",
    )
}

/// The link to a new password.
pub fn new_password(to: &MailAddress, url: &str) -> Mail {
    let subject = "New password for Valpero".to_owned();
    let says = "Somebody, probably you, asked for a new password. This link sets one:";
    letter(
        to,
        subject,
        says,
        url,
        "The link is good for one hour and one use. If you did not ask for it, ignore it: nothing changes.",
    )
}

fn letter(to: &MailAddress, subject: String, says: &str, url: &str, after: &str) -> Mail {
    let text = format!("{says}\n\n{url}\n\n{after}\n");
    let html = format!(
        "<!doctype html><html lang=\"en\"><body><p>{}</p><p><a href=\"{}\">{}</a></p><p>{}</p></body></html>",
        html(says),
        html(url),
        html(url),
        html(after)
    );
    Mail {
        to: vec![to.as_str().to_owned()],
        subject,
        text,
        html,
        headers: vec![("Auto-Submitted", "auto-generated".to_owned())],
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { ' ' } else { one }).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_are_called_is_text() {
        let to = MailAddress::try_from("new@example.com".to_owned()).expect("an address");
        let mail = invitation(&to, "<b>Eve</b>\r\nBcc: all@example.com", "https://valpero.example.com/enter/x?a=1&b=2");
        assert!(!mail.html.contains("<b>") && mail.html.contains("&lt;b&gt;Eve") && mail.html.contains("a=1&amp;b=2"));
        assert!(!mail.subject.contains(['\r', '\n']), "{}", mail.subject);
        assert!(mail.text.contains("https://valpero.example.com/enter/x?a=1&b=2"));
        assert_eq!((mail.to.as_slice(), mail.headers.len()), (&["new@example.com".to_owned()][..], 1));
    }
}
