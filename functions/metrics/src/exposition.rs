//! The two text formats that Prometheus reads, written family by family in small pieces, so that no answer is ever whole in memory.
//!
//! Text 0.0.4: <https://prometheus.io/docs/instrumenting/exposition_formats/>; OpenMetrics 1.0: RFC-like at
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>. For gauges without units they differ in their end alone.

use std::fmt::Write;

use axum::http::{HeaderMap, header};

/// Bytes of one piece, about.
const PIECE: usize = 16 * 1024;

/// A text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prometheus text 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Format {
    /// The format that the client likes best; the text format where it says nothing.
    pub(crate) fn wished(headers: &HeaderMap) -> Self {
        let (mut open, mut text) = (0.0, 0.0);
        let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        for range in accepted.flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            match kind.as_str() {
                "application/openmetrics-text" => open = quality.max(open),
                "text/plain" | "text/*" | "*/*" => text = quality.max(text),
                _ => {}
            }
        }
        if open > 0.0 && open >= text { Self::OpenMetrics } else { Self::Text }
    }

    /// The answer's `Content-Type`.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// What stands at the end.
    pub(crate) const fn end(self) -> &'static str {
        match self {
            Self::Text => "",
            Self::OpenMetrics => "# EOF\n",
        }
    }
}

/// A piece of the answer that is being written.
#[derive(Debug, Default)]
pub(crate) struct Piece(String);

impl Piece {
    /// Begins a family of gauges.
    pub(crate) fn family(&mut self, name: &str, help: &str) {
        self.put(format_args!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
    }

    /// Begins a family of counters, whose samples have `_total` behind the name. So has the family in the text format, but not in
    /// OpenMetrics.
    pub(crate) fn counters(&mut self, name: &str, help: &str, format: Format) {
        let total = match format {
            Format::OpenMetrics => "",
            Format::Text => "_total",
        };
        self.put(format_args!("# HELP {name}{total} {help}\n# TYPE {name}{total} counter\n"));
    }

    /// Writes one sample.
    pub(crate) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (place, (label, text)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            self.put(format_args!("{before}{label}=\""));
            escape(&mut self.0, text);
            self.0.push('"');
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        self.put(format_args!(" {value}\n"));
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // A text takes whatever is written to it.
        let _always = self.0.write_fmt(text);
    }

    /// Whether it is time to send it.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= PIECE
    }

    /// What was written since the last call.
    pub(crate) fn take(&mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

fn escape(into: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\\' => into.push_str("\\\\"),
            '"' => into.push_str("\\\""),
            '\n' => into.push_str("\\n"),
            other => into.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn wished(accept: &'static str) -> Format {
        Format::wished(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
    }

    #[test]
    fn the_client_says_which_format_it_likes() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,\
                          text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        assert_eq!(wished(prometheus), Format::OpenMetrics);
        assert_eq!(wished("application/openmetrics-text"), Format::OpenMetrics);
        assert_eq!(wished("text/plain;version=0.0.4;q=0.9, application/openmetrics-text;q=0.1"), Format::Text);
        assert_eq!(wished("*/*"), Format::Text);
        assert_eq!(Format::wished(&HeaderMap::new()), Format::Text);
    }

    #[test]
    fn labels_are_escaped() {
        let mut piece = Piece::default();
        piece.sample("m", &[("name", "a\"b\\c\nd")], 0.5);
        piece.sample("n", &[], 1.0);
        assert_eq!(piece.take(), "m{name=\"a\\\"b\\\\c\\nd\"} 0.5\nn 1\n");
        assert_eq!(piece.take(), "");
    }
}
