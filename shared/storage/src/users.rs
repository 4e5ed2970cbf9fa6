//! People who sign in, apart from any account: one person may belong to several.

use serde::{Deserialize, Serialize};
use valpero_auth::{PasswordHash, TotpSecret};
use valpero_domain::{AccountId, Timestamp, UserId};

use crate::{
    AuditRow, Store, StoreError,
    call::{Cancelled, Item, from_item, key, n, s, to_value},
    change::{Change, If},
    keys,
    schema::TTL,
};

const TABLE: &str = "users";

/// Seconds for which an address is known from which a person signed in.
const ADDRESS_KEPT_S: i64 = 90 * 86_400;

/// A person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Person {
    /// Unique ID.
    pub user_id: UserId,
    /// E-mail address, by which the person signs in; no two people have the same.
    pub email: String,
    /// Display name.
    pub name: String,
    /// Hash of the password; none until one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordHash>,
    /// Second factor; none until one is set up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<TotpState>,
    /// Creation time.
    pub created_at: Timestamp,
}

/// A second factor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TotpState {
    /// The secret that the person's app has.
    pub secret: TotpSecret,
    /// When a first code was right. Before, the secret is only offered, and signing in needs no code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// Step of the last code that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step: Option<u64>,
}

impl Person {
    /// Print of the password, by which links and steps that rest on it are told from older ones; none where there is no password.
    pub fn password_print(&self) -> Option<String> {
        self.password.as_ref().map(PasswordHash::print)
    }

    /// The second factor that signing in needs; none where it needs none.
    pub fn second_factor(&self) -> Option<&TotpState> {
        self.totp.as_ref().filter(|totp| totp.confirmed_at.is_some())
    }
}

impl Store {
    pub(crate) fn person_key(user: UserId) -> Item {
        key([("user_id", user.to_string()), ("entry", keys::PERSON.into())])
    }

    pub(crate) fn claim_key(email: &str) -> Item {
        key([("user_id", keys::email(email)), ("entry", "claim".into())])
    }

    pub(crate) fn membership_key(user: UserId, account: AccountId) -> Item {
        key([("user_id", user.to_string()), ("entry", keys::membership(account))])
    }

    /// A person. 1 RRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub async fn person(&self, user: UserId) -> Result<Person, StoreError> {
        let item = self.get(&self.tables.users, Self::person_key(user)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// The person of an e-mail address; none where nobody has it. 2 RRU in both cases, so that both take the same time.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn person_by_email(&self, email: &str) -> Result<Option<Person>, StoreError> {
        let claim = self.get(&self.tables.users, Self::claim_key(email)).await?;
        let owner = claim.and_then(|claim| claim.get("owner")?.as_s().ok().cloned());
        let place = match &owner {
            Some(owner) => key([("user_id", owner.clone()), ("entry", keys::PERSON.into())]),
            None => key([("user_id", "nobody".into()), ("entry", keys::PERSON.into())]),
        };
        self.get(&self.tables.users, place).await?.map(|item| from_item(TABLE, item)).transpose()
    }

