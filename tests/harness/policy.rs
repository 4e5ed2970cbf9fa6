//! The template's IAM policies, enforced on every call to the store that a test makes as one of the functions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock},
};

use aws_sdk_dynamodb::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef},
    error::BoxError,
};
use serde_json::Value;

use super::template::{self, Grant};

tokio::task_local! {
    static FUNCTION: String;
}

/// Runs `work` with the policy of this function. What nobody's function does is not looked at.
pub async fn as_function<F: Future>(name: impl Into<String>, work: F) -> F::Output {
    FUNCTION.scope(name.into(), work).await
}

/// What each function's role grants.
pub fn granted() -> &'static BTreeMap<String, BTreeSet<Grant>> {
    static GRANTED: OnceLock<BTreeMap<String, BTreeSet<Grant>>> = OnceLock::new();
    GRANTED.get_or_init(|| {
        let templates = [template::home(), template::region()];
        let all = templates.into_iter().flat_map(|template| {
            template.functions().into_iter().map(|(name, function)| (name, template.grants(function)))
        });
        all.collect()
    })
}

/// Refuses what the policies do not grant, and remembers what was asked.
#[derive(Debug, Clone, Default)]
pub struct Policies(Arc<Mutex<BTreeMap<String, BTreeSet<Grant>>>>);

impl Policies {
    /// What each function has asked for so far.
    pub fn asked(&self) -> BTreeMap<String, BTreeSet<Grant>> {
        self.0.lock().expect("no panic holds it").clone()
    }
}

impl Intercept for Policies {
    fn name(&self) -> &'static str {
        "Policies"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(function) = FUNCTION.try_with(Clone::clone) else { return Ok(()) };
        let operation = context.request().headers().get("x-amz-target").and_then(|target| target.split('.').nth(1));
        let body: Value = serde_json::from_slice(context.request().body().bytes().unwrap_or_default())?;
        let needed = needed(operation.unwrap_or_default(), &body);
        let granted = granted().get(&function);
        let refused = needed.iter().find(|grant| !granted.is_some_and(|granted| granted.contains(*grant))).cloned();
        self.0.lock().expect("no panic holds it").entry(function.clone()).or_default().extend(needed);
        // Loud, so that no handler's own care hides it.
        assert!(refused.is_none(), "the template does not let {function} do {refused:?}");
        Ok(())
    }
}

/// What IAM asks for: of a transaction, each of its parts.
fn needed(operation: &str, body: &Value) -> BTreeSet<Grant> {
    let table = |value: &Value| value.as_str().unwrap_or_default().trim_start_matches("valpero-").to_owned();
    let grant = |action: &str, name: String| (format!("dynamodb:{action}"), name);
    match operation {
        "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
            items.map(|(part, request)| grant(&format!("{part}Item"), table(&request["TableName"]))).collect()
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            tables.map(|(name, _)| grant(operation, name.trim_start_matches("valpero-").to_owned())).collect()
        }
        _ => {
            let index = body["IndexName"].as_str().map_or_else(String::new, |index| format!("/index/{index}"));
            BTreeSet::from([grant(operation, table(&body["TableName"]) + &index)])
        }
    }
}
