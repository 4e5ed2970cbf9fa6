//! A world: a stack around a store of its own, a clock that the test advances, and the people who use it.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, header},
};
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use rustls::RootCertStore;
use serde_json::{Value, json};
use tower::ServiceExt;
use valpero::{
    embedded::{self, Embedded},
    stack::{Parts, Stack},
};
use valpero_auth::Token;
use valpero_checker::CheckerEvent;
use valpero_delivery::Swept;
use valpero_domain::{
    AccountId, Actor, AuditAction, AuditId, KeyId, Plan, Scope, Scopes, Timestamp,
    dns_check::RecordType,
    dns_name::DnsName,
    probe::{Cause, ErrorCode},
};
use valpero_mail::Mailer;
use valpero_outbound::{DnsAnswers, Guard, Outbound, Resolve, Tls};
use valpero_runtime::{Clock, entropy};
use valpero_storage::{Account, ApiKey, AuditRow, Mailed, Trail};

use super::{Crashes, Crowd, Policies, Reply, Site, Traffic, as_function, template};

/// The first moment of every world: the start of a minute.
const START: Timestamp = Timestamp::from_seconds(1_795_000_020);

/// What a world may have beyond the usual.
pub struct WorldOptions {
    /// Codes of its regions.
    pub regions: &'static str,
    /// Whether monitors may name private addresses, as all test servers are.
    pub private_targets: bool,
    /// How host names resolve.
    pub resolver: Arc<dyn Resolve>,
    /// Which certificate authorities are trusted.
    pub roots: RootCertStore,
    /// A store that exists already.
    pub store: Option<Arc<Embedded>>,
    /// When it begins.
    pub start: Timestamp,
    /// How it sends mail.
    pub mailer: Mailer,
    /// Where it is reached.
    pub public_url: String,
    /// Whether everybody may use the tools.
    pub public_tools: bool,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self {
            regions: "hel,fra,usc",
            private_targets: true,
            resolver: fixed_names(&[]),
            roots: RootCertStore::empty(),
            store: None,
            start: START,
            mailer: Mailer::Absent,
            public_url: "https://valpero.example.com".to_owned(),
            public_tools: false,
        }
    }
}

/// Names that resolve as the table says, each time to the next address in turn; all others do not exist.
pub fn fixed_names(table: &[(&str, &[&str])]) -> Arc<dyn Resolve> {
    let names: HashMap<_, _> =
        table.iter().map(|(name, list)| ((*name).to_owned(), (AtomicI64::new(0), addresses(list)))).collect();
    answering(move |host| {
        let (turn, addresses) = names.get(host)?;
        let turn = usize::try_from(turn.fetch_add(1, Ordering::SeqCst)).expect("few turns");
        Some(vec![addresses[turn.min(addresses.len() - 1)]])
    })
}

/// Names that have the address of this machine while the list has them.
pub fn changing_names(known: Arc<Mutex<Vec<&'static str>>>) -> Arc<dyn Resolve> {
    answering(move |host| {
        let known = known.lock().expect("names");
        known.contains(&host.trim_end_matches('.')).then(|| addresses(&["127.0.0.1"]))
    })
}

/// Every name has all of these addresses, each time told from another one on.
pub fn turning_names(list: &[&str]) -> Arc<dyn Resolve> {
    let (addresses, turn) = (addresses(list), AtomicUsize::new(0));
    answering(move |_| {
        let mut told = addresses.clone();
        told.rotate_left(turn.fetch_add(1, Ordering::SeqCst) % addresses.len());
        Some(told)
    })
}

fn addresses(list: &[&str]) -> Vec<IpAddr> {
    list.iter().map(|text| text.parse().expect("an address")).collect()
}

fn answering(answer: impl Fn(&str) -> Option<Vec<IpAddr>> + Send + Sync + 'static) -> Arc<dyn Resolve> {
    Arc::new(Names(answer))
}

struct Names<F>(F);

impl<F: Fn(&str) -> Option<Vec<IpAddr>> + Send + Sync> Resolve for Names<F> {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>> {
        let answer = (self.0)(host);
        Box::pin(async move { answer.ok_or_else(|| Cause::of(ErrorCode::DnsNxdomain)) })
    }

    fn records<'a>(
        &'a self,
        name: &'a DnsName,
        of: RecordType,
        _: &'a [SocketAddr],
    ) -> BoxFuture<'a, Result<DnsAnswers, Cause>> {
        Box::pin(async move {
            let address = self.resolve(&name.to_string()).await?.remove(0);
            let fits = (of == RecordType::A) == address.is_ipv4();
            let answers = || DnsAnswers { records: vec![address.to_string()], cnames: Vec::new(), ttl_s: 60 };
            if fits { Ok(answers()) } else { Err(Cause::of(ErrorCode::DnsNoRecords)) }
        })
    }
}

