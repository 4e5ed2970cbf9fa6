//! What all receivers mean by an answer, where they do not say more.

use crate::{
    text::{cut, one_line},
    wire::{Answer, Verdict},
};

/// Characters kept of what a receiver said.
const SAID_MAX: usize = 300;

/// What a receiver said, for the person who looks at the delivery: the status, and the words that explain it.
pub(crate) fn said(answer: &Answer<'_>, words: &str) -> String {
    let words = cut(&one_line(words), SAID_MAX);
    if words.is_empty() { format!("HTTP {}", answer.status) } else { format!("HTTP {}: {words}", answer.status) }
}

/// What becomes of the delivery by its status alone: these statuses refuse the channel, any other of 4xx refuses the message.
pub(crate) fn by_status(answer: &Answer<'_>, why: String, refuses_channel: &[u16]) -> Verdict {
    match answer.status {
        200..300 => Verdict::Delivered { thread: None },
        status if refuses_channel.contains(&status) => Verdict::Refused { why },
        // 408 and 425 ask for another try (RFC 9110 and 8470), as does 429.
        408 | 425 | 429 => Verdict::Retry { after_s: answer.retry_after_s, why },
        400..500 => Verdict::Undeliverable { why },
        // A redirect is not followed: it could lead anywhere. It may be a passing fault of a proxy.
        _ => Verdict::Retry { after_s: answer.retry_after_s, why },
    }
}
