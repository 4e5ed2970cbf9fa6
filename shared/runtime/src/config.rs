//! A function's configuration: the one place that reads the environment, and it reports all that is wrong at once.

use std::{sync::Arc, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider, timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Builder, HttpClientError,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use valpero_domain::{PublicUrl, RegionCode, host::PORTS_BLOCKED_BY_AWS, mail_address::MailAddress};
use valpero_storage::{Store, Tables};

use crate::{App, Clock, EventBus, Queue, Settings, error_chain::chain};

const STACK: &str = "VALPERO_STACK";
const HOME_REGION: &str = "VALPERO_HOME_REGION";
const LOG: &str = "VALPERO_LOG";
const QUEUE_URL: &str = "VALPERO_QUEUE_URL";
const PRIVATE_TARGETS: &str = "VALPERO_PRIVATE_TARGETS";
const REGION: &str = "VALPERO_REGION";
const MAIL_FROM: &str = "VALPERO_MAIL_FROM";
const MAIL_CONFIGURATION_SET: &str = "VALPERO_MAIL_CONFIGURATION_SET";
const PUBLIC_TOOLS: &str = "VALPERO_PUBLIC_TOOLS";
const MAIL_RATE: &str = "VALPERO_MAIL_RATE";
const ENDPOINT_URL: &str = "VALPERO_ENDPOINT_URL";
const PUBLIC_URL: &str = "VALPERO_PUBLIC_URL";
/// Set by Lambda.
const AWS_REGION: &str = "AWS_REGION";

/// The environment's variables and what each means.
pub const VARIABLES: [(&str, &str); 12] = [
    (STACK, "the stack's name, with which the names of its tables, its queue and its event buses begin"),
    (HOME_REGION, "the AWS region of the tables and the queue, such as eu-central-1"),
    (LOG, "which log lines are written; default: info"),
    (ENDPOINT_URL, "where AWS is asked instead, such as `valpero up --services-only`; empty for AWS itself"),
    (QUEUE_URL, "the webhook queue"),
    (PRIVATE_TARGETS, "allow or deny; default: deny"),
    (REGION, "the code of this checker's region, such as fra"),
    (MAIL_FROM, "the address that mail is sent from, by SES; default: no mail is sent"),
    (PUBLIC_URL, "the deployment's own URL, with which the links in messages begin"),
    (MAIL_CONFIGURATION_SET, "SES's configuration set for this mail, which reports bounces; default: none"),
    (PUBLIC_TOOLS, "allow or deny: whether everybody may use the tools; default: deny"),
    (MAIL_RATE, "mails a second to subscribers of status pages, at most; default: 12"),
];

/// Default rate of mail to subscribers, in mails a second. SES allows a new production account 14, and alerts are to have room.
pub const DEFAULT_MAIL_RATE: u32 = 12;

/// What a function needs beyond the store; the template gives each function that and no more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// It sends messages to the webhook queue.
    pub queue: bool,
    /// It publishes events.
    pub events: bool,
    /// It looks at, or connects to, hosts that users name.
    pub targets: bool,
    /// It is the checker of one region.
    pub region: bool,
    /// It sends mail, where the deployment does.
    pub mail: bool,
    /// It sends links to the deployment itself.
    pub links: bool,
    /// It shows the public what the deployment opens to it.
    pub guests: bool,
    /// It asks for addresses, where mail is sent to them.
    pub subscriptions: bool,
}

impl Needs {
    /// Nothing.
    pub const NONE: Self = Self {
        queue: false,
        events: false,
        targets: false,
        region: false,
        mail: false,
        links: false,
        guests: false,
        subscriptions: false,
    };

    /// The variables of such a function.
    pub fn variables(self) -> Vec<&'static str> {
        let more = [
            (QUEUE_URL, self.queue),
            (PRIVATE_TARGETS, self.targets),
            (REGION, self.region),
            (MAIL_FROM, self.mail || self.subscriptions),
            (MAIL_CONFIGURATION_SET, self.mail),
            (MAIL_RATE, self.mail),
            (PUBLIC_URL, self.links),
            (PUBLIC_TOOLS, self.guests),
        ];
        let more = more.into_iter().filter_map(|(name, needed)| needed.then_some(name));
        [STACK, HOME_REGION, LOG, ENDPOINT_URL].into_iter().chain(more).collect()
    }
}

/// What is wrong with the environment.
#[derive(Debug, thiserror::Error)]
#[error("the environment is not complete: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

/// How mail is sent on AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// The sender's address.
    pub from: MailAddress,
    /// SES's configuration set.
    pub configuration_set: Option<String>,
}

