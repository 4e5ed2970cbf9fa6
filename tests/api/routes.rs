//! Every route of the API on one page, and for each: owner 2xx, another account 404, missing scope 403, no key 401.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use utoipa::openapi::PathItem;
use valpero_auth::TokenHash;
use valpero_domain::{Plan, Role, Scope, SessionId, Timestamp, deal_code::DealCode, pages::Contact};
use valpero_runtime::entropy;
use valpero_storage::{DealCodeRow, Subscriber};

use crate::harness::{Site, Tenant, World};

/// A route: method, path, scope, what the owner sends, what they get.
pub struct Row(pub &'static str, pub &'static str, pub Scope, pub Value, pub u16);

/// Every route that needs a key.
pub fn table() -> Vec<Row> {
    use Scope::{
        AccountRead, AccountWrite, AlertsRead, AlertsWrite, IncidentsRead, IncidentsWrite, KeysRead, KeysWrite,
        MonitorsRead, MonitorsWrite, PagesRead, PagesWrite, PeopleRead, PeopleWrite,
    };
    let none = || Value::Null;
    vec![
        Row("GET", "/api/v1/account", AccountRead, none(), 200),
        Row("PATCH", "/api/v1/account", AccountWrite, json!({"time_zone": "Europe/Helsinki"}), 200),
        // The account has the highest plan already.
        Row("POST", "/api/v1/account/redeem", AccountWrite, json!({"code": "{code}"}), 409),
        Row("GET", "/api/v1/audit-log", AccountRead, none(), 200),
        Row("GET", "/api/v1/keys", KeysRead, none(), 200),
        Row("POST", "/api/v1/keys", KeysWrite, json!({"name": "ci"}), 201),
        Row("GET", "/api/v1/keys/{key}", KeysRead, none(), 200),
        Row("PATCH", "/api/v1/keys/{key}", KeysWrite, json!({"name": "New"}), 200),
        Row("DELETE", "/api/v1/keys/{key}", KeysWrite, none(), 204),
        Row("POST", "/api/v1/keys/{key}/rotate", KeysWrite, json!({"grace_seconds": 60}), 201),
        Row("GET", "/api/v1/people", PeopleRead, none(), 200),
        Row("PATCH", "/api/v1/people/{person}", PeopleWrite, json!({"role": "admin"}), 200),
        Row("DELETE", "/api/v1/people/{person}", PeopleWrite, none(), 200),
        Row("GET", "/api/v1/people/invitations", PeopleRead, none(), 200),
        Row(
            "POST",
            "/api/v1/people/invitations",
            PeopleWrite,
            json!({"email": "new@example.com", "role": "viewer"}),
            201,
        ),
        Row("DELETE", "/api/v1/people/invitations/{invitation}", PeopleWrite, none(), 204),
        Row("GET", "/api/v1/sessions", AccountRead, none(), 200),
        // A key has no sessions.
        Row("DELETE", "/api/v1/sessions/{session}", AccountRead, none(), 404),
        Row("GET", "/api/v1/monitors", MonitorsRead, none(), 200),
        Row("POST", "/api/v1/monitors", MonitorsWrite, json!({"url": "https://example.com/"}), 201),
        Row("GET", "/api/v1/monitors/{monitor}", MonitorsRead, none(), 200),
        Row("PATCH", "/api/v1/monitors/{monitor}", MonitorsWrite, json!({"name": "New"}), 200),
        Row("DELETE", "/api/v1/monitors/{monitor}", MonitorsWrite, none(), 204),
        Row("POST", "/api/v1/monitors/{monitor}/pause", MonitorsWrite, none(), 200),
        Row("POST", "/api/v1/monitors/{monitor}/resume", MonitorsWrite, none(), 200),
        Row("POST", "/api/v1/monitors/{monitor}/check", MonitorsWrite, none(), 202),
        Row("GET", "/api/v1/monitors/{monitor}/check-requests/{check}", MonitorsRead, none(), 200),
        Row("GET", "/api/v1/monitors/{monitor}/checks", MonitorsRead, none(), 200),
        Row("GET", "/api/v1/monitors/{monitor}/response-times", MonitorsRead, none(), 200),
        Row("GET", "/api/v1/regions", MonitorsRead, none(), 200),
        Row("GET", "/api/v1/incidents", IncidentsRead, none(), 200),
        Row("GET", "/api/v1/incidents/{incident}", IncidentsRead, none(), 200),
        Row("POST", "/api/v1/incidents/{incident}/acknowledge", IncidentsWrite, json!({"note": "mine"}), 200),
        Row("POST", "/api/v1/incidents/{incident}/resolve", IncidentsWrite, none(), 200),
        Row("POST", "/api/v1/incidents/{incident}/comments", IncidentsWrite, json!({"body": "looking"}), 201),
        Row("POST", "/api/v1/webhooks/rotate-secret", MonitorsWrite, json!({"monitor_id": "{monitor}"}), 200),
        Row("POST", "/api/v1/webhooks/test", MonitorsWrite, json!({"monitor_id": "{monitor}"}), 202),
        Row("GET", "/api/v1/webhooks/deliveries", MonitorsRead, none(), 200),
        Row("GET", "/api/v1/webhooks/deliveries/{delivery}", MonitorsRead, none(), 200),
        Row("POST", "/api/v1/webhooks/deliveries/{delivery}/redeliver", MonitorsWrite, none(), 202),
        Row("GET", "/api/v1/channels", AlertsRead, none(), 200),
        Row("POST", "/api/v1/channels", AlertsWrite, json!({"name": "Ops", "type": "ntfy", "topic": "ops"}), 201),
        Row("POST", "/api/v1/channels/preview", AlertsRead, json!({"type": "ntfy", "topic": "ops"}), 200),
        Row("GET", "/api/v1/channels/{channel}", AlertsRead, none(), 200),
        Row("PATCH", "/api/v1/channels/{channel}", AlertsWrite, json!({"name": "New"}), 200),
        Row("DELETE", "/api/v1/channels/{channel}", AlertsWrite, none(), 204),
        Row("POST", "/api/v1/channels/{channel}/test", AlertsWrite, none(), 200),
        // A channel of this type has no secret.
        Row("POST", "/api/v1/channels/{channel}/rotate-secret", AlertsWrite, json!({"grace_seconds": 60}), 409),
        Row("POST", "/api/v1/monitors/{monitor}/mute", AlertsWrite, json!({"until": "2027-01-01T00:00:00Z"}), 200),
        Row("POST", "/api/v1/monitors/{monitor}/unmute", AlertsWrite, none(), 200),
        Row("POST", "/api/v1/mute", AlertsWrite, json!({"until": "2027-01-01T00:00:00Z"}), 200),
        Row("POST", "/api/v1/unmute", AlertsWrite, none(), 200),
        Row("GET", "/api/v1/escalation-policies", AlertsRead, none(), 200),
        Row("POST", "/api/v1/escalation-policies", AlertsWrite, policy("{channel}"), 201),
        Row("GET", "/api/v1/escalation-policies/{policy}", AlertsRead, none(), 200),
        Row("PATCH", "/api/v1/escalation-policies/{policy}", AlertsWrite, json!({"name": "New"}), 200),
        Row("DELETE", "/api/v1/escalation-policies/{policy}", AlertsWrite, none(), 204),
        Row("GET", "/api/v1/alert-routes", AlertsRead, none(), 200),
        Row("PUT", "/api/v1/alert-routes", AlertsWrite, json!({"routes": []}), 200),
        Row("GET", "/api/v1/deliveries", AlertsRead, none(), 200),
        Row("GET", "/api/v1/deliveries/{delivery}", AlertsRead, none(), 200),
        Row("POST", "/api/v1/deliveries/{delivery}/redeliver", AlertsWrite, none(), 202),
        Row("GET", "/api/v1/status-pages", PagesRead, none(), 200),
        Row("POST", "/api/v1/status-pages", PagesWrite, json!({"slug": "new", "title": "New"}), 201),
        Row("GET", "/api/v1/status-pages/{page}", PagesRead, none(), 200),
        Row("PATCH", "/api/v1/status-pages/{page}", PagesWrite, json!({"title": "New"}), 200),
        Row("DELETE", "/api/v1/status-pages/{page}", PagesWrite, none(), 204),
        Row(
            "PUT",
            "/api/v1/status-pages/{page}/components/{component}/status",
            PagesWrite,
            json!({"status": "major_outage"}),
            200,
        ),
        Row("DELETE", "/api/v1/status-pages/{page}/components/{component}/status", PagesWrite, none(), 200),
        // It has none.
        Row("GET", "/api/v1/status-pages/{page}/domain", PagesRead, none(), 404),
        Row("PUT", "/api/v1/status-pages/{page}/domain", PagesWrite, json!({"domain": "status.example.com"}), 200),
        Row("DELETE", "/api/v1/status-pages/{page}/domain", PagesWrite, none(), 204),
        Row("GET", "/api/v1/status-pages/{page}/posts", PagesRead, none(), 200),
        Row("POST", "/api/v1/status-pages/{page}/posts", PagesWrite, post(), 201),
        Row("GET", "/api/v1/status-pages/{page}/posts/{post}", PagesRead, none(), 200),
        Row("PATCH", "/api/v1/status-pages/{page}/posts/{post}", PagesWrite, json!({"title": "New"}), 200),
        Row("DELETE", "/api/v1/status-pages/{page}/posts/{post}", PagesWrite, none(), 204),
        Row(
            "POST",
            "/api/v1/status-pages/{page}/posts/{post}/updates",
            PagesWrite,
            json!({"state": "resolved", "body": "It works.", "notify": false}),
            201,
        ),
        Row("GET", "/api/v1/status-pages/{page}/subscribers", PagesRead, none(), 200),
        Row("DELETE", "/api/v1/status-pages/{page}/subscribers/{subscriber}", PagesWrite, none(), 204),
        Row("POST", "/api/v1/tools/http", MonitorsRead, json!({"url": "http://127.0.0.1:9/"}), 200),
        Row("POST", "/api/v1/tools/ssl", MonitorsRead, json!({"host": "127.0.0.1", "port": 9}), 200),
        Row("POST", "/api/v1/tools/dns", MonitorsRead, json!({"name": "nowhere.example"}), 200),
        Row("POST", "/api/v1/tools/ping", MonitorsRead, json!({"host": "127.0.0.1", "port": 9}), 200),
        Row("POST", "/api/v1/tools/headers", MonitorsRead, json!({"url": "http://127.0.0.1:9/"}), 200),
        Row("GET", "/api/metrics", MonitorsRead, none(), 200),
        Row("GET", "/api/metrics", IncidentsRead, none(), 200),
    ]
}

