//! What an SMTP server's answer means for the mail.

use lettre::transport::smtp::Error;
use valpero_runtime::telemetry::chain;

use crate::{Fate, Posted};

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Connection, greeting, encryption.
    Connect,
    /// Login.
    Login,
    /// `MAIL FROM`.
    From,
    /// `RCPT TO`.
    To,
    /// `DATA`.
    Data,
    /// The message itself: where there is no answer, the server may have taken it.
    Message,
}

/// An answer, or that there was none: the reply's code, and what went wrong in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Code of the server's reply, if it replied.
    pub code: Option<u16>,
    /// The reply, or what happened in its place.
    pub words: String,
    /// Whether our own settings are at fault, whatever the server says: its certificate, a mechanism that it does not offer.
    pub settings: bool,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let settings = error.is_client() || error.is_tls() || has_bad_certificate(error);
        Self { code: error.status().map(u16::from), words: chain(error), settings }
    }
}

/// A certificate that is not trusted stays so until somebody acts; a connection that broke in the handshake may not break again.
fn has_bad_certificate(error: &Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()).or_else(|| cause.downcast_ref());
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        source = cause.source();
    }
    false
}

/// What a session that failed at this stage means.
pub(crate) fn judge(stage: Stage, failure: &Failure) -> Posted {
    let why = failure.words.clone();
    let fate = match (failure.code, stage) {
        _ if failure.settings => Fate::OurFault { why },
        (None, Stage::Message) => Fate::Unknown { why },
        (None | Some(..500), _) => Fate::Retry { why },
        // Whom we are, or are to be, is not accepted: that says nothing of the recipients.
        (Some(_), Stage::Connect | Stage::Login | Stage::From) => Fate::OurFault { why },
        (Some(code), Stage::To) => refusal(code, why),
        (Some(_), Stage::Data | Stage::Message) => Fate::Undeliverable { why },
    };
    Posted::with_words(fate, failure.code.map_or_else(String::new, |_| failure.words.clone()))
}

/// What it means that no recipient was accepted. One that may be accepted later decides, then what is our own fault.
pub(crate) fn judge_recipients(failures: &[Failure]) -> Posted {
    let mut posted: Vec<Posted> = failures.iter().map(|failure| judge(Stage::To, failure)).collect();
    posted.sort_by_key(|posted| match posted.fate {
        Fate::Delivered { .. } | Fate::Retry { .. } | Fate::Unknown { .. } => 0,
        Fate::OurFault { .. } => 1,
        Fate::Undeliverable { .. } => 2,
        Fate::Refused { .. } => 3,
    });
    posted.into_iter().next().unwrap_or_else(|| Posted::of(Fate::Undeliverable { why: "no recipient".to_owned() }))
}

/// A recipient that is refused for good. RFC 3463: 5.1 is an address that does not exist, 5.2.1 a mailbox that is disabled, 5.7 a
/// policy, which may concern this message alone. A server that relays for nobody, or not for us, says nothing of the recipient.
fn refusal(code: u16, why: String) -> Fate {
    if why.to_ascii_lowercase().contains("relay") {
        return Fate::OurFault { why };
    }
    let is_gone = match enhanced(&why) {
        Some((1, _) | (2, 1)) => true,
        Some(_) => false,
        None => matches!(code, 550 | 551 | 553),
    };
    if is_gone { Fate::Refused { why } } else { Fate::Undeliverable { why } }
}

/// The subject and the detail of the enhanced status code in a reply, such as `5.1.1`.
fn enhanced(words: &str) -> Option<(u16, u16)> {
    words.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let mut parts = word.strip_prefix("5.")?.split('.');
        let (subject, detail) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().is_none().then_some((subject, detail))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, words: &str) -> Failure {
        Failure { code: Some(code), words: format!("permanent error ({code}): {words}"), settings: false }
    }

    fn kind(fate: &Fate) -> &'static str {
        match fate {
            Fate::Delivered { .. } => "delivered",
            Fate::Retry { .. } => "retry",
            Fate::Undeliverable { .. } => "undeliverable",
            Fate::Refused { .. } => "refused",
            Fate::OurFault { .. } => "our fault",
            Fate::Unknown { .. } => "unknown",
        }
    }

    #[test]
    fn an_answer_means_what_its_stage_and_code_say() {
        for (stage, code, words, expected) in [
            (Stage::Message, 451, "4.3.0 later", "retry"),
            (Stage::Message, 554, "5.6.0 content", "undeliverable"),
            (Stage::Connect, 554, "5.3.2 no service", "our fault"),
            (Stage::Connect, 421, "4.3.2 busy", "retry"),
            (Stage::Login, 535, "5.7.8 credentials", "our fault"),
            (Stage::Login, 454, "4.7.0 later", "retry"),
            (Stage::From, 550, "5.1.8 sender", "our fault"),
            (Stage::From, 452, "4.3.1 storage", "retry"),
            (Stage::To, 550, "5.1.1 no such user", "refused"),
            (Stage::To, 550, "no such user", "refused"),
            (Stage::To, 553, "mailbox name", "refused"),
            (Stage::To, 550, "5.2.1 disabled", "refused"),
            (Stage::To, 552, "5.2.2 full", "undeliverable"),
            (Stage::To, 554, "5.7.1 policy", "undeliverable"),
            (Stage::To, 554, "no", "undeliverable"),
            (Stage::To, 554, "5.7.1 Relay access denied", "our fault"),
            (Stage::To, 450, "4.2.0 greylisted", "retry"),
            (Stage::Data, 554, "5.6.0 spam", "undeliverable"),
            (Stage::Data, 451, "4.3.0 later", "retry"),
        ] {
            let posted = judge(stage, &reply(code, words));
            assert_eq!(kind(&posted.fate), expected, "{stage:?} {code} {words}");
            assert!(posted.said.is_some_and(|said| said.contains(words)));
        }
    }

    #[test]
    fn silence_is_tried_again_and_our_own_settings_are_ours() {
        let silence = Failure { code: None, words: "incomplete response".to_owned(), settings: false };
        for stage in [Stage::Connect, Stage::Login, Stage::From, Stage::To, Stage::Data] {
            let posted = judge(stage, &silence);
            assert_eq!((kind(&posted.fate), posted.said), ("retry", None));
            assert_eq!(kind(&judge(stage, &Failure { settings: true, ..silence.clone() }).fate), "our fault");
        }
    }

    #[test]
    fn of_several_recipients_the_one_that_may_be_accepted_later_decides() {
        let (gone, later, policy) = (reply(550, "5.1.1 gone"), reply(450, "4.2.0 later"), reply(554, "5.7.1 policy"));
        for (replies, expected) in [
            (vec![gone.clone(), gone.clone()], "refused"),
            (vec![gone.clone(), later.clone()], "retry"),
            (vec![gone.clone(), policy.clone()], "undeliverable"),
            (vec![], "undeliverable"),
        ] {
            assert_eq!(kind(&judge_recipients(&replies).fate), expected, "{replies:?}");
        }
    }
}
