//! Checks: from the probe to the incident.

mod certificates;
mod crashes;
mod deciding;
mod history;
mod interleaving;
mod probing;
mod protocol;
mod regions;
mod restart;
mod shares;
mod slow;
mod story;
mod tenancy;
mod tools;
mod types;
mod watching;
