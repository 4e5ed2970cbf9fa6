//! People, invitations and sessions as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{InvitationId, KeyId, Role, SessionId, Timestamp, UserId};
use valpero_storage::{self as storage, ApiKey, Member, SESSION_IDLE_S};

use crate::{ActorView, Key, Shown, schema};

/// A person of an account.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// Unique ID.
    #[schema(value_type = schema::UserId)]
    pub user_id: UserId,
    /// E-mail address.
    #[schema(example = "dev@example.com")]
    pub email: String,
    /// Display name.
    #[schema(value_type = schema::Name)]
    pub name: String,
    /// Role in the account.
    #[schema(value_type = schema::Role)]
    pub role: Role,
    /// When the person joined the account.
    #[schema(value_type = schema::Time)]
    pub joined_at: Timestamp,
    /// When the person last signed in. Null: not yet.
    #[schema(value_type = Option<schema::Time>, required)]
    pub last_seen_at: Option<Timestamp>,
    /// Whether signing in needs a one-time code.
    pub has_totp: bool,
}

impl Person {
    /// A person as others of the account see it.
    pub fn of(member: &Member) -> Self {
        Self {
            user_id: member.user_id,
            email: member.email.clone(),
            name: member.name.clone(),
            role: member.role,
            joined_at: member.joined_at,
            last_seen_at: member.signed_in_at,
            has_totp: member.has_totp,
        }
    }
}

/// A person who was removed from an account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RemovedPerson {
    /// ID of the person.
    #[schema(value_type = schema::UserId)]
    pub user_id: UserId,
    /// Keys that the person created and that were live. Those that are not revoked still work.
    pub keys: Vec<Key>,
}

/// An invitation that was not used yet.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// Unique ID.
    #[schema(value_type = schema::InvitationId)]
    pub id: InvitationId,
    /// Who is invited.
    #[schema(value_type = schema::MailAddress)]
    pub email: String,
    /// What the person will be.
    #[schema(value_type = schema::Role)]
    pub role: Role,
    /// Who invited.
    pub invited_by: ActorView,
    /// Creation time.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// When its link ends.
    #[schema(value_type = schema::Time)]
    pub expires_at: Timestamp,
    /// The link. Only in the response that creates the invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "https://valpero.example.com/enter/…")]
    pub invite_url: Option<Shown>,
    /// Whether the link was mailed. Only in the response that creates the invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mailed: Option<bool>,
}

impl Invitation {
    /// An invitation without its link, which nobody keeps.
    pub fn of(invitation: &storage::Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email.clone(),
            role: invitation.role,
            invited_by: ActorView::from(&invitation.by),
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            invite_url: None,
            mailed: None,
        }
    }
}

/// A session: a browser in which a person is signed in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Unique ID.
    #[schema(value_type = schema::SessionId)]
    pub id: SessionId,
    /// When the person signed in.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// Time of the last request, to the minute or so. Null: none yet.
    #[schema(value_type = Option<schema::Time>, required)]
    pub last_used_at: Option<Timestamp>,
    /// When it ends if it is not used: 14 days after its last use, and at most 90 days after it was opened.
    #[schema(value_type = schema::Time)]
    pub expires_at: Timestamp,
    /// IP address that it was opened from. Null: unknown.
    #[schema(required)]
    pub ip: Option<String>,
    /// `User-Agent` that it was opened with. Null: none.
    #[schema(required)]
    pub user_agent: Option<String>,
    /// Whether the request comes with this session.
    pub current: bool,
}

impl Session {
    /// A session as its person sees it, by a request with the session `current`.
    pub fn of(session: &ApiKey, current: KeyId) -> Self {
        let idle = session.last_used_at.unwrap_or(session.created_at).plus_seconds(SESSION_IDLE_S);
        let of = session.session.as_ref();
        Self {
            id: SessionId::of_key(session.id),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at.map_or(idle, |end| end.min(idle)),
            ip: of.and_then(|of| of.ip.clone()),
            user_agent: of.and_then(|of| of.user_agent.clone()),
            current: session.id == current,
        }
    }
}
