//! The arguments of each command.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum, builder::PossibleValuesParser};
use valpero_domain::{
    AccountId, KeyId, Plan, PublicUrl, RegionCode, Role, Timestamp,
    check::CheckType,
    dns_check::{RECORD_TYPE, RecordType},
    mail_address::MailAddress,
    monitor::{DEFAULT_TIMEOUT_MS, TIMEOUT_MS},
};

use crate::{mail::MailArgs, proxy::Proxy};

/// How `up` runs.
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Data directory.
    #[arg(long, value_name = "DIR", default_value = ".valpero")]
    pub data: PathBuf,
    /// Keep the data in memory only: it is lost when this stops.
    #[arg(long, conflicts_with = "data")]
    pub memory: bool,
    /// Address that the API listens on.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:3000")]
    pub addr: SocketAddr,
    /// URL that people reach this at, such as that of a reverse proxy: links in alerts begin with it. Default: the address of --addr.
    #[arg(long, value_name = "URL", env = "VALPERO_PUBLIC_URL")]
    pub public_url: Option<PublicUrl>,
    /// Address or network (CIDR) of a reverse proxy whose X-Forwarded-For names the client. May be given several times. Default: none,
    /// since anybody can send that header.
    #[arg(long, value_name = "ADDRESS")]
    pub trusted_proxy: Vec<Proxy>,
    /// Region codes of the checkers. All of them run on this machine and share its network.
    #[arg(long, value_name = "A,B,C", value_delimiter = ',', default_value = "hel,fra,usc")]
    pub regions: Vec<RegionCode>,
    /// Whether monitors and webhooks may reach private addresses. The default on AWS is deny.
    #[arg(long, value_enum, default_value = "allow")]
    pub private_targets: PrivateTargets,
    /// Let everybody use the tools at /tools, without signing in: public targets alone, ten probes a minute for an address. Default: only who is
    /// signed in.
    #[arg(long)]
    pub public_tools: bool,
    /// Start everything but the API, and serve DynamoDB, the queue and the event bus at --addr, for functions that run
    /// elsewhere, such as with `sam local start-api`.
    #[arg(long, conflicts_with = "memory")]
    pub services_only: bool,
    #[command(flatten)]
    pub mail: MailArgs,
    /// Address of the owner of the account that the first start makes: alerts go there by mail. Later starts do not change it. Default: owner@localhost, and no alerts by
    /// --smtp.
    #[arg(long, value_name = "ADDRESS", value_parser = crate::mail::address)]
    pub owner: Option<MailAddress>,
    /// Print one JSON line, `{"url":…,"key":…}`, instead of text.
    #[arg(long)]
    pub json: bool,
}

/// What `check` looks at.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// URL; for other check types a host, host:port, or DNS name.
    #[arg(required_unless_present = "monitor")]
    pub target: Option<String>,
    /// Check type: http, ssl, tcp, dns or ping.
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
    /// JSON file with the body of a monitor, as for POST /api/v1/monitors; - for standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target", "check_type", "timeout_ms", "record_type", "resolver"])]
    pub monitor: Option<PathBuf>,
    /// PEM file of certificate authorities to trust in addition to the public ones.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Refuse addresses that are not on the public internet, as on AWS by default.
    #[arg(long)]
    pub public_only: bool,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// What `backup` writes, and where.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// File to write. It must not exist.
    pub file: PathBuf,
    /// Data directory of `valpero up`, which may be running.
    #[arg(long, value_name = "DIR", default_value = ".valpero")]
    pub data: PathBuf,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// What `restore` reads, and where to.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// File written by `valpero backup`.
    pub file: PathBuf,
    /// Data directory to restore into.
    #[arg(long, value_name = "DIR", default_value = ".valpero")]
    pub data: PathBuf,
    /// Replace existing data.
    #[arg(long)]
    pub force: bool,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PrivateTargets {
    /// Private addresses are allowed.
    Allow,
    /// Only the public internet.
    Deny,
}