    /// The accounts that a person belongs to, oldest first. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn accounts_of(&self, user: UserId) -> Result<Vec<AccountId>, StoreError> {
        let request = self
            .query(&self.tables.users)
            .key_condition_expression("user_id = :user AND begins_with(entry, :member)")
            .expression_attribute_values(":user", s(user))
            .expression_attribute_values(":member", s(keys::MEMBERSHIP))
            .consistent_read(true);
        let entries = self.query_all(request).await?;
        let account = |entry: &Item| entry.get("account_id")?.as_s().ok()?.parse().ok();
        Ok(entries.iter().filter_map(account).collect())
    }

    /// Sets a person's password. 4 WRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such person.
    pub async fn set_password(
        &self,
        user: UserId,
        password: &PasswordHash,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let change = Change::new().set("password", to_value(TABLE, password)?);
        self.change_person(user, change, audit).await
    }

    /// Sets up a person's second factor, or takes it away. 4 WRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such person.
    pub async fn set_totp(&self, user: UserId, totp: Option<&TotpState>, audit: &AuditRow) -> Result<(), StoreError> {
        let totp = totp.map(|totp| to_value(TABLE, totp)).transpose()?;
        self.change_person(user, Change::new().set_or_remove("totp", totp), audit).await
    }

    async fn change_person(&self, user: UserId, change: Change, audit: &AuditRow) -> Result<(), StoreError> {
        let change = change.only_if(If::Exists("user_id")).on(&self.tables.users, Self::person_key(user))?;
        self.transact(vec![change, self.audit(audit)?]).await.map_err(|cancelled| match cancelled {
            Cancelled::Conditions(_) => StoreError::NotFound,
            cancelled => cancelled.conflict(),
        })
    }

    /// Offers a person a secret, which is in force once [`Self::set_totp`] confirms it. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn offer_totp(&self, user: UserId, totp: &TotpState) -> Result<(), StoreError> {
        let change = Change::new()
            .set("totp", to_value(TABLE, totp)?)
            .only_if(If::Exists("user_id"))
            .only_if(If::Absent("totp.confirmed_at"));
        self.change(&self.tables.users, Self::person_key(user), change).await?;
        Ok(())
    }

    /// Uses a code up: its step, and all before it, are good no more. Answers whether no other request was faster. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn use_totp_step(&self, user: UserId, step: u64) -> Result<bool, StoreError> {
        let step = n(i64::try_from(step).unwrap_or(i64::MAX));
        let change = Change::new()
            .set("totp.last_step", step.clone())
            .only_if(If::Exists("totp.secret"))
            .only_if(If::Any(vec![If::Absent("totp.last_step"), If::Below("totp.last_step", step)]));
        let updated = self.change(&self.tables.users, Self::person_key(user), change).await?;
        Ok(matches!(updated, crate::call::Updated::Done(_)))
    }

    /// Remembers that a person signed in from an address. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn note_address(&self, user: UserId, ip: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut item = key([("user_id", user.to_string()), ("entry", keys::known_address(ip))]);
        item.insert(TTL.to_owned(), n(now.seconds() + ADDRESS_KEPT_S));
        self.put(&self.tables.users, item).await
    }

    /// Whether a person signed in from this address lately. 1 RRU, also for nobody.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn knows_address(&self, user: Option<UserId>, ip: &str, now: Timestamp) -> Result<bool, StoreError> {
        let user = user.map_or_else(|| "nobody".to_owned(), |user| user.to_string());
        let item = self.get(&self.tables.users, key([("user_id", user), ("entry", keys::known_address(ip))])).await?;
        // Items are deleted some time after they have ended.
        let ends = item.and_then(|item| item.get(TTL)?.as_n().ok()?.parse::<i64>().ok());
        Ok(ends.is_some_and(|ends| ends > now.seconds()))
    }

    /// Counts a try of something that nobody may try without end, such as to sign in, in the quarter of an hour. Answers whether it is within
    /// `most`. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn count_try(&self, what: &str, now: Timestamp, most: u32) -> Result<bool, StoreError> {
        self.count_tries_in(what, now, TRIES_S, most).await
    }

    /// The same in another window, in seconds.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn count_tries_in(
        &self,
        what: &str,
        now: Timestamp,
        window_s: i64,
        most: u32,
    ) -> Result<bool, StoreError> {
        let change = Change::new()
            .add("used", 1)
            .set(TTL, n((now.seconds() / window_s + 2) * window_s))
            .only_if(If::Any(vec![If::Absent("used"), If::Below("used", n(most))]));
        let updated = self.change(&self.tables.users, Self::tries_key(what, now, window_s), change).await?;
        Ok(matches!(updated, crate::call::Updated::Done(_)))
    }

    /// Takes a try back that was counted: it was right. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn forgive_try(&self, what: &str, now: Timestamp) -> Result<(), StoreError> {
        let change = Change::new().add("used", -1).only_if(If::Above("used", n(0)));
        self.change(&self.tables.users, Self::tries_key(what, now, TRIES_S), change).await?;
        Ok(())
    }

    fn tries_key(what: &str, now: Timestamp, window_s: i64) -> Item {
        key([("user_id", keys::tries(what)), ("entry", format!("{:010}", now.seconds() / window_s * window_s))])
    }
}

/// Seconds in which tries are counted together.
pub const TRIES_S: i64 = 900;
