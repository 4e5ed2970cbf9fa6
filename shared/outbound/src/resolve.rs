//! Host names to addresses, resolved afresh every time.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures::future::BoxFuture;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverOpts},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{RData, Record, RecordType as Kind},
    },
    system_conf::read_system_conf,
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use valpero_domain::{
    dns_check::RecordType,
    dns_name::DnsName,
    probe::{Cause, ErrorCode},
};

use crate::{
    dns_name::{of_host, of_name, spelt},
    dns_question::NameServers,
    hosts_file::HostsFile,
    os_error,
};

/// How long the IPv6 answer is waited for after an IPv4 one (RFC 8305, section 3, reversed: a Lambda prefers IPv4).
const SECOND_ANSWER: Duration = Duration::from_millis(50);

/// How long the IPv6 answer is waited for where there is no IPv4 address.
const LAST_ANSWER: Duration = Duration::from_secs(5);

/// How long a healthy resolver may take to say that a name does not exist.
const CONTROL: Duration = Duration::from_secs(1);

/// How long the resolver's health is remembered.
const CONTROL_AGE: Duration = Duration::from_secs(2);

/// What name servers say of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsAnswers {
    /// Its records, each in its normal spelling.
    pub records: Vec<String>,
    /// The names that CNAME records led to, in order; empty where there were none.
    pub cnames: Vec<String>,
    /// The least TTL of the records and of the CNAME records that led to them, in seconds.
    pub ttl_s: u32,
}

/// Resolves host names. A trait because this is where the code leaves the process: tests replace the network here.
pub trait Resolve: Send + Sync {
    /// All addresses of a host name.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>>;

    /// The records of a name, from the name server at these addresses, or from our own where there are none.
    fn records<'a>(
        &'a self,
        name: &'a DnsName,
        of: RecordType,
        servers: &'a [SocketAddr],
    ) -> BoxFuture<'a, Result<DnsAnswers, Cause>>;

    /// Whether our own name server answers at all: asked when it is silent about a name. Default: no.
    fn is_well(&self) -> BoxFuture<'_, bool> {
        Box::pin(std::future::ready(false))
    }
}

/// `/etc/hosts`, and the name servers of `/etc/resolv.conf`, without a cache.
pub struct SystemResolver {
    hosts: HostsFile,
    /// For addresses.
    dns: TokioResolver,
    /// The same name servers, for records.
    servers: NameServers,
    /// The name servers' health, and when it was found.
    well: Mutex<Option<(Instant, bool)>>,
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
        let (config, mut options) = read_system_conf().map_err(NoResolver)?;
        be_fresh(&mut options);
        let servers = NameServers::new(&config.name_servers, &options).map_err(NoResolver)?;
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        *builder.options_mut() = options;
        // Addresses are short, and there are servers that do not understand EDNS.
        builder.options_mut().edns0 = false;
        let dns = builder.build().map_err(NoResolver)?;
        Ok(Self { hosts: HostsFile::of_system(), dns, servers, well: Mutex::new(None) })
    }

    /// Asks for a random name that no cache has: whoever says that it does not exist has reached other servers.
    async fn control(&self) -> Result<bool, NetError> {
        let mut random = [0; 8];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| NetError::Message("no random bytes"))?;
        let name = of_host(&format!("{:016x}.com", u64::from_be_bytes(random)))?;
        Ok(match self.dns.lookup(name, Kind::A).await {
            Ok(_) => true,
            Err(error) => error.is_no_records_found(),
        })
    }
}

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>> {
        Box::pin(async move {
            if let Some(addresses) = self.hosts.addresses(host) {
                return Ok(addresses.to_vec());
            }
            let name = of_host(host).map_err(|error| cause(host, &error))?;
            let v6 = self.dns.lookup(name.clone(), Kind::AAAA);
            tokio::pin!(v6);
            let v4 = self.dns.lookup(name, Kind::A);
            tokio::pin!(v4);
            // Both are asked at once; the preferred answer waits only briefly for the other.
            let (v4, v6) = tokio::select! {
                v4 = &mut v4 => {
                    let grace = if v4.is_ok() { SECOND_ANSWER } else { LAST_ANSWER };
                    (v4, timeout(grace, v6).await.ok())
                }
                v6 = &mut v6 => (v4.await, Some(v6)),
            };
            let mut addresses: Vec<IpAddr> = Vec::new();
            addresses.extend(v4.iter().flat_map(|found| found.answers().iter().filter_map(address)));
            addresses.extend(v6.iter().flatten().flat_map(|found| found.answers().iter().filter_map(address)));
            if !addresses.is_empty() {
                return Ok(addresses);
            }
            // The IPv4 answer counts first: a name has no address only where both say so.
            match (v4, v6) {
                (Err(error), Some(Err(other))) if error.is_no_records_found() => Err(cause(host, &other)),
                (Err(error), _) => Err(cause(host, &error)),
                (Ok(_), _) => Ok(addresses),
            }
        })
    }

    fn records<'a>(
        &'a self,
        name: &'a DnsName,
        of: RecordType,
        servers: &'a [SocketAddr],
    ) -> BoxFuture<'a, Result<DnsAnswers, Cause>> {
        Box::pin(async move {
            let ask = async {
                let absolute = of_name(name)?;
                match servers {
                    [] => self.servers.records(absolute, kind(of)).await,
                    _ => asking(servers)?.records(absolute, kind(of)).await,
                }
            };
            let found = ask.await.map_err(|error| no_records(name, of, servers, &error))?;
            let records: Vec<String> = found.records.iter().filter_map(|record| text(record, of)).collect();
            if records.is_empty() {
                return Err(none_of(name, of));
            }
            let cnames = found.cnames.iter().map(|name| spelt(name).to_string()).collect();
            Ok(DnsAnswers { records, cnames, ttl_s: found.ttl_s })
        })
    }

    fn is_well(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            // Concurrent callers wait for the same answer: where many names are silent, one question is enough.
            let mut last = self.well.lock().await;
            if let Some((at, well)) = *last
                && at.elapsed() < CONTROL_AGE
            {
                return well;
            }
            let well = matches!(timeout(CONTROL, self.control()).await, Ok(Ok(true)));
            *last = Some((Instant::now(), well));
            well
        })
    }
}

