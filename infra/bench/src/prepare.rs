//! The process that holds the store: it makes the monitors, so that the checker's own memory is a checker's.

use std::{
    io::BufRead,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use axum::{
    Router,
    body::{self, Body},
    http::{Request, header},
};
use serde_json::{Value, json};
use tower::ServiceExt;
use valpero::{
    embedded::Embedded,
    stack::{Parts, Stack},
};
use valpero_auth::{OneTimeSecret, Token};
use valpero_checker::BACKOFF;
use valpero_domain::{AccountId, Actor, AuditAction, AuditId, InvitationId, KeyId, Plan, RegionCode, Role, Scopes};
use valpero_runtime::{Clock, entropy};
use valpero_storage::{Account, ApiKey, AuditRow, Invitation, Mailed, SessionOf, Trail};

use crate::{Failure, Targets, client::client, tick};

/// Hours of checks: those of the list's line, and the one that is not over.
const HOURS: i64 = 25;

/// Serves a store in memory until its standard input ends. It prints where it is and what it has.
#[expect(clippy::print_stdout, reason = "for the process that started it")]
pub(crate) async fn run(targets: &Targets) -> Result<(), Failure> {
    let store = Embedded::in_memory()?;
    // Behind the machine's clock by so many hours.
    let behind = Arc::new(AtomicI64::new(if targets.day { HOURS } else { 0 }));
    let clock = Clock::reading({
        let (system, behind) = (Clock::system(), Arc::clone(&behind));
        move || system.now().plus_seconds(-3_600 * behind.load(Ordering::Relaxed))
    });
    let stack = Stack::assemble(Parts {
        client: client(store.address()),
        regions: targets.regions.clone(),
        private_targets: true,
        public_url: "https://valpero.example.com".parse()?,
        clock,
        outbound: tick::outbound(targets)?,
        public_tools: false,
        mail_rate: valpero_runtime::config::DEFAULT_MAIL_RATE,
        mailer: valpero_mail::Mailer::Absent,
        backoff: BACKOFF,
        sockets_per_region: 700,
        writes_per_region: valpero_checker::IN_WRITING,
    })
    .await?;
    let ((account, token), router) = (key(&stack, "bench@localhost").await?, stack.router());
    let token_hash = token.hash();
    let token = token.reveal();
    let mut first = None;
    for place in 0..targets.count {
        // Its retries would wait for what is down.
        let webhook = targets.webhook_port.map(|port| format!("http://127.0.0.1:{port}/"));
        let regions: Vec<String> = targets.regions.iter().map(RegionCode::to_string).collect();
        let body = json!({"url": targets.url(place), "retries": 0, "webhook_url": webhook, "regions": regions});
        let made = call(&router, "POST", "/api/v1/monitors", token, Some(body)).await?;
        first.get_or_insert(made["id"].clone());
    }
    if targets.checked {
        for report in stack.tick(stack.app.now().start_of_minute()).await {
            report?;
        }
    }
    let mut session = None;
    if targets.day {
        while behind.fetch_sub(1, Ordering::Relaxed) > 0 {
            for report in stack.tick(stack.app.now().start_of_minute()).await {
                report?;
            }
        }
        behind.store(0, Ordering::Relaxed);
        stack.roll_up().await?;
        session = Some(sign_in(&stack, &router, account).await?);
    }
    let here = json!({
        "address": store.address().to_string(), "account": account, "token": token, "token_hash": token_hash,
        "monitor": first, "session": session,
    });
    println!("{here}");
    tokio::task::spawn_blocking(|| std::io::stdin().lock().read_line(&mut String::new())).await??;
    Ok(())
}

/// A person of the account, who joins by the operator's link, and the cookie of a session without a rate limit.
async fn sign_in(stack: &Stack, router: &Router, account: AccountId) -> Result<String, Failure> {
    let (now, secret, store) = (stack.app.now(), OneTimeSecret::generate(), &stack.app.store);
    let email = "ada@people.example";
    let invitation = Invitation {
        account_id: account,
        id: InvitationId::new(now, entropy()),
        email: email.into(),
        role: Role::Owner,
        link_hash: secret.hash(),
        by: Actor::Operator.into(),
        created_at: now,
        expires_at: now.plus_seconds(3_600),
    };
    let audit = || {
        let id = AuditId::new(now, entropy());
        AuditRow::without_request(account, id, Actor::Operator, AuditAction::PersonJoined, None, now)
    };
    store.invite(&invitation, &Trail::from(audit())).await?;
    let request = Request::post(secret.url(None))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from("name=Ada&password=correct+horse+battery+staple"))?;
    let answer = router.clone().oneshot(request).await?;
    let person = store.person_by_email(email).await?.ok_or_else(|| format!("the link answered {}", answer.status()))?;
    let member = store.member(account, person.user_id).await?;
    let token = Token::generate_session();
    let id = KeyId::new(now, entropy());
    let key = ApiKey::new(&token, account, id, person.name, Role::Owner.scopes(), u32::MAX, now);
    let session = SessionOf { user_id: person.user_id, ip: None, user_agent: None };
    let key = ApiKey { session: Some(session), expires_at: Some(now.plus_seconds(3_600)), ..key };
    store.open_session(&member, &key, &[], &audit()).await?;
    Ok(format!("__Host-valpero={}", token.reveal()))
}

/// A key that may do everything, of a new account with this address, which may have many monitors.
pub(crate) async fn key(stack: &Stack, email: &str) -> Result<(AccountId, Token), Failure> {
    let (store, now) = (&stack.app.store, stack.app.now());
    let id = AccountId::new(now, entropy());
    let audit = AuditRow::without_request(
        id,
        AuditId::new(now, entropy()),
        Actor::Operator,
        AuditAction::AccountCreated,
        None,
        now,
    );
    let account = Account {
        id,
        email: email.into(),
        plan: Plan::Business,
        language: valpero_domain::Language::default(),
        time_zone: valpero_domain::TimeZone::default(),
        created_at: now,
        monitors: 0,
        people: 0,
        pages: 0,
        muted_until: None,
    };
    store.create_account(&account, Mailed::No, &audit).await?;
    let token = Token::generate();
    let audit = AuditRow { id: AuditId::new(now, entropy()), ..audit };
    let key = ApiKey::new(&token, id, KeyId::new(now, entropy()), "bench".into(), Scopes::all(), u32::MAX, now);
    store.create_key(&key, &Trail::from(audit)).await?;
    Ok((id, token))
}

pub(crate) async fn call(
    router: &Router,
    method: &str,
    path: &str,
    token: &str,
    sent: Option<Value>,
) -> Result<Value, Failure> {
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
