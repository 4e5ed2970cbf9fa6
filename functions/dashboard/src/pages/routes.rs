//! `/alerts/routes`: which escalation policy the incidents of which monitors follow, as an ordered list of rows.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Extension,
    http::{Method, StatusCode},
    response::Response,
};
use serde_json::{Map, Value, json};
use valpero_domain::{Fault, MonitorId, alerting::routes::ROUTES_MAX, check::CheckType};
use valpero_http::{Code, List, Problem};
use valpero_views::{AlertRouteView, AlertRoutes, EscalationPolicy};

use super::alerts::{POLICIES, Refused, fault_at};
use crate::{
    form::Sent,
    page::{Shell, page, to},
    texts::Texts,
    visitor::Visitor,
};

const PATH: &str = "/api/v1/alert-routes";

/// Empty rows below those that are filled in.
const SPARE: usize = 2;

#[derive(Template)]
#[template(path = "routes.html")]
struct RoutesPage {
    shell: Shell,
    etag: String,
    rows: Vec<Row>,
    has_policies: bool,
    refusals: Vec<String>,
    is_changed: bool,
}

struct Row {
    place: usize,
    title: String,
    order: usize,
    is_old: bool,
    tags: String,
    tags_fault: Option<String>,
    types: Vec<Choice>,
    types_fault: Option<String>,
    monitors: String,
    monitors_fault: Option<String>,
    policies: Vec<Choice>,
    policy_fault: Option<String>,
}

struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// A route as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Route {
    /// Whether the account has it already, so that it is deleted by taking its policy away.
    is_old: bool,
    tags: Vec<String>,
    types: Vec<String>,
    monitors: Vec<String>,
    policy: String,
}

impl Route {
    fn of(route: &AlertRouteView) -> Self {
        let matching = &route.matching;
        Self {
            is_old: true,
            tags: matching.tags_any.clone().unwrap_or_default(),
            types: matching.check_types.iter().flatten().map(|kind| kind.as_str().to_owned()).collect(),
            monitors: matching.monitor_ids.iter().flatten().map(ToString::to_string).collect(),
            policy: route.policy_id.to_string(),
        }
    }

    /// Whether it is left out: a row that nobody filled in, or a route whose policy was taken away.
    fn is_gone(&self) -> bool {
        let has_conditions = !(self.tags.is_empty() && self.types.is_empty() && self.monitors.is_empty());
        self.policy.is_empty() && (self.is_old || !has_conditions)
    }

    fn json(&self) -> Value {
        let mut matching = Map::new();
        for (name, values) in [("tags_any", &self.tags), ("check_types", &self.types), ("monitor_ids", &self.monitors)]
        {
            if !values.is_empty() {
                matching.insert(name.to_owned(), json!(values));
            }
        }
        let mut route = Map::new();
        if !matching.is_empty() {
            route.insert("match".to_owned(), Value::Object(matching));
        }
        if !self.policy.is_empty() {
            route.insert("policy_id".to_owned(), json!(self.policy));
        }
        Value::Object(route)
    }
}

/// Names of monitors by their IDs, of as many as one page of the list has.
struct Monitors(BTreeMap<String, String>);

impl Monitors {
    async fn read(visitor: &Visitor) -> Result<Self, Problem> {
        if !visitor.shell("alerts").may("monitors:read") {
            return Ok(Self(BTreeMap::new()));
        }
        let list: Value = visitor.client.get("/api/v1/monitors?limit=200").await?;
        let text =
            |monitor: &Value, name: &str| monitor.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let monitors = list.get("data").and_then(Value::as_array);
        Ok(Self(monitors.into_iter().flatten().map(|monitor| (text(monitor, "id"), text(monitor, "name"))).collect()))
    }

    /// The monitors that a line means, by an ID in it, or else by name. What is neither stays as it is, so that the API says what is wrong.
    fn meant(&self, line: &str) -> Vec<String> {
        let mut words = line.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
        if let Some(id) = words.rfind(|word| word.parse::<MonitorId>().is_ok()) {
            return vec![id.to_owned()];
        }
        let named: Vec<String> = self
            .0
            .iter()
            .filter(|(_, name)| name.to_lowercase() == line.to_lowercase())
            .map(|(id, _)| id.clone())
            .collect();
        if named.is_empty() { vec![line.to_owned()] } else { named }
    }

