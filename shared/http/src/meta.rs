//! What is known of a request before anybody looks into it.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    http::header,
};
use lambda_http::{RequestExt, request::RequestContext};
use valpero_domain::AuditId;
use valpero_runtime::{App, entropy};

/// What is known of a request before anybody looks into it.
#[derive(Debug, Clone, Default)]
pub struct RequestMeta {
    /// The gateway's id of it, or our own.
    pub request_id: String,
    /// The client's address.
    pub ip: Option<String>,
    /// The client's own name for itself, at most 200 characters.
    pub user_agent: Option<String>,
}

impl RequestMeta {
    /// Where the client is, as far as tries are counted by it: an IPv6 network of a household has 64 bits.
    pub fn client(&self) -> String {
        let ip = self.ip.as_deref().unwrap_or("unknown");
        match ip.parse() {
            Ok(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            _ => ip.to_owned(),
        }
    }

    pub(crate) fn of(app: &App, request: &Request) -> Self {
        let gateway = request.request_context_ref().and_then(|context| match context {
            RequestContext::ApiGatewayV2(context) => Some(context),
            _ => None,
        });
        let id = gateway.and_then(|context| context.request_id.clone());
        let ip = gateway.and_then(|context| context.http.source_ip.clone()).or_else(|| {
            request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_string())
        });
        let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Self {
            request_id: id.unwrap_or_else(|| own_id(app)),
            ip,
            user_agent: user_agent.map(|text| text.chars().take(200).collect()),
        }
    }
}

fn own_id(app: &App) -> String {
    let id = AuditId::new(app.now(), entropy()).to_string();
    id.replacen(AuditId::PREFIX, "req_", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_apart_by_address_and_by_network() {
        let of = |ip: Option<&str>| RequestMeta { ip: ip.map(str::to_owned), ..RequestMeta::default() }.client();
        assert_eq!(of(Some("192.0.2.7")), "192.0.2.7");
        assert_eq!(of(Some("2001:db8:1:2:3:4:5:6")), "2001:db8:1:2::/64");
        assert_eq!(of(Some("2001:db8:1:2::1")), of(Some("2001:db8:1:2:ffff::9")));
        assert_eq!(of(None), "unknown");
    }
}
