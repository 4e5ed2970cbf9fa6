//! HTTP as every function speaks it: one front door that names, meters, logs and answers every request in the same way.

pub mod auth;
pub mod extract;
pub mod front;
pub mod page;
pub mod problem;
pub mod rate;

pub use auth::{Auth, Caller, need};
pub use extract::{JsonBody, NoBody, ObjectId, OptionalBody, Params};
pub use front::{RequestMeta, finish};
pub use page::Page;
pub use problem::{Problem, settled};
