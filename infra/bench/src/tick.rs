//! A checker's ticks, as its function runs them: schedule, probes, packed records, in a store that is another process.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    net::{IpAddr, SocketAddr},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use axum::{
    Router,
    body::{self, Body},
    http::{Request, header},
};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tower::ServiceExt;
use valpero::{
    embedded::{self, Embedded},
    stack::{Parts, Stack},
};
use valpero_app::{Clock, entropy};
use valpero_auth::Token;
use valpero_checker::{BACKOFF, CheckerEvent};
use valpero_domain::{
    AccountId, AuditId, KeyId, Plan, Scopes,
    dns_check::RecordType,
    host::HostName,
    probe::{Cause, ErrorCode},
};
use valpero_outbound::{Guard, Outbound, Resolve, Tls};
use valpero_storage::{Account, ApiKey, AuditRow, Trail};

use crate::{Failure, Targets, meter::Round};

/// Serves a store in memory until its standard input ends; prints its address first.
#[expect(clippy::print_stdout, reason = "for the process that started it")]
pub(crate) fn store() -> Result<(), Failure> {
    let store = Embedded::in_memory()?;
    println!("{}", store.address());
    std::io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}

/// Ends with this process.
struct Store(Child);

impl Drop for Store {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn start_store() -> Result<(Store, SocketAddr), Failure> {
    let mut child =
        Command::new(std::env::current_exe()?).arg("store").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    let output = child.stdout.take().ok_or("the store has no output")?;
    BufReader::new(output).read_line(&mut line)?;
    Ok((Store(child), line.trim().parse()?))
}

struct Names(HashMap<String, IpAddr>);

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>> {
        let address = self.0.get(host).copied().ok_or_else(|| Cause::of(ErrorCode::DnsNxdomain));
        Box::pin(async move { address.map(|address| vec![address]) })
    }

    fn records<'a>(
        &'a self,
        _: &'a HostName,
        _: RecordType,
        _: &'a [SocketAddr],
    ) -> BoxFuture<'a, Result<Vec<String>, Cause>> {
        Box::pin(async { Err(Cause::of(ErrorCode::DnsNoRecords)) })
    }
}

/// Runs the ticks.
pub(crate) async fn run(targets: &Targets) -> Result<(), Failure> {
    let (_store, address) = start_store()?;
    let names = (0..targets.count).map(|place| (Targets::host(place), Targets::address(place))).collect();
    let clock = Clock::system();
    let stack = Stack::assemble(Parts {
        client: embedded::client(&format!("http://{address}")),
        regions: vec!["fra".parse()?],
        private_targets: true,
        clock: clock.clone(),
        outbound: Outbound::new(
            Guard::allowing_private(vec![address]),
            Arc::new(Names(names)),
            Tls::trusting(targets.roots()?)?,
        ),
        backoff: BACKOFF,
    })
    .await?;
    let token = key(&stack).await?;
    let mut monitors = Vec::with_capacity(targets.count);
    for place in 0..targets.count {
        // Its retries would wait for what is down.
        let body = json!({"url": targets.url(place), "retries": 0});
        let made = call(&stack.router(), "POST", "/api/v1/monitors", &token, Some(body)).await?;
        monitors.push(made["id"].as_str().ok_or("no id")?.to_owned());
    }
    let checker = stack.checkers.first().ok_or("no checker")?;
    let mut at = clock.now().start_of_minute();
    for round in 0..=targets.rounds {
        at = at.plus_seconds(60);
        let event = CheckerEvent::scheduled(at);
        let measured = Round::start();
        let report = checker.handle(&event).await?;
        if round > 0 {
            measured.end(report.checked, report.checked - report.down - report.probe_errors);
        }
    }
    if targets.phases {
        for id in &monitors {
            print(&call(&stack.router(), "GET", &format!("/api/v1/monitors/{id}/checks?limit=1"), &token, None).await?);
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn print(checks: &Value) {
    println!("{}", json!({"phases": checks["data"][0]["phases"], "error": checks["data"][0]["error"]["code"]}));
}

/// A key that may do everything, of an account that may have many monitors.
async fn key(stack: &Stack) -> Result<String, Failure> {
    let (store, now) = (&stack.app.store, stack.app.now());
    let id = AccountId::new(now, entropy()?);
    let audit = AuditRow::without_request(id, AuditId::new(now, entropy()?), "operator", "bench.prepared", None, now);
    let account = Account {
        id,
        email: "bench@localhost".into(),
        plan: Plan::Business,
        language: "en".into(),
        created_at: now,
        monitors: 0,
    };
    store.create_account(&account, &audit).await?;
    let token = Token::generate()?;
    let audit = AuditRow { id: AuditId::new(now, entropy()?), ..audit };
    let key = ApiKey::new(&token, id, KeyId::new(now, entropy()?), "bench".into(), Scopes::all(), u32::MAX, now);
    store.create_key(&key, &Trail::from(&audit)).await?;
    Ok(token.reveal().to_owned())
}

async fn call(router: &Router, method: &str, path: &str, token: &str, sent: Option<Value>) -> Result<Value, Failure> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(sent.map_or_else(Body::empty, |sent| Body::from(sent.to_string())))?;
    let answer = router.clone().oneshot(request).await?;
    let status = answer.status();
    let bytes = body::to_bytes(answer.into_body(), 1 << 20).await?;
    let answer: Value = serde_json::from_slice(&bytes)?;
    if status.is_success() { Ok(answer) } else { Err(format!("{method} {path}: {answer}").into()) }
}
