//! A monitor as its owner describes it: every field parsed, none of them able to be wrong.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Faults, Field, Fields, Invalid, Items, Literal, MonitorId, Object, RegionCode, Status,
    address::is_global,
    alerting::dependency::{DEPENDS_ON, read_depends_on},
    check::{self, Check, CheckType, PRIVATE, port_blocked},
    plan::{CHECK_INTERVAL_MIN, Limits},
    text_spec,
};

pub use crate::text::{HttpUrl, Name, Tag};

/// Regions of one monitor, at most: a change of them all fits into one transaction.
const REGIONS_MAX: usize = 20;

/// Default time limit of one attempt, in milliseconds.
pub const DEFAULT_TIMEOUT_MS: u32 = 10_000;

/// Default number of further attempts within a tick.
pub const DEFAULT_RETRIES: u8 = 2;

/// Display name.
pub const NAME: Field = Field::text("name", &text_spec::NAME).says("Display name.").computed("the host of the target");

/// Seconds between two checks.
pub const CHECK_INTERVAL: Field = Field::interval("check_interval", 60, CHECK_INTERVAL_MIN, 86_400)
    .says("Seconds between two checks.")
    .default(Literal::Int(CHECK_INTERVAL_MIN))
    .example(Literal::Int(300));

/// Regions that check it.
pub const REGIONS: Field = Field::list("regions", "region", Items::Texts(&text_spec::REGION), 1, Some(REGIONS_MAX))
    .says("Regions that check it.")
    .computed("all regions of this deployment")
    .on_patch("Replaces the list.");

/// Time limit of one attempt.
pub const TIMEOUT_MS: Field = Field::milliseconds("timeout_ms", 100, 30_000)
    .says("Time limit of one attempt, in milliseconds.")
    .default(Literal::Int(DEFAULT_TIMEOUT_MS as i64))
    .example(Literal::Int(5_000));

/// A tick is over before the next one begins: no attempt starts that could end later than so many seconds after the first began.
pub const ATTEMPTS_END_S: u64 = 50;

/// Further attempts.
pub const RETRIES: Field = Field::integer("retries", 0, 5)
    .says("Further attempts after a failure, as many as can end within 50 s, before a region reports it down.")
    .default(Literal::Int(DEFAULT_RETRIES as i64))
    .example(Literal::Int(3));

/// Regions that must agree.
pub const CONFIRM_REGIONS: Field = Field::integer("confirm_regions", 1, REGIONS_MAX as i64)
    .says("Regions that must report it down, at most the number of its regions.")
    .computed("a majority of the regions that report")
    .example(Literal::Int(2));

/// Labels.
pub const TAGS: Field = Field::list("tags", "tag", Items::Texts(&text_spec::TAG), 0, Some(20))
    .says("Labels to find it by.")
    .on_patch("Replaces the list.");

/// Receiver of events.
pub const WEBHOOK_URL: Field = Field::text("webhook_url", &text_spec::URL)
    .says("Receiver of events.")
    .also("The answer shows the secret of a new webhook.")
    .on_patch("`null` removes it.");

/// What a deployment and a plan allow a monitor to be.
#[derive(Debug, Clone)]
pub struct Allowance<'a> {
    /// The monitor's own ID; a new one has none yet.
    pub id: Option<MonitorId>,
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
    /// Display name. Default: the host of the target.
    pub name: Name,
    /// Seconds between two checks, at least the plan's minimum.
    pub check_interval: u32,
    /// Regions that check it, in the order in which they were given, without repeats.
    pub regions: Vec<RegionCode>,
    /// Time limit of one attempt, in milliseconds.
    pub timeout_ms: u32,
    /// Further attempts after a failure within a tick, before a region votes down.
    pub retries: u8,
    /// Regions that must report it down. Default: a majority of those that report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_regions: Option<u8>,
    /// Labels to find it by.
    pub tags: Vec<Tag>,
    /// Receiver of events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<HttpUrl>,
    /// Monitors that it needs, without repeats and without itself. They may have been deleted since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<MonitorId>,
}

