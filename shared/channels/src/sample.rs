//! Examples of messages: for previews, and to check a template with.

use valpero_domain::{
    AccountId, Actor, Author, EventId, IncidentId, Invalid, MonitorId, Status, Timestamp, UserId,
    alerting::storm,
    certificate::Told,
    check::CheckType,
    delivery::EventType,
    event::{Event, MonitorFacts},
    id::CommentId,
    incident::{Incident, IncidentStatus, TimelineEntry, TimelineType},
    monitor::{HttpUrl, Name, Tag},
    probe::{Cause, ErrorCode},
    status::{DegradedReason, Unwatched},
};

use crate::message::{Context, Kind, Message, Occasion};

/// When the example began.
const BEGAN: Timestamp = Timestamp::from_seconds(1_795_886_621);

/// An event of a type, about a monitor that does not exist.
///
/// # Errors
/// None: its names are valid.
pub fn event(kind: EventType) -> Result<Event, Invalid> {
    let entropy = [7; 10];
    let after = |seconds: i64| BEGAN.plus_seconds(seconds);
    let target = "https://shop.example.com/health";
    let (status, at) = match kind {
        EventType::IncidentOpened | EventType::WebhookTest => (Status::Down, after(75)),
        EventType::IncidentAcknowledged => (Status::Down, after(240)),
        EventType::IncidentCommented => (Status::Down, after(480)),
        EventType::MonitorDegraded => (Status::Degraded, after(75)),
        EventType::IncidentResolved
        | EventType::MonitorRecovered
        | EventType::MonitorUnwatched
        | EventType::SslExpiring => (Status::Up, after(725)),
    };
    let monitor = MonitorFacts {
        id: MonitorId::new(BEGAN, entropy),
        name: Name::try_from("Shop \"EU\"".to_owned())?,
        target: target.to_owned(),
        url: Some(HttpUrl::try_from(target.to_owned())?),
        check_type: CheckType::Http,
        status,
        degraded_reason: (kind == EventType::MonitorDegraded).then_some(DegradedReason::Regions),
        tags: vec![Tag::try_from("production".to_owned())?],
    };
    let event = Event::new(AccountId::new(BEGAN, entropy), EventId::new(at, entropy), kind, monitor, at);
    let person = Author { actor: Actor::User(UserId::new(BEGAN, entropy)), name: Some("Jo Example".to_owned()) };
    let entry = |kind: TimelineType, by: Author, note: Option<&str>| TimelineEntry {
        id: CommentId::new(at, entropy),
        at,
        kind,
        by,
        note: note.map(str::to_owned),
        public: false,
    };
    let cause = Cause::seen(ErrorCode::HttpStatus, "The answer was 503 Service Unavailable, not 200-299.");
    let mut incident = Incident {
        id: IncidentId::new(BEGAN, entropy),
        monitor_id: event.monitor.id,
        status: IncidentStatus::Ongoing,
        started_at: BEGAN,
        resolved_at: None,
        cause: cause.clone(),
        regions: ["fra", "hel"].iter().map(|code| code.parse()).collect::<Result<_, _>>()?,
        acknowledged_at: None,
        acknowledged_by: None,
        resolved_by: None,
    };
    Ok(match kind {
        EventType::IncidentOpened => {
            event.with_incident(incident, entry(TimelineType::Opened, Actor::Checker(None).into(), None))
        }
        EventType::IncidentAcknowledged => {
            (incident.acknowledged_at, incident.acknowledged_by) = (Some(at), Some(person.actor));
            event.with_incident(incident, entry(TimelineType::Acknowledged, person, Some("Looking at it.")))
        }
        EventType::IncidentCommented => {
            let note = "The load balancer had no backend left.\nA new one is coming up.";
            event.with_incident(incident, entry(TimelineType::Commented, person, Some(note)))
        }
        EventType::IncidentResolved => {
            (incident.status, incident.resolved_at) = (IncidentStatus::Resolved, Some(at));
            incident.resolved_by = Some(Actor::Recovery);
            event.with_incident(incident, entry(TimelineType::Resolved, Actor::Recovery.into(), None))
        }
        EventType::MonitorUnwatched => {
            let cause = Cause::of(ErrorCode::DnsTimeout);
            event.with_unwatched(Some(Unwatched { since: BEGAN, cause }))
        }
        EventType::SslExpiring => {
            event.with_certificate(Told { expires_at: at.plus_seconds(7 * 86_400 - 60), days: 7 })
        }
        EventType::MonitorDegraded | EventType::MonitorRecovered | EventType::WebhookTest => event,
    })
}

/// A message of a kind, about a monitor that does not exist.
///
/// # Errors
/// None: its names are valid.
pub fn message(kind: Kind, context: &Context) -> Result<Message, Invalid> {
    let of = |event_type: EventType, occasion: Occasion| -> Result<Message, Invalid> {
        Ok(Message::of(&event(event_type)?, &Context { occasion, ..context.clone() }))
    };
    let news = |event_type| of(event_type, Occasion::News);
    match kind {
        Kind::Opened => news(EventType::IncidentOpened),
        Kind::Reminded => of(EventType::IncidentOpened, Occasion::Reminder(2)),
        Kind::Acknowledged => news(EventType::IncidentAcknowledged),
        Kind::Commented => news(EventType::IncidentCommented),
        Kind::Resolved => news(EventType::IncidentResolved),
        Kind::Degraded => news(EventType::MonitorDegraded),
        Kind::Recovered => news(EventType::MonitorRecovered),
        Kind::Unwatched => news(EventType::MonitorUnwatched),
        Kind::SslExpiring => news(EventType::SslExpiring),
        Kind::Flapping => of(EventType::IncidentOpened, Occasion::Flapping),
        Kind::Stable => of(EventType::IncidentResolved, Occasion::Stable),
        Kind::Digest => {
            let names = ["Shop \"EU\"".to_owned(), "Blog".to_owned()];
            Ok(Message::digest(storm::Kind::Opened, &names, 1, BEGAN, context))
        }
        Kind::MuteEnded => Ok(Message::mute_ended(None, &["Shop \"EU\"".to_owned()], BEGAN, context)),
        Kind::Test => Ok(Message::test("On call", BEGAN, context)),
    }
}
