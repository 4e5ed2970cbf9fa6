//! Every function under its policy of the template: enough for all it does, and no more.

use std::collections::{BTreeMap, BTreeSet};

use axum::{body::Body, http::Request};

use serde_json::{Value, json};
use valpero_auth::{AcknowledgeLink, SubscriberLink};
use valpero_domain::{
    PageId, Plan, Role, SessionId,
    event::{Due, PageMark},
};
use valpero_runtime::queue::DeliveryMessage;

use crate::api::routes::deal_code;
use crate::dashboard::session_of;
use crate::harness::{Mailbox, Receiver, Site, Tenant, World, WorldOptions, as_function, bounce, granted, people};

/// Does everything that any function can do to the store, with the template's policies enforced on each call.
async fn everything(world: &World) {
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    let none = || Value::Null;
    let call = async |method: &str, path: &str, body: Value| {
        let reply = world.call(method, path, &owner.token, body).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.json);
        reply
    };
    for path in
        ["v1/account", "v1/audit-log", "v1/keys", "v1/monitors", "v1/incidents", "v1/webhooks/deliveries", "metrics"]
    {
        call("GET", &format!("/api/{path}"), none()).await;
    }
    for path in ["/docs/api", "/docs/api/openapi.json", "/health"] {
        call("GET", path, none()).await;
    }
    let named = async |path: &str, body: Value| {
        let reply = world.post_named(path, &owner, "once", body).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.json);
        reply
    };
    call("PATCH", "/api/v1/account", json!({"language": "fi"})).await;
    let code = deal_code(world, Plan::Business, None).await;
    let small = world.tenant(Plan::Free).await;
    world.post_named("/api/v1/account/redeem", &small, "a code", json!({"code": code})).await.expect(200);
    let key = named("/api/v1/keys", json!({"name": "ci"})).await.text("/id");
    let next = call("POST", &format!("/api/v1/keys/{key}/rotate"), json!({"grace_seconds": 60})).await.text("/id");
    call("DELETE", &format!("/api/v1/keys/{next}"), none()).await;

    // One region after the other sees a site down: the last one asks what the first one's check found.
    let shaky = Site::start().await;
    let id = world.monitor(&owner, &shaky.url(), json!({})).await;
    for broken in [0, 1, 2] {
        world.tick_with_broken(&shaky, broken).await;
    }
    assert_eq!(world.status(&owner, &id).await, "down");
    call("DELETE", &format!("/api/v1/monitors/{id}"), none()).await;

    let id = world.monitor(&owner, &site.url(), json!({"webhook_url": receiver.url(), "regions": ["hel"]})).await;
    let path = format!("/api/v1/monitors/{id}");
    world.tick().await;
    // Each of these takes a place, or leaves one.
    call("PATCH", &path, json!({"regions": ["hel", "fra"], "check_interval": 120})).await;
    call("PATCH", &path, json!({"regions": ["hel"], "check_interval": 60, "url": format!("{}x", site.url())})).await;
    call("POST", &format!("{path}/pause"), none()).await;
    call("POST", &format!("{path}/resume"), none()).await;
    world.tick().await;
    site.answers(500);
    world.tick().await;
    world.tick().await;
    let asked = call("POST", &format!("{path}/check"), none()).await;
    call("GET", asked.header("location"), none()).await;
    world.drain().await;
    call("GET", &format!("{path}/checks"), none()).await;
    call("GET", &format!("{path}/response-times"), none()).await;
    call("GET", "/api/metrics", none()).await;
    call("GET", &path, none()).await;
    let incident = world.incidents(&owner).await[0]["id"].as_str().expect("an id").to_owned();
    let story = format!("/api/v1/incidents/{incident}");
    call("POST", &format!("{story}/acknowledge"), json!({"note": "mine"})).await;
    world.post_named(&format!("{story}/comments"), &owner, "a comment", json!({"body": "looking"})).await.expect(201);
    call("POST", &format!("{story}/resolve"), none()).await;
    call("GET", &story, none()).await;
    call("POST", "/api/v1/webhooks/rotate-secret", json!({"monitor_id": id})).await;
    let tried =
        world.post_named("/api/v1/webhooks/test", &owner, "a test", json!({"monitor_id": id})).await.expect(202);
    world.deliver().await;
    let delivery = format!("/api/v1/webhooks/deliveries/{}", tried.text("/id"));
    call("GET", &delivery, none()).await;
    call("POST", &format!("{delivery}/redeliver"), none()).await;
    world.deliver().await;
    world.tick().await;
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "down", "again, since it still fails");
    site.answers(200);
    world.tick().await;
    world.tick().await;
    receiver.will_answer([(500, None), (410, None)]);
    site.answers(500);
    world.tick().await;
    world.tick().await;
    world.advance(7);
    world.sweep().await;
    world.deliver().await;
    let gone = world.read(&owner, &id).await;
    assert!(gone["webhook_disabled_at"].is_string(), "its receiver is gone: {gone} {:?}", receiver.events());
    let other = format!("{}y", receiver.url());
    call("PATCH", &path, json!({"webhook_url": other})).await;
    // Its incident ends with the pause, and is told.
    call("POST", &format!("{path}/pause"), none()).await;
    call("DELETE", &path, none()).await;
    world.post_named("/api/v1/monitors", &owner, "a monitor", json!({"url": site.url()})).await.expect(201);
    world.roll_up().await;
    world.advance(3 * 3_600);
    world.roll_up().await;
    world.advance(86_400);
    call("GET", "/api/metrics", none()).await;
    world.advance(86_400);
    let hook = json!({"name": "Ops", "type": "mattermost", "webhook_url": receiver.url()});
    let channel = world.post_named("/api/v1/channels", &owner, "a channel", hook).await.expect(201).text("/id");
    let channel = format!("/api/v1/channels/{channel}");
    call("GET", "/api/v1/channels", none()).await;
    call("PATCH", &channel, json!({"name": "New"})).await;
    call("POST", &format!("{channel}/test"), none()).await;
    call("POST", "/api/v1/channels/preview", json!({"type": "ntfy", "topic": "ops"})).await;
    let steps = json!([{"after_minutes": 0, "channel_ids": [channel.rsplit('/').next()]}]);
    let policies = "/api/v1/escalation-policies";
    let ops = json!({"name": "Ops", "steps": steps});
    let policy = world.post_named(policies, &owner, "a policy", ops).await.expect(201).text("/id");
    let path = format!("{policies}/{policy}");
    call("GET", policies, none()).await;
    call("GET", &path, none()).await;
    call("PATCH", &path, json!({"repeat_minutes": 30})).await;
    call("GET", "/api/v1/alert-routes", none()).await;
    call("PUT", "/api/v1/alert-routes", json!({"routes": [{"policy_id": policy}]})).await;
    Box::pin(somebody_is_paged(world, &owner, &site)).await;
    call("PUT", "/api/v1/alert-routes", json!({"routes": []})).await;
    call("DELETE", &path, none()).await;
    call("DELETE", &channel, none()).await;
    let parent = world.monitor(&owner, &site.url(), json!({})).await;
    let child = world.monitor(&owner, &site.url(), json!({"depends_on": [parent]})).await;
    let until = json!({"until": world.now().plus_seconds(60)});
    for what in ["", &format!("/monitors/{child}")] {
        call("POST", &format!("/api/v1{what}/mute"), until.clone()).await;
        call("POST", &format!("/api/v1{what}/unmute"), none()).await;
    }
    Box::pin(status_pages(world, &owner, &site)).await;
    Box::pin(mail_that_bounces(world, &owner)).await;
    Box::pin(people_come_and_go(world, &owner)).await;
    world.advance(86_400);
    call("POST", "/api/v1/tools/http", json!({"url": site.url()})).await;
    let refused = world.call("GET", "/api/v1/account", "", none()).await;
    assert_eq!(refused.status.as_u16(), 401);
}

