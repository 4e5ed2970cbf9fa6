//! API keys, and sessions, which are keys of a person. A key is its own meter: authentication, revocation, the plan's pace and the last use
//! are one write.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use valpero_auth::{Token, TokenHash};
use valpero_domain::{AccountId, KeyId, Scopes, Timestamp, UserId};

use crate::{
    AuditRow, Store, StoreError, Trail,
    call::{Cancelled, Item, Updated, a_put, from_item, key, n, put_item, s, to_item},
    change::{Change, If},
    keys, window,
};

const TABLE: &str = "api-keys";

/// Whose session a key is, and where it was opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionOf {
    /// The person who is signed in.
    pub user_id: UserId,
    /// The client's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The browser's own name for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// Seconds after its last use at which a session ends.
pub const SESSION_IDLE_S: i64 = 14 * 86_400;

/// Seconds after which a session ends, however much it is used.
pub const SESSION_MOST_S: i64 = 90 * 86_400;

/// A key or a session, and its meter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApiKey {
    /// What the store knows of its token.
    pub token_hash: TokenHash,
    /// Whose key.
    pub account_id: AccountId,
    /// Its own name.
    #[serde(rename = "key_id")]
    pub id: KeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The token's last four characters.
    pub last4: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When its owner ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// The key that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<KeyId>,
    /// When a request last came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// The person whose session it is; none where it is an API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionOf>,
    /// The person who minted it, or the key that it replaced; none where a key or the operator did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minted_by: Option<UserId>,
    /// Requests that it may make in a minute.
    pub request_limit: u32,
    /// The calendar minute that `used` counts.
    #[serde(rename = "window", default)]
    pub minute: i64,
    /// Requests made in that minute.
    #[serde(default)]
    pub used: u32,
}

impl ApiKey {
    /// A key that nobody has used yet, and that never ends.
    pub fn new(
        token: &Token,
        account_id: AccountId,
        id: KeyId,
        name: String,
        scopes: Scopes,
        request_limit: u32,
        now: Timestamp,
    ) -> Self {
        Self {
            token_hash: token.hash(),
            account_id,
            id,
            name,
            scopes,
            last4: token.last4(),
            created_at: now,
            expires_at: None,
            revoked_at: None,
            successor: None,
            last_used_at: None,
            session: None,
            minted_by: None,
            request_limit,
            minute: 0,
            used: 0,
        }
    }

    /// Whether it opens anything at this moment.
    pub fn is_live(&self, now: Timestamp) -> bool {
        let is_idle =
            self.session.is_some() && self.last_used_at.unwrap_or(self.created_at).plus_seconds(SESSION_IDLE_S) <= now;
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now) && !is_idle
    }
}

/// A request that was counted.
#[derive(Debug, Clone)]
pub struct Metered {
    /// The key, this request counted.
    pub key: ApiKey,
    /// Whether it is the key's first request of the day.
    pub first_of_day: bool,
}

