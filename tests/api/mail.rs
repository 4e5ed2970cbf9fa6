//! E-mail channels: where mail is sent and where not, what a test sends, and what a bounce does.

use serde_json::{Value, json};
use valpero_domain::Plan;
use valpero_mail::Mailer;

use crate::harness::{Mailbox, Tenant, World, WorldOptions, as_function, bounce};

fn email(to: &[&str]) -> Value {
    json!({"name": "Ops", "type": "email", "to": to})
}

async fn world(mailer: Mailer) -> (World, Tenant) {
    let world = World::with(WorldOptions { mailer, ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    (world, owner)
}

async fn channel(world: &World, owner: &Tenant, to: &[&str]) -> String {
    world.post("/api/v1/channels", owner, email(to)).await.expect(201).text("/id")
}

async fn health(world: &World, owner: &Tenant, channel: &str) -> Value {
    world.get(&format!("/api/v1/channels/{channel}"), owner).await.expect(200).json["health"].clone()
}

async fn hear(world: &World, event: &Value) -> Value {
    as_function("delivery", world.stack.delivery.handle(event)).await.expect("an event of ours")
}

#[tokio::test]
async fn without_mail_there_is_no_channel_for_it_and_the_problem_says_what_to_set() {
    let (world, owner) = world(Mailer::Absent).await;
    let refused = world.post("/api/v1/channels", &owner, email(&["ops@example.com"])).await.expect(409);
    assert_eq!(refused.text("/code"), "mail_not_sent");
    assert!(refused.text("/detail").contains("MailFrom"), "{}", refused.json);
}

#[tokio::test]
async fn a_test_is_mailed() {
    let mailbox = Mailbox::new();
    let (world, owner) = world(mailbox.mailer()).await;
    let id = channel(&world, &owner, &["ops@example.com", "boss@example.com"]).await;
    let sent = world.post(&format!("/api/v1/channels/{id}/test"), &owner, Value::Null).await.expect(200);
    assert_eq!(sent.text("/outcome"), "delivered");
    let [mail] = &mailbox.messages()[..] else { panic!("one mail") };
    for line in ["From: valpero@example.com\r\n", "To: ops@example.com, boss@example.com\r\n", "Subject: Test: Ops\r\n"]
    {
        assert!(mail.contains(line), "{line} is not in {mail}");
    }
    assert!(mail.contains("@example.com>\r\n") && !mail.contains("valpero.invalid"), "its ID is ours: {mail}");
    assert!(health(&world, &owner, &id).await["last_success_at"].is_string());
}

#[tokio::test]
async fn a_channel_whose_address_does_not_exist_is_disabled_once() {
    let mailbox = Mailbox::new();
    let (world, owner) = world(mailbox.mailer()).await;
    let account = owner.account.to_string();
    let id = channel(&world, &owner, &["ops@example.com"]).await;
    let rows = async || {
        let path = format!("/api/v1/audit-log?action=channel.disabled&target={id}");
        world.get(&path, &owner).await.expect(200).data().len()
    };
    for (kind, to, outcome) in [
        ("Permanent", "other@example.com", "nobody's address"),
        ("Transient", "ops@example.com", "noted"),
        ("Permanent", "OPS@example.com", "disabled"),
        ("Permanent", "ops@example.com", "noted"),
    ] {
        assert_eq!(hear(&world, &bounce(&account, &id, kind, &[to])).await, outcome, "{kind} {to}");
        let disabled = health(&world, &owner, &id).await["status"] == "disabled";
        assert_eq!(disabled, rows().await == 1, "{kind} {to}");
    }
    assert_eq!(rows().await, 1);
    let health = health(&world, &owner, &id).await;
    assert!(health["last_error"].as_str().is_some_and(|why| why.contains("user unknown")), "{health}");
}

#[tokio::test]
async fn a_channel_is_open_while_one_of_its_addresses_exists() {
    let mailbox = Mailbox::new();
    let (world, owner) = world(mailbox.mailer()).await;
    let account = owner.account.to_string();
    let id = channel(&world, &owner, &["ops@example.com", "boss@example.com"]).await;
    assert_eq!(hear(&world, &bounce(&account, &id, "Permanent", &["ops@example.com"])).await, "noted");
    assert_eq!(health(&world, &owner, &id).await["status"], "failing");
    let both = bounce(&account, &id, "Permanent", &["ops@example.com", "boss@example.com"]);
    assert_eq!(hear(&world, &both).await, "disabled");
}

#[tokio::test]
async fn a_bounce_of_nobodys_mail_is_no_error() {
    let mailbox = Mailbox::new();
    let (world, owner) = world(mailbox.mailer()).await;
    let stranger = world.tenant(Plan::Business).await;
    let id = channel(&world, &owner, &["ops@example.com"]).await;
    let theirs = bounce(&stranger.account.to_string(), &id, "Permanent", &["ops@example.com"]);
    assert_eq!(hear(&world, &theirs).await, "no such channel");
    assert_eq!(hear(&world, &bounce("", "", "Permanent", &["ops@example.com"])).await, "no channel's mail");
    assert_eq!(health(&world, &owner, &id).await["status"], "ok");
}
