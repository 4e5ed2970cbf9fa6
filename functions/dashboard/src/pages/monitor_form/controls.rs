//! The controls of the form of a monitor.

use serde_json::Value;
use valpero_domain::{
    Fault, Field, Kind, MonitorId, Object,
    alerting::dependency::DEPENDS_ON,
    check::{CheckType, URL},
    dns_check::DnsCheck,
    host_checks::{PingCheck, SslCheck, TcpCheck},
    http_check::HttpCheck,
    monitor::{CHECK_INTERVAL, CONFIRM_REGIONS, NAME, REGIONS, RETRIES, TAGS, TIMEOUT_MS, WEBHOOK_URL},
};
use valpero_views::{Monitor, RegionView};

use crate::{
    form::{Control, Option_, Shape},
    pages::monitor::settings::header_lines,
    texts::Texts,
    words::Words,
};

/// Intervals to choose from, in seconds.
const INTERVALS: [u32; 9] = [60, 120, 300, 600, 900, 1_800, 3_600, 21_600, 86_400];

/// The fields that say what is looked at; they come first.
const TARGETS: [&str; 8] =
    ["ssl.host", "ssl.port", "tcp.host", "tcp.port", "ping.host", "ping.port", "dns.name", "dns.record_type"];

/// The object of a type's settings.
pub const fn object_of(check_type: CheckType) -> &'static Object {
    match check_type {
        CheckType::Http => &HttpCheck::OBJECT,
        CheckType::Ssl => &SslCheck::OBJECT,
        CheckType::Tcp => &TcpCheck::OBJECT,
        CheckType::Dns => &DnsCheck::OBJECT,
        CheckType::Ping => &PingCheck::OBJECT,
    }
}

/// The controls of a type: of its target, and of its other settings.
pub fn of_type(t: &Texts, check_type: CheckType, values: &Value, faults: &[Fault]) -> (Vec<Control>, Vec<Control>) {
    let mut all: Vec<Control> = Vec::new();
    let name = check_type.as_str();
    of_object(t, object_of(check_type), name, values, faults, &mut all);
    let (mut first, mut rest): (Vec<Control>, Vec<Control>) =
        all.into_iter().partition(|control| TARGETS.contains(&control.name.as_str()));
    if check_type == CheckType::Http {
        let mut url = Control::of(t, &URL, URL.name, values, faults);
        url.shape = Shape::Line;
        url.required = true;
        url.placeholder = "https://example.com/".to_owned();
        first.push(url);
    }
    for control in &mut rest {
        // What is required within an object is so only where the object is there: the API says it.
        control.required = false;
    }
    (first, rest)
}

/// The controls of an object and of those within it. A fault of an object itself is beside its first control.
fn of_object(t: &Texts, object: &Object, path: &str, values: &Value, faults: &[Fault], all: &mut Vec<Control>) {
    let begin = all.len();
    for field in object.fields {
        let path = format!("{path}.{}", field.name);
        match field.kind {
            Kind::Object(inner) => of_object(t, inner, &path, values, faults, all),
            Kind::Map { .. } => all.push(lines_of_headers(t, field, &path, values, faults)),
            _ => all.push(Control::of(t, field, &path, values, faults)),
        }
    }
    let pointer = pointer_of(path);
    let own = faults.iter().find(|fault| fault.pointer == pointer);
    if let (Some(fault), Some(control)) = (own, all.get_mut(begin))
        && control.fault.is_none()
    {
        control.fault = Some(fault.detail.clone());
    }
}

fn lines_of_headers(t: &Texts, field: &Field, path: &str, values: &Value, faults: &[Fault]) -> Control {
    let mut control = Control::of(t, field, path, values, faults);
    control.value = values.pointer(&pointer_of(path)).map(header_lines).unwrap_or_default();
    control.hint = format!("{} {}", t.monitor_form.headers_one_a_line, control.hint);
    control
}

