//! One notice to one subscriber of a status page: claim it, write it, send it. Mail is sent once: where nobody knows whether a server took it, it
//! is not sent again. A webhook is asked again until it answers, with the same ID.

use http::HeaderMap;
use serde_json::{Value, json};
use valpero_auth::{SubscriberLink, WebhookSecret};
use valpero_channels::Mail;
use valpero_domain::{
    AccountId, Timestamp,
    delivery::{Answer, DeliveryStatus, Next, Reason, is_due, next},
    event::Due,
    mail_address::MailAddress,
    monitor::HttpUrl,
    pages::{Contact, Notice, PostUpdate, SubscriberStatus},
};
use valpero_mail::{Fate, Tags};
use valpero_outbound::{Outbound, webhook::post};
use valpero_runtime::WorkError;
use valpero_statuspage::{
    json,
    letter::{Letter, manage_url, unsubscribe_url},
};
use valpero_storage::{NoticeRow, Optional, PostRow, StatusPageRow, StoreError, Subscriber};

use crate::{
    Delivery,
    deliver::{EARLY_MS, LOST_MS, header_map, judge},
};

/// What came of an attempt to tell a subscriber.
enum Told {
    /// What becomes of the notice.
    Answer(Answer),
    /// The server may have taken it, or not: nobody is told twice.
    Unknown(String),
    /// This one is never taken.
    Never(String),
    /// The address takes nothing any more.
    Quarantine(String),
}

/// A page that has no view yet is looked at again after this, in milliseconds.
const NO_VIEW_MS: i64 = 60_000;

/// What is sent.
enum Message {
    Mail(Mail),
    Request(HttpUrl, Vec<u8>),
}

/// What a notice says.
struct Says {
    page: StatusPageRow,
    /// The post with its update; none where the subscription is to be confirmed.
    update: Option<(PostRow, PostUpdate)>,
}

impl Says {
    /// Whether subscribers are told of a later update of the post.
    fn is_overtaken(&self) -> bool {
        let Some((post, update)) = &self.update else { return false };
        let later = post.post.updates.iter().skip_while(|one| one.id != update.id).skip(1);
        later.into_iter().any(|one| one.notify)
    }
}