/// Why a request was not counted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Unknown, revoked or expired.
    #[error("no such key")]
    NoSuchKey,
    /// The minute's requests are used up.
    #[error("the key's requests of this minute are used up")]
    OverLimit(Box<ApiKey>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keys of one account that may be live at the same time.
pub const LIVE_KEYS_MAX: usize = 100;

/// How often a key is minted anew when others mint keys of the same account at the same time.
const MINTS: u32 = 16;

/// The change, of a key that is neither revoked nor expired.
fn live(change: Change, now: Timestamp) -> Change {
    change
        .only_if(If::Exists("token_hash"))
        .only_if(If::Absent("revoked_at"))
        .only_if(If::Any(vec![If::Absent("expires_at"), If::Above("expires_at", s(now))]))
}

impl Store {
    /// Counts one request of a key, and answers with the key.
    ///
    /// One round trip and 1 WRU; two of each for the first request of a minute. A request that is refused costs 1 WRU.
    ///
    /// # Errors
    /// [`Refused`]: what the client is told depends on which.
    pub async fn meter(&self, hash: &TokenHash, now: Timestamp) -> Result<Metered, Refused> {
        let mut minute = now.minute();
        let mut first_of_day = false;
        loop {
            let old = match self.count(hash, minute, now).await? {
                Updated::Done(item) => return Ok(Metered { key: from_item(TABLE, item)?, first_of_day }),
                Updated::Refused(None) => return Err(Refused::NoSuchKey),
                Updated::Refused(Some(item)) => from_item::<ApiKey>(TABLE, item)?,
            };
            if !old.is_live(now) {
                return Err(Refused::NoSuchKey);
            }
            if window::is_next(old.minute, minute) {
                // Another machine's clock is ahead and has opened the next minute: count there.
                minute = old.minute;
                continue;
            }
            if old.request_limit == 0 {
                return Err(Refused::OverLimit(Box::new(old)));
            }
            if old.minute == minute {
                if old.used >= old.request_limit {
                    return Err(Refused::OverLimit(Box::new(old)));
                }
                continue;
            }
            // A last use that lies ahead was noted by a clock that was wrong: it says nothing of today.
            first_of_day = old.last_used_at.is_none_or(|used| used.day() < now.day() || window::is_beyond(used, now));
            if let Updated::Done(item) = self.open_window(hash, old.minute, minute, now).await? {
                return Ok(Metered { key: from_item(TABLE, item)?, first_of_day });
            }
            // Somebody else opened it, and has noticed the new day.
            first_of_day = false;
        }
    }

    async fn count(&self, hash: &TokenHash, minute: i64, now: Timestamp) -> Result<Updated, StoreError> {
        let change = live(Change::new().set("last_used_at", s(now)).add("used", 1), now)
            .only_if(If::Is("window", n(minute)))
            .only_if(If::BelowOther("used", "request_limit"));
        self.change(&self.tables.api_keys, key([("token_hash", hash.as_str().into())]), change).await
    }

    async fn open_window(
        &self,
        hash: &TokenHash,
        old: i64,
        minute: i64,
        now: Timestamp,
    ) -> Result<Updated, StoreError> {
        let opened = Change::new().set("last_used_at", s(now)).set("window", n(minute)).set("used", n(1));
        let change = live(opened, now).only_if(If::Is("window", n(old)));
        self.change(&self.tables.api_keys, key([("token_hash", hash.as_str().into())]), change).await
    }

    /// Keeps a new key. 8 WRU, 2 for the receipt, and 2 RRU and 1 a key of the account to count those that are live.
    ///
    /// # Errors
    /// [`StoreError::Repeated`] where the request was answered before; [`StoreError::LimitReached`] where the account has
    /// [`LIVE_KEYS_MAX`] live keys; [`StoreError::NotFound`] where there is no such account; [`StoreError::Conflict`] where too
    /// many others minted keys at the same time.
    pub async fn create_key(&self, api_key: &ApiKey, trail: &Trail) -> Result<(), StoreError> {
        self.mint(api_key, None, trail).await
    }

    /// Writes a new key, and the end of the one that it replaces, where the account has room for it.
    ///
    /// Keys end by the clock as well as by a write, so no counter could say how many are live. They are counted from what is
    /// read, and the account's `keys_version` holds what was read to be true: whoever adds a live key counts it up, on the
    /// condition that nobody has since. What ends a key need not, for it only makes room.
    async fn mint(
        &self,
        api_key: &ApiKey,
        replaced: Option<(&ApiKey, Timestamp)>,
        trail: &Trail,
    ) -> Result<(), StoreError> {
        let (account, now) = (api_key.account_id, api_key.created_at);
        for attempt in 0..MINTS {
            // The version first: what changes behind it is noticed by the condition.
            let version = self.keys_version(account).await?;
            let others = self.keys(account).await?;
            let stays_live = |key: &&ApiKey| match replaced {
                Some((old, ends_at)) if old.id == key.id => key.is_live(now) && ends_at > now,
                _ => key.is_live(now),
            };
            if others.iter().filter(stays_live).count() >= LIVE_KEYS_MAX {
                return Err(StoreError::LimitReached);
            }
            let mut items = vec![self.count_up(account, version)?];
            items.extend(self.new_key(api_key)?);
            if let Some((old, ends_at)) = replaced {
                items.push(self.end_for(old, ends_at, api_key)?);
            }
            match self.transact_once(items, trail).await {
                Err(Cancelled::Conditions(places)) if places == [0] => Self::back_off(attempt).await,
                done => return done.map_err(Cancelled::conflict),
            }
        }
        Err(StoreError::Conflict)
    }

    /// How many keys were ever added to the account, as far as that was counted.
    async fn keys_version(&self, account: AccountId) -> Result<i64, StoreError> {
        let item = self.get(&self.tables.accounts, Self::account_key(account)).await?.ok_or(StoreError::NotFound)?;
        let Some(version) = item.get("keys_version") else { return Ok(0) };
        let version = version.as_n().ok().and_then(|text| text.parse().ok());
        version.ok_or_else(|| StoreError::corrupt("accounts", "keys_version is no number"))
    }

    fn count_up(&self, account: AccountId, seen: i64) -> Result<TransactWriteItem, StoreError> {
        let change = Change::new().add("keys_version", 1);
        let change = match seen {
            0 => change.only_if(If::Exists("account_id")).only_if(If::Absent("keys_version")),
            _ => change.only_if(If::Is("keys_version", n(seen))),
        };
        change.on(&self.tables.accounts, Self::account_key(account))
    }

    fn new_key(&self, api_key: &ApiKey) -> Result<[TransactWriteItem; 2], StoreError> {
        let mut entry = key([("account_id", api_key.account_id.to_string()), ("entry", keys::key_entry(api_key.id))]);
        entry.insert("token_hash".into(), s(api_key.token_hash.as_str()));
        let item = put_item(&self.tables.api_keys, to_item(TABLE, api_key)?);
        Ok([
            a_put(item.condition_expression("attribute_not_exists(token_hash)"))?,
            a_put(put_item(&self.tables.accounts, entry))?,
        ])
    }

    pub(crate) async fn key_hashes(&self, account: AccountId) -> Result<Vec<String>, StoreError> {
        let request = self
            .query(&self.tables.accounts)
            .key_condition_expression("account_id = :account AND begins_with(entry, :key)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":key", s(keys::KEY))
            .consistent_read(true);
        let entries = self.query_all(request).await?;
        Ok(entries.iter().filter_map(|entry| entry.get("token_hash")?.as_s().ok().cloned()).collect())
    }

    /// The account's keys, oldest first. 1 RRU and 1 RRU a key.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn keys(&self, account: AccountId) -> Result<Vec<ApiKey>, StoreError> {
        let hashes = self.key_hashes(account).await?;
        let wanted: Vec<Item> = hashes.into_iter().map(|hash| key([("token_hash", hash)])).collect();
        let items = self.batch_get(&self.tables.api_keys, wanted).await?;
        let mut found: Vec<ApiKey> = items.into_iter().map(|item| from_item(TABLE, item)).collect::<Result<_, _>>()?;
        found.sort_by_key(|api_key| api_key.id);
        Ok(found)
    }

    /// One of the account's keys. 2 RRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account has no such key.
    pub async fn key(&self, account: AccountId, id: KeyId) -> Result<ApiKey, StoreError> {
        let place = key([("account_id", account.to_string()), ("entry", keys::key_entry(id))]);
        let entry = self.get(&self.tables.accounts, place).await?.ok_or(StoreError::NotFound)?;
        let hash = entry.get("token_hash").and_then(|hash| hash.as_s().ok()).ok_or(StoreError::NotFound)?;
        let item = self.get(&self.tables.api_keys, key([("token_hash", hash.clone())])).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// Ends a key: the very next request with it is refused. 4 WRU; of a key that is ended already, nothing changes.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn revoke_key(&self, api_key: &ApiKey, now: Timestamp, audit: &AuditRow) -> Result<(), StoreError> {
        let place = key([("token_hash", api_key.token_hash.as_str().into())]);
        let change =
            Change::new().set("revoked_at", s(now)).only_if(If::Exists("token_hash")).only_if(If::Absent("revoked_at"));
        let change = change.on(&self.tables.api_keys, place)?;
        match self.transact(vec![change, self.audit(audit)?]).await {
            Ok(()) | Err(Cancelled::Conditions(_)) => Ok(()),
            Err(cancelled) => Err(cancelled.conflict()),
        }
    }

    /// Gives a key another name. 4 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn rename_key(&self, api_key: &ApiKey, name: &str, audit: &AuditRow) -> Result<(), StoreError> {
        let place = key([("token_hash", api_key.token_hash.as_str().into())]);
        let change = Change::new().set("name", s(name)).only_if(If::Exists("token_hash"));
        let change = change.on(&self.tables.api_keys, place)?;
        self.transact(vec![change, self.audit(audit)?]).await.map_err(Cancelled::conflict)
    }

    /// Replaces a key by a successor; the old one ends at `old_ends_at`, and until then both are live. 10 WRU, 2 for the receipt,
    /// and 2 RRU and 1 a key of the account.
    ///
    /// # Errors
    /// [`StoreError::Repeated`] where the request was answered before; [`StoreError::LimitReached`] where the account would have
    /// more than [`LIVE_KEYS_MAX`] live keys; [`StoreError::Conflict`] where the old key was revoked or rotated meanwhile, or too
    /// many others minted keys at the same time.
    pub async fn rotate_key(
        &self,
        old: &ApiKey,
        old_ends_at: Timestamp,
        successor: &ApiKey,
        trail: &Trail,
    ) -> Result<(), StoreError> {
        self.mint(successor, Some((old, old_ends_at)), trail).await
    }

    fn end_for(&self, old: &ApiKey, ends_at: Timestamp, successor: &ApiKey) -> Result<TransactWriteItem, StoreError> {
        Change::new()
            .set("expires_at", s(ends_at))
            .set("successor", s(successor.id))
            .only_if(If::Exists("token_hash"))
            .only_if(If::Absent("revoked_at"))
            .only_if(If::Absent("successor"))
            .on(&self.tables.api_keys, key([("token_hash", old.token_hash.as_str().into())]))
    }
}
