//! Objects as clients and webhook receivers see them; the OpenAPI document describes them by these types.

use std::fmt;

use serde::{Deserialize, Serialize};
use valpero_domain::{
    Object,
    alerting::{
        self,
        policy::Step,
        routes::{Match, Route},
    },
    body_check::{JsonAssertion, Keyword},
    channel::ChannelSpec,
    dns_check::DnsCheck,
    host_checks::{PingCheck, SslCheck, TcpCheck},
    http_check::{BasicAuth, HttpCheck},
    monitor::MonitorSpec,
    pages::{Affected, AutoPublish, Component, NewPost, StatusPageSpec, Theme},
};

mod account;
mod actor;
mod audit_log;
pub mod bodies;
mod channel;
mod check_result;
mod incident;
mod key;
mod monitor;
mod page;
mod page_domain;
mod people;
mod phases;
mod policy;
mod region;
mod report;
mod response_times;
pub mod schema;
mod settings;
mod subscriber;
mod webhook;

pub use account::{Account, AccountMute, Limits, Usage};
pub use actor::ActorView;
pub use audit_log::AuditRow;
pub use channel::{Channel, ChannelHealth, ChannelPreview, ChannelTest, RotatedChannelSecret};
pub use check_result::{CheckRequest, CheckView, RegionResult, RequestStatus, RequestedCheck, ResultStatus};
pub use incident::{CauseView, Incident, NextStepView, Notified, TimelineEntry};
pub use key::Key;
pub use monitor::{CertificateView, Latest, Monitor, MonitorInEvent, UnwatchedView, UptimeView};
pub use page::{
    AffectedComponentView, AutoPublishView, PageComponentView, PagePost, PagePostUpdate, PageThemeView,
    StatusByHandView, StatusPage,
};
pub use page_domain::{DnsRecordView, PageDomain};
pub use people::{Invitation, Person, RemovedPerson, Session};
pub use phases::PhasesView;
pub use policy::{AlertMatchView, AlertRouteView, AlertRoutes, EscalationPolicy, EscalationStepView};
pub use region::RegionView;
pub use report::{ChainCertificate, Finding, HeaderView, HeadersReport, Rating, Report, ShownCertificate};
pub use response_times::{BucketView, HourView, ResponseTimes};
pub use settings::{DnsView, HttpView, PingView, SettingsView, SslView, TcpView};
pub use subscriber::PageSubscriber;
pub use webhook::{Attempt, Delivery, EventData, RotatedSecret, WebhookEvent};

/// Answers' objects that show what a request's fields set, and these fields: they describe the members of the same names.
pub const FIELDS: [(&str, Object); 21] = [
    ("Monitor", MonitorSpec::OBJECT),
    ("HttpView", HttpCheck::OBJECT),
    ("BasicAuthView", BasicAuth::OBJECT),
    ("KeywordView", Keyword::OBJECT),
    ("JsonView", JsonAssertion::OBJECT),
    ("SslView", SslCheck::OBJECT),
    ("TcpView", TcpCheck::OBJECT),
    ("DnsView", DnsCheck::OBJECT),
    ("PingView", PingCheck::OBJECT),
    ("Channel", ChannelSpec::OBJECT),
    ("EscalationPolicy", alerting::EscalationPolicy::OBJECT),
    ("EscalationStepView", Step::OBJECT),
    ("AlertRoutes", alerting::AlertRoutes::OBJECT),
    ("AlertRouteView", Route::OBJECT),
    ("AlertMatchView", Match::OBJECT),
    ("StatusPage", StatusPageSpec::OBJECT),
    ("PageThemeView", Theme::OBJECT),
    ("AutoPublishView", AutoPublish::OBJECT),
    ("PageComponentView", Component::OBJECT),
    ("PagePost", NewPost::OBJECT),
    ("AffectedComponentView", Affected::OBJECT),
];

/// A secret in the one answer that shows it; nothing else does.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shown(String);

impl From<&str> for Shown {
    fn from(secret: &str) -> Self {
        Self(secret.to_owned())
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Microseconds as the API's milliseconds, to a hundredth.
pub fn ms(us: u32) -> f64 {
    f64::from((us + 5) / 10) / 100.0
}
