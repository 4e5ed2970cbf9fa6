//! What goes to a receiver, and what comes of it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use valpero_domain::{Invalid, channel::Settings, monitor::HttpUrl};

/// How a message leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// As an HTTP request.
    Http(Request),
    /// As an e-mail.
    Mail(Mail),
    /// Not at all: the receiver's API cannot express it.
    Nothing {
        /// Why not.
        why: &'static str,
    },
}

/// An HTTP request. It carries the channel's secrets: it is sent, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` or `PATCH`.
    pub method: &'static str,
    /// Where to.
    pub url: Url,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// What it is for.
    pub(crate) step: Step,
}

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// It delivers the message.
    Deliver,
    /// It changes what was posted before, or answers to it.
    Follow,
    /// It prepares the delivery, and may be repeated without harm.
    Prepare(Thread),
    /// The same, and finds what the delivery is about. Whether that must be there, or may be gone or never have been.
    Find {
        /// It must.
        must_exist: bool,
    },
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str().unwrap_or_default())
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// A POST of JSON.
    pub(crate) fn json(url: Url, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        Self { method: "POST", url, headers, body: body.to_string().into_bytes(), step: Step::Deliver }
    }

    /// The same with a header.
    pub(crate) fn with(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }

    /// The same for another purpose.
    pub(crate) fn for_step(self, step: Step) -> Self {
        Self { step, ..self }
    }
}

/// An e-mail, but for its sender and date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Recipients.
    pub to: Vec<String>,
    /// Subject, in Unicode and on one line.
    pub subject: String,
    /// The plain part, complete by itself.
    pub text: String,
    /// The HTML part, which says the same.
    pub html: String,
    /// Further headers: ASCII, each on one line.
    pub headers: Vec<(&'static str, String)>,
}

/// What a receiver calls the first message of an incident. It is kept with the incident and channel, and given to [`crate::render`]
/// for each later message about it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Thread {
    /// The message: Slack's `ts`, the id of Discord, Telegram or Jira.
    pub id: String,
    /// The place that it is in, where the receiver names one: Slack's channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Whether what comes before the delivery is done: holds within one delivery, and is not kept.
    #[serde(skip)]
    pub(crate) prepared: bool,
}

impl Thread {
    /// As it was kept.
    pub fn posted_as(id: String, place: Option<String>) -> Self {
        Self { id, place, prepared: false }
    }

    pub(crate) fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    pub(crate) fn prepared(self) -> Self {
        Self { prepared: true, ..self }
    }
}

/// What a receiver answered.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// HTTP status.
    pub status: u16,
    /// Its `Retry-After`, in seconds.
    pub retry_after_s: Option<i64>,
    /// Its body, as far as it was read.
    pub body: &'a [u8],
}

impl Answer<'_> {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.body).trim().to_owned()
    }

    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.status, 200..300)
    }
}

/// What comes of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The receiver has the message.
    Delivered {
        /// What it calls the message, where later messages about the incident need to know. It is kept if nothing is kept yet.
        thread: Option<Thread>,
    },
    /// The request prepared the delivery, and may be repeated without harm. Render again with this in the place of the thread, and
    /// send at once; do not keep it. At most two such requests come before a delivery.
    Next {
        /// In the place of the thread.
        thread: Option<Thread>,
    },
    /// Try again later.
    Retry {
        /// Not before so many seconds have passed.
        after_s: Option<i64>,
        /// What the receiver said.
        why: String,
    },
    /// This message will never be taken; others may.
    Undeliverable {
        /// What the receiver said.
        why: String,
    },
    /// Nothing will ever be taken: the channel is to be disabled.
    Refused {
        /// What the receiver said.
        why: String,
    },
    /// The receiver has moved: keep these settings, render again and send at once.
    Moved {
        /// The settings from now on.
        settings: Box<Settings>,
    },
}

/// A URL below a base.
pub(crate) fn below(base: Option<&HttpUrl>, vendor: &str, path: &[&str]) -> Result<Url, Invalid> {
    let mut url = match base {
        Some(base) => base.as_url().clone(),
        None => Url::parse(vendor).map_err(|error| Invalid::new(format!("the vendor's URL: {error}")))?,
    };
    match url.path_segments_mut() {
        Ok(mut segments) => segments.pop_if_empty().extend(path),
        Err(()) => return Err(Invalid::new("must be a URL that paths can be appended to")),
    };
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_appended_to_a_base() {
        let base = |text: &str| HttpUrl::try_from(text.to_owned()).expect("a URL");
        for text in ["https://example.com/api", "https://example.com/api/"] {
            let url = below(Some(&base(text)), "", &["bot1:a-b_c", "x/y"]).expect("a URL");
            assert_eq!(url.as_str(), "https://example.com/api/bot1:a-b_c/x%2Fy");
        }
        assert_eq!(below(None, "https://example.com", &["v2"]).expect("a URL").as_str(), "https://example.com/v2");
    }

    #[test]
    fn a_request_prints_no_secret() {
        let url = Url::parse("https://example.com/s3cret?key=s3cret").expect("a URL");
        let request = Request::json(url, &"s3cret".into()).with("authorization", "s3cret".to_owned());
        assert!(!format!("{request:?}").contains("s3cret"));
    }
}
