//! Domains of status pages as the page's owner sees them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{Timestamp, pages::DomainState};
use valpero_storage::StatusPageRow;

use crate::schema;

/// A status page's own domain.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PageDomain {
    /// Domain.
    #[schema(value_type = schema::DomainName)]
    pub domain: String,
    /// State.
    #[schema(value_type = schema::PageDomainState)]
    pub state: DomainState,
    /// DNS record that the domain needs. An alias that leads to the same addresses serves as well.
    pub record: DnsRecordView,
    /// Why it is not live. Null: it is, or nobody has looked yet.
    #[schema(required, example = "status.example.com has no CNAME record.")]
    pub detail: Option<String>,
    /// Time at which the domain was last looked at. Null: nobody has.
    #[schema(value_type = Option<schema::Time>, required)]
    pub checked_at: Option<Timestamp>,
}

/// A DNS record to set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = DnsRecordToSet)]
pub struct DnsRecordView {
    /// Type.
    #[serde(rename = "type")]
    #[schema(example = "CNAME")]
    pub kind: String,
    /// Name.
    #[schema(value_type = schema::DomainName)]
    pub name: String,
    /// Value.
    #[schema(value_type = schema::DomainName)]
    pub value: String,
}

impl PageDomain {
    /// The domain of a page; none where it has none.
    pub fn of(row: &StatusPageRow) -> Option<Self> {
        let (domain, watch) = row.domain.as_ref().zip(row.domain_watch.as_ref())?;
        Some(Self {
            domain: domain.to_string(),
            state: watch.state,
            record: DnsRecordView {
                kind: "CNAME".to_owned(),
                name: domain.to_string(),
                value: watch.target.to_string(),
            },
            detail: watch.detail.clone(),
            checked_at: watch.checked_at,
        })
    }
}
