//! Turns: of the events of one incident, one at a time is on its way to the receiver, and none after a newer one, but for comments.
//!
//! One item for each incident and receiver says which event was the newest that the receiver got, and which one is on its way; for a
//! channel also what the receiver calls the first message.

use serde::{Deserialize, Serialize};
use valpero_domain::{Timestamp, event::is_comment};

use crate::{
    Delivery, Store, StoreError,
    call::{Item, Updated, from_item, key, n, s, to_value},
    change::{Change, If},
    keys,
    schema::TTL,
};

const TABLE: &str = "deliveries";

/// Longer than any delivery waits for its next attempt.
const KEPT_S: i64 = 30 * 86_400;

/// An event's turn to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It is this one's.
    Taken(Told),
    /// Another one is on its way.
    Busy,
    /// The receiver has got a newer one, or may have.
    Overtaken,
}

/// What a receiver was told of an incident before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Whether it was told anything but comments.
    pub of_incident: bool,
    /// What it calls the first message.
    pub posted_as: Option<PostedAs>,
}

/// What a receiver calls a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedAs {
    /// The message.
    pub id: String,
    /// The place that it is in, where the receiver names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Row {
    newest: Option<String>,
    sending: Option<String>,
    sending_until: Option<Timestamp>,
    overtaken_by: Option<String>,
    posted_as: Option<PostedAs>,
}

impl Row {
    fn told(self) -> Told {
        Told { of_incident: self.newest.is_some(), posted_as: self.posted_as }
    }
}

impl Store {
    /// The item of a delivery's incident, and the delivery's place in it; none for events of no incident.
    fn turn_of(delivery: &Delivery) -> Option<(Item, &str)> {
        let (incident, place) = (delivery.incident_id?, delivery.place.as_deref()?);
        let (account, turn) = (delivery.account_id.to_string(), keys::turn(incident, delivery.channel_id));
        Some((key([("account_id", account), ("delivery_id", turn)]), place))
    }

    /// Takes the turn for a delivery's event until `lost_at`. An event whose attempt was lost may have arrived, so that none before it
    /// follows, unless it is a comment or that was one. 1 WRU for an event of an incident, 2 behind one that was lost; others need no turn.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn take_turn(&self, delivery: &Delivery, now: Timestamp, lost_at: Timestamp) -> Result<Turn, StoreError> {
        let Some((item, place)) = Self::turn_of(delivery) else { return Ok(Turn::Taken(Told::default())) };
        let take = || {
            let change = Change::new().set("sending", s(place)).set("sending_until", s(lost_at));
            let change = change.set(TTL, n(now.seconds() + KEPT_S));
            // A comment is told after a newer event, too.
            if is_comment(place) {
                return change;
            }
            change
                .only_if(If::Any(vec![If::Absent("newest"), If::AtMost("newest", s(place))]))
                .only_if(If::Any(vec![If::Absent("overtaken_by"), If::AtMost("overtaken_by", s(place))]))
        };
        let change = take().only_if(If::Any(vec![If::Absent("sending"), If::Is("sending", s(place))]));
        let refused = match self.change(&self.tables.deliveries, item.clone(), change).await? {
            Updated::Done(item) => return Ok(Turn::Taken(from_item::<Row>(TABLE, item)?.told())),
            Updated::Refused(refused) => refused,
        };
        let row: Row = refused.map(|item| from_item(TABLE, item)).transpose()?.unwrap_or_default();
        let overtakes = |other: &str| !is_comment(place) && other > place;
        if row.newest.as_deref().is_some_and(overtakes) || row.overtaken_by.as_deref().is_some_and(overtakes) {
            return Ok(Turn::Overtaken);
        }
        // What a wrong clock has taken for longer than an attempt lasts counts as lost, too.
        let is_busy = row.sending_until.is_some_and(|until| until > now && until <= lost_at);
        let Some(lost) = row.sending.filter(|_| !is_busy) else { return Ok(Turn::Busy) };
        let mut change = take().only_if(If::Is("sending", s(&lost)));
        if let Some(until) = row.sending_until {
            change = change.only_if(If::Is("sending_until", s(until)));
        }
        // A comment that was lost has told nothing of other events.
        if !is_comment(&lost) {
            if overtakes(&lost) {
                return Ok(Turn::Overtaken);
            }
            if row.newest.is_none_or(|newest| newest < lost) {
                change = change.set("newest", s(lost));
            }
        }
        match self.change(&self.tables.deliveries, item, change).await? {
            Updated::Done(item) => Ok(Turn::Taken(from_item::<Row>(TABLE, item)?.told())),
            Updated::Refused(_) => Ok(Turn::Busy),
        }
    }

    /// What the receiver of a delivery was told of its incident before. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn told_before(&self, delivery: &Delivery) -> Result<Told, StoreError> {
        let Some((item, _)) = Self::turn_of(delivery) else { return Ok(Told::default()) };
        let row = self.get(&self.tables.deliveries, item).await?;
        Ok(row.map(|item| from_item::<Row>(TABLE, item)).transpose()?.unwrap_or_default().told())
    }

    /// Ends the turn of an event. `told`: the receiver has accepted it. `posted_as` is kept for later events, unless something is
    /// already. 1 WRU; 2 where the turn counted as lost.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn end_turn(
        &self,
        delivery: &Delivery,
        told: bool,
        posted_as: Option<&PostedAs>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some((item, place)) = Self::turn_of(delivery) else { return Ok(()) };
        if let Some(posted_as) = posted_as {
            let change = Change::new().set("posted_as", to_value(TABLE, posted_as)?);
            let change = change.set(TTL, n(now.seconds() + KEPT_S)).only_if(If::Absent("posted_as"));
            self.change(&self.tables.deliveries, item.clone(), change).await?;
        }
        let change = Change::new()
            .set_some("newest", (told && !is_comment(place)).then(|| s(place)))
            .remove("sending")
            .remove("sending_until")
            .only_if(If::Is("sending", s(place)));
        match self.change(&self.tables.deliveries, item, change).await? {
            Updated::Refused(_) if told => self.told_out_of_turn(delivery, now).await,
            Updated::Done(_) | Updated::Refused(_) => Ok(()),
        }
    }

    /// Sees to it that no message about the incident from before this one is sent to its receiver any more. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn overtake(&self, delivery: &Delivery, now: Timestamp) -> Result<(), StoreError> {
        let Some((item, place)) = Self::turn_of(delivery) else { return Ok(()) };
        let change = Change::new()
            .set("overtaken_by", s(place))
            .set(TTL, n(now.seconds() + KEPT_S))
            .only_if(If::Any(vec![If::Absent("overtaken_by"), If::Below("overtaken_by", s(place))]));
        self.change(&self.tables.deliveries, item, change).await.map(drop)
    }

    /// Notes that the receiver has got an event, whose turn it was not. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn told_out_of_turn(&self, delivery: &Delivery, now: Timestamp) -> Result<(), StoreError> {
        let Some((item, place)) = Self::turn_of(delivery).filter(|(_, place)| !is_comment(place)) else {
            return Ok(());
        };
        let change = Change::new()
            .set("newest", s(place))
            .set(TTL, n(now.seconds() + KEPT_S))
            .only_if(If::Any(vec![If::Absent("newest"), If::Below("newest", s(place))]));
        self.change(&self.tables.deliveries, item, change).await.map(drop)
    }
}
