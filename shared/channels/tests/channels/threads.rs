//! One message an incident: where later news go, and what comes before them.

use serde_json::json;
use valpero_channels::{Answer, Kind, Message, Outgoing, Request, Thread, Verdict, judge, render};
use valpero_domain::channel::Settings;

use super::{body, message, request, settings, thread};

fn answered(settings: &Settings, sent: &Request, status: u16, answer: &serde_json::Value) -> Verdict {
    judge(settings, sent, &Answer { status, retry_after_s: None, body: answer.to_string().as_bytes() })
}

fn next(verdict: Verdict) -> Option<Thread> {
    match verdict {
        Verdict::Next { thread } => thread,
        other => panic!("not the next step: {other:?}"),
    }
}

fn delivered(verdict: Verdict) -> Option<Thread> {
    match verdict {
        Verdict::Delivered { thread } => thread,
        other => panic!("not delivered: {other:?}"),
    }
}

#[test]
fn a_slack_bot_changes_the_first_message_and_answers_in_its_thread() {
    let slack = settings("slack_bot");
    let first = request(&slack, &message(Kind::Opened), None);
    assert_eq!((first.url.path(), body(&first)["thread_ts"].is_null()), ("/api/chat.postMessage", true));
    let posted = json!({"ok": true, "channel": "C024BE91L", "ts": "1700.1"});
    let kept = delivered(answered(&slack, &first, 200, &posted)).expect("a thread");
    assert_eq!(serde_json::to_value(&kept).ok(), Some(json!({"id": "1700.1", "place": "C024BE91L"})));
    for kind in [Kind::Acknowledged, Kind::Resolved] {
        let update = request(&slack, &message(kind), Some(&kept));
        assert_eq!((update.url.path(), &body(&update)["ts"]), ("/api/chat.update", &json!("1700.1")));
        // Whether it could be changed or not, the reply is what matters.
        for answer in [json!({"ok": true, "ts": "1700.1"}), json!({"ok": false, "error": "cant_update_message"})] {
            let prepared = next(answered(&slack, &update, 200, &answer)).expect("a thread");
            let reply = request(&slack, &message(kind), Some(&prepared));
            assert_eq!((reply.url.path(), &body(&reply)["thread_ts"]), ("/api/chat.postMessage", &json!("1700.1")));
            assert_eq!(body(&reply)["reply_broadcast"], kind == Kind::Resolved);
        }
        assert!(matches!(
            answered(&slack, &update, 200, &json!({"ok": false, "error": "ratelimited"})),
            Verdict::Retry { .. }
        ));
    }
    let comment = request(&slack, &message(Kind::Commented), Some(&kept));
    assert_eq!((comment.url.path(), &body(&comment)["thread_ts"]), ("/api/chat.postMessage", &json!("1700.1")));
    assert_eq!(next(answered(&slack, &comment, 200, &json!({"ok": false, "error": "thread_not_found"}))), None);
}

#[test]
fn what_is_kept_of_a_thread_forgets_that_a_step_was_done() {
    let slack = settings("slack_bot");
    let update = request(&slack, &message(Kind::Resolved), Some(&thread("1700.1")));
    let prepared = next(answered(&slack, &update, 200, &json!({"ok": true}))).expect("a thread");
    let kept: Thread = serde_json::from_value(serde_json::to_value(&prepared).expect("JSON")).expect("a thread");
    assert_eq!(request(&slack, &message(Kind::Resolved), Some(&kept)).url.path(), "/api/chat.update");
}

#[test]
fn discord_changes_its_first_message_and_posts_anew_where_that_is_gone() {
    let discord = settings("discord");
    let first = request(&discord, &message(Kind::Opened), None);
    assert_eq!((first.method, first.url.query()), ("POST", Some("wait=true")));
    let kept = delivered(answered(&discord, &first, 200, &json!({"id": "99"}))).expect("a thread");
    let edit = request(&discord, &message(Kind::Resolved), Some(&kept));
    assert_eq!((edit.method, edit.url.path()), ("PATCH", "/T1/B1/key/messages/99"));
    assert_eq!(next(answered(&discord, &edit, 404, &json!({"code": 10008, "message": "Unknown Message"}))), None);
    assert!(matches!(answered(&discord, &first, 404, &json!({"code": 10015})), Verdict::Refused { .. }));
    assert_eq!(request(&discord, &message(Kind::Reminded), Some(&kept)).method, "POST", "an edit makes no sound");
    let in_forum = super::read(
        &json!({"type": "discord", "webhook_url": "https://discord.example.com/api/webhooks/1/t?thread_id=5"}),
    );
    let edit = request(&in_forum, &message(Kind::Resolved), Some(&kept));
    assert_eq!(edit.url.as_str(), "https://discord.example.com/api/webhooks/1/t/messages/99?thread_id=5");
}

