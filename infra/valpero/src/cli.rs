//! The command line.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::PossibleValuesParser};
use valpero_domain::{
    AccountId, KeyId, Plan, RegionCode,
    check::CheckType,
    dns_check::{RECORD_TYPE, RecordType},
    monitor::{DEFAULT_TIMEOUT_MS, TIMEOUT_MS},
};
use valpero_runtime::telemetry::chain;

use crate::{backup, check, dead_letters, operator, screen, up};

/// Uptime monitoring as an API, on one machine or on AWS.
///
/// Exit codes: 0 done; 1 failed, with a sentence that says what to do; 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "valpero", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine: API, checkers, webhook worker and store.
    Up(UpArgs),
    /// Probe a target once, as a checker does: `valpero check https://example.com`. No account is needed.
    ///
    /// Exit codes: 0 up (be it slowly); 1 down; 2 wrong input, or a fault of our own.
    Check(CheckArgs),
    /// Write the data of a directory into one file, also while `up` runs on it.
    Backup(BackupArgs),
    /// Put a backup in the place of a directory's data, while no `up` runs on it.
    Restore(RestoreArgs),
    /// Accounts.
    #[command(subcommand)]
    Account(AccountCommand),
    /// API keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// The regions that check.
    #[command(subcommand)]
    Region(RegionCommand),
    /// Messages of webhooks that failed for good, on AWS.
    #[command(subcommand)]
    DeadLetters(DeadLettersCommand),
    /// Print the API's OpenAPI document.
    Openapi,
}

/// How `up` runs.
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Where the data lives.
    #[arg(long, value_name = "DIR", default_value = ".valpero")]
    pub data: PathBuf,
    /// Keep the data in memory: it is gone when this stops.
    #[arg(long, conflicts_with = "data")]
    pub memory: bool,
    /// Where the API listens.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:3000")]
    pub addr: SocketAddr,
    /// The regions to check from.
    #[arg(long, value_name = "A,B,C", value_delimiter = ',', default_value = "hel,fra,usc")]
    pub regions: Vec<RegionCode>,
    /// Whether monitors and webhooks may reach private addresses; deny is how it is on AWS.
    #[arg(long, value_enum, default_value = "allow")]
    pub private_targets: PrivateTargets,
    /// Start everything but the API, and serve DynamoDB, the queue and the event bus at --addr: for functions that run
    /// elsewhere, such as under `sam local start-api`.
    #[arg(long, conflicts_with = "memory")]
    pub services_only: bool,
    /// Print one JSON line, `{"url":…,"key":…}`, instead of text.
    #[arg(long)]
    pub json: bool,
}

/// What `check` looks at.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// A URL; for the other types a host, host:port, or name.
    #[arg(required_unless_present = "monitor")]
    pub target: Option<String>,
    /// http, ssl, tcp, dns or ping.
    #[arg(long = "type", value_name = "TYPE", default_value = CheckType::Http.as_str())]
    pub check_type: CheckType,
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_TIMEOUT_MS, help = TIMEOUT_MS.says)]
    pub timeout_ms: u32,
    /// Type of the records that a dns check looks up.
    #[arg(
        long,
        value_name = "TYPE",
        default_value = RecordType::A.as_str(),
        value_parser = PossibleValuesParser::new(RECORD_TYPE.options().iter().copied())
    )]
    pub record_type: String,
    /// Name server that a dns check asks.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub resolver: Option<String>,
    /// A monitor's whole body, as POST /api/v1/monitors takes it: a JSON file, or - for standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target", "check_type", "timeout_ms", "record_type", "resolver"])]
    pub monitor: Option<PathBuf>,
    /// Authorities (PEM) to trust beside those of the public web.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Refuse addresses that are not on the public internet, as on AWS.
    #[arg(long)]
    pub public_only: bool,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// What `backup` writes, and where.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The file to write; it must not exist.
    pub file: PathBuf,
    /// The data directory of `valpero up`, which may be running.
    #[arg(long, value_name = "DIR", default_value = ".valpero")]
    pub data: PathBuf,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// What `restore` reads, and where to.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// A file that `valpero backup` wrote.
    pub file: PathBuf,
    /// The data directory that gets it.
    #[arg(long, value_name = "DIR", default_value = ".valpero")]
    pub data: PathBuf,
    /// Replace the data that is there.
    #[arg(long)]
    pub force: bool,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PrivateTargets {
    /// Private addresses are fine.
    Allow,
    /// Only the public internet.
    Deny,
}

/// Where an operator's command finds the data.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The data directory of `valpero up`, which may be running.
    #[arg(long, value_name = "DIR", default_value = ".valpero")]
    pub data: PathBuf,
    /// A stack on AWS instead; credentials and region come from the usual AWS environment.
    #[arg(long, value_name = "NAME", env = "VALPERO_STACK", conflicts_with = "data")]
    pub stack: Option<String>,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account.
    Create {
        /// Its owner's address; no two accounts have the same.
        #[arg(long)]
        email: String,
        /// free, lite, start, pro or business.
        #[arg(long, default_value = "free")]
        plan: Plan,
        #[command(flatten)]
        target: Target,
    },
    /// List the accounts.
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Give an account another plan.
    SetPlan {
        /// The account's id.
        account: AccountId,
        /// free, lite, start, pro or business.
        plan: Plan,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Mint a key; its token is printed this once.
    Mint {
        /// The account's id.
        #[arg(long)]
        account: AccountId,
        /// What to call the key.
        #[arg(long)]
        name: String,
        /// A scope, or `all`; as often as needed. Without any: account:read, monitors:read and incidents:read.
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
        #[command(flatten)]
        target: Target,
    },
    /// List an account's keys.
    List {
        /// The account's id.
        #[arg(long)]
        account: AccountId,
        #[command(flatten)]
        target: Target,
    },
    /// End a key: the very next request with it is refused.
    Revoke {
        /// The key's id.
        key: KeyId,
        /// The account's id.
        #[arg(long)]
        account: AccountId,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RegionCommand {
    /// List the regions, and when each last ticked.
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Take a region off the list, after its stack was deleted.
    Remove {
        /// Its code, such as fra.
        region: RegionCode,
        #[command(flatten)]
        target: Target,
    },
}

/// A stack on AWS.
#[derive(Debug, Args)]
pub(crate) struct StackTarget {
    /// The stack's name; credentials and region come from the usual AWS environment.
    #[arg(long, value_name = "NAME", env = "VALPERO_STACK")]
    pub stack: String,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// List them.
    List {
        #[command(flatten)]
        target: StackTarget,
    },
    /// Put them back into the webhook queue.
    Redrive {
        /// Take away what is no message of Valpero's.
        #[arg(long)]
        drop_foreign: bool,
        #[command(flatten)]
        target: StackTarget,
    },
}

/// Runs the command line of this process.
pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Up(args) => up::run(args).await,
        Command::Check(args) => return check::run(args).await,
        Command::Backup(args) => backup::backup(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Account(command) => operator::account(command).await,
        Command::Key(command) => operator::key(command).await,
        Command::Region(command) => operator::region(command).await,
        Command::DeadLetters(command) => dead_letters::run(command).await,
        Command::Openapi => screen::document(&valpero_api::openapi::document()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            screen::complain(&chain(error.as_ref()));
            ExitCode::from(1)
        }
    }
}
