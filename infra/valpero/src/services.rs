//! What the functions ask of AWS, served at one address for functions that run elsewhere: DynamoDB by the embedded store, SQS and
//! EventBridge by the queue and the bus of this process, SES by files.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header, uri},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use serde_json::{Value, json};
use valpero_domain::RegionCode;
use valpero_runtime::{
    Clock,
    event_bus::{self, InProcessBus},
    queue::InProcessQueue,
    telemetry::chain,
};

use crate::ses::{self, Ses};

/// A message's or an event's length at the most, as SQS and EventBridge have it.
const BODY_MAX: usize = 1024 * 1024;

/// The services of one process. Without `Debug`, for the access key is a secret.
#[derive(Clone)]
pub(crate) struct Services {
    /// Where the embedded store listens.
    store: SocketAddr,
    queue: Arc<InProcessQueue>,
    bus: Arc<InProcessBus>,
    ses: Ses,
    clock: Clock,
    /// The access key that a request must be signed with. Nobody checks the signature: to know the key is to be let in.
    access_key: Arc<str>,
    client: Client<HttpConnector, Body>,
}

/// A request that is not served, in the form of AWS's JSON protocols.
struct Refusal(StatusCode, &'static str, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        (status, Json(json!({"__type": code, "message": message}))).into_response()
    }
}

fn bad_request(error: impl std::error::Error) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, "SerializationException", chain(&error))
}

fn full(error: impl std::error::Error) -> Refusal {
    Refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", chain(&error))
}

