//! The processes that `infra/bench` measures: a checker's ticks and minutes, the same requests with nothing around them, and targets.

mod client;
mod floor;
mod meter;
mod outage;
mod partitions;
mod prepare;
mod scale;
mod site;
mod subscribers;
mod tick;

use std::{error::Error, path::PathBuf, time::Duration};

use clap::{Args, Parser};
use valpero_domain::RegionCode;

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Debug, Parser)]
enum Command {
    /// Ticks of a checker over these targets, as monitors in a store of another process.
    Tick(Targets),
    /// Probes of the first target, one after the other, and their phases.
    Single {
        #[command(flatten)]
        targets: Targets,
        /// Microseconds between two probes.
        #[arg(long, default_value_t = 0)]
        pause_us: u64,
    },
    /// The same handshakes and requests by hyper and rustls alone.
    Floor {
        #[command(flatten)]
        targets: Targets,
        /// Microseconds from one to the next; 0 begins them all at once.
        #[arg(long, default_value_t = 0)]
        every_us: u64,
    },
    /// Minutes of a region with as many monitors, each invocation of its checker one after the other.
    Scale {
        /// Monitors.
        #[arg(long, default_value_t = 10_000)]
        count: usize,
        /// Minutes, after one that is not counted.
        #[arg(long, default_value_t = 3)]
        minutes: usize,
        /// Let a tenth of the targets hang, after as many minutes in which they answer.
        #[arg(long)]
        hanging: bool,
    },
    /// All monitors of one account fall at once, in three regions, where a partition takes what DynamoDB's does.
    Outage {
        /// Monitors.
        #[arg(long, default_value_t = 1_000)]
        count: usize,
    },
    /// Subscribers of a status page are told of an update; in the middle the process that sends is killed.
    Subscribers {
        /// Subscribers.
        #[arg(long, default_value_t = 10_000)]
        count: usize,
        /// Mails a second.
        #[arg(long, default_value_t = valpero_runtime::config::DEFAULT_MAIL_RATE)]
        rate: u32,
    },
    /// A store with monitors of these targets, for `tick`.
    Store(Targets),
    /// A site that answers each request a while after it came.
    Site(site::Site),
}

/// Loopback addresses that targets are at.
const ADDRESSES: usize = 1_000;

/// Hosts `t0.site.example` and so on. The first thousand are each at an address of their own, and so are the next: what the kernel
/// remembers of each address must not make a large region slow, for on AWS every invocation has a kernel of its own.
#[derive(Debug, Args)]
struct Targets {
    #[arg(long, default_value = "http")]
    scheme: String,
    #[arg(long)]
    port: u16,
    #[arg(long, default_value_t = 1_000)]
    count: usize,
    /// Authorities to trust (PEM).
    #[arg(long)]
    ca_file: Option<PathBuf>,
    /// Times over all targets, after one that is not counted.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Print the phases of each check of the last round.
    #[arg(long)]
    phases: bool,
    /// Regions that have the monitors.
    #[arg(long, value_delimiter = ',', default_value = "fra")]
    regions: Vec<RegionCode>,
    /// Ask the system's name servers for the targets' addresses, where otherwise they are known.
    #[arg(long)]
    resolve: bool,
    /// Have every monitor checked once.
    #[arg(long)]
    checked: bool,
    /// Have every monitor checked in each hour of the last day, and those hours summed up; print the token of a person's session.
    #[arg(long)]
    day: bool,
    /// The monitors' webhook is at this port of loopback.
    #[arg(long)]
    webhook_port: Option<u16>,
}

impl Targets {
    /// No targets, in one region.
    fn none() -> Result<Self, Failure> {
        Ok(Self {
            scheme: "http".into(),
            port: 9,
            count: 0,
            ca_file: None,
            rounds: 1,
            phases: false,
            regions: vec!["fra".parse()?],
            resolve: false,
            checked: false,
            day: false,
            webhook_port: None,
        })
    }

    fn host(place: usize) -> String {
        format!("t{place}.site.example")
    }

    fn address(place: usize) -> std::net::IpAddr {
        let [.., high, low] = (place % ADDRESSES).to_be_bytes();
        std::net::Ipv4Addr::new(127, 1, high, low).into()
    }

    fn url(&self, place: usize) -> String {
        format!("{}://{}:{}/", self.scheme, Self::host(place), self.port)
    }

    /// These targets as arguments.
    fn arguments(&self) -> Vec<String> {
        let regions: Vec<String> = self.regions.iter().map(RegionCode::to_string).collect();
        let mut all = vec![
            format!("--scheme={}", self.scheme),
            format!("--port={}", self.port),
            format!("--count={}", self.count),
            format!("--regions={}", regions.join(",")),
        ];
        all.extend(self.webhook_port.map(|port| format!("--webhook-port={port}")));
        all
    }

    fn roots(&self) -> Result<rustls::RootCertStore, Failure> {
        use rustls_pki_types::{CertificateDer, pem::PemObject};
        // Those of the public web too: a checker searches them all.
        let mut roots = valpero_outbound::tls::public_roots();
        if let Some(path) = &self.ca_file {
            for certificate in CertificateDer::pem_file_iter(path)? {
                roots.add(certificate?)?;
            }
        }
        Ok(roots)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    match Command::parse() {
        Command::Tick(targets) => tick::run(&targets).await,
        Command::Single { targets, pause_us } => tick::single(&targets, Duration::from_micros(pause_us)).await,
        Command::Floor { targets, every_us } => floor::run(&targets, every_us).await,
        Command::Scale { count, minutes, hanging } => scale::run(count, minutes, hanging).await,
        Command::Outage { count } => outage::run(count).await,
        Command::Subscribers { count, rate } => subscribers::run(count, rate).await,
        Command::Store(targets) => prepare::run(&targets).await,
        Command::Site(site) => site::run(&site).await,
    }
}