/// A function's configuration on AWS.
#[derive(Debug, Clone)]
pub struct Config {
    /// The stack's name.
    pub stack: String,
    /// The AWS region of the tables and the queue.
    pub home_region: String,
    /// The webhook queue, where it is needed.
    pub queue_url: Option<String>,
    /// Whether events are published.
    pub events: bool,
    /// Whether targets may be private addresses.
    pub private_targets: bool,
    /// The region of this checker, where it is needed.
    pub region: Option<RegionCode>,
    /// How mail is sent, where it is needed and the deployment sends mail.
    pub mail: Option<MailConfig>,
    /// The deployment's own URL, where it is needed.
    pub public_url: Option<PublicUrl>,
    /// Mails a second to subscribers, at most.
    pub mail_rate: u32,
    /// Whether everybody may use the tools.
    pub public_tools: bool,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// All that is missing or wrong.
    pub fn from_env(needs: Needs) -> Result<Self, ConfigError> {
        Self::read(needs, variable)
    }

    fn read(needs: Needs, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut faults = Vec::new();
        let mut required = |name: &str| {
            variable(name).unwrap_or_else(|| {
                faults.push(missing(name));
                String::new()
            })
        };
        let stack = required(STACK);
        let home_region = required(HOME_REGION);
        let queue_url = needs.queue.then(|| required(QUEUE_URL));
        let public_url = needs.links.then(|| required(PUBLIC_URL)).filter(|url| !url.is_empty());
        let mut allowed = |name: &str| match variable(name).as_deref() {
            Some("allow") => true,
            None | Some("deny") => false,
            Some(other) => {
                faults.push(format!("{name} is {other:?}; it must be allow or deny"));
                false
            }
        };
        let private_targets = allowed(PRIVATE_TARGETS);
        let public_tools = needs.guests && allowed(PUBLIC_TOOLS);
        let region = needs.region.then(|| region_of(variable(REGION).as_deref(), variable(AWS_REGION).as_deref()));
        let region = region.transpose().unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        let from = variable(MAIL_FROM).filter(|_| needs.mail || needs.subscriptions).map(MailAddress::try_from);
        let from = from.transpose().unwrap_or_else(|error| {
            faults.push(format!("{MAIL_FROM} {error}"));
            None
        });
        let public_url = public_url.map(|url| url.parse::<PublicUrl>()).transpose().unwrap_or_else(|error| {
            faults.push(format!("{PUBLIC_URL} {error}"));
            None
        });
        let mail_rate = variable(MAIL_RATE).filter(|_| needs.mail).map_or(Ok(DEFAULT_MAIL_RATE), |rate| rate.parse());
        let mail_rate = mail_rate.ok().filter(|rate| *rate > 0).unwrap_or_else(|| {
            faults.push(format!("{MAIL_RATE} must be a number of mails a second"));
            DEFAULT_MAIL_RATE
        });
        let mail = from.map(|from| MailConfig { from, configuration_set: variable(MAIL_CONFIGURATION_SET) });
        if faults.is_empty() {
            let events = needs.events;
            Ok(Self {
                stack,
                home_region,
                queue_url,
                events,
                private_targets,
                region,
                mail,
                public_url,
                mail_rate,
                public_tools,
            })
        } else {
            Err(ConfigError(faults))
        }
    }

    /// The region of this checker.
    ///
    /// # Errors
    /// Where this function did not say that it needs it.
    pub fn region(&self) -> Result<RegionCode, ConfigError> {
        self.region.ok_or_else(|| ConfigError(vec![missing(REGION)]))
    }

    /// Connects to AWS: credentials and endpoint as its SDK finds them.
    pub async fn connect(&self) -> App {
        self.connect_by(&self.sdk().await)
    }

    /// AWS in the home region.
    pub async fn sdk(&self) -> SdkConfig {
        sdk_config(Some(self.home_region.clone()), Trust::Amazon).await
    }

    /// The state, by what [`Self::sdk`] found.
    pub fn connect_by(&self, sdk: &SdkConfig) -> App {
        let queue = |url: &String| Queue::sqs(aws_sdk_sqs::Client::new(sdk), url.clone());
        App {
            store: Store::new(aws_sdk_dynamodb::Client::new(sdk), Tables::of_stack(&self.stack)),
            queue: self.queue_url.as_ref().map_or(Queue::Absent, queue),
            // Every region's bus has the stack's name.
            events: if self.events { EventBus::event_bridge(sdk, self.stack.clone()) } else { EventBus::Absent },
            clock: Clock::system(),
            settings: Arc::new(Settings {
                private_targets: self.private_targets,
                blocked_ports: PORTS_BLOCKED_BY_AWS,
                public_url: self.public_url.clone(),
                sends_mail: self.mail.is_some(),
                mail_rate: self.mail_rate,
                public_tools: self.public_tools,
            }),
        }
    }
}

/// Set where Lambda runs a function.
const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// How long one attempt of a call to AWS may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a call to AWS may take with all its attempts.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(12);

