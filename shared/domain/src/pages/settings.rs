//! What the owner of a status page says of it: its fields, and how a request's body is read.

pub mod fields;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::values::{Colour, Network, PageLanguage, Slug, Visibility};
use crate::{
    ComponentId, Faults, Fields, MonitorId, Object, TimeZone, merge_patch::merge, monitor::HttpUrl, text::Name,
};
use fields::{
    ACCENT, AFTER_MINUTES, AUTO_INCIDENTS, AUTO_PUBLISH, COMPONENT_DESCRIPTION, COMPONENT_ID, COMPONENT_NAME,
    COMPONENTS, DESCRIPTION, GROUP, HISTORY_DAYS, IP_ALLOW, LANGUAGE, LOGO_URL, MONITOR_IDS, NOINDEX, PASSWORD,
    SHOW_POWERED_BY, SHOW_RESPONSE_TIME, SHOW_UPTIME, SLUG, SUBSCRIBERS, THEME, TIME_ZONE, TITLE, VISIBILITY,
};

/// Components of one page, at most.
pub const COMPONENTS_MAX: usize = 100;

/// Monitors of one component, at most.
pub const MONITORS_MAX: usize = 50;

/// Status pages that show a monitor, at most: each is marked by the transaction that changes its status, which has 100 items.
pub const PAGES_OF_MONITOR_MAX: usize = 25;

/// Monitors of all components of a page together, at most.
pub const MONITORS_OF_PAGE_MAX: usize = 200;

/// How a page looks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theme {
    /// Colour of the page's head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<Colour>,
    /// Logo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<HttpUrl>,
}

/// Automatic posts about incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoPublish {
    /// Whether they are.
    pub incidents: bool,
    /// Minutes that an incident must last.
    pub after_minutes: u32,
}

/// A component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Unique ID.
    pub id: ComponentId,
    /// Display name.
    pub name: Name,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The group that it is shown in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Name>,
    /// The monitors that say how it is.
    pub monitor_ids: Vec<MonitorId>,
    /// Whether its days and its uptime are shown.
    pub show_uptime: bool,
    /// Whether its response times are shown.
    pub show_response_time: bool,
}

/// What the owner of a status page says of it, but for its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusPageSpec {
    /// Its name in URLs.
    pub slug: Slug,
    /// Display name.
    pub title: Name,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The language.
    pub language: PageLanguage,
    /// The time zone of its days and, unless the reader's browser says another, of its times.
    pub time_zone: TimeZone,
    /// How it looks.
    pub theme: Theme,
    /// Who may see it.
    pub visibility: Visibility,
    /// The networks from which it can be seen; everywhere where it is empty.
    #[serde(default)]
    pub ip_allow: Vec<Network>,
    /// Whether search engines are asked to leave it out.
    pub noindex: bool,
    /// Days that the page shows of each component.
    pub history_days: u16,
    /// Components, in the order in which they are shown.
    #[serde(default)]
    pub components: Vec<Component>,
    /// Automatic posts about incidents.
    pub auto_publish: AutoPublish,
    /// Whether people can subscribe.
    pub subscribers: bool,
    /// Whether the page says what it is made with.
    pub show_powered_by: bool,
}

impl Theme {
    /// Its fields.
    pub const OBJECT: Object =
        Object { name: "PageTheme", patch_name: "", says: "How a status page looks.", fields: &[ACCENT, LOGO_URL] };

    fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Self {
        let accent = fields.read(&ACCENT, faults);
        let logo_url: Option<HttpUrl> = fields.read(&LOGO_URL, faults);
        if logo_url.as_ref().is_some_and(|url| !url.to_string().starts_with("https://")) {
            faults.add(fields.pointer(LOGO_URL.name), "must be an https URL, since browsers block images that are not");
        }
        Self { accent, logo_url }
    }
}

impl AutoPublish {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "AutoPublish",
        patch_name: "AutoPublishPatch",
        says: "Automatic posts about incidents.",
        fields: &[AUTO_INCIDENTS, AFTER_MINUTES],
    };

    fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Self {
        let incidents = fields.read(&AUTO_INCIDENTS, faults).unwrap_or_default();
        Self { incidents, after_minutes: fields.read(&AFTER_MINUTES, faults).unwrap_or_default() }
    }
}

impl Default for AutoPublish {
    fn default() -> Self {
        let after_minutes = AFTER_MINUTES.default_as().unwrap_or_default();
        Self { incidents: false, after_minutes }
    }
}

impl Component {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "PageComponent",
        patch_name: "",
        says: "A component of a status page.",
        fields: &[
            COMPONENT_ID,
            COMPONENT_NAME,
            COMPONENT_DESCRIPTION,
            GROUP,
            MONITOR_IDS,
            SHOW_UPTIME,
            SHOW_RESPONSE_TIME,
        ],
    };
}

/// Reads the components of one body.
struct Components<'a> {
    /// Those that the page has, and that a body may name.
    known: &'a BTreeSet<ComponentId>,
    named: BTreeSet<ComponentId>,
    monitors: usize,
}

