//! Subscribers of a page: nobody is sent anything before they confirm, each is told an update once whatever fails, and ends it by one request.

use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use valpero_auth::WebhookSecret;
use valpero_domain::{PageId, Plan, Timestamp};

use super::{
    crowd::{crowd, link},
    page, view,
};
use crate::harness::{Mailbox, Receiver, Tenant, World, WorldOptions, bounce_of_subscriber};

struct Desk {
    world: World,
    owner: Tenant,
    mail: Mailbox,
    id: String,
    components: Vec<String>,
}

impl Desk {
    async fn new(more: Value) -> Self {
        let mail = Mailbox::new();
        let world = World::with(WorldOptions { mailer: mail.mailer(), ..WorldOptions::default() }).await;
        let owner = world.tenant(Plan::Business).await;
        let components = json!([{"name": "Shop"}, {"name": "API"}]);
        let (id, components) = page(&world, &owner, "acme", components, more).await;
        world.deliver().await;
        Self { world, owner, mail, id, components }
    }

    async fn subscribe(&self, form: &str) -> u16 {
        let reply = self.world.post_form("/status/acme/subscribe", form).await;
        self.world.deliver().await;
        // Twelve mails a second are the most.
        self.world.advance(1);
        self.world.deliver().await;
        reply.status.as_u16()
    }

    /// A page that only some may see, whose readers may name hosts in private networks.
    async fn limited() -> (Self, String) {
        let desk = Self::new(json!({"visibility": "password", "password": "correct horse"})).await;
        let let_in = desk.world.post_form("/status/acme/password", "password=correct+horse").await.expect(303);
        let cookie = let_in.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        (desk, cookie)
    }

    /// Subscribes this URL, as a reader who gave the password; answers the path that confirms it.
    async fn hooked(&self, cookie: &str, receiver: &Receiver) -> String {
        let form = Body::from(format!("url={}", receiver.url()));
        let request = Request::post("/status/acme/subscribe").header("cookie", cookie).body(form).expect("a request");
        self.world.send(request).await.expect(202);
        self.world.deliver().await;
        let asked = receiver.delivered()[0].json.clone();
        let confirm = asked["confirm_url"].as_str().expect("a URL");
        confirm.strip_prefix("https://valpero.example.com").expect("of the deployment").to_owned()
    }

    /// Subscribes this address and opens its link.
    async fn confirmed(&self, form: &str) -> String {
        self.mail.clear();
        assert_eq!(self.subscribe(form).await, 202);
        let messages = self.mail.messages();
        assert_eq!(messages.len(), 1);
        let path = link(&messages[0], "/subscription/");
        let reply = self.world.post_form(&path, "do=confirm").await.expect(200);
        assert!(reply.body().contains("You are subscribed."), "{}", reply.body());
        path
    }

    async fn post(&self, components: &[&String], notify: bool) -> String {
        let affected: Vec<Value> = components.iter().map(|id| json!({"id": id, "status": "major_outage"})).collect();
        let body = json!({
            "kind": "incident", "title": "Checkout fails", "body": "We are **looking**.", "notify": notify,
            "components": affected,
        });
        let path = format!("/api/v1/status-pages/{}/posts", self.id);
        let post = self.world.post(&path, &self.owner, body).await.expect(201).text("/id");
        self.world.deliver().await;
        post
    }

    async fn subscribers(&self, query: &str) -> Vec<Value> {
        let path = format!("/api/v1/status-pages/{}/subscribers{query}", self.id);
        self.world.get(&path, &self.owner).await.expect(200).data().to_vec()
    }

    /// So much later, as the sweep and the worker find it.
    async fn pass(&self, seconds: i64) {
        self.world.advance(seconds);
        self.world.sweep().await;
        self.world.deliver().await;
    }

    /// Subscribers that have confirmed, made in the store.
    async fn crowd(&self, count: usize) {
        crowd(&self.world, &self.owner, &self.id, 0..count).await;
        self.mail.clear();
    }
}

fn to(mail: &str) -> &str {
    mail.lines().find_map(|line| line.strip_prefix("To: ")).expect("a recipient")
}

