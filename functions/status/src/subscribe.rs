//! Subscribing to a page: the form, and what a subscriber's own link leads to. Whoever asks learns nothing of other addresses, and nothing is
//! sent but what the delivery worker sends.

use std::collections::BTreeSet;

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{Method, StatusCode},
    response::Response,
};
use sha2::{Digest, Sha256};
use valpero_auth::{SubscriberClaim, derived};
use valpero_domain::{
    ComponentId, Timestamp,
    event::Due,
    mail_address::MailAddress,
    monitor::HttpUrl,
    pages::{Contact, Notice, PageView, SubscriberStatus, subscriber::tries_of},
};
use valpero_http::{Problem, RequestMeta};
use valpero_runtime::{App, queue::DeliveryMessage, telemetry::chain};
use valpero_statuspage::texts;
use valpero_storage::{Optional, StoreError, Subscriber};

use crate::{
    Status,
    answer::private,
    forms::{self, Given},
    frame::Place,
    kept::Page,
};

/// Subscriptions that one address may ask for on one page in 15 minutes.
const OF_CLIENT_MAX: u32 = 10;

/// Subscriptions that all may ask for on one page in 15 minutes.
const OF_PAGE_MAX: u32 = 500;

/// Mails, or requests, that ask one contact to confirm a subscription of one page in 15 minutes.
const OF_CONTACT_MAX: u32 = 2;

/// The same of all pages within a day.
const OF_CONTACT_A_DAY: u32 = 10;

const DAY_S: i64 = 86_400;

/// Bytes of a form, at most.
const FORM_MAX: usize = 64 * 1024;

/// A form as it was sent.
struct Sent(Vec<(String, String)>);

impl Sent {
    /// The form; one without fields where it is too long.
    async fn read(body: Body) -> Self {
        let bytes = to_bytes(body, FORM_MAX).await.unwrap_or_default();
        let pairs = url::form_urlencoded::parse(&bytes);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(named, _)| named == name).map_or("", |(_, value)| value.trim())
    }

    /// The components that were chosen; those that the page does not have count as not chosen.
    fn components(&self, view: &PageView) -> BTreeSet<ComponentId> {
        let named = self.0.iter().filter(|(name, _)| name == "component");
        let known = |id: &ComponentId| view.components.iter().any(|one| one.component.id == *id);
        named.filter_map(|(_, value)| value.parse().ok()).filter(known).collect()
    }
}

