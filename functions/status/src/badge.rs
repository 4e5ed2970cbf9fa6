//! Badges: a state or an uptime as a small SVG, in the style of shields.io, and the JSON that shields.io draws itself.

use askama::Template;
use serde_json::json;
use valpero_domain::{
    Timestamp,
    pages::{ComponentStatus, Indicator, PageView},
};

use valpero_statuspage::texts;

use crate::asked::Badge;

#[derive(Template)]
#[template(path = "badge.svg", escape = "html")]
struct Svg<'a> {
    label: &'a str,
    message: &'a str,
    colour: &'a str,
    square: bool,
    label_width: u32,
    message_width: u32,
}

/// What a badge says.
struct Says {
    label: String,
    message: String,
    colour: &'static str,
}

/// The badge; none where the page has no such component.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn badge(view: &PageView, badge: &Badge, now: Timestamp) -> Option<Result<String, askama::Error>> {
    let says = says(view, badge, now)?;
    if badge.shields {
        let body = json!({
            "schemaVersion": 1,
            "label": says.label,
            "message": says.message,
            "color": says.colour,
            "cacheSeconds": 300,
        });
        return Some(Ok(body.to_string()));
    }
    let svg = Svg {
        label_width: width(&says.label),
        message_width: width(&says.message),
        label: &says.label,
        message: &says.message,
        colour: says.colour,
        square: badge.square,
    };
    Some(svg.render())
}

fn says(view: &PageView, badge: &Badge, now: Timestamp) -> Option<Says> {
    let texts = texts(view.spec.language);
    let shown = view.at(now);
    let component = shown.components.iter().find(|one| one.view.component.id.to_string() == badge.of);
    if component.is_none() && badge.of != "page" {
        return None;
    }
    let name = component.map_or(view.spec.title.as_str(), |one| one.view.component.name.as_str());
    let (message, colour) = match badge.days {
        Some(days) => {
            // Of a whole page: that of its worst component.
            let each = shown.components.iter().filter(|one| one.view.component.show_uptime);
            let uptime = match component {
                Some(one) => one.uptime(days).filter(|_| one.view.component.show_uptime),
                None => each.filter_map(|one| one.uptime(days)).min(),
            };
            match uptime {
                Some(uptime) => (texts.percent(uptime), colour_of_uptime(uptime)),
                None => (texts.no_data.to_owned(), GREY),
            }
        }
        None => match component {
            Some(one) => (texts.status(one.status).to_owned(), colour_of_status(one.status)),
            None => (texts.headline(shown.indicator).to_owned(), colour_of_page(shown.indicator)),
        },
    };
    let label = match (&badge.label, badge.days) {
        (Some(label), _) => label.clone(),
        (None, Some(days)) => format!("{name} {} {days}d", texts.uptime),
        (None, None) => name.to_owned(),
    };
    Some(Says { label, message, colour })
}

const GREEN: &str = "#1a7f4b";
const YELLOW: &str = "#9a6700";
const RED: &str = "#c2301e";
const BLUE: &str = "#2b5cb8";
const GREY: &str = "#6b7673";

fn colour_of_status(status: Option<ComponentStatus>) -> &'static str {
    match status {
        None => GREY,
        Some(ComponentStatus::Operational) => GREEN,
        Some(ComponentStatus::UnderMaintenance) => BLUE,
        Some(ComponentStatus::DegradedPerformance) => YELLOW,
        Some(ComponentStatus::PartialOutage | ComponentStatus::MajorOutage) => RED,
    }
}

fn colour_of_page(indicator: Indicator) -> &'static str {
    match indicator {
        Indicator::None => GREEN,
        Indicator::Maintenance => BLUE,
        Indicator::Minor => YELLOW,
        Indicator::Major | Indicator::Critical => RED,
    }
}

fn colour_of_uptime(hundredths: u32) -> &'static str {
    match hundredths {
        9_950.. => GREEN,
        9_700.. => YELLOW,
        _ => RED,
    }
}

/// Width of a text of Verdana at 11 px, about, with 10 px around it. The SVG stretches the text to it, so that it fits in any font.
fn width(text: &str) -> u32 {
    let tenths: u32 = text.chars().map(tenths).sum();
    tenths.div_ceil(10) + 10
}

const fn tenths(letter: char) -> u32 {
    match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | '\'' | '|' | '!' => 36,
        ' ' | 'f' | 't' | 'r' | '-' | '(' | ')' => 44,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 102,
        'A'..='Z' | '0'..='9' => 72,
        letter if (letter as u32) > 0x2e80 => 110,
        _ => 66,
    }
}
