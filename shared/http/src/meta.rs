//! What is known of a request before anybody looks into it.

use std::net::SocketAddr;

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
