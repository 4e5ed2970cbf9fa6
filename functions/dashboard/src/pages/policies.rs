//! `/alerts/policies`: the form that makes or changes an escalation policy, and its end.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::Path,
    http::{Method, StatusCode},
    response::Response,
};
use serde_json::{Value, json};
use valpero_domain::{
    Fault, PolicyId,
    alerting::policy::{AFTER_MINUTES_MAX, EscalationPolicy as Policy, NAME, REPEAT_MINUTES, STEPS_MAX},
};
use valpero_http::{Code, List, Problem};
use valpero_views::{Channel, EscalationPolicy};

use super::alerts::{CHANNELS, Refused, fault_at};
// The templates of forms tell the shapes of controls apart.
use crate::form::Shape;
use crate::{
    form::{Control, Sent, without_nulls},
    page::{Shell, page, to},
    visitor::Visitor,
};

/// Empty rows below those that are filled in.
const SPARE: usize = 2;

#[derive(Template)]
#[template(path = "policy_form.html")]
struct FormPage {
    shell: Shell,
    title: String,
    action: String,
    is_new: bool,
    has_channels: bool,
    has_room: bool,
    name: Control,
    repeat: Control,
    rows: Vec<Row>,
    most: u32,
    refusals: Vec<String>,
    /// Whether routes keep the policy from being deleted.
    is_in_use: bool,
    delete_action: String,
    delete_says: String,
}

struct Row {
    place: usize,
    title: String,
    after: String,
    after_fault: Option<String>,
    ticks: Vec<Tick>,
    channels_fault: Option<String>,
}

struct Tick {
    id: String,
    name: String,
    chosen: bool,
}

/// A step as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Step {
    after: String,
    channels: Vec<String>,
}

impl Step {
    fn is_empty(&self) -> bool {
        self.after.trim().is_empty() && self.channels.is_empty()
    }

    /// The step as JSON. Text that is not a number is sent as text: the API rejects it and says why.
    fn json(&self) -> Value {
        let after = self.after.trim();
        let minutes = match after.parse::<i64>() {
            Ok(minutes) => json!(minutes),
            Err(_) if after.is_empty() => Value::Null,
            Err(_) => json!(after),
        };
        json!({ "after_minutes": minutes, "channel_ids": self.channels })
    }
}

/// A policy's form before it is shown.
struct Draft {
    /// The policy that is changed, and its name; none where it is new.
    of: Option<(PolicyId, String)>,
    /// `name` and `repeat_minutes`.
    values: Value,
    steps: Vec<Step>,
    spare: usize,
    faults: Vec<Fault>,
    refusals: Vec<String>,
    is_in_use: bool,
}

impl Draft {
    fn new(of: Option<(PolicyId, String)>, values: Value, steps: Vec<Step>) -> Self {
        Self { of, values, steps, spare: SPARE, faults: Vec::new(), refusals: Vec::new(), is_in_use: false }
    }

    /// What was sent. Empty steps are left out.
    fn sent(of: Option<(PolicyId, String)>, sent: &Sent) -> Self {
        let all = steps_of(sent);
        let steps: Vec<Step> = all.iter().filter(|step| !step.is_empty()).cloned().collect();
        let draft = Self::new(of, sent.object(&Policy::OBJECT, ""), steps);
        if sent.text("do") == "more" { Self { spare: all.len() - draft.steps.len() + SPARE, ..draft } } else { draft }
    }

    fn stored(policy: &EscalationPolicy) -> Self {
        let steps = policy.steps.iter().map(|step| Step {
            after: step.after_minutes.to_string(),
            channels: step.channel_ids.iter().map(ToString::to_string).collect(),
        });
        let values = json!({ "name": policy.name, "repeat_minutes": policy.repeat_minutes });
        Self::new(Some((policy.id, policy.name.clone())), values, steps.collect())
    }

