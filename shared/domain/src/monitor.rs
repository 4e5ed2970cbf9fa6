//! A monitor as its owner describes it: every field parsed, none of them able to be wrong.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Faults, Fields, Invalid, RegionCode, Status,
    address::is_global,
    check::{Check, CheckType, PRIVATE, port_blocked},
    plan::Limits,
};

pub use crate::text::{HttpUrl, MonitorName, Tag};

/// Regions of one monitor, at most: a change of them all fits into one transaction.
const REGIONS_MAX: usize = 20;

/// How long one attempt may take unless told otherwise, in milliseconds.
pub const DEFAULT_TIMEOUT_MS: u32 = 10_000;

/// Further attempts within a tick unless told otherwise.
pub const DEFAULT_RETRIES: u8 = 2;

/// What a deployment and a plan allow a monitor to be.
#[derive(Debug, Clone)]
pub struct Allowance<'a> {
    /// The regions that this deployment runs.
    pub regions: &'a [RegionCode],
    /// The regions that the monitor has already, and may keep although one of them is gone.
    pub kept: &'a [RegionCode],
    /// Whether targets may be private addresses.
    pub private_targets: bool,
    /// Ports that this deployment cannot connect to.
    pub blocked_ports: &'a [u16],
    /// The plan's numbers.
    pub limits: Limits,
}

/// A monitor as its owner describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitorSpec {
    /// What is checked, and how: the members `check_type`, `url` and one by the type's name.
    #[serde(flatten)]
    pub check: Check,
    /// What people call it; the target's host unless told otherwise.
    pub name: MonitorName,
    /// Seconds between checks: a multiple of 60, from the plan's minimum to 86,400.
    pub check_interval: u32,
    /// Where it is checked from, in order, without repeats.
    pub regions: Vec<RegionCode>,
    /// How long one attempt may take: 100 to 30,000 milliseconds.
    pub timeout_ms: u32,
    /// Further attempts within a tick before a region votes down: 0 to 5.
    pub retries: u8,
    /// How many regions must agree; a majority of those that report unless told otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_regions: Option<u8>,
    /// Labels to find it by, at most 20.
    pub tags: Vec<Tag>,
    /// Where events go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<HttpUrl>,
}

impl MonitorSpec {
    /// Reads a request's body, reporting every fault at once.
    ///
    /// # Errors
    /// All faults, each with its pointer.
    pub fn read(body: &Value, allowance: &Allowance<'_>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(body, "", &mut faults);
        let check = Check::read(&mut fields, allowance.private_targets, &mut faults);
        let webhook_url: Option<HttpUrl> = fields.optional("webhook_url", &mut faults);
        let blocked = check.as_ref().and_then(|check| Some((check, check.blocked_port(allowance.blocked_ports)?)));
        if let Some((check, (field, port))) = blocked {
            let place = match check {
                Check::Http(..) => fields.pointer(field),
                other => format!("{}/{field}", fields.pointer(other.check_type().as_str())),
            };
            faults.add(place, port_blocked(port));
        }
        let receiver = webhook_url.as_ref().and_then(HttpUrl::literal_address);
        if !allowance.private_targets && receiver.is_some_and(|address| !is_global(address)) {
            faults.add(fields.pointer("webhook_url"), PRIVATE);
        }
        if let Some(port) = webhook_url.as_ref().and_then(HttpUrl::port)
            && allowance.blocked_ports.contains(&port)
        {
            faults.add(fields.pointer("webhook_url"), port_blocked(port));
        }
        let name: Option<MonitorName> = fields.optional("name", &mut faults);
        let name = name.or_else(|| check.as_ref().and_then(|check| default_name(check).ok()));
        let check_interval = read_interval(&mut fields, allowance, &mut faults);
        let regions = read_regions(&mut fields, allowance, &mut faults);
        let timeout_ms = fields.number("timeout_ms", DEFAULT_TIMEOUT_MS, 100..=30_000, &mut faults);
        let retries = fields.number("retries", DEFAULT_RETRIES.into(), 0..=5, &mut faults);
        let confirm_regions: Option<u8> = fields.optional("confirm_regions", &mut faults);
        if confirm_regions.is_some_and(|confirm| confirm == 0 || usize::from(confirm) > regions.len()) {
            let detail = format!("must be 1 to {}, the number of the monitor's regions", regions.len());
            faults.add(fields.pointer("confirm_regions"), detail);
        }
        let tags: BTreeSet<Tag> = fields.optional("tags", &mut faults).unwrap_or_default();
        if tags.len() > 20 {
            faults.add(fields.pointer("tags"), "must be at most 20 tags");
        }
        fields.finish(&mut faults);
        let spec = check.zip(name).map(|(check, name)| Self {
            check,
            name,
            check_interval,
            regions,
            timeout_ms,
            retries: u8::try_from(retries).unwrap_or(u8::MAX),
            confirm_regions,
            tags: tags.into_iter().collect(),
            webhook_url,
        });
        faults.finish(spec)
    }

