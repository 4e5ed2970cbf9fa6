//! Bodies of requests to the tools: the fields of a check side by side, and a time limit.

use valpero_domain::{
    Field, Literal, Object,
    check::URL,
    dns_check::{EXPECTED, MATCH, NAME, RECORD_TYPE, RESOLVER},
    host_checks::{HOST, HTTPS_PORT, MIN_DAYS_REMAINING, STARTTLS, TLS_PORT, VERIFY},
    http_check::{
        BASIC_AUTH, BODY, EXPECTED_STATUS, FOLLOW_REDIRECTS, HEADERS, HIDE_VALUES, JSON, KEYWORD, MAX_RESPONSE_TIME_MS,
        METHOD, SLOW_OUTCOME, VERIFY_TLS,
    },
};
use valpero_views::body;

/// Time limit of a probe. The API gives up on a request after 24 seconds.
pub(crate) const TIMEOUT_MS: Field = Field::milliseconds("timeout_ms", 100, 20_000)
    .says("Time limit of the probe, in milliseconds.")
    .default(Literal::Int(10_000))
    .example(Literal::Int(5_000));

/// The target, which a tool requires.
pub(crate) const SITE: Field = URL.required().says("Target.");

const ACTS: &str = "Requires the scope `monitors:write`.";

/// An http check.
const HTTP: Object = Object {
    name: "HttpTool",
    patch_name: "",
    says: "A probe of a URL.",
    fields: &[
        SITE,
        TIMEOUT_MS,
        METHOD.also("Methods other than GET and HEAD require the scope `monitors:write`."),
        HEADERS.also(ACTS),
        BODY.also(ACTS),
        EXPECTED_STATUS,
        FOLLOW_REDIRECTS,
        VERIFY_TLS,
        BASIC_AUTH.also(ACTS),
        KEYWORD,
        JSON,
        HIDE_VALUES,
        MAX_RESPONSE_TIME_MS,
        SLOW_OUTCOME,
    ],
};

/// An ssl check.
const SSL: Object = Object {
    name: "SslTool",
    patch_name: "",
    says: "A look at a certificate.",
    fields: &[HOST, TLS_PORT, MIN_DAYS_REMAINING, VERIFY, STARTTLS, TIMEOUT_MS],
};

/// A dns check.
const DNS: Object = Object {
    name: "DnsTool",
    patch_name: "",
    says: "A DNS query.",
    fields: &[
        NAME,
        RECORD_TYPE,
        EXPECTED,
        MATCH,
        RESOLVER
            .computed("the resolver of the API")
            .also("One that is not on the public internet requires the scope `monitors:write`."),
        TIMEOUT_MS,
    ],
};

/// A ping check.
const PING: Object = Object {
    name: "PingTool",
    patch_name: "",
    says: "A TCP handshake, which stands for a ping: AWS Lambda has no ICMP.",
    fields: &[HOST, HTTPS_PORT, TIMEOUT_MS],
};

/// A look at headers.
const HEADERS_OF: Object = Object {
    name: "HeadersTool",
    patch_name: "",
    says: "A look at the headers of a site.",
    fields: &[SITE, FOLLOW_REDIRECTS, VERIFY_TLS, TIMEOUT_MS],
};

body!(HttpTool, HTTP, Whole);
body!(SslTool, SSL, Whole);
body!(DnsTool, DNS, Whole);
body!(PingTool, PING, Whole);
body!(HeadersTool, HEADERS_OF, Whole);
