//! The words of an event: its title, its sentences and the things to know.

use valpero_domain::{
    Author, Timestamp, certificate::days_left, delivery::EventType, event::Event, incident::Incident, monitor::Tag,
    status::DegradedReason,
};

use super::{Context, Fact, Kind, Level, Message, Occasion};
use crate::{
    text::{lines, one_line},
    words::{Zone, count, duration, who},
};

impl Message {
    /// Fills in the words.
    pub(super) fn say(&mut self, event: &Event, name: &str) {
        let zone = self.context.zone.clone();
        let target = one_line(&event.monitor.target);
        let time = |at: Timestamp| zone.time(at);
        let (level, title, summary) = match self.kind {
            Kind::Opened => (Level::Critical, format!("Down: {name}"), cause(event)),
            Kind::Reminded => (Level::Critical, format!("Still down: {name}"), self.still_down(event)),
            Kind::Acknowledged => {
                let by = self.author(event);
                (Level::Warning, format!("Acknowledged: {name}"), format!("{by} has taken this incident."))
            }
            Kind::Commented => (Level::Warning, format!("Comment: {name}"), format!("{} wrote:", self.author(event))),
            Kind::Resolved => self.resolved(event, name),
            Kind::Degraded => {
                let summary = match event.monitor.degraded_reason {
                    Some(DegradedReason::Slow) => "A majority of its regions finds it slower than it should be.",
                    Some(DegradedReason::Regions) | None => "A minority of its regions reports it down.",
                };
                (Level::Warning, format!("Degraded: {name}"), summary.to_owned())
            }
            Kind::Recovered => (Level::Good, format!("Recovered: {name}"), "All is well with it again.".to_owned()),
            Kind::Unwatched => {
                let why = event.unwatched.as_ref().map(|unwatched| one_line(&unwatched.cause.detail));
                let summary =
                    format!("No region can probe it, so nobody knows whether it is up. {}", why.unwrap_or_default());
                (Level::Warning, format!("Not monitored: {name}"), summary.trim_end().to_owned())
            }
            Kind::SslExpiring => {
                let told = event.certificate;
                let left = told.map_or(0, |told| days_left(told.expires_at, event.created_at));
                let when =
                    if left < 0 { "has expired".to_owned() } else { format!("expires in {}", count(left, "day")) };
                let at = told.map(|told| time(told.expires_at)).unwrap_or_default();
                (Level::Warning, format!("Certificate {when}: {name}"), format!("It is valid until {at}."))
            }
            Kind::Flapping => {
                let summary = "It goes down and up again and again. Nothing more is told of it until it is stable.";
                (Level::Warning, format!("Flapping: {name}"), summary.to_owned())
            }
            Kind::Stable => {
                (Level::Good, format!("Stable again: {name}"), "It is told of as usual from now on.".to_owned())
            }
            Kind::Test | Kind::Digest | Kind::MuteEnded => {
                let summary = "Somebody asked Valpero for this test. Nothing is wrong.";
                (Level::Info, format!("Test: {name}"), summary.to_owned())
            }
        };
        (self.level, self.title, self.summary) = (level, title, summary);
        let note = event.entry.as_ref().and_then(|entry| entry.note.as_deref()).map(lines);
        // The line of an opening repeats the cause.
        self.note = note.filter(|note| !note.is_empty() && *note != self.summary);
        self.fact("Target", target);
        if let Some(incident) = &event.incident {
            self.facts_of(incident, &zone);
        }
        if let Some(step) = self.context.step.filter(|step| *step > 1) {
            self.fact("Escalation", format!("step {step}"));
        }
        if !event.monitor.tags.is_empty() {
            let tags: Vec<&str> = event.monitor.tags.iter().map(Tag::as_str).collect();
            self.fact("Tags", tags.join(", "));
        }
    }

    fn facts_of(&mut self, incident: &Incident, zone: &Zone) {
        self.fact("Started", zone.time(incident.started_at));
        if let Some(end) = incident.resolved_at {
            self.fact("Ended", zone.time(end));
        }
        if let Some(seconds) = incident.duration_seconds() {
            self.fact("Duration", duration(seconds));
        }
        let cause = one_line(&incident.cause.detail);
        self.fact("Cause", if cause.is_empty() { incident.cause.code.sentence().to_owned() } else { cause });
        let regions: Vec<&str> = incident.regions.iter().map(|region| region.as_str()).collect();
        self.fact("Regions", regions.join(", "));
        self.fact("Incident", incident.id.to_string());
    }