fn be_fresh(options: &mut ResolverOpts) {
    options.cache_size = 0;
    options.timeout = Duration::from_secs(2);
    options.attempts = 2;
    options.use_hosts_file = ResolveHosts::Never;
}

/// These addresses of one name server: asked over UDP, and over TCP for long answers.
fn asking(servers: &[SocketAddr]) -> Result<NameServers, NetError> {
    let mut options = ResolverOpts::default();
    be_fresh(&mut options);
    NameServers::new(&servers.iter().map(config).collect::<Vec<_>>(), &options)
}

fn config(server: &SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    NameServerConfig::new(server.ip(), true, connections.into())
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
        RecordType::Srv => Kind::SRV,
        RecordType::Ptr => Kind::PTR,
    }
}

/// A record in its normal spelling; none where it is of another type, such as a CNAME on the way.
fn text(record: &Record, of: RecordType) -> Option<String> {
    Some(match (&record.data, of) {
        (RData::A(v4), RecordType::A) => v4.0.to_string(),
        (RData::AAAA(v6), RecordType::Aaaa) => v6.0.to_string(),
        (RData::CNAME(name), RecordType::Cname) => spelt(&name.0).to_string(),
        (RData::NS(name), RecordType::Ns) => spelt(&name.0).to_string(),
        (RData::MX(mx), RecordType::Mx) => format!("{} {}", mx.preference, spelt(&mx.exchange)),
        (RData::PTR(name), RecordType::Ptr) => spelt(&name.0).to_string(),
        (RData::SRV(srv), RecordType::Srv) => {
            format!("{} {} {} {}", srv.priority, srv.weight, srv.port, spelt(&srv.target))
        }
        (RData::TXT(txt), RecordType::Txt) => RecordType::txt(&txt.txt_data.concat()),
        (RData::SOA(soa), RecordType::Soa) => format!(
            "{} {} {} {} {} {} {}",
            spelt(&soa.mname),
            spelt(&soa.rname),
            soa.serial,
            soa.refresh,
            soa.retry,
            soa.expire,
            soa.minimum
        ),
        (RData::CAA(caa), RecordType::Caa) => RecordType::caa(caa.flags(), &caa.tag, &caa.value),
        _ => return None,
    })
}

fn none_of(name: &DnsName, of: RecordType) -> Cause {
    Cause::seen(ErrorCode::DnsNoRecords, format!("{name} has no {} records.", of.as_str()))
}

/// Our own fault, where no socket could be opened for the question.
fn unasked(error: &NetError) -> Option<Cause> {
    let io = match error {
        NetError::Io(io) => os_error::below(io.as_ref()),
        other => os_error::below(other),
    };
    let io = io.filter(|io| os_error::out_of_sockets(io) || io.kind() == std::io::ErrorKind::AddrNotAvailable)?;
    Some(Cause::seen(ErrorCode::OutOfSockets, format!("The checker had no socket to ask the DNS with: {io}.")))
}

