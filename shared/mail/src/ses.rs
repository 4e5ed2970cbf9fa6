//! Mail by Amazon SES, API version 2.

use std::{fmt, time::Duration};

use aws_sdk_sesv2::{
    Client,
    config::{retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation::send_email::SendEmailError,
    primitives::Blob,
    types::{Destination, EmailContent, MessageTag, RawMessage},
};
use lettre::Address;
use valpero_channels::Mail;
use valpero_domain::{Timestamp, mail_address::MailAddress};
use valpero_runtime::{SdkConfig, config::MailConfig, telemetry::chain};

use crate::{
    Fate, MailerError, Posted, Tags,
    mime::{self, Letter},
};

/// How long SES may take.
const TIMEOUT: Duration = Duration::from_secs(12);

/// SES in one region.
pub struct Ses {
    client: Client,
    from: Address,
    configuration_set: Option<String>,
}

impl fmt::Debug for Ses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ses")
            .field("from", &self.from)
            .field("configuration_set", &self.configuration_set)
            .finish_non_exhaustive()
    }
}

impl Ses {
    pub(crate) fn new(sdk: &SdkConfig, config: &MailConfig) -> Result<Self, MailerError> {
        let MailConfig { from, configuration_set } = config;
        // A mail that SES took, and whose answer was lost, would be sent twice. Whoever sends says when to try again.
        let times = TimeoutConfig::builder().operation_attempt_timeout(TIMEOUT).operation_timeout(TIMEOUT).build();
        let builder =
            aws_sdk_sesv2::config::Builder::from(sdk).retry_config(RetryConfig::disabled()).timeout_config(times);
        Self::by(Client::from_conf(builder.build()), from, configuration_set.clone())
    }

    fn by(client: Client, from: &MailAddress, configuration_set: Option<String>) -> Result<Self, MailerError> {
        let from = mime::sender(from).map_err(|error| MailerError::From(from.to_string(), error))?;
        Ok(Self { client, from, configuration_set })
    }

    pub(crate) fn domain(&self) -> &str {
        self.from.domain()
    }

    pub(crate) async fn send(&self, mail: &Mail, tags: Tags, now: Timestamp) -> Posted {
        let letter = match mime::write(&self.from, mail, now) {
            Ok(letter) => letter,
            Err(error) => return Posted::of(Fate::Undeliverable { why: chain(&error) }),
        };
        let Letter { from, to, id, bytes } = letter;
        let (Ok(raw), Ok(tags)) = (
            RawMessage::builder().data(Blob::new(bytes)).build(),
            tags.named()
                .into_iter()
                .map(|(name, value)| MessageTag::builder().name(name).value(value).build())
                .collect::<Result<Vec<_>, _>>(),
        ) else {
            return Posted::of(Fate::OurFault { why: "the request to SES is not complete".to_owned() });
        };
        let to = to.iter().map(ToString::to_string).collect();
        let request = self
            .client
            .send_email()
            .from_email_address(from.to_string())
            .destination(Destination::builder().set_to_addresses(Some(to)).build())
            .content(EmailContent::builder().raw(raw).build())
            .set_configuration_set_name(self.configuration_set.clone())
            .set_email_tags(Some(tags));
        match request.send().await {
            Ok(answer) => {
                // SES puts its own id into the message, in the place of ours.
                Posted::of(Fate::Delivered { id: answer.message_id.unwrap_or(id) })
            }
            Err(error) => judge(&error),
        }
    }
}

fn judge(error: &SdkError<SendEmailError>) -> Posted {
    let Some(refusal) = error.as_service_error() else {
        // The network, or a response that makes no sense; but a request that could not even be made is ours.
        let why = chain(error);
        return Posted::of(match error {
            SdkError::ConstructionFailure(_) => Fate::OurFault { why },
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Fate::Unknown { why },
            // But for those that never came to be, a connection may break when SES has the mail.
            SdkError::DispatchFailure(_) if !why.contains("onnect") => Fate::Unknown { why },
            _ => Fate::Retry { why },
        });
    };
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let (code, words) = (refusal.code().unwrap_or_default(), refusal.message().unwrap_or_default());
    let why = format!("{code}: {words}");
    Posted::with_words(fate(status, code, why.clone()), why)
}

