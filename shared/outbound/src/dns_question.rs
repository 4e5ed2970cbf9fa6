//! One question to name servers: CNAMEs are followed, and a server that does not understand EDNS is asked without it.
//!
//! The library's own resolver answers some names itself (`localhost`, those of 127.0.0.0/8 and `::1`, `.invalid`), and looks for an SRV
//! record's target in place of its name behind a CNAME. A check wants to know what the servers say.

use std::{sync::Arc, time::Duration};

use futures::future::{Either, select};
use hickory_resolver::{
    NameServerPool, PoolContext, TlsConfig,
    config::{NameServerConfig, ResolverOpts},
    net::{DnsError, DnsHandle, NetError, NoRecords, RetryDnsHandle, runtime::TokioRuntimeProvider, xfer::FirstAnswer},
    proto::{
        op::{DnsRequestOptions, Query, ResponseCode},
        rr::{Name, RData, Record, RecordType},
    },
};
use tokio::time::timeout;

/// Silence after which a server is asked without EDNS as well: some drop what they do not understand.
const EDNS_PATIENCE: Duration = Duration::from_millis(750);

/// How many CNAMEs are followed that a server did not follow itself.
const CNAMES_MAX: usize = 10;

/// Name servers that can be asked.
pub(crate) struct NameServers {
    plain: Asker,
    /// The same with EDNS; none where it is not wanted.
    edns: Option<Asker>,
}

impl NameServers {
    /// Of these servers, by the options.
    ///
    /// # Errors
    /// Where the library cannot be set up.
    pub(crate) fn new(servers: &[NameServerConfig], options: &ResolverOpts) -> Result<Self, NetError> {
        // Two pools, because a pool joins equal questions that are under way, whether they use EDNS or not.
        let edns = options.edns0.then(|| Asker::new(servers, options.clone())).transpose()?;
        let mut plain = options.clone();
        plain.edns0 = false;
        Ok(Self { plain: Asker::new(servers, plain)?, edns })
    }

    /// The records of this type that the name has.
    ///
    /// # Errors
    /// What the servers said instead, or why they could not be asked.
    pub(crate) async fn records(&self, name: Name, of: RecordType) -> Result<Found, NetError> {
        let plain = self.plain.records(name.clone(), of);
        let Some(edns) = &self.edns else { return plain.await };
        let mut with = Box::pin(edns.records(name, of));
        match timeout(EDNS_PATIENCE, &mut with).await {
            Ok(answer) if !is_lost_on(&answer) => return answer,
            Ok(_) => return plain.await,
            Err(_) => {}
        }
        let (first, other) = match select(with, Box::pin(plain)).await {
            Either::Left((answer, other)) => (answer, Either::Left(other)),
            Either::Right((answer, other)) => (answer, Either::Right(other)),
        };
        if is_an_answer(&first) { first } else { other.await }
    }
}

/// Whether a server did not understand EDNS (RFC 6891, section 7). BADVERS (section 6.1.3) and BADSIG share the number 16, which the
/// library reads as the latter.
fn is_lost_on<T>(answer: &Result<T, NetError>) -> bool {
    use ResponseCode::{BADSIG, BADVERS, FormErr, NotImp};
    matches!(answer, Err(NetError::Dns(DnsError::ResponseCode(FormErr | NotImp | BADVERS | BADSIG))))
}

/// Whether it is a word about the name, and neither silence nor a misunderstanding.
fn is_an_answer<T>(answer: &Result<T, NetError>) -> bool {
    matches!(answer, Ok(_) | Err(NetError::Dns(_))) && !is_lost_on(answer)
}

/// What the servers said.
#[derive(Debug)]
pub(crate) struct Found {
    /// The records; never empty.
    pub(crate) records: Vec<Record>,
    /// The names that CNAMEs led to, in order.
    pub(crate) cnames: Vec<Name>,
    /// The least TTL of the records and of those CNAMEs, in seconds.
    pub(crate) ttl_s: u32,
}

