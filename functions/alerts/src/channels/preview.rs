//! `POST /api/v1/channels/preview`.

use axum::{Json, extract::State};
use valpero_channels::{Context, Message, Outgoing, Request, render, sample};
use valpero_domain::{channel::ChannelSpec, event::Event, http_check::REDACTED};
use valpero_http::{Auth, JsonBody, Problem, need};
use valpero_runtime::App;
use valpero_views::{ChannelPreview, WebhookEvent};

use super::PreviewSettings;

/// Render a message without sending it. The body is the settings of a channel: `type` and those of the type, and the `event`. The monitor of
/// the event does not exist. Secrets are `***` in the answer. Type `email` is rendered also where the deployment sends no mail.
#[utoipa::path(
    post,
    path = "/api/v1/channels/preview",
    operation_id = "preview_channel",
    tag = "alerts",
    security(("key" = ["alerts:read"])),
    request_body = PreviewSettings,
    responses((status = 200, description = "The message as its receiver would get it", body = ChannelPreview))
)]
pub async fn preview(
    State(app): State<App>,
    _: Auth<need::AlertsRead>,
    JsonBody(body): JsonBody,
) -> Result<Json<ChannelPreview>, Problem> {
    let (settings, event) = ChannelSpec::read_preview(&body, &super::allowance(&app))?;
    valpero_channels::check(&settings).map_err(super::bad_template)?;
    let message = match event {
        Some(event) => message(&sample::event(event).map_err(|invalid| Problem::internal(&invalid))?)?,
        None => Message::test("Preview", app.now(), &Context::default()),
    };
    let outgoing = render(&settings, &message, None).map_err(super::bad_template)?;
    let hide = |text: &str| settings.hide_secrets(text);
    Ok(Json(match outgoing {
        Outgoing::Http(Request { method, url, headers, body, .. }) => ChannelPreview {
            method: Some(method.to_owned()),
            url: Some(hide(url.as_str())),
            headers: headers.iter().map(|(name, value)| (name.clone(), header(name, hide(value)))).collect(),
            body: hide(&String::from_utf8_lossy(&body)),
            html: None,
        },
        Outgoing::Mail(mail) => {
            let subject = ("Subject".to_owned(), mail.subject);
            let more = mail.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
            let headers = more.chain([subject, ("To".to_owned(), mail.to.join(", "))]).collect();
            ChannelPreview { method: None, url: None, headers, body: mail.text, html: Some(mail.html) }
        }
        Outgoing::Nothing { why } => {
            ChannelPreview { method: None, url: None, headers: [].into(), body: why.to_owned(), html: None }
        }
    }))
}

/// A link as real messages have one; it leads nowhere.
const EXAMPLE_LINK: &str = "https://valpero.example.com/acknowledge/EXAMPLE";

/// A header's value. Credentials in Base64 show none of the secrets that they are made of, and so are hidden as a whole.
fn header(name: &str, value: String) -> String {
    match value.split_once(' ') {
        Some((scheme, _)) if name.eq_ignore_ascii_case("authorization") => format!("{scheme} {REDACTED}"),
        _ => value,
    }
}

/// The message that tells of an event, and whose webhook has the body of a monitor's.
fn message(event: &Event) -> Result<Message, Problem> {
    let body = serde_json::to_value(WebhookEvent::of(event)).map_err(|error| Problem::internal(&error))?;
    Ok(Message::of(event, &Context { body, acknowledge_url: Some(EXAMPLE_LINK.to_owned()), ..Context::default() }))
}