fn no_records(name: &DnsName, of: RecordType, servers: &[SocketAddr], error: &NetError) -> Cause {
    if let Some(ours) = unasked(error) {
        return ours;
    }
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
    if let Some(ours) = unasked(error) {
        return ours;
    }
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

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use hickory_resolver::config::ResolverConfig;
    use rustix::io::Errno;

    use super::*;

    /// A name server that gives every name one address, but none to those whose first label begins with `no`, and no IPv6 address to
    /// any; and the first labels that it was asked for.
    async fn name_server() -> (SocketAddr, Arc<std::sync::Mutex<Vec<String>>>) {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut packet = [0; 512];
            while let Ok((_, asker)) = socket.recv_from(&mut packet).await {
                let label = String::from_utf8_lossy(&packet[13..13 + usize::from(packet[12])]).into_owned();
                let end = 12 + packet[12..].iter().position(|byte| *byte == 0).expect("the root") + 5;
                let (known, v4) = (!label.starts_with("no"), packet[end - 3] == 1);
                log.lock().expect("unpoisoned").push(label);
                let answers = u8::from(known && v4);
                let mut answer =
                    [&packet[..2], &[0x81, if known { 0x80 } else { 0x83 }, 0, 1, 0, answers, 0, 0, 0, 0]].concat();
                answer.extend_from_slice(&packet[12..end]);
                if answers == 1 {
                    answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
                }
                socket.send_to(&answer, asker).await.expect("sent");
            }
        });
        (address, asked)
    }

    fn resolver(server: SocketAddr, hosts: HostsFile) -> SystemResolver {
        let config = ResolverConfig::from_name_servers(vec![config(&server)]);
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        be_fresh(builder.options_mut());
        let (dns, servers) = (builder.build().expect("a resolver"), asking(&[server]).expect("servers"));
        SystemResolver { hosts, dns, servers, well: Mutex::new(None) }
    }

    #[tokio::test]
    async fn any_name_is_asked_for() {
        let (server, asked) = name_server().await;
        let resolver = resolver(server, HostsFile::default());
        for host in [
            "my_app",
            "foo_bar.t",
            "app_1.t",
            "host_.t",
            "a*b",
            "a!b",
            "a~b",
            "a+b",
            "a$b",
            "-host",
            "host-.t",
            "my_app.",
        ] {
            let found = resolver.resolve(host).await.expect("an address");
            assert_eq!(found, ["192.0.2.7".parse::<IpAddr>().expect("an address")], "{host}");
            let bare = host.trim_end_matches('.');
            let label = bare.split('.').next().expect("a label");
            assert!(asked.lock().expect("unpoisoned").iter().any(|asked| asked == label), "{host}");
            let name = DnsName::parse(bare).expect("a name");
            for servers in [&[] as &[SocketAddr], &[server]] {
                let records = resolver.records(&name, RecordType::A, servers).await;
                assert_eq!(records.map(|found| found.records), Ok(vec!["192.0.2.7".to_owned()]), "{host}");
            }
        }
        let missing = resolver.resolve("no_app").await.expect_err("no such name");
        assert_eq!(missing.code, ErrorCode::DnsNxdomain);
    }

    #[tokio::test]
    async fn the_list_of_hosts_comes_first_and_has_no_say_in_records() {
        let (server, asked) = name_server().await;
        let resolver = resolver(server, HostsFile::parse("10.0.0.1 my_app\n::1 my_app\n"));
        let found = resolver.resolve("My_App").await.expect("addresses");
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.1", "::1"]);
        assert!(asked.lock().expect("unpoisoned").is_empty());
        let name = DnsName::parse("my_app").expect("a name");
        let records = resolver.records(&name, RecordType::A, &[]).await.map(|found| found.records);
        assert_eq!(records, Ok(vec!["192.0.2.7".to_owned()]));
    }

    #[tokio::test]
    async fn a_resolver_that_answers_is_well_and_is_not_asked_again_at_once() {
        let (server, asked) = name_server().await;
        let answering = resolver(server, HostsFile::default());
        assert!(answering.is_well().await && answering.is_well().await);
        assert_eq!(asked.lock().expect("unpoisoned").len(), 1);
    }

    #[test]
    fn a_question_without_a_socket_is_no_word_about_its_target() {
        let name = DnsName::parse("example.com").expect("a name");
        let server = ["192.0.2.1:53".parse().expect("an address")];
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::ADDRINUSE] {
            let error = NetError::Io(Arc::new(io::Error::from_raw_os_error(errno.raw_os_error())));
            assert_eq!(cause("example.com", &error).code, ErrorCode::OutOfSockets, "{errno:?}");
            for servers in [&[] as &[SocketAddr], &server] {
                let said = no_records(&name, RecordType::A, servers, &error);
                assert_eq!(said.code, ErrorCode::OutOfSockets, "{errno:?}");
            }
        }
        let error = NetError::Io(Arc::new(io::Error::from_raw_os_error(Errno::HOSTUNREACH.raw_os_error())));
        assert_eq!(no_records(&name, RecordType::A, &server, &error).code, ErrorCode::ResolverUnreachable);
    }
}
