//! Monitors as clients see them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use valpero_domain::{
    IncidentId, MonitorId, RegionCode, Status, Timestamp,
    check::CheckType,
    downtime::{Downtime, KEPT_MS},
    event::MonitorFacts,
    monitor::{HttpUrl, MonitorName, Tag},
    probe::Cause,
    status::{Unwatched, Verdict},
};
use valpero_storage::{self as storage, LatestCheck};

use super::{CauseView, DnsView, HttpView, PingView, SettingsView, Shown, SslView, TcpView, ms};
use crate::schema;

/// The newest check of each region.
pub type Latest = BTreeMap<RegionCode, LatestCheck>;

const DAY_MS: i64 = 86_400_000;

/// A monitor.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Monitor {
    /// Its own name.
    #[schema(value_type = schema::MonitorId)]
    pub id: MonitorId,
    /// What it is, all regions together.
    #[schema(value_type = schema::Status)]
    pub status: Status,
    /// Since when.
    #[schema(value_type = schema::Time)]
    pub status_since: Timestamp,
    /// The regions that see it down.
    #[schema(value_type = Vec<schema::Region>)]
    pub degraded_regions: Vec<RegionCode>,
    /// Since when, and why, no region can probe it: nobody knows whether it is up. Null while one can.
    #[schema(required)]
    pub unwatched: Option<UnwatchedView>,
    /// When it was last checked. Null before the first check.
    #[schema(value_type = Option<schema::Time>, required)]
    pub last_check_at: Option<Timestamp>,
    /// The median of the regions' newest checks that were up, in milliseconds. Null where there is none.
    #[schema(required, minimum = 0)]
    pub response_time_ms: Option<f64>,
    /// How much of the time it was up.
    pub uptime: UptimeView,
    /// When the certificate that its target last showed expires. Null where none was seen.
    #[schema(value_type = Option<schema::Time>, required)]
    pub ssl_expires_at: Option<Timestamp>,
    /// The incident that is open. Null where none is.
    #[schema(value_type = Option<schema::IncidentId>, required)]
    pub current_incident_id: Option<IncidentId>,
    /// When the webhook's receiver answered 410 Gone; nothing is sent from then on, until the URL changes. Null while it is on.
    #[schema(value_type = Option<schema::Time>, required)]
    pub webhook_disabled_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// When its description last changed.
    #[schema(value_type = schema::Time)]
    pub updated_at: Timestamp,
    /// What is checked, for a person: the URL, host and port, or name and record type.
    pub target: String,
    /// The target of an http check. Null for the other types.
    #[schema(value_type = Option<schema::Url>, required)]
    pub url: Option<HttpUrl>,
    /// What people call it.
    #[schema(value_type = schema::Name)]
    pub name: MonitorName,
    /// How it is checked.
    #[schema(value_type = schema::CheckType)]
    pub check_type: CheckType,
    /// Seconds between two checks.
    #[schema(minimum = 60, maximum = 86400)]
    pub check_interval: u32,
    /// Where it is checked from.
    #[schema(value_type = Vec<schema::Region>)]
    pub regions: Vec<RegionCode>,
    /// How long one attempt may take, in milliseconds.
    #[schema(minimum = 100, maximum = 30000)]
    pub timeout_ms: u32,
    /// Further attempts within a minute before a region says that it is down.
    #[schema(minimum = 0, maximum = 5)]
    pub retries: u8,
    /// How many regions must agree. Null: a majority of those that report.
    #[schema(required, minimum = 1, maximum = 20)]
    pub confirm_regions: Option<u8>,
    /// Labels to find it by.
    #[schema(value_type = Vec<schema::Tag>)]
    pub tags: Vec<Tag>,
    /// Where events go. Null: nowhere.
    #[schema(value_type = Option<schema::Url>, required)]
    pub webhook_url: Option<HttpUrl>,
    /// What an http check asks and expects. Null for the other types, as are their objects for this one.
    #[schema(required)]
    pub http: Option<HttpView>,
    /// Whose certificate an ssl check looks at.
    #[schema(required)]
    pub ssl: Option<SslView>,
    /// What a tcp check connects to.
    #[schema(required)]
    pub tcp: Option<TcpView>,
    /// What a dns check asks for.
    #[schema(required)]
    pub dns: Option<DnsView>,
    /// What a ping check connects to.
    #[schema(required)]
    pub ping: Option<PingView>,
    /// The webhook's secret: only in the answer that made the monitor with a `webhook_url`, or gave it one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::WebhookSecret, required = false)]
    pub webhook_secret: Option<Shown>,
}