    /// The description as JSON, with its secrets.
    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }
}

fn default_name(check: &Check) -> Result<MonitorName, Invalid> {
    let host: String = check.host().chars().take(100).collect();
    MonitorName::try_from(host)
}

fn read_interval(fields: &mut Fields<'_>, allowance: &Allowance<'_>, faults: &mut Faults) -> u32 {
    let least = allowance.limits.min_check_interval;
    let interval = fields.optional("check_interval", faults).unwrap_or(least.max(60));
    if !(least..=86_400).contains(&interval) || !interval.is_multiple_of(60) {
        faults.add(fields.pointer("check_interval"), format!("must be a multiple of 60, {least} to 86400 seconds"));
    }
    interval
}

fn read_regions(fields: &mut Fields<'_>, allowance: &Allowance<'_>, faults: &mut Faults) -> Vec<RegionCode> {
    let asked: Option<Vec<RegionCode>> = fields.optional("regions", faults);
    let Some(asked) = asked else {
        let all = if allowance.regions.is_empty() { allowance.kept } else { allowance.regions };
        return all.iter().copied().take(REGIONS_MAX).collect();
    };
    let regions: BTreeSet<RegionCode> = asked.into_iter().collect();
    if regions.len() > REGIONS_MAX {
        faults.add(fields.pointer("regions"), format!("must name at most {REGIONS_MAX} regions"));
    }
    if regions.is_empty() {
        faults.add(fields.pointer("regions"), "must name at least one region");
    }
    let deployed: Vec<&str> = allowance.regions.iter().map(|region| region.as_str()).collect();
    let allowed = |region: &&RegionCode| allowance.regions.contains(region) || allowance.kept.contains(region);
    for region in regions.iter().filter(|region| !allowed(region)) {
        let detail = format!("{region} is not deployed here; there are {}", deployed.join(", "));
        faults.add(fields.pointer("regions"), detail);
    }
    regions.into_iter().collect()
}

/// Which monitors a list asks for.
#[derive(Debug, Clone, Default)]
pub struct MonitorFilter {
    /// Those of this status.
    pub status: Option<Status>,
    /// Those checked this way.
    pub check_type: Option<CheckType>,
    /// Those with this tag.
    pub tag: Option<String>,
    /// Those whose name or target contains this, whatever its case.
    pub q: Option<String>,
}

impl MonitorFilter {
    /// Whether a monitor is asked for.
    pub fn accepts(&self, spec: &MonitorSpec, status: Status) -> bool {
        let contains = |q: &String| {
            let q = q.to_lowercase();
            spec.name.as_str().to_lowercase().contains(&q) || spec.check.target().to_lowercase().contains(&q)
        };
        self.status.is_none_or(|asked| asked == status)
            && self.check_type.is_none_or(|asked| asked == spec.check.check_type())
            && self.tag.as_ref().is_none_or(|asked| spec.tags.iter().any(|tag| tag.as_str() == asked))
            && self.q.as_ref().is_none_or(contains)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Plan, host::PORTS_BLOCKED_BY_AWS};