#[tokio::test]
async fn a_subscriber_confirms_is_told_once_and_leaves_by_one_request() {
    let desk = Desk::new(json!({})).await;
    let front = view(&desk.world, "/status/acme").await.expect(200);
    assert!(front.body().contains("/status/acme/subscribe"), "{}", front.body());
    assert_eq!(desk.subscribe("email=Reader%40example.com").await, 202);
    desk.post(&[], true).await;
    let asked = desk.mail.messages();
    assert_eq!(asked.len(), 1, "nothing but the question whether it is to be: {asked:?}");
    assert!(asked[0].contains("Subject: Confirm your subscription to Acme"), "{}", asked[0]);
    assert_eq!(desk.subscribers("").await[0]["status"], "pending");
    let path = link(&asked[0], "/subscription/");
    let shown = view(&desk.world, &path).await.expect(200);
    assert!(shown.body().contains("Confirm") && shown.body().contains("Reader@example.com"));
    assert_eq!(desk.subscribers("").await[0]["status"], "pending", "programs that look at mail follow links");
    desk.world.post_form(&path, "do=confirm").await.expect(200);
    let listed = desk.subscribers("?status=active&kind=email").await;
    assert_eq!((listed[0]["email"].as_str(), listed[0]["components"].clone()), (Some("Reader@example.com"), json!([])));
    assert_eq!(desk.subscribers("?kind=webhook").await, Vec::<Value>::new());
    desk.mail.clear();

    let post = desk.post(&[&desk.components[0]], true).await;
    desk.pass(60).await;
    desk.pass(3_600).await;
    let told = desk.mail.messages();
    assert_eq!(told.len(), 1, "one mail an update: {told:?}");
    for part in [
        "Subject: Investigating: Checkout fails",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Auto-Submitted: auto-generated",
        "To: Reader@example.com",
    ] {
        assert!(told[0].contains(part), "{part} is not in {}", told[0]);
    }
    let update = json!({"state": "resolved", "body": "It works.", "notify": false});
    let updates = format!("/api/v1/status-pages/{}/posts/{post}/updates", desk.id);
    desk.world.post(&updates, &desk.owner, update.clone()).await.expect(201);
    desk.pass(60).await;
    assert_eq!(desk.mail.messages().len(), 1, "nobody is to be told");

    let leave = link(&told[0], "/unsubscribe/");
    let asked = view(&desk.world, &leave).await.expect(200);
    assert!(asked.body().contains("Unsubscribe"));
    assert_eq!(desk.subscribers("").await.len(), 1, "a GET ends nothing");
    desk.world.post_form(&leave, "List-Unsubscribe=One-Click").await.expect(200);
    assert_eq!(desk.subscribers("").await, Vec::<Value>::new());
    desk.world.post_form(&leave, "List-Unsubscribe=One-Click").await.expect(200);
    view(&desk.world, &path).await.expect(404);
    let update = json!({"state": "resolved", "body": "It works.", "notify": true});
    desk.world.post(&updates, &desk.owner, update).await.expect(201);
    desk.pass(60).await;
    assert_eq!(desk.mail.messages().len(), 1);
}

#[tokio::test]
async fn what_is_answered_says_nothing_of_an_address_and_asking_is_bounded() {
    let desk = Desk::new(json!({})).await;
    desk.confirmed("email=reader@example.com").await;
    desk.mail.clear();
    let known = desk.world.post_form("/status/acme/subscribe", "email=reader@example.com").await.expect(202);
    let unknown = desk.world.post_form("/status/acme/subscribe", "email=other@example.com").await.expect(202);
    assert_eq!(known.body(), unknown.body());
    desk.world.deliver().await;
    desk.world.advance(1);
    desk.world.deliver().await;
    let mails = desk.mail.messages();
    let of = |address: &str| mails.iter().find(|mail| to(mail) == address).expect("a mail").clone();
    assert!(of("reader@example.com").contains("Subject: You are subscribed to Acme"));
    assert!(of("other@example.com").contains("Subject: Confirm"));
    for form in ["", "email=nobody", "email=a%40b%0d%0aBcc:x@y.z", "url=ftp://example.com", "url=nothing"] {
        assert_eq!(desk.subscribe(form).await, 422, "{form}");
    }
    desk.mail.clear();
    for _ in 0..2 {
        assert_eq!(desk.subscribe("email=third@example.com").await, 202);
        desk.world.advance(1);
    }
    assert_eq!(desk.subscribe("email=third@example.com").await, 202, "the same answer");
    assert_eq!(desk.mail.messages().len(), 2, "and no third mail");
    let mut last = 0;
    for number in 0..10 {
        last = desk.subscribe(&format!("email=n{number}@example.com")).await;
    }
    assert_eq!(last, 429, "one client asks ten times");
    desk.world.advance(15 * 60);
    assert_eq!(desk.subscribe("email=later@example.com").await, 202);
}

