//! Reading requests: ids, bodies, queries. Whatever is wrong with one is a problem document.

use std::{collections::BTreeMap, fmt, str::FromStr};

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, Uri, header, request::Parts},
};
use serde_json::Value;
use valpero_domain::{Faults, Fields, RegionCode, Timestamp};

use super::{Problem, json};

/// A body may be this long, in bytes.
pub const BODY_MAX: usize = 64 * 1024;

/// The `{id}` of the route. What is no id of this kind names nothing.
#[derive(Debug, Clone, Copy)]
pub struct ObjectId<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for ObjectId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        text.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// The two ids of a route, in their order. What is no id of its kind names nothing.
#[derive(Debug, Clone, Copy)]
pub struct ObjectIds<A, B>(pub A, pub B);

impl<A: FromStr, B: FromStr, S: Send + Sync> FromRequestParts<S> for ObjectIds<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let both = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((first, second)) = both.map_err(|_| Problem::not_found())?;
        let both = first.parse().ok().zip(second.parse().ok());
        both.map(|(first, second)| Self(first, second)).ok_or_else(Problem::not_found)
    }
}

/// A JSON body.
#[derive(Debug)]
pub struct JsonBody(pub Value);

/// No query: for routes that take no parameters in it.
#[derive(Debug)]
pub struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Params::of(&parts.uri).finish().map(|()| Self)
    }
}

/// A JSON body, or none, which reads as `{}`.
#[derive(Debug)]
pub struct OptionalBody(pub Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let bytes = read(request).await?;
        if !is_json {
            return Err(Problem::wrong_media_type());
        }
        json::parse(&bytes).map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for OptionalBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let bytes = read(request).await?;
        if bytes.is_empty() {
            return Ok(Self(Value::Object(serde_json::Map::new())));
        }
        if !is_json {
            return Err(Problem::wrong_media_type());
        }
        json::parse(&bytes).map(Self)
    }
}

/// No body, or an empty object: for routes that take no arguments.
#[derive(Debug)]
pub struct NoBody;

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let OptionalBody(body) = OptionalBody::from_request(request, state).await?;
        let mut faults = Faults::default();
        let fields = Fields::of(&body, "", &mut faults);
        fields.finish(&mut faults);
        faults.finish(Some(Self)).map_err(Problem::invalid)
    }
}

/// The bytes of a body. No route that takes one has parameters in its query, so a misspelt one is told, and nothing is done.
async fn read(request: Request) -> Result<axum::body::Bytes, Problem> {
    Params::of(request.uri()).finish()?;
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > BODY_MAX) {
        return Err(Problem::too_large(BODY_MAX));
    }
    axum::body::to_bytes(request.into_body(), BODY_MAX).await.map_err(|error| {
        let too_long = std::error::Error::source(&error)
            .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
        if too_long { Problem::too_large(BODY_MAX) } else { Problem::bad_request("The body broke off.") }
    })
}

/// Whether the body is JSON in UTF-8, by its own word: JSON, or a JSON Merge Patch. A JSON Patch means something else, and any other
/// charset or coding would be read as what it is not.
fn is_json(headers: &HeaderMap) -> bool {
    let mut given = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (given.next(), given.next()) else { return false };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let utf8 = |part: String| {
        let charset = part.strip_prefix("charset=").map(|charset| charset.trim_matches('"').to_owned());
        charset.is_none_or(|charset| charset == "utf-8" || charset == "us-ascii")
    };
    let plain = headers.get_all(header::CONTENT_ENCODING).iter().all(|coding| coding == "identity");
    matches!(essence.as_str(), "application/json" | "application/merge-patch+json") && parts.all(utf8) && plain
}

/// The query, read parameter by parameter; all faults are told at once, and what nobody took is one.
#[derive(Debug, Default)]
pub struct Params {
    path: String,
    given: BTreeMap<String, Vec<String>>,
    known: Vec<&'static str>,
    pub(crate) faults: Faults,
    pub(crate) query: String,
}

