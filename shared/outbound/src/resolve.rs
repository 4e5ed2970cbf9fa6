//! Host names to addresses, asked afresh every time.

use std::{net::IpAddr, time::Duration};

use futures::future::BoxFuture;
use hickory_resolver::{
    TokioResolver,
    net::{DnsError, NetError},
    proto::op::ResponseCode,
};
use valpero_domain::probe::{Cause, ErrorCode};

/// Resolves host names. A trait because this is where the code leaves the process; tests answer in the network's stead.
pub trait Resolve: Send + Sync {
    /// All addresses of a host name.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>>;
}

/// The name servers of `/etc/resolv.conf`, and `/etc/hosts`, without a cache.
pub struct SystemResolver(TokioResolver);

/// The system's DNS configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the system's DNS configuration (/etc/resolv.conf) cannot be used")]
pub struct NoResolver(#[source] NetError);

impl SystemResolver {
    /// Reads the system's configuration.
    ///
    /// # Errors
    /// Where there is none, or it is not valid.
    pub fn new() -> Result<Self, NoResolver> {
        let mut builder = TokioResolver::builder_tokio().map_err(NoResolver)?;
        let options = builder.options_mut();
        options.cache_size = 0;
        options.timeout = Duration::from_secs(2);
        options.attempts = 2;
        builder.build().map(Self).map_err(NoResolver)
    }
}

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>> {
        Box::pin(async move {
            // The final dot keeps the machine's search domains out of it.
            let absolute = format!("{}.", host.trim_end_matches('.'));
            let found = self.0.lookup_ip(absolute).await.map_err(|error| cause(host, &error))?;
            Ok(found.iter().collect())
        })
    }
}

fn cause(host: &str, error: &NetError) -> Cause {
    if error.is_nx_domain() {
        return Cause::seen(ErrorCode::DnsNxdomain, format!("{host} does not exist."));
    }
    if error.is_no_records_found() {
        return Cause::seen(ErrorCode::DnsNoAddress, format!("{host} has no IPv4 or IPv6 address."));
    }
    match error {
        NetError::Dns(DnsError::ResponseCode(code)) if *code != ResponseCode::Refused => {
            Cause::seen(ErrorCode::DnsServfail, format!("The name servers of {host} answered {code}."))
        }
        NetError::Timeout => Cause::of(ErrorCode::DnsTimeout),
        other => Cause::seen(ErrorCode::ResolverFailed, format!("Our DNS resolver could not be asked: {other}.")),
    }
}
