//! The template's functions in one process: the same libraries, the same events, around one store.

use std::{net::IpAddr, sync::Arc, time::Duration};

use aws_sdk_dynamodb::Client;
use axum::{Router, extract::Request};
use futures::future::join_all;
use tower::ServiceExt;
use valpero_alerts::Alerts;
use valpero_api::WaysOut;
use valpero_checker::{Checker, CheckerError, CheckerEvent, TickReport};
use valpero_delivery::{Delivery, DeliveryError};
use valpero_domain::{PublicUrl, RegionCode, Timestamp};
use valpero_mail::Mailer;
use valpero_outbound::Outbound;
use valpero_people::Post;
use valpero_rollup::RollupReport;
use valpero_runtime::{
    App, Clock, EventBus, Queue, Settings, WorkError, event_bus::InProcessBus, queue::InProcessQueue, telemetry::chain,
};
use valpero_status::Status;
use valpero_storage::{Store, StoreError, Tables};
use valpero_tools::Tools;

/// The name of the stack on one machine.
pub const STACK: &str = "valpero";

/// Who answers a path at the deployment's own host: as the template's routes divide them.
enum Answers {
    Api,
    Status,
    Dashboard,
}

fn who_answers(path: &str) -> Answers {
    match path.split('/').nth(1).unwrap_or_default() {
        "api" | "docs" | "health" | "acknowledge" => Answers::Api,
        "status" => Answers::Status,
        _ => Answers::Dashboard,
    }
}

/// Whether a host may be a status page's own domain: neither the deployment's, nor an address, nor a name of this machine alone.
fn may_be_own_domain(host: &str, deployment: Option<&PublicUrl>) -> bool {
    let own = deployment.map(PublicUrl::authority).unwrap_or_default();
    let own = own.rsplit_once(':').map_or(own, |(host, _)| host);
    host.contains('.') && host != own && host.parse::<IpAddr>().is_err()
}

/// What a stack is made of.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The store's client.
    pub client: Client,
    /// The regions that check.
    pub regions: Vec<RegionCode>,
    /// Whether monitors may name private addresses.
    pub private_targets: bool,
    /// Where the deployment is reached.
    pub public_url: PublicUrl,
    /// The time.
    pub clock: Clock,
    /// The ways out, for probes, tools and webhooks.
    pub outbound: Outbound,
    /// How mail is sent.
    pub mailer: Mailer,
    /// Mails a second to subscribers, at most.
    pub mail_rate: u32,
    /// Whether everybody may use the tools.
    pub public_tools: bool,
    /// Waits between the attempts of a probe.
    pub backoff: [Duration; 3],
    /// Sockets that the probes of one region may hold at the same time: all regions share the file handles of one process.
    pub sockets_per_region: usize,
    /// States that each region's checker writes at the same time, at most.
    pub writes_per_region: usize,
}

/// A running stack. It does nothing by itself: something calls its ticks, sweeps and queues.
#[derive(Debug, Clone)]
pub struct Stack {
    /// The state of all functions.
    pub app: App,
    /// The checker of each region.
    pub checkers: Vec<Checker>,
    /// The delivery worker.
    pub delivery: Delivery,
    /// The ways out of the API.
    pub ways_out: WaysOut,
    /// The webhook queue.
    pub queue: Arc<InProcessQueue>,
    /// The event bus.
    pub bus: Arc<InProcessBus>,
}