/// An incident goes to a channel, is looked at, and a mute ends.
async fn somebody_is_paged(world: &World, owner: &Tenant, site: &Site) {
    site.answers(200);
    let parent = world.monitor(owner, &site.url(), json!({})).await;
    world.tick().await;
    site.answers(503);
    world.tick().await;
    world.tick().await;
    let incident = world.incidents(owner).await[0]["id"].as_str().expect("an id").to_owned();
    let story = world.get(&format!("/api/v1/incidents/{incident}"), owner).await.expect(200).json;
    assert!(story["notified"].as_array().is_some_and(|told| told.len() == 1), "{story}");
    let delivery = story["notified"][0]["delivery_id"].as_str().expect("a delivery");
    let again = format!("/api/v1/deliveries/{delivery}/redeliver");
    world.post(&again, owner, Value::Null).await.expect(202);
    let link = AcknowledgeLink {
        account_id: owner.account,
        incident_id: incident.parse().expect("an id"),
        channel_id: story["notified"][0]["channel_id"].as_str().expect("an id").parse().expect("an id"),
        until: world.now().plus_seconds(60),
    };
    let channel = world.stack.app.store.channel(owner.account, link.channel_id).await.expect("a channel");
    let link = format!("/acknowledge/{}", link.token(channel.link_secret.as_ref().expect("a secret")));
    for (method, status) in [("GET", 200), ("POST", 303)] {
        world.call(method, &link, "", Value::Null).await.expect(status);
    }
    let until = json!({"until": world.now().plus_seconds(600)});
    world.post(&format!("/api/v1/monitors/{parent}/mute"), owner, until).await.expect(200);
    world.post(&format!("/api/v1/monitors/{parent}/unmute"), owner, Value::Null).await.expect(200);
    world.deliver().await;
}

