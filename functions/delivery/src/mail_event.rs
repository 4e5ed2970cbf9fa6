//! What SES tells of a mail after it took it: that it bounced, that its reader complained, that it was not sent at all.

use serde::Deserialize;
use serde_json::Value;
use valpero_domain::{
    AccountId, Actor, AuditAction, AuditId, ChannelId, PageId, SubscriberId,
    channel::{Email, Settings},
    pages::Contact,
};
use valpero_mail::Tags;
use valpero_runtime::{WorkError, entropy};
use valpero_storage::{AuditRow, Channel, ChannelHealth, Optional};

use crate::Delivery;

/// Characters kept of why a mail did not arrive.
const ERROR_MAX: usize = 300;

/// An event of SES about one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailEvent {
    /// What happened.
    pub kind: MailEventKind,
    /// To whom.
    pub recipients: Vec<MailRecipient>,
    /// SES's id of the mail.
    pub message_id: String,
    /// Whose mail it was, by its tags.
    pub account: Option<AccountId>,
    /// Of which channel.
    pub channel: Option<ChannelId>,
    /// To which subscriber of which status page.
    pub subscriber: Option<(PageId, SubscriberId)>,
}

/// What happened to a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailEventKind {
    /// It could not be delivered.
    Bounced {
        /// Whether no later mail can be either.
        permanent: bool,
    },
    /// Its reader marked it as spam.
    Complaint,
    /// SES did not send it: it found a virus.
    Rejected,
}

/// A recipient that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRecipient {
    /// The address.
    pub address: String,
    /// What its server said.
    pub diagnostic: Option<String>,
}

impl MailEvent {
    /// The event that EventBridge brings of SES; none where it brings something else, or another event of SES.
    ///
    /// # Errors
    /// If a field of the event is missing or of the wrong type.
    pub fn read(event: &Value) -> Result<Option<Self>, serde_json::Error> {
        if event["source"] != "aws.ses" {
            return Ok(None);
        }
        let detail = &event["detail"];
        let (kind, recipients, mail) = match event["detail-type"].as_str() {
            Some("Email Bounced") => {
                let BounceDetail { bounce, mail } = BounceDetail::deserialize(detail)?;
                let recipients = bounce.bounced_recipients;
                (MailEventKind::Bounced { permanent: bounce.bounce_type == "Permanent" }, recipients, mail)
            }
            Some("Email Complaint Received") => {
                let ComplaintDetail { complaint, mail } = ComplaintDetail::deserialize(detail)?;
                (MailEventKind::Complaint, complaint.complained_recipients, mail)
            }
            Some("Email Rejected") => {
                let RejectDetail { reject, mail } = RejectDetail::deserialize(detail)?;
                let recipient = |address: &String| Recipient {
                    email_address: address.clone(),
                    diagnostic_code: Some(reject.reason.clone()),
                };
                (MailEventKind::Rejected, mail.destination.iter().map(recipient).collect(), mail)
            }
            _ => return Ok(None),
        };
        let recipient = |found: Recipient| MailRecipient {
            address: bare(&found.email_address).to_owned(),
            diagnostic: found.diagnostic_code,
        };
        let tag = |name: &str| mail.tags[name][0].as_str();
        Ok(Some(Self {
            kind,
            recipients: recipients.into_iter().map(recipient).collect(),
            account: tag(Tags::ACCOUNT).and_then(|id| id.parse().ok()),
            channel: tag(Tags::CHANNEL).and_then(|id| id.parse().ok()),
            subscriber: tag(Tags::PAGE)
                .and_then(|id| id.parse().ok())
                .zip(tag(Tags::SUBSCRIBER).and_then(|id| id.parse().ok())),
            message_id: mail.message_id,
        }))
    }

    /// Whether no later mail arrives, or is welcome.
    const fn is_final(&self) -> bool {
        matches!(self.kind, MailEventKind::Bounced { permanent: true } | MailEventKind::Complaint)
    }

    fn sentence(&self, of: &MailRecipient) -> String {
        let happened = match self.kind {
            MailEventKind::Bounced { permanent: true } => "Mail cannot be delivered to",
            MailEventKind::Bounced { permanent: false } => "A mail could not be delivered to",
            MailEventKind::Complaint => "Mail was marked as spam by",
            MailEventKind::Rejected => "SES refused to send a mail to",
        };
        let said = of.diagnostic.as_ref().map_or_else(String::new, |said| format!(": {said}"));
        format!("{happened} {}{said}", of.address).chars().take(ERROR_MAX).collect()
    }
}

#[derive(Deserialize)]
struct BounceDetail {
    bounce: Bounce,
    mail: Mail,
}

#[derive(Deserialize)]
struct ComplaintDetail {
    complaint: Complaint,
    mail: Mail,
}

