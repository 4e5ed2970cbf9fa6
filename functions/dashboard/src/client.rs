//! The API as a page uses it: in this process, as the person who looks at the page.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, header},
};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt;
use valpero_domain::{Language, Scope};
use valpero_http::{Caller, Problem};

use crate::texts::Texts;

/// The API, asked by one person. Validation, audit, limits and problems are the API's own.
#[derive(Debug, Clone)]
pub struct Client {
    api: Router,
    caller: Arc<Caller>,
    t: &'static Texts,
}

/// A successful answer.
#[derive(Debug)]
pub struct Answer {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; null where it has none.
    pub json: Value,
}

impl Answer {
    /// The body as a `T`.
    ///
    /// # Errors
    /// Where it is none: a fault of ours.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Problem> {
        serde_json::from_value(self.json).map_err(|error| Problem::internal(&error))
    }

    /// A header, such as the `ETag`; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Client {
    /// The API for this caller, in its own language.
    pub fn new(api: Router, caller: Arc<Caller>) -> Self {
        Self { api, caller, t: Texts::of(Language::En) }
    }

    /// The same, which says what is wrong with a value in these texts.
    #[must_use]
    pub fn saying(self, t: &'static Texts) -> Self {
        Self { t, ..self }
    }

    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether the person may do what needs this scope.
    pub fn may(&self, scope: Scope) -> bool {
        self.caller.scopes.holds(scope)
    }

    /// `GET`, with the body as a `T`. The path may have a query.
    ///
    /// # Errors
    /// The API's problem.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        self.ask(Method::GET, path, &Value::Null, &[]).await?.read()
    }

    /// A request with this body, unless it is null.
    ///
    /// # Errors
    /// The API's problem.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Answer, Problem> {
        self.ask(method, path, body, &[]).await
    }

    /// A creation, which is done once however often it is asked for by the same name.
    ///
    /// # Errors
    /// The API's problem.
    pub async fn create(&self, path: &str, once: &str, body: &Value) -> Result<Answer, Problem> {
        let named = [("idempotency-key", once)];
        self.ask(Method::POST, path, body, if once.is_empty() { &[] } else { &named }).await
    }

    /// A request with this body, unless it is null, and these headers.
    ///
    /// # Errors
    /// The API's problem.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Result<Answer, Problem> {
        let mut request = Request::builder().method(method).uri(path).extension(Arc::clone(&self.caller));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        };
        let request = request.body(body).map_err(|error| Problem::internal(&error))?;
        let response = match self.api.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (mut head, body) = response.into_parts();
        if let Some(problem) = head.extensions.remove::<Problem>() {
            return Err(problem.saying(|detail| self.t.fault(detail)));
        }
        let bytes = body.collect().await.map_err(|error| Problem::internal(&error))?.to_bytes();
        let json = match bytes.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&bytes).map_err(|error| Problem::internal(&error))?,
        };
        Ok(Answer { headers: head.headers, json })
    }
}
