//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use valpero_runtime::telemetry::chain;

use crate::{
    args::{
        AccountCommand, BackupArgs, CheckArgs, CodeCommand, DeadLettersCommand, KeyCommand, RegionCommand, RestoreArgs,
        UpArgs, UserCommand,
    },
    backup, check, dead_letters, operator, screen, up, users,
};

/// Uptime monitoring as an API, on one machine or on AWS.
///
/// Exit codes: 0 success; 1 failure, with a message that says what to do; 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "valpero", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine: API, checkers, webhook worker and store. Its regions share one network.
    Up(UpArgs),
    /// Probe a target once, like a checker: `valpero check https://example.com`. No account is needed.
    ///
    /// Exit codes: 0 up, also if slow; 1 down; 2 wrong input, or an error of the checker.
    Check(CheckArgs),
    /// Back up a data directory into one file, also while `up` runs on it.
    Backup(BackupArgs),
    /// Restore a backup into a data directory, while no `up` runs on it.
    Restore(RestoreArgs),
    /// Manage accounts.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Manage API keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Invite people to the dashboard, list and remove them, and make links to new passwords.
    #[command(subcommand)]
    User(UserCommand),
    /// Create and list deal codes.
    #[command(subcommand)]
    Code(CodeCommand),
    /// List or remove regions.
    #[command(subcommand)]
    Region(RegionCommand),
    /// List or retry webhook messages in the dead-letter queue, on AWS.
    #[command(subcommand)]
    DeadLetters(DeadLettersCommand),
    /// Print the API's OpenAPI document.
    Openapi,
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
        Command::User(command) => users::user(command).await,
        Command::Code(command) => operator::code(command).await,
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