#[tokio::test]
async fn a_subscription_that_nobody_confirms_is_forgotten() {
    let desk = Desk::new(json!({})).await;
    desk.subscribe("email=reader@example.com").await;
    let path = link(&desk.mail.messages()[0], "/subscription/");
    desk.world.advance(2 * 86_400 - 2);
    view(&desk.world, &path).await.expect(200);
    desk.world.advance(1);
    desk.world.post_form(&path, "do=confirm").await.expect(404);
    assert_eq!(desk.subscribers("").await, Vec::<Value>::new());
    desk.confirmed("email=reader@example.com").await;
}

#[tokio::test]
async fn who_chose_components_is_told_of_those_alone() {
    let desk = Desk::new(json!({})).await;
    let (shop, api) = (&desk.components[0], &desk.components[1]);
    let form = format!("email=shop@example.com&component={shop}&component=cmp_01M82PJFFSY9XKXCV0WRMX4C7M");
    let path = desk.confirmed(&form).await;
    desk.confirmed("email=all@example.com").await;
    assert_eq!(desk.subscribers("").await.iter().filter(|one| one["components"] == json!([shop])).count(), 1);
    desk.mail.clear();
    desk.post(&[api], true).await;
    desk.pass(60).await;
    assert_eq!(desk.mail.messages().iter().map(|mail| to(mail).to_owned()).collect::<Vec<_>>(), ["all@example.com"]);
    desk.world.post_form(&path, &format!("do=save&component={api}")).await.expect(200);
    desk.mail.clear();
    desk.post(&[api], true).await;
    desk.pass(60).await;
    assert_eq!(desk.mail.messages().len(), 2);
    desk.world.post_form(&path, "do=unsubscribe").await.expect(200);
    assert_eq!(desk.subscribers("").await.len(), 1);
}

#[tokio::test]
async fn mail_goes_at_the_pace_of_its_quota() {
    let desk = Desk::new(json!({})).await;
    desk.crowd(150).await;
    desk.post(&[], true).await;
    let mut seconds = 0;
    while desk.mail.messages().len() < 150 {
        let count = desk.mail.messages().len();
        assert!(count <= 12 * (seconds + 1) + 1, "{count} after {seconds} s");
        desk.world.advance(1);
        desk.world.deliver().await;
        seconds += 1;
        assert!(seconds < 20, "it stopped at {count}");
    }
    assert!(seconds >= 11, "150 mails at 12 a second: {seconds}");
    let mut all: Vec<String> = desk.mail.messages().iter().map(|mail| to(mail).to_owned()).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 150, "each one once");
}

#[tokio::test]
async fn a_crash_anywhere_repeats_nobody_and_forgets_nobody() {
    let desk = Desk::new(json!({})).await;
    desk.crowd(5).await;
    let mut crashed = 0;
    for writes in 0..40 {
        desk.mail.clear();
        let body = json!({"kind": "incident", "title": "Down", "body": "x", "notify": true});
        desk.world.post(&format!("/api/v1/status-pages/{}/posts", desk.id), &desk.owner, body).await.expect(201);
        desk.world.crashes.after(writes);
        let mut steps = 0;
        while steps < 8 && !desk.world.crashes.happened() {
            desk.world.deliver().await;
            desk.world.advance(1);
            steps += 1;
        }
        crashed += usize::from(desk.world.crashes.happened());
        desk.world.crashes.restart();
        desk.world.lose_messages();
        for _ in 0..4 {
            desk.pass(61).await;
        }
        let mut told: Vec<String> = desk.mail.messages().iter().map(|mail| to(mail).to_owned()).collect();
        told.sort();
        let expected: Vec<String> = (0..5).map(|number| format!("reader{number}@example.com")).collect();
        assert_eq!(told, expected, "a crash after {writes} writes");
    }
    assert!(crashed > 15, "the crash came in {crashed} runs");
}

