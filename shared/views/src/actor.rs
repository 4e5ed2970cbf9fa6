//! Who acted, as clients see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{ActorType, Author};

use crate::schema;

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorView {
    /// The kind of actor.
    #[serde(rename = "type")]
    #[schema(value_type = schema::ActorType)]
    pub kind: ActorType,
    /// The id of the key or user, or the code of the checker's region. Null for all others.
    #[schema(required, example = "key_01M82PJFFSY9XKXCV0WRMX4C7M")]
    pub id: Option<String>,
    /// The name of the key or user at that time. Null for all others, and in entries of before Valpero 0.2.
    #[schema(required, example = "laptop")]
    pub name: Option<String>,
}

impl From<&Author> for ActorView {
    fn from(author: &Author) -> Self {
        Self { kind: author.actor.kind(), id: author.actor.id(), name: author.name.clone() }
    }
}