/// A deal code, as the operator makes one.
pub async fn deal_code(world: &World, plan: Plan, expires_at: Option<Timestamp>) -> String {
    let code = DealCode::new(entropy());
    let row = DealCodeRow {
        code_hash: TokenHash::of(code.secret()),
        prefix: code.prefix(),
        plan,
        created_at: world.now(),
        expires_at,
        redeemed_by: None,
        redeemed_at: None,
    };
    world.stack.app.store.create_deal_code(&row).await.expect("a code");
    code.reveal()
}

/// An escalation policy that tells one channel at once.
fn policy(channel: &str) -> Value {
    json!({"name": "Ops", "steps": [{"after_minutes": 0, "channel_ids": [channel]}]})
}

/// A post of a status page.
fn post() -> Value {
    json!({"kind": "incident", "title": "Payments fail", "body": "We look into it.", "notify": false})
}

/// An account that has one of everything, and the ids of them.
pub struct Things {
    /// Whose they are.
    pub owner: Tenant,
    key: String,
    monitor: String,
    incident: String,
    delivery: String,
    check: String,
    channel: String,
    policy: String,
    code: String,
    person: String,
    session: String,
    invitation: String,
    page: String,
    component: String,
    post: String,
    subscriber: String,
}

/// An account that has one of everything.
pub async fn things(world: &World) -> Things {
    let site = Site::start().await;
    site.answers(500);
    let owner = world.tenant(Plan::Business).await;
    let more = json!({"webhook_url": "http://127.0.0.1:9/"});
    let monitor = world.monitor(&owner, &site.url(), more).await;
    world.bare_tick().await;
    let incident = world.incidents(&owner).await[0]["id"].as_str().expect("an id").to_owned();
    let key = world.post("/api/v1/keys", &owner, json!({"name": "spare"})).await.expect(201).text("/id");
    let tested = world.post("/api/v1/webhooks/test", &owner, json!({"monitor_id": monitor})).await.expect(202);
    let delivery = tested.text("/id");
    let check = world.post(&format!("/api/v1/monitors/{monitor}/check"), &owner, json!(null)).await.expect(202);
    let check = check.text("/check_id");
    let hook = json!({"name": "Ops", "type": "mattermost", "webhook_url": "http://127.0.0.1:9/hooks/x"});
    let channel = world.post("/api/v1/channels", &owner, hook).await.expect(201).text("/id");
    // Of a channel of its own, so that the other can be deleted.
    let used = json!({"name": "Ops", "type": "ntfy", "topic": "ops"});
    let used = world.post("/api/v1/channels", &owner, used).await.expect(201).text("/id");
    let policy = world.post("/api/v1/escalation-policies", &owner, policy(&used)).await.expect(201).text("/id");
    let code = deal_code(world, Plan::Business, None).await;
    let browser = world.person(&owner, Role::Member, None).await;
    let (person, session) = (browser.user.to_string(), SessionId::of_key(browser.session).to_string());
    let (invitation, _) = world.invitation(&owner, "invited@example.com", Role::Viewer).await;
    let invitation = invitation.id.to_string();
    // One for each account: no two pages have the same slug.
    let slug = owner.account.to_string().to_lowercase().replace('_', "-");
    let page = json!({"slug": slug, "title": "Acme", "components": [{"name": "Site"}]});
    let page = world.post("/api/v1/status-pages", &owner, page).await.expect(201);
    let (component, page) = (page.text("/components/0/id"), page.text("/id"));
    let path = format!("/api/v1/status-pages/{page}/posts");
    let post = world.post(&path, &owner, post()).await.expect(201).text("/id");
    let subscriber = subscriber(world, &owner, &page).await;
    Things {
        owner,
        key,
        monitor,
        incident,
        delivery,
        check,
        channel,
        policy,
        code,
        person,
        session,
        invitation,
        page,
        component,
        post,
        subscriber,
    }
}

