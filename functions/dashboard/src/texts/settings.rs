//! What the pages of the settings say.

use valpero_domain::{Language, Plan};

/// Texts of the account, API keys, sessions, the audit log and plans.
#[derive(Debug)]
pub struct Settings {
    // The parts.
    pub parts: &'static str,
    pub account: &'static str,
    pub people: &'static str,
    pub keys: &'static str,
    pub sessions: &'static str,
    pub two_factor: &'static str,
    pub audit: &'static str,
    pub plan: &'static str,
    // The account.
    pub account_id: &'static str,
    pub email: &'static str,
    pub created: &'static str,
    pub language_and_zone: &'static str,
    pub language: &'static str,
    pub language_says: &'static str,
    /// A language's name in that language.
    pub language_name: fn(Language) -> &'static str,
    pub time_zone: &'static str,
    pub time_zone_says: &'static str,
    // Keys.
    pub scopes: &'static str,
    pub scopes_say: &'static str,
    /// What a scope lets a key do, of the API's name; empty where that is not known.
    pub scope_says: fn(&str) -> &'static str,
    pub last_used: &'static str,
    pub rotation: &'static str,
    pub overdue: &'static str,
    /// "in 4 months" of 4, which is 2 or more.
    pub in_months: fn(i64) -> String,
    pub ends: &'static str,
    pub ends_never: &'static str,
    pub in_90_days: &'static str,
    pub in_a_year: &'static str,
    /// "3 of 100" of these.
    pub live_keys: fn(usize, usize) -> String,
    /// "Revoked and expired: 2" of 2.
    pub ended_keys: fn(usize) -> String,
    pub ended: &'static str,
    pub revoked: &'static str,
    pub expired: &'static str,
    pub no_keys: &'static str,
    pub new_key: &'static str,
    pub key_name_says: &'static str,
    pub copy_now: &'static str,
    pub rotate: &'static str,
    /// "Rotate terraform …x7Qe" of the key.
    pub rotate_of: fn(&str) -> String,
    pub rotate_says: &'static str,
    pub grace: &'static str,
    pub grace_says: &'static str,
    pub at_once: &'static str,
    pub one_hour: &'static str,
    pub one_day: &'static str,
    pub seven_days: &'static str,
    /// How long the old key still works, of "1 day".
    pub old_key_works: fn(&str) -> String,
    pub old_key_ended: &'static str,
    pub rename: &'static str,
    /// "Rename terraform …x7Qe" of the key.
    pub rename_of: fn(&str) -> String,
    pub revoke: &'static str,
    /// "Revoke terraform …x7Qe?" of the key.
    pub revoke_of: fn(&str) -> String,
    pub revoke_says: &'static str,
    // Sessions.
    pub sessions_say: &'static str,
    pub browser: &'static str,
    pub unknown_browser: &'static str,
    /// "Firefox on Linux" of these.
    pub browser_on: fn(&str, &str) -> String,
    pub signed_in: &'static str,
    pub this_one: &'static str,
    pub end: &'static str,
    // The audit log.
    pub when: &'static str,
    pub who: &'static str,
    pub who_says: &'static str,
    pub what: &'static str,
    pub target: &'static str,
    pub target_says: &'static str,
    pub address: &'static str,
    pub request: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    pub filter: &'static str,
    pub clear: &'static str,
    pub newest: &'static str,
    pub no_rows: &'static str,
    pub no_rows_filtered: &'static str,
    /// The kind of an actor, of the API's name.
    pub actor_kind: fn(&str) -> &'static str,
    /// What was done, of the API's name; empty where that is not known.
    pub action: fn(&str) -> &'static str,
    // Plans.
    pub plans: &'static str,
    pub plan_name: fn(Plan) -> &'static str,
    pub present_plan: &'static str,
    pub monitors: &'static str,
    pub requests_a_minute: &'static str,
    /// "of 50" of "50".
    pub of_limit: fn(&str) -> String,
    pub over_plan: &'static str,
    pub redeem: &'static str,
    pub redeem_button: &'static str,
    pub code: &'static str,
    pub code_says: &'static str,
}
