//! Storms: how many messages a channel was sent in one minute, and which of them go out as a digest.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use valpero_domain::{
    AccountId, DeliveryId, IncidentId, Timestamp,
    alerting::storm::{Item as Named, Kind, Lane, NAMED_MAX, Place, SINGLE_MAX, Window},
    delivery::DeliveryStatus,
    event::{Due, WindowKey},
    monitor::Name,
};

use crate::{
    Delivery, Store, StoreError,
    call::{Cancelled, Item, Updated, a_put, from_item, key, n, put_item, s, to_value},
    change::{Change, If},
    deliveries::delivery_item,
    keys,
    schema::TTL,
};

const TABLE: &str = "deliveries";

/// Longer than anything asks for it.
const KEPT_S: i64 = 2 * 86_400;

/// A minute as the store keeps it: sets, so that many workers add to them at once, and none twice.
#[derive(Debug, Default, Deserialize)]
struct Row {
    #[serde(default)]
    opened_single: BTreeSet<DeliveryId>,
    #[serde(default)]
    opened_named: BTreeSet<String>,
    #[serde(default)]
    opened_more: u32,
    #[serde(default)]
    acknowledged_single: BTreeSet<DeliveryId>,
    #[serde(default)]
    acknowledged_named: BTreeSet<String>,
    #[serde(default)]
    acknowledged_more: u32,
    #[serde(default)]
    resolved_single: BTreeSet<DeliveryId>,
    #[serde(default)]
    resolved_named: BTreeSet<String>,
    #[serde(default)]
    resolved_more: u32,
    #[serde(default)]
    closed: bool,
}

impl Row {
    fn window(self, minute: i64) -> Result<Window, StoreError> {
        Ok(Window {
            minute,
            opened: lane(self.opened_single, &self.opened_named, self.opened_more)?,
            acknowledged: lane(self.acknowledged_single, &self.acknowledged_named, self.acknowledged_more)?,
            resolved: lane(self.resolved_single, &self.resolved_named, self.resolved_more)?,
            is_closed: self.closed,
        })
    }
}

fn lane(single: BTreeSet<DeliveryId>, named: &BTreeSet<String>, more: u32) -> Result<Lane, StoreError> {
    let named = named.iter().map(|text| named_of(text)).collect::<Result<_, _>>()?;
    Ok(Lane { single: single.into_iter().collect(), named, more })
}

/// An incident of a digest as one text: they sort by the time of the incident.
fn text_of(item: &Named) -> String {
    format!("{} {}", item.incident_id, item.monitor_name.as_str())
}

fn named_of(text: &str) -> Result<Named, StoreError> {
    let (incident, name) = text.split_once(' ').ok_or_else(|| StoreError::corrupt(TABLE, format!("{text:?}")))?;
    let incident_id: IncidentId = incident.parse().map_err(|error| StoreError::corrupt(TABLE, error))?;
    let monitor_name = Name::try_from(name.to_owned()).map_err(|error| StoreError::corrupt(TABLE, error))?;
    Ok(Named { incident_id, monitor_name })
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It goes out by itself.
    Single,
    /// The digest at the end of this minute tells it.
    Digested {
        /// Whether the digest had nothing before.
        is_first: bool,
    },
    /// It was there before.
    Known,
    /// The digests of this minute were made: it belongs to a later one.
    Closed,
}

impl Store {
    fn window_key(account: AccountId, window: WindowKey) -> Item {
        key([("account_id", account.to_string()), ("delivery_id", window.to_string())])
    }

    async fn window(&self, account: AccountId, window: WindowKey) -> Result<Window, StoreError> {
        let item = self.get(&self.tables.deliveries, Self::window_key(account, window)).await?;
        let row: Row = item.map(|item| from_item(TABLE, item)).transpose()?.unwrap_or_default();
        row.window(window.minute)
    }

