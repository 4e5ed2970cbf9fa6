//! The rate-limit headers that every response under /api carries.

use axum::http::{HeaderMap, HeaderValue, header};
use valpero_domain::Timestamp;
use valpero_storage::ApiKey;

/// Where a key stands in its minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    limit: u32,
    remaining: u32,
    /// The window's end, in epoch seconds.
    reset: i64,
}

impl Rate {
    /// Of a known key.
    pub fn of(key: &ApiKey, now: Timestamp) -> Self {
        let minute = key.minute.max(now.minute());
        Self {
            limit: key.request_limit,
            remaining: key.request_limit.saturating_sub(key.used),
            reset: (minute + 1) * 60,
        }
    }

    /// Of no known key.
    pub fn unknown(now: Timestamp) -> Self {
        Self { limit: 0, remaining: 0, reset: (now.minute() + 1) * 60 }
    }

    /// Whole seconds until the window ends, at least 1.
    pub fn seconds_left(&self, now: Timestamp) -> i64 {
        (self.reset - now.seconds()).max(1)
    }

    /// Writes the headers. It says 0 while requests remain, unless a problem wishes for longer: `retry_after_s`.
    pub fn write(&self, headers: &mut HeaderMap, now: Timestamp, retry_after_s: Option<i64>) {
        let left = self.seconds_left(now);
        // Where the store could not even be asked for the key, the problem alone knows.
        let unasked = self.limit == 0 && retry_after_s.is_some();
        let own = if self.remaining > 0 || unasked { 0 } else { left };
        let retry_after = retry_after_s.unwrap_or(0).max(own);
        let mut set = |name: &'static str, text: String| {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        };
        set("x-ratelimit-limit", self.limit.to_string());
        set("x-ratelimit-remaining", self.remaining.to_string());
        set("x-ratelimit-reset", self.reset.to_string());
        set(header::RETRY_AFTER.as_str(), retry_after.to_string());
        set("ratelimit-policy", format!("\"plan\";q={};w=60", self.limit));
        set("ratelimit", format!("\"plan\";r={};t={left}", self.remaining));
    }
}
