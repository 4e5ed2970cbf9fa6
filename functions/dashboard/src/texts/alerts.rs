//! What the pages of alerting say.

use valpero_domain::channel::ChannelType;

/// Texts of channels, escalation policies, alert routes and the account's mute.
#[derive(Debug)]
pub struct Alerts {
    // The overview.
    pub channels: &'static str,
    pub channel: &'static str,
    pub new_channel: &'static str,
    pub no_channel: &'static str,
    pub no_channel_next: &'static str,
    pub kind: &'static str,
    pub told_of: &'static str,
    pub last_message: &'static str,
    pub test: &'static str,
    pub deliveries: &'static str,
    pub mend: &'static str,
    /// "Ops cannot be reached" of "Ops".
    pub unreachable: fn(&str) -> String,
    pub policies: &'static str,
    pub policy: &'static str,
    pub new_policy: &'static str,
    pub no_policy: &'static str,
    pub at_once: &'static str,
    /// "After 5 min, unless acknowledged" of "5 min".
    pub after: fn(&str) -> String,
    /// When the steps begin again, of "30 min".
    pub repeats: fn(&str) -> String,
    pub no_route_leads_here: &'static str,
    pub routes: &'static str,
    pub routes_say: &'static str,
    pub no_route: &'static str,
    pub set_routes: &'static str,
    pub matched: &'static str,
    pub all_monitors: &'static str,
    /// "tagged a or b" of "a or b".
    pub with_tag: fn(&str) -> String,
    /// "of type HTTP" of "HTTP".
    pub of_type: fn(&str) -> String,
    /// "3 named monitors" of 3.
    pub of_monitors: fn(usize) -> String,
    /// What stands between two of which one is enough.
    pub or: &'static str,
    pub mute: &'static str,
    pub mute_says: &'static str,
    pub muted: &'static str,
    pub mute_ends: &'static str,
    /// "Mute for 8 h" of "8 h".
    pub mute_for: fn(&str) -> String,
    pub unmute: &'static str,
    // How a channel is.
    pub works: &'static str,
    pub failing: &'static str,
    pub refused: &'static str,
    pub untried: &'static str,
    pub off: &'static str,
    // The form of a channel.
    pub choose_type: &'static str,
    /// What a type of channel is, in a line.
    pub type_says: fn(ChannelType) -> &'static str,
    /// "New channel: Slack" of "Slack".
    pub new_of: fn(&str) -> String,
    /// "Edit Ops" of "Ops".
    pub edit_of: fn(&str) -> String,
    pub headers_hint: &'static str,
    pub preview: &'static str,
    pub preview_is: &'static str,
    // The page of a channel.
    pub health: &'static str,
    pub state: &'static str,
    pub last_success: &'static str,
    pub last_error: &'static str,
    pub settings: &'static str,
    pub id: &'static str,
    pub created: &'static str,
    pub changed: &'static str,
    pub rotate: &'static str,
    pub rotate_says: &'static str,
    pub secret_once: &'static str,
    pub secret_says: &'static str,
    pub old_secret_until: &'static str,
    pub go_to_channel: &'static str,
    /// What is deleted for good, of its name.
    pub delete_says: fn(&str) -> String,
    pub channel_in_use: &'static str,
    // The test of a channel.
    /// "Test of Ops" of "Ops".
    pub test_of: fn(&str) -> String,
    pub delivered: &'static str,
    pub not_delivered: &'static str,
    pub test_refused: &'static str,
    pub why: &'static str,
    pub http_status: &'static str,
    pub took: &'static str,
    pub receiver_says: &'static str,
    pub test_again: &'static str,
    // The form of a policy.
    pub steps: &'static str,
    pub steps_say: &'static str,
    /// "Step 2" of 2.
    pub step: fn(usize) -> String,
    pub after_minutes: &'static str,
    pub tell: &'static str,
    pub more_steps: &'static str,
    pub needs_channel: &'static str,
    pub policy_in_use: &'static str,
    // The form of the routes.
    /// "Route 2" of 2.
    pub route: fn(usize) -> String,
    pub order: &'static str,
    pub tags: &'static str,
    pub tags_hint: &'static str,
    pub check_types: &'static str,
    pub monitors: &'static str,
    pub monitors_hint: &'static str,
    pub routes_hint: &'static str,
    pub no_policy_chosen: &'static str,
    pub needs_policy: &'static str,
    pub routes_changed: &'static str,
    pub see_theirs: &'static str,
}
