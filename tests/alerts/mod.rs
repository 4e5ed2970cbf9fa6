//! Alerts: channels are told of an incident by their policy's steps, once each, in order, and no more than they can read.

mod interleaving;
mod links;
mod silence;
mod steps;
mod storms;
mod trouble;
mod wire;

use serde_json::{Value, json};
use valpero_domain::Plan;

use crate::harness::{Receiver, Site, Tenant, World, WorldOptions};

/// An account whose incidents go to channels.
struct Scene {
    world: World,
    site: Site,
    owner: Tenant,
}

impl Scene {
    async fn new() -> Self {
        Self::with(WorldOptions::default()).await
    }

    async fn with(options: WorldOptions) -> Self {
        let world = World::with(options).await;
        let owner = world.tenant(Plan::Business).await;
        Self { world, site: Site::start().await, owner }
    }

    /// The same with one channel, which all incidents go to at once.
    async fn with_channel(repeat_minutes: Option<u32>) -> (Self, Receiver) {
        let (scene, receiver) = (Self::new().await, Receiver::start().await);
        let channel = scene.channel(&receiver, json!({})).await;
        scene.route(&[(0, &[&channel])], repeat_minutes).await;
        (scene, receiver)
    }

    /// A channel of the type whose messages say the most in one line.
    async fn channel(&self, receiver: &Receiver, more: Value) -> String {
        let mut body = json!({"name": "On call", "type": "mattermost", "webhook_url": receiver.url()});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.world.post("/api/v1/channels", &self.owner, body).await.expect(201).text("/id")
    }

    /// All incidents follow a policy of these steps: minutes and channels.
    async fn route(&self, steps: &[(u32, &[&str])], repeat_minutes: Option<u32>) -> String {
        let steps: Vec<Value> = steps
            .iter()
            .map(|(minutes, channels)| json!({"after_minutes": minutes, "channel_ids": channels}))
            .collect();
        let mut policy = json!({"name": "Everyone", "steps": steps});
        if let Some(minutes) = repeat_minutes {
            policy["repeat_minutes"] = json!(minutes);
        }
        let policy = self.world.post("/api/v1/escalation-policies", &self.owner, policy).await.expect(201).text("/id");
        let routes = json!({"routes": [{"policy_id": policy}]});
        self.world.call("PUT", "/api/v1/alert-routes", &self.owner.token, routes).await.expect(200);
        policy
    }

    async fn monitor(&self, name: &str, more: Value) -> String {
        let mut body = json!({"name": name});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.world.monitor(&self.owner, &self.site.url(), body).await
    }

    /// The monitors are up, and then down.
    async fn goes_down(&self) {
        self.world.tick().await;
        self.site.answers(503);
        self.world.tick().await;
    }

    /// So many seconds pass; at each full minute the sweep runs.
    async fn wait(&self, seconds: i64) {
        let mut left = seconds;
        while left > 0 {
            let to_minute = 60 - self.world.now().seconds() % 60;
            let step = left.min(to_minute);
            self.world.advance(step);
            self.world.deliver().await;
            if step == to_minute {
                self.world.sweep().await;
                self.world.deliver().await;
            }
            left -= step;
        }
    }

    async fn incident(&self) -> String {
        self.world.incidents(&self.owner).await[0]["id"].as_str().expect("an id").to_owned()
    }

    /// The incident, as a request for it alone shows it.
    async fn shown(&self) -> Value {
        let path = format!("/api/v1/incidents/{}", self.incident().await);
        self.world.get(&path, &self.owner).await.expect(200).json
    }

    async fn act(&self, verb: &str) {
        let path = format!("/api/v1/incidents/{}/{verb}", self.incident().await);
        self.world.post(&path, &self.owner, json!(null)).await.expect(200);
        self.world.deliver().await;
    }

    async fn deliveries(&self, query: &str) -> Vec<Value> {
        self.world.get(&format!("/api/v1/deliveries?{query}"), &self.owner).await.expect(200).data().to_vec()
    }
}

/// The first line of each message that arrived.
fn titles(receiver: &Receiver) -> Vec<String> {
    receiver.delivered().iter().map(|one| one.json["text"].as_str().unwrap_or_default().to_owned()).collect()
}
