//! The `valpero` command.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    valpero::main().await
}