impl Status {
    /// The form, or what came of it.
    pub(crate) async fn subscribe(
        &self,
        page: &Page,
        view: &PageView,
        place: &Place,
        meta: &RequestMeta,
        request: Request,
    ) -> Result<Response, Problem> {
        let t = &texts(view.spec.language).subscribing;
        let sends_mail = self.app.settings.sends_mail;
        let form = |given: &Given<'_>, status| {
            let html = forms::subscribe(view, place, sends_mail, given).map_err(|error| Problem::internal(&error))?;
            Ok(private(status, html, &view.spec.theme))
        };
        if !view.spec.subscribers {
            return self.says(view, place, StatusCode::NOT_FOUND, t.closed);
        }
        match *request.method() {
            Method::GET | Method::HEAD => return form(&Given::default(), StatusCode::OK),
            Method::POST => {}
            _ => return Err(Problem::wrong_method()),
        }
        let sent = Sent::read(request.into_body()).await;
        let (email, url) = (sent.text("email"), sent.text("url"));
        let components = sent.components(view);
        let (contact, fault) = if url.is_empty() {
            let email = MailAddress::try_from(email.to_owned()).ok().filter(|_| sends_mail);
            (email.map(|email| Contact::Email { email }), t.not_an_address)
        } else {
            (HttpUrl::try_from(url.to_owned()).ok().map(|url| Contact::Webhook { url }), t.not_a_url)
        };
        let given = |fault| Given { email, url, components: &components, fault };
        let Some(contact) = contact else { return form(&given(fault), StatusCode::UNPROCESSABLE_ENTITY) };
        let now = self.app.now();
        let count =
            async |what: &str, most| self.app.store.count_try(&tries_of(page.public.page_id, what), now, most).await;
        if !count(&meta.client(), OF_CLIENT_MAX).await? || !count("", OF_PAGE_MAX).await? {
            return form(&given(t.later), StatusCode::TOO_MANY_REQUESTS);
        }
        let is_mail = matches!(contact, Contact::Email { .. });
        // Whether an address was asked for too often is nobody's business.
        let id = derived::subscriber_id(page.public.page_id, &contact).to_string();
        if count(&id, OF_CONTACT_MAX).await? && self.is_welcome(&contact, now).await? {
            ask_to_confirm(&self.app, page, contact, components, now).await?;
        }
        let html = forms::almost(view, place, if is_mail { t.check_mail } else { t.check_webhook });
        Ok(private(StatusCode::ACCEPTED, html.map_err(|error| Problem::internal(&error))?, &view.spec.theme))
    }

    /// Whether so few of all pages have asked this contact to confirm within a day that one more may.
    async fn is_welcome(&self, contact: &Contact, now: Timestamp) -> Result<bool, Problem> {
        let hash = hex::encode(Sha256::digest(contact.name()));
        let what = format!("subscribe anywhere {hash}");
        Ok(self.app.store.count_tries_in(&what, now, DAY_S, OF_CONTACT_A_DAY).await?)
    }

    /// The page of one subscription, and what its buttons do. A program confirms by a POST without a body.
    pub(crate) async fn subscription(
        &self,
        page: &Page,
        view: &PageView,
        place: &Place,
        token: &str,
        request: Request,
    ) -> Result<Response, Problem> {
        let t = &texts(view.spec.language).subscribing;
        let Some(seen) = self.subscriber_of(page, token).await? else {
            return self.says(view, place, StatusCode::NOT_FOUND, t.link_gone);
        };
        let (row, said) = match *request.method() {
            Method::GET | Method::HEAD => (seen, ""),
            Method::POST => {
                let sent = Sent::read(request.into_body()).await;
                let updated_at = self.app.now().max(seen.updated_at.plus_ms(1));
                let (row, said) = match (sent.text("do"), seen.status) {
                    ("unsubscribe", _) => return self.end(view, place, Some(&seen)).await,
                    ("save", SubscriberStatus::Active) => {
                        let components = sent.components(view);
                        (Subscriber { components, updated_at, ..seen.clone() }, t.saved)
                    }
                    (_, SubscriberStatus::Pending) => {
                        let status = SubscriberStatus::Active;
                        (Subscriber { status, confirmed_at: Some(updated_at), updated_at, ..seen.clone() }, t.confirmed)
                    }
                    _ => (seen.clone(), ""),
                };
                if row.updated_at != seen.updated_at {
                    self.app.store.update_subscriber(&seen, &row).await?;
                }
                (row, said)
            }
            _ => return Err(Problem::wrong_method()),
        };
        let html = forms::subscription(view, place, token, &row, said).map_err(|error| Problem::internal(&error))?;
        Ok(private(StatusCode::OK, html, &view.spec.theme))
    }

    /// Ends a subscription by one POST (RFC 8058); a GET asks first, for programs that look at mail follow links.
    pub(crate) async fn unsubscribe(
        &self,
        page: &Page,
        view: &PageView,
        place: &Place,
        token: &str,
        request: Request,
    ) -> Result<Response, Problem> {
        let found = self.subscriber_of(page, token).await?;
        match *request.method() {
            Method::GET | Method::HEAD => {}
            Method::POST => return self.end(view, place, found.as_ref()).await,
            _ => return Err(Problem::wrong_method()),
        }
        let t = &texts(view.spec.language).subscribing;
        if found.is_none() {
            return self.says(view, place, StatusCode::NOT_FOUND, t.link_gone);
        }
        let html = forms::unsubscribe(view, place, token).map_err(|error| Problem::internal(&error))?;
        Ok(private(StatusCode::OK, html, &view.spec.theme))
    }

    /// The subscriber whose token this is.
    async fn subscriber_of(&self, page: &Page, token: &str) -> Result<Option<Subscriber>, Problem> {
        let Some(claim) = SubscriberClaim::read(token) else { return Ok(None) };
        let (account, id) = (page.public.owner, page.public.page_id);
        let found = self.app.store.subscriber(account, id, claim.subscriber_id, self.app.now()).await.optional()?;
        Ok(found.filter(|row| claim.is_proved(id, &row.link_secret)))
    }

    async fn end(&self, view: &PageView, place: &Place, row: Option<&Subscriber>) -> Result<Response, Problem> {
        if let Some(row) = row {
            self.app.store.unsubscribe(row).await?;
        }
        self.says(view, place, StatusCode::OK, texts(view.spec.language).subscribing.unsubscribed)
    }

    fn says(&self, view: &PageView, place: &Place, status: StatusCode, text: &str) -> Result<Response, Problem> {
        let html = forms::said(view, place, text).map_err(|error| Problem::internal(&error))?;
        Ok(private(status, html, &view.spec.theme))
    }
}

/// Keeps a subscription that is to be confirmed, with the notice that asks for that. Who is subscribed already is told so; who is quarantined
/// is sent nothing.
async fn ask_to_confirm(
    app: &App,
    page: &Page,
    contact: Contact,
    components: BTreeSet<ComponentId>,
    now: Timestamp,
) -> Result<(), Problem> {
    let (account, page_id) = (page.public.owner, page.public.page_id);
    let new = Subscriber { components, ..Subscriber::new(account, page_id, contact, now) };
    let seen = app.store.subscriber(account, page_id, new.id, now).await.optional()?;
    let row = match &seen {
        None => new,
        Some(seen) => {
            let updated_at = now.max(seen.updated_at.plus_ms(1));
            match seen.status {
                SubscriberStatus::Quarantined => return Ok(()),
                SubscriberStatus::Active => Subscriber { updated_at, ..seen.clone() },
                // The link of the mail before stays good.
                SubscriberStatus::Pending => {
                    Subscriber { components: new.components, created_at: now, updated_at, ..seen.clone() }
                }
            }
        }
    };
    match app.store.subscribe(&row, seen.as_ref(), now).await {
        Ok(()) => {}
        // Another request asked for the same at the same moment.
        Err(StoreError::Conflict) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let due = Due::Notice(Notice::confirmation(page_id, row.id));
    if let Err(error) = app.queue.send(DeliveryMessage { account_id: account, due }, 0, now).await {
        tracing::warn!(%due, error = chain(&error), "the sweep will send what the queue did not take");
    }
    Ok(())
}
