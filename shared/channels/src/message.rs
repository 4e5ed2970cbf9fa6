//! What is told, without regard to who is told: an event, a reminder or a digest in words.

use serde_json::{Value, json};
use valpero_domain::{
    Author, IncidentId, Timestamp, certificate::days_left, delivery::EventType, event::Event, incident::Incident,
    monitor::Tag, status::DegradedReason,
};

use crate::{
    text::{cut, lines, one_line},
    words::{Zone, count, duration, who},
};

/// What templates see of a long message: characters of its text, and lines of a digest.
const TEMPLATE_TEXT_MAX: usize = 4_000;
const TEMPLATE_ITEMS_MAX: usize = 100;

/// What a message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the news of that name")]
pub enum Kind {
    Opened,
    Reminded,
    Acknowledged,
    Commented,
    Resolved,
    Degraded,
    Recovered,
    Unwatched,
    SslExpiring,
    Flapping,
    Stable,
    Digest,
    MuteEnded,
    Test,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Opened,
        Self::Reminded,
        Self::Acknowledged,
        Self::Commented,
        Self::Resolved,
        Self::Degraded,
        Self::Recovered,
        Self::Unwatched,
        Self::SslExpiring,
        Self::Flapping,
        Self::Stable,
        Self::Digest,
        Self::MuteEnded,
        Self::Test,
    ];

    /// The kind as templates see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Reminded => "reminded",
            Self::Acknowledged => "acknowledged",
            Self::Commented => "commented",
            Self::Resolved => "resolved",
            Self::Degraded => "degraded",
            Self::Recovered => "recovered",
            Self::Unwatched => "unwatched",
            Self::SslExpiring => "ssl_expiring",
            Self::Flapping => "flapping",
            Self::Stable => "stable",
            Self::Digest => "digest",
            Self::MuteEnded => "mute_ended",
            Self::Test => "test",
        }
    }
}

/// How bad it is: the colour, and the urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing is wrong.
    Info,
    /// Something is well again.
    Good,
    /// Something needs a look.
    Warning,
    /// Something is down.
    Critical,
}

impl Level {
    /// The level as templates see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// Its colour, as 24 bits of red, green and blue.
    pub(crate) const fn colour(self) -> u32 {
        match self {
            Self::Info => 0x57_60_6a,
            Self::Good => 0x1a_7f_37,
            Self::Warning => 0xbf_87_00,
            Self::Critical => 0xcf_22_2e,
        }
    }

    /// Its colour as in CSS.
    pub(crate) fn css(self) -> String {
        format!("#{:06x}", self.colour())
    }
}

/// One thing to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// On one line.
    pub value: String,
}

/// One line of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// How bad it is.
    pub level: Level,
    /// As the title of its own message: `Down: Shop`.
    pub title: String,
    /// What it says.
    pub summary: String,
}

/// The monitor that a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What is checked.
    pub target: String,
}

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Occasion {
    /// The event is new.
    #[default]
    News,
    /// Nobody has acknowledged the incident that it opened: the repeat of this number, 1 being the first.
    Reminder(u32),
    /// It is the last of several within an hour, and nothing more is told until the monitor is stable.
    Flapping,
    /// The monitor has been stable for a while after it was flapping.
    Stable,
}

/// What is said around an event.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Unique ID of the delivery: the same on every attempt.
    pub delivery: String,
    /// Why it is sent.
    pub occasion: Occasion,
    /// Step of the escalation policy, 1 being the first.
    pub step: Option<u32>,
    /// Whether the opening of the incident was never delivered to this channel, so that its end has to tell of both.
    pub opening_untold: bool,
    /// How times are written.
    pub zone: Zone,
    /// Page of the incident or monitor.
    pub view_url: Option<String>,
    /// Signed link that acknowledges the incident. It is shown while there is something to acknowledge.
    pub acknowledge_url: Option<String>,
    /// Domain of the ids of e-mails: that of the sender, or of the deployment.
    pub mail_domain: String,
    /// Body of a monitor's webhook for the same event; null where there is none.
    pub body: Value,
}

/// What is told, without regard to who is told.
#[derive(Debug, Clone)]
pub struct Message {
    /// What it tells.
    pub kind: Kind,
    /// How bad it is.
    pub level: Level,
    /// The state first, then the name: `Down: Shop`. One line.
    pub title: String,
    /// One or two sentences. One line.
    pub summary: String,
    /// What a person wrote. Several lines.
    pub note: Option<String>,
    /// Things to know.
    pub facts: Vec<Fact>,
    /// The monitor; none for messages about several, or about none.
    pub subject: Option<Subject>,
    /// The incident.
    pub incident: Option<IncidentId>,
    /// What later news is joined by: the incident, or the state of a monitor, or this message alone.
    pub topic: String,
    /// When it happened.
    pub at: Timestamp,
    /// The lines of a digest.
    pub items: Vec<Item>,
    /// What it was made with.
    pub context: Context,
}

impl Message {
    /// What an event tells.
    pub fn of(event: &Event, context: &Context) -> Self {
        let kind = kind_of(event, context.occasion);
        let name = one_line(event.monitor.name.as_str());
        let mut message = Self {
            kind,
            level: Level::Info,
            title: String::new(),
            summary: String::new(),
            note: None,
            facts: Vec::new(),
            subject: Some(Subject {
                id: event.monitor.id.to_string(),
                name: name.clone(),
                target: one_line(&event.monitor.target),
            }),
            incident: event.incident.as_ref().map(|incident| incident.id),
            topic: topic_of(event, kind, context),
            at: event.created_at,
            items: Vec::new(),
            context: context.clone(),
        };
        message.say(event, &name);
        message
    }

