//! Subscribers of status pages as the page's owner sees them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{
    ComponentId, SubscriberId, Timestamp,
    pages::{Contact, SubscriberKind, SubscriberStatus},
};
use valpero_storage::Subscriber;

use crate::schema;

/// A subscriber of a status page.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PageSubscriber {
    /// Unique ID.
    #[schema(value_type = schema::SubscriberId)]
    pub id: SubscriberId,
    /// Kind.
    #[schema(value_type = schema::SubscriberKind)]
    pub kind: SubscriberKind,
    /// E-mail address. Null: it is a webhook.
    #[schema(value_type = Option<schema::MailAddress>, required)]
    pub email: Option<String>,
    /// URL of the webhook. Null: it is told by mail.
    #[schema(value_type = Option<schema::Url>, required)]
    pub url: Option<String>,
    /// IDs of the components that it is told of. None: it is told of all.
    #[schema(value_type = Vec<schema::ComponentId>)]
    pub components: Vec<ComponentId>,
    /// State.
    #[schema(value_type = schema::SubscriberStatus)]
    pub status: SubscriberStatus,
    /// Time at which the subscription was asked for.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// Time at which it was confirmed. Null: it was not.
    #[schema(value_type = Option<schema::Time>, required)]
    pub confirmed_at: Option<Timestamp>,
    /// Time at which it was quarantined. Null: it was not.
    #[schema(value_type = Option<schema::Time>, required)]
    pub quarantined_at: Option<Timestamp>,
    /// Why it was quarantined. Null: it was not.
    #[schema(required, example = "Mail cannot be delivered to ops@example.com")]
    pub quarantine_reason: Option<String>,
}

impl PageSubscriber {
    /// A subscriber as the page's owner sees it.
    pub fn of(row: &Subscriber) -> Self {
        let (email, url) = match &row.contact {
            Contact::Email { email } => (Some(email.as_given().to_owned()), None),
            Contact::Webhook { url } => (None, Some(url.to_string())),
        };
        Self {
            id: row.id,
            kind: row.contact.kind(),
            email,
            url,
            components: row.components.iter().copied().collect(),
            status: row.status,
            created_at: row.created_at,
            confirmed_at: row.confirmed_at,
            quarantined_at: row.quarantined_at,
            quarantine_reason: row.quarantine_reason.clone(),
        }
    }
}
