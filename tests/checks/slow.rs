//! A target that is right but late: its checks are `slow`, and where most regions find it so twice, the monitor is degraded.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use valpero_domain::Plan;

use crate::harness::{Receiver, Tenant, World};

/// Monitors have this limit, and the site takes so long where it is late, by the clock of the probe.
const LIMIT_MS: u64 = 3_000;

/// A world with a site that is late for as many requests as it is told.
struct Scene {
    world: World,
    owner: Tenant,
    id: String,
    receiver: Receiver,
    late: Arc<AtomicUsize>,
}

impl Scene {
    async fn new() -> Self {
        let (world, receiver) = (World::new().await, Receiver::start().await);
        let owner = world.tenant(Plan::Business).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let late = Arc::new(AtomicUsize::new(0));
        let due = Arc::clone(&late);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                assert!(stream.read(&mut [0; 1024]).await.expect("a request") > 0);
                if due.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                    tokio::time::pause();
                    tokio::time::advance(Duration::from_millis(LIMIT_MS + 100)).await;
                    tokio::time::resume();
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.expect("written");
            }
        });
        let more = json!({
            "webhook_url": receiver.url(), "timeout_ms": 30_000, "retries": 0, "http": {"max_response_time_ms": LIMIT_MS},
        });
        let id = world.monitor(&owner, &url, more).await;
        Self { world, owner, id, receiver, late }
    }

    /// A tick, in which the site is late for the first `late` of the three regions. What the monitor is then: status, reason, and how
    /// many regions are named.
    async fn tick(&self, late: usize) -> (String, Value, usize) {
        self.world.tick_in_turn(|place| self.late.store(usize::from(place < late), Ordering::SeqCst)).await;
        let monitor = self.world.read(&self.owner, &self.id).await;
        let named = monitor["degraded_regions"].as_array().map_or(0, Vec::len);
        (monitor["status"].as_str().unwrap_or_default().to_owned(), monitor["degraded_reason"].clone(), named)
    }
}

#[tokio::test]
async fn most_regions_that_find_it_slow_twice_degrade_it_and_mend_it_likewise() {
    let scene = Scene::new().await;
    let up = || ("up".to_owned(), Value::Null, 0);
    let slow = |regions| ("degraded".to_owned(), json!("slow"), regions);
    assert_eq!(scene.tick(0).await, up());
    assert_eq!(scene.tick(3).await, up(), "once is no word");
    assert_eq!(scene.tick(0).await, up());
    assert_eq!(scene.tick(3).await, up(), "nor is once more, after a prompt answer");
    assert_eq!(scene.tick(3).await, slow(3));
    assert_eq!(scene.tick(0).await, slow(3), "one prompt answer is no word either");
    assert_eq!(scene.tick(0).await, up());
    let checks = scene.world.get(&format!("/api/v1/monitors/{}/checks?outcome=slow", scene.id), &scene.owner).await;
    let checks = checks.expect(200);
    assert_eq!(checks.json["data"].as_array().map_or(0, Vec::len), 9, "three ticks of three regions");
    assert_eq!(checks.text("/data/0/error/code"), "slow_response");
    assert!(scene.world.incidents(&scene.owner).await.is_empty());
    assert_eq!(scene.receiver.events(), ["monitor.degraded", "monitor.recovered"]);
    let reason = |body: &Value| body["data"]["monitor"]["degraded_reason"].clone();
    let told: Vec<Value> = scene.receiver.delivered().iter().map(|delivered| reason(&delivered.json)).collect();
    assert_eq!(told, [json!("slow"), Value::Null]);
}

#[tokio::test]
async fn a_minority_that_finds_it_slow_changes_nothing_and_a_majority_is_enough() {
    let scene = Scene::new().await;
    let up = ("up".to_owned(), Value::Null, 0);
    scene.tick(0).await;
    for _ in 0..3 {
        assert_eq!(scene.tick(1).await, up);
    }
    assert_eq!(scene.receiver.events(), [""; 0], "nor for a moment within a tick");
    assert_eq!(scene.tick(2).await, up, "the second region for the first time");
    assert_eq!(scene.tick(2).await, ("degraded".to_owned(), json!("slow"), 2));
    assert_eq!(scene.tick(1).await.0, "degraded");
    assert_eq!(scene.tick(1).await, up, "two of three find it prompt again");
}
