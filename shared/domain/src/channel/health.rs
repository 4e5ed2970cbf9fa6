//! How a channel is, and what comes of a test.

use serde::{Deserialize, Serialize};

use crate::text_spec::{Text, values};

/// How a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// The last message arrived, or none was sent.
    Ok,
    /// The last message did not arrive.
    Failing,
    /// The receiver refuses all messages; nothing is sent.
    Disabled,
}

impl HealthStatus {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "HealthStatus",
        says: "`failing`: the last attempt failed. `disabled`: the receiver refused all messages for good, and nothing is sent until the settings change.",
        example: "ok",
        values: values!(HealthStatus),
        ..Text::PLAIN
    };

    /// Every status.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Failing, Self::Disabled];

    /// The status as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failing => "failing",
            Self::Disabled => "disabled",
        }
    }
}

/// What came of a test message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// The receiver took it.
    Delivered,
    /// It did not, and might later.
    Failed,
    /// It refuses this message, or all.
    Refused,
}

impl TestOutcome {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "TestOutcome",
        says: "`failed`: no answer, or one after which a message is tried again. `refused`: an answer after which it is not.",
        example: "delivered",
        values: values!(TestOutcome),
        ..Text::PLAIN
    };

    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Delivered, Self::Failed, Self::Refused];

    /// The outcome as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}
