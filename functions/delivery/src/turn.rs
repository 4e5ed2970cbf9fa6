//! Order within an incident: an event waits for its turn, and is not sent once the receiver has got a newer one, unless it is a comment.

use std::time::Duration;

use tokio::time::sleep;
use valpero_domain::delivery::DeliveryStatus;
use valpero_runtime::WorkError;
use valpero_storage::{Delivery as Record, PostedAs, StoreError, Turn};

use crate::{Delivery, deliver::LOST_MS};

/// Waits for a turn within an attempt, in milliseconds: most receivers answer sooner.
const SHORT_WAITS_MS: [u64; 3] = [100, 300, 900];

/// How long an event is put off after that, in milliseconds.
const WAIT_MS: i64 = 2_000;

impl Delivery {
    /// Takes the turn for a claimed delivery, and waits for it a little. One that a person asked for again needs none.
    pub(crate) async fn take_turn(&self, delivery: &Record) -> Result<Turn, WorkError> {
        if delivery.redelivered_at.is_some() {
            return Ok(Turn::Taken(self.app.store.told_before(delivery).await?));
        }
        let mut waits = SHORT_WAITS_MS.into_iter();
        loop {
            let now = self.app.now();
            let turn = self.app.store.take_turn(delivery, now, now.plus_ms(LOST_MS)).await?;
            match waits.next() {
                Some(wait_ms) if turn == Turn::Busy => sleep(Duration::from_millis(wait_ms)).await,
                _ => return Ok(turn),
            }
        }
    }

    /// Ends the turn, before the end of the attempt is written: who dies in between sends again, and nothing older follows.
    pub(crate) async fn end_turn(
        &self,
        delivery: &Record,
        told: bool,
        posted_as: Option<&PostedAs>,
    ) -> Result<(), WorkError> {
        let now = self.app.now();
        match delivery.redelivered_at {
            None => self.app.store.end_turn(delivery, told, posted_as, now).await?,
            Some(_) if told => self.app.store.told_out_of_turn(delivery, now).await?,
            Some(_) => {}
        }
        Ok(())
    }

    /// Gives a claimed delivery back, because another event of its incident is on its way.
    pub(crate) async fn wait_for_turn(&self, mut delivery: Record) -> Result<&'static str, WorkError> {
        let now = self.app.now();
        delivery.next_attempt_at = now.plus_ms(WAIT_MS);
        match self.app.store.take_back_attempt(&delivery, now).await {
            Ok(()) => self.remind(&delivery, now).await,
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        Ok("waits for its turn")
    }

    /// Ends a claimed delivery that a newer event of its incident has overtaken.
    pub(crate) async fn supersede(&self, mut delivery: Record) -> Result<&'static str, WorkError> {
        delivery.status = DeliveryStatus::Superseded;
        delivery.gave_up = Some("A newer event of the same incident was delivered first, or may have been.".to_owned());
        match self.app.store.take_back_attempt(&delivery, self.app.now()).await {
            Ok(()) | Err(StoreError::Conflict) => Ok("superseded"),
            Err(error) => Err(error.into()),
        }
    }
}