#[test]
fn telegram_replies_to_its_first_message_even_if_that_is_gone() {
    let telegram = settings("telegram");
    let first = request(&telegram, &message(Kind::Opened), None);
    assert!(body(&first)["reply_parameters"].is_null());
    let kept = delivered(answered(&telegram, &first, 200, &json!({"ok": true, "result": {"message_id": 42}})));
    let reply = body(&request(&telegram, &message(Kind::Resolved), kept.as_ref()));
    assert_eq!(reply["reply_parameters"], json!({"message_id": 42, "allow_sending_without_reply": true}));
}

#[test]
fn jira_looks_its_alert_up_by_the_incident_before_it_closes_it() {
    let jsm = settings("jsm");
    for (kind, action) in [(Kind::Acknowledged, "acknowledge"), (Kind::Commented, "notes"), (Kind::Resolved, "close")] {
        let look = request(&jsm, &message(kind), None);
        let incident = message(kind).incident.expect("an incident").to_string();
        assert_eq!((look.method, look.url.query().map(str::to_owned)), ("GET", Some(format!("alias={incident}"))));
        let found = next(answered(&jsm, &look, 200, &json!({"id": "9b25-17"}))).expect("an alert");
        let act = request(&jsm, &message(kind), Some(&found));
        assert!(act.url.path().ends_with(&format!("/v1/alerts/9b25-17/{action}")), "{}", act.url);
        assert!(matches!(answered(&jsm, &look, 404, &json!({})), Verdict::Retry { .. }), "created a moment later");
        assert!(matches!(answered(&jsm, &act, 202, &json!({})), Verdict::Delivered { .. }));
    }
    // What ends a state that was perhaps never told has nothing to wait for.
    let look = request(&jsm, &message(Kind::Recovered), None);
    assert!(matches!(answered(&jsm, &look, 404, &json!({})), Verdict::Undeliverable { .. }));
}

#[test]
fn pushover_cancels_the_emergency_of_the_incident_before_it_tells_of_its_end() {
    let pushover = settings("pushover");
    let incident = message(Kind::Opened).incident.expect("an incident").to_string();
    let first = String::from_utf8(request(&pushover, &message(Kind::Opened), None).body).expect("a form");
    assert!(first.contains("priority=2") && first.contains(&format!("tags={incident}")), "{first}");
    let cancel = request(&pushover, &message(Kind::Resolved), None);
    assert!(cancel.url.path().ends_with(&format!("/cancel_by_tag/{incident}.json")));
    assert!(matches!(answered(&pushover, &cancel, 503, &json!({})), Verdict::Retry { .. }));
    assert!(matches!(answered(&pushover, &cancel, 429, &json!({})), Verdict::Retry { .. }));
    for status in [200, 404] {
        let prepared = next(answered(&pushover, &cancel, status, &json!({"status": 1})));
        let told = request(&pushover, &message(Kind::Resolved), prepared.as_ref());
        assert!(told.url.path().ends_with("/messages.json"));
    }
}

#[test]
fn the_key_is_the_incident_and_never_the_monitor() {
    let incident = message(Kind::Opened).incident.expect("an incident").to_string();
    for kind in [Kind::Opened, Kind::Reminded, Kind::Acknowledged, Kind::Resolved] {
        let of = |receiver: &str| body(&request(&settings(receiver), &message(kind), None));
        assert_eq!(of("pagerduty")["dedup_key"], incident);
        assert_eq!(of("google_chat")["thread"]["threadKey"], incident);
        let sequence = of("ntfy")["sequence_id"].clone();
        assert!(if kind == Kind::Reminded { sequence.is_null() } else { sequence == incident.as_str() });
        let Ok(Outgoing::Mail(mail)) = render(&settings("email"), &message(kind), None) else { panic!("no mail") };
        let references = mail.headers.iter().find(|(name, _)| *name == "References").map(|(_, value)| value.clone());
        assert_eq!(references, Some(format!("<{incident}@valpero.example.com>")));
    }
    let actions = [Kind::Opened, Kind::Acknowledged, Kind::Resolved, Kind::Degraded, Kind::Recovered].map(|kind| {
        let sent = body(&request(&settings("pagerduty"), &message(kind), None));
        (sent["event_action"].as_str().map(str::to_owned), sent["dedup_key"].as_str().map(str::to_owned))
    });
    assert_eq!(
        actions.clone().map(|(action, _)| action.unwrap_or_default()),
        ["trigger", "acknowledge", "resolve", "trigger", "resolve"]
    );
    assert_eq!(actions[3].1, actions[4].1, "what ends a state has the key of its beginning");
    assert_ne!(actions[0].1, actions[3].1);
}

#[test]
fn two_mails_of_one_incident_have_two_ids() {
    let id = |delivery: &str| {
        let context = valpero_channels::Context { delivery: delivery.to_owned(), ..super::context() };
        let message = Message { context, ..message(Kind::Reminded) };
        let Ok(Outgoing::Mail(mail)) = render(&settings("email"), &message, None) else { panic!("no mail") };
        mail.headers.into_iter().find(|(name, _)| *name == "Message-ID").map(|(_, value)| value)
    };
    assert_eq!(id("dlv_1"), id("dlv_1"), "a retry is the same mail");
    assert_ne!(id("dlv_1"), id("dlv_2"));
}
