//! The pages: one file a page or a group of them.

pub mod alerts;
pub mod channels;
pub mod deliveries;
pub mod enter;
pub mod forgot;
pub mod incident;
pub mod incidents;
pub mod monitor;
pub mod monitor_form;
pub mod monitors;
pub mod mute;
pub mod paste;
pub mod policies;
pub mod routes;
pub mod settings;
pub mod sign_in;
pub mod signing_in;
pub mod status_pages;
pub mod tools;
pub mod tv;
