//! Whatever the API does, a person can do on a page: a place in the dashboard for each operation of the OpenAPI document.

use std::collections::BTreeSet;

use serde_json::json;
use valpero_domain::{Plan, Role, SessionId};

use crate::harness::{Site, World};

/// Operation, the page on which it is done or seen, and what the page has for it: the action of a form, or the name of a control or a
/// text.
const PLACES: &[(&str, &str, &str)] = &[
    ("get_account", "/settings", "{account}"),
    ("update_account", "/settings", "name=\"time_zone\""),
    ("redeem_deal_code", "/settings/plan", "name=\"code\""),
    ("list_audit_log", "/settings/audit", "account.created"),
    ("list_keys", "/settings/keys", "/settings/keys/{key}"),
    ("create_key", "/settings/keys", "name=\"scopes\""),
    ("get_key", "/settings/keys/{key}/rotate", "test"),
    ("update_key", "/settings/keys", "/settings/keys/{key}/rename"),
    ("rotate_key", "/settings/keys", "/settings/keys/{key}/rotate"),
    ("revoke_key", "/settings/keys", "/settings/keys/{key}/revoke"),
    ("list_people", "/settings/people", "Ada"),
    ("update_person", "/settings/people", "name=\"role\""),
    ("remove_person", "/settings/people", "/settings/people/{person}/remove"),
    ("invite_person", "/settings/people", "name=\"email\""),
    ("list_invitations", "/settings/people", "invited@example.com"),
    ("withdraw_invitation", "/settings/people", "/settings/people/invitations/{invitation}/withdraw"),
    ("list_sessions", "/settings/sessions", "{session}"),
    ("end_session", "/settings/sessions", "/settings/sessions/{session}/end"),
    ("list_monitors", "/monitors", "/monitors/{monitor}"),
    ("create_monitor", "/monitors/new", "name=\"url\""),
    ("get_monitor", "/monitors/{monitor}", "127.0.0.1"),
    ("update_monitor", "/monitors/{monitor}/edit", "name=\"check_interval\""),
    ("delete_monitor", "/monitors/{monitor}", "/monitors/{monitor}/delete"),
    ("pause_monitor", "/monitors/{monitor}", "/monitors/{monitor}/pause"),
    ("resume_monitor", "/monitors/{paused}", "/monitors/{paused}/resume"),
    ("check_monitor", "/monitors/{monitor}", "/monitors/{monitor}/check"),
    ("get_check_request", "/monitors/{monitor}?check={check}", "id=\"requested\""),
    ("list_checks", "/monitors/{monitor}", "id=\"checks\""),
    ("list_response_times", "/monitors/{monitor}", "id=\"response-times\""),
    ("mute_monitor", "/monitors/{monitor}", "/monitors/{monitor}/mute"),
    ("unmute_monitor", "/monitors/{muted}", "/monitors/{muted}/unmute"),
    ("list_regions", "/monitors/new", "name=\"regions\""),
    ("list_incidents", "/incidents", "/incidents/{incident}"),
    ("get_incident", "/incidents/{incident}", "class=\"timeline\""),
    ("acknowledge_incident", "/incidents/{incident}", "/incidents/{incident}/acknowledge"),
    ("resolve_incident", "/incidents/{incident}", "/incidents/{incident}/resolve"),
    ("comment_on_incident", "/incidents/{incident}", "/incidents/{incident}/comments"),
    ("rotate_webhook_secret", "/monitors/{monitor}", "/monitors/{monitor}/rotate-secret"),
    ("test_webhook", "/monitors/{monitor}", "/monitors/{monitor}/webhook-test"),
    ("list_webhook_deliveries", "/webhook-deliveries", "{delivery}"),
    ("get_webhook_delivery", "/webhook-deliveries/{delivery}", "{delivery}"),
    ("redeliver_webhook", "/webhook-deliveries/{delivery}", "/redeliver"),
    ("list_channels", "/alerts", "/alerts/channels/{channel}"),
    ("create_channel", "/alerts/channels/new?type=ntfy", "name=\"topic\""),
    ("preview_channel", "/alerts/channels/new?type=ntfy", "value=\"preview\""),
    ("get_channel", "/alerts/channels/{channel}", "Ops"),
    ("update_channel", "/alerts/channels/{channel}/edit", "name=\"topic\""),
    ("delete_channel", "/alerts/channels/{channel}", "/alerts/channels/{channel}/delete"),
    ("test_channel", "/alerts/channels/{channel}", "/alerts/channels/{channel}/test"),
    ("rotate_channel_secret", "/alerts/channels/{hook}", "/alerts/channels/{hook}/rotate-secret"),
    ("mute_account", "/alerts", "action=\"/alerts/mute\""),
    ("unmute_account", "/alerts?muted", "action=\"/alerts/unmute\""),
    ("list_escalation_policies", "/alerts", "/alerts/policies/{policy}"),
    ("create_escalation_policy", "/alerts/policies/new", "name=\"steps.0.after_minutes\""),
    ("get_escalation_policy", "/alerts/policies/{policy}", "On call"),
    ("update_escalation_policy", "/alerts/policies/{policy}", "name=\"repeat_minutes\""),
    ("delete_escalation_policy", "/alerts/policies/{policy}", "/alerts/policies/{policy}/delete"),
    ("get_alert_routes", "/alerts/routes", "name=\"etag\""),
    ("set_alert_routes", "/alerts/routes", "name=\"routes.0.policy_id\""),
    ("list_deliveries", "/deliveries", "/deliveries/"),
    ("get_delivery", "/deliveries/{delivery}", "{delivery}"),
    ("redeliver", "/deliveries/{delivery}", "/redeliver"),
    ("list_status_pages", "/status-pages", "/status-pages/{page}"),
    ("create_status_page", "/status-pages/new", "name=\"slug\""),
    ("get_status_page", "/status-pages/{page}", "Acme"),
    ("update_status_page", "/status-pages/{page}", "name=\"theme.accent\""),
    ("delete_status_page", "/status-pages/{page}", "/status-pages/{page}/delete"),
    ("set_component_status", "/status-pages/{page}/components", "name=\"status\""),
    ("reset_component_status", "/status-pages/{page}/components", "value=\"reset\""),
    ("list_page_posts", "/status-pages/{page}/posts", "/status-pages/{page}/posts/{post}"),
    ("list_page_subscribers", "/status-pages/{page}/subscribers", "http://127.0.0.1:9/reader"),
    ("delete_page_subscriber", "/status-pages/{page}/subscribers", "/remove"),
    ("get_page_domain", "/status-pages/{page}/domain", "CNAME"),
    ("set_page_domain", "/status-pages/{page}/domain", "name=\"domain\""),
    ("delete_page_domain", "/status-pages/{page}/domain", "/domain/remove"),
    ("create_page_post", "/status-pages/{page}/posts/new?kind=maintenance", "name=\"scheduled_for\""),
    ("get_page_post", "/status-pages/{page}/posts/{post}", "Payments fail"),
    ("update_page_post", "/status-pages/{page}/posts/{post}", "name=\"impact\""),
    ("delete_page_post", "/status-pages/{page}/posts/{post}", "/posts/{post}/delete"),
    ("add_page_post_update", "/status-pages/{page}/posts/{post}", "/posts/{post}/updates"),
    ("probe_http", "/tools?tool=http", "name=\"url\""),
    ("probe_ssl", "/tools?tool=ssl", "name=\"host\""),
    ("probe_dns", "/tools?tool=dns", "name=\"record_type\""),
    ("probe_ping", "/tools?tool=ping", "name=\"port\""),
    ("probe_headers", "/tools?tool=headers", "name=\"url\""),
];