    /// The policy as JSON: what is empty is null.
    fn json(&self) -> Value {
        let mut body = self.values.clone();
        if let Some(members) = body.as_object_mut() {
            members.insert("steps".to_owned(), self.steps.iter().map(Step::json).collect());
        }
        body
    }

    async fn show(self, visitor: &Visitor, status: StatusCode) -> Result<Response, Problem> {
        let channels: List<Channel> = visitor.client.get(CHANNELS).await?;
        let (t, m) = (visitor.t, &visitor.t.alerts);
        let is_new = self.of.is_none();
        let count = (self.steps.len() + self.spare).min(STEPS_MAX).max(self.steps.len());
        let rows: Vec<Row> = (0..count)
            .map(|place| {
                let step = self.steps.get(place).cloned().unwrap_or_default();
                row((m.step)(place + 1), place, step, &channels.data, &self.faults)
            })
            .collect();
        let mut refusals = self.refusals;
        refusals.extend(
            self.faults.iter().filter(|fault| is_of_no_control(&fault.pointer)).map(|fault| fault.detail.clone()),
        );
        let (title, action, delete_action, delete_says) = match &self.of {
            None => (m.new_policy.to_owned(), "/alerts/policies/new".to_owned(), String::new(), String::new()),
            Some((id, name)) => {
                let action = format!("/alerts/policies/{id}");
                ((m.edit_of)(name), action.clone(), format!("{action}/delete"), (m.delete_says)(name))
            }
        };
        let template = FormPage {
            shell: visitor.shell("alerts"),
            title,
            action,
            is_new,
            has_channels: !channels.data.is_empty(),
            has_room: rows.len() < STEPS_MAX,
            name: Control::of(t, &NAME, NAME.name, &self.values, &self.faults),
            repeat: Control::of(t, &REPEAT_MINUTES, REPEAT_MINUTES.name, &self.values, &self.faults),
            rows,
            most: AFTER_MINUTES_MAX,
            refusals,
            is_in_use: self.is_in_use,
            delete_action,
            delete_says,
        };
        page(status, &template)
    }

    /// The form again, with what is wrong.
    async fn refused(mut self, visitor: &Visitor, problem: Problem) -> Result<Response, Problem> {
        let refused = Refused::of(visitor.t, problem)?;
        self.faults = refused.faults;
        self.refusals = refused.says;
        self.show(visitor, refused.status).await
    }
}

fn row(title: String, place: usize, step: Step, channels: &[Channel], faults: &[Fault]) -> Row {
    let mut ticks: Vec<Tick> = channels
        .iter()
        .map(|channel| Tick { id: channel.id.to_string(), name: channel.name.clone(), chosen: false })
        .collect();
    for id in &step.channels {
        match ticks.iter_mut().find(|tick| tick.id == *id) {
            Some(tick) => tick.chosen = true,
            // A channel that is gone keeps its place until somebody takes it away.
            None => ticks.push(Tick { id: id.clone(), name: id.clone(), chosen: true }),
        }
    }
    Row {
        place,
        title,
        after: step.after,
        after_fault: fault_at(faults, &format!("/steps/{place}/after_minutes")),
        ticks,
        channels_fault: fault_at(faults, &format!("/steps/{place}/channel_ids")),
    }
}

fn is_of_no_control(pointer: &str) -> bool {
    let place: Vec<&str> = pointer.split('/').skip(1).collect();
    !matches!(place.as_slice(), ["name" | "repeat_minutes", ..] | ["steps", _, "after_minutes" | "channel_ids", ..])
}

/// The steps of a form, with those that are empty.
fn steps_of(sent: &Sent) -> Vec<Step> {
    let mut steps = Vec::new();
    for place in 0..STEPS_MAX {
        let after = format!("steps.{place}.after_minutes");
        if !sent.has(&after) {
            break;
        }
        let channels = sent.texts(&format!("steps.{place}.channel_ids"));
        steps.push(Step {
            after: sent.text(&after).to_owned(),
            channels: channels.into_iter().map(str::to_owned).collect(),
        });
    }
    steps
}