/// The parameters that say which part of a list is asked for, and not of which list.
const PAGING: [&str; 3] = ["page", "limit", "cursor"];

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::of(&parts.uri))
    }
}

impl Params {
    fn of(uri: &Uri) -> Self {
        let mut params = Self { path: uri.path().to_owned(), ..Self::default() };
        for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            params.given.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        let mut query = url::form_urlencoded::Serializer::new(format!("{}?", params.path));
        for (name, values) in params.given.iter().filter(|(name, _)| !PAGING.contains(&name.as_str())) {
            query.extend_pairs(values.iter().map(|value| (name, value)));
        }
        params.query = query.finish();
        params
    }

    /// A parameter as a `T`. An empty one is a fault: nothing is asked for by leaving it out.
    pub fn take<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.given_text(name)?;
        self.parsed(name, &text)
    }

    /// Values separated by commas, or by giving the parameter several times, of which any may fit; none where all do.
    pub fn any_of<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str) -> Vec<T> {
        let texts = self.given_texts(name);
        texts.iter().flat_map(|text| text.split(',')).filter_map(|part| self.parsed(name, part)).collect()
    }

    /// Texts separated by commas, of which any may fit; none where all do.
    pub fn any_text(&mut self, name: &'static str) -> Vec<String> {
        let texts: Vec<String> = self.any_of(name);
        if texts.iter().any(String::is_empty) {
            self.faults.add(format!("/{name}"), "must not have an empty value between commas");
        }
        texts
    }

    /// Regions separated by commas. Not all that there are belong to this deployment, so a fault lists none.
    pub fn regions(&mut self) -> Vec<RegionCode> {
        let mut regions = Vec::new();
        for code in self.any_text("region") {
            match code.parse() {
                Ok(region) => regions.push(region),
                Err(_) => {
                    self.faults.add("/region", "must be a region's code, such as hel; GET /api/v1/regions lists them");
                }
            }
        }
        regions
    }

    /// True or false.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        match self.given_text(name)?.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.faults.add(format!("/{name}"), "must be true or false");
                None
            }
        }
    }

    /// A moment. A `+` that is not escaped arrives as a space (URL Standard, application/x-www-form-urlencoded), which is said.
    pub fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        let text = self.given_text(name)?;
        if text.contains(' ') && text.replace(' ', "+").parse::<Timestamp>().is_ok() {
            self.faults
                .add(format!("/{name}"), "has a space where the offset begins: write + as %2B in a query, or use Z");
            return None;
        }
        self.parsed(name, &text)
    }

    /// `from` and `to`, which must not come before it.
    pub fn from_to(&mut self) -> (Option<Timestamp>, Option<Timestamp>) {
        let (from, to) = (self.time("from"), self.time("to"));
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            self.faults.add("/from", "must not be later than to");
        }
        (from, to)
    }

    fn given_text(&mut self, name: &'static str) -> Option<String> {
        let mut texts = self.given_texts(name);
        if texts.len() > 1 {
            self.faults.add(format!("/{name}"), "is given twice");
        }
        texts.pop()
    }

    fn given_texts(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        let texts = self.given.remove(name).unwrap_or_default();
        if texts.iter().any(String::is_empty) {
            self.faults.add(format!("/{name}"), "must not be empty; leave it out to ask for all");
            return Vec::new();
        }
        texts
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str, text: &str) -> Option<T> {
        text.parse().map_err(|error: T::Err| self.faults.add(format!("/{name}"), error.to_string())).ok()
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// All faults, and every parameter that nobody took.
    pub fn finish(mut self) -> Result<(), Problem> {
        let known = if self.known.is_empty() { "none".to_owned() } else { self.known.join(", ") };
        for name in self.given.keys() {
            self.faults.add(format!("/{name}"), format!("is not a known parameter; there are {known}"));
        }
        self.faults.finish(Some(())).map_err(Problem::invalid)
    }
}
