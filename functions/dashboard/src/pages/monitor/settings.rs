//! What a monitor is set to, where that is not as usual, and what its checks cost.

use serde_json::Value;
use valpero_domain::{Field, Kind, MonitorSpec, Object};
use valpero_views::Monitor;

use crate::{digits::grouped, parts::Pair, texts::Texts, words::Words};

/// What the head of the page says already.
const IN_HEAD: [&str; 13] = [
    "url",
    "name",
    "check_type",
    "check_interval",
    "regions",
    "tags",
    "webhook_url",
    "ssl.host",
    "tcp.host",
    "tcp.port",
    "ping.host",
    "dns.name",
    "dns.record_type",
];

/// Price of one check in one region, in dollars: an estimate.
const CHECK_DOLLARS: f64 = 0.000_000_08;

/// Minutes of a month.
const MONTH_MINUTES: f64 = 43_200.0;

/// A field without fields of its own.
#[derive(Debug)]
pub struct Leaf {
    /// Its name, with those of the objects around it.
    pub path: String,
    /// What it is called.
    pub label: String,
    /// Its value; empty where it has none.
    pub text: String,
    /// Whether it is as usual.
    pub is_usual: bool,
}

/// The fields of an object and of those within it. `prefix` is empty, or ends with a dot.
pub fn leaves(t: &Texts, object: &Object, prefix: &str, values: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    for field in object.fields {
        let path = format!("{prefix}{}", field.name);
        if let Kind::Object(inner) = field.kind {
            found.extend(leaves(t, inner, &format!("{path}."), values));
        } else {
            found.push(leaf(t, field, path, values));
        }
    }
    found
}

fn leaf(t: &Texts, field: &Field, path: String, values: &Value) -> Leaf {
    let value = values.pointer(&format!("/{}", path.replace('.', "/"))).cloned().unwrap_or(Value::Null);
    let text = text_of(t, &value);
    let is_usual = text.is_empty() || field.default_value().is_some_and(|usual| usual == value);
    Leaf { label: t.field(&path, field).label, path, text, is_usual }
}

/// A value as a person reads it: lists and headers have one item a line.
pub fn text_of(t: &Texts, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => t.common.yes.to_owned(),
        Value::Bool(false) => t.common.no.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let line = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            items.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Value::Object(_) => header_lines(value),
    }
}

/// Headers as lines: `name: value`. Text is shown unchanged, any other value as nothing.
pub fn header_lines(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let line = |(name, value): (&String, &Value)| Some(format!("{name}: {}", value.as_str()?));
            members.iter().filter_map(line).collect::<Vec<_>>().join("\n")
        }
        Value::String(text) => text.clone(),
        _ => String::new(),
    }
}

/// The settings that are not as usual.
pub fn unusual(t: &Texts, monitor: &Value) -> Vec<Pair> {
    let shown = leaves(t, &MonitorSpec::OBJECT, "", monitor).into_iter();
    let shown = shown.filter(|leaf| !leaf.is_usual && !IN_HEAD.contains(&leaf.path.as_str()));
    shown.filter(|leaf| !is_usual_port(leaf)).map(|leaf| Pair { label: leaf.label, value: leaf.text }).collect()
}

/// The port that most have, whose default is computed.
fn is_usual_port(leaf: &Leaf) -> bool {
    leaf.path == "ssl.port" && leaf.text == "443"
}

/// What the monitor's checks cost in a month.
pub fn cost(words: &Words, monitor: &Monitor) -> String {
    let m = &words.t.monitor;
    let checks = checks_a_month(monitor.check_interval, monitor.regions.len());
    let dollars = checks * CHECK_DOLLARS;
    let price = if dollars < 0.01 { "0.01".to_owned() } else { format!("{dollars:.2}") };
    let price = price.replace('.', words.t.common.decimal);
    let checks = grouped(checks.round() as u64);
    if dollars < 0.01 { (m.costs_less)(&price, &checks) } else { (m.costs)(&price, &checks) }
}

fn checks_a_month(interval_s: u32, regions: usize) -> f64 {
    let regions = u32::try_from(regions).unwrap_or(u32::MAX);
    MONTH_MINUTES * 60.0 / f64::from(interval_s.max(1)) * f64::from(regions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_of_a_month_are_counted() {
        assert!((checks_a_month(60, 3) - 129_600.0).abs() < 1e-6);
        assert!((checks_a_month(86_400, 1) - 30.0).abs() < 1e-6);
    }
}
