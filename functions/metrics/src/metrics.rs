//! `GET /api/metrics`.

use std::{collections::VecDeque, convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use valpero_domain::{MonitorId, RegionCode, Status, Timestamp, monitor::Name};
use valpero_http::{Auth, Params, Problem, latest::Members, need};
use valpero_runtime::App;
use valpero_storage::{CHANNELS_MAX, Channel, Heartbeat, MetricsRow};
use valpero_views::ms;

use crate::exposition::{Format, Piece};

const WEEK_MS: i64 = 7 * 86_400_000;
const DAY_S: f64 = 86_400.0;

/// Get metrics for Prometheus. The state of every monitor of the account, as text 0.0.4, or as OpenMetrics 1.0 if `Accept` asks for
/// it; gzip if `Accept-Encoding` allows it. Needs both `monitors:read` and `incidents:read`. Checks run once a minute, so scraping
/// more often shows nothing new.
#[utoipa::path(
    get,
    path = "/api/metrics",
    operation_id = "get_metrics",
    tag = "metrics",
    security(("key" = ["monitors:read", "incidents:read"])),
    responses((
        status = 200,
        description = "The metrics",
        content(
            (String = "text/plain; version=0.0.4; charset=utf-8", example = "valpero_up{monitor_id=\"mon_…\",name=\"Shop\",check_type=\"http\"} 1"),
            (String = "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ),
    ))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    _: Auth<need::IncidentsRead>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    let now = app.now();
    let (mut rows, mut members) = (Vec::new(), Members::default());
    let mut see = |glance: MetricsRow| {
        let row = Row::of(&glance, now);
        if row.is_checked() {
            members.add(rows.len(), &glance.places);
        }
        rows.push(row);
    };
    app.store.metrics_rows(caller.account(), &mut see).await?;
    let mut times = Vec::new();
    members
        .newest(&app, |row, region, check| {
            let (interval_s, record) = (i64::from(rows[row].check_interval), check.record);
            // What a silent region saw long ago says nothing of now.
            let fresh = now.ms_since(check.at) <= (3 * interval_s + 60) * 1000;
            if fresh && record.outcome.is_up() {
                times.push(Time { row, region, ms: ms(record.phases.total_us()) });
            }
        })
        .await?;
    times.sort_unstable_by_key(|time| (time.row, time.region));
    let beats = app.store.heartbeats().await?;
    let channels = app.store.channels(caller.account(), None, CHANNELS_MAX as usize).await?;
    let format = Format::wished(&headers);
    let answer = Writer::new(Shown { rows, times, beats, channels, now }, format);
    let pieces = stream::iter(answer.map(Ok::<_, Infallible>));
    let head = [(header::CONTENT_TYPE, format.content_type()), (header::VARY, "accept")];
    Ok((head, Body::from_stream(pieces)).into_response())
}

/// What the metrics tell of one monitor.
#[derive(Debug)]
struct Row {
    id: MonitorId,
    name: Name,
    check_type: &'static str,
    status: Status,
    check_interval: u32,
    uptime: Option<f64>,
    unwatched: bool,
    incident: bool,
    ssl_expires_at: Option<Timestamp>,
}

impl Row {
    fn of(glance: &MetricsRow, now: Timestamp) -> Self {
        Self {
            id: glance.id,
            name: glance.spec.name.clone(),
            check_type: glance.spec.check_type.as_str(),
            status: glance.status,
            check_interval: glance.places.iter().map(|place| place.interval).max().unwrap_or(60),
            uptime: glance.downtime.uptime(now, WEEK_MS),
            unwatched: glance.unwatched.is_some(),
            incident: glance.current_incident_id.is_some(),
            ssl_expires_at: glance.ssl_expires_at,
        }
    }

    fn is_checked(&self) -> bool {
        self.status != Status::Paused
    }

    fn up(&self) -> Option<f64> {
        match self.status {
            Status::Up | Status::Degraded => Some(1.0),
            Status::Down => Some(0.0),
            Status::Paused | Status::Pending => None,
        }
    }
}

/// The newest check of a monitor in one region, which was up.
#[derive(Debug, Clone, Copy)]
struct Time {
    row: usize,
    region: RegionCode,
    ms: f64,
}

#[derive(Debug)]
struct Shown {
    rows: Vec<Row>,
    times: Vec<Time>,
    beats: Vec<Heartbeat>,
    channels: Vec<Channel>,
    now: Timestamp,
}

/// A family of metrics: its name, what it means, and what it tells.
#[derive(Debug, Clone, Copy)]
struct Family(&'static str, &'static str, Samples);

/// What may come of an attempt, and how often it has.
type Outcome = (&'static str, fn(&Channel) -> u64);

#[derive(Debug, Clone, Copy)]
enum Samples {
    /// One a monitor, or none.
    Monitor(fn(&Row, Timestamp) -> Option<f64>),
    /// One a monitor and region that answered, from its milliseconds.
    Time(fn(f64) -> f64),
    /// One a region.
    Region(fn(&Heartbeat) -> f64),
    /// One a channel that is enabled.
    Channel(fn(&Channel) -> f64),
    /// A count for each channel and outcome, which only grows.
    Outcomes([Outcome; 3]),
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^53")]
const FAMILIES: [Family; 11] = [
    Family(
        "valpero_up",
        "1 if the monitor is up, 0 while it has an open incident. Absent while it is paused or pending.",
        Samples::Monitor(|row, _| row.up()),
    ),
    Family(
        "valpero_response_time_ms",
        "Response time of the latest check of each region that was up, in milliseconds.",
        Samples::Time(|ms| ms),
    ),
    Family(
        "valpero_response_time_seconds",
        "Response time of the latest check of each region that was up, in seconds.",
        // To the microsecond, so that 1.94 ms is 0.00194 s and not 0.0019399999999999999.
        Samples::Time(|ms| (ms * 1000.0).round() / 1_000_000.0),
    ),
    Family(
        "valpero_uptime_7d",
        "Uptime of the last 7 days as a ratio from 0 to 1. Absent if there is no data yet.",
        Samples::Monitor(|row, _| row.uptime),
    ),
    Family(
        "valpero_incidents_open",
        "Number of open incidents of the monitor.",
        Samples::Monitor(|row, _| Some(f64::from(u8::from(row.incident)))),
    ),
    Family(
        "valpero_unwatched",
        "1 while no region can probe the monitor, otherwise 0. Absent while it is paused.",
        Samples::Monitor(|row, _| row.is_checked().then_some(f64::from(u8::from(row.unwatched)))),
    ),
    Family(
        "valpero_ssl_days_remaining",
        "Days until the certificate that the target last presented expires. Absent if none was seen.",
        Samples::Monitor(|row, now| Some(row.ssl_expires_at?.ms_since(now) as f64 / 1000.0 / DAY_S)),
    ),
    Family(
        "valpero_ssl_expiry_timestamp_seconds",
        "Expiry time of the certificate that the target last presented, in seconds since 1970.",
        Samples::Monitor(|row, _| Some(row.ssl_expires_at?.ms() as f64 / 1000.0)),
    ),
    Family(
        "valpero_region_last_tick_timestamp_seconds",
        "Time of the region's last tick, in seconds since 1970.",
        Samples::Region(|beat| beat.last_tick_at.ms() as f64 / 1000.0),
    ),
    Family(
        "valpero_channel_healthy",
        "1 if the channel's receiver took the last message, 0 if it did not or the channel is disabled. Absent while it is not enabled.",
        Samples::Channel(|channel| f64::from(u8::from(is_healthy(channel)))),
    ),
    Family(
        "valpero_deliveries",
        "Messages to the channel: delivered, retried (attempts that failed), and gave_up.",
        Samples::Outcomes([
            ("delivered", |channel| channel.delivered),
            ("retried", |channel| channel.retried),
            ("gave_up", |channel| channel.gave_up),
        ]),
    ),
];

fn is_healthy(channel: &Channel) -> bool {
    let health = &channel.health;
    health.disabled_at.is_none() && health.last_error_at.is_none_or(|at| health.last_success_at >= Some(at))
}

/// Writes the answer piece by piece, as fast as it is taken.
struct Writer {
    shown: Arc<Shown>,
    families: VecDeque<Family>,
    /// Whether the first family is announced.
    begun: bool,
    /// Samples of it that are written.
    written: usize,
    format: Format,
    end: Option<&'static str>,
}

impl Writer {
    fn new(shown: Shown, format: Format) -> Self {
        Self {
            shown: Arc::new(shown),
            families: FAMILIES.into(),
            begun: false,
            written: 0,
            format,
            end: Some(format.end()),
        }
    }
}

impl Iterator for Writer {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut piece = Piece::default();
        let shown = Arc::clone(&self.shown);
        while let Some(family) = self.families.front().copied() {
            if !self.begun {
                match family.2 {
                    Samples::Outcomes(_) => piece.counters(family.0, family.1, self.format),
                    _ => piece.family(family.0, family.1),
                }
                self.begun = true;
            }
            let samples = family.samples(&shown);
            while self.written < samples && !piece.is_full() {
                family.write(&shown, self.written, &mut piece);
                self.written += 1;
            }
            if piece.is_full() {
                return Some(piece.take());
            }
            self.families.pop_front();
            (self.begun, self.written) = (false, 0);
        }
        let end = self.end.take()?;
        Some(piece.take() + end)
    }
}

impl Family {
    /// How many samples there may be.
    fn samples(self, shown: &Shown) -> usize {
        match self.2 {
            Samples::Monitor(_) => shown.rows.len(),
            Samples::Time(_) => shown.times.len(),
            Samples::Region(_) => shown.beats.len(),
            Samples::Channel(_) => shown.channels.len(),
            Samples::Outcomes(outcomes) => shown.channels.len() * outcomes.len(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "no channel is sent 2^53 messages")]
    fn write(self, shown: &Shown, place: usize, piece: &mut Piece) {
        let Self(name, _, samples) = self;
        match samples {
            Samples::Monitor(value) => {
                let row = &shown.rows[place];
                if let Some(value) = value(row, shown.now) {
                    piece.sample(name, &labels(row, &row.id.to_string()), value);
                }
            }
            Samples::Time(value) => {
                let time = shown.times[place];
                let row = &shown.rows[time.row];
                let id = row.id.to_string();
                let [id, title, kind] = labels(row, &id);
                piece.sample(name, &[id, title, kind, ("region", time.region.as_str())], value(time.ms));
            }
            Samples::Region(value) => {
                let beat = &shown.beats[place];
                piece.sample(name, &[("region", beat.region.as_str())], value(beat));
            }
            Samples::Channel(value) => {
                let channel = &shown.channels[place];
                if channel.spec.enabled {
                    let id = channel.id.to_string();
                    piece.sample(name, &channel_labels(channel, &id), value(channel));
                }
            }
            Samples::Outcomes(outcomes) => {
                let channel = &shown.channels[place / outcomes.len()];
                let (outcome, count) = outcomes[place % outcomes.len()];
                let id = channel.id.to_string();
                let [id, title, kind] = channel_labels(channel, &id);
                let name = format!("{name}_total");
                piece.sample(&name, &[id, title, kind, ("outcome", outcome)], count(channel) as f64);
            }
        }
    }
}

fn channel_labels<'a>(channel: &'a Channel, id: &'a str) -> [(&'static str, &'a str); 3] {
    let kind = channel.spec.settings.channel_type().as_str();
    [("channel", id), ("name", channel.spec.name.as_str()), ("type", kind)]
}

fn labels<'a>(row: &'a Row, id: &'a str) -> [(&'static str, &'a str); 3] {
    [("monitor_id", id), ("name", row.name.as_str()), ("check_type", row.check_type)]
}
