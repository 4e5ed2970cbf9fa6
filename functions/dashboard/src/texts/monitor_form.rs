//! What the form of a monitor says.

/// What the form of a monitor says.
#[derive(Debug)]
pub struct MonitorForm {
    pub new_monitor: &'static str,
    /// The title, of a monitor's name.
    pub edit_monitor: fn(&str) -> String,
    pub type_of_check: &'static str,
    pub try_it: &'static str,
    pub result_of_try: &'static str,
    pub without_secrets: &'static str,
    /// A sentence of subject, issuer and days.
    pub certificate: fn(&str, &str, &str) -> String,
    pub other_interval: &'static str,
    pub other_interval_says: &'static str,
    pub headers_one_a_line: &'static str,
    pub tags_apart: &'static str,
    pub changed_meanwhile: &'static str,
    pub stored_now: &'static str,
}
