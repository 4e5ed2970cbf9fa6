//! What a person, or a script with `--json`, reads on the terminal. A closed pipe is no fault.

use std::io::{self, Write};

use serde_json::Value;

/// Writes to standard output, for people or for scripts.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    json: bool,
}

impl Screen {
    /// For scripts where `json`, else for people.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// A line for people; scripts do not see it.
    pub fn say(self, line: &str) {
        if !self.json {
            write(line);
        }
    }

    /// The result: the one object for scripts, or these lines for people.
    pub fn result(self, object: &Value, lines: &str) {
        if self.json {
            write(&object.to_string());
        } else {
            write(lines);
        }
    }
}

/// A document, for programs and for people who read such.
///
/// # Errors
/// Never: a closed pipe is no fault.
pub fn document(document: &Value) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    write(&format!("{document:#}"));
    Ok(())
}

/// A sentence about what went wrong, on standard error.
pub fn complain(line: &str) {
    let _closed = writeln!(io::stderr().lock(), "valpero: {line}");
}

fn write(line: &str) {
    let mut out = io::stdout().lock();
    let _closed = writeln!(out, "{line}").and_then(|()| out.flush());
}