/// An account with a key that may do everything.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The account.
    pub account: AccountId,
    /// The key's token.
    pub token: String,
}

/// A world.
pub struct World {
    /// The stack.
    pub stack: Stack,
    /// A way into the store beside the stack.
    pub client: aws_sdk_dynamodb::Client,
    /// Crashes of its processes.
    pub crashes: Crashes,
    /// How many requests of its processes are at the store.
    pub crowd: Crowd,
    /// How much its processes and the store say to each other.
    pub traffic: Traffic,
    /// The template's policies, as they bind its functions.
    pub policies: Policies,
    now: Arc<AtomicI64>,
    router: Router,
    store: Arc<Embedded>,
}

impl World {
    /// The usual world: three regions, and test servers on loopback may be monitored.
    pub async fn new() -> Self {
        Self::with(WorldOptions::default()).await
    }

    /// A world with something beyond the usual.
    pub async fn with(options: WorldOptions) -> Self {
        let store = options.store.unwrap_or_else(|| Arc::new(Embedded::in_memory().expect("a store")));
        let now = Arc::new(AtomicI64::new(options.start.ms()));
        let (crashes, crowd, policies) = (Crashes::default(), Crowd::default(), Policies::default());
        let traffic = Traffic::default();
        let config = embedded::config(&format!("http://{}", store.address()));
        let config = config
            .interceptor(crashes.clone())
            .interceptor(crowd.clone())
            .interceptor(policies.clone())
            .interceptor(traffic.clone());
        let guard =
            if options.private_targets { Guard::allowing_private(vec![store.address()]) } else { Guard::public_only() };
        let clock = Arc::clone(&now);
        let parts = Parts {
            client: aws_sdk_dynamodb::Client::from_conf(config.build()),
            regions: options.regions.split(',').map(|code| code.parse().expect("a region")).collect(),
            private_targets: options.private_targets,
            public_url: options.public_url.parse().expect("a URL"),
            clock: Clock::reading(move || Timestamp::from_ms(clock.load(Ordering::SeqCst))),
            outbound: Outbound::new(guard, options.resolver, Tls::trusting(options.roots).expect("TLS")),
            public_tools: options.public_tools,
            mail_rate: valpero_runtime::config::DEFAULT_MAIL_RATE,
            mailer: options.mailer,
            backoff: [Duration::ZERO; 3],
            sockets_per_region: 700,
            writes_per_region: valpero_checker::IN_WRITING,
        };
        let client = parts.client.clone();
        let stack = Stack::assemble(parts).await.expect("a stack");
        let router = stack.router();
        Self { stack, client, crashes, crowd, traffic, policies, now, router, store }
    }

    /// Where its store listens.
    pub fn store_address(&self) -> SocketAddr {
        self.store.address()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now.load(Ordering::SeqCst))
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// The next minute begins: every region ticks, parts that are left to other invocations with it, and what follows is delivered.
    pub async fn tick(&self) {
        for outcome in self.bare_tick().await {
            outcome.expect("a tick");
        }
        self.drain().await;
    }

    /// The next minute begins and every region ticks, whatever comes of it.
    pub async fn bare_tick(&self) -> Vec<Result<valpero_checker::TickReport, valpero_checker::CheckerError>> {
        let next = self.now().start_of_minute().plus_seconds(60);
        self.now.store(next.ms(), Ordering::SeqCst);
        as_function("checker", self.stack.tick(next)).await
    }

    /// The next minute begins; the first `broken` regions tick on a broken site, and then the others on a sound one.
    pub async fn tick_with_broken(&self, site: &Site, broken: usize) {
        self.tick_in_turn(|place| site.answers(if place < broken { 503 } else { 200 })).await;
    }

    /// The next minute begins; the regions tick one after the other, each after `before` was told its place.
    pub async fn tick_in_turn(&self, before: impl Fn(usize)) {
        let at = self.now().start_of_minute().plus_seconds(60);
        self.now.store(at.ms(), Ordering::SeqCst);
        for (place, checker) in self.stack.checkers.iter().enumerate() {
            before(place);
            as_function("checker", checker.handle(&CheckerEvent::scheduled(at))).await.expect("a tick");
        }
        self.deliver().await;
    }

    /// Hands out every message that is visible now.
    pub async fn deliver(&self) {
        while as_function("delivery", self.stack.deliver_batch()).await.expect("a batch") {}
    }

    /// The queue of this process loses what it holds, as that of a process that is gone: only the sweep knows what was to be sent.
    pub fn lose_messages(&self) {
        while let Some(event) = self.stack.queue.receive(self.now()) {
            self.stack.queue.acknowledge(&event, &[]);
        }
    }

    /// The minute's sweep.
    pub async fn sweep(&self) -> Swept {
        as_function("delivery", self.stack.delivery.sweep()).await.expect("a sweep")
    }

