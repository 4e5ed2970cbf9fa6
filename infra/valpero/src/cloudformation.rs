//! CloudFormation's `DescribeStacks`, the one call of it that the operator's commands need, on the layers that all of AWS's SDK share:
//! the crate `aws-sdk-cloudformation` would take a minute of every build.

use std::collections::HashMap;

use aws_runtime::{
    auth::{SigV4OperationSigningConfig, sigv4},
    retries::classifiers::AwsErrorCodeClassifier,
};
use aws_smithy_runtime::client::{
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::client::{
    auth::{AuthSchemeOptionResolverParams, static_resolver::StaticAuthSchemeOptionResolver},
    orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
    result::SdkError,
    runtime_components::RuntimeComponentsBuilder,
    runtime_plugin::StaticRuntimePlugin,
};
use aws_smithy_types::{
    body::SdkBody,
    config_bag::Layer,
    error::metadata::{ErrorMetadata, ProvideErrorMetadata},
    retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_smithy_xml::decode::{Document, ScopedDecoder, XmlDecodeError, try_data};
use aws_types::{SigningName, region::SigningRegion, service_config::ServiceConfigKey};
use url::form_urlencoded;
use valpero_runtime::SdkConfig;

/// The outputs of a stack: values by key.
pub(crate) type Outputs = HashMap<String, String>;

/// What CloudFormation, or something that stands in front of it, said instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("{}", .said.message().unwrap_or("not an answer of CloudFormation"))]
pub(crate) struct Refused {
    said: Box<ErrorMetadata>,
    /// Why the answer could not be read, where it could not.
    source: Option<XmlDecodeError>,
}

impl Refused {
    fn new(code: &str, message: &str) -> Self {
        Self { said: Box::new(ErrorMetadata::builder().code(code).message(message).build()), source: None }
    }
}

impl ProvideErrorMetadata for Refused {
    fn meta(&self) -> &ErrorMetadata {
        &self.said
    }
}

/// Asks for the outputs of the stack of this name. Credentials, region, endpoint, timeouts and retries are those of `sdk`.
///
/// # Errors
/// What came instead of the outputs.
pub(crate) async fn outputs(sdk: &SdkConfig, stack: &str) -> Result<Outputs, SdkError<Refused, HttpResponse>> {
    let mut operation = Operation::builder()
        .service_name("CloudFormation")
        .operation_name("DescribeStacks")
        .endpoint_url(&endpoint(sdk))
        .timeout_config(sdk.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled))
        .standard_retry(&sdk.retry_config().cloned().unwrap_or_else(RetryConfig::standard))
        .retry_classifier(TransientErrorClassifier::<Refused>::new())
        .retry_classifier(AwsErrorCodeClassifier::<Refused>::new())
        .retry_classifier(HttpStatusCodeClassifier::default())
        .with_connection_poisoning()
        .runtime_plugin(signing(sdk));
    if let Some(client) = sdk.http_client() {
        operation = operation.http_client(client);
    }
    let request = |stack: String| {
        let fields = [("Action", "DescribeStacks"), ("Version", "2010-05-15"), ("StackName", &stack)];
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = HttpRequest::new(SdkBody::from(form));
        request.set_method("POST")?;
        request.set_uri("/")?;
        request.headers_mut().insert("content-type", "application/x-www-form-urlencoded");
        Ok(request)
    };
    let answer = |answer: &HttpResponse| {
        let body = answer.body().bytes().unwrap_or_default();
        read(answer.status().as_u16(), body).map_err(OrchestratorError::operation)
    };
    operation.serializer(request).deserializer(answer).build().invoke(stack.to_owned()).await
}

/// How requests are signed, and with whose credentials.
fn signing(sdk: &SdkConfig) -> StaticRuntimePlugin {
    let mut config = Layer::new("signing");
    config.store_put(AuthSchemeOptionResolverParams::new(()));
    config.store_put(SigV4OperationSigningConfig {
        region: sdk.region().cloned().map(SigningRegion::from),
        name: Some(SigningName::from_static("cloudformation")),
        ..SigV4OperationSigningConfig::default()
    });
    let schemes = StaticAuthSchemeOptionResolver::new(vec![sigv4::SCHEME_ID]);
    let mut components = RuntimeComponentsBuilder::new("signing")
        .with_auth_scheme_option_resolver(Some(schemes))
        .with_auth_scheme(sigv4::SigV4AuthScheme::new());
    if let Some(credentials) = sdk.credentials_provider() {
        components.set_identity_resolver(sigv4::SCHEME_ID, credentials);
    }
    StaticRuntimePlugin::new().with_config(config.freeze()).with_runtime_components(components)
}

/// Where CloudFormation is asked: what the program was told, the environment or profile for this service, those for all, or AWS.
fn endpoint(sdk: &SdkConfig) -> String {
    let key = ServiceConfigKey::builder().service_id("CloudFormation").env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let of_service = || sdk.service_config()?.load_config(key.build().ok()?);
    let configured = if sdk.get_origin("endpoint_url").is_client_config() { None } else { of_service() };
    configured.or_else(|| sdk.endpoint_url().map(str::to_owned)).unwrap_or_else(|| {
        let region = sdk.region().map_or("", AsRef::as_ref);
        let fips = if sdk.use_fips() == Some(true) { "-fips" } else { "" };
        let domain = if sdk.use_dual_stack() == Some(true) { "api.aws" } else { "amazonaws.com" };
        format!("https://cloudformation{fips}.{region}.{domain}")
    })
}

/// Reads an answer.
fn read(status: u16, body: &[u8]) -> Result<Outputs, Refused> {
    let unreadable = |source| {
        let message = format!("HTTP status {status} with a body that is not an answer of CloudFormation");
        Refused { source: Some(source), ..Refused::new("", &message) }
    };
    if (200..300).contains(&status) {
        return read_outputs(body).map_err(unreadable);
    }
    let (code, message) = read_error(body).map_err(unreadable)?;
    Err(Refused::new(&code, &message))
}

fn read_outputs(body: &[u8]) -> Result<Outputs, XmlDecodeError> {
    let mut outputs = Outputs::new();
    let path = ["DescribeStacksResult", "Stacks", "member", "Outputs", "member"];
    visit(body, "DescribeStacksResponse", &path, &mut |output| {
        let (key, value) = pair(output, "OutputKey", "OutputValue")?;
        outputs.insert(key, value);
        Ok(())
    })?;
    Ok(outputs)
}

/// The code and the message.
fn read_error(body: &[u8]) -> Result<(String, String), XmlDecodeError> {
    let mut found = None;
    visit(body, "ErrorResponse", &["Error"], &mut |error| {
        found = Some(pair(error, "Code", "Message")?);
        Ok(())
    })?;
    found.ok_or_else(|| XmlDecodeError::custom("no Error in the ErrorResponse"))
}

type Visit<'f> = &'f mut dyn FnMut(&mut ScopedDecoder<'_, '_>) -> Result<(), XmlDecodeError>;

/// Visits every element at this path below the root.
fn visit(body: &[u8], root: &str, path: &[&str], found: Visit<'_>) -> Result<(), XmlDecodeError> {
    let mut document = Document::try_from(body)?;
    let mut element = document.root_element()?;
    if element.start_el().local() != root {
        return Err(XmlDecodeError::custom(format!("the root is {}, not {root}", element.start_el().local())));
    }
    below(&mut element, path, found)
}

fn below(element: &mut ScopedDecoder<'_, '_>, path: &[&str], found: Visit<'_>) -> Result<(), XmlDecodeError> {
    let [first, rest @ ..] = path else { return found(element) };
    while let Some(mut child) = element.next_tag() {
        if child.start_el().local() == *first {
            below(&mut child, rest, found)?;
        }
    }
    Ok(())
}

/// The texts of two children; an absent one's is empty.
fn pair(element: &mut ScopedDecoder<'_, '_>, one: &str, other: &str) -> Result<(String, String), XmlDecodeError> {
    let mut texts = (String::new(), String::new());
    while let Some(mut child) = element.next_tag() {
        let name = child.start_el().local().to_owned();
        if name == one {
            texts.0 = try_data(&mut child)?.into_owned();
        } else if name == other {
            texts.1 = try_data(&mut child)?.into_owned();
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };

    use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
    use aws_lc_rs::{
        digest::{SHA256, digest},
        hmac,
    };
    use aws_types::{region::Region, service_config::LoadServiceConfig};
    use axum::{
        Router,
        extract::State,
        http::{HeaderMap, StatusCode},
    };

    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG";
    const DESCRIBED: &str = r#"<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStacksResult><Stacks><member><StackName>valpero</StackName><Parameters><member><ParameterKey>LogLevel</ParameterKey>
<ParameterValue>info</ParameterValue></member></Parameters><Outputs>
<member><Description>The API</Description><OutputKey>ApiUrl</OutputKey><OutputValue>https://a.example/?a=1&amp;b=2</OutputValue></member>
<member><OutputKey>TablePrefix</OutputKey><OutputValue>valpero</OutputValue></member>
</Outputs></member></Stacks></DescribeStacksResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DescribeStacksResponse>"#;

    fn refusal(code: &str, message: &str) -> String {
        format!(
            r#"<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>{code}</Code>
<Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"#
        )
    }

    /// What a stand-in for AWS was asked, and what it has yet to answer.
    #[derive(Clone, Default)]
    struct Aws {
        asked: Arc<Mutex<Vec<(HeaderMap, String)>>>,
        answers: Arc<Mutex<Vec<(StatusCode, String)>>>,
    }

    async fn answer(State(aws): State<Aws>, headers: HeaderMap, body: String) -> (StatusCode, String) {
        aws.asked.lock().expect("no panic").push((headers, body));
        aws.answers.lock().expect("no panic").remove(0)
    }

    /// Starts a stand-in that answers these, and an SDK that asks it.
    async fn aws(answers: &[(u16, String)]) -> (Aws, SdkConfig) {
        let status = |code: u16| StatusCode::from_u16(code).expect("a status");
        let answers = answers.iter().map(|(code, body)| (status(*code), body.clone())).collect();
        let aws = Aws { answers: Arc::new(Mutex::new(answers)), ..Aws::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let server = axum::serve(listener, Router::new().fallback(answer).with_state(aws.clone()));
        tokio::spawn(server.into_future());
        let credentials = Credentials::new("AKIDEXAMPLE", SECRET, Some("a-session".into()), None, "test");
        let sdk = SdkConfig::builder()
            .region(Region::from_static("eu-north-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(url)
            .build();
        (aws, sdk)
    }

    fn mac(key: &[u8], text: &str) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_ref()).as_ref().to_vec()
    }

    /// The signature that AWS would compute (IAM User Guide, "Create a signed AWS API request").
    fn signature(headers: &HeaderMap, body: &str, signed: &str) -> String {
        let value = |name: &str| headers[name].to_str().expect("text");
        let lines: String = signed.split(';').map(|name| format!("{name}:{}\n", value(name))).collect();
        let request = format!("POST\n/\n\n{lines}\n{signed}\n{}", hex::encode(digest(&SHA256, body.as_ref()).as_ref()));
        let time = value("x-amz-date");
        let scope = format!("{}/eu-north-1/cloudformation/aws4_request", &time[..8]);
        let text =
            format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex::encode(digest(&SHA256, request.as_bytes()).as_ref()));
        let key = scope.split('/').fold(format!("AWS4{SECRET}").into_bytes(), |key, part| mac(&key, part));
        hex::encode(mac(&key, &text))
    }

    #[tokio::test]
    async fn the_question_is_signed_and_the_outputs_are_read() {
        let (aws, sdk) = aws(&[(200, DESCRIBED.into())]).await;
        let outputs = outputs(&sdk, "valpero & co").await.expect("outputs");
        assert_eq!(outputs.len(), 2, "{outputs:?}");
        assert_eq!((&*outputs["ApiUrl"], &*outputs["TablePrefix"]), ("https://a.example/?a=1&b=2", "valpero"));

        let asked = aws.asked.lock().expect("no panic").clone();
        let [(headers, body)] = &asked[..] else { panic!("asked once: {asked:?}") };
        assert_eq!(body, "Action=DescribeStacks&Version=2010-05-15&StackName=valpero+%26+co");
        assert_eq!(headers["x-amz-security-token"], "a-session");
        let authorization = headers["authorization"].to_str().expect("text");
        let (_, signed) = authorization.split_once("SignedHeaders=").expect("signed headers");
        let (signed, given) = signed.split_once(", Signature=").expect("a signature");
        for name in ["content-type", "host", "x-amz-date", "x-amz-security-token"] {
            assert!(signed.split(';').any(|one| one == name), "{name} is not signed: {signed}");
        }
        assert_eq!(given, signature(headers, body, signed), "{authorization}");
    }

    #[tokio::test]
    async fn a_refusal_is_not_repeated_and_a_throttled_question_is() {
        let (cloud, sdk) = aws(&[(400, refusal("ValidationError", "Stack with id valpero does not exist"))]).await;
        let error = outputs(&sdk, "valpero").await.expect_err("refused");
        assert_eq!(
            (error.code(), error.message()),
            (Some("ValidationError"), Some("Stack with id valpero does not exist"))
        );
        assert_eq!(cloud.asked.lock().expect("no panic").len(), 1);

        let (cloud, sdk) = aws(&[(400, refusal("Throttling", "Rate exceeded")), (200, DESCRIBED.into())]).await;
        // Without a pause, as retries need none against a stand-in.
        let sdk = sdk.into_builder().retry_config(RetryConfig::standard().with_initial_backoff(Duration::ZERO)).build();
        outputs(&sdk, "valpero").await.expect("outputs");
        assert_eq!(cloud.asked.lock().expect("no panic").len(), 2);
    }

    #[test]
    fn what_is_no_answer_says_so() {
        for (status, body) in
            [(403, "<html>proxy</html>"), (200, "<html>proxy</html>"), (407, ""), (400, "<ErrorResponse/>")]
        {
            let error = read(status, body.as_bytes()).expect_err("no answer");
            assert!(error.to_string().starts_with(&format!("HTTP status {status} ")), "{error}");
            assert!(error.source.is_some(), "{body}");
        }
    }

    #[test]
    fn the_endpoint_is_that_of_the_region_or_what_was_configured() {
        let sdk = || SdkConfig::builder().region(Region::from_static("eu-north-1"));
        assert_eq!(endpoint(&sdk().build()), "https://cloudformation.eu-north-1.amazonaws.com");
        assert_eq!(endpoint(&sdk().use_fips(true).build()), "https://cloudformation-fips.eu-north-1.amazonaws.com");
        assert_eq!(endpoint(&sdk().use_dual_stack(true).build()), "https://cloudformation.eu-north-1.api.aws");
        assert_eq!(endpoint(&sdk().endpoint_url("http://127.0.0.1:1").build()), "http://127.0.0.1:1");
        let of_service = sdk().endpoint_url("http://127.0.0.1:1").service_config(OfService).build();
        assert_eq!(endpoint(&of_service), "http://127.0.0.1:2");
    }

    /// An environment with `AWS_ENDPOINT_URL_CLOUDFORMATION`.
    #[derive(Debug)]
    struct OfService;

    impl LoadServiceConfig for OfService {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let asked = (key.service_id(), key.env(), key.profile());
            (asked == ("CloudFormation", "AWS_ENDPOINT_URL", "endpoint_url")).then(|| "http://127.0.0.1:2".to_owned())
        }
    }
}
