//! What the form of a monitor says.

use crate::texts::monitor_form::MonitorForm;

pub(super) const TEXTS: MonitorForm = MonitorForm {
    new_monitor: "New monitor",
    edit_monitor: |text| format!("Edit {text}"),
    type_of_check: "Type of check",
    try_it: "Try it",
    result_of_try: "What a probe just found",
    without_secrets: "Tried without the stored secrets, which nobody can see: type them again to try with them.",
    certificate: |subject, issuer, days| format!("Certificate for {subject}, issued by {issuer}, {days} days left."),
    other_interval: "Or another interval in seconds",
    other_interval_says: "A multiple of 60. It replaces the choice above.",
    headers_one_a_line: "One a line, each name once: “Name: value”. The mark *** keeps the stored value.",
    tags_apart: "One a line, or with commas between them.",
    changed_meanwhile: "Somebody else changed this monitor since you opened it, so nothing was saved. Your entries are below. Save again to replace what is stored now.",
    stored_now: "What is stored now",
};
