//! Monitors as clients see them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::schema::{Object, ObjectBuilder, Type},
};
use valpero_domain::{
    IncidentId, MonitorId, RegionCode, Status, Timestamp,
    alerting::mute::is_muted,
    certificate::TOLD_AT_DAYS,
    check::CheckType,
    downtime::{Downtime, KEPT_MS},
    event::MonitorFacts,
    monitor::{HttpUrl, Name, Tag},
    probe::Cause,
    status::{DegradedReason, Unwatched, Verdict, Vote},
};
use valpero_storage::{self as storage, LatestCheck};

use super::{CauseView, DnsView, HourView, HttpView, PingView, SettingsView, Shown, SslView, TcpView, ms};
use crate::schema;

/// The newest check of each region.
pub type Latest = BTreeMap<RegionCode, LatestCheck>;

const DAY_MS: i64 = 86_400_000;

/// A monitor.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct Monitor {
    /// Unique ID.
    #[schema(value_type = schema::MonitorId)]
    pub id: MonitorId,
    /// Status, decided from all regions.
    #[schema(value_type = schema::Status)]
    pub status: Status,
    /// Time since which it has this status.
    #[schema(value_type = schema::Time)]
    pub status_since: Timestamp,
    /// Why it is degraded. Null unless `status` is `degraded`.
    #[schema(value_type = Option<schema::DegradedReason>, required)]
    pub degraded_reason: Option<DegradedReason>,
    /// Regions that currently report it down or, if `degraded_reason` is `slow`, find it slow.
    #[schema(value_type = Vec<schema::Region>)]
    pub degraded_regions: Vec<RegionCode>,
    /// Set while no region can probe the monitor, so that its state is unknown: since when, and why. Otherwise null.
    #[schema(required)]
    pub unwatched: Option<UnwatchedView>,
    /// Time of the latest check. Null before the first check.
    #[schema(value_type = Option<schema::Time>, required)]
    pub last_check_at: Option<Timestamp>,
    /// Median response time of the regions' latest checks that were up, in milliseconds. Null if there is none.
    #[schema(required, minimum = 0)]
    pub response_time_ms: Option<f64>,
    /// Uptime ratios.
    pub uptime: UptimeView,
    /// Expiry time of the certificate that the target last presented. Null if none was seen.
    #[schema(value_type = Option<schema::Time>, required)]
    pub ssl_expires_at: Option<Timestamp>,
    /// ID of the open incident. Null if there is none.
    #[schema(value_type = Option<schema::IncidentId>, required)]
    pub current_incident_id: Option<IncidentId>,
    /// Time at which the receiver answered 410 Gone. Nothing is sent from then on until the URL changes. Null while the
    /// webhook is enabled.
    #[schema(value_type = Option<schema::Time>, required)]
    pub webhook_disabled_at: Option<Timestamp>,
    /// End of the monitor's own mute, until which its channels are silent. Null while it is not muted; the account may be.
    #[schema(value_type = Option<schema::Time>, required)]
    pub muted_until: Option<Timestamp>,
    /// Creation time.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// Time of the last change of its settings.
    #[schema(value_type = schema::Time)]
    pub updated_at: Timestamp,
    /// Readable description of what is checked: the URL, host and port, or name and record type.
    pub target: String,
    #[schema(value_type = Option<schema::Url>, required)]
    pub url: Option<HttpUrl>,
    #[schema(value_type = schema::Name)]
    pub name: Name,
    #[schema(value_type = schema::CheckType)]
    pub check_type: CheckType,
    pub check_interval: u32,
    #[schema(value_type = Vec<schema::Region>)]
    pub regions: Vec<RegionCode>,
    pub timeout_ms: u32,
    pub retries: u8,
    #[schema(required)]
    pub confirm_regions: Option<u8>,
    #[schema(value_type = Vec<schema::Tag>)]
    pub tags: Vec<Tag>,
    #[schema(value_type = Option<schema::Url>, required)]
    pub webhook_url: Option<HttpUrl>,
    #[schema(value_type = Vec<schema::MonitorId>)]
    pub depends_on: Vec<MonitorId>,
    #[schema(required)]
    pub http: Option<HttpView>,
    #[schema(required)]
    pub ssl: Option<SslView>,
    #[schema(required)]
    pub tcp: Option<TcpView>,
    #[schema(required)]
    pub dns: Option<DnsView>,
    #[schema(required)]
    pub ping: Option<PingView>,
    /// The last 24 full hours, oldest first. Only in the list, and only with `include_hours`. An hour appears some minutes after
    /// its end; hours without checks are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub hours: Option<Vec<HourView>>,
    /// Secret of the webhook. Only in the response that creates the monitor with a `webhook_url`, or first sets one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::WebhookSecret, required = false)]
    pub webhook_secret: Option<Shown>,
}

/// Why a monitor cannot be probed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UnwatchedView {
    /// Time of the first check without a result.
    #[schema(value_type = schema::Time)]
    pub since: Timestamp,
    /// Cause in the region that has been unable to probe for the longest time.
    #[schema(value_type = CauseView)]
    pub cause: Cause,
}

impl From<Unwatched> for UnwatchedView {
    fn from(Unwatched { since, cause }: Unwatched) -> Self {
        Self { since, cause }
    }
}

