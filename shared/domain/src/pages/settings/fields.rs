//! The fields of status pages' settings.

use super::{AutoPublish, COMPONENTS_MAX, Component, MONITORS_MAX, Theme};
use crate::{
    ComponentId, Field, Items, Kind, Literal, MonitorId,
    pages::values::{Colour, Network, PageLanguage, Slug, Visibility},
    text_spec::{self, Text},
    time_zone,
};

const LINES: Text = Text { max: Some(500), lines: true, ..Text::PLAIN };

const HTTPS_URL: Text = Text {
    name: "HttpsUrl",
    pattern: "^[hH][tT][tT][pP][sS]:",
    example: "https://example.com/logo.svg",
    says: "Absolute https URL, without credentials and fragment.",
    min: 9,
    ..text_spec::URL
};

const PAGE_PASSWORD: Text = Text { min: 8, max: Some(200), secret: true, ..Text::PLAIN };

/// The name in URLs.
pub const SLUG: Field =
    Field::text("slug", &Slug::TEXT).required().says("Name of the page in its URL, unique in the deployment.");
/// Display name.
pub const TITLE: Field =
    Field::text("title", &text_spec::NAME).required().says("Display name, usually that of the company or product.");
/// Description.
pub const DESCRIPTION: Field = Field::text("description", &LINES).says("Description, shown below the title.");
/// The language.
pub const LANGUAGE: Field = Field::text("language", &PageLanguage::TEXT)
    .says("Language of the page and of mail to its subscribers.")
    .default(Literal::Str("en"));
/// The time zone.
pub const TIME_ZONE: Field = Field::text("time_zone", &time_zone::TEXT)
    .says("Time zone of the page's days. Times are shown in that of the reader where the browser tells it.")
    .default(Literal::Str("UTC"));
/// How the page looks.
pub const THEME: Field = Field::object("theme", &Theme::OBJECT).says("How the page looks.");
/// Who may see it.
pub const VISIBILITY: Field =
    Field::text("visibility", &Visibility::TEXT).says("Who may see the page.").default(Literal::Str("public"));
/// The password.
pub const PASSWORD: Field = Field::text("password", &PAGE_PASSWORD)
    .depends()
    .says("Password of the page, 8 to 200 characters. Required while `visibility` is `password`. It is stored as a hash and never answered.");
/// Networks that may see it.
pub const IP_ALLOW: Field = Field::list("ip_allow", "network", Items::Texts(&Network::TEXT), 0, Some(50))
    .says("Addresses and networks from which the page can be seen. Empty: from everywhere.")
    .on_patch("Replaces the list.")
    .default(Literal::Strs(&[]));
/// Whether search engines leave it out.
pub const NOINDEX: Field = Field::boolean("noindex")
    .says("Whether search engines are asked to leave the page out.")
    .default(Literal::Bool(false));
/// Days of history.
pub const HISTORY_DAYS: Field =
    Field::of("history_days", Kind::Integer { min: 30, max: 90, step: 30, bits: 32, unit: "days" })
        .says("Days that the page shows of each component.")
        .default(Literal::Int(90));
/// The components.
pub const COMPONENTS: Field = Field::list("components", "component", Items::Objects(&Component::OBJECT), 0, Some(COMPONENTS_MAX))
    .says("Components, in the order in which they are shown; at most 200 monitors in all of them together. In a PATCH, a component keeps its `id`, and one without `id` is new.")
    .on_patch("Replaces the list.");
/// Automatic posts.
pub const AUTO_PUBLISH: Field =
    Field::object("auto_publish", &AutoPublish::OBJECT).says("Automatic posts about incidents of the page's monitors.");
/// Whether people can subscribe.
pub const SUBSCRIBERS: Field =
    Field::boolean("subscribers").says("Whether people can subscribe to the page.").default(Literal::Bool(true));
/// Whether it names Valpero.
pub const SHOW_POWERED_BY: Field =
    Field::boolean("show_powered_by").says("Whether the page says that Valpero makes it.").default(Literal::Bool(true));

/// Its colour.
pub const ACCENT: Field = Field::text("accent", &Colour::TEXT).says("Colour of the page's head.");
/// Its logo.
pub const LOGO_URL: Field =
    Field::text("logo_url", &HTTPS_URL).says("URL of the logo: an image that readers' browsers load; https.");

/// Whether incidents are published.
pub const AUTO_INCIDENTS: Field = Field::boolean("incidents")
    .says("Whether a post is made for each incident. The incident's end resolves the post.")
    .default(Literal::Bool(false));
/// Minutes before an automatic post.
pub const AFTER_MINUTES: Field = Field::integer("after_minutes", 0, 1_440)
    .says("Minutes that an incident must last before its post is made.")
    .default(Literal::Int(5));

/// A component's ID.
pub const COMPONENT_ID: Field = Field::text("id", &ComponentId::TEXT).says("Unique ID. Absent: a new component.");
/// A component's name.
pub const COMPONENT_NAME: Field = Field::text("name", &text_spec::NAME).required().says("Display name.");
/// A component's description.
pub const COMPONENT_DESCRIPTION: Field = Field::text("description", &LINES).says("Description of the component.");
/// A component's group.
pub const GROUP: Field = Field::text("group", &text_spec::NAME)
    .says("Group that the component is shown in. Components of one group should follow each other.");
/// A component's monitors.
pub const MONITOR_IDS: Field =
    Field::list("monitor_ids", "monitor", Items::Texts(&MonitorId::TEXT), 0, Some(MONITORS_MAX))
        .says("Monitors whose worst status is that of the component. A monitor can be on 25 pages. Empty: the status is set by hand.")
        .default(Literal::Strs(&[]));
/// Whether its days are shown.
pub const SHOW_UPTIME: Field = Field::boolean("show_uptime")
    .says("Whether the component's days and uptime are shown.")
    .default(Literal::Bool(true));
/// Whether its response times are shown.
pub const SHOW_RESPONSE_TIME: Field = Field::boolean("show_response_time")
    .says("Whether the component's response times of the last 24 hours are shown.")
    .default(Literal::Bool(false));