    /// Writes a message to a channel, and counts it in the channel's minute, in one transaction: so it is counted once. `digest` is the
    /// delivery that tells it, if the minute has five messages already. 1 RRU and 6 WRU; a message of a storm costs up to 40 WRU, for the row of
    /// the minute grows to 10 KB.
    ///
    /// # Errors
    /// Where the store fails, or all others were faster each time.
    pub async fn add_counted(
        &self,
        delivery: &Delivery,
        window: WindowKey,
        kind: Kind,
        item: &Named,
        digest: DeliveryId,
    ) -> Result<Placed, StoreError> {
        let lane = kind.as_str();
        let (single, named, more) = (format!("{lane}_single"), format!("{lane}_named"), format!("{lane}_more"));
        let due_at = window.due_at();
        // Each failure means that the row has come nearer to its end: singles fill up, then names, then it is closed.
        for _ in 0..SINGLE_MAX + NAMED_MAX {
            let mut seen = self.window(delivery.account_id, window).await?;
            let is_first = seen.lane(kind).named.is_empty();
            let place = seen.place(kind, delivery.id, item.clone());
            let counted = Change::new().set(TTL, n(due_at.seconds() + KEPT_S)).only_if(If::Absent("closed"));
            let digested = Delivery {
                status: DeliveryStatus::Digested,
                digest_id: Some(digest),
                window: Some(window),
                ..delivery.clone()
            };
            let (put, counted) = match place {
                Place::Closed => return Ok(Placed::Closed),
                Place::Send => {
                    let room = If::Any(vec![If::Absent(&single), If::Fewer(&single, n(SINGLE_MAX as i64))]);
                    (delivery, counted.add_member(&single, &delivery.id.to_string()).only_if(room))
                }
                Place::IntoDigest => {
                    let counted =
                        counted.set("pending", s(keys::pending(Due::Window(window)))).set("next_attempt_at", s(due_at));
                    let is_named = seen.lane(kind).named.iter().any(|one| one.incident_id == item.incident_id);
                    let counted = if is_named {
                        let room = If::Any(vec![If::Absent(&named), If::Fewer(&named, n(NAMED_MAX as i64))]);
                        counted.add_member(&named, &text_of(item)).only_if(room)
                    } else {
                        counted.add(&more, 1)
                    };
                    (&digested, counted)
                }
            };
            let put = put_item(&self.tables.deliveries, delivery_item(put)?);
            let items = vec![
                a_put(put.condition_expression("attribute_not_exists(account_id)"))?,
                counted.on(&self.tables.deliveries, Self::window_key(delivery.account_id, window))?,
            ];
            match self.transact(items).await {
                Ok(()) if place == Place::Send => return Ok(Placed::Single),
                Ok(()) => return Ok(Placed::Digested { is_first }),
                Err(Cancelled::Conditions(failed)) if failed.contains(&0) => return Ok(Placed::Known),
                Err(Cancelled::Conditions(_)) => {}
                Err(cancelled) => return Err(cancelled.conflict()),
            }
        }
        Err(StoreError::Conflict)
    }

    /// Takes a message out of a digest that was not made yet, because news has overtaken it; answers whether it was in time. 1 RRU, and
    /// up to 22 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn withdraw(
        &self,
        delivery: &Delivery,
        window: WindowKey,
        kind: Kind,
        incident: IncidentId,
    ) -> Result<bool, StoreError> {
        let seen = self.window(delivery.account_id, window).await?;
        let named = seen.lane(kind).named.iter().find(|item| item.incident_id == incident);
        let lane = kind.as_str();
        let counted = Change::new().only_if(If::Absent("closed")).only_if(If::Exists("account_id"));
        let counted = match named {
            Some(item) => counted.delete_member(&format!("{lane}_named"), &text_of(item)),
            None => counted.add(&format!("{lane}_more"), -1),
        };
        let superseded = Change::new()
            .set("status", to_value(TABLE, &DeliveryStatus::Superseded)?)
            .remove("digest_id")
            .only_if(If::Is("status", to_value(TABLE, &DeliveryStatus::Digested)?));
        let items = vec![
            superseded.on(&self.tables.deliveries, Self::delivery_key(delivery.account_id, delivery.id))?,
            counted.on(&self.tables.deliveries, Self::window_key(delivery.account_id, window))?,
        ];
        match self.transact(items).await {
            Ok(()) => Ok(true),
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(cancelled) => Err(cancelled.conflict()),
        }
    }

    /// Closes a channel's minute: no message is counted in it from then on. Answers what is in it; none where it has no digest, that
    /// was made already, or the minute is not over yet. Safe to repeat until [`Self::window_done`]. 1 WRU per KB.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn close_window(
        &self,
        account: AccountId,
        window: WindowKey,
        now: Timestamp,
    ) -> Result<Option<Window>, StoreError> {
        if now < window.due_at() {
            return Ok(None);
        }
        let change = Change::new().set("closed", AttributeValue::Bool(true)).only_if(If::Exists("pending"));
        match self.change(&self.tables.deliveries, Self::window_key(account, window), change).await? {
            Updated::Done(item) => from_item::<Row>(TABLE, item)?.window(window.minute).map(Some),
            Updated::Refused(_) => Ok(None),
        }
    }

    /// Notes that the digests of a channel's minute are written. 1 WRU per KB, and 1 for the index.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn window_done(&self, account: AccountId, window: WindowKey) -> Result<(), StoreError> {
        let change = Change::new().remove("pending").remove("next_attempt_at").only_if(If::Exists("account_id"));
        self.change(&self.tables.deliveries, Self::window_key(account, window), change).await.map(drop)
    }
}