fn fate(status: u16, code: &str, why: String) -> Fate {
    match code {
        // The sender, or while the account is in SES's sandbox the recipient, was not verified.
        "MessageRejected" if why.contains("not verified") => Fate::OurFault { why },
        "MessageRejected" | "BadRequestException" => Fate::Undeliverable { why },
        "TooManyRequestsException" | "LimitExceededException" => Fate::Retry { why },
        _ if code.contains("Throttl") || status >= 500 => Fate::Retry { why },
        // A configuration set that is gone, a right that is missing, an account that is paused.
        _ => Fate::OurFault { why },
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sesv2::config::{BehaviorVersion, Config, Credentials, Region, retry::RetryConfig};
    use serde_json::{Value, json};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };
    use valpero_domain::{AccountId, ChannelId};

    use super::*;
    use crate::mime::tests::mail;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_020);

    fn from() -> MailAddress {
        MailAddress::try_from("valpero@example.com".to_owned()).expect("an address")
    }

    fn tags() -> Tags {
        let account = format!("acc_{}", "0".repeat(26)).parse::<AccountId>().expect("an id");
        let channel = format!("chn_{}", "0".repeat(26)).parse::<ChannelId>().expect("an id");
        Tags::of_channel(account, channel)
    }

    /// Sends one mail to a server that gives this answer; answers what came of it, and the request's first line and body.
    async fn send(answer: &'static str) -> (Posted, String, Value) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = Vec::new();
            loop {
                let mut buffer = [0; 4096];
                let count = stream.read(&mut buffer).await.expect("a request");
                request.extend_from_slice(&buffer[..count]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head
                    .lines()
                    .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
                if body.len() >= length.unwrap_or(usize::MAX) {
                    stream.write_all(answer.as_bytes()).await.expect("an answer");
                    let first = head.lines().next().unwrap_or_default().to_owned();
                    return (first, serde_json::from_str(body).expect("JSON"));
                }
            }
        });
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-north-1"))
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(url);
        let ses = Ses::by(Client::from_conf(config.build()), &from(), Some("valpero".to_owned())).expect("SES");
        let posted = ses.send(&mail(), tags(), NOW).await;
        let (first, body) = server.await.expect("a server");
        (posted, first, body)
    }

    #[tokio::test]
    async fn a_mail_is_sent_as_it_is_with_its_owner_as_tags() {
        let answer =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{\"MessageId\":\"0100\"}";
        let (posted, first, body) = send(answer).await;
        assert_eq!(posted.fate, Fate::Delivered { id: "0100".to_owned() });
        assert_eq!(first, "POST /v2/email/outbound-emails HTTP/1.1");
        let letter = mime::write(&mime::sender(&from()).expect("a sender"), &mail(), NOW).expect("a letter");
        let expected = json!({
            "FromEmailAddress": "valpero@example.com",
            "Destination": {"ToAddresses": ["ops@example.com"]},
            "Content": {"Raw": {"Data": base64(&letter.bytes)}},
            "ConfigurationSetName": "valpero",
            "EmailTags": [
                {"Name": "account_id", "Value": tags().account.to_string()},
                {"Name": "channel_id", "Value": tags().channel.map(|id| id.to_string())},
            ],
        });
        assert_eq!(body, expected);
    }

    fn base64(bytes: &[u8]) -> String {
        use base64::{Engine, engine::general_purpose::STANDARD};
        STANDARD.encode(bytes)
    }

    #[tokio::test]
    async fn a_refusal_is_understood_and_repeated() {
        let answer = "HTTP/1.1 400 Bad Request\r\nx-amzn-errortype: MessageRejected\r\ncontent-type: application/json\r\ncontent-length: 29\r\n\r\n{\"message\":\"Virus detected.\"}";
        let (posted, ..) = send(answer).await;
        let why = "MessageRejected: Virus detected.".to_owned();
        assert_eq!(posted, Posted { fate: Fate::Undeliverable { why: why.clone() }, said: Some(why) });
    }

    #[tokio::test]
    async fn a_server_that_fails_is_asked_again_later() {
        let (posted, ..) = send("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").await;
        assert!(matches!(posted.fate, Fate::Retry { .. }), "{posted:?}");
        // It says something that is no HTTP.
        let (posted, ..) = send("nonsense\r\n\r\n").await;
        assert!(matches!(posted.fate, Fate::Retry { .. } | Fate::Unknown { .. }), "{posted:?}");
    }

    #[test]
    fn an_answer_of_ses_means_what_its_code_says() {
        let table = [
            (400, "MessageRejected", "Email address is not verified. The following identities failed", "ours"),
            (400, "MessageRejected", "Message is too long", "undeliverable"),
            (400, "BadRequestException", "Illegal address", "undeliverable"),
            (400, "AccountSuspendedException", "", "ours"),
            (400, "SendingPausedException", "", "ours"),
            (400, "MailFromDomainNotVerifiedException", "", "ours"),
            (404, "NotFoundException", "Configuration set valpero does not exist", "ours"),
            (403, "AccessDeniedException", "not authorized to perform: ses:SendEmail", "ours"),
            (403, "UnrecognizedClientException", "", "ours"),
            (429, "TooManyRequestsException", "Maximum sending rate exceeded", "retry"),
            (400, "LimitExceededException", "", "retry"),
            (400, "ThrottlingException", "", "retry"),
            (503, "ServiceUnavailable", "", "retry"),
        ];
        for (status, code, words, expected) in table {
            let fate = fate(status, code, format!("{code}: {words}"));
            let kind = match fate {
                Fate::Retry { .. } => "retry",
                Fate::OurFault { .. } => "ours",
                Fate::Undeliverable { .. } => "undeliverable",
                Fate::Delivered { .. } | Fate::Refused { .. } | Fate::Unknown { .. } => "another",
            };
            assert_eq!(kind, expected, "{status} {code} {words}");
        }
    }
}
