//! An update of a status page, told to all of its subscribers: a notice for each, spread over the time that the quota of mail asks for.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use valpero_domain::{
    AccountId, Timestamp,
    delivery::is_due,
    event::Due,
    pages::{Broadcast, Contact, PostUpdate, SubscriberStatus, subscriber::wants},
};
use valpero_runtime::WorkError;
use valpero_storage::{BroadcastRow, NoticeRow, Optional, PostRow, StatusPageRow, StoreError, Subscriber};

use crate::Delivery;

/// Subscribers that get their notices at once.
const AT_ONCE: usize = 100;

/// Notices are made no longer before they are due than this, in seconds: the queue holds a message for 15 minutes.
const AHEAD_S: i64 = 600;

/// A worker goes on with a broadcast for this long at a time: a function has half a minute.
const GOES_ON: Duration = Duration::from_secs(10);

/// Milliseconds between the requests of two webhooks, so that those of one page do not fill the queue at once.
const WEBHOOK_MS: i64 = 50;

/// A worker that goes on with a broadcast counts as lost after this, in milliseconds.
const LOST_MS: i64 = 60_000;

impl Delivery {
    /// Makes a notice for each subscriber who wants one. Answers, for the log, what came of it.
    pub(crate) async fn broadcast(&self, account: AccountId, mark: Broadcast) -> Result<&'static str, WorkError> {
        let store = &self.app.store;
        let Some(seen) = store.broadcast(account, mark).await.optional()? else { return Ok("done already") };
        let now = self.app.now();
        if !is_due(seen.next_attempt_at, now) {
            self.remind_at(account, Due::Broadcast(mark), seen.next_attempt_at, now).await;
            return Ok("early");
        }
        let mut row = match store.advance_broadcast(&seen, seen.after, now.plus_ms(LOST_MS)).await {
            Ok(row) => row,
            Err(StoreError::Conflict) => return Ok("another goes on with it"),
            Err(error) => return Err(error.into()),
        };
        let page = store.page(account, mark.page_id).await.optional()?.filter(|page| page.spec.subscribers);
        let post = store.post(account, mark.page_id, mark.post_id).await.optional()?;
        let update = |post: &PostRow| post.post.updates.iter().find(|update| update.id == mark.update_id).cloned();
        let told = page.zip(post).and_then(|(page, post)| Some((page, update(&post)?, post)));
        let Some((page, update, post)) = told else {
            store.end_broadcast(account, mark).await?;
            return Ok("nothing to tell any more");
        };
        let began = Instant::now();
        loop {
            let now = self.app.now();
            let some = store.subscribers(account, mark.page_id, row.after, now, |_| true, AT_ONCE).await?;
            let Some(last) = some.last() else { break };
            let after = Some(last.id);
            let first_at = self.give_notices(&row, (&page, &post, &update), &some, now).await?;
            // It goes on when these are nearly due: what is made too early is a message that no queue holds.
            let rests_until = first_at.plus_seconds(-AHEAD_S / 2);
            let is_far = first_at > now.plus_seconds(AHEAD_S);
            let is_long = began.elapsed() > GOES_ON;
            let next = match (is_far, is_long) {
                (true, _) => rests_until,
                (false, true) => now,
                (false, false) => now.plus_ms(LOST_MS),
            };
            row = match store.advance_broadcast(&row, after, next).await {
                Ok(row) => row,
                Err(StoreError::Conflict) => return Ok("another goes on with it"),
                Err(error) => return Err(error.into()),
            };
            if is_far || is_long {
                self.remind_at(account, Due::Broadcast(mark), next, now).await;
                return Ok("goes on later");
            }
        }
        store.end_broadcast(account, mark).await?;
        Ok("told")
    }

    /// Makes the notices of some subscribers; answers when the first of their mails may go.
    async fn give_notices(
        &self,
        row: &BroadcastRow,
        (page, post, update): (&StatusPageRow, &PostRow, &PostUpdate),
        some: &[Subscriber],
        now: Timestamp,
    ) -> Result<Timestamp, WorkError> {
        let wants = |one: &&Subscriber| {
            one.status == SubscriberStatus::Active && wants(&one.components, &page.spec.components, &post.post, update)
        };
        let (mails, others): (Vec<&Subscriber>, Vec<&Subscriber>) =
            some.iter().filter(wants).partition(|one| matches!(one.contact, Contact::Email { .. }));
        let rate = self.app.settings.mail_rate;
        let first_at = match u32::try_from(mails.len()) {
            Ok(count) if count > 0 => self.app.store.reserve_mails(count, rate, now).await?,
            _ => now,
        };
        let slot = |place: usize| {
            let place = i64::try_from(place).unwrap_or_default();
            first_at.plus_ms(place * 1000 / i64::from(rate.max(1)))
        };
        let mails = mails.into_iter().enumerate().map(|(place, one)| (one, slot(place)));
        let spread = |place: usize| now.plus_ms(i64::try_from(place).unwrap_or_default() * WEBHOOK_MS);
        let others = others.into_iter().enumerate().map(|(place, one)| (one, spread(place)));
        let notices = mails.chain(others).map(async |(one, at)| {
            let notice = NoticeRow::new(row.account_id, row.broadcast.to(one.id), at);
            if self.app.store.add_notice(&notice).await? {
                self.remind_at(row.account_id, Due::Notice(notice.notice), at, now).await;
            }
            Ok::<(), WorkError>(())
        });
        try_join_all(notices).await?;
        Ok(first_at)
    }
}