/// Where an operator's command finds the data.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// Data directory of `valpero up`, which may be running.
    #[arg(long, value_name = "DIR", default_value = ".valpero")]
    pub data: PathBuf,
    /// Name of a stack on AWS, instead of local data. Credentials and region come from the usual AWS environment.
    #[arg(long, value_name = "NAME", env = "VALPERO_STACK", conflicts_with = "data")]
    pub stack: Option<String>,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Create an account.
    Create {
        /// E-mail address of the owner. Unique.
        #[arg(long)]
        email: String,
        /// Plan: free, lite, start, pro or business.
        #[arg(long, default_value = "free")]
        plan: Plan,
        /// Alert the owner by mail of all monitors: for a deployment that sends mail.
        #[arg(long)]
        alert_owner: bool,
        #[command(flatten)]
        target: Target,
    },
    /// List accounts.
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Change the plan of an account.
    SetPlan {
        /// Account ID.
        account: AccountId,
        /// Plan: free, lite, start, pro or business.
        plan: Plan,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Create a key. Its token is printed only once.
    Mint {
        /// Account ID.
        #[arg(long)]
        account: AccountId,
        /// Name of the key.
        #[arg(long)]
        name: String,
        /// Scope, or `all`. Repeatable. Default: account:read, monitors:read and incidents:read.
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
        #[command(flatten)]
        target: Target,
    },
    /// List the keys of an account.
    List {
        /// Account ID.
        #[arg(long)]
        account: AccountId,
        #[command(flatten)]
        target: Target,
    },
    /// Revoke a key. The next request with it is refused.
    Revoke {
        /// Key ID.
        key: KeyId,
        /// Account ID.
        #[arg(long)]
        account: AccountId,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Invite a person into an account. The link is printed only once; it is good for 7 days and one use.
    Invite {
        /// E-mail address, by which the person signs in.
        #[arg(long, value_name = "ADDRESS", value_parser = crate::mail::address)]
        email: MailAddress,
        /// Account ID.
        #[arg(long)]
        account: AccountId,
        /// Role: viewer, member, admin or owner.
        #[arg(long, default_value = "member")]
        role: Role,
        #[command(flatten)]
        base: Base,
        #[command(flatten)]
        target: Target,
    },
    /// Print a link by which a person sets a new password. It is good for a day and one use.
    Link {
        /// E-mail address of the person.
        email: String,
        /// Take the second factor away, too, for who has lost it.
        #[arg(long)]
        reset_two_factor: bool,
        #[command(flatten)]
        base: Base,
        #[command(flatten)]
        target: Target,
    },
    /// List the people of an account, and its open invitations.
    List {
        /// Account ID.
        #[arg(long)]
        account: AccountId,
        #[command(flatten)]
        target: Target,
    },
    /// Remove a person from an account. The person's sessions end at once.
    Remove {
        /// E-mail address of the person.
        email: String,
        /// Account ID.
        #[arg(long)]
        account: AccountId,
        /// Revoke the API keys that the person created, too.
        #[arg(long)]
        revoke_keys: bool,
        #[command(flatten)]
        target: Target,
    },
}

/// Where links begin.
#[derive(Debug, Args)]
pub(crate) struct Base {
    /// URL that people reach Valpero at: the link begins with it. Default: that of the last `valpero up`, or of the stack's API.
    #[arg(long, value_name = "URL", env = "VALPERO_PUBLIC_URL")]
    pub public_url: Option<PublicUrl>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CodeCommand {
    /// Create deal codes. Each moves one account to a plan, once. They are printed only once.
    Create {
        /// Plan: free, lite, start, pro or business.
        #[arg(long)]
        plan: Plan,
        /// How many.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
        count: u16,
        /// When they expire: RFC 3339, such as 2027-01-31T00:00:00Z. Default: never.
        #[arg(long, value_name = "TIME")]
        expires: Option<Timestamp>,
        #[command(flatten)]
        target: Target,
    },
    /// List codes: their beginnings, and who has redeemed them.
    List {
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RegionCommand {
    /// List regions with the time of their last check.
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Remove a region from the list, after its stack was deleted.
    Remove {
        /// Region code, such as fra.
        region: RegionCode,
        #[command(flatten)]
        target: Target,
    },
}

/// A stack on AWS.
#[derive(Debug, Args)]
pub(crate) struct StackTarget {
    /// Name of the stack. Credentials and region come from the usual AWS environment.
    #[arg(long, value_name = "NAME", env = "VALPERO_STACK")]
    pub stack: String,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// List messages.
    List {
        #[command(flatten)]
        target: StackTarget,
    },
    /// Put messages back into the webhook queue.
    Redrive {
        /// Delete messages that are not Valpero's.
        #[arg(long)]
        drop_foreign: bool,
        #[command(flatten)]
        target: StackTarget,
    },
}