/// A subscriber of a page, by mail.
async fn subscriber(world: &World, owner: &Tenant, page: &str) -> String {
    let contact = Contact::Email { email: "reader@example.com".to_owned().try_into().expect("an address") };
    let row = Subscriber::new(owner.account, page.parse().expect("an ID"), contact, world.now());
    world.stack.app.store.subscribe(&row, None, world.now()).await.expect("kept");
    row.id.to_string()
}

impl Things {
    /// A path or body with their ids in place of the marks.
    pub fn fill(&self, text: &str) -> String {
        let ids = [("{key}", &self.key), ("{monitor}", &self.monitor)];
        let more = [
            ("{incident}", &self.incident),
            ("{delivery}", &self.delivery),
            ("{check}", &self.check),
            ("{channel}", &self.channel),
            ("{policy}", &self.policy),
            ("{code}", &self.code),
            ("{person}", &self.person),
            ("{session}", &self.session),
            ("{invitation}", &self.invitation),
            ("{page}", &self.page),
            ("{component}", &self.component),
            ("{post}", &self.post),
            ("{subscriber}", &self.subscriber),
        ];
        ids.into_iter().chain(more).fold(text.to_owned(), |text, (mark, id)| text.replace(mark, id))
    }
}

#[tokio::test]
async fn every_route_knows_its_owner_a_stranger_a_lesser_key_and_nobody() {
    let world = World::new().await;
    let stranger = world.tenant(Plan::Business).await;
    for Row(method, path, scope, body, status) in table() {
        let things = Box::pin(things(&world)).await;
        let path = things.fill(path);
        // A code belongs to whoever uses it first.
        let names_an_object = path.contains('_')
            || !path.ends_with("/redeem")
                && body.to_string().contains('{')
                && things.fill(&body.to_string()).as_str() != body.to_string().as_str();
        let body: Value = serde_json::from_str(&things.fill(&body.to_string())).expect("JSON");
        let label = format!("{method} {path}");

        let nobody = world.call(method, &path, "", body.clone()).await;
        assert_eq!((nobody.status.as_u16(), nobody.header("www-authenticate")), (401, "Bearer"), "{label}");
        let lesser = world.key_without(things.owner.account, scope).await;
        let refused = world.call(method, &path, &lesser, body.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.problem().0), (403, "missing_scope"), "{label}");
        assert!(refused.text("/detail").contains(scope.as_str()), "{label}: the problem names the scope");
        if names_an_object {
            let theirs = world.call(method, &path, &stranger.token, body.clone()).await;
            // A channel that a policy would tell is a setting of it.
            let refusal =
                if path == "/api/v1/escalation-policies" { (422, "validation_failed") } else { (404, "not_found") };
            assert_eq!((theirs.status.as_u16(), theirs.problem().0), refusal, "{label}");
            let ids = [
                &things.key,
                &things.monitor,
                &things.incident,
                &things.delivery,
                &things.check,
                &things.channel,
                &things.policy,
                &things.person,
                &things.session,
                &things.invitation,
                &things.page,
                &things.component,
                &things.post,
                &things.subscriber,
            ];
            let never = ids.into_iter().fold(path.clone(), |path, id| {
                let other = format!("{}{}", &id[..4], "0".repeat(26));
                path.replace(id.as_str(), &other)
            });
            if never != path {
                let nothing = world.call(method, &never, &things.owner.token, body.clone()).await;
                let without_id = |mut json: Value| {
                    json["request_id"] = Value::Null;
                    json
                };
                assert_eq!(
                    without_id(nothing.json),
                    without_id(theirs.json),
                    "{label}: the same as one that never was"
                );
            }
        }
        let owners = world.call(method, &path, &things.owner.token, body).await;
        assert_eq!(owners.status.as_u16(), status, "{label}: {}", owners.json);
    }
}

