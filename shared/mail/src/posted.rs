//! What came of a mail.

/// Bytes kept of what the server said.
const SAID_MAX: usize = 1024;

/// What came of a mail, and what the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// What came of it.
    pub fate: Fate,
    /// The first 1,024 bytes of what the server said, if it said something.
    pub said: Option<String>,
}

/// What came of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The server has taken it for at least one recipient.
    Delivered {
        /// ID of the message.
        id: String,
    },
    /// It may be taken later.
    Retry {
        /// Why it was not.
        why: String,
    },
    /// The connection broke, or time ran out, when the server had all of it: it may have taken it.
    Unknown {
        /// What went wrong.
        why: String,
    },
    /// This message is never taken; others may be.
    Undeliverable {
        /// Why not.
        why: String,
    },
    /// No recipient exists: no message is ever taken.
    Refused {
        /// Why not.
        why: String,
    },
    /// The deployment's own settings are wrong: the recipients were never considered.
    OurFault {
        /// What is wrong.
        why: String,
    },
}

impl Posted {
    pub(crate) fn of(fate: Fate) -> Self {
        Self { fate, said: None }
    }

    pub(crate) fn with_words(fate: Fate, said: impl Into<String>) -> Self {
        let mut said = said.into();
        said.truncate(said.floor_char_boundary(SAID_MAX));
        Self { fate, said: Some(said).filter(|said| !said.is_empty()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_between_characters() {
        let said = |text: String| Posted::with_words(Fate::Retry { why: String::new() }, text).said;
        assert_eq!(said("é".repeat(600)).map(|said| said.len()), Some(1024));
        assert_eq!(said(format!("x{}", "é".repeat(600))).map(|said| said.len()), Some(1023));
        assert_eq!(said(String::new()), None);
    }
}