struct Asker {
    servers: RetryDnsHandle<NameServerPool<TokioRuntimeProvider>>,
    options: DnsRequestOptions,
}

impl Asker {
    fn new(servers: &[NameServerConfig], options: ResolverOpts) -> Result<Self, NetError> {
        let mut asked = DnsRequestOptions::default();
        asked.use_edns = options.edns0;
        asked.edns_payload_len = options.edns_payload_len;
        asked.recursion_desired = options.recursion_desired;
        let attempts = options.attempts;
        let context = Arc::new(PoolContext::new(options, TlsConfig::new()?));
        let pool = NameServerPool::from_config(servers.iter().cloned(), context, TokioRuntimeProvider::default());
        Ok(Self { servers: RetryDnsHandle::new(pool, attempts), options: asked })
    }

    async fn records(&self, mut name: Name, of: RecordType) -> Result<Found, NetError> {
        let (mut cnames, mut ttl_s) = (Vec::new(), u32::MAX);
        for _ in 0..=CNAMES_MAX {
            let query = Query::query(name.clone(), of);
            let answer = self.servers.lookup(query.clone(), self.options).first_answer().await?;
            let none = || Err(NoRecords::new(query.clone(), answer.response_code).into());
            let mut end = name.clone();
            // In a circle of CNAMEs every record is passed once at most.
            for _ in 0..answer.answers.len() {
                let next = answer.answers.iter().find_map(|record| match &record.data {
                    RData::CNAME(target) if of != RecordType::CNAME && record.name == end => Some((record, target)),
                    _ => None,
                });
                let Some((record, target)) = next else { break };
                end.clone_from(&target.0);
                cnames.push(end.clone());
                ttl_s = ttl_s.min(record.ttl);
            }
            let records: Vec<Record> = answer
                .answers
                .iter()
                .filter(|record| record.record_type() == of && record.name == end)
                .cloned()
                .collect();
            if !records.is_empty() {
                let ttl_s = records.iter().map(|record| record.ttl).fold(ttl_s, u32::min);
                return Ok(Found { records, cnames, ttl_s });
            }
            if end == name {
                return none();
            }
            name = end;
        }
        Err(NoRecords::new(Query::query(name, of), ResponseCode::NoError).into())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::SocketAddr,
        sync::{Arc, Mutex},
    };

    use hickory_resolver::config::ConnectionConfig;
    use tokio::{net::UdpSocket, time::Instant};

    use super::*;
    use crate::dns_name::of_host;

    /// Of each question that came: whether it had an OPT record.
    type Log = Arc<Mutex<Vec<bool>>>;

    /// What a server does with EDNS.
    #[derive(Debug, Clone, Copy)]
    enum Edns {
        Understands,
        Refuses(u8),
        /// As old servers do: the header alone.
        RefusesBarely(u8),
        BadVersion,
        Drops,
    }

