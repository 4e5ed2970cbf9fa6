//! A restart on the same file: everything goes on.

use std::sync::Arc;

use serde_json::json;
use valpero::embedded::Embedded;
use valpero_domain::Plan;

use crate::harness::{Receiver, Site, World, WorldOptions};

#[tokio::test]
async fn monitors_incidents_and_pending_deliveries_go_on_after_a_restart() {
    let directory = std::env::temp_dir().join(format!("valpero-restart-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let file = directory.join("valpero.db");
    let (site, receiver) = (Site::start().await, Receiver::start().await);

    let first = World::with(WorldOptions { store: Some(on(&file)), ..WorldOptions::default() }).await;
    let owner = first.tenant(Plan::Business).await;
    let id = first.monitor(&owner, &site.url(), json!({"webhook_url": receiver.url()})).await;
    first.tick().await;
    site.answers(500);
    first.bare_tick().await;
    let incident = first.incidents(&owner).await[0]["id"].clone();
    assert!(receiver.events().is_empty(), "stopped before the webhook went out");
    let start = first.now().plus_seconds(600);
    drop(first);

    let second = World::with(WorldOptions { store: Some(on(&file)), start, ..WorldOptions::default() }).await;
    second.sweep().await;
    second.deliver().await;
    assert_eq!(receiver.events(), ["incident.opened"]);
    assert_eq!(second.read(&owner, &id).await["current_incident_id"], incident);
    site.answers(200);
    second.tick().await;
    assert_eq!(second.status(&owner, &id).await, "up");
    assert_eq!(second.incidents(&owner).await[0]["id"], incident);
    assert_eq!(receiver.events(), ["incident.opened", "incident.resolved"]);
    let checks = second.get(&format!("/api/v1/monitors/{id}/checks"), &owner).await.expect(200);
    assert_eq!(checks.data().len(), 9, "those of before are there");
    std::fs::remove_dir_all(&directory).expect("removed");
}

fn on(file: &std::path::Path) -> Arc<Embedded> {
    Arc::new(Embedded::on_file(file).expect("a store"))
}
