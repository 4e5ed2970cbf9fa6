//! The people of an account: who belongs to it, and as what.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use valpero_auth::TokenHash;
use valpero_domain::{AccountId, Role, Timestamp, UserId};

use crate::{
    ApiKey, AuditRow, Invitation, Person, Store, StoreError,
    call::{Cancelled, Item, a_delete, a_put, delete_item, from_item, key, n, put_item, s, to_item, to_value},
    change::{Change, If},
    keys,
};

const TABLE: &str = "accounts";

/// A person in an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    /// The account.
    pub account_id: AccountId,
    /// The person.
    pub user_id: UserId,
    /// The person's e-mail address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// When the person joined.
    pub joined_at: Timestamp,
    /// When the person last signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in_at: Option<Timestamp>,
    /// Whether signing in needs a code.
    #[serde(default)]
    pub has_totp: bool,
    /// Sessions that were ever opened: whoever ends them all requires that none was opened meanwhile.
    #[serde(default)]
    pub opened: u32,
}

/// How a person comes into an account.
#[derive(Debug, Clone)]
pub struct Joining<'a> {
    /// The person in the account.
    pub member: &'a Member,
    /// The person, where this is the first account; none where the person is known already.
    pub new: Option<&'a Person>,
    /// The invitation that is used up.
    pub invitation: &'a Invitation,
    /// People that the plan allows.
    pub most: u32,
}

