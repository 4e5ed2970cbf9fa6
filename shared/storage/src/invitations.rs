//! Invitations into an account, and the one-time links that lead in: of each link the hash alone is kept.

use serde::{Deserialize, Serialize};
use valpero_auth::TokenHash;
use valpero_domain::{AccountId, Author, InvitationId, Role, Timestamp, UserId};

use crate::{
    AuditRow, Store, StoreError, Trail,
    call::{Cancelled, Item, a_delete, a_put, delete_item, from_item, key, n, put_item, s, to_item},
    keys,
    schema::TTL,
};

const TABLE: &str = "accounts";

/// An invitation that was not used yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invitation {
    /// The account.
    pub account_id: AccountId,
    /// Unique ID.
    #[serde(rename = "invitation_id")]
    pub id: InvitationId,
    /// Who is invited.
    pub email: String,
    /// What the person will be.
    pub role: Role,
    /// SHA-256 of its link's secret.
    pub link_hash: TokenHash,
    /// Who invited.
    #[serde(flatten)]
    pub by: Author,
    /// Creation time.
    pub created_at: Timestamp,
    /// When its link ends.
    pub expires_at: Timestamp,
}

/// Where a one-time link leads.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LinkTo {
    /// Into an account.
    Invitation {
        /// The account.
        account_id: AccountId,
        /// The invitation.
        invitation_id: InvitationId,
    },
    /// To a new password.
    Password {
        /// Whose.
        user_id: UserId,
        /// Whether the second factor is taken away, for who has lost it.
        resets_totp: bool,
        /// Print of the password that the person had: once it is another, the link leads nowhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
    },
    /// From the password to the code that signing in needs, too.
    SecondFactor {
        /// Whose.
        user_id: UserId,
        /// Print of the password that opened this step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
    },
}

/// A one-time link.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OneTimeLink {
    /// SHA-256 of its secret.
    pub link_hash: TokenHash,
    /// Where it leads.
    pub to: LinkTo,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Store {
    pub(crate) fn invitation_key(account: AccountId, id: InvitationId) -> Item {
        key([("account_id", account.to_string()), ("entry", keys::invitation(id))])
    }

    /// Keeps an invitation and its link. 6 WRU, and 2 for the receipt.
    ///
    /// # Errors
    /// [`StoreError::Repeated`] where the request was answered before.
    pub async fn invite(&self, invitation: &Invitation, trail: &Trail) -> Result<(), StoreError> {
        let mut item = to_item(TABLE, invitation)?;
        item.insert("entry".into(), s(keys::invitation(invitation.id)));
        let link = OneTimeLink {
            link_hash: invitation.link_hash.clone(),
            to: LinkTo::Invitation { account_id: invitation.account_id, invitation_id: invitation.id },
            expires_at: invitation.expires_at,
        };
        let items = vec![
            a_put(put_item(&self.tables.accounts, item))?,
            a_put(put_item(&self.tables.users, Self::link_item(&link)?))?,
        ];
        self.transact_once(items, trail).await.map_err(Cancelled::conflict)
    }

    fn link_item(link: &OneTimeLink) -> Result<Item, StoreError> {
        let mut item = to_item("users", link)?;
        item.extend(Self::link_key(&link.link_hash));
        item.insert(TTL.to_owned(), n(link.expires_at.seconds()));
        Ok(item)
    }

    /// An invitation. 1 RRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it was used or withdrawn, or never was.
    pub async fn invitation(&self, account: AccountId, id: InvitationId) -> Result<Invitation, StoreError> {
        let item = self.get(&self.tables.accounts, Self::invitation_key(account, id)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// The first `count` invitations of an account behind `after` that have not ended, oldest first. 1 RRU for each 8 or so that were made and not
    /// used.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn invitations(
        &self,
        account: AccountId,
        now: Timestamp,
        after: Option<InvitationId>,
        count: usize,
    ) -> Result<Vec<Invitation>, StoreError> {
        let request = self
            .query(&self.tables.accounts)
            .key_condition_expression("account_id = :account AND begins_with(entry, :invitation)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":invitation", s(keys::INVITATION))
            .consistent_read(true);
        let after = after.map(|id| Self::invitation_key(account, id));
        self.query_filtered(TABLE, request, after, |one: &Invitation| one.expires_at > now, count).await
    }

    /// Withdraws an invitation: its link leads nowhere from now on. 6 WRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it was used or withdrawn meanwhile.
    pub async fn withdraw_invitation(&self, invitation: &Invitation, audit: &AuditRow) -> Result<(), StoreError> {
        let place = Self::invitation_key(invitation.account_id, invitation.id);
        let items = vec![
            a_delete(delete_item(&self.tables.accounts, place).condition_expression("attribute_exists(account_id)"))?,
            a_delete(delete_item(&self.tables.users, Self::link_key(&invitation.link_hash)))?,
            self.audit(audit)?,
        ];
        self.transact(items).await.map_err(|cancelled| match cancelled {
            Cancelled::Conditions(_) => StoreError::NotFound,
            cancelled => cancelled.conflict(),
        })
    }

    /// Keeps a link to a new password. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn create_link(&self, link: &OneTimeLink) -> Result<(), StoreError> {
        self.put(&self.tables.users, Self::link_item(link)?).await
    }

    /// The link of a hash; none where it was used, has ended, or never was. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn link(&self, hash: &TokenHash, now: Timestamp) -> Result<Option<OneTimeLink>, StoreError> {
        let item = self.get(&self.tables.users, Self::link_key(hash)).await?;
        let link: Option<OneTimeLink> = item.map(|item| from_item("users", item)).transpose()?;
        Ok(link.filter(|link| link.expires_at > now))
    }

    /// Uses a link up. Answers whether no other request was faster. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn use_link(&self, hash: &TokenHash) -> Result<bool, StoreError> {
        let gone =
            delete_item(&self.tables.users, Self::link_key(hash)).condition_expression("attribute_exists(user_id)");
        match self.transact(vec![a_delete(gone)?]).await {
            Ok(()) => Ok(true),
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(cancelled) => Err(cancelled.conflict()),
        }
    }
}
