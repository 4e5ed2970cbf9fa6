//! Alerting: whom an incident reaches, when, and what keeps the channels silent.

pub mod content;
pub mod dependency;
pub mod escalation;
pub mod flapping;
pub mod gate;
pub mod later;
pub mod mute;
pub mod policy;
pub mod routes;
pub mod row;
pub mod storm;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod model;

pub use content::Content;
pub use policy::EscalationPolicy;
pub use routes::AlertRoutes;
pub use row::{Alerting, DueStep, Hold, HoldReason, NextStep, PolicyRead, Round, StepKey, StopReason, Stopped, Told};