fn pointer_of(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

/// The display name.
pub fn name(t: &Texts, values: &Value, faults: &[Fault]) -> Control {
    Control::of(t, &NAME, NAME.name, values, faults)
}

/// Time limit, attempts, quorum, tags and webhook: what all types have.
pub fn common(t: &Texts, values: &Value, faults: &[Fault]) -> Vec<Control> {
    let of = |field: &Field| Control::of(t, field, field.name, values, faults);
    let mut tags = of(&TAGS);
    tags.hint = format!("{} {}", t.monitor_form.tags_apart, tags.hint);
    let mut webhook = of(&WEBHOOK_URL);
    webhook.shape = Shape::Line;
    vec![of(&TIMEOUT_MS), of(&RETRIES), of(&CONFIRM_REGIONS), tags, webhook]
}

/// The regions. Default: all.
pub fn regions(t: &Texts, values: &Value, faults: &[Fault], regions: &[RegionView]) -> Control {
    let mut control = Control::of(t, &REGIONS, REGIONS.name, values, faults);
    let chosen = texts(values, REGIONS.name);
    control.shape = Shape::Choices;
    control.options = regions
        .iter()
        .map(|region| Option_ {
            value: region.code.as_str().to_owned(),
            label: format!("{} {}", region.code.as_str(), region.name),
            chosen: chosen.is_empty() || chosen.iter().any(|code| code == region.code.as_str()),
        })
        .collect();
    keep_unlisted(&mut control, &chosen);
    control
}

/// The monitors that it needs.
pub fn parents(t: &Texts, values: &Value, faults: &[Fault], monitors: &[Monitor], own: Option<MonitorId>) -> Control {
    let mut control = Control::of(t, &DEPENDS_ON, DEPENDS_ON.name, values, faults);
    let chosen = texts(values, DEPENDS_ON.name);
    control.options = monitors
        .iter()
        .filter(|monitor| Some(monitor.id) != own)
        .map(|monitor| {
            let value = monitor.id.to_string();
            let is_chosen = chosen.contains(&value);
            Option_ { value, label: monitor.name.as_str().to_owned(), chosen: is_chosen }
        })
        .collect();
    keep_unlisted(&mut control, &chosen);
    control
}

/// What is chosen and on no list stays chosen.
fn keep_unlisted(control: &mut Control, chosen: &[String]) {
    for value in chosen {
        if !control.options.iter().any(|option| option.value == *value) {
            control.options.push(Option_ { value: value.clone(), label: value.clone(), chosen: true });
        }
    }
}

fn texts(values: &Value, name: &str) -> Vec<String> {
    let items = values.get(name).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Seconds between two checks, at least `least`: a few to choose from, and the present one.
pub fn interval(words: &Words, values: &Value, faults: &[Fault], least: u32) -> Control {
    let t = words.t;
    let mut control = Control::of(t, &CHECK_INTERVAL, CHECK_INTERVAL.name, values, faults);
    let given = values.get(CHECK_INTERVAL.name).and_then(Value::as_u64).and_then(|given| u32::try_from(given).ok());
    let chosen = given.unwrap_or(least.max(60));
    let mut all: Vec<u32> = INTERVALS.into_iter().filter(|seconds| *seconds >= least).collect();
    all.push(chosen);
    all.sort_unstable();
    all.dedup();
    control.shape = Shape::Choice;
    control.required = true;
    control.options = all
        .into_iter()
        .map(|seconds| Option_ {
            value: seconds.to_string(),
            label: words.exact_span(i64::from(seconds)),
            chosen: seconds == chosen,
        })
        .collect();
    control
}

/// The faults of which no control tells.
pub fn strays(shown: &[&Control], faults: &[Fault]) -> Vec<String> {
    let is_told = |fault: &&Fault| shown.iter().any(|control| control.fault.as_deref() == Some(fault.detail.as_str()));
    faults.iter().filter(|fault| !is_told(fault)).map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect()
}