    /// Sums up the hours and days that are over.
    pub async fn roll_up(&self) -> valpero_rollup::RollupReport {
        as_function("rollup", self.stack.roll_up()).await.expect("a rollup")
    }

    /// Handles the events that wait on the bus; answers how many.
    pub async fn handle_events(&self) -> usize {
        as_function("checker", self.stack.drain_events()).await
    }

    /// Handles the events that wait on the bus, and delivers what follows.
    pub async fn drain(&self) {
        self.handle_events().await;
        self.deliver().await;
    }

    /// A new account on this plan, with a key that may do everything.
    pub async fn tenant(&self, plan: Plan) -> Tenant {
        let now = self.now();
        let account = Account {
            id: AccountId::new(now, entropy()),
            email: format!("{}@example.com", AccountId::new(now, entropy())),
            plan,
            language: valpero_domain::Language::default(),
            time_zone: valpero_domain::TimeZone::default(),
            created_at: now,
            monitors: 0,
            people: 0,
            pages: 0,
            muted_until: None,
        };
        self.stack.app.store.create_account(&account, Mailed::No, &self.audit(account.id)).await.expect("an account");
        let token = self.key(account.id, plan, Scopes::all()).await;
        Tenant { account: account.id, token }
    }

    /// A key of an account with these scopes.
    pub async fn key(&self, account: AccountId, plan: Plan, scopes: Scopes) -> String {
        let token = Token::generate();
        let (id, limit) = (KeyId::new(self.now(), entropy()), plan.limits().requests_per_minute);
        let key = ApiKey::new(&token, account, id, "test".into(), scopes, limit, self.now());
        self.stack.app.store.create_key(&key, &Trail::from(self.audit(account))).await.expect("a key");
        token.reveal().to_owned()
    }

    /// A key of an account with all scopes but one.
    pub async fn key_without(&self, account: AccountId, scope: Scope) -> String {
        let others = Scope::ALL.into_iter().filter(|other| *other != scope);
        self.key(account, Plan::Business, Scopes::parse(others).expect("scopes")).await
    }

    /// A row of the audit log for what a test does by itself.
    pub fn audit(&self, account_id: AccountId) -> AuditRow {
        let id = AuditId::new(self.now(), entropy());
        AuditRow::without_request(account_id, id, Actor::Operator, AuditAction::AccountCreated, None, self.now())
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let function = template::home().answering(request.uri().path());
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = as_function(function, self.router.clone().oneshot(request)).await.expect("infallible");
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_json = kind.contains("json") && !head.headers.contains_key(header::CONTENT_ENCODING);
        let json =
            if is_json && !bytes.is_empty() { serde_json::from_slice(&bytes).expect("JSON") } else { Value::Null };
        super::documented::check(&method, &path, head.status, &json);
        let usage = head.extensions.get().copied().unwrap_or_default();
        Reply { status: head.status, headers: head.headers, json, bytes, usage }
    }

    /// Sends a form as nobody.
    pub async fn post_form(&self, path: &str, form: &str) -> Reply {
        self.send(Request::post(path).body(Body::from(form.to_owned())).expect("a request")).await
    }

    /// Sends a request with this token, and this body unless it is `null`.
    pub async fn call(&self, method: &str, path: &str, token: &str, body: Value) -> Reply {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).expect("a method"))
            .uri(path)
            .header(header::USER_AGENT, "tests/1");
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        };
        self.send(request.body(body).expect("a request")).await
    }

    /// GET.
    pub async fn get(&self, path: &str, tenant: &Tenant) -> Reply {
        self.call("GET", path, &tenant.token, Value::Null).await
    }

    /// POST.
    pub async fn post(&self, path: &str, tenant: &Tenant, body: Value) -> Reply {
        self.call("POST", path, &tenant.token, body).await
    }

    /// POST with an idempotency key.
    pub async fn post_named(&self, path: &str, tenant: &Tenant, name: &str, body: Value) -> Reply {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", tenant.token))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", name)
            .body(Body::from(body.to_string()));
        self.send(request.expect("a request")).await
    }

    /// Makes a monitor without retries; answers its id.
    pub async fn monitor(&self, tenant: &Tenant, url: &str, more: Value) -> String {
        let mut body = json!({"url": url, "retries": 0});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.post("/api/v1/monitors", tenant, body).await.expect(201).text("/id")
    }

    /// A monitor as its owner sees it.
    pub async fn read(&self, tenant: &Tenant, id: &str) -> Value {
        self.get(&format!("/api/v1/monitors/{id}"), tenant).await.expect(200).json
    }

    /// A monitor's status.
    pub async fn status(&self, tenant: &Tenant, id: &str) -> String {
        self.read(tenant, id).await["status"].as_str().expect("a status").to_owned()
    }

    /// A tenant's incidents, newest first.
    pub async fn incidents(&self, tenant: &Tenant) -> Vec<Value> {
        self.get("/api/v1/incidents", tenant).await.expect(200).data().to_vec()
    }
}