impl Components<'_> {
    fn read(
        &mut self,
        fields: &mut Fields<'_>,
        faults: &mut Faults,
        new_id: &mut dyn FnMut() -> ComponentId,
    ) -> Option<Component> {
        let given: Option<ComponentId> = fields.read(&COMPONENT_ID, faults);
        if let Some(id) = given {
            if !self.known.contains(&id) {
                faults.add(
                    fields.pointer(COMPONENT_ID.name),
                    "must be the id of a component of this page; leave it out for a new one",
                );
            } else if !self.named.insert(id) {
                faults.add(fields.pointer(COMPONENT_ID.name), "is named twice");
            }
        }
        let name = fields.read(&COMPONENT_NAME, faults);
        let description = fields.read(&COMPONENT_DESCRIPTION, faults);
        let group = fields.read(&GROUP, faults);
        let monitor_ids: Vec<MonitorId> = fields.read(&MONITOR_IDS, faults).unwrap_or_default();
        let mut seen = BTreeSet::new();
        for (place, monitor) in monitor_ids.iter().enumerate() {
            if !seen.insert(*monitor) {
                faults.add(format!("{}/{place}", fields.pointer(MONITOR_IDS.name)), "is named twice");
            }
        }
        self.monitors += monitor_ids.len();
        let show_uptime = fields.read(&SHOW_UPTIME, faults).unwrap_or_default();
        let show_response_time = fields.read(&SHOW_RESPONSE_TIME, faults).unwrap_or_default();
        let id = given.unwrap_or_else(new_id);
        Some(Component { id, name: name?, description, group, monitor_ids, show_uptime, show_response_time })
    }
}

impl StatusPageSpec {
    /// Whether only some may see the page.
    pub fn is_limited(&self) -> bool {
        self.visibility == Visibility::Password || !self.ip_allow.is_empty()
    }

    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "StatusPageCreate",
        patch_name: "StatusPagePatch",
        says: "Settings of a status page.",
        fields: &[
            SLUG,
            TITLE,
            DESCRIPTION,
            LANGUAGE,
            TIME_ZONE,
            THEME,
            VISIBILITY,
            PASSWORD,
            IP_ALLOW,
            NOINDEX,
            HISTORY_DAYS,
            COMPONENTS,
            AUTO_PUBLISH,
            SUBSCRIBERS,
            SHOW_POWERED_BY,
        ],
    };

    /// Reads a request's body, reporting every fault at once. Components may have the IDs in `known`; others get one of `new_id`.
    ///
    /// # Errors
    /// All faults, each with its pointer.
    pub fn read(
        body: &Value,
        known: &BTreeSet<ComponentId>,
        new_id: &mut dyn FnMut() -> ComponentId,
    ) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(body, "", &mut faults);
        let slug = fields.read(&SLUG, &mut faults);
        let title = fields.read(&TITLE, &mut faults);
        let description = fields.read(&DESCRIPTION, &mut faults);
        let language = fields.read(&LANGUAGE, &mut faults).unwrap_or_default();
        let time_zone = fields.read(&TIME_ZONE, &mut faults).unwrap_or_default();
        let theme = fields.object(&THEME, &mut faults, Theme::read).unwrap_or_default();
        let visibility = fields.read(&VISIBILITY, &mut faults).unwrap_or_default();
        fields.read::<String>(&PASSWORD, &mut faults);
        let ip_allow = fields.read(&IP_ALLOW, &mut faults).unwrap_or_default();
        let noindex = fields.read(&NOINDEX, &mut faults).unwrap_or_default();
        let history_days = fields.read(&HISTORY_DAYS, &mut faults).unwrap_or_default();
        let mut reading = Components { known, named: BTreeSet::new(), monitors: 0 };
        let components = fields
            .objects(&COMPONENTS, &mut faults, |fields, faults| reading.read(fields, faults, new_id))
            .unwrap_or_default();
        if reading.monitors > MONITORS_OF_PAGE_MAX {
            let detail = format!("must name at most {MONITORS_OF_PAGE_MAX} monitors in all components together");
            faults.add(fields.pointer(COMPONENTS.name), detail);
        }
        let auto_publish = fields.object(&AUTO_PUBLISH, &mut faults, AutoPublish::read).unwrap_or_default();
        let subscribers = fields.read(&SUBSCRIBERS, &mut faults).unwrap_or_default();
        let show_powered_by = fields.read(&SHOW_POWERED_BY, &mut faults).unwrap_or_default();
        fields.finish(&mut faults);
        let components = components.into_iter().flatten().collect();
        let page = move || {
            Some(Self {
                slug: slug?,
                title: title?,
                description,
                language,
                time_zone,
                theme,
                visibility,
                ip_allow,
                noindex,
                history_days,
                components,
                auto_publish,
                subscribers,
                show_powered_by,
            })
        };
        faults.finish(page())
    }

    /// These settings, changed by a JSON Merge Patch (RFC 7396).
    ///
    /// # Errors
    /// All faults of the result.
    pub fn patched(&self, patch: &Value, new_id: &mut dyn FnMut() -> ComponentId) -> Result<Self, Faults> {
        let mut merged = if patch.is_object() { serde_json::to_value(self).unwrap_or_default() } else { Value::Null };
        merge(&mut merged, patch);
        let known = self.components.iter().map(|component| component.id).collect();
        Self::read(&merged, &known, new_id)
    }

    /// Every monitor that a component names, each once.
    pub fn monitors(&self) -> BTreeSet<MonitorId> {
        self.components.iter().flat_map(|component| component.monitor_ids.iter().copied()).collect()
    }

    /// A fault for each monitor that is none of the account's.
    pub fn refused_monitors(&self, known: &BTreeSet<MonitorId>, shown_often: &BTreeSet<MonitorId>) -> Faults {
        let mut faults = Faults::default();
        for (place, component) in self.components.iter().enumerate() {
            for (within, monitor) in component.monitor_ids.iter().enumerate() {
                if !known.contains(monitor) {
                    faults.add(format!("/components/{place}/monitor_ids/{within}"), "must be the id of a monitor");
                } else if shown_often.contains(monitor) {
                    let pointer = format!("/components/{place}/monitor_ids/{within}");
                    faults.add(
                        pointer,
                        format!(
                            "must be the id of a monitor that at most {} other status pages show",
                            PAGES_OF_MONITOR_MAX - 1
                        ),
                    );
                }
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests;
