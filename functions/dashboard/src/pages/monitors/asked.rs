//! Which monitors the address of the list asks for.

use url::form_urlencoded::{self, Serializer};
use valpero_domain::Status;

/// The filters of the list, and where in it the page begins. What is empty filters nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Statuses, separated by commas.
    pub status: String,
    /// Check types, separated by commas.
    pub check_type: String,
    /// Tags, separated by commas.
    pub tag: String,
    /// Words of the name or URL.
    pub q: String,
    /// `next_cursor` of the page before.
    pub cursor: String,
}

impl Asked {
    /// Reads a query. What is given several times is joined by commas; what the list does not know is left out.
    pub fn read(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let text = value.trim();
            if text.is_empty() {
                continue;
            }
            match &*name {
                "status" => join(&mut asked.status, text),
                "check_type" => join(&mut asked.check_type, text),
                "tag" => join(&mut asked.tag, text),
                "q" => text.clone_into(&mut asked.q),
                "cursor" => text.clone_into(&mut asked.cursor),
                _ => {}
            }
        }
        asked
    }

    /// The statuses; none where one of them is not known.
    pub fn statuses(&self) -> Option<Vec<Status>> {
        if self.status.is_empty() {
            return Some(Vec::new());
        }
        self.status.split(',').map(|part| part.parse::<Status>().ok()).collect()
    }

    /// Whether only some monitors are asked for, whatever their status.
    pub fn is_narrow(&self) -> bool {
        [&self.check_type, &self.tag, &self.q].iter().any(|filter| !filter.is_empty())
    }

    /// The filters as a query, without the place in the list. May be empty.
    pub fn filters(&self) -> String {
        self.query(&self.status, "")
    }

    /// Path of the list with these filters, from its beginning.
    pub fn path(&self) -> String {
        path(&self.filters())
    }

    /// Path of the list with this status in place of its own, from its beginning.
    pub fn path_of_status(&self, status: &str) -> String {
        path(&self.query(status, ""))
    }

    /// Path of the list with these filters, from this cursor on.
    pub fn path_from(&self, cursor: &str) -> String {
        path(&self.query(&self.status, cursor))
    }

    /// Path of the API's list with these filters but for the status, which is this one; with the last hours of each monitor.
    pub fn api(&self, status: &str, limit: u32) -> String {
        let query = self.query(status, &self.cursor);
        let sign = if query.is_empty() { "" } else { "&" };
        format!("/api/v1/monitors?include_hours=true&limit={limit}{sign}{query}")
    }

    fn query(&self, status: &str, cursor: &str) -> String {
        let mut query = Serializer::new(String::new());
        let pairs = [
            ("status", status),
            ("check_type", self.check_type.as_str()),
            ("tag", self.tag.as_str()),
            ("q", self.q.as_str()),
            ("cursor", cursor),
        ];
        for (name, value) in pairs {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

fn join(values: &mut String, value: &str) {
    if !values.is_empty() {
        values.push(',');
    }
    values.push_str(value);
}

fn path(query: &str) -> String {
    if query.is_empty() { "/monitors".to_owned() } else { format!("/monitors?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_survives_its_address() {
        let asked = Asked::read("q=a%20%26+b&status=down&tag=x&status=up&done=saved&check_type=&cursor=abc");
        assert_eq!((asked.q.as_str(), asked.status.as_str(), asked.cursor.as_str()), ("a & b", "down,up", "abc"));
        assert_eq!(asked.statuses(), Some(vec![Status::Down, Status::Up]));
        assert_eq!(Asked::read(&asked.filters()), Asked { cursor: String::new(), ..asked.clone() });
        assert_eq!(asked.path_from("c=d"), "/monitors?status=down%2Cup&tag=x&q=a+%26+b&cursor=c%3Dd");
        assert_eq!(asked.api("", 50), "/api/v1/monitors?include_hours=true&limit=50&tag=x&q=a+%26+b&cursor=abc");
    }

    #[test]
    fn an_empty_query_asks_for_all() {
        let asked = Asked::read("q=&tag=+&done=saved");
        assert_eq!(asked, Asked::default());
        assert_eq!(
            (asked.path().as_str(), asked.api("", 200).as_str()),
            ("/monitors", "/api/v1/monitors?include_hours=true&limit=200")
        );
        assert_eq!(asked.path_of_status("down"), "/monitors?status=down");
        assert_eq!(Asked::read("status=down,gone").statuses(), None);
    }
}
