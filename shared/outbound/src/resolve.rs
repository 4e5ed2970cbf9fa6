//! Host names to addresses, asked afresh every time.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures::future::BoxFuture;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{RData, Record, RecordType as Kind},
    },
};
use valpero_domain::{
    dns_check::RecordType,
    host::HostName,
    probe::{Cause, ErrorCode},
};

/// How long an IPv4 answer waits for the IPv6 one (RFC 8305, section 3, the other way round: a Lambda prefers IPv4).
const SECOND_ANSWER: Duration = Duration::from_millis(50);

/// How long a name without an IPv4 address waits for the IPv6 one.
const LAST_ANSWER: Duration = Duration::from_secs(5);

/// Resolves host names. A trait because this is where the code leaves the process; tests answer in the network's stead.
pub trait Resolve: Send + Sync {
    /// All addresses of a host name.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>>;

    /// The records of a name, each in its normal spelling, from the name server at these addresses, or, where there are none, from
    /// our own.
    fn records<'a>(
        &'a self,
        name: &'a HostName,
        of: RecordType,
        servers: &'a [SocketAddr],
    ) -> BoxFuture<'a, Result<Vec<String>, Cause>>;
}

/// The name servers of `/etc/resolv.conf`, without a cache.
pub struct SystemResolver {
    /// Which host has which address, also by `/etc/hosts`.
    hosts: TokioResolver,
    /// What the DNS says.
    zones: TokioResolver,
}

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
        let resolver = |hosts_file| {
            let mut builder = TokioResolver::builder_tokio()?;
            let options = builder.options_mut();
            be_fresh(options);
            options.use_hosts_file = hosts_file;
            builder.build()
        };
        let hosts = resolver(ResolveHosts::Auto).map_err(NoResolver)?;
        let zones = resolver(ResolveHosts::Never).map_err(NoResolver)?;
        Ok(Self { hosts, zones })
    }
}

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>> {
        Box::pin(async move {
            // The final dot keeps the machine's search domains out of it.
            let absolute = format!("{}.", host.trim_end_matches('.'));
            let v6 = self.hosts.ipv6_lookup(absolute.clone());
            tokio::pin!(v6);
            let v4 = self.hosts.ipv4_lookup(absolute);
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

    fn records<'a>(
        &'a self,
        name: &'a HostName,
        of: RecordType,
        servers: &'a [SocketAddr],
    ) -> BoxFuture<'a, Result<Vec<String>, Cause>> {
        Box::pin(async move {
            let absolute = format!("{name}.");
            let asked = match servers {
                [] => self.zones.lookup(absolute, kind(of)).await,
                _ => match asking(servers) {
                    Ok(resolver) => resolver.lookup(absolute, kind(of)).await,
                    Err(error) => Err(error),
                },
            };
            let found = asked.map_err(|error| no_records(name, of, servers, &error))?;
            let records: Vec<String> = found.answers().iter().filter_map(|record| text(record, of)).collect();
            if records.is_empty() { Err(none_of(name, of)) } else { Ok(records) }
        })
    }
}

fn be_fresh(options: &mut ResolverOpts) {
    options.cache_size = 0;
    options.timeout = Duration::from_secs(2);
    options.attempts = 2;
}

/// A resolver that asks these addresses of one name server alone, over UDP, and over TCP what is too long for it.
fn asking(servers: &[SocketAddr]) -> Result<TokioResolver, NetError> {
    let config = |server: &SocketAddr| {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
            connection.port = server.port();
            connection
        });
        NameServerConfig::new(server.ip(), true, connections.into())
    };
    let config = ResolverConfig::from_name_servers(servers.iter().map(config).collect());
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    be_fresh(builder.options_mut());
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    builder.build()
}

const fn kind(of: RecordType) -> Kind {
    match of {
        RecordType::A => Kind::A,
        RecordType::Aaaa => Kind::AAAA,
        RecordType::Cname => Kind::CNAME,
        RecordType::Mx => Kind::MX,
        RecordType::Ns => Kind::NS,
        RecordType::Txt => Kind::TXT,
        RecordType::Soa => Kind::SOA,
        RecordType::Caa => Kind::CAA,
    }
}

/// A record as a monitor spells it; none where it is of another type, such as an alias on the way.
fn text(record: &Record, of: RecordType) -> Option<String> {
    let raw = match (&record.data, of) {
        (RData::A(v4), RecordType::A) => v4.0.to_string(),
        (RData::AAAA(v6), RecordType::Aaaa) => v6.0.to_string(),
        (RData::CNAME(name), RecordType::Cname) => name.0.to_ascii(),
        (RData::NS(name), RecordType::Ns) => name.0.to_ascii(),
        (RData::MX(mx), RecordType::Mx) => format!("{} {}", mx.preference, mx.exchange.to_ascii()),
        (RData::TXT(txt), RecordType::Txt) => String::from_utf8_lossy(&txt.txt_data.concat()).into_owned(),
        (RData::SOA(soa), RecordType::Soa) => format!(
            "{} {} {} {} {} {} {}",
            soa.mname.to_ascii(),
            soa.rname.to_ascii(),
            soa.serial,
            soa.refresh,
            soa.retry,
            soa.expire,
            soa.minimum
        ),
        (RData::CAA(caa), RecordType::Caa) => {
            format!("{} {} \"{}\"", caa.flags(), caa.tag, String::from_utf8_lossy(&caa.value))
        }
        _ => return None,
    };
    Some(of.normal(&raw).unwrap_or(raw))
}

fn none_of(name: &HostName, of: RecordType) -> Cause {
    Cause::seen(ErrorCode::DnsNoRecords, format!("{name} has no {} records.", of.as_str()))
}

fn no_records(name: &HostName, of: RecordType, servers: &[SocketAddr], error: &NetError) -> Cause {
    let server = (!servers.is_empty()).then(|| {
        let all: Vec<String> = servers.iter().map(ToString::to_string).collect();
        all.join(" or ")
    });
    if error.is_nx_domain() {
        return Cause::seen(ErrorCode::DnsNxdomain, format!("{name} does not exist."));
    }
    if let NetError::Dns(DnsError::ResponseCode(code)) = error {
        let (code, detail) = match (*code, &server) {
            (ResponseCode::Refused, Some(server)) => {
                (ErrorCode::DnsRefused, format!("The name server {server} refuses to answer about {name}."))
            }
            (ResponseCode::Refused, None) => (ErrorCode::ResolverFailed, "Our DNS resolver refuses to answer.".into()),
            (code, _) => (ErrorCode::DnsServfail, format!("The question for {name} was answered with {code}.")),
        };
        return Cause::seen(code, detail);
    }
    match (error, &server) {
        (error, _) if error.is_no_records_found() => none_of(name, of),
        (NetError::Timeout, Some(server)) => {
            Cause::seen(ErrorCode::ResolverTimeout, format!("The name server {server} did not answer in time."))
        }
        (NetError::Timeout, None) => Cause::of(ErrorCode::DnsTimeout),
        (NetError::Proto(_), Some(server)) => Cause::seen(
            ErrorCode::DnsServfail,
            format!("The name server {server} answered with no message of the DNS."),
        ),
        (other, Some(server)) => {
            Cause::seen(ErrorCode::ResolverUnreachable, format!("The name server {server} cannot be asked: {other}."))
        }
        (other, None) => {
            Cause::seen(ErrorCode::ResolverFailed, format!("Our DNS resolver could not be asked: {other}."))
        }
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
