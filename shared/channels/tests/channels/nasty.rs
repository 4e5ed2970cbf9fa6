//! Whatever monitors are called, targets answer and people write: each receiver takes it, and reads no markup in it.

use proptest::{collection::vec, prelude::*};
use serde_json::json;
use valpero_channels::{Context, Kind, Message, Occasion, render, sample};
use valpero_domain::{Actor, Author, Timestamp, UserId, alerting::storm, delivery::EventType, monitor::Name};

use super::{KINDS, context, read, refusals, settings, thread};

/// Texts that some receiver reads as something else.
fn nasty(most: usize) -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "<!channel>",
        "<!here|x>",
        "<@U024BE7LH>",
        "<@&1234>",
        "<#C1>",
        "<users/all>",
        "@everyone",
        "@here",
        "@all",
        "(@channel)",
        "~town-square",
        "#tag",
        ":fire:",
        "</b><script>alert(1)</script>",
        "<a href=\"https://evil.example\">x</a>",
        "<at>Jo</at>",
        "[x](https://evil.example)",
        "<https://evil.example|View incident>",
        "**b**",
        "__i__",
        "~~s~~",
        "`c`",
        "```\n",
        "> quote",
        "||spoiler||",
        "\\",
        "\\*",
        "&lt;",
        "&",
        "\"",
        "'",
        "\r\nBcc: a@evil.example\r\n\r\n",
        "\u{2028}",
        "\u{0}",
        "\u{1b}[31m",
        "\u{202e}live",
        "مرحبا بالعالم",
        "👩‍👩‍👧",
        "👍🏽",
        "e\u{301}\u{302}\u{303}",
        "🔥",
        "{{ message.title }}",
        "%0d%0a",
        "ops@example.com",
        " ",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ]);
    vec(parts, 0..most).prop_map(|parts| parts.concat())
}

fn name(text: &str) -> Name {
    let plain: String = text.chars().filter(|c| !c.is_control()).take(100).collect();
    Name::try_from(plain).unwrap_or_else(|_| Name::try_from("x".to_owned()).expect("a name"))
}

/// A message of a kind with these texts wherever one comes from outside.
fn message(kind: Kind, texts: &[String; 4], context: &Context) -> Message {
    let [called, target, detail, note] = texts;
    let event_of = |event_type: EventType| {
        let mut event = sample::event(event_type).expect("a sample");
        event.monitor.name = name(called);
        event.monitor.target.clone_from(target);
        if let Some(incident) = &mut event.incident {
            incident.cause.detail.clone_from(detail);
        }
        if let Some(unwatched) = &mut event.unwatched {
            unwatched.cause.detail.clone_from(detail);
        }
        if let Some(entry) = &mut event.entry {
            entry.note = Some(note.clone());
            let actor = Actor::User(UserId::new(Timestamp::from_seconds(1), [1; 10]));
            entry.by = Author { actor, name: Some(called.clone()) };
        }
        event
    };
    let of = |event_type, occasion| Message::of(&event_of(event_type), &Context { occasion, ..context.clone() });
    match kind {
        Kind::Opened => of(EventType::IncidentOpened, Occasion::News),
        Kind::Reminded => of(EventType::IncidentOpened, Occasion::Reminder(3)),
        Kind::Acknowledged => of(EventType::IncidentAcknowledged, Occasion::News),
        Kind::Commented => of(EventType::IncidentCommented, Occasion::News),
        Kind::Resolved => of(EventType::IncidentResolved, Occasion::News),
        Kind::Degraded => of(EventType::MonitorDegraded, Occasion::News),
        Kind::Recovered => of(EventType::MonitorRecovered, Occasion::News),
        Kind::Unwatched => of(EventType::MonitorUnwatched, Occasion::News),
        Kind::SslExpiring => of(EventType::SslExpiring, Occasion::News),
        Kind::Flapping => of(EventType::IncidentOpened, Occasion::Flapping),
        Kind::Stable => of(EventType::IncidentResolved, Occasion::Stable),
        Kind::Digest => {
            let at = Timestamp::from_seconds(1);
            Message::digest(storm::Kind::Opened, &vec![called.clone(); 50], 250, at, context)
        }
        Kind::MuteEnded => {
            Message::mute_ended(Some(called), &vec![called.clone(); 60], Timestamp::from_seconds(1), context)
        }
        Kind::Test => Message::test(called, Timestamp::from_seconds(1), context),
    }
}

#[test]
fn what_nobody_can_see_is_told_by_something_that_can_be_seen() {
    let unseen = ["\u{202e}", "\u{feff}", "\r\n", "\u{0}"].map(str::to_owned);
    for kind in Kind::ALL {
        let message = message(kind, &unseen, &context());
        for receiver in KINDS {
            let outgoing = render(&settings(receiver), &message, None).expect("rendered");
            assert_eq!(refusals::refusal(receiver, &outgoing), None, "{receiver}: {message:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_receiver_takes_every_message(
        called in nasty(12),
        target in nasty(40),
        detail in nasty(60),
        note in nasty(120),
        untold: bool,
        odd_links: bool,
        kind in prop::sample::select(Kind::ALL.to_vec()),
    ) {
        let mut context = Context { opening_untold: untold, step: Some(2), ..context() };
        if odd_links {
            context.view_url = Some(format!("https://valpero.example.com/a(b)%20<c>|d?x={}&y=1", "z".repeat(600)));
            context.acknowledge_url = Some("https://valpero.example.com/\"onclick='x'".to_owned());
            context.mail_domain = "evil.example>\r\nBcc: x".to_owned();
        }
        let message = message(kind, &[called, target, detail, note], &context);
        prop_assert!(!message.title.chars().any(char::is_control));
        let template = json!({
            "type": "webhook", "url": "https://example.com/",
            "template": r#"{"text": {{ message.title ~ ": " ~ message.text }}, "all": [{% for one in message.facts %}{{ one.value }},{% endfor %}0]}"#,
        });
        let first = thread("4711");
        for receiver in KINDS {
            for thread in [None, Some(&first)] {
                let outgoing = render(&settings(receiver), &message, thread).expect("rendered");
                prop_assert_eq!(refusals::refusal(receiver, &outgoing), None, "{}: {:?}", receiver, message);
            }
        }
        let shaped = render(&read(&template), &message, None).expect("rendered");
        prop_assert_eq!(refusals::refusal("webhook", &shaped), None);
    }
}