/// People are invited, sign in, are changed and leave.
async fn people_come_and_go(world: &World, owner: &Tenant) {
    let invite = json!({"email": "new@example.com", "role": "admin"});
    let invited = world.post_named("/api/v1/people/invitations", owner, "a guest", invite).await.expect(201);
    let link = invited.text("/invite_url").replace("https://valpero.example.com", "");
    let password = "correct horse";
    let entered = world.submit_as_nobody(&link, &[("name", "New"), ("password", password)]).await.expect(303);
    assert!(session_of(&entered).is_some());
    let people = world.get("/api/v1/people", owner).await.expect(200);
    let user = people.data().last().and_then(|one| one["user_id"].as_str()).expect("a person").to_owned();
    let guest = world.sign_in(owner, user.parse().expect("an id")).await;
    let path = format!("/api/v1/people/{user}");
    world.call("PATCH", &path, &owner.token, json!({"role": "member"})).await.expect(200);
    world.call("PATCH", &path, &owner.token, json!({"role": "admin"})).await.expect(200);
    let by = async |method: &str, path: &str, body: Value| {
        let request = Request::builder().method(method).uri(path).header("cookie", people::cookie(&guest.token));
        let request = request.header("sec-fetch-site", "same-origin").header("content-type", "application/json");
        world.send(request.body(Body::from(body.to_string())).expect("a request")).await
    };
    let own = SessionId::of_key(guest.session);
    by("POST", "/api/v1/keys", json!({"name": "ci", "scopes": ["monitors:read"]})).await.expect(201);
    by("GET", "/api/v1/sessions", Value::Null).await;
    world.get("/api/v1/people/invitations", owner).await.expect(200);
    let other = json!({"email": "other@example.com", "role": "viewer"});
    let other = world.post("/api/v1/people/invitations", owner, other).await.expect(201).text("/id");
    let other = format!("/api/v1/people/invitations/{other}");
    world.call("DELETE", &other, &owner.token, Value::Null).await.expect(204);
    let form = [("email", "new@example.com"), ("password", password)];
    world.submit_as_nobody("/sign-in", &form).await.expect(303);
    world.submit_as_nobody("/sign-in", &[form[0], ("password", "wrong")]).await.expect(422);
    world.submit_as_nobody("/forgot", &[("email", "new@example.com")]).await.expect(200);
    for page in ["/monitors", "/settings/two-factor"] {
        world.page(page, &guest).await.expect(200);
    }
    let change = [("do", "password"), ("old", password), ("password", "another horse")];
    world.submit("/settings/two-factor", &guest, &change).await.expect(303);
    for what in ["offer", "remove"] {
        let form = [("do", what), ("old", "another horse")];
        world.submit("/settings/two-factor", &guest, &form).await.expect(303);
    }
    let second = world.sign_in(owner, guest.user).await;
    by("DELETE", &format!("/api/v1/sessions/{}", SessionId::of_key(second.session)), json!({})).await.expect(204);
    by("DELETE", &format!("/api/v1/sessions/{own}"), json!({})).await.expect(204);
    world.sign_in(owner, guest.user).await;
    world.person(owner, Role::Owner, None).await;
    world.call("DELETE", &format!("{path}?revoke_keys=true"), &owner.token, Value::Null).await.expect(200);
}

