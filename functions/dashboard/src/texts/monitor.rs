//! What the page of a monitor says.

/// What the page of a monitor says.
#[derive(Debug)]
pub struct MonitorTexts {
    pub check_now: &'static str,
    pub pause: &'static str,
    pub resume: &'static str,
    pub mute: &'static str,
    pub unmute: &'static str,
    pub one_hour: &'static str,
    pub eight_hours: &'static str,
    pub one_day: &'static str,
    /// A sentence of the moment at which a mute ends.
    pub muted_until: fn(&str) -> String,
    /// Type, interval and regions.
    pub checked: fn(&str, &str, &str) -> String,
    /// "Up for 12 days" of "12 days".
    pub up_for: fn(&str) -> String,
    /// The same of a monitor that is down.
    pub down_for: fn(&str) -> String,
    /// The same of a monitor that is degraded.
    pub degraded_for: fn(&str) -> String,
    /// The same of a monitor that is paused.
    pub paused_for: fn(&str) -> String,
    /// The same of a monitor that no region can check.
    pub unwatched_for: fn(&str) -> String,
    pub no_result_yet: &'static str,
    pub first_check_within: &'static str,
    /// A sentence of "4 min ago".
    pub last_check: fn(&str) -> String,
    /// A sentence of regions.
    pub down_from: fn(&str) -> String,
    /// A sentence of regions.
    pub slow_from: fn(&str) -> String,
    pub see_incident: &'static str,
    pub certificate: &'static str,
    /// A sentence of "in 4 days".
    pub certificate_ends: fn(&str) -> String,
    /// A sentence of "4 days ago".
    pub certificate_ended: fn(&str) -> String,
    pub uptime: &'static str,
    pub last_day: &'static str,
    pub last_week: &'static str,
    pub last_month: &'static str,
    pub last_quarter: &'static str,
    pub response_time: &'static str,
    pub median_now: &'static str,
    pub no_data: &'static str,
    pub no_downtime: &'static str,
    /// "4 min 12 s down" of the span.
    pub down_in_all: fn(&str) -> String,
    /// "no downtime in 5 min" of "no downtime" and "5 min".
    pub known_for: fn(&str, &str) -> String,
    /// What a chart shows, of its period.
    pub chart_says: fn(&str) -> String,
    pub medians_by_region: &'static str,
    /// A sentence of the zone.
    pub times_in: fn(&str) -> String,
    pub no_times_yet: &'static str,
    pub strip_says: &'static str,
    pub latest_checks: &'static str,
    pub no_checks_yet: &'static str,
    pub requested_check: &'static str,
    pub regions_check_now: &'static str,
    pub regions_have_checked: &'static str,
    pub waiting: &'static str,
    pub no_answer: &'static str,
    pub look_again: &'static str,
    pub at: &'static str,
    pub region: &'static str,
    pub result: &'static str,
    pub where_time_went: &'static str,
    pub total: &'static str,
    pub slow: &'static str,
    pub not_checked: &'static str,
    pub phase_dns: &'static str,
    pub phase_connect: &'static str,
    pub phase_tls: &'static str,
    pub phase_wait: &'static str,
    pub all_incidents: &'static str,
    pub no_incidents: &'static str,
    pub today: &'static str,
    pub began: &'static str,
    pub state: &'static str,
    pub lasted: &'static str,
    pub cause: &'static str,
    pub ongoing: &'static str,
    pub resolved: &'static str,
    pub webhook: &'static str,
    /// A sentence of "4 min ago".
    pub webhook_disabled: fn(&str) -> String,
    pub send_test: &'static str,
    pub no_deliveries: &'static str,
    pub event: &'static str,
    pub attempts: &'static str,
    /// The next attempt, of "in 4 min".
    pub next_attempt: fn(&str) -> String,
    pub redeliver: &'static str,
    pub rotate_secret: &'static str,
    pub rotate_title: &'static str,
    pub rotate_says: &'static str,
    pub new_secret: &'static str,
    pub shown_once: &'static str,
    /// A sentence of a moment.
    pub old_secret_until: fn(&str) -> String,
    pub to_monitor: &'static str,
    pub delete_title: &'static str,
    pub delete_says: &'static str,
    pub delete_button: &'static str,
    pub settings: &'static str,
    pub cost: &'static str,
    /// A sentence of a price and a number of checks.
    pub costs: fn(&str, &str) -> String,
    /// The same of a smaller price.
    pub costs_less: fn(&str, &str) -> String,
}