impl Services {
    pub(crate) fn new(
        store: SocketAddr,
        queue: Arc<InProcessQueue>,
        bus: Arc<InProcessBus>,
        ses: Ses,
        clock: Clock,
        access_key: &str,
    ) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { store, queue, bus, ses, clock, access_key: access_key.into(), client }
    }

    /// Serves them.
    pub(crate) fn router(self) -> Router {
        Router::new().fallback(serve).with_state(self)
    }

    /// Hands a request to the embedded store as it is.
    async fn pass_on(&self, mut request: Request) -> Result<Response, Refusal> {
        let authority = self.store.to_string();
        let to = Uri::builder().scheme(uri::Scheme::HTTP).authority(authority).path_and_query("/").build();
        *request.uri_mut() = to.map_err(bad_request)?;
        request.headers_mut().remove(header::HOST);
        Ok(self.client.request(request).await.map_err(full)?.into_response())
    }

    fn send_message(&self, body: &[u8]) -> Result<Value, Refusal> {
        let message: SendMessage = serde_json::from_slice(body).map_err(bad_request)?;
        let visible_at = self.clock.now().plus_seconds(message.delay_seconds);
        self.queue.send(message.message_body, visible_at).map_err(full)?;
        Ok(json!({"MessageId": "taken"}))
    }

    fn put_events(&self, body: &[u8], region: &str) -> Result<Value, Refusal> {
        let events: PutEvents = serde_json::from_slice(body).map_err(bad_request)?;
        let code = RegionCode::in_aws_region(region).ok_or_else(|| {
            Refusal(StatusCode::BAD_REQUEST, "ResourceNotFoundException", format!("there is no bus in {region}"))
        })?;
        let now = self.clock.now();
        let mut answers = Vec::new();
        for event in &events.entries {
            let detail: Value = serde_json::from_str(&event.detail).map_err(bad_request)?;
            let known = event_bus::Event::parse(&event.detail_type, &detail).map_err(bad_request)?;
            // As on AWS, an event that no rule looks for is taken, and nothing comes of it.
            if let Some(event) = known {
                self.bus.publish(code, &event, now).map_err(full)?;
            }
            answers.push(json!({"EventId": "taken"}));
        }
        Ok(json!({"FailedEntryCount": 0, "Entries": answers}))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage {
    message_body: String,
    #[serde(default)]
    delay_seconds: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    detail_type: String,
    detail: String,
}

async fn serve(State(services): State<Services>, request: Request) -> Result<Response, Refusal> {
    let (access_key, region) = signer(request.headers()).unwrap_or_default();
    if access_key != &*services.access_key {
        let message = "sign with the access key that `valpero up --services-only` shows".to_owned();
        return Err(Refusal(StatusCode::FORBIDDEN, "UnrecognizedClientException", message));
    }
    let region = region.to_owned();
    let is_mail = request.method() == Method::POST && request.uri().path() == ses::PATH;
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = target.to_owned();
    if target.starts_with("DynamoDB_") {
        return services.pass_on(request).await;
    }
    let body = Limited::new(request.into_body(), BODY_MAX).collect().await;
    let body = body.map_err(|error| Refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLarge", error.to_string()))?;
    let body = body.to_bytes();
    if is_mail {
        return Ok(services.ses.send_email(&body, services.clock.now()).await);
    }
    let answer = match target.as_str() {
        "AmazonSQS.SendMessage" => services.send_message(&body)?,
        "AWSEvents.PutEvents" => services.put_events(&body, &region)?,
        _ => {
            let message = format!("{target:?} is not served here");
            return Err(Refusal(StatusCode::BAD_REQUEST, "UnknownOperationException", message));
        }
    };
    Ok(Json(answer).into_response())
}

/// The access key and the region that a request was signed with: `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/…`.
fn signer(headers: &HeaderMap) -> Option<(&str, &str)> {
    let (_, scope) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once("Credential=")?;
    let mut parts = scope.split('/');
    Some((parts.next()?, parts.nth(1)?))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use tower::ServiceExt;
    use valpero_domain::mail_address::MailAddress;
    use valpero_mail::Folder;

    use super::*;
    use crate::data::tests::Scratch;

    #[test]
    fn the_signer_is_read_from_the_scope() {
        let mut headers = HeaderMap::new();
        assert_eq!(signer(&headers), None);
        headers.insert(header::AUTHORIZATION, signature("AKID", "eu-north-1").parse().expect("a value"));
        assert_eq!(signer(&headers), Some(("AKID", "eu-north-1")));
    }

    fn signature(key: &str, region: &str) -> String {
        let scope = format!("{key}/20261123/{region}/sqs/aws4_request");
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")
    }

    /// Services whose access key is `ours`, and whose store does not answer.
    fn services(scratch: &Scratch) -> Services {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        let from = MailAddress::try_from("ops@example.com".to_owned()).expect("an address");
        let folder = Folder::new(scratch.path(), &from).expect("a folder");
        let ses = Ses::new(Arc::new(folder), from);
        Services::new(nowhere, Arc::default(), Arc::default(), ses, Clock::system(), "ours")
    }

    async fn ask(services: &Services, signed: &str, target: &str, body: &Value) -> (u16, Value) {
        let request = Request::post("/").header(header::AUTHORIZATION, signed).header("x-amz-target", target);
        let request = request.body(Body::from(body.to_string())).expect("a request");
        let answer = services.clone().router().oneshot(request).await.expect("infallible");
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, serde_json::from_slice(&bytes).expect("JSON"))
    }

    #[tokio::test]
    async fn strangers_are_served_nothing() {
        let scratch = Scratch::new();
        let services = services(&scratch);
        let message = json!({"QueueUrl": "any", "MessageBody": "x"});
        for signed in ["", "Bearer ours", &signature("theirs", "eu-north-1"), &signature("", "eu-north-1")] {
            for target in ["AmazonSQS.SendMessage", "AWSEvents.PutEvents", "DynamoDB_20120810.Scan", ""] {
                let (status, refused) = ask(&services, signed, target, &message).await;
                assert_eq!(
                    (status, &refused["__type"]),
                    (403, &json!("UnrecognizedClientException")),
                    "{signed} {target}"
                );
            }
        }
        assert_eq!(services.queue.waiting(), 0);
    }

    #[tokio::test]
    async fn messages_and_events_reach_the_queue_and_the_bus() {
        let scratch = Scratch::new();
        let (services, here) = (services(&scratch), signature("ours", "eu-central-1"));
        let message = json!({"QueueUrl": "any", "MessageBody": "x", "DelaySeconds": 5});
        assert_eq!(ask(&services, &here, "AmazonSQS.SendMessage", &message).await.0, 200);
        assert_eq!(services.queue.waiting(), 1);
        let id = |prefix: &str| format!("{prefix}_{}", "0".repeat(26));
        let detail = json!({"check_id": id("chk"), "account_id": id("acc"), "monitor_id": id("mon")});
        let events = json!({"Entries": [{"Detail": detail.to_string(), "DetailType": "CheckRequested"}]});
        let (status, answer) = ask(&services, &here, "AWSEvents.PutEvents", &events).await;
        assert_eq!((status, &answer["FailedEntryCount"]), (200, &json!(0)));
        assert_eq!(
            services.bus.take().map(|(region, event)| (region.as_str(), event["detail"].clone())),
            Some(("fra", detail))
        );
    }

    #[tokio::test]
    async fn mail_is_kept_and_what_ses_refuses_is_refused() {
        let scratch = Scratch::new();
        let (services, here) = (services(&scratch), signature("ours", "eu-central-1"));
        let mail = |from: &str, to: usize, data: &str| {
            json!({
                "FromEmailAddress": from,
                "Destination": {"ToAddresses": vec!["a@example.com"; to]},
                "Content": {"Raw": {"Data": data}},
            })
        };
        let send = async |signed: &str, body: &Value| {
            let request = Request::post(ses::PATH).header(header::AUTHORIZATION, signed);
            let request = request.body(Body::from(body.to_string())).expect("a request");
            let answer = services.clone().router().oneshot(request).await.expect("infallible");
            let code = answer.headers().get("x-amzn-errortype").map(|code| code.to_str().expect("text").to_owned());
            (answer.status().as_u16(), code.unwrap_or_default())
        };
        let raw = STANDARD.encode("Subject: x\r\n\r\ny");
        for (from, to, data, status, code) in [
            ("ops@example.com", 1, raw.as_str(), 200, ""),
            ("ops@example.com", 50, &raw, 200, ""),
            ("other@example.com", 1, &raw, 400, "MessageRejected"),
            ("ops@example.com", 51, &raw, 400, "BadRequestException"),
            ("ops@example.com", 0, &raw, 400, "BadRequestException"),
            ("ops@example.com", 1, "%", 400, "BadRequestException"),
        ] {
            assert_eq!(send(&here, &mail(from, to, data)).await, (status, code.to_owned()), "{from} {to} {data}");
        }
        assert_eq!(send(&signature("theirs", "x"), &mail("ops@example.com", 1, &raw)).await.0, 403);
        let files = std::fs::read_dir(scratch.path()).expect("a folder").map(|file| file.expect("a file").path());
        let kept: Vec<String> = files.map(|path| std::fs::read_to_string(path).expect("text")).collect();
        assert_eq!(kept, ["Subject: x\r\n\r\ny"; 2]);
    }

    #[tokio::test]
    async fn what_cannot_be_served_is_refused_in_words() {
        let scratch = Scratch::new();
        let (services, ours) = (services(&scratch), signature("ours", "mars-north-1"));
        let events = json!({"Entries": [{"Detail": "{}", "DetailType": "CheckRequested"}]});
        for (target, body, status, code) in [
            ("AmazonSQS.DeleteQueue", json!({}), 400, "UnknownOperationException"),
            ("AmazonSQS.SendMessage", json!({}), 400, "SerializationException"),
            ("AmazonSQS.SendMessage", json!({"MessageBody": "x".repeat(BODY_MAX)}), 413, "RequestTooLarge"),
            ("AWSEvents.PutEvents", events, 400, "ResourceNotFoundException"),
            ("DynamoDB_20120810.GetItem", json!({}), 503, "ServiceUnavailable"),
        ] {
            let (seen, refused) = ask(&services, &ours, target, &body).await;
            assert_eq!((seen, &refused["__type"]), (status, &json!(code)), "{target}");
        }
    }
}