impl MonitorSpec {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "MonitorCreate",
        patch_name: "MonitorPatch",
        says: "Settings of a monitor. An http check requires `url`, each other type the object of its name.",
        fields: &[
            check::URL,
            NAME,
            check::CHECK_TYPE,
            CHECK_INTERVAL,
            REGIONS,
            TIMEOUT_MS,
            RETRIES,
            CONFIRM_REGIONS,
            TAGS,
            WEBHOOK_URL,
            DEPENDS_ON,
            check::HTTP,
            check::SSL,
            check::TCP,
            check::DNS,
            check::PING,
        ],
    };

    /// Reads a request's body, reporting every fault at once.
    ///
    /// # Errors
    /// All faults, each with its pointer.
    pub fn read(body: &Value, allowance: &Allowance<'_>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(body, "", &mut faults);
        let check = Check::read(&mut fields, allowance.private_targets, &mut faults);
        let webhook_url: Option<HttpUrl> = fields.read(&WEBHOOK_URL, &mut faults);
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
        let name: Option<Name> = fields.read(&NAME, &mut faults);
        let name = name.or_else(|| check.as_ref().and_then(|check| default_name(check).ok()));
        let check_interval = read_interval(&mut fields, allowance, &mut faults);
        let regions = read_regions(&mut fields, allowance, &mut faults);
        let timeout_ms = fields.read(&TIMEOUT_MS, &mut faults);
        let retries = fields.read(&RETRIES, &mut faults);
        let confirm_regions: Option<u8> = fields.read(&CONFIRM_REGIONS, &mut faults);
        let beyond_regions = |confirm: usize| confirm > regions.len() && confirm <= REGIONS_MAX;
        if confirm_regions.is_some_and(|confirm| beyond_regions(confirm.into())) {
            let detail = format!("must be 1 to {}, the number of the monitor's regions", regions.len());
            faults.add(fields.pointer("confirm_regions"), detail);
        }
        let mut tags: Vec<Tag> = fields.read(&TAGS, &mut faults).unwrap_or_default();
        let mut seen = BTreeSet::new();
        tags.retain(|tag| seen.insert(tag.clone()));
        let depends_on = read_depends_on(&mut fields, allowance.id, &mut faults);
        fields.finish(&mut faults);
        let spec = move || {
            Some(Self {
                check: check?,
                name: name?,
                check_interval: check_interval?,
                regions,
                timeout_ms: timeout_ms?,
                retries: retries?,
                confirm_regions,
                tags,
                webhook_url,
                depends_on,
            })
        };
        faults.finish(spec())
    }

    /// The description as JSON, with its secrets.
    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }
}

fn default_name(check: &Check) -> Result<Name, Invalid> {
    let host: String = check.host().chars().take(100).collect();
    Name::try_from(host)
}

fn read_interval(fields: &mut Fields<'_>, allowance: &Allowance<'_>, faults: &mut Faults) -> Option<u32> {
    let least = allowance.limits.min_check_interval;
    let given: Option<u32> = fields.given(&CHECK_INTERVAL, faults);
    if given.is_some_and(|given| given < least && CHECK_INTERVAL.kind.misfit(&given.into()).is_none()) {
        faults.add(fields.pointer(CHECK_INTERVAL.name), format!("must be at least {least} on this plan"));
    }
    given.or_else(|| CHECK_INTERVAL.default_as().map(|usual: u32| usual.max(least)))
}

fn read_regions(fields: &mut Fields<'_>, allowance: &Allowance<'_>, faults: &mut Faults) -> Vec<RegionCode> {
    // As texts, so that all that is said of a region names those of this deployment.
    let asked: Option<Vec<String>> = fields.read(&REGIONS, faults);
    let Some(asked) = asked else {
        let all = if allowance.regions.is_empty() { allowance.kept } else { allowance.regions };
        return all.iter().copied().take(REGIONS_MAX).collect();
    };
    let mut regions: Vec<RegionCode> = Vec::new();
    for (place, code) in asked.iter().enumerate() {
        let known = allowance.regions.iter().chain(allowance.kept).find(|region| region.as_str() == code);
        match known {
            Some(region) if regions.contains(region) => {}
            Some(region) => regions.push(*region),
            None => {
                let deployed: Vec<&str> = allowance.regions.iter().map(|region| region.as_str()).collect();
                let detail = format!("must be a region of this deployment: {}", deployed.join(", "));
                faults.add(format!("{}/{place}", fields.pointer(REGIONS.name)), detail);
            }
        }
    }
    regions
}