    fn fact(&mut self, label: &'static str, value: String) {
        if !value.is_empty() {
            self.facts.push(Fact { label, value });
        }
    }

    fn still_down(&self, event: &Event) -> String {
        let lasts = event.incident.as_ref().map_or(0, |incident| self.at.ms_since(incident.started_at) / 1000);
        let number = match self.context.occasion {
            Occasion::Reminder(number) => format!(" Reminder {number}."),
            _ => String::new(),
        };
        format!("It has been down for {}, and nobody has acknowledged it.{number}", duration(lasts))
    }

    fn author(&self, event: &Event) -> String {
        event.entry.as_ref().map_or_else(|| "Somebody".to_owned(), |entry| one_line(&who(&entry.by)))
    }

    /// The end of an incident, and of one whose beginning was never told, both.
    fn resolved(&self, event: &Event, name: &str) -> (Level, String, String) {
        let incident = event.incident.as_ref();
        let by_hand = incident.and_then(|incident| incident.resolved_by).filter(|by| by.id().is_some());
        let lasted = incident.and_then(Incident::duration_seconds).map(duration).unwrap_or_default();
        let ended = match by_hand {
            Some(by) => {
                let entry = event.entry.as_ref().map(|entry| entry.by.clone());
                let by = entry.filter(|entry| entry.actor == by).unwrap_or_else(|| Author::from(by));
                format!("{} closed the incident after {lasted}.", one_line(&who(&by)))
            }
            None => format!("It is up again after {lasted}."),
        };
        let state = if by_hand.is_some() { "Resolved" } else { "Up again" };
        if self.context.opening_untold {
            let summary = format!("It was down, which could not be told at the time: {} {ended}", cause(event));
            return (Level::Good, format!("{state} after being down: {name}"), summary);
        }
        (Level::Good, format!("{state}: {name}"), ended)
    }
}

pub(super) fn kind_of(event: &Event, occasion: Occasion) -> Kind {
    match (event.kind, occasion) {
        (_, Occasion::Flapping) => Kind::Flapping,
        (_, Occasion::Stable) => Kind::Stable,
        (EventType::IncidentOpened, Occasion::Reminder(_)) => Kind::Reminded,
        (EventType::IncidentOpened, Occasion::News) => Kind::Opened,
        (EventType::IncidentAcknowledged, _) => Kind::Acknowledged,
        (EventType::IncidentCommented, _) => Kind::Commented,
        (EventType::IncidentResolved, _) => Kind::Resolved,
        (EventType::MonitorDegraded, _) => Kind::Degraded,
        (EventType::MonitorRecovered, _) => Kind::Recovered,
        (EventType::MonitorUnwatched, _) => Kind::Unwatched,
        (EventType::SslExpiring, _) => Kind::SslExpiring,
        (EventType::WebhookTest, _) => Kind::Test,
    }
}

/// The incident where there is one, never the monitor: a late end of one incident must not end the next one. What is not about an
/// incident is joined by the state of the monitor that it begins or ends.
pub(super) fn topic_of(event: &Event, kind: Kind, context: &Context) -> String {
    let monitor = event.monitor.id;
    match (kind, &event.incident) {
        (Kind::Flapping | Kind::Stable, _) => format!("{monitor}.flapping"),
        (_, Some(incident)) => incident.id.to_string(),
        (Kind::SslExpiring, None) => format!("{monitor}.certificate"),
        (Kind::Degraded | Kind::Recovered | Kind::Unwatched, None) => format!("{monitor}.state"),
        (_, None) => context.delivery.clone(),
    }
}

fn cause(event: &Event) -> String {
    let said = event.incident.as_ref().map(|incident| one_line(&incident.cause.detail)).unwrap_or_default();
    if said.is_empty() { "It does not answer as it should.".to_owned() } else { said }
}
