//! `/settings/plan`: the plans, what is used of the present one, and redeeming a code.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, response::Response};
use serde_json::{Value, json};
use valpero_domain::Plan;
use valpero_http::Problem;

use super::{Refused, line};
use crate::{
    digits::grouped,
    form::{Control, Sent, Shape},
    page::{Shell, page, to},
    visitor::Visitor,
};

/// A plan in the table.
#[derive(Debug)]
struct Row {
    name: &'static str,
    monitors: String,
    people: String,
    requests: String,
    is_present: bool,
}

/// What is used of a limit.
#[derive(Debug)]
struct Used {
    label: &'static str,
    used: String,
    of: String,
}

#[derive(Template)]
#[template(path = "settings_plan.html")]
struct Page {
    shell: Shell,
    sentence: String,
    plans: Vec<Row>,
    used: Vec<Used>,
    is_over: bool,
    may_write: bool,
    code: Control,
}

/// `GET /settings/plan`.
///
/// # Errors
/// The API's problem.
pub async fn show(Extension(visitor): Extension<Arc<Visitor>>) -> Result<Response, Problem> {
    answer(&visitor, "", &Refused::default()).await
}

/// `POST /settings/plan`.
///
/// # Errors
/// The API's problem, unless the form can show it.
pub async fn redeem(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let code = sent.text("code").to_owned();
    match visitor.client.create("/api/v1/account/redeem", sent.once(), &json!({"code": code})).await {
        Ok(_) => Ok(to("/settings/plan", "redeemed")),
        Err(problem) => {
            let refused = Refused::of(visitor.t, problem)?;
            answer(&visitor, &code, &refused).await
        }
    }
}

async fn answer(visitor: &Visitor, typed: &str, refused: &Refused) -> Result<Response, Problem> {
    let account: Value = visitor.client.get("/api/v1/account").await?;
    let m = &visitor.t.settings;
    let number = |pointer: &str| account.pointer(pointer).and_then(Value::as_u64);
    let mut used = Vec::new();
    let mut is_over = false;
    for (label, name) in [(m.monitors, "monitors"), (m.people, "people")] {
        let (Some(now), Some(most)) = (number(&format!("/usage/{name}")), number(&format!("/limits/{name}"))) else {
            continue;
        };
        is_over = is_over || now > most;
        used.push(Used { label, used: grouped(now), of: (m.of_limit)(&grouped(most)) });
    }
    let mut code = line("code", m.code, m.code_says, typed, refused.fault("code"));
    code.required = true;
    code.placeholder = "VAL-7K3M-9QXF-2T8D-5WHN".to_owned();
    let shell = visitor.shell("settings");
    let template = Page {
        sentence: refused.sentence(&["code"]),
        plans: Plan::ALL.into_iter().map(|plan| row(visitor, plan)).collect(),
        used,
        is_over,
        may_write: shell.may("account:write"),
        code,
        shell,
    };
    page(refused.status, &template)
}

fn row(visitor: &Visitor, plan: Plan) -> Row {
    let limits = plan.limits();
    Row {
        name: (visitor.t.settings.plan_name)(plan),
        monitors: grouped(u64::from(limits.monitors)),
        people: grouped(u64::from(limits.people)),
        requests: grouped(u64::from(limits.requests_per_minute)),
        is_present: plan == visitor.account.plan,
    }
}