async fn status_pages(world: &World, owner: &Tenant, site: &Site) {
    let monitor = world.monitor(owner, &site.url(), json!({})).await;
    let body = json!({
        "slug": "acme", "title": "Acme", "visibility": "password", "password": "correct horse",
        "components": [{"name": "Site", "monitor_ids": [monitor], "show_response_time": true}],
        "auto_publish": {"incidents": true, "after_minutes": 0},
    });
    let page = world.post_named("/api/v1/status-pages", owner, "page", body).await.expect(201);
    let path = format!("/api/v1/status-pages/{}", page.text("/id"));
    let by = async |method: &str, rest: &str, body: Value| {
        let reply = world.call(method, &format!("{path}{rest}"), &owner.token, body).await;
        assert!(reply.status.is_success(), "{method} {rest}: {}", reply.json);
        reply
    };
    world.tick().await;
    site.answers(503);
    world.tick().await;
    let incident = world.incidents(owner).await[0]["id"].clone();
    site.answers(200);
    world.tick().await;
    world.tick().await;
    by("PATCH", "", json!({"slug": "other"})).await;
    let until = world.now().plus_seconds(60);
    let component = page.text("/components/0/id");
    by("PUT", &format!("/components/{component}/status"), json!({"status": "operational", "until": until})).await;
    let post = json!({"kind": "incident", "title": "x", "body": "x", "notify": false, "incident_id": incident});
    let post = world.post_named(&format!("{path}/posts"), owner, "post", post).await.expect(201).text("/id");
    let update = json!({"state": "resolved", "body": "x", "notify": false});
    by("POST", &format!("/posts/{post}/updates"), update).await;
    by("DELETE", &format!("/posts/{post}"), Value::Null).await;
    world.advance(120);
    world.sweep().await;
    world.deliver().await;
    world.post_form("/status/other/password", "password=correct+horse").await.expect(303);
    by("PATCH", "", json!({"visibility": "public"})).await;
    world.advance(11);
    for part in ["", "/history", "/posts/pst_01M82PJFFSY9XKXCV0WRMX4C7M"] {
        let request = Request::get(format!("/status/other{part}")).body(Body::empty()).expect("a request");
        assert!(world.send(request).await.status.as_u16() < 500);
    }
    let id: PageId = page.text("/id").parse().expect("an ID");
    subscribers(world, owner, id).await;
    by("PUT", "/domain", json!({"domain": "status.example.com"})).await;
    world.deliver().await;
    by("DELETE", "/domain", Value::Null).await;
    by("DELETE", "", Value::Null).await;
    // A message that comes late finds the page gone.
    let due = Due::Page(PageMark { page_id: id, monitor_id: None });
    let message = DeliveryMessage { account_id: owner.account, due };
    world.stack.app.queue.send(message, 0, world.now()).await.expect("a message");
    world.deliver().await;
}

/// A reader subscribes to the page, is told of an update, and leaves; another one stays.
async fn subscribers(world: &World, owner: &Tenant, id: PageId) {
    for reader in ["reader", "other"] {
        world.post_form("/status/other/subscribe", &format!("email={reader}%40example.com")).await.expect(202);
    }
    world.deliver().await;
    let now = world.now();
    let store = &world.stack.app.store;
    let found = store.subscribers(owner.account, id, None, now, |_| true, 9).await.expect("subscribers");
    for one in &found {
        let token = SubscriberLink { page_id: id, subscriber_id: one.id }.token(&one.link_secret);
        world.post_form(&format!("/status/other/subscription/{token}"), "do=confirm").await.expect(200);
    }
    let post = json!({"kind": "incident", "title": "y", "body": "y", "notify": true});
    let path = format!("/api/v1/status-pages/{id}");
    world.post(&format!("{path}/posts"), owner, post).await.expect(201);
    world.deliver().await;
    world.advance(1);
    world.deliver().await;
    let token = SubscriberLink { page_id: id, subscriber_id: found[0].id }.token(&found[0].link_secret);
    world.post_form(&format!("/status/other/unsubscribe/{token}"), "").await.expect(200);
    let one = format!("{path}/subscribers/{}", found[1].id);
    world.call("DELETE", &one, &owner.token, Value::Null).await.expect(204);
}

async fn mail_that_bounces(world: &World, owner: &Tenant) {
    let mail = json!({"name": "Mail", "type": "email", "to": ["ops@example.com"]});
    let mail = world.post_named("/api/v1/channels", owner, "mail", mail).await.expect(201).text("/id");
    let bounced = bounce(&owner.account.to_string(), &mail, "Permanent", &["ops@example.com"]);
    let noted = as_function("delivery", world.stack.delivery.handle(&bounced)).await.expect("an event of ours");
    assert_eq!(noted, "disabled");
}

#[tokio::test]
async fn policies_grant_exactly_what_is_done() {
    let mailbox = Mailbox::new();
    let world = World::with(WorldOptions { mailer: mailbox.mailer(), ..WorldOptions::default() }).await;
    // Boxed: all of it would be too much for a test's stack.
    Box::pin(everything(&world)).await;
    let mut asked = world.policies.asked();
    // The dashboard does in its own process whatever the functions of the API do.
    let api: BTreeSet<_> =
        valpero_api::GROUPS.iter().filter_map(|group| asked.get(group.name)).flatten().cloned().collect();
    asked.entry("dashboard".to_owned()).or_default().extend(api);
    let mut beyond = BTreeMap::new();
    for (function, grants) in granted() {
        let done = asked.get(function).cloned().unwrap_or_default();
        let store = grants.iter().filter(|(action, _)| action.starts_with("dynamodb:")).cloned();
        let unused: Vec<_> = store.filter(|grant| !done.contains(grant)).collect();
        if !unused.is_empty() {
            beyond.insert(function, unused);
        }
    }
    assert!(beyond.is_empty(), "granted and never used: {beyond:#?}");
}