    /// A monitor as a line: its name and ID.
    fn line(&self, id: &str) -> String {
        match self.0.get(id) {
            Some(name) => format!("{name} ({id})"),
            None => id.to_owned(),
        }
    }
}

/// The routes that were sent, in the order that their places say.
fn sent_routes(sent: &Sent, monitors: &Monitors) -> Vec<Route> {
    let mut rows: Vec<(i64, Route)> = Vec::new();
    for place in 0..ROUTES_MAX + SPARE {
        let name = |field: &str| format!("routes.{place}.{field}");
        if !sent.has(&name("policy_id")) {
            break;
        }
        let split = |text: &str, by: &[char]| -> Vec<String> {
            text.split(by).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let mut meant: Vec<String> = Vec::new();
        for line in split(sent.text(&name("monitor_ids")), &['\n']) {
            meant.extend(monitors.meant(&line));
        }
        let route = Route {
            is_old: sent.text(&name("old")) == "true",
            tags: split(sent.text(&name("tags_any")), &[',', '\n']),
            types: sent.texts(&name("check_types")).into_iter().map(str::to_owned).collect(),
            monitors: meant,
            policy: sent.text(&name("policy_id")).to_owned(),
        };
        rows.push((rank(sent.text(&name("order")), place), route));
    }
    rows.sort_by_key(|(rank, _)| *rank);
    rows.into_iter().map(|(_, route)| route).filter(|route| !route.is_gone()).collect()
}

/// Where a row goes. One that moves up goes before the row whose place it takes, and one that moves down behind it.
fn rank(order: &str, place: usize) -> i64 {
    let was = i64::try_from(place).unwrap_or(i64::MAX / 4) + 1;
    let order = order.trim().parse::<i64>().unwrap_or(was).clamp(-10_000, 10_000);
    2 * order + (order - was).signum()
}

/// The form before it is shown.
struct Draft {
    routes: Vec<Route>,
    etag: String,
    faults: Vec<Fault>,
    refusals: Vec<String>,
    is_changed: bool,
}

impl Draft {
    async fn show(self, visitor: &Visitor, monitors: &Monitors, status: StatusCode) -> Result<Response, Problem> {
        let policies: List<EscalationPolicy> = visitor.client.get(POLICIES).await?;
        let mut routes = self.routes;
        let spare = SPARE.min(ROUTES_MAX.saturating_sub(routes.len()));
        routes.resize(routes.len() + spare, Route::default());
        let rows = routes
            .iter()
            .enumerate()
            .map(|(place, route)| row(visitor.t, place, route, &policies.data, monitors, &self.faults));
        let mut refusals = self.refusals;
        refusals.extend(
            self.faults.iter().filter(|fault| is_of_no_control(&fault.pointer)).map(|fault| fault.detail.clone()),
        );
        let template = RoutesPage {
            shell: visitor.shell("alerts"),
            rows: rows.collect(),
            has_policies: !policies.data.is_empty(),
            refusals,
            is_changed: self.is_changed,
            etag: self.etag,
        };
        page(status, &template)
    }
}

fn row(
    t: &Texts,
    place: usize,
    route: &Route,
    policies: &[EscalationPolicy],
    monitors: &Monitors,
    faults: &[Fault],
) -> Row {
    let fault = |field: &str| fault_at(faults, &format!("/routes/{place}/{field}"));
    let types = CheckType::ALL.into_iter().map(|kind| Choice {
        value: kind.as_str().to_owned(),
        label: t.option("check_types", kind.as_str()).to_owned(),
        chosen: route.types.iter().any(|chosen| chosen == kind.as_str()),
    });
    let policies = policies.iter().map(|policy| {
        let value = policy.id.to_string();
        Choice { chosen: route.policy == value, value, label: policy.name.clone() }
    });
    let lines: Vec<String> = route.monitors.iter().map(|id| monitors.line(id)).collect();
    Row {
        place,
        title: (t.alerts.route)(place + 1),
        order: place + 1,
        is_old: route.is_old,
        tags: route.tags.join(", "),
        tags_fault: fault("match/tags_any"),
        types: types.collect(),
        types_fault: fault("match/check_types"),
        monitors: lines.join("\n"),
        monitors_fault: fault("match/monitor_ids"),
        policies: policies.collect(),
        policy_fault: fault("policy_id"),
    }
}

fn is_of_no_control(pointer: &str) -> bool {
    let place: Vec<&str> = pointer.split('/').skip(1).collect();
    !matches!(
        place.as_slice(),
        ["routes", _, "policy_id", ..] | ["routes", _, "match", "tags_any" | "check_types" | "monitor_ids", ..]
    )
}

/// `GET /alerts/routes`.
pub async fn edit(Extension(visitor): Extension<Arc<Visitor>>) -> Result<Response, Problem> {
    let monitors = Monitors::read(&visitor).await?;
    let answer = visitor.client.ask(Method::GET, PATH, &Value::Null, &[]).await?;
    let etag = answer.header("etag").to_owned();
    let stored: AlertRoutes = answer.read()?;
    let routes = stored.routes.iter().map(Route::of).collect();
    let draft = Draft { routes, etag, faults: Vec::new(), refusals: Vec::new(), is_changed: false };
    draft.show(&visitor, &monitors, StatusCode::OK).await
}

/// `POST /alerts/routes`: all routes anew, unless somebody else has changed them since the form was shown.
pub async fn save(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let monitors = Monitors::read(&visitor).await?;
    let routes = sent_routes(&sent, &monitors);
    let body = json!({ "routes": routes.iter().map(Route::json).collect::<Vec<Value>>() });
    let etag = sent.text("etag").to_owned();
    let version = [("if-match", etag.as_str())];
    let versions: &[(&str, &str)] = if etag.is_empty() { &[] } else { &version };
    let problem = match visitor.client.ask(Method::PUT, PATH, &body, versions).await {
        Ok(_) => return Ok(to("/alerts", "saved")),
        Err(problem) => problem,
    };
    if problem.code() == Code::PreconditionFailed {
        let now = visitor.client.ask(Method::GET, PATH, &Value::Null, &[]).await?;
        let etag = now.header("etag").to_owned();
        let draft = Draft { routes, etag, faults: Vec::new(), refusals: Vec::new(), is_changed: true };
        return draft.show(&visitor, &monitors, StatusCode::PRECONDITION_FAILED).await;
    }
    let refused = Refused::of(visitor.t, problem)?;
    let draft = Draft { routes, etag, faults: refused.faults, refusals: refused.says, is_changed: false };
    draft.show(&visitor, &monitors, refused.status).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "mon_01M82PJFFSY9XKXCV0WRMX4C7M";

    #[test]
    fn a_row_goes_where_its_number_says() {
        let order = |numbers: &[&str]| -> Vec<usize> {
            let mut rows: Vec<(i64, usize)> =
                numbers.iter().enumerate().map(|(place, number)| (rank(number, place), place)).collect();
            rows.sort_by_key(|(rank, _)| *rank);
            rows.into_iter().map(|(_, place)| place).collect()
        };
        assert_eq!(order(&["1", "2", "3"]), [0, 1, 2]);
        assert_eq!(order(&["1", "2", "1"]), [2, 0, 1], "up to the first place");
        assert_eq!(order(&["3", "2", "3"]), [1, 2, 0], "down to the last place");
        assert_eq!(order(&["2", "1", "3"]), [1, 0, 2]);
        assert_eq!(order(&["", "x", "0"]), [2, 0, 1]);
    }

    #[test]
    fn a_line_means_a_monitor_by_its_id_or_name() {
        let monitors = Monitors([(ID.to_owned(), "Shop".to_owned())].into());
        let shown = monitors.line(ID);
        for line in [ID, "shop", "Shop", shown.as_str()] {
            assert_eq!(monitors.meant(line), [ID], "{line}");
        }
        assert_eq!(monitors.meant("Blog"), ["Blog"]);
    }

    #[test]
    fn a_route_without_a_policy_is_deleted_and_a_new_one_is_at_fault() {
        let route = |is_old: bool, tags: &[&str], policy: &str| Route {
            is_old,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            policy: policy.to_owned(),
            ..Route::default()
        };
        assert!(route(true, &["a"], "").is_gone() && route(false, &[], "").is_gone());
        assert!(!route(false, &["a"], "").is_gone() && !route(true, &[], "pol_1").is_gone());
        assert_eq!(route(false, &["a"], "").json(), json!({"match": {"tags_any": ["a"]}}));
        assert_eq!(route(true, &[], "pol_1").json(), json!({"policy_id": "pol_1"}));
    }
}
