//! HTTP as every function speaks it: one front door that names, meters, logs and answers every request in the same way.

pub mod auth;
pub mod caller;
pub mod code;
pub mod etag;
pub mod extract;
pub mod front;
pub mod idempotency;
mod json;
pub mod latest;
pub mod meta;
pub mod page;
pub mod problem;
pub mod quota;
pub mod rate;
pub mod routes;
pub mod session;

pub use auth::{Auth, need};
pub use caller::{Caller, Receipts};
pub use code::Code;
pub use etag::{ETag, IfMatch, IfMatchParam};
pub use extract::{JsonBody, NoBody, NoQuery, ObjectId, ObjectIds, OptionalBody, Params};
pub use front::{finish, finish_both, finish_open, inner};
pub use idempotency::{Answer, Idempotency, IdempotencyParam, Ticket};
pub use meta::RequestMeta;
pub use page::{List, Listed, Page, PageParams};
pub use problem::{Problem, ProblemDocument, retry_on_conflict};
pub use quota::within_channel_quota;
pub use routes::{Route, Routes};
pub use valpero_storage::RECEIPT_HOURS;

// What [`routes!`] expands to, so that a function need not name what it does not use.
#[doc(hidden)]
pub use {axum, utoipa_axum};