/// Which monitors a list asks for: of each of these any fits, and all do where none is named.
#[derive(Debug, Clone, Default)]
pub struct MonitorFilter {
    /// Statuses.
    pub status: Vec<Status>,
    /// Types of check.
    pub check_type: Vec<CheckType>,
    /// Tags.
    pub tag: Vec<String>,
    /// A text that the name or target contains, whatever its case.
    pub q: Option<String>,
}

impl MonitorFilter {
    /// Whether a monitor is asked for.
    pub fn accepts(&self, spec: &MonitorSpec, status: Status) -> bool {
        let contains = |q: &String| {
            let q = q.to_lowercase();
            let as_given = spec.check.url().is_some_and(|url| url.as_given().to_lowercase().contains(&q));
            as_given
                || spec.name.as_str().to_lowercase().contains(&q)
                || spec.check.target().to_lowercase().contains(&q)
        };
        let tagged = |tag: &String| spec.tags.iter().any(|own| own.as_str() == tag);
        (self.status.is_empty() || self.status.contains(&status))
            && (self.check_type.is_empty() || self.check_type.contains(&spec.check.check_type()))
            && (self.tag.is_empty() || self.tag.iter().any(tagged))
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
        let allowance = Allowance { id: None, regions: &regions(), kept: &[], private_targets, blocked_ports, limits };
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
    fn what_was_written_stays_as_it_was_written_and_is_probed_in_its_normal_form() {
        let body = json!({
            "url": "HTTPS://Example.COM", "regions": ["usc", "fra", "usc"], "tags": ["b", "a", "b"], "webhook_url": "http://Hook.example",
            "http": {"headers": {"X-Api-Key": "1", "accept": "*/*"}, "expected_status": "200, 301"},
        });
        let spec = read(&body, false).expect("valid");
        let stored = spec.to_value();
        assert_eq!(stored["url"], "HTTPS://Example.COM");
        assert_eq!(stored["webhook_url"], "http://Hook.example");
        assert_eq!((&stored["regions"], &stored["tags"]), (&json!(["usc", "fra"]), &json!(["b", "a"])));
        assert_eq!(stored["http"]["headers"], json!({"X-Api-Key": "1", "accept": "*/*"}));
        assert_eq!(stored["http"]["expected_status"], "200, 301");
        assert_eq!(spec.check.target(), "https://example.com/");
        assert_eq!(spec.check.url().map(|url| url.as_url().as_str()), Some("https://example.com/"));
        assert!(spec.check.http().is_some_and(|http| http.expected_status.accepts(301)));
        assert_eq!(serde_json::from_value::<MonitorSpec>(stored).ok(), Some(spec));
        // Rows of before have the normal forms alone, and read as they did.
        let before = json!({"check_type": "http", "url": "https://example.com/", "http": {"headers": {"x": "1"}, "expected_status": "200,301"}});
        let before: Check = serde_json::from_value(before).expect("a check");
        assert_eq!(serde_json::to_value(&before).expect("JSON")["url"], "https://example.com/");
    }

    #[test]
    fn dependencies_are_stored_where_there_are_any_and_rows_of_before_have_none() {
        let stored = read(&json!({"url": "https://example.com"}), false).expect("valid").to_value();
        assert_eq!(stored.get("depends_on"), None);
        assert_eq!(serde_json::from_value::<MonitorSpec>(stored).expect("a row").depends_on, []);
        let parents = json!(["mon_01M82PJFFSY9XKXCV0WRMX4C7M", "mon_01M82PJFFSY9XKXCV0WRMX4C7N"]);
        let spec = read(&json!({"url": "https://example.com", "depends_on": parents}), false).expect("valid");
        assert_eq!(spec.to_value()["depends_on"], parents);
        assert_eq!(serde_json::from_value::<MonitorSpec>(spec.to_value()).ok(), Some(spec));
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
            "/regions/0",
            "/timeout_ms",
            "/retries",
            "/confirm_regions",
            "/tags/0",
            "/webhook_url",
            "/color",
            "/http/method",
            "/http/expected_status",
            "/http/headers/Host",
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