/// `GET /alerts/policies/new`.
pub async fn new(Extension(visitor): Extension<Arc<Visitor>>) -> Result<Response, Problem> {
    let first = Step { after: "0".to_owned(), channels: Vec::new() };
    Draft::new(None, Value::Null, vec![first]).show(&visitor, StatusCode::OK).await
}

/// `POST /alerts/policies/new`: makes the policy, or shows more rows where `do` is `more`.
pub async fn create(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let draft = Draft::sent(None, &sent);
    if sent.text("do") == "more" {
        return draft.show(&visitor, StatusCode::OK).await;
    }
    let body = without_nulls(draft.json());
    match visitor.client.create("/api/v1/escalation-policies", sent.once(), &body).await {
        Ok(_) => Ok(to("/alerts", "policy_created")),
        Err(problem) => draft.refused(&visitor, problem).await,
    }
}

/// `GET /alerts/policies/{id}`.
pub async fn edit(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let policy: EscalationPolicy = visitor.client.get(&path_of(policy_id(&id)?)).await?;
    Draft::stored(&policy).show(&visitor, StatusCode::OK).await
}

/// `POST /alerts/policies/{id}`: changes the policy, or shows more rows where `do` is `more`.
pub async fn save(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = policy_id(&id)?;
    let draft = Draft::sent(Some((id, sent.text(NAME.name).to_owned())), &sent);
    if sent.text("do") == "more" {
        return draft.show(&visitor, StatusCode::OK).await;
    }
    match visitor.client.send(Method::PATCH, &path_of(id), &draft.json()).await {
        Ok(_) => Ok(to("/alerts", "saved")),
        Err(problem) => draft.refused(&visitor, problem).await,
    }
}

/// `POST /alerts/policies/{id}/delete`. While routes lead to the policy, its page says so.
pub async fn delete(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = policy_id(&id)?;
    match visitor.client.send(Method::DELETE, &path_of(id), &Value::Null).await {
        Ok(_) => Ok(to("/alerts", "deleted")),
        Err(problem) if problem.code() == Code::PolicyInUse => {
            let policy: EscalationPolicy = visitor.client.get(&path_of(id)).await?;
            let draft = Draft { is_in_use: true, ..Draft::stored(&policy) };
            draft.show(&visitor, StatusCode::CONFLICT).await
        }
        Err(problem) => Err(problem),
    }
}

fn path_of(id: PolicyId) -> String {
    format!("/api/v1/escalation-policies/{id}")
}

/// The policy that a path names. Whatever else a path holds goes nowhere.
fn policy_id(text: &str) -> Result<PolicyId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_sent_as_it_was_typed() {
        let step = |after: &str, channels: &[&str]| Step {
            after: after.to_owned(),
            channels: channels.iter().map(|id| (*id).to_owned()).collect(),
        };
        assert_eq!(step(" 5 ", &["chn_1"]).json(), json!({"after_minutes": 5, "channel_ids": ["chn_1"]}));
        assert_eq!(step("soon", &[]).json(), json!({"after_minutes": "soon", "channel_ids": []}));
        assert_eq!(step("", &["chn_1"]).json(), json!({"after_minutes": null, "channel_ids": ["chn_1"]}));
        assert!(step(" ", &[]).is_empty() && !step("0", &[]).is_empty());
    }

    #[test]
    fn faults_that_no_control_shows_are_told_above() {
        for (pointer, is_told) in [
            ("/name", false),
            ("/steps/1/after_minutes", false),
            ("/steps/1/channel_ids/0", false),
            ("/steps", true),
            ("/steps/1", true),
            ("", true),
        ] {
            assert_eq!(is_of_no_control(pointer), is_told, "{pointer}");
        }
    }
}