#[derive(Deserialize)]
struct RejectDetail {
    reject: Reject,
    mail: Mail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    #[serde(default)]
    destination: Vec<String>,
    #[serde(default)]
    tags: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complained_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
struct Reject {
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
    diagnostic_code: Option<String>,
}

/// The address alone, where a server repeats it with a display name.
fn bare(address: &str) -> &str {
    address.rsplit_once('<').map_or(address, |(_, rest)| rest.trim_end_matches('>')).trim()
}

impl Delivery {
    /// Notes what SES says of a channel's mail in the channel's health. The channel is disabled once none of its recipients can be
    /// mailed to. What concerns other recipients, or a channel that is gone, is no news.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn note_mail_event(&self, event: &MailEvent) -> Result<&'static str, WorkError> {
        if let (Some(account), Some((page, subscriber))) = (event.account, event.subscriber) {
            return self.note_subscriber_mail(event, account, page, subscriber).await;
        }
        let (Some(account), Some(id)) = (event.account, event.channel) else { return Ok("no channel's mail") };
        let Some(channel) = self.app.store.channel(account, id).await.optional()? else { return Ok("no such channel") };
        let Settings::Email(email) = &channel.spec.settings else { return Ok("no channel for mail") };
        let now = self.app.now();
        let Some((health, disables)) = judge(event, email, &channel) else { return Ok("nobody's address") };
        let health = ChannelHealth {
            last_error_at: Some(now),
            disabled_at: health.disabled_at.or(disables.then_some(now)),
            ..health
        };
        self.app.store.note_attempt(&channel, Some(&health), None).await?;
        if !disables {
            return Ok("noted");
        }
        let target = Some(channel.id.to_string());
        let row_id = AuditId::new(now, entropy());
        let row =
            AuditRow::without_request(account, row_id, Actor::Delivery, AuditAction::ChannelDisabled, target, now);
        self.app.store.append_audit_row(&row).await?;
        Ok("disabled")
    }
}

impl Delivery {
    /// Quarantines a subscriber whose mail cannot arrive, or is not welcome.
    async fn note_subscriber_mail(
        &self,
        event: &MailEvent,
        account: AccountId,
        page: PageId,
        id: SubscriberId,
    ) -> Result<&'static str, WorkError> {
        let Some(subscriber) = self.app.store.subscriber(account, page, id, self.app.now()).await.optional()? else {
            return Ok("no such subscriber");
        };
        let Contact::Email { email } = &subscriber.contact else { return Ok("no subscriber by mail") };
        let meant = event.recipients.iter().find(|of| of.address.eq_ignore_ascii_case(email.as_str()));
        let Some(meant) = meant else { return Ok("nobody's address") };
        if !event.is_final() {
            return Ok("a mail to a subscriber did not arrive");
        }
        self.quarantine(&subscriber, &event.sentence(meant)).await?;
        Ok("quarantined")
    }
}

/// What the channel's health says from now on, and whether this disables the channel; nothing where none of its recipients is meant.
fn judge(event: &MailEvent, email: &Email, channel: &Channel) -> Option<(ChannelHealth, bool)> {
    let meant = |address: &str| event.recipients.iter().find(|of| of.address.eq_ignore_ascii_case(address));
    let first = email.to.iter().find_map(|to| meant(to.as_str()))?;
    let all = email.to.iter().all(|to| meant(to.as_str()).is_some());
    let disables = all && event.is_final() && channel.health.disabled_at.is_none();
    let health = ChannelHealth { last_error: Some(event.sentence(first)), ..channel.health.clone() };
    Some((health, disables))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(detail_type: &str, more: &Value) -> Value {
        let mut detail = json!({"mail": {
            "messageId": "0100018",
            "destination": ["ops@example.com"],
            "tags": {
                "ses:configuration-set": ["valpero"],
                "account_id": [format!("acc_{}", "0".repeat(26))],
                "channel_id": [format!("chn_{}", "0".repeat(26))],
            },
        }});
        for (name, value) in more.as_object().expect("an object") {
            detail[name] = value.clone();
        }
        json!({"version": "0", "source": "aws.ses", "detail-type": detail_type, "detail": detail})
    }

    #[test]
    fn a_bounce_says_whose_mail_it_was_and_why() {
        let recipient = json!({"emailAddress": "\"Ops\" <ops@example.com>", "action": "failed", "status": "5.1.1",
            "diagnosticCode": "smtp; 550 5.1.1 user unknown"});
        for (said, permanent) in [("Permanent", true), ("Transient", false), ("Undetermined", false)] {
            let bounce =
                json!({"bounce": {"bounceType": said, "bounceSubType": "General", "bouncedRecipients": [recipient]}});
            let read = MailEvent::read(&event("Email Bounced", &bounce)).expect("an event").expect("one of ours");
            assert_eq!(read.kind, MailEventKind::Bounced { permanent });
            assert_eq!(read.recipients[0].address, "ops@example.com");
            assert_eq!(read.message_id, "0100018");
            assert!(read.account.is_some() && read.channel.is_some());
            assert!(read.sentence(&read.recipients[0]).ends_with("ops@example.com: smtp; 550 5.1.1 user unknown"));
        }
    }

    #[test]
    fn complaints_and_rejections_are_read_too_and_nothing_else_is() {
        let complaint = json!({"complaint": {"complainedRecipients": [{"emailAddress": "ops@example.com"}]}});
        let read = MailEvent::read(&event("Email Complaint Received", &complaint)).expect("an event").expect("one");
        assert!(read.is_final() && read.kind == MailEventKind::Complaint);
        let rejected = event("Email Rejected", &json!({"reject": {"reason": "Bad content"}}));
        let read = MailEvent::read(&rejected).expect("an event").expect("one");
        assert_eq!((read.kind, read.is_final()), (MailEventKind::Rejected, false));
        assert_eq!(read.recipients[0].diagnostic.as_deref(), Some("Bad content"));
        assert_eq!(MailEvent::read(&event("Email Delivered", &json!({}))).expect("an event"), None);
        assert_eq!(MailEvent::read(&json!({"source": "aws.events"})).expect("an event"), None);
        assert!(MailEvent::read(&json!({"source": "aws.ses", "detail-type": "Email Bounced", "detail": {}})).is_err());
    }

    #[test]
    fn mail_without_our_tags_is_nobodys() {
        let mut untagged = event("Email Complaint Received", &json!({"complaint": {"complainedRecipients": []}}));
        untagged["detail"]["mail"]["tags"] = json!({});
        let read = MailEvent::read(&untagged).expect("an event").expect("one");
        assert_eq!((read.account, read.channel), (None, None));
    }
}
