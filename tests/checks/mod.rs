//! Checks: from the probe to the incident.

mod certificates;
mod crashes;
mod deciding;
mod probing;
mod restart;
mod story;
mod tenancy;