/// The authorities of AWS's own certificates: Amazon Root CA 1 to 4, and Starfield Services Root G2 (Amazon Trust Services, "Certificate
/// Authorities"; the same as in Mozilla's list). The first of them ends in 2037.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// Where one of these is set, it may be somebody else's certificate that is shown: a proxy's, or that of another endpoint (AWS SDKs
/// and Tools Reference Guide, "Service-specific endpoints" and "HTTP client configuration").
const ELSEWHERE: [&str; 9] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "AWS_ENDPOINT_URL_SESV2",
    "AWS_ENDPOINT_URL_SQS",
    "ALL_PROXY",
    "all_proxy",
    "HTTPS_PROXY",
    "https_proxy",
];

/// Whose certificates are believed when AWS is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Those of AWS's own authorities alone. To read all that a system trusts is most of a function's start.
    Amazon,
    /// Those of all that this system trusts.
    System,
}

/// AWS as its SDK finds it, in this region or the environment's. Where AWS is asked elsewhere, or through a proxy, the SDK's default
/// client serves, with the system's trust.
pub async fn sdk_config(region: Option<String>, trust: Trust) -> SdkConfig {
    // A connection that died while Lambda froze the function would else be waited for until Lambda ends it.
    let times =
        TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(OPERATION_TIMEOUT);
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(times.build());
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    // Lambda gives a function its credentials by the environment. To look for others costs a client of STS at each start.
    if [FUNCTION_NAME, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].iter().all(|name| variable(name).is_some()) {
        loader = loader.credentials_provider(EnvironmentVariableCredentialsProvider::new());
    }
    match (variable(ENDPOINT_URL), trust) {
        (Some(url), _) => loader = loader.endpoint_url(url),
        (None, Trust::System) => {}
        (None, Trust::Amazon) if ELSEWHERE.iter().any(|name| variable(name).is_some()) => {}
        (None, Trust::Amazon) => match amazon_trust() {
            Ok(context) => {
                // The SDK's default client, but for whom it believes, and for proxies.
                let client = Builder::new().tls_provider(Provider::rustls(CryptoMode::AwsLc));
                loader = loader.http_client(client.tls_context(context).build_https());
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "AWS's own authorities are not usable; the system's serve");
            }
        },
    }
    loader.load().await
}

fn amazon_trust() -> Result<TlsContext, HttpClientError> {
    TlsContext::builder().with_trust_store(TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)).build()
}

fn missing(name: &str) -> String {
    let meaning = VARIABLES.iter().find(|(known, _)| *known == name).map_or("", |(_, meaning)| meaning);
    format!("{name} is missing ({meaning})")
}

/// The region of a checker by its code. It must be the one that Lambda runs the function in: events would be sent elsewhere.
fn region_of(code: Option<&str>, aws_region: Option<&str>) -> Result<RegionCode, String> {
    let code = code.ok_or_else(|| missing(REGION))?;
    let region: RegionCode = code.parse().map_err(|error| format!("{REGION}: {code:?} {error}"))?;
    match aws_region {
        Some(here) if here != region.aws_region() => {
            Err(format!("{REGION} is {region}, which is {}, but this is {here}", region.aws_region()))
        }
        _ => Ok(region),
    }
}

