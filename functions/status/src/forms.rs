//! Forms of subscribers as HTML.

use std::collections::BTreeSet;

use askama::Template;
use valpero_domain::{
    ComponentId,
    pages::{Contact, PageView, SubscriberStatus},
};
use valpero_statuspage::{Texts, texts, texts::Subscribing};
use valpero_storage::Subscriber;

use crate::frame::{Frame, Place};

/// What was given in the form, and what is wrong with it.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The address.
    pub email: &'a str,
    /// The URL.
    pub url: &'a str,
    /// The chosen components.
    pub components: &'a BTreeSet<ComponentId>,
    /// The fault. Empty if there is none.
    pub fault: &'static str,
}

impl Default for Given<'_> {
    fn default() -> Self {
        static NONE: BTreeSet<ComponentId> = BTreeSet::new();
        Self { email: "", url: "", components: &NONE, fault: "" }
    }
}

/// A component that can be chosen.
struct Choice {
    id: String,
    name: String,
    chosen: bool,
}

/// A page of one component has nothing to choose.
fn choices(view: &PageView, chosen: &BTreeSet<ComponentId>) -> Vec<Choice> {
    let choice = |one: &valpero_domain::pages::ComponentView| Choice {
        id: one.component.id.to_string(),
        name: one.component.name.to_string(),
        chosen: chosen.contains(&one.component.id),
    };
    if view.components.len() < 2 { Vec::new() } else { view.components.iter().map(choice).collect() }
}

fn frame<'a>(view: &'a PageView, place: &'a Place, title: &str) -> Frame<'a> {
    Frame::of(view, place, format!("{title} · {}", view.spec.title), None).alone()
}

#[derive(Template)]
#[template(path = "subscribe.html")]
struct Subscribe<'a> {
    frame: Frame<'a>,
    t: &'static Texts,
    s: &'static Subscribing,
    by_mail: bool,
    email: &'a str,
    url: &'a str,
    choices: Vec<Choice>,
    fault: &'static str,
}

/// The form that asks for a subscription.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn subscribe(view: &PageView, place: &Place, by_mail: bool, given: &Given<'_>) -> Result<String, askama::Error> {
    let t = texts(view.spec.language);
    let Given { email, url, components, fault } = *given;
    let frame = frame(view, place, t.subscribing.subscribe);
    Subscribe { frame, t, s: &t.subscribing, by_mail, email, url, choices: choices(view, components), fault }.render()
}

#[derive(Template)]
#[template(path = "subscription.html")]
struct Subscription<'a> {
    frame: Frame<'a>,
    t: &'static Texts,
    s: &'static Subscribing,
    action: String,
    contact: String,
    is_pending: bool,
    is_quarantined: bool,
    secret: Option<String>,
    choices: Vec<Choice>,
    said: &'a str,
}

/// The page of one subscription.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn subscription(
    view: &PageView,
    place: &Place,
    token: &str,
    row: &Subscriber,
    said: &str,
) -> Result<String, askama::Error> {
    let t = texts(view.spec.language);
    let is_pending = row.status == SubscriberStatus::Pending;
    let s = &t.subscribing;
    let template = Subscription {
        frame: frame(view, place, if is_pending { s.confirm_title } else { s.yours }),
        t,
        s,
        action: format!("{}/subscription/{token}", place.base),
        contact: match &row.contact {
            Contact::Email { email } => email.as_given().to_owned(),
            Contact::Webhook { url } => url.to_string(),
        },
        is_pending,
        is_quarantined: row.status == SubscriberStatus::Quarantined,
        // Who knows the link alone knows it, as with the secret of a webhook that was just made.
        secret: row.webhook_secret.as_ref().filter(|_| !is_pending).map(|secret| secret.reveal().to_owned()),
        choices: choices(view, &row.components),
        said,
    };
    template.render()
}

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct Unsubscribe<'a> {
    frame: Frame<'a>,
    s: &'static Subscribing,
    action: String,
}

/// The page that asks before a subscription ends.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn unsubscribe(view: &PageView, place: &Place, token: &str) -> Result<String, askama::Error> {
    let s = &texts(view.spec.language).subscribing;
    let action = format!("{}/unsubscribe/{token}", place.base);
    Unsubscribe { frame: frame(view, place, s.unsubscribe), s, action }.render()
}

#[derive(Template)]
#[template(path = "said.html")]
struct Said<'a> {
    frame: Frame<'a>,
    heading: &'a str,
    text: &'a str,
}

/// That nothing more is to be done here.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn said(view: &PageView, place: &Place, text: &str) -> Result<String, askama::Error> {
    Said { frame: frame(view, place, texts(view.spec.language).subscribing.yours), heading: "", text }.render()
}

/// That a link is on its way.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn almost(view: &PageView, place: &Place, text: &str) -> Result<String, askama::Error> {
    let heading = texts(view.spec.language).subscribing.almost;
    Said { frame: frame(view, place, heading), heading, text }.render()
}
