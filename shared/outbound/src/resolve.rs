//! Host names to addresses, asked afresh every time.

use std::{net::IpAddr, time::Duration};

use futures::future::BoxFuture;
use hickory_resolver::{
    TokioResolver,
    net::{DnsError, NetError},
    proto::{
        op::ResponseCode,
        rr::{RData, Record},
    },
};
use valpero_domain::probe::{Cause, ErrorCode};

/// How long an IPv4 answer waits for the IPv6 one (RFC 8305, section 3, the other way round: a Lambda prefers IPv4).
const SECOND_ANSWER: Duration = Duration::from_millis(50);

/// How long a name without an IPv4 address waits for the IPv6 one.
const LAST_ANSWER: Duration = Duration::from_secs(5);

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
            let v6 = self.0.ipv6_lookup(absolute.clone());
            tokio::pin!(v6);
            let v4 = self.0.ipv4_lookup(absolute);
            tokio::pin!(v4);
            // Both are asked at once; the answer that is preferred waits only a little for the other.
            let (v4, v6) = tokio::select! {
                v4 = &mut v4 => {
                    let grace = if v4.is_ok() { SECOND_ANSWER } else { LAST_ANSWER };
                    (v4, tokio::time::timeout(grace, v6).await.ok())
                }
                v6 = &mut v6 => (v4.await, Some(v6)),
            };
            let mut addresses: Vec<IpAddr> = Vec::new();
            addresses.extend(v4.iter().flat_map(|found| found.answers().iter().filter_map(address)));
            addresses.extend(v6.iter().flatten().flat_map(|found| found.answers().iter().filter_map(address)));
            if !addresses.is_empty() {
                return Ok(addresses);
            }
            // What is said of IPv4 counts first: only where both say so has the name no address.
            match (v4, v6) {
                (Err(error), Some(Err(other))) if error.is_no_records_found() => Err(cause(host, &other)),
                (Err(error), _) => Err(cause(host, &error)),
                (Ok(_), _) => Ok(addresses),
            }
        })
    }
}

fn address(record: &Record) -> Option<IpAddr> {
    match &record.data {
        RData::A(v4) => Some(v4.0.into()),
        RData::AAAA(v6) => Some(v6.0.into()),
        _ => None,
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