    async fn server(edns: Edns) -> (SocketAddr, Log) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let log = Log::default();
        let asked = Arc::clone(&log);
        tokio::spawn(async move {
            let mut packet = [0; 512];
            while let Ok((length, asker)) = socket.recv_from(&mut packet).await {
                let end = 12 + packet[12..].iter().position(|byte| *byte == 0).expect("the root") + 5;
                let has_opt = packet[11] == 1;
                assert_eq!(length > end, has_opt);
                asked.lock().expect("unpoisoned").push(has_opt);
                let head = |code: u8, counts: [u8; 4]| {
                    let [questions, answers, authorities, more] = counts;
                    [&packet[..2], &[0x81, 0x80 | code, 0, questions, 0, answers, 0, authorities, 0, more]].concat()
                };
                let question = &packet[12..end];
                let answer = match edns {
                    Edns::Drops if has_opt => continue,
                    Edns::Refuses(code) if has_opt => [&head(code, [1, 0, 0, 0]), question].concat(),
                    Edns::RefusesBarely(code) if has_opt => head(code, [0, 0, 0, 0]),
                    Edns::BadVersion if has_opt => {
                        [&head(0, [1, 0, 0, 1]), question, &[0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0]].concat()
                    }
                    _ => {
                        let record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7];
                        [&head(0, [1, 1, 0, 0]), question, &record[..]].concat()
                    }
                };
                socket.send_to(&answer, asker).await.expect("sent");
            }
        });
        (address, log)
    }

    fn servers(address: SocketAddr) -> NameServers {
        let mut connection = ConnectionConfig::udp();
        connection.port = address.port();
        let config = NameServerConfig::new(address.ip(), true, vec![connection]);
        NameServers::new(&[config], &ResolverOpts::default()).expect("servers")
    }

    #[tokio::test]
    async fn a_server_that_is_lost_on_edns_is_asked_without() {
        for (edns, patient) in [
            (Edns::Understands, false),
            (Edns::Refuses(1), false),
            (Edns::Refuses(4), false),
            (Edns::BadVersion, false),
            (Edns::RefusesBarely(1), true),
            (Edns::Drops, true),
        ] {
            let (address, log) = server(edns).await;
            let started = Instant::now();
            let found = servers(address).records(of_host("example.test").expect("a name"), RecordType::A).await;
            let found = found.expect("records");
            let records: Vec<String> = found.records.iter().map(|record| record.data.to_string()).collect();
            assert_eq!((records.as_slice(), found.ttl_s), (&["192.0.2.7".to_owned()] as &[String], 60), "{edns:?}");
            let took = started.elapsed();
            assert_eq!(took >= EDNS_PATIENCE, patient, "{edns:?} took {took:?}");
            assert!(took < EDNS_PATIENCE * 2, "{edns:?} took {took:?}");
            let log = log.lock().expect("unpoisoned");
            assert!(log[0], "{edns:?} was not asked with EDNS first");
            assert_eq!(log.contains(&false), !matches!(edns, Edns::Understands), "{edns:?}");
        }
    }

    #[tokio::test]
    async fn names_on_the_way_are_told_and_the_least_ttl_counts() {
        let name = |label: u8| [1, label, 4, b't', b'e', b's', b't', 0];
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        tokio::spawn(async move {
            let mut packet = [0; 512];
            while let Ok((_, asker)) = socket.recv_from(&mut packet).await {
                let end = 12 + packet[12..].iter().position(|byte| *byte == 0).expect("the root") + 5;
                let asks = packet[13];
                let cname = |from: u8, to: u8, ttl: u8| {
                    [&name(from)[..], &[0, 5, 0, 1, 0, 0, 0, ttl, 0, 8], &name(to)[..]].concat()
                };
                // The first answer ends at `b`, which is asked for by itself.
                let (count, records) = match asks {
                    b'w' => (2, [cname(b'w', b'a', 90), cname(b'a', b'b', 20)].concat()),
                    _ => (1, [&name(b'b')[..], &[0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]].concat()),
                };
                let head = [&packet[..2], &[0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0]].concat();
                socket.send_to(&[&head, &packet[12..end], &records].concat(), asker).await.expect("sent");
            }
        });
        let found = servers(address).records(of_host("w.test").expect("a name"), RecordType::A).await;
        let found = found.expect("records");
        let cnames: Vec<String> = found.cnames.iter().map(ToString::to_string).collect();
        assert_eq!((cnames, found.records.len(), found.ttl_s), (vec!["a.test.".into(), "b.test.".into()], 1, 20));
        let direct = servers(address).records(of_host("b.test").expect("a name"), RecordType::A).await;
        let direct = direct.expect("records");
        assert_eq!((direct.cnames.len(), direct.ttl_s), (0, 60));
    }

    #[tokio::test]
    async fn names_that_the_library_knows_itself_are_asked_for() {
        let (address, log) = server(Edns::Understands).await;
        for name in ["localhost", "1.0.0.127.in-addr.arpa", "example.invalid"] {
            let found = servers(address).records(of_host(name).expect("a name"), RecordType::A).await;
            assert_eq!(found.expect("records").records.len(), 1, "{name}");
        }
        assert_eq!(log.lock().expect("unpoisoned").len(), 3);
    }
}
