//! A folder that a world's mail goes to, and what SES would say of it.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use valpero_domain::mail_address::MailAddress;
use valpero_mail::Mailer;

/// A folder of mail, gone with it.
pub struct Mailbox(PathBuf);

impl Mailbox {
    /// An empty one.
    pub fn new() -> Self {
        let bytes: [u8; 8] = valpero_auth::random_bytes();
        Self(std::env::temp_dir().join(format!("valpero-mailbox-{:016x}", u64::from_be_bytes(bytes))))
    }

    /// Sends to it.
    pub fn mailer(&self) -> Mailer {
        let from = MailAddress::try_from("valpero@example.com".to_owned()).expect("an address");
        Mailer::folder(&self.0, &from).expect("a folder")
    }

    /// The messages, oldest first.
    pub fn messages(&self) -> Vec<String> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(&self.0).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
        files.sort();
        files.into_iter().map(|path| fs::read_to_string(path).expect("text")).collect()
    }
}

impl Mailbox {
    /// Throws all messages away.
    pub fn clear(&self) {
        for entry in fs::read_dir(&self.0).expect("a folder") {
            fs::remove_file(entry.expect("a file").path()).expect("it is ours");
        }
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

/// SES's event of a mail of this channel that bounced at these addresses, as EventBridge brings it.
pub fn bounce(account: &str, channel: &str, kind: &str, addresses: &[&str]) -> Value {
    bounce_of(json!({"account_id": [account], "channel_id": [channel]}), kind, addresses)
}

/// SES's event of a mail to a subscriber of a page that bounced.
pub fn bounce_of_subscriber(account: &str, page: &str, subscriber: &str, kind: &str, address: &str) -> Value {
    let tags = json!({"account_id": [account], "page_id": [page], "subscriber_id": [subscriber]});
    bounce_of(tags, kind, &[address])
}

fn bounce_of(mut tags: Value, kind: &str, addresses: &[&str]) -> Value {
    tags["ses:configuration-set"] = json!(["valpero"]);
    let recipient = |address: &&str| json!({"emailAddress": address, "diagnosticCode": "smtp; 550 5.1.1 user unknown"});
    json!({
        "version": "0",
        "source": "aws.ses",
        "detail-type": "Email Bounced",
        "detail": {
            "eventType": "Bounce",
            "mail": {
                "messageId": "0100018f",
                "destination": addresses,
                "tags": tags,
            },
            "bounce": {"bounceType": kind, "bouncedRecipients": addresses.iter().map(recipient).collect::<Vec<_>>()},
        },
    })
}