/// Uptime as a ratio from 0 to 1, computed from the incidents to the millisecond; paused time does not count. Null if there
/// is no data yet.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct UptimeView {
    /// Last 24 hours.
    #[serde(rename = "24h")]
    #[schema(required, minimum = 0, maximum = 1)]
    pub day: Option<f64>,
    /// Last 7 days.
    #[serde(rename = "7d")]
    #[schema(required, minimum = 0, maximum = 1)]
    pub week: Option<f64>,
    /// Last 30 days.
    #[serde(rename = "30d")]
    #[schema(required, minimum = 0, maximum = 1)]
    pub month: Option<f64>,
    /// Last 90 days.
    #[serde(rename = "90d")]
    #[schema(required, minimum = 0, maximum = 1)]
    pub quarter: Option<f64>,
}

impl UptimeView {
    /// As it is now.
    pub fn of(downtime: &Downtime, now: Timestamp) -> Self {
        let of = |window_ms: i64| downtime.uptime(now, window_ms);
        Self { day: of(DAY_MS), week: of(7 * DAY_MS), month: of(30 * DAY_MS), quarter: of(KEPT_MS) }
    }
}

impl Monitor {
    /// A monitor, with what its newest checks say, at this moment.
    pub fn of(monitor: &storage::Monitor, latest: &Latest, now: Timestamp) -> Self {
        let is_slow = monitor.degraded_reason == Some(DegradedReason::Slow);
        let counts = |vote: &Vote| if is_slow { vote.slow } else { vote.verdict == Verdict::Down };
        let amiss = |region: &&RegionCode| monitor.votes.get(region).is_some_and(counts);
        let degraded = monitor.status == Status::Degraded;
        let spec = &monitor.spec;
        let settings = SettingsView::of(&spec.check);
        Self {
            id: monitor.id,
            status: monitor.status,
            status_since: monitor.status_since,
            degraded_reason: degraded.then(|| monitor.degraded_reason.unwrap_or(DegradedReason::Regions)),
            degraded_regions: spec.regions.iter().filter(amiss).copied().collect(),
            unwatched: monitor.unwatched.clone().map(UnwatchedView::from),
            last_check_at: latest.values().map(|check| check.at).max(),
            response_time_ms: median_ms(latest),
            uptime: UptimeView::of(&monitor.downtime, now),
            ssl_expires_at: monitor.ssl_expires_at,
            current_incident_id: monitor.current_incident_id,
            webhook_disabled_at: monitor.webhook.as_ref().and_then(|webhook| webhook.disabled_at),
            muted_until: is_muted(monitor.muted_until, None, now),
            created_at: monitor.created_at,
            updated_at: monitor.updated_at,
            target: spec.check.target(),
            url: spec.check.url().cloned(),
            name: spec.name.clone(),
            check_type: spec.check.check_type(),
            check_interval: spec.check_interval,
            regions: spec.regions.clone(),
            timeout_ms: spec.timeout_ms,
            retries: spec.retries,
            confirm_regions: spec.confirm_regions,
            tags: spec.tags.clone(),
            webhook_url: spec.webhook_url.clone(),
            depends_on: spec.depends_on.clone(),
            http: settings.http,
            ssl: settings.ssl,
            tcp: settings.tcp,
            dns: settings.dns,
            ping: settings.ping,
            hours: None,
            webhook_secret: None,
        }
    }
}

fn median_ms(latest: &Latest) -> Option<f64> {
    let answered = latest.values().filter(|check| check.record.outcome.is_up());
    let mut times: Vec<u32> = answered.map(|check| check.record.phases.total_us()).collect();
    times.sort_unstable();
    let middle = times.len() / 2;
    match times.len() {
        0 => None,
        count if count % 2 == 1 => Some(ms(times[middle])),
        _ => Some(ms(times[middle - 1].midpoint(times[middle]))),
    }
}

/// The monitor in a webhook event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MonitorInEvent {
    /// Unique ID.
    #[schema(value_type = schema::MonitorId)]
    pub id: MonitorId,
    /// Display name.
    #[schema(value_type = schema::Name)]
    pub name: Name,
    /// Readable description of what is checked: the URL, host and port, or name and record type.
    pub target: String,
    /// URL of an http check. Null for other check types.
    #[schema(value_type = Option<schema::Url>, required)]
    pub url: Option<HttpUrl>,
    /// Check type.
    #[schema(value_type = schema::CheckType)]
    pub check_type: CheckType,
    /// Status after this event.
    #[schema(value_type = schema::Status)]
    pub status: Status,
    /// Why it is degraded. Null unless `status` is `degraded`.
    #[schema(value_type = Option<schema::DegradedReason>, required)]
    pub degraded_reason: Option<DegradedReason>,
    /// Labels.
    #[schema(value_type = Vec<schema::Tag>)]
    pub tags: Vec<Tag>,
}

impl From<&MonitorFacts> for MonitorInEvent {
    fn from(monitor: &MonitorFacts) -> Self {
        Self {
            id: monitor.id,
            name: monitor.name.clone(),
            target: monitor.target.clone(),
            url: monitor.url.clone(),
            check_type: monitor.check_type,
            status: monitor.status,
            degraded_reason: monitor.degraded_reason,
            tags: monitor.tags.clone(),
        }
    }
}

/// A certificate that is about to expire.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct CertificateView {
    /// Expiry time.
    #[schema(value_type = schema::Time)]
    pub expires_at: Timestamp,
    /// Whole days until expiry.
    pub days_remaining: i64,
    /// Threshold that was passed, in days.
    #[schema(schema_with = thresholds)]
    pub threshold_days: u8,
}

fn thresholds() -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some(TOLD_AT_DAYS)).build()
}
