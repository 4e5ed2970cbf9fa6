//! Who calls: an account, an actor and what it may do, however the request proved it.

use valpero_auth::{Seal, SealError, Token};
use valpero_domain::{AccountId, Actor, AuditAction, AuditId, Author, KeyId, Scopes, Timestamp, UserId};
use valpero_runtime::entropy;
use valpero_storage::{ApiKey, AuditRow};

use crate::RequestMeta;

/// Who calls. A request proves it by an API key, or by the cookie of a session; a router behind another front door takes it from the request's extensions as an
/// `Arc<Caller>`.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whose data the caller reaches.
    pub account: AccountId,
    /// Who acts, as the audit log and timelines name it.
    pub author: Author,
    /// What the caller may do.
    pub scopes: Scopes,
    /// Requests a minute that the calling key may make, and one that it mints. None of a session, whose own limit is another: then the plan
    /// says it.
    pub request_limit: Option<u32>,
    /// When the calling key ends, which no key that it mints outlives. None where it does not end, and of a session: a person's keys
    /// outlive it.
    pub expires_at: Option<Timestamp>,
    /// The person who minted the calling key. `None` for a session, and for a key without a known person.
    pub minted_by: Option<UserId>,
    /// What seals the receipts of the caller's requests.
    pub receipts: Receipts,
    /// What is known of the request.
    pub meta: RequestMeta,
}

/// Under which key a caller's receipts are filed, and the token that seals them.
#[derive(Debug, Clone)]
pub struct Receipts {
    /// The key, or the session, which is one.
    pub key_id: KeyId,
    /// Its token.
    pub token: Token,
}

impl Receipts {
    /// The seal of the receipt of the request that the caller calls `name`.
    pub(crate) fn seal(&self, name: &str) -> Result<Seal, SealError> {
        Seal::of(&self.token, name)
    }
}

impl Caller {
    /// A caller that proved itself by a key, or a session, and its token.
    pub fn by_key(key: ApiKey, token: Token, meta: RequestMeta) -> Self {
        let (actor, is_person) = match &key.session {
            Some(session) => (Actor::User(session.user_id), true),
            None => (Actor::Key(key.id), false),
        };
        Self {
            account: key.account_id,
            author: Author { actor, name: Some(key.name) },
            scopes: key.scopes,
            request_limit: (!is_person).then_some(key.request_limit),
            expires_at: key.expires_at.filter(|_| !is_person),
            minted_by: key.minted_by,
            receipts: Receipts { key_id: key.id, token },
            meta,
        }
    }

    /// The person who calls; none where it is a key.
    pub fn person(&self) -> Option<UserId> {
        match self.author.actor {
            Actor::User(user) => Some(user),
            _ => None,
        }
    }

    /// The person who answers for a key that this caller mints: the caller, or whoever minted the calling key.
    pub fn answers_for(&self) -> Option<UserId> {
        self.person().or(self.minted_by)
    }

    /// The account: first argument of every storage call.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The row of the audit log for what this caller does.
    pub fn audit(&self, at: Timestamp, action: AuditAction, target: Option<String>) -> AuditRow {
        self.meta.audit(self.account, self.author.clone(), at, action, target)
    }
}

impl RequestMeta {
    /// The row of the audit log for what somebody does by this request.
    pub fn audit(
        &self,
        account_id: AccountId,
        by: Author,
        at: Timestamp,
        action: AuditAction,
        target: Option<String>,
    ) -> AuditRow {
        AuditRow {
            account_id,
            id: AuditId::new(at, entropy()),
            by,
            action: action.as_str().to_owned(),
            target,
            ip: self.ip.clone(),
            user_agent: self.user_agent.clone(),
            request_id: Some(self.request_id.clone()),
            at,
        }
    }
}
