//! The operator's commands: accounts and keys, on local data or on AWS.

use std::error::Error;

use serde_json::{Value, json};
use valpero_auth::{Token, TokenHash};
use valpero_domain::{
    AccountId, Actor, AuditAction, AuditId, KeyId, Language, Plan, RegionCode, Scope, Scopes, TimeZone, Timestamp,
    deal_code::DealCode, monitor::Name,
};
use valpero_runtime::{Clock, entropy};
use valpero_storage::{
    Account, ApiKey, AuditRow, DealCodeRow, Heartbeat, LIVE_KEYS_MAX, Mailed, Store, StoreError, Tables, Trail,
};

use crate::{
    args::{AccountCommand, CodeCommand, KeyCommand, RegionCommand, Target},
    data, deployed,
    screen::Screen,
    stack::STACK,
};

type Failure = Box<dyn Error + Send + Sync>;

/// A store, and what keeps it open.
pub(crate) struct Opened {
    pub store: Store,
    pub screen: Screen,
    pub api_url: Option<String>,
    pub _local: Option<data::Access>,
}

pub(crate) async fn open(target: &Target) -> Result<Opened, Failure> {
    let screen = Screen::new(target.json);
    if let Some(stack) = &target.stack {
        let deployed::Deployed { store, api_url, .. } = deployed::find(stack).await?;
        return Ok(Opened { store, screen, api_url: Some(api_url), _local: None });
    }
    let access = data::open(&target.data)?;
    let store = Store::new(access.client.clone(), Tables::of_stack(STACK));
    Ok(Opened { store, screen, api_url: None, _local: Some(access) })
}

pub(crate) async fn account(command: AccountCommand) -> Result<(), Failure> {
    match command {
        AccountCommand::Create { email, plan, alert_owner, target } => {
            let Opened { store, screen, _local, .. } = open(&target).await?;
            let mailed = if alert_owner { Mailed::Yes } else { Mailed::No };
            let account = create_account(&store, &email, plan, mailed).await?;
            let lines = format!("Made account {} ({}, plan {}).", account.id, account.email, plan.as_str());
            screen.result(&json!({"account_id": account.id, "email": account.email, "plan": plan}), &lines);
        }
        AccountCommand::List { target } => {
            let Opened { store, screen, _local, .. } = open(&target).await?;
            let accounts = store.accounts().await?;
            let line = |account: &Account| {
                let Account { id, email, plan, monitors, .. } = account;
                format!("{id}  {:<8}  {monitors:>6} monitors  {email}", plan.as_str())
            };
            let lines: Vec<String> = accounts.iter().map(line).collect();
            screen.result(&json!({"accounts": accounts}), &some_lines(&lines, "No accounts yet."));
        }
        AccountCommand::SetPlan { account, plan, target } => {
            let Opened { store, screen, _local, .. } = open(&target).await?;
            let audit = audit(account, AuditAction::AccountPlanSet, None);
            store.set_plan(account, plan, &audit).await.map_err(|error| no_account(error, account))?;
            let lines = format!("Account {account} is on plan {}; its keys follow at once.", plan.as_str());
            screen.result(&json!({"account_id": account, "plan": plan}), &lines);
        }
    }
    Ok(())
}

pub(crate) async fn key(command: KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::Mint { account, name, scopes, target } => {
            let scopes = parse_scopes(&scopes)?;
            let Opened { store, screen, api_url, _local } = open(&target).await?;
            let (key, token) = mint(&store, account, &name, scopes).await?;
            let mut lines =
                format!("Minted key {} ({}). Its token, shown this once:\n{}", key.id, key.name, token.reveal());
            if let Some(url) = &api_url {
                lines.push_str(&format!("\nThe API is at {url}"));
            }
            let scopes = &key.scopes;
            let object = json!({
                "key_id": key.id, "token": token.reveal(), "account_id": account, "scopes": scopes, "api_url": api_url,
            });
            screen.result(&object, &lines);
        }
        KeyCommand::List { account, target } => {
            let Opened { store, screen, _local, .. } = open(&target).await?;
            store.account(account).await.map_err(|error| no_account(error, account))?;
            let keys = store.keys(account).await?;
            let now = Clock::system().now();
            let lines: Vec<String> = keys.iter().map(|key| key_line(key, now)).collect();
            let objects: Vec<Value> = keys.iter().map(key_object).collect();
            screen.result(&json!({"keys": objects}), &some_lines(&lines, "No keys yet."));
        }
        KeyCommand::Revoke { key, account, target } => {
            let Opened { store, screen, _local, .. } = open(&target).await?;
            let found = store.key(account, key).await.map_err(|error| no_key(error, key))?;
            let audit = audit(account, AuditAction::KeyRevoked, Some(key.to_string()));
            store.revoke_key(&found, Clock::system().now(), &audit).await?;
            screen.result(&json!({"key_id": key, "revoked": true}), &format!("Key {key} is ended."));
        }
    }
    Ok(())
}

