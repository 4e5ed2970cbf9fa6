//! Which deliveries the address of a list asks for.

use url::form_urlencoded::{self, Serializer};

use crate::texts::Texts;

/// Which of the API's two kinds of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Deliveries to channels and webhooks.
    All,
    /// Those to the webhooks of monitors alone.
    Webhooks,
}

impl Kind {
    /// Path of the list.
    pub const fn path(self) -> &'static str {
        match self {
            Self::All => "/deliveries",
            Self::Webhooks => "/webhook-deliveries",
        }
    }

    /// Path of the API's list.
    pub const fn api(self) -> &'static str {
        match self {
            Self::All => "/api/v1/deliveries",
            Self::Webhooks => "/api/v1/webhooks/deliveries",
        }
    }

    /// What the list is called.
    pub const fn title(self, t: &Texts) -> &'static str {
        match self {
            Self::All => t.deliveries.deliveries,
            Self::Webhooks => t.deliveries.webhook_deliveries,
        }
    }
}

/// The filters of the list, and where in it the page begins. What is empty filters nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Channels, separated by commas.
    pub channel_id: String,
    /// Monitors, separated by commas.
    pub monitor_id: String,
    /// Incidents, separated by commas.
    pub incident_id: String,
    /// Statuses, separated by commas.
    pub status: String,
    /// `next_cursor` of the page before.
    pub cursor: String,
}

impl Asked {
    /// Reads a query. What the list does not know is left out.
    pub fn read(kind: Kind, query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let text = value.trim().to_owned();
            match &*name {
                "channel_id" if kind == Kind::All => asked.channel_id = text,
                "monitor_id" => asked.monitor_id = text,
                "incident_id" => asked.incident_id = text,
                "status" => asked.status = text,
                "cursor" => asked.cursor = text,
                _ => {}
            }
        }
        asked
    }

    /// Whether a filter leaves something out.
    pub fn is_narrow(&self) -> bool {
        !(self.channel_id.is_empty()
            && self.monitor_id.is_empty()
            && self.incident_id.is_empty()
            && self.status.is_empty())
    }

    fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        let pairs = [
            ("channel_id", self.channel_id.as_str()),
            ("monitor_id", self.monitor_id.as_str()),
            ("incident_id", self.incident_id.as_str()),
            ("status", self.status.as_str()),
            ("cursor", self.cursor.as_str()),
        ];
        for (name, value) in pairs {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// This path with the query: that of the list, or of the API's.
    pub fn below(&self, path: &str) -> String {
        let query = self.query();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_survives_its_address() {
        let asked = Asked::read(Kind::All, "status=dead&channel_id=chn_1&monitor_id=&done=sent_again&cursor=a%3Db");
        assert_eq!(asked.below("/deliveries"), "/deliveries?channel_id=chn_1&status=dead&cursor=a%3Db");
        assert_eq!(Asked::read(Kind::All, &asked.query()), asked);
        assert!(!Asked::read(Kind::Webhooks, "channel_id=chn_1&cursor=a").is_narrow());
        assert_eq!(Asked::default().below("/deliveries"), "/deliveries");
    }
}
