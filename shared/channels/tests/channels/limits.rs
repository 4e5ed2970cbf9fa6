//! Each limit is kept by the renderer, and a text that just fits is not cut.

use serde_json::Value;
use valpero_channels::{Context, Fact, Item, Kind, Level, Message, Outgoing, Request, Subject, render};

use super::{KINDS, body, context, message, refusals, request, settings, thread};

/// A message with far too much of everything.
fn huge(kind: Kind) -> Message {
    // More than any receiver takes in all, and more facts than any takes.
    let facts = (0..110).map(|number| {
        let label: &'static str = Box::leak(format!("Label {number}").into_boxed_str());
        Fact { label, value: "<ä*\"".repeat(if number < 25 { 4_500 } else { 10 }) }
    });
    let item = Item { level: Level::Critical, title: "d".repeat(100), summary: "🔥".repeat(100) };
    let of = message(kind);
    let url = |path: &str| Some(format!("https://valpero.example.com/{path}/{}", "a".repeat(380)));
    Message {
        title: "t<".repeat(10_000),
        summary: "s*".repeat(10_000),
        note: Some("n\n\"".repeat(5_000)),
        facts: facts.collect(),
        items: vec![item; 600],
        topic: "k".repeat(10_000),
        subject: Some(Subject { id: "mon_1".to_owned(), name: "n".repeat(5_000), target: "t".repeat(5_000) }),
        context: Context { view_url: url("view"), acknowledge_url: url("ack"), ..of.context.clone() },
        ..of
    }
}

#[test]
fn too_much_is_cut_for_every_receiver() {
    let first = thread("4711");
    for receiver in KINDS.into_iter().filter(|receiver| *receiver != "webhook") {
        for kind in Kind::ALL {
            for thread in [None, Some(&first)] {
                let outgoing = render(&settings(receiver), &huge(kind), thread).expect("rendered");
                if let Outgoing::Mail(mail) = &outgoing {
                    assert!(mail.text.chars().count() <= 100_000, "{} characters", mail.text.chars().count());
                    assert!(mail.html.len() < 1_000_000, "{} bytes", mail.html.len());
                }
                assert_eq!(refusals::refusal(receiver, &outgoing), None, "{receiver}: {}", kind.as_str());
            }
        }
    }
}

fn parts(receiver: &str, of: &Message) -> (Request, Value) {
    let request = request(&settings(receiver), of, None);
    let body = body(&request);
    (request, body)
}

fn length(value: &Value) -> usize {
    value.as_str().expect("a text").encode_utf16().count()
}

#[test]
fn limits_are_used_up_and_what_is_cut_is_marked() {
    let long = Message { title: "t".repeat(5_000), summary: "s".repeat(20_000), ..message(Kind::Opened) };
    let slack = parts("slack", &long).1;
    let blocks = &slack["attachments"][0]["blocks"];
    let discord = parts("discord", &long).1;
    let telegram = parts("telegram", &long).1;
    let pagerduty = parts("pagerduty", &long).1;
    let jsm = parts("jsm", &long).1;
    let ntfy = parts("ntfy", &long).1;
    let chat = parts("google_chat", &long).1;
    for (what, value, most) in [
        ("slack header", &blocks[0]["text"]["text"], 150),
        ("slack section", &blocks[1]["text"]["text"], 3_000),
        ("slack text", &slack["text"], 3_000),
        ("discord content", &discord["content"], 2_000),
        ("pagerduty summary", &pagerduty["payload"]["summary"], 1_024),
        ("jsm message", &jsm["message"], 130),
        ("ntfy title", &ntfy["title"], 250),
        ("google chat title", &chat["cardsV2"][0]["card"]["header"]["title"], 198),
    ] {
        assert_eq!(length(value), most, "{what}");
        assert!(value.as_str().is_some_and(|text| text.ends_with('…')), "{what} is marked");
    }
    assert_eq!(length(&telegram["text"]), 4_096);
    assert_eq!(ntfy["message"].as_str().map(str::len), Some(4_096));
    let description = discord["embeds"][0]["description"].as_str().expect("a text");
    assert!((3_000..=4_096).contains(&description.len()) && description.contains('…'));
    let pushover = request(&settings("pushover"), &long, None);
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(&pushover.body).into_owned().collect();
    let of = |name: &str| fields.iter().find(|(field, _)| field == name).map_or(0, |(_, value)| value.chars().count());
    assert_eq!((of("title"), of("message")), (250, 1_024));
}

#[test]
fn what_just_fits_is_whole() {
    let fits = Message { title: "t".repeat(130), ..message(Kind::Opened) };
    assert_eq!(parts("jsm", &fits).1["message"], "t".repeat(130));
    assert_eq!(parts("slack", &fits).1["attachments"][0]["blocks"][0]["text"]["text"], "t".repeat(130));
}

#[test]
fn a_link_that_is_too_long_is_left_out_and_never_cut() {
    // The size of a webhook's body is that of what it tells.
    let receivers = KINDS.into_iter().filter(|receiver| *receiver != "webhook");
    for (receiver, length) in receivers.flat_map(|receiver| [(receiver, 5_000), (receiver, 40_000)]) {
        let end = "a".repeat(length);
        let url = format!("https://valpero.example.com/{end}");
        let context = Context { view_url: Some(url.clone()), acknowledge_url: Some(url), ..context() };
        let outgoing =
            render(&settings(receiver), &Message { context, ..message(Kind::Opened) }, None).expect("rendered");
        assert_eq!(refusals::refusal(receiver, &outgoing), None, "{receiver}");
        if let Outgoing::Http(request) = outgoing {
            let sent = String::from_utf8_lossy(&request.body).into_owned();
            assert_eq!(sent.matches("https://valpero.example.com/").count(), sent.matches(&end).count(), "{receiver}");
        }
    }
}

#[test]
fn the_acknowledge_link_is_offered_while_there_is_something_to_acknowledge() {
    for receiver in KINDS {
        for kind in Kind::ALL {
            let outgoing = render(&settings(receiver), &message(kind), None).expect("rendered");
            let sent = match &outgoing {
                Outgoing::Http(request) => String::from_utf8_lossy(&request.body).replace("%2F", "/"),
                Outgoing::Mail(mail) => mail.text.clone(),
                Outgoing::Nothing { .. } => continue,
            };
            let offered = matches!(kind, Kind::Opened | Kind::Reminded);
            assert_eq!(sent.contains("/ack/a1b2"), offered, "{receiver} {}", kind.as_str());
        }
    }
}

#[test]
fn the_end_of_what_was_never_told_tells_of_both() {
    for receiver in KINDS {
        let context = Context { opening_untold: true, ..context() };
        let message = valpero_channels::sample::message(Kind::Resolved, &context).expect("a sample");
        match render(&settings(receiver), &message, None).expect("rendered") {
            // Their alerts were never opened, so there is nothing to resolve, and nobody is to be woken for what is over.
            Outgoing::Nothing { .. } => assert!(["pagerduty", "jsm"].contains(&receiver), "{receiver}"),
            Outgoing::Mail(mail) => {
                assert!(mail.text.contains("503") && mail.subject.starts_with("Up again after being down"));
            }
            Outgoing::Http(request) => {
                let sent = String::from_utf8_lossy(&request.body).replace('+', " ");
                assert!(sent.contains("503") && sent.contains("Up again after being down"), "{receiver}: {sent}");
            }
        }
    }
}
