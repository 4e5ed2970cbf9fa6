//! Amazon SES, as far as the functions ask it: takes mail and keeps it as `.eml` files, and refuses what SES refuses.

use std::sync::Arc;

use axum::{
    Json,
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::json;
use valpero_domain::{Timestamp, mail_address::MailAddress};
use valpero_mail::Folder;
use valpero_runtime::telemetry::chain;

/// Where `SendEmail` is.
pub(crate) const PATH: &str = "/v2/email/outbound-emails";

/// Recipients of one mail, at most.
const RECIPIENTS_MAX: usize = 50;

/// The emulated SES.
#[derive(Debug, Clone)]
pub(crate) struct Ses {
    folder: Arc<Folder>,
    /// The only sender that counts as verified.
    from: MailAddress,
}

/// A request that SES refuses, in the form of AWS's REST protocol.
struct Refusal(StatusCode, &'static str, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        let mut response = (status, Json(json!({"message": message}))).into_response();
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(code));
        response
    }
}

fn bad(message: impl Into<String>) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, "BadRequestException", message.into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: String,
    destination: Destination,
    content: Content,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    raw: Raw,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    data: String,
}

impl Ses {
    pub(crate) fn new(folder: Arc<Folder>, from: MailAddress) -> Self {
        Self { folder, from }
    }

    pub(crate) async fn send_email(&self, body: &[u8], now: Timestamp) -> Response {
        self.keep(body, now).await.unwrap_or_else(IntoResponse::into_response)
    }

    async fn keep(&self, body: &[u8], now: Timestamp) -> Result<Response, Refusal> {
        let mail: SendEmail = serde_json::from_slice(body).map_err(|error| bad(chain(&error)))?;
        let SendEmail { from_email_address: from, destination: to, content } = mail;
        if from != self.from.as_str() {
            let message = format!("Email address is not verified. The following identities failed the check: {from}");
            return Err(Refusal(StatusCode::BAD_REQUEST, "MessageRejected", message));
        }
        let recipients = to.to_addresses.len() + to.cc_addresses.len() + to.bcc_addresses.len();
        if !(1..=RECIPIENTS_MAX).contains(&recipients) {
            return Err(bad(format!("Recipient count {recipients} is not within 1 and {RECIPIENTS_MAX}.")));
        }
        let bytes = STANDARD.decode(content.raw.data).map_err(|error| bad(chain(&error)))?;
        let id = hex::encode(valpero_auth::random_bytes::<16>());
        self.folder.keep(&id, bytes, now).await.map_err(|error| {
            Refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceErrorException", chain(&error))
        })?;
        Ok(Json(json!({"MessageId": id})).into_response())
    }
}