pub(crate) async fn code(command: CodeCommand) -> Result<(), Failure> {
    match command {
        CodeCommand::Create { plan, count, expires, target } => {
            let Opened { store, screen, _local, .. } = open(&target).await?;
            let now = Clock::system().now();
            if expires.is_some_and(|end| end <= now) {
                return Err("--expires must be in the future".into());
            }
            let mut shown = Vec::new();
            for _ in 0..count {
                let code = DealCode::new(entropy());
                let row = DealCodeRow {
                    code_hash: TokenHash::of(code.secret()),
                    prefix: code.prefix(),
                    plan,
                    created_at: now,
                    expires_at: expires,
                    redeemed_by: None,
                    redeemed_at: None,
                };
                store.create_deal_code(&row).await?;
                shown.push(code.reveal());
            }
            screen.result(&json!({"codes": shown, "plan": plan, "expires_at": expires}), &shown.join("\n"));
        }
        CodeCommand::List { target } => {
            let Opened { store, screen, _local, .. } = open(&target).await?;
            let now = Clock::system().now();
            let codes = store.deal_codes().await?;
            let line = |code: &DealCodeRow| {
                let state = match (code.redeemed_by, code.redeemed_at, code.expires_at) {
                    (Some(by), Some(at), _) => format!("redeemed by {by} at {at}"),
                    (.., Some(end)) if end <= now => format!("expired at {end}"),
                    (.., Some(end)) => format!("open until {end}"),
                    _ => "open".to_owned(),
                };
                format!("{}-…  {:<8}  made {}  {state}", code.prefix, code.plan.as_str(), code.created_at)
            };
            let object = |code: &DealCodeRow| {
                json!({
                    "prefix": code.prefix, "plan": code.plan, "created_at": code.created_at,
                    "expires_at": code.expires_at, "redeemed_by": code.redeemed_by, "redeemed_at": code.redeemed_at,
                })
            };
            let lines: Vec<String> = codes.iter().map(line).collect();
            let objects: Vec<Value> = codes.iter().map(object).collect();
            screen.result(&json!({"codes": objects}), &some_lines(&lines, "No codes yet."));
        }
    }
    Ok(())
}

pub(crate) async fn region(command: RegionCommand) -> Result<(), Failure> {
    match command {
        RegionCommand::List { target } => {
            let Opened { store, screen, .. } = open(&target).await?;
            let beats = store.heartbeats().await?;
            let now = Clock::system().now();
            let lines: Vec<String> = beats.iter().map(|beat| region_line(beat, now)).collect();
            let object = |beat: &Heartbeat| {
                json!({
                    "region": beat.region, "aws_region": beat.region.aws_region(), "last_tick_at": beat.last_tick_at,
                    "silent": beat.is_silent(now),
                })
            };
            let objects: Vec<Value> = beats.iter().map(object).collect();
            screen.result(&json!({"regions": objects}), &some_lines(&lines, "No region has ticked yet."));
        }
        RegionCommand::Remove { region, target } => {
            let Opened { store, screen, .. } = open(&target).await?;
            store.remove_region(region).await.map_err(|error| no_region(error, region))?;
            let lines = format!(
                "Region {region} is no longer offered to new monitors. Those that name it keep it until they are changed; \
                 its silence is no vote."
            );
            screen.result(&json!({"region": region, "removed": true}), &lines);
        }
    }
    Ok(())
}

fn region_line(beat: &Heartbeat, now: Timestamp) -> String {
    let state = if beat.is_silent(now) { "silent   " } else { "reporting" };
    format!("{}  {state}  last tick {}  {}", beat.region, beat.last_tick_at, beat.region.aws_region())
}