#[tokio::test]
async fn a_bounce_quarantines_and_its_removal_lets_it_begin_anew() {
    let desk = Desk::new(json!({})).await;
    let path = desk.confirmed("email=reader@example.com").await;
    let subscriber = desk.subscribers("").await[0]["id"].as_str().expect("an ID").to_owned();
    let account = desk.owner.account.to_string();
    for (kind, status) in [("Transient", "active"), ("Permanent", "quarantined")] {
        let event = bounce_of_subscriber(&account, &desk.id, &subscriber, kind, "reader@example.com");
        desk.world.stack.delivery.handle(&event).await.expect("noted");
        assert_eq!(desk.subscribers("").await[0]["status"], status);
    }
    let listed = &desk.subscribers("?status=quarantined").await[0];
    assert!(listed["quarantine_reason"].as_str().is_some_and(|why| why.contains("user unknown")), "{listed}");
    desk.mail.clear();
    desk.post(&[], true).await;
    desk.pass(60).await;
    assert_eq!(desk.subscribe("email=reader@example.com").await, 202);
    assert_eq!(desk.mail.messages(), Vec::<String>::new());
    desk.world.advance(15 * 60);
    let shown = view(&desk.world, &path).await.expect(200);
    assert!(shown.body().contains("did not arrive"), "{}", shown.body());
    let one = format!("/api/v1/status-pages/{}/subscribers/{subscriber}", desk.id);
    desk.world.call("DELETE", &one, &desk.owner.token, Value::Null).await.expect(204);
    desk.world.call("DELETE", &one, &desk.owner.token, Value::Null).await.expect(404);
    desk.confirmed("email=reader@example.com").await;
}

#[tokio::test]
async fn a_webhook_confirms_by_its_own_request_and_gets_signed_updates() {
    let (desk, cookie) = Desk::limited().await;
    let receiver = Receiver::start().await;
    let path = desk.hooked(&cookie, &receiver).await;
    desk.post(&[], true).await;
    assert_eq!(receiver.delivered().len(), 1, "not confirmed yet");
    let page = desk.world.post_form(&path, "").await.expect(200);
    let secret = page.body().split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).expect("a secret");
    let secret: WebhookSecret = serde_json::from_value(json!(secret)).expect("a secret");
    receiver.will_answer([(503, None), (200, None)]);
    let post = desk.post(&[&desk.components[0]], true).await;
    desk.pass(10).await;
    let got = receiver.delivered();
    assert_eq!(got.len(), 3, "a receiver that fails is asked again");
    assert_eq!(got[1].header("webhook-id"), got[2].header("webhook-id"), "by the same ID");
    let body: Value = got[2].json.clone();
    assert_eq!(
        (
            body["incident"]["id"].as_str(),
            body["incident"]["status"].as_str(),
            body["page"]["status_indicator"].as_str()
        ),
        (Some(post.as_str()), Some("investigating"), Some("major"))
    );
    assert_eq!(got[2].header("x-valpero-signature"), secret.sign_body(&got[2].raw));
    let timestamp = got[2].header("webhook-timestamp").parse().expect("a number");
    let signed = secret.sign_standard(got[2].header("webhook-id"), timestamp, &got[2].raw);
    assert_eq!(got[2].header("webhook-signature"), signed);
    receiver.will_answer([(410, None)]);
    desk.post(&[], true).await;
    assert_eq!(desk.subscribers("").await, Vec::<Value>::new(), "it wants nothing more");
}

#[tokio::test]
async fn no_reader_of_a_public_page_reaches_a_private_network() {
    let desk = Desk::new(json!({})).await;
    let receiver = Receiver::start().await;
    assert_eq!(desk.subscribe(&format!("url={}", receiver.url())).await, 202, "the answer says nothing of hosts");
    desk.pass(3_600).await;
    assert_eq!(receiver.delivered().len(), 0, "the guard holds it back, though monitors may name such hosts here");
}

#[tokio::test]
async fn a_mail_that_asks_and_bounces_is_not_sent_again() {
    let desk = Desk::new(json!({})).await;
    desk.subscribe("email=nobody@example.com").await;
    let subscriber = desk.subscribers("").await[0]["id"].as_str().expect("an ID").to_owned();
    let account = desk.owner.account.to_string();
    let event = bounce_of_subscriber(&account, &desk.id, &subscriber, "Permanent", "nobody@example.com");
    desk.world.stack.delivery.handle(&event).await.expect("noted");
    assert_eq!(desk.subscribers("").await[0]["status"], "quarantined");
    desk.mail.clear();
    assert_eq!(desk.subscribe("email=nobody@example.com").await, 202);
    assert_eq!(desk.mail.messages(), Vec::<String>::new());
}

#[tokio::test]
async fn news_that_came_too_late_gives_way_to_what_came_since() {
    let (desk, cookie) = Desk::limited().await;
    let receiver = Receiver::start().await;
    let path = desk.hooked(&cookie, &receiver).await;
    desk.world.post_form(&path, "").await.expect(200);
    receiver.will_answer([(503, None)]);
    let post = desk.post(&[], true).await;
    let update = json!({"state": "resolved", "body": "It works.", "notify": true});
    desk.world
        .post(&format!("/api/v1/status-pages/{}/posts/{post}/updates", desk.id), &desk.owner, update)
        .await
        .expect(201);
    desk.world.deliver().await;
    desk.pass(60).await;
    let told: Vec<Value> =
        receiver.delivered().iter().skip(1).map(|one| one.json["incident"]["status"].clone()).collect();
    assert_eq!(told, ["investigating", "resolved"], "what failed is not told after the end");
}