impl Delivery {
    /// Tells one subscriber. Answers, for the log, what came of it.
    pub(crate) async fn tell_subscriber(&self, account: AccountId, notice: Notice) -> Result<&'static str, WorkError> {
        let store = &self.app.store;
        let now = self.app.now();
        let Some(seen) = store.notice(account, notice).await.optional()? else { return Ok("aged") };
        if seen.status != DeliveryStatus::Pending {
            return Ok("done already");
        }
        if !is_due(seen.next_attempt_at, now) {
            if seen.next_attempt_at.ms_since(now) <= EARLY_MS {
                self.remind_at(account, Due::Notice(notice), seen.next_attempt_at, now).await;
            }
            return Ok("early");
        }
        let subscriber = store.subscriber(account, notice.page_id, notice.subscriber_id, now).await.optional()?;
        let Some(subscriber) = subscriber.filter(|one| one.status != SubscriberStatus::Quarantined) else {
            return self.end(seen, DeliveryStatus::Superseded, "nobody to tell").await;
        };
        let Some(says) = self.says(account, notice).await? else {
            return self.end(seen, DeliveryStatus::Superseded, "nothing to tell any more").await;
        };
        // What could not be sent in time may be old by now: a later update of the post is told by its own notice.
        if seen.attempts > 0 && says.is_overtaken() {
            return self.end(seen, DeliveryStatus::Superseded, "a later update is told").await;
        }
        if self.waits_for_its_slot_of_mail(&seen, &subscriber, now).await? {
            return Ok("waits for the quota of mail");
        }
        let is_limited = says.page.spec.is_limited();
        let Some(message) = self.write_notice(&subscriber, &says, now).await? else {
            let later = NoticeRow { next_attempt_at: now.plus_ms(NO_VIEW_MS), ..seen };
            return self.end(later, DeliveryStatus::Pending, "the page is being made").await;
        };
        // All that can fail lies before the claim: who dies behind it died while it sent.
        let was_lost = seen.claimed_until.is_some();
        let claimed = match store.claim_notice(&seen, now, now.plus_ms(LOST_MS)).await {
            Ok(claimed) => claimed,
            Err(StoreError::Conflict) => return Ok("claimed by another"),
            Err(error) => return Err(error.into()),
        };
        let told = match message {
            Message::Mail(_) if was_lost => {
                Told::Unknown("a worker died while it sent this mail: it may have arrived".to_owned())
            }
            Message::Mail(mail) => self.mail(&subscriber, &mail, now).await,
            Message::Request(url, body) => {
                // Everybody may name a host on a page that everybody sees: only on the public internet.
                let outbound = if is_limited { &self.outbound } else { &self.public };
                self.post_to(outbound, &subscriber, &url, &claimed, body).await
            }
        };
        self.note_told(claimed, subscriber, told).await
    }

    /// What a notice says; none where that is gone.
    async fn says(&self, account: AccountId, notice: Notice) -> Result<Option<Says>, WorkError> {
        let store = &self.app.store;
        let page = store.page(account, notice.page_id).await.optional()?.filter(|page| page.spec.subscribers);
        let Some(page) = page else { return Ok(None) };
        let Some((post, update)) = notice.update else { return Ok(Some(Says { page, update: None })) };
        let Some(post) = store.post(account, notice.page_id, post).await.optional()? else { return Ok(None) };
        let found = post.post.updates.iter().find(|one| one.id == update).cloned();
        Ok(found.map(|update| Says { page, update: Some((post, update)) }))
    }

    /// Whether a mail that asks to confirm waits until the quota of mail lets it go. Those of updates have their times already.
    async fn waits_for_its_slot_of_mail(
        &self,
        seen: &NoticeRow,
        subscriber: &Subscriber,
        now: Timestamp,
    ) -> Result<bool, WorkError> {
        let is_first = seen.notice.update.is_none() && seen.attempts == 0 && seen.next_attempt_at == seen.created_at;
        if !is_first || !matches!(subscriber.contact, Contact::Email { .. }) {
            return Ok(false);
        }
        let at = self.app.store.reserve_mails(1, self.app.settings.mail_rate, now).await?;
        if at <= now {
            return Ok(false);
        }
        let later = NoticeRow { next_attempt_at: at, ..seen.clone() };
        self.end(later, DeliveryStatus::Pending, "waits").await?;
        self.remind_at(seen.account_id, Due::Notice(seen.notice), at, now).await;
        Ok(true)
    }

    /// Where readers find the page, and where a subscription is managed: the latter does not change with the page's domain.
    fn urls_of(&self, page: &StatusPageRow) -> (String, String) {
        let deployment = self.app.settings.public_url.as_ref();
        (page.url(deployment), page.spec.slug.url(deployment))
    }

    /// What is sent; none where the page was not made yet.
    async fn write_notice(
        &self,
        subscriber: &Subscriber,
        says: &Says,
        now: Timestamp,
    ) -> Result<Option<Message>, WorkError> {
        match &subscriber.contact {
            Contact::Email { email } => Ok(Some(Message::Mail(self.letter(subscriber, email, says)))),
            Contact::Webhook { url } => {
                let Some(body) = self.request_of(subscriber, says, now).await? else { return Ok(None) };
                let body = serde_json::to_vec(&body).map_err(WorkError::Render)?;
                Ok(Some(Message::Request(url.clone(), body)))
            }
        }
    }

    fn letter(&self, subscriber: &Subscriber, to: &MailAddress, says: &Says) -> Mail {
        let (url, own_url) = self.urls_of(&says.page);
        let token = token(subscriber);
        let letter = Letter {
            page_id: subscriber.page_id,
            spec: &says.page.spec,
            url: &url,
            own_url: &own_url,
            subscriber_id: subscriber.id,
            to,
            token: &token,
            domain: self.mailer.domain(),
        };
        match (&says.update, subscriber.status) {
            (Some((post, update)), _) => letter.update(post.id, &post.post, update),
            (None, SubscriberStatus::Pending) => letter.confirmation(),
            (None, _) => letter.known_already(),
        }
    }

    async fn mail(&self, subscriber: &Subscriber, mail: &Mail, now: Timestamp) -> Told {
        let tags = Tags::of_subscriber(subscriber.account_id, subscriber.page_id, subscriber.id);
        match self.mailer.send(mail, tags, now).await.fate {
            Fate::Delivered { .. } => Told::Answer(Answer::Status { status: 200, retry_after_s: None }),
            Fate::Retry { .. } => Told::Answer(Answer::Silence),
            Fate::OurFault { why } => {
                tracing::error!(why, "mail to a subscriber was not sent by a fault of our own");
                Told::Answer(Answer::OurFault)
            }
            Fate::Unknown { why } => Told::Unknown(why),
            Fate::Undeliverable { why } => Told::Never(why),
            Fate::Refused { why } => Told::Quarantine(why),
        }
    }

    /// Body of a webhook's request; none where the page was not made yet.
    async fn request_of(
        &self,
        subscriber: &Subscriber,
        says: &Says,
        now: Timestamp,
    ) -> Result<Option<Value>, WorkError> {
        let ((url, own_url), token) = (self.urls_of(&says.page), token(subscriber));
        let unsubscribe = unsubscribe_url(&own_url, &token);
        let Some((post, _)) = &says.update else {
            let title = says.page.spec.title.as_str();
            return Ok(Some(json!({
                "meta": {"unsubscribe": unsubscribe, "generated_at": now},
                "page": {"id": says.page.id, "name": title, "url": url},
                "confirm_url": manage_url(&own_url, &token),
            })));
        };
        let public = self.app.store.public_page(&says.page.spec.slug).await?;
        let view = public.and_then(|public| public.view);
        Ok(view.map(|view| json::webhook(&view, &url, &unsubscribe, post.id, &post.post, now)))
    }

    async fn post_to(
        &self,
        outbound: &Outbound,
        subscriber: &Subscriber,
        url: &HttpUrl,
        notice: &NoticeRow,
        body: Vec<u8>,
    ) -> Told {
        let now = self.app.now();
        let headers = headers(subscriber.webhook_secret.as_ref(), &message_id(notice), &body, now);
        let received = post(outbound, url, headers, body.into(), now).await;
        let (answer, _) = judge(&received);
        Told::Answer(answer)
    }

    /// Writes down what came of an attempt.
    async fn note_told(
        &self,
        mut notice: NoticeRow,
        subscriber: Subscriber,
        told: Told,
    ) -> Result<&'static str, WorkError> {
        let now = self.app.now();
        let [jitter] = valpero_auth::random_bytes();
        let answer = match told {
            Told::Answer(answer) => answer,
            Told::Unknown(why) => {
                tracing::warn!(notice = %notice.notice, why, "nobody knows whether a mail arrived: it is not sent again");
                return self.end(notice, DeliveryStatus::Dead, "perhaps told").await;
            }
            Told::Never(why) => {
                tracing::warn!(notice = %notice.notice, why, "a mail to a subscriber was refused");
                return self.end(notice, DeliveryStatus::Dead, "refused").await;
            }
            Told::Quarantine(why) => {
                self.quarantine(&subscriber, &why).await?;
                return self.end(notice, DeliveryStatus::Dead, "quarantined").await;
            }
        };
        match next(answer, notice.attempts, now.ms_since(notice.created_at), jitter) {
            Next::Done => self.end(notice, DeliveryStatus::Succeeded, "told").await,
            Next::Retry { after_ms } => {
                notice.next_attempt_at = now.plus_ms(after_ms);
                let done = self.end(notice.clone(), DeliveryStatus::Pending, "to be retried").await?;
                self.remind_at(notice.account_id, Due::Notice(notice.notice), notice.next_attempt_at, now).await;
                Ok(done)
            }
            Next::GiveUp(Reason::Gone) => {
                // It says itself that it wants nothing more.
                self.app.store.unsubscribe(&subscriber).await?;
                self.end(notice, DeliveryStatus::Dead, "unsubscribed").await
            }
            Next::GiveUp(reason @ Reason::Attempts(_)) => {
                // Our own faults say nothing of the receiver.
                if matches!(subscriber.contact, Contact::Webhook { .. }) && answer != Answer::OurFault {
                    self.quarantine(&subscriber, &reason.to_string()).await?;
                }
                self.end(notice, DeliveryStatus::Dead, "given up").await
            }
        }
    }

    async fn end(
        &self,
        notice: NoticeRow,
        status: DeliveryStatus,
        outcome: &'static str,
    ) -> Result<&'static str, WorkError> {
        match self.app.store.finish_notice(&NoticeRow { status, ..notice }, self.app.now()).await {
            Ok(()) => Ok(outcome),
            // It took so long that it counted as lost.
            Err(StoreError::Conflict) => Ok("overtaken"),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a subscriber nothing more, until the page's owner removes it.
    pub(crate) async fn quarantine(&self, subscriber: &Subscriber, why: &str) -> Result<(), WorkError> {
        let reason: String = why.chars().take(REASON_MAX).collect();
        let mut seen = subscriber.clone();
        for _ in 0..TRIES {
            let now = self.app.now();
            if seen.status == SubscriberStatus::Quarantined {
                return Ok(());
            }
            let row = Subscriber {
                status: SubscriberStatus::Quarantined,
                quarantined_at: Some(now),
                quarantine_reason: Some(reason.clone()),
                updated_at: now.max(seen.updated_at.plus_ms(1)),
                ..seen.clone()
            };
            match self.app.store.update_subscriber(&seen, &row).await {
                Ok(()) => return Ok(()),
                // A complaint is told once: whoever changed the subscription at the same moment does not undo it.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
            let found = self.app.store.subscriber(seen.account_id, seen.page_id, seen.id, now).await.optional()?;
            let Some(found) = found else { return Ok(()) };
            seen = found;
        }
        Err(StoreError::Conflict.into())
    }
}

/// How often a change is tried where others change the subscription at the same time.
const TRIES: usize = 10;

/// Characters kept of why a subscriber was quarantined.
const REASON_MAX: usize = 300;

fn token(subscriber: &Subscriber) -> String {
    let link = SubscriberLink { page_id: subscriber.page_id, subscriber_id: subscriber.id };
    link.token(&subscriber.link_secret)
}

/// ID of a request: the same on every attempt.
fn message_id(notice: &NoticeRow) -> String {
    let Notice { subscriber_id, update, .. } = notice.notice;
    update.map_or_else(|| format!("{subscriber_id}"), |(_, update)| format!("{update}.{subscriber_id}"))
}

/// The signatures, as those of a monitor's webhook.
fn headers(secret: Option<&WebhookSecret>, id: &str, body: &[u8], now: Timestamp) -> HeaderMap {
    let Some(secret) = secret else { return HeaderMap::new() };
    let timestamp = now.seconds();
    header_map([
        ("x-valpero-signature", secret.sign_body(body)),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", secret.sign_standard(id, timestamp, body)),
    ])
}