/// For programs alone: Prometheus's metrics, the reference of the API, and the health check.
const FOR_PROGRAMS: &[&str] = &["get_metrics", "get_reference", "get_openapi", "get_health"];

#[test]
fn every_operation_has_its_place() {
    let document = valpero_api::openapi::document();
    let items = document["paths"].as_object().expect("paths").values();
    let operations = items.flat_map(|item| item.as_object().expect("operations").values());
    let operations: BTreeSet<&str> = operations
        .map(|one| one["operationId"].as_str().expect("an id"))
        .filter(|id| !FOR_PROGRAMS.contains(id))
        .collect();
    let placed: BTreeSet<&str> = PLACES.iter().map(|(operation, ..)| *operation).collect();
    assert_eq!(operations, placed);
}

#[tokio::test]
async fn each_place_is_there() {
    let world = World::new().await;
    let site = Site::start().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Owner, None).await;
    let (invitation, _) = world.invitation(&tenant, "invited@example.com", Role::Viewer).await;
    let monitor = world.monitor(&tenant, &site.url(), json!({"webhook_url": "http://127.0.0.1:9/"})).await;
    let paused = world.monitor(&tenant, &site.url(), json!({})).await;
    let muted = world.monitor(&tenant, &site.url(), json!({})).await;
    world.post(&format!("/api/v1/monitors/{paused}/pause"), &tenant, json!(null)).await.expect(200);
    let until = json!({"until": world.now().plus_seconds(3600)});
    world.post(&format!("/api/v1/monitors/{muted}/mute"), &tenant, until.clone()).await.expect(200);
    world.tick().await;
    site.answers(503);
    world.tick().await;
    world.tick().await;
    let incidents = world.get(&format!("/api/v1/incidents?monitor_id={monitor}"), &tenant).await.expect(200);
    let incident = incidents.text("/data/0/id");
    let check = world.post(&format!("/api/v1/monitors/{monitor}/check"), &tenant, json!(null)).await.expect(202);
    let made = async |path: &str, body| world.post(path, &tenant, body).await.expect(201).text("/id");
    let channel = made("/api/v1/channels", json!({"name": "Ops", "type": "ntfy", "topic": "ops"})).await;
    let hook = made("/api/v1/channels", json!({"name": "Hook", "type": "webhook", "url": "http://127.0.0.1:9/"})).await;
    let steps = json!([{"after_minutes": 0, "channel_ids": [channel]}]);
    let policy = made("/api/v1/escalation-policies", json!({"name": "On call", "steps": steps})).await;
    let page = json!({"slug": "acme", "title": "Acme", "components": [{"name": "Site"}]});
    let page = world.post("/api/v1/status-pages", &tenant, page).await.expect(201);
    let (component, page) = (page.text("/components/0/id"), page.text("/id"));
    let by_hand = format!("/api/v1/status-pages/{page}/components/{component}/status");
    world.call("PUT", &by_hand, &tenant.token, json!({"status": "major_outage"})).await.expect(200);
    let post = json!({"kind": "incident", "title": "Payments fail", "body": "We look into it.", "notify": false});
    let post = made(&format!("/api/v1/status-pages/{page}/posts"), post).await;
    let domain = json!({"domain": "status.example.com"});
    world.call("PUT", &format!("/api/v1/status-pages/{page}/domain"), &tenant.token, domain).await.expect(200);
    world.post_form("/status/acme/subscribe", "url=http://127.0.0.1:9/reader").await;
    let deliveries = world.get("/api/v1/webhooks/deliveries", &tenant).await.expect(200);
    let key = world.get("/api/v1/keys", &tenant).await.expect(200).text("/data/0/id");
    let ids = [
        ("{account}", tenant.account.to_string()),
        ("{key}", key),
        ("{page}", page),
        ("{post}", post),
        ("{person}", ada.user.to_string()),
        ("{session}", SessionId::of_key(ada.session).to_string()),
        ("{invitation}", invitation.id.to_string()),
        ("{monitor}", monitor),
        ("{paused}", paused),
        ("{muted}", muted),
        ("{check}", check.text("/check_id")),
        ("{incident}", incident),
        ("{delivery}", deliveries.text("/data/0/id")),
        ("{channel}", channel),
        ("{hook}", hook),
        ("{policy}", policy),
    ];
    let fill = |text: &str| ids.iter().fold(text.to_owned(), |text, (mark, id)| text.replace(mark, id));
    let mut missing = Vec::new();
    for (operation, path, holds) in PLACES {
        if *operation == "unmute_account" {
            world.post("/api/v1/mute", &tenant, until.clone()).await.expect(200);
        }
        let page = world.page(&fill(path), &ada).await;
        if page.status != 200 || !page.body().contains(&fill(holds)) {
            missing.push(format!("{operation}: {} ({}) has no {}", fill(path), page.status, fill(holds)));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