/// Why a person could not join, or could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The plan allows no more people.
    #[error("the account has as many people as its plan allows")]
    Full,
    /// The person belongs to the account already.
    #[error("the person belongs to the account already")]
    Member,
    /// Another person has the e-mail address.
    #[error("another person has the address")]
    Taken,
    /// The invitation was used or withdrawn.
    #[error("the invitation was used or withdrawn")]
    Gone,
    /// The account would have no owner.
    #[error("the account would have no owner")]
    LastOwner,
    /// The store failed, or somebody else was faster.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    fn member_key(account: AccountId, user: UserId) -> Item {
        key([("account_id", account.to_string()), ("entry", keys::member(user))])
    }

    /// A person of an account. 1 RRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account has no such person.
    pub async fn member(&self, account: AccountId, user: UserId) -> Result<Member, StoreError> {
        let item = self.get(&self.tables.accounts, Self::member_key(account, user)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// The first `count` people of an account behind `after`, in the order in which they were made. 1 RRU for each 8 or so.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn members(
        &self,
        account: AccountId,
        after: Option<UserId>,
        count: usize,
    ) -> Result<Vec<Member>, StoreError> {
        let request = self
            .query(&self.tables.accounts)
            .key_condition_expression("account_id = :account AND begins_with(entry, :member)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":member", s(keys::MEMBER))
            .consistent_read(true);
        let after = after.map(|user| Self::member_key(account, user));
        self.query_filtered(TABLE, request, after, |_| true, count).await
    }

    /// Lets a person in. 14 WRU, of a new person 18.
    ///
    /// # Errors
    /// [`PeopleError`]: which says what to tell the person.
    pub async fn admit(&self, joining: &Joining<'_>, audit: &AuditRow) -> Result<(), PeopleError> {
        let Joining { member, new, invitation, most } = joining;
        let (accounts, users) = (&self.tables.accounts, &self.tables.users);
        let counted = Change::new().add("people", 1).add("owners", i64::from(member.role == Role::Owner));
        let counted = counted
            .only_if(If::Exists("account_id"))
            .only_if(If::Any(vec![If::Absent("people"), If::Below("people", n(*most))]));
        let mut entry = to_item(TABLE, *member)?;
        entry.insert("entry".into(), s(keys::member(member.user_id)));
        let mut membership = Self::membership_key(member.user_id, member.account_id);
        membership.insert("account_id".into(), s(member.account_id));
        let mut items = vec![
            counted.on(accounts, Self::account_key(member.account_id))?,
            a_put(put_item(accounts, entry).condition_expression("attribute_not_exists(account_id)"))?,
            a_delete(
                delete_item(accounts, Self::invitation_key(member.account_id, invitation.id))
                    .condition_expression("attribute_exists(account_id)"),
            )?,
            a_delete(delete_item(users, Self::link_key(&invitation.link_hash)))?,
            a_put(put_item(users, membership))?,
            self.audit(audit)?,
        ];
        if let Some(person) = new {
            items.extend(self.new_person(person)?);
        }
        self.transact(items).await.map_err(|cancelled| match cancelled {
            Cancelled::Conditions(places) if places.contains(&2) => PeopleError::Gone,
            Cancelled::Conditions(places) if places.contains(&1) => PeopleError::Member,
            Cancelled::Conditions(places) if places.contains(&0) => PeopleError::Full,
            Cancelled::Conditions(_) => PeopleError::Taken,
            cancelled => cancelled.conflict().into(),
        })
    }

    fn new_person(&self, person: &Person) -> Result<[TransactWriteItem; 2], StoreError> {
        let users = &self.tables.users;
        let new = "attribute_not_exists(user_id)";
        let mut item = to_item("users", person)?;
        item.insert("entry".into(), s(keys::PERSON));
        let mut claim = Self::claim_key(&person.email);
        claim.insert("owner".into(), s(person.user_id));
        Ok([
            a_put(put_item(users, item).condition_expression(new))?,
            a_put(put_item(users, claim).condition_expression(new))?,
        ])
    }

    /// Gives a person another role, and with it the person's sessions its scopes, from the next request on. 6 WRU and 2 a session.
    ///
    /// # Errors
    /// [`PeopleError::LastOwner`]; [`StoreError::Conflict`] where the person was changed or signed in meanwhile.
    pub async fn set_role(
        &self,
        member: &Member,
        role: Role,
        sessions: &[ApiKey],
        audit: &AuditRow,
    ) -> Result<(), PeopleError> {
        let owners = i64::from(role == Role::Owner) - i64::from(member.role == Role::Owner);
        let change = unchanged(Change::new().set("role", to_value(TABLE, &role)?), member)?;
        let accounts = &self.tables.accounts;
        let mut items =
            vec![change.on(accounts, Self::member_key(member.account_id, member.user_id))?, self.audit(audit)?];
        for session in sessions {
            let change = Change::new().set("scopes", to_value("api-keys", &role.scopes())?);
            let place = key([("token_hash", session.token_hash.as_str().into())]);
            items.push(change.only_if(If::Exists("token_hash")).on(&self.tables.api_keys, place)?);
        }
        if owners != 0 {
            items.push(self.count_owners(member.account_id, Change::new().add("owners", owners), owners)?);
        }
        let owners_at = (owners != 0).then(|| items.len() - 1);
        self.transact(items).await.map_err(|cancelled| refused(cancelled, owners_at))
    }

    /// Takes a person out of the account, and ends the person's sessions in it: the next request with one is refused. 8 WRU and 4 a
    /// session.
    ///
    /// # Errors
    /// [`PeopleError::LastOwner`]; [`StoreError::Conflict`] where the person was changed or signed in meanwhile.
    pub async fn remove_member(
        &self,
        member: &Member,
        sessions: &[ApiKey],
        audit: &AuditRow,
    ) -> Result<(), PeopleError> {
        let (account, user) = (member.account_id, member.user_id);
        let owners = -i64::from(member.role == Role::Owner);
        let counted = Change::new().add("people", -1).add("owners", owners);
        let gone = delete_item(&self.tables.accounts, Self::member_key(account, user))
            .condition_expression("#role = :role AND opened = :opened")
            .expression_attribute_names("#role", "role")
            .expression_attribute_values(":role", to_value(TABLE, &member.role)?)
            .expression_attribute_values(":opened", n(member.opened));
        let mut items = vec![
            a_delete(gone)?,
            a_delete(delete_item(&self.tables.users, Self::membership_key(user, account)))?,
            self.audit(audit)?,
        ];
        for session in sessions {
            items.extend(self.session_gone(session)?);
        }
        items.push(self.count_owners(account, counted, owners)?);
        let owners_at = (owners < 0).then(|| items.len() - 1);
        self.transact(items).await.map_err(|cancelled| refused(cancelled, owners_at))
    }

    /// The account's counters, which require that an owner is left where one goes.
    fn count_owners(&self, account: AccountId, change: Change, owners: i64) -> Result<TransactWriteItem, StoreError> {
        let change = if owners < 0 { change.only_if(If::Above("owners", n(1))) } else { change };
        change.on(&self.tables.accounts, Self::account_key(account))
    }

    /// Says in each of a person's accounts whether signing in needs a code. 1 WRU an account.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn note_totp(&self, user: UserId, has_totp: bool) -> Result<(), StoreError> {
        for account in self.accounts_of(user).await? {
            let flag = to_value(TABLE, &has_totp)?;
            let change = Change::new().set("has_totp", flag).only_if(If::Exists("account_id"));
            self.change(&self.tables.accounts, Self::member_key(account, user), change).await?;
        }
        Ok(())
    }

    /// Opens a session, in the place of `ended`, which are over. 8 WRU, and 4 for each that is over.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the person was removed or given another role, or signed in elsewhere meanwhile.
    pub async fn open_session(
        &self,
        member: &Member,
        session: &ApiKey,
        ended: &[ApiKey],
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let (accounts, user) = (&self.tables.accounts, member.user_id);
        let signed_in = Change::new().add("opened", 1).set("signed_in_at", s(session.created_at));
        // Whoever opens another one at the same time reads again, so that the sessions stay few enough to be ended in one transaction.
        let signed_in = unchanged(signed_in, member)?;
        let mut entry = Self::session_key(member.account_id, user, session.id);
        entry.insert("token_hash".into(), s(session.token_hash.as_str()));
        let item = put_item(&self.tables.api_keys, to_item("api-keys", session)?);
        let mut items = vec![
            signed_in.on(accounts, Self::member_key(member.account_id, user))?,
            a_put(item.condition_expression("attribute_not_exists(token_hash)"))?,
            a_put(put_item(accounts, entry))?,
            self.audit(audit)?,
        ];
        for session in ended {
            items.extend(self.session_gone(session)?);
        }
        self.transact(items).await.map_err(Cancelled::conflict)
    }

    /// The invitation's link, for who follows it. See [`Self::link_key`].
    pub(crate) fn link_key(hash: &TokenHash) -> Item {
        key([("user_id", keys::link(hash.as_str())), ("entry", keys::LINK.into())])
    }
}

/// The change, of a person whom nobody has changed, and who has not signed in, since `member` was read.
fn unchanged(change: Change, member: &Member) -> Result<Change, StoreError> {
    let same = change.only_if(If::Is("role", to_value(TABLE, &member.role)?));
    Ok(same.only_if(If::Is("opened", n(member.opened))))
}

fn refused(cancelled: Cancelled, owners_at: Option<usize>) -> PeopleError {
    match cancelled {
        Cancelled::Conditions(places) if owners_at.is_some_and(|at| places.contains(&at)) && !places.contains(&0) => {
            PeopleError::LastOwner
        }
        cancelled => cancelled.conflict().into(),
    }
}
