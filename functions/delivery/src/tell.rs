//! One attempt to tell a channel: when its pace lets the message go, and its turn has come.

use futures::future::join_all;
use valpero_auth::AcknowledgeLink;
use valpero_channels::{Context, Message, Occasion, Thread, Zone, notice, pace};
use valpero_dispatch::{Meaning, Sent, Stamp, dispatch};
use valpero_domain::{
    AccountId, Actor, AuditAction, AuditId, EventId, Timestamp,
    alerting::{Content, storm},
    delivery::{self, DeliveryStatus, EventType, Next, OUR_FAULT_MS, RETRY_AFTER_S, retry_after_ms},
    event::{Event, MonitorFacts},
    incident::IncidentStatus,
};
use valpero_mail::{Fate, Tags};
use valpero_runtime::{WorkError, entropy};
use valpero_storage::{
    AuditRow, Channel, ChannelHealth, Counted, Delivery as Record, Optional, PostedAs, StoreError, Told, Turn,
};
use valpero_views::WebhookEvent;

use crate::{Delivery, deliver::AGED};

/// A digest that is sent so long after its minute looks anew at what it tells.
const LATE_MS: i64 = 60_000;

impl Delivery {
    /// Attempts a message that is due, unless another worker does; answers, for the log, what came of it.
    pub(crate) async fn tell(&self, seen: Record) -> Result<&'static str, WorkError> {
        let Some(id) = seen.channel_id else { return Ok("goes to no channel") };
        let content = seen.content.clone().unwrap_or(Content::Event);
        let channel = self.app.store.channel(seen.account_id, id).await.optional()?;
        if let Some(channel) = channel.as_ref().filter(|channel| channel.is_open())
            && self.waits_for_its_slot(&seen, channel).await?
        {
            return Ok("waits for its receiver's pace");
        }
        let Some(claimed) = self.claim(&seen).await? else { return Ok("claimed by another") };
        let Some(channel) = channel else { return self.give_up(claimed, "The channel was deleted.").await };
        if !channel.is_open() {
            return self.give_up(claimed, "The channel is disabled.").await;
        }
        match self.take_turn(&claimed).await? {
            Turn::Taken(told) => match self.still_so(&claimed, content).await? {
                Some(content) => self.tell_now(claimed, &channel, &content, told).await,
                None => self.supersede(claimed).await,
            },
            Turn::Busy => self.wait_for_turn(claimed).await,
            Turn::Overtaken => self.supersede(claimed).await,
        }
    }

    /// Puts a message off until its receiver's pace lets it go; answers whether it has to wait.
    async fn waits_for_its_slot(&self, seen: &Record, channel: &Channel) -> Result<bool, WorkError> {
        let now = self.app.now();
        let Some(pace) = pace(&channel.spec.settings).filter(|_| seen.slot_at.is_none_or(|slot| slot > now)) else {
            return Ok(false);
        };
        let slot = self.app.store.reserve(seen.account_id, &pace.key, now, |noted| pace.reserve(noted, now)).await?;
        if slot <= now {
            return Ok(false);
        }
        let name = channel.spec.settings.channel_type().name();
        let waits_for = format!("{name} takes {} in {} s.", messages(pace.messages), pace.seconds);
        let waiting = Record { waits_for: Some(waits_for), ..seen.clone() };
        match self.app.store.put_off(&waiting, slot).await {
            Ok(()) => self.remind(&Record { next_attempt_at: slot, ..waiting }, now).await,
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    async fn tell_now(
        &self,
        mut delivery: Record,
        channel: &Channel,
        content: &Content,
        told: Told,
    ) -> Result<&'static str, WorkError> {
        let Some(message) = self.message(&delivery, channel, content, &told).await? else {
            self.end_turn(&delivery, false, None).await?;
            return self.give_up(delivery, AGED).await;
        };
        let at = self.app.now();
        let id = delivery.id.to_string();
        let stamp =
            Stamp { delivery: &id, kind: message.kind.as_str(), redelivered: delivery.redelivered_at.is_some() };
        let thread = told.posted_as.map(|posted| Thread::posted_as(posted.id, posted.place));
        let sent = dispatch(&self.outbound, &self.mailer, channel, &message, thread, stamp, at).await;
        let now = self.app.now();
        let (is_told, posted_as) = match &sent.meaning {
            Meaning::Delivered { thread } => {
                let posted_as = thread.as_ref().map(|at| PostedAs { id: at.id.clone(), place: at.place.clone() });
                (true, posted_as)
            }
            _ => (false, None),
        };
        self.end_turn(&delivery, is_told, posted_as.as_ref()).await?;
        delivery.note(sent.logged(at));
        let [jitter] = valpero_auth::random_bytes();
        let outcome = match next(&delivery, &sent.meaning, now, jitter) {
            Next::Done => {
                delivery.status = DeliveryStatus::Succeeded;
                "succeeded"
            }
            Next::Retry { after_ms } => {
                delivery.next_attempt_at = now.plus_ms(after_ms);
                "to be retried"
            }
            Next::GiveUp(_) if matches!(sent.meaning, Meaning::Nothing { .. }) => {
                delivery.status = DeliveryStatus::Superseded;
                delivery.gave_up = sent.meaning.why().map(str::to_owned);
                "nothing to send"
            }
            Next::GiveUp(reason) => {
                delivery.status = DeliveryStatus::Dead;
                delivery.gave_up = Some(match &sent.meaning {
                    Meaning::Undeliverable { .. } => "The receiver does not take this message.".to_owned(),
                    Meaning::Refused { .. } => "The receiver refuses all messages of this channel.".to_owned(),
                    _ => reason.to_string(),
                });
                "given up"
            }
        };
        let health = self.note_health(channel, &sent, now).await?;
        match self.app.store.finish_attempt(&delivery, now).await {
            Ok(()) => {}
            // It took so long that it counted as lost; the attempt that took over writes its own end.
            Err(StoreError::Conflict) => return Ok("overtaken"),
            Err(error) => return Err(error.into()),
        }
        let counted = match delivery.status {
            DeliveryStatus::Succeeded => Some(Counted::Delivered),
            DeliveryStatus::Pending => Some(Counted::Retried),
            DeliveryStatus::Dead => Some(Counted::GaveUp),
            DeliveryStatus::Superseded | DeliveryStatus::Digested => None,
        };
        self.app.store.note_attempt(channel, health.as_ref(), counted).await?;
        if delivery.status == DeliveryStatus::Pending {
            self.remind(&delivery, now).await;
        }
        Ok(outcome)
    }

    /// What a message that is late may still say: a digest names no incident that ended since, for its end is told, and says both. None where
    /// nothing is left.
    async fn still_so(&self, delivery: &Record, content: Content) -> Result<Option<Content>, WorkError> {
        let Content::Digest { kind, named, more } = content else { return Ok(Some(content)) };
        let is_late = self.app.now().ms_since(delivery.created_at) > LATE_MS;
        if kind == storm::Kind::Resolved || !is_late {
            return Ok(Some(Content::Digest { kind, named, more }));
        }
        let account = delivery.account_id;
        let incidents = join_all(named.iter().map(|item| self.app.store.incident(account, item.incident_id))).await;
        let mut open = Vec::new();
        for (item, incident) in named.into_iter().zip(incidents) {
            let is_over = incident.optional()?.is_none_or(|incident| incident.status == IncidentStatus::Resolved);
            if !is_over {
                open.push(item);
            }
        }
        let is_empty = open.is_empty() && more == 0;
        Ok((!is_empty).then_some(Content::Digest { kind, named: open, more }))
    }

    /// What a delivery says; none where what it is about is not kept any more.
    async fn message(
        &self,
        delivery: &Record,
        channel: &Channel,
        content: &Content,
        told: &Told,
    ) -> Result<Option<Message>, WorkError> {
        let mut context = Context {
            delivery: delivery.id.to_string(),
            acknowledge_url: self.acknowledge_url(delivery, channel),
            zone: self.zone(delivery.account_id).await?,
            mail_domain: self.mailer.domain().to_owned(),
            ..Context::default()
        };
        match content {
            Content::Digest { kind, named, more } => {
                let names: Vec<String> = named.iter().map(|item| item.monitor_name.as_str().to_owned()).collect();
                return Ok(Some(Message::digest(*kind, &names, *more, delivery.created_at, &context)));
            }
            Content::MuteEnded { monitor, down } => {
                let down: Vec<String> = down.iter().map(|name| name.as_str().to_owned()).collect();
                let monitor = monitor.as_ref().map(valpero_domain::monitor::Name::as_str);
                return Ok(Some(Message::mute_ended(monitor, &down, delivery.created_at, &context)));
            }
            Content::Event => {}
            Content::Test => return Ok(Some(self.test_message(delivery, &context).await?)),
            Content::Opening { step } => context.step = Some(*step),
            Content::Reminder { step, number } => {
                context.step = Some(*step);
                context.occasion = Occasion::Reminder(*number);
            }
            Content::Recovery { opening } => {
                context.opening_untold = !told.of_incident && !self.was_told(delivery, *opening).await?;
            }
            Content::Flapping => context.occasion = Occasion::Flapping,
            Content::Stable => context.occasion = Occasion::Stable,
        }
        let event = match content {
            Content::Stable => self.as_it_is(delivery).await?,
            _ => self.stored_event(delivery.account_id, delivery.event_id).await?,
        };
        let Some(mut event) = event else { return Ok(None) };
        match content {
            Content::Reminder { .. } => event.created_at = delivery.created_at,
            // These are no news of their event, so a webhook is not sent the body of one.
            Content::Flapping | Content::Stable => {}
            _ => context.body = serde_json::to_value(WebhookEvent::of(&event)).map_err(WorkError::Render)?,
        }
        Ok(Some(Message::of(&event, &context)))
    }

    /// How the times of an account's messages are written.
    async fn zone(&self, account: AccountId) -> Result<Zone, WorkError> {
        let account = self.app.store.account(account).await.optional()?;
        let offset = account.map(|account| account.time_zone).unwrap_or_default().offset(self.app.now());
        Ok(Zone { name: offset.name, offset_minutes: offset.minutes })
    }

    /// The link that acknowledges the incident of a delivery.
    fn acknowledge_url(&self, delivery: &Record, channel: &Channel) -> Option<String> {
        let (base, secret) = (self.app.settings.public_url.as_ref()?, channel.link_secret.as_ref()?);
        let link = AcknowledgeLink {
            account_id: delivery.account_id,
            incident_id: delivery.incident_id?,
            channel_id: channel.id,
            until: self.app.now().plus_ms(AcknowledgeLink::GOOD_FOR_MS),
        };
        Some(base.of(&format!("/acknowledge/{}", link.token(secret))))
    }

    /// A test that is sent again.
    async fn test_message(&self, delivery: &Record, context: &Context) -> Result<Message, WorkError> {
        let channel = match delivery.channel_id {
            Some(id) => self.app.store.channel(delivery.account_id, id).await.optional()?,
            None => None,
        };
        let name = channel.map_or_else(String::new, |channel| channel.spec.name.as_str().to_owned());
        Ok(Message::test(&name, self.app.now(), context))
    }

    /// Whether an opening arrived as part of a digest. One that arrived by itself is known from the turns.
    async fn was_told(&self, delivery: &Record, opening: valpero_domain::DeliveryId) -> Result<bool, WorkError> {
        let store = &self.app.store;
        let opening = store.delivery(delivery.account_id, opening).await.optional()?;
        let Some(digest) = opening.and_then(|opening| opening.digest_id) else { return Ok(false) };
        let digest = store.delivery(delivery.account_id, digest).await.optional()?;
        Ok(digest.is_some_and(|digest| digest.status == DeliveryStatus::Succeeded))
    }

    /// The monitor of a delivery as it is now, in the form of an event.
    async fn as_it_is(&self, delivery: &Record) -> Result<Option<Event>, WorkError> {
        let Some(id) = delivery.monitor_id else { return Ok(None) };
        let Some(monitor) = self.app.store.monitor(delivery.account_id, id).await.optional()? else { return Ok(None) };
        let facts = MonitorFacts::of(monitor.id, &monitor.spec, monitor.status);
        let event = EventId::new(delivery.created_at, [0; 10]);
        let (account, kind) = (delivery.account_id, EventType::MonitorRecovered);
        Ok(Some(Event::new(account, event, kind, facts, delivery.created_at)))
    }

    /// What is to be kept of what the receiver said; none, where it says nothing of the receiver, or is kept already: the channel is disabled
    /// at once where the receiver refuses everything.
    async fn note_health(
        &self,
        seen: &Channel,
        sent: &Sent,
        now: Timestamp,
    ) -> Result<Option<ChannelHealth>, WorkError> {
        let store = &self.app.store;
        let (account, audit_id) = (seen.account_id, AuditId::new(now, entropy()));
        let row = |action| {
            AuditRow::without_request(account, audit_id, Actor::Delivery, action, Some(seen.id.to_string()), now)
        };
        if let Some(settings) = &sent.moved {
            let mut moved = seen.clone();
            moved.spec.settings = settings.clone();
            moved.updated_at = now.max(seen.updated_at.plus_ms(1));
            match store.update_channel(seen, &moved, &row(AuditAction::ChannelUpdated)).await {
                Ok(()) | Err(StoreError::Conflict) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        let old = seen.health.clone();
        let health = match &sent.meaning {
            Meaning::Delivered { .. } => ChannelHealth { last_success_at: Some(now), ..old },
            Meaning::Nothing { .. } => return Ok(None),
            // It says nothing of the receiver.
            Meaning::OurFault { why } => {
                tracing::error!(channel_id = %seen.id, why, "a message was not sent by a fault of our own");
                return Ok(None);
            }
            Meaning::Retry { why, .. } | Meaning::Undeliverable { why } => {
                ChannelHealth { last_error_at: Some(now), last_error: Some(why.clone()), ..old }
            }
            Meaning::Refused { why } => {
                ChannelHealth { last_error_at: Some(now), last_error: Some(why.clone()), disabled_at: Some(now), ..old }
            }
        };
        if health.disabled_at.is_some() {
            tracing::warn!(account_id = %account, channel_id = %seen.id, "a channel is disabled: its receiver refuses it");
            let is_new = store.disable_channel(seen, &health, &row(AuditAction::ChannelDisabled)).await?;
            if is_new {
                self.tell_owner(seen, health.last_error.as_deref().unwrap_or_default(), now).await?;
            }
            return Ok(None);
        }
        if let Meaning::Retry { after_s: Some(seconds), .. } = &sent.meaning
            && let Some(pace) = pace(&seen.spec.settings)
        {
            let left_alone = pace.left_alone(*seconds, now);
            let later = |noted: Option<Timestamp>| (now, noted.map_or(left_alone, |noted| noted.max(left_alone)));
            store.reserve(account, &pace.key, now, later).await?;
        }
        Ok(Some(health))
    }
}

impl Delivery {
    /// Tells the account's owner by mail that a channel is disabled, where mail is sent. Once: where it does not arrive, the channel's
    /// health and the audit log say so.
    async fn tell_owner(&self, channel: &Channel, why: &str, now: Timestamp) -> Result<(), WorkError> {
        let name = channel.spec.name.as_str();
        let subject = format!("Channel disabled: {name}");
        let text = format!(
            "Nothing more is sent to the channel {name}, because its receiver refuses all messages: {}. \
             Set it up again, and send it a test: that enables it.",
            why.trim_end_matches('.')
        );
        self.mail_owner(channel.account_id, &subject, &text, now).await
    }

    /// Sends the account's owner a mail, once, where mail is sent.
    pub(crate) async fn mail_owner(
        &self,
        account: AccountId,
        subject: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<(), WorkError> {
        if !self.mailer.sends() {
            return Ok(());
        }
        let Some(owner) = self.app.store.account(account).await.optional()? else { return Ok(()) };
        let posted = self.mailer.send(&notice(&owner.email, subject, text), Tags::of_account(account), now).await;
        if !matches!(posted.fate, Fate::Delivered { .. }) {
            tracing::warn!(account_id = %account, subject, fate = ?posted.fate, "the owner was not told");
        }
        Ok(())
    }
}

fn messages(number: u32) -> String {
    if number == 1 { "one message".to_owned() } else { format!("{number} messages") }
}

/// What becomes of a message after an attempt.
fn next(delivery: &Record, meaning: &Meaning, now: Timestamp, jitter: u8) -> Next {
    let attempts = delivery.attempts.saturating_sub(delivery.attempts_before);
    let (asked_s, place) = match meaning {
        Meaning::Delivered { .. } => return Next::Done,
        Meaning::Nothing { .. } | Meaning::Undeliverable { .. } | Meaning::Refused { .. } => {
            return Next::GiveUp(delivery::Reason::Gone);
        }
        Meaning::Retry { after_s, .. } => (*after_s, attempts),
        // No attempt of the receiver's is used up by it: the last wait is repeated.
        Meaning::OurFault { .. } if now.ms_since(delivery.created_at) < OUR_FAULT_MS => {
            (None, attempts.min(RETRY_AFTER_S.len() as u32))
        }
        Meaning::OurFault { .. } => (None, attempts),
    };
    match retry_after_ms(place, jitter, asked_s) {
        Some(after_ms) => Next::Retry { after_ms },
        None => Next::GiveUp(delivery::Reason::Attempts(attempts)),
    }
}