#[tokio::test]
async fn a_receiver_that_never_answers_well_is_quarantined() {
    let (desk, cookie) = Desk::limited().await;
    let receiver = Receiver::start().await;
    let path = desk.hooked(&cookie, &receiver).await;
    desk.world.post_form(&path, "").await.expect(200);
    receiver.will_answer([(500, None); 20]);
    desk.post(&[], true).await;
    for _ in 0..8 {
        desk.pass(40_000).await;
    }
    assert_eq!(desk.subscribers("").await[0]["status"], "quarantined");
}

#[tokio::test]
async fn a_limited_page_lets_its_subscribers_leave_and_a_deleted_one_forgets_them() {
    let desk = Desk::new(json!({})).await;
    let path = desk.confirmed("email=reader@example.com").await;
    let patch = json!({"visibility": "password", "password": "correct horse", "ip_allow": ["192.0.2.0/24"]});
    let own = format!("/api/v1/status-pages/{}", desk.id);
    desk.world.call("PATCH", &own, &desk.owner.token, patch).await.expect(200);
    desk.world.advance(11);
    view(&desk.world, "/status/acme/subscribe").await.expect(403);
    view(&desk.world, &path).await.expect(200);
    let reply = view(&desk.world, &path).await;
    assert_eq!((reply.header("cache-control"), reply.header("referrer-policy")), ("private, no-store", "no-referrer"));
    let patch = json!({"visibility": "public", "ip_allow": [], "subscribers": false});
    desk.world.call("PATCH", &own, &desk.owner.token, patch).await.expect(200);
    desk.world.advance(11);
    desk.mail.clear();
    assert!(!view(&desk.world, "/status/acme").await.expect(200).body().contains("/subscribe"));
    assert_eq!(desk.subscribe("email=other@example.com").await, 404);
    desk.post(&[], true).await;
    desk.pass(60).await;
    assert_eq!(desk.mail.messages(), Vec::<String>::new(), "the page tells nobody any more");
    desk.world.call("DELETE", &own, &desk.owner.token, Value::Null).await.expect(204);
    desk.world.deliver().await;
    let page: PageId = desk.id.parse().expect("an ID");
    let left =
        desk.world.stack.app.store.subscribers(desk.owner.account, page, None, Timestamp::from_seconds(0), |_| true, 9);
    assert_eq!(left.await.expect("a list").len(), 0);
}

#[tokio::test]
async fn what_a_page_tells_by_itself_is_told_too() {
    let desk = Desk::new(json!({})).await;
    desk.confirmed("email=reader@example.com").await;
    desk.mail.clear();
    let at = |minutes: i64| desk.world.now().plus_seconds(minutes * 60).to_string();
    let body = json!({
        "kind": "maintenance", "title": "Move", "body": "We move.", "notify": true,
        "scheduled_for": at(10), "scheduled_until": at(20),
    });
    let path = format!("/api/v1/status-pages/{}/posts", desk.id);
    desk.world.post(&path, &desk.owner, body).await.expect(201);
    for _ in 0..5 {
        desk.pass(300).await;
        desk.pass(1).await;
    }
    let subjects: Vec<String> = desk
        .mail
        .messages()
        .iter()
        .filter_map(|mail| mail.lines().find_map(|line| line.strip_prefix("Subject: ")).map(str::to_owned))
        .collect();
    assert_eq!(
        subjects.iter().map(|subject| subject.split(':').next().unwrap_or_default()).collect::<Vec<_>>(),
        ["Scheduled", "In progress", "Completed"],
        "{subjects:?}"
    );
}

#[tokio::test]
async fn nobody_else_sees_or_removes_a_subscriber() {
    let desk = Desk::new(json!({})).await;
    let path = desk.confirmed("email=reader@example.com").await;
    page(&desk.world, &desk.owner, "other", json!([]), json!({})).await;
    desk.world.deliver().await;
    let elsewhere = path.replace("/acme/", "/other/");
    let request = Request::post(&elsewhere).body(Body::from("do=unsubscribe")).expect("a request");
    desk.world.send(request).await.expect(404);
    let forged = format!("{}A", &path[..path.len() - 1]);
    if forged != path {
        desk.world.post_form(&forged, "do=unsubscribe").await.expect(404);
    }
    assert_eq!(desk.subscribers("").await.len(), 1);
}