    fn regions() -> Vec<RegionCode> {
        ["fra", "hel", "usc"].into_iter().filter_map(|code| code.parse().ok()).collect()
    }

    fn read(body: &Value, private_targets: bool) -> Result<MonitorSpec, Vec<String>> {
        read_blocking(body, private_targets, &[])
    }

    fn read_blocking(body: &Value, private_targets: bool, blocked_ports: &[u16]) -> Result<MonitorSpec, Vec<String>> {
        let limits = Plan::Free.limits();
        let allowance = Allowance { regions: &regions(), kept: &[], private_targets, blocked_ports, limits };
        MonitorSpec::read(body, &allowance)
            .map_err(|faults| faults.into_vec().into_iter().map(|fault| fault.pointer).collect())
    }

    #[test]
    fn a_url_alone_is_a_monitor() {
        let spec = read(&json!({"url": "https://Example.com"}), false).expect("valid");
        assert_eq!((spec.check.target().as_str(), spec.name.as_str()), ("https://example.com/", "example.com"));
        assert_eq!((spec.check_interval, spec.timeout_ms, spec.retries), (60, 10_000, 2));
        assert_eq!(spec.regions, regions());
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let body = json!({
            "url": "ftp://example.com", "name": "", "check_type": "gopher", "check_interval": 90, "regions": ["syd"], "timeout_ms": 5,
            "retries": 9, "confirm_regions": 7, "tags": ["a b"], "webhook_url": "https://u:p@example.com/", "color": "red",
            "http": {"method": "BREW", "expected_status": "2xx", "headers": {"Host": "x"}, "bodyy": ""},
        });
        let pointers = read(&body, false).expect_err("faults");
        for pointer in [
            "/url",
            "/name",
            "/check_type",
            "/check_interval",
            "/regions",
            "/timeout_ms",
            "/retries",
            "/confirm_regions",
            "/tags",
            "/webhook_url",
            "/color",
            "/http/method",
            "/http/expected_status",
            "/http/headers",
            "/http/bodyy",
        ] {
            assert!(pointers.iter().any(|found| found == pointer), "{pointer} is not in {pointers:?}");
        }
        assert_eq!(pointers.len(), 15, "{pointers:?}");
    }

    #[test]
    fn ports_that_nobody_can_connect_to_are_refused_wherever_they_stand() {
        let url = "https://example.com/";
        for (body, place) in [
            (json!({"url": "http://example.com:25/"}), "/url"),
            (json!({"url": "https://example.com:25/"}), "/url"),
            (json!({"url": url, "webhook_url": "https://example.com:25/"}), "/webhook_url"),
            (json!({"check_type": "tcp", "tcp": {"host": "mx.example.com", "port": 25}}), "/tcp/port"),
            (json!({"check_type": "ping", "ping": {"host": "mx.example.com", "port": 25}}), "/ping/port"),
            (json!({"check_type": "ssl", "ssl": {"host": "mx.example.com", "port": 25}}), "/ssl/port"),
        ] {
            assert_eq!(read_blocking(&body, false, PORTS_BLOCKED_BY_AWS), Err(vec![place.to_owned()]), "{body}");
            assert!(read(&body, false).is_ok(), "{body}: not everybody is on AWS");
        }
        for body in [
            json!({"url": url, "webhook_url": "https://example.com:2525/"}),
            json!({"check_type": "ping", "ping": {"host": "mx.example.com"}}),
            json!({"check_type": "dns", "dns": {"name": "example.com", "resolver": "1.1.1.1:25"}}),
        ] {
            assert!(read_blocking(&body, false, PORTS_BLOCKED_BY_AWS).is_ok(), "{body}");
        }
    }

    #[test]
    fn private_literals_in_any_spelling_are_refused_unless_allowed() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "169.254.169.254",
            "10.1",
            "[64:ff9b::a00:1]",
        ] {
            let body = json!({"url": format!("http://{host}/")});
            assert_eq!(read(&body, false).err(), Some(vec!["/url".to_owned()]), "{host}");
            assert!(read(&body, true).is_ok(), "{host}");
        }
    }
}