/// The processors that Lambda gives this function, or the part of one: 1,769 MB have one whole (AWS Lambda Developer Guide,
/// "Configure Lambda function memory"). One, where this is no Lambda.
pub fn own_processors() -> f64 {
    processors_of(variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").as_deref())
}

fn processors_of(memory_mb: Option<&str>) -> f64 {
    // What runs on one thread has no use for a second one.
    memory_mb.and_then(|mb| mb.parse::<u32>().ok()).map_or(1.0, |mb| (f64::from(mb.max(128)) / 1_769.0).min(1.0))
}

/// Which log lines are written, from `VALPERO_LOG`. Default: `info`.
pub fn log_filter(default: &str) -> String {
    variable(LOG).unwrap_or_else(|| default.to_owned())
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let value = std::env::var(name);
    value.ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_missing_is_named_at_once() {
        let needs = Needs { queue: true, region: true, ..Needs::default() };
        let ConfigError(faults) = Config::read(needs, |_| None).expect_err("nothing is set");
        for name in [STACK, HOME_REGION, QUEUE_URL, REGION] {
            assert!(faults.iter().any(|fault| fault.starts_with(name)), "{name} is not in: {faults:?}");
        }
        let ConfigError(faults) = Config::read(Needs::default(), |_| None).expect_err("nothing is set");
        assert_eq!(faults.len(), 2, "a function that sends nothing needs no queue: {faults:?}");
    }

    #[test]
    fn wrong_values_are_named_too() {
        let value = |name: &str| Some(if name == PRIVATE_TARGETS { "maybe" } else { "x" }.to_owned());
        let ConfigError(faults) = Config::read(Needs::default(), value).expect_err("wrong");
        assert!(faults.len() == 1 && faults[0].contains("maybe"), "{faults:?}");
    }

    #[test]
    fn mail_is_sent_where_it_is_needed_and_the_deployment_has_an_address() {
        let mail = |from: &'static str, mail| {
            let variable = move |name: &str| match name {
                MAIL_FROM => Some(from.to_owned()).filter(|from| !from.is_empty()),
                MAIL_RATE => Some("7".to_owned()),
                PRIVATE_TARGETS => None,
                _ => Some("x".to_owned()),
            };
            Config::read(Needs { mail, ..Needs::default() }, variable).map(|config| config.mail)
        };
        let found = mail("ops@example.com", true).expect("complete").expect("mail");
        assert_eq!((found.from.as_str(), found.configuration_set.as_deref()), ("ops@example.com", Some("x")));
        assert_eq!(mail("", true).expect("complete"), None);
        assert_eq!(mail("nobody", false).expect("not looked at"), None);
        let ConfigError(faults) = mail("nobody", true).expect_err("no address");
        assert!(faults.len() == 1 && faults[0].starts_with(MAIL_FROM), "{faults:?}");
    }

    #[test]
    fn a_rate_of_mail_is_a_number_and_not_nothing() {
        let rate = |rate: Option<&'static str>| {
            let variable = move |name: &str| match name {
                MAIL_RATE => rate.map(str::to_owned),
                MAIL_FROM | PRIVATE_TARGETS => None,
                _ => Some("x".to_owned()),
            };
            Config::read(Needs { mail: true, ..Needs::default() }, variable).map(|config| config.mail_rate)
        };
        assert_eq!((rate(Some("7")).ok(), rate(None).ok()), (Some(7), Some(DEFAULT_MAIL_RATE)));
        for wrong in ["0", "-1", "fast", ""] {
            let ConfigError(faults) = rate(Some(wrong)).expect_err("no rate");
            assert!(faults.len() == 1 && faults[0].starts_with(MAIL_RATE), "{faults:?}");
        }
    }

    #[test]
    fn a_function_that_sends_links_knows_where_they_lead() {
        let read = |url: Option<&'static str>| {
            let variable = move |name: &str| match name {
                PUBLIC_URL => url.map(str::to_owned),
                PRIVATE_TARGETS => None,
                _ => Some("x".to_owned()),
            };
            Config::read(Needs { links: true, ..Needs::default() }, variable).map(|config| config.public_url)
        };
        let found = read(Some("https://valpero.example.com")).expect("complete").expect("a URL");
        assert_eq!(found.as_str(), "https://valpero.example.com");
        for wrong in [None, Some("valpero.example.com")] {
            let ConfigError(faults) = read(wrong).expect_err("not a URL");
            assert!(faults.len() == 1 && faults[0].starts_with(PUBLIC_URL), "{faults:?}");
        }
    }

    #[tokio::test]
    async fn a_function_on_aws_refuses_the_port_that_aws_blocks() {
        let config = Config::read(Needs::default(), |_| Some("deny".to_owned())).expect("complete");
        assert_eq!(config.connect().await.settings.blocked_ports, [25]);
    }

    #[test]
    fn amazons_authorities_are_certificates() {
        use rustls_pki_types::{CertificateDer, pem::PemObject};
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(AMAZON_ROOTS) {
            roots.add(certificate.expect("a certificate")).expect("an authority");
        }
        assert_eq!(roots.len(), 5);
    }

    #[test]
    fn lambda_gives_processors_by_memory() {
        assert!((processors_of(Some("512")) - 0.289).abs() < 0.001);
        for whole in [Some("1769"), Some("10240"), Some("?"), None] {
            assert!((processors_of(whole) - 1.0).abs() < f64::EPSILON, "{whole:?}");
        }
    }

    #[test]
    fn a_checker_knows_where_it_is() {
        assert_eq!(region_of(Some("fra"), Some("eu-central-1")).ok(), "fra".parse().ok());
        assert_eq!(region_of(Some("fra"), None).ok(), "fra".parse().ok());
        let variable = |name: &str| match name {
            AWS_REGION => Some("eu-central-1".to_owned()),
            PRIVATE_TARGETS => None,
            _ => Some("fra".to_owned()),
        };
        let read = |region| Config::read(Needs { region, ..Needs::default() }, variable);
        assert_eq!(read(true).expect("complete").region().ok(), "fra".parse().ok());
        assert!(read(false).expect("complete").region().is_err(), "nobody asked for it");
        for (code, here, said) in [
            (None, None, "is missing"),
            (Some("atlantis"), None, "atlantis"),
            (Some("fra"), Some("eu-north-1"), "this is eu-north-1"),
        ] {
            let error = region_of(code, here).expect_err("wrong");
            assert!(error.contains(said), "{error}");
        }
    }
}
