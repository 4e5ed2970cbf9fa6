//! Versions of objects: a client that changes one can say which version it has read (RFC 9110, sections 8.8.3 and 13.1.1).

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
};
use utoipa::{
    IntoParams,
    openapi::{
        Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
    },
};
use valpero_domain::Timestamp;

use crate::Problem;

/// The version of an object's settings: when they last changed, which is never twice at the same moment.
///
/// It says nothing of what the object's checks find, so that a change is not refused because of them; and for the same reason no
/// answer to a GET is 304 by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(String);

impl ETag {
    /// The version of what was last changed at this moment.
    pub fn of(updated_at: Timestamp) -> Self {
        Self(format!("\"{:x}\"", updated_at.ms()))
    }

    /// The header's value.
    pub fn header(&self) -> [(header::HeaderName, String); 1] {
        [(header::ETAG, self.0.clone())]
    }
}

/// `If-Match`, where the request has it.
#[derive(Debug, Clone)]
pub struct IfMatch(Option<Vec<HeaderValue>>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let given: Vec<HeaderValue> = parts.headers.get_all(header::IF_MATCH).iter().cloned().collect();
        Ok(Self(Some(given).filter(|given| !given.is_empty())))
    }
}

impl IfMatch {
    /// Whether the request may change this version. A weak tag (`W/"…"`) never matches.
    ///
    /// # Errors
    /// 412 where the request names other versions alone.
    pub fn holds(&self, current: &ETag) -> Result<(), Problem> {
        let Some(given) = &self.0 else { return Ok(()) };
        // No tag of ours has a comma in it.
        let tags = given.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let holds = tags.map(str::trim).any(|tag| tag == "*" || tag == current.0);
        holds.then_some(()).ok_or_else(Problem::precondition_failed)
    }
}

/// The header of requests that change an object, as the reference describes it.
#[derive(Debug)]
pub struct IfMatchParam;

impl IntoParams for IfMatchParam {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let says = "`ETag` of the version that the request is meant for, from a previous response. If the settings were changed since, \
                    nothing is changed. `*`: any version.";
        let parameter = ParameterBuilder::new()
            .name("If-Match")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(says))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).examples(["\"19aca1e0d60\""])));
        vec![parameter.build()]
    }
}