fn no_region(error: StoreError, region: RegionCode) -> Failure {
    match error {
        StoreError::NotFound => format!("region {region} is not on the list; `valpero region list` shows it").into(),
        error => error.into(),
    }
}

pub(crate) fn some_lines(lines: &[String], none: &str) -> String {
    if lines.is_empty() { none.to_owned() } else { lines.join("\n") }
}

fn key_line(key: &ApiKey, now: Timestamp) -> String {
    let state = if key.is_live(now) { "live " } else { "ended" };
    let scopes: Vec<&str> = key.scopes.iter().map(Scope::as_str).collect();
    format!("{}  {state}  …{}  {}  [{}]", key.id, key.last4, key.name, scopes.join(" "))
}

fn key_object(key: &ApiKey) -> Value {
    json!({
        "key_id": key.id, "name": key.name, "scopes": key.scopes, "last4": key.last4, "created_at": key.created_at,
        "last_used_at": key.last_used_at, "expires_at": key.expires_at, "revoked_at": key.revoked_at,
    })
}

pub(crate) fn no_account(error: StoreError, account: AccountId) -> Failure {
    match error {
        StoreError::NotFound => format!("there is no account {account}; `valpero account list` shows them").into(),
        error => error.into(),
    }
}

fn no_key(error: StoreError, key: KeyId) -> Failure {
    match error {
        StoreError::NotFound => format!("the account has no key {key}; `valpero key list` shows them").into(),
        error => error.into(),
    }
}

fn parse_scopes(asked: &[String]) -> Result<Scopes, Failure> {
    if asked.is_empty() {
        return Ok(Scopes::default_of_a_key());
    }
    if asked.iter().any(|scope| scope == "all") {
        return Ok(Scopes::all());
    }
    let scopes: Result<Vec<Scope>, _> =
        asked.iter().map(|text| text.parse().map_err(|error| format!("--scope {text}: it {error}, or all"))).collect();
    Ok(Scopes::parse(scopes?)?)
}

/// Makes an account, as the operator; with a policy that mails its owner where mail is sent.
pub(crate) async fn create_account(store: &Store, email: &str, plan: Plan, mailed: Mailed) -> Result<Account, Failure> {
    let plausible =
        email.len() <= 254 && email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if !plausible || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("{email:?} is no e-mail address; pass one such as --email you@example.com").into());
    }
    let now = Clock::system().now();
    let account = Account {
        id: AccountId::new(now, entropy()),
        email: email.to_owned(),
        plan,
        language: Language::default(),
        time_zone: TimeZone::default(),
        created_at: now,
        monitors: 0,
        people: 0,
        pages: 0,
        muted_until: None,
    };
    let audit = audit(account.id, AuditAction::AccountCreated, None);
    match store.create_account(&account, mailed, &audit).await {
        Ok(()) => Ok(account),
        Err(StoreError::Conflict) => Err(format!("another account has the address {email}").into()),
        Err(error) => Err(error.into()),
    }
}

/// Mints a key, as the operator.
pub(crate) async fn mint(
    store: &Store,
    account: AccountId,
    name: &str,
    scopes: Scopes,
) -> Result<(ApiKey, Token), Failure> {
    let name = Name::try_from(name.to_owned()).map_err(|error| format!("--name: it {error}"))?;
    let plan = store.account(account).await.map_err(|error| no_account(error, account))?.plan;
    let now = Clock::system().now();
    let token = Token::generate();
    let limit = plan.limits().requests_per_minute;
    let key = ApiKey::new(&token, account, KeyId::new(now, entropy()), name.into(), scopes, limit, now);
    let audit = audit(account, AuditAction::KeyCreated, Some(key.id.to_string()));
    match store.create_key(&key, &Trail::from(audit)).await {
        Ok(()) => Ok((key, token)),
        Err(StoreError::LimitReached) => Err(format!(
            "the account has {LIVE_KEYS_MAX} live keys, and may have no more; `valpero key revoke` ends one that is no longer used"
        )
        .into()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn audit(account_id: AccountId, action: AuditAction, target: Option<String>) -> AuditRow {
    let now = Clock::system().now();
    let id = AuditId::new(now, entropy());
    AuditRow::without_request(account_id, id, Actor::Operator, action, target, now)
}