impl Stack {
    /// Puts the functions together, and makes the tables that do not exist yet.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn assemble(parts: Parts) -> Result<Self, StoreError> {
        let tables = Tables::of_stack(STACK);
        tables.create_missing(&parts.client).await?;
        let queue = Arc::new(InProcessQueue::default());
        let bus = Arc::new(InProcessBus::default());
        let settings = Settings {
            private_targets: parts.private_targets,
            blocked_ports: &[],
            public_url: Some(parts.public_url),
            public_tools: parts.public_tools,
            sends_mail: parts.mailer.sends(),
            mail_rate: parts.mail_rate,
        };
        let app = App {
            store: Store::new(parts.client, tables),
            queue: Queue::InProcess(Arc::clone(&queue)),
            events: EventBus::InProcess(Arc::clone(&bus)),
            clock: parts.clock,
            settings: Arc::new(settings),
        };
        let checker = |region: &RegionCode| {
            Checker::new(app.clone(), *region, parts.outbound.clone(), parts.backoff)
                .with_sockets(parts.sockets_per_region)
                .with_writes(parts.writes_per_region)
        };
        let checkers = parts.regions.iter().map(checker).collect();
        let delivery = Delivery::new(app.clone(), parts.outbound.clone(), parts.mailer.clone());
        let post = Post::new(parts.mailer.clone());
        let alerts = Alerts::new(parts.outbound.clone(), parts.mailer);
        let ways_out = WaysOut { tools: Tools::new(parts.outbound), alerts, post };
        let stack = Self { app, checkers, delivery, ways_out, queue, bus };
        stack.take_up_duty().await?;
        Ok(stack)
    }

    /// Says which regions check: these and, of those that did at the last start, no other.
    async fn take_up_duty(&self) -> Result<(), StoreError> {
        for before in self.app.store.deployed_regions().await? {
            if !self.checkers.iter().any(|checker| checker.region() == before) {
                self.app.store.remove_region(before).await?;
            }
        }
        for checker in &self.checkers {
            self.app.store.record_heartbeat(checker.region(), self.app.now()).await?;
        }
        Ok(())
    }

    /// The API, the status pages, and the dashboard at all other paths; and at the domain of a status page, that page.
    pub fn router(&self) -> Router {
        let api = valpero_api::router(self.app.clone(), self.ways_out.clone());
        let dashboard = valpero_dashboard::router(self.app.clone(), self.ways_out.clone());
        let status = Status::new(self.app.clone());
        let pages = status.router();
        let deployment = self.app.settings.public_url.clone();
        Router::new().fallback(move |request: Request| {
            let (api, dashboard, pages, status) = (api.clone(), dashboard.clone(), pages.clone(), status.clone());
            let host = valpero_status::host(request.headers(), request.uri());
            let host = host.filter(|host| may_be_own_domain(host, deployment.as_ref()));
            async move {
                if let Some(host) = host
                    && status.is_own_domain(&host, request.uri().path()).await
                {
                    return pages.oneshot(request).await;
                }
                match who_answers(request.uri().path()) {
                    Answers::Api => api.oneshot(request).await,
                    Answers::Status => pages.oneshot(request).await,
                    Answers::Dashboard => dashboard.oneshot(request).await,
                }
            }
        })
    }

    /// The schedule's event of this minute, in every region.
    pub async fn tick(&self, at: Timestamp) -> Vec<Result<TickReport, CheckerError>> {
        let event = CheckerEvent::scheduled(at);
        join_all(self.checkers.iter().map(|checker| checker.handle(&event))).await
    }

    /// Handles every event that waits on the bus; answers how many.
    pub async fn drain_events(&self) -> usize {
        let mut events = Vec::new();
        while let Some(event) = self.bus.take() {
            events.push(event);
        }
        let count = events.len();
        let handled = events.iter().filter_map(|(region, event)| {
            let checker = self.checkers.iter().find(|checker| checker.region() == *region)?;
            Some(checker.handle(event))
        });
        for outcome in join_all(handled).await {
            if let Err(error) = outcome {
                // On AWS it would be tried again, and kept as a dead letter in the end; here the next tick sees the same.
                tracing::error!(error = chain(&error), "an event failed");
            }
        }
        count
    }

    /// What the rollup function does every hour.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn roll_up(&self) -> Result<RollupReport, WorkError> {
        valpero_rollup::roll_up(&self.app).await
    }

    /// Hands one batch of visible messages to the delivery worker, as SQS does; answers whether there was one.
    ///
    /// # Errors
    /// Where the worker refuses the event.
    pub async fn deliver_batch(&self) -> Result<bool, DeliveryError> {
        let Some(event) = self.queue.receive(self.app.now()) else { return Ok(false) };
        let answer = self.delivery.handle(&event).await?;
        let failures = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
        let failed: Vec<String> =
            failures.iter().filter_map(|failure| failure["itemIdentifier"].as_str().map(str::to_owned)).collect();
        self.queue.acknowledge(&event, &failed);
        Ok(true)
    }
}
