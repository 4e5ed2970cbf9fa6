//! Reading requests: ids, bodies, queries. Whatever is wrong with one is a problem document.

use std::{collections::BTreeMap, str::FromStr};

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde_json::Value;
use valpero_auth::cursor;
use valpero_domain::{AccountId, Faults, Fields};

use super::{
    Problem,
    page::{Page, Start},
};

/// A body may be this long, in bytes.
pub const BODY_MAX: usize = 64 * 1024;

/// Items that a list gives by page number, at most: further ones cost a read of all before them, so they come by cursor.
const PAGES_MAX: usize = 10_000;

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

/// A JSON body.
#[derive(Debug)]
pub struct JsonBody(pub Value);

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
        parse(&bytes).map(Self)
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
        parse(&bytes).map(Self)
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

async fn read(request: Request) -> Result<axum::body::Bytes, Problem> {
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

fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|error| Problem::bad_json(format!("{error}.")))
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The query, read parameter by parameter; all faults are told at once, and what nobody took is one.
#[derive(Debug, Default)]
pub struct Params {
    path: String,
    given: BTreeMap<String, String>,
    known: Vec<&'static str>,
    faults: Faults,
    query: String,
}

/// The parameters that say which part of a list is asked for, and not of which list.
const PAGING: [&str; 3] = ["page", "limit", "cursor"];

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut params = Self { path: parts.uri.path().to_owned(), ..Self::default() };
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            if params.given.insert(name.to_string(), value.into_owned()).is_some() {
                params.faults.add(format!("/{name}"), "is given twice");
            }
        }
        let mut query = url::form_urlencoded::Serializer::new(format!("{}?", params.path));
        query.extend_pairs(
            params.given.iter().filter(|(name, value)| !PAGING.contains(&name.as_str()) && !value.is_empty()),
        );
        params.query = query.finish();
        Ok(params)
    }
}

impl Params {
    /// A text that is looked for; an empty one looks for nothing.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.take(name).filter(|text: &String| !text.is_empty())
    }

    /// A parameter as a `T`.
    pub fn take<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        self.known.push(name);
        let text = self.given.remove(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.faults.add(format!("/{name}"), error.to_string());
                None
            }
        }
    }

    /// `page` and `limit`, or `cursor` and `limit`, of a list of this account.
    pub fn page<P: FromStr>(&mut self, account: AccountId) -> Page<P> {
        let mut number = |name: &'static str| self.take::<String>(name).map(|text| text.parse().unwrap_or(0_usize));
        let (page, limit) = (number("page"), number("limit").unwrap_or(50));
        if !(1..=200).contains(&limit) {
            self.faults.add("/limit", "must be a whole number from 1 to 200");
        }
        let limit = limit.clamp(1, 200);
        let start = match self.take::<String>("cursor") {
            Some(cursor) => self.after(account, &cursor, page.is_some()),
            None => Start::Page(self.numbered(page.unwrap_or(1), limit)),
        };
        Page { start, limit, account, query: self.query.clone() }
    }

    fn numbered(&mut self, page: usize, limit: usize) -> usize {
        if page == 0 {
            self.faults.add("/page", "must be a whole number from 1");
        }
        if page.saturating_mul(limit) > PAGES_MAX {
            let detail = format!("page times limit must be at most {PAGES_MAX}; go on by cursor, as next_cursor says");
            self.faults.add("/page", detail);
        }
        page.clamp(1, PAGES_MAX)
    }

    fn after<P: FromStr>(&mut self, account: AccountId, cursor: &str, paged: bool) -> Start<P> {
        if paged {
            self.faults.add("/page", "must not stand beside cursor");
        }
        let position = cursor::open(account, &self.query, cursor).and_then(|position| position.parse().ok());
        position.map_or_else(
            || {
                let detail = "is not one of this list: take next_cursor of the page before, with the same filters";
                self.faults.add("/cursor", detail);
                Start::Page(1)
            },
            Start::After,
        )
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// All faults, and every parameter that nobody took.
    pub fn finish(mut self) -> Result<(), Problem> {
        for name in self.given.keys() {
            self.faults
                .add(format!("/{name}"), format!("is not a known parameter; there are {}", self.known.join(", ")));
        }
        self.faults.finish(Some(())).map_err(Problem::invalid)
    }
}
