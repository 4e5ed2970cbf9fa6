//! What is told, without regard to who is told: an event, a reminder or a digest in words.

mod say;

use serde_json::{Value, json};
use valpero_domain::{IncidentId, Timestamp, alerting::storm, event::Event};

use crate::{
    text::{cut, one_line},
    words::{Zone, count},
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
    /// Summary, note and lines of a digest, with an empty line between them.
    pub(crate) fn words(&self) -> String {
        let items: Vec<String> = self.items.iter().map(Item::line).collect();
        [self.summary.as_str(), self.note.as_deref().unwrap_or_default(), &items.join("\n")]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// What an event tells.
    pub fn of(event: &Event, context: &Context) -> Self {
        let kind = say::kind_of(event, context.occasion);
        // Of what nobody can see, nothing may be left.
        let named = |text: &str, other: &str| {
            Some(one_line(text)).filter(|text| !text.is_empty()).unwrap_or_else(|| other.to_owned())
        };
        let name = named(event.monitor.name.as_str(), &event.monitor.id.to_string());
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
                target: named(&event.monitor.target, &name),
            }),
            incident: event.incident.as_ref().map(|incident| incident.id),
            topic: say::topic_of(event, kind, context),
            at: event.created_at,
            items: Vec::new(),
            context: context.clone(),
        };
        message.say(event, &name);
        message
    }

    /// Messages of one kind as one: what came after the first ones within a minute. `names` are those of monitors; `more` were not
    /// named.
    pub fn digest(of: storm::Kind, names: &[String], more: u32, at: Timestamp, context: &Context) -> Self {
        let total = names.len() + more as usize;
        let total = count(i64::try_from(total).unwrap_or(i64::MAX), "more monitor");
        let (level, state, verb) = match of {
            storm::Kind::Opened => (Level::Critical, "Down", "down"),
            storm::Kind::Acknowledged => (Level::Warning, "Acknowledged", "acknowledged"),
            storm::Kind::Resolved => (Level::Good, "Up again", "up again"),
        };
        let item = |title: String| Item { level, title, summary: String::new() };
        let mut items: Vec<Item> = names.iter().map(|name| item(format!("{state}: {}", one_line(name)))).collect();
        if more > 0 {
            items.push(item(format!("… and {more} more")));
        }
        Self {
            level,
            summary: "There was more to tell within one minute than this channel is told one by one.".to_owned(),
            items,
            ..Self::alone(Kind::Digest, format!("{total} {verb}"), at, context)
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
        let channel =
            Some(one_line(channel)).filter(|name| !name.is_empty()).unwrap_or_else(|| "this channel".to_owned());
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
            "items_total": self.items.len(),
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