    /// Several messages as one: what came after the first ones within a minute.
    pub fn digest(of: &[Self], at: Timestamp, context: &Context) -> Self {
        let (down, up) = (number_of(of, Level::Critical), number_of(of, Level::Good));
        let other = of.len() - down - up;
        let parts = [(down, "down"), (up, "up again"), (other, "other")];
        let parts: Vec<String> =
            parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
        let news = count(i64::try_from(of.len()).unwrap_or(i64::MAX), "more message");
        Self {
            level: of.iter().map(|message| message.level).max().unwrap_or(Level::Info),
            summary: "There was more to tell within one minute than this channel is told one by one.".to_owned(),
            items: of
                .iter()
                .map(|one| Item { level: one.level, title: one.title.clone(), summary: one.summary.clone() })
                .collect(),
            ..Self::alone(Kind::Digest, format!("{news}: {}", parts.join(", ")), at, context)
        }
    }

    /// That a channel is told again, and which monitors are down meanwhile.
    pub fn mute_ended(monitor: Option<&str>, down: &[String], at: Timestamp, context: &Context) -> Self {
        let of = monitor.map_or_else(|| "the account".to_owned(), one_line);
        let summary = match down.len() {
            0 => "Nothing is down.".to_owned(),
            number => format!(
                "{} down.",
                if number == 1 { "One monitor is".to_owned() } else { format!("{number} monitors are") }
            ),
        };
        let items = down.iter().map(|name| Item {
            level: Level::Critical,
            title: format!("Down: {}", one_line(name)),
            summary: String::new(),
        });
        Self {
            summary: format!("Alerts are sent again. {summary}"),
            level: if down.is_empty() { Level::Info } else { Level::Critical },
            items: items.collect(),
            ..Self::alone(Kind::MuteEnded, format!("Mute ended: {of}"), at, context)
        }
    }

    /// A message that only shows that messages arrive.
    pub fn test(channel: &str, at: Timestamp, context: &Context) -> Self {
        let channel = one_line(channel);
        Self {
            summary: format!("Somebody asked Valpero for this test of the channel {channel}. Nothing is wrong."),
            ..Self::alone(Kind::Test, format!("Test: {channel}"), at, context)
        }
    }

    fn alone(kind: Kind, title: String, at: Timestamp, context: &Context) -> Self {
        Self {
            kind,
            level: Level::Info,
            title,
            summary: String::new(),
            note: None,
            facts: Vec::new(),
            subject: None,
            incident: None,
            topic: context.delivery.clone(),
            at,
            items: Vec::new(),
            context: context.clone(),
        }
    }

    /// Fills in the words.
    fn say(&mut self, event: &Event, name: &str) {
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
        self.note = note.filter(|note| !note.is_empty());
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

    /// The link that acknowledges, while there is something to acknowledge.
    pub(crate) fn acknowledge(&self) -> Option<&str> {
        let offered = matches!(self.kind, Kind::Opened | Kind::Reminded);
        self.context.acknowledge_url.as_deref().filter(|_| offered)
    }

    /// The page to look at.
    pub(crate) fn view(&self) -> Option<&str> {
        self.context.view_url.as_deref()
    }

    /// The buttons: what each says, and where it leads.
    pub(crate) fn links(&self) -> Vec<(&'static str, &str)> {
        let view = self.view().map(|url| (if self.incident.is_some() { "View incident" } else { "Open Valpero" }, url));
        let acknowledge = self.acknowledge().map(|url| ("Acknowledge", url));
        acknowledge.into_iter().chain(view).collect()
    }

    /// All of it as plain lines, without the title and the links.
    pub(crate) fn plain(&self) -> String {
        let mut blocks = vec![self.summary.clone()];
        blocks.extend(self.note.clone());
        let facts: Vec<String> = self.facts.iter().map(|fact| format!("{}: {}", fact.label, fact.value)).collect();
        let items: Vec<String> = self.items.iter().map(Item::line).collect();
        blocks.extend([facts.join("\n"), items.join("\n")]);
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n\n")
    }

    /// All of it as JSON: what templates see.
    pub(crate) fn value(&self) -> Value {
        let facts = self.facts.iter().map(|fact| json!({"label": fact.label, "value": fact.value}));
        let items = self
            .items
            .iter()
            .take(TEMPLATE_ITEMS_MAX)
            .map(|item| json!({"level": item.level.as_str(), "title": item.title, "summary": item.summary}));
        let subject = self.subject.as_ref();
        json!({
            "kind": self.kind.as_str(),
            "level": self.level.as_str(),
            "title": self.title,
            "summary": self.summary,
            "note": self.note,
            "text": cut(&self.plain(), TEMPLATE_TEXT_MAX),
            "facts": facts.collect::<Vec<_>>(),
            "items": items.collect::<Vec<_>>(),
            "monitor": subject.map(|subject| json!({"id": subject.id, "name": subject.name, "target": subject.target})),
            "incident_id": self.incident.map(|id| id.to_string()),
            "at": self.at.to_string(),
            "view_url": self.view(),
            "acknowledge_url": self.acknowledge(),
        })
    }
}

impl Item {
    /// As one line.
    pub(crate) fn line(&self) -> String {
        if self.summary.is_empty() {
            self.title.clone()
        } else {
            format!("{} ({})", self.title, self.summary.trim_end_matches('.'))
        }
    }
}

fn number_of(messages: &[Message], level: Level) -> usize {
    messages.iter().filter(|message| message.level == level).count()
}

fn kind_of(event: &Event, occasion: Occasion) -> Kind {
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
fn topic_of(event: &Event, kind: Kind, context: &Context) -> String {
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