#[tokio::test]
async fn the_table_lists_every_route_there_is_with_its_scope() {
    let document = valpero_api::routes().document();
    let (mut served, mut open) = (BTreeSet::new(), BTreeSet::new());
    for (path, item) in &document.paths.paths {
        let PathItem { get, post, patch, delete, put, .. } = item;
        for (method, operation) in [("GET", get), ("POST", post), ("PATCH", patch), ("DELETE", delete), ("PUT", put)] {
            let Some(operation) = operation else { continue };
            let security = serde_json::to_value(&operation.security).expect("JSON");
            let scopes = security[0]["key"].as_array().cloned().unwrap_or_default();
            served.extend(scopes.iter().map(|scope| format!("{method} {path} {}", scope.as_str().unwrap_or_default())));
            if scopes.is_empty() {
                open.insert(format!("{method} {path}"));
            }
        }
    }
    let marks = [
        "{key}",
        "{monitor}",
        "{incident}",
        "{delivery}",
        "{channel}",
        "{policy}",
        "{person}",
        "{session}",
        "{invitation}",
        "{page}",
    ];
    let parts = [
        ("{check}", "{check_id}"),
        ("{component}", "{component_id}"),
        ("{post}", "{post_id}"),
        ("{subscriber}", "{subscriber_id}"),
    ];
    let plain = |path: &str| {
        let path = parts.iter().fold(path.to_owned(), |path, (mark, name)| path.replace(mark, name));
        marks.iter().fold(path, |path, mark| path.replace(mark, "{id}"))
    };
    let listed: BTreeSet<String> =
        table().iter().map(|Row(method, path, scope, ..)| format!("{method} {} {scope}", plain(path))).collect();
    assert_eq!(served, listed);
    let without_key = ["GET /docs/api", "GET /docs/api/openapi.json", "GET /health"].map(str::to_owned);
    assert_eq!(open, BTreeSet::from(without_key), "nothing else is open to everybody");
}