/// Why nobody watches a monitor.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnwatchedView {
    /// The first check that could not tell.
    #[schema(value_type = schema::Time)]
    pub since: Timestamp,
    /// What kept the region from probing that has been unable to for longest.
    #[schema(value_type = CauseView)]
    pub cause: Cause,
}

impl From<Unwatched> for UnwatchedView {
    fn from(Unwatched { since, cause }: Unwatched) -> Self {
        Self { since, cause }
    }
}

/// The part of a time in which a monitor was up, from 0 to 1: from the incidents, to the millisecond, without what was paused.
/// Null where there is no data yet.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct UptimeView {
    /// Of the last 24 hours.
    #[serde(rename = "24h")]
    #[schema(required, minimum = 0, maximum = 1)]
    pub day: Option<f64>,
    /// Of the last 7 days.
    #[serde(rename = "7d")]
    #[schema(required, minimum = 0, maximum = 1)]
    pub week: Option<f64>,
    /// Of the last 30 days.
    #[serde(rename = "30d")]
    #[schema(required, minimum = 0, maximum = 1)]
    pub month: Option<f64>,
    /// Of the last 90 days.
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
        let down = |region: &&RegionCode| monitor.votes.get(region).is_some_and(|vote| vote.verdict == Verdict::Down);
        let spec = &monitor.spec;
        let settings = SettingsView::of(&spec.check);
        Self {
            id: monitor.id,
            status: monitor.status,
            status_since: monitor.status_since,
            degraded_regions: spec.regions.iter().filter(down).copied().collect(),
            unwatched: monitor.unwatched.clone().map(UnwatchedView::from),
            last_check_at: latest.values().map(|check| check.at).max(),
            response_time_ms: median_ms(latest),
            uptime: UptimeView::of(&monitor.downtime, now),
            ssl_expires_at: monitor.ssl_expires_at,
            current_incident_id: monitor.current_incident_id,
            webhook_disabled_at: monitor.webhook.as_ref().and_then(|webhook| webhook.disabled_at),
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
            http: settings.http,
            ssl: settings.ssl,
            tcp: settings.tcp,
            dns: settings.dns,
            ping: settings.ping,
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

/// A monitor as a webhook tells of it: what it is and where it stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MonitorInEvent {
    /// Its own name.
    #[schema(value_type = schema::MonitorId)]
    pub id: MonitorId,
    /// What people call it.
    #[schema(value_type = schema::Name)]
    pub name: MonitorName,
    /// What is checked, for a person: the URL, host and port, or name and record type.
    pub target: String,
    /// The target of an http check. Null for the other types.
    #[schema(value_type = Option<schema::Url>, required)]
    pub url: Option<HttpUrl>,
    /// How it is checked.
    #[schema(value_type = schema::CheckType)]
    pub check_type: CheckType,
    /// What it is by this event.
    #[schema(value_type = schema::Status)]
    pub status: Status,
    /// Its labels.
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
            tags: monitor.tags.clone(),
        }
    }
}

/// A certificate that is about to expire.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct CertificateView {
    /// When it expires.
    #[schema(value_type = schema::Time)]
    pub expires_at: Timestamp,
    /// Whole days until then.
    pub days_remaining: i64,
    /// The mark that was passed: 30, 14, 7 or 1.
    #[schema(minimum = 1, maximum = 30)]
    pub threshold_days: u8,
}
