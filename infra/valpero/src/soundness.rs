//! Whether the store's file is sound: looked at before anything is served from it, kept as a backup, or put in its place.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

/// A backup of a store that is busy waits so long for its turn.
const BUSY: Duration = Duration::from_secs(10);

/// A table without which a file is none of ours.
const A_TABLE: &str = "valpero-accounts";

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    /// It is no database, or a damaged one.
    #[error("{0}")]
    Damaged(String),
    /// It is a sound database of something else, or an empty one.
    #[error("it holds none of Valpero's data")]
    NotOurs,
}

impl From<rusqlite::Error> for Unsound {
    fn from(error: rusqlite::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// Opens a file that exists, and leaves its log beside it as it is.
fn open(file: &Path, flags: OpenFlags) -> Result<Connection, Unsound> {
    let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// Reads the whole file, and says what is wrong with its structure.
///
/// # Errors
/// The first fault that is found.
pub fn check_structure(file: &Path) -> Result<(), Unsound> {
    structure(&open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?)
}

/// The same, and whether Valpero's data is in it.
///
/// # Errors
/// The first fault that is found.
pub fn check(file: &Path) -> Result<(), Unsound> {
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    structure(&connection)?;
    ours(&connection)
}

/// Copies the store as it is at this moment, also while others write to it, into a file that is empty or does not exist; the copy
/// is one file, without a log beside it. It is looked at before this is done.
///
/// # Errors
/// Where the source is unsound, or the copy cannot be written.
pub fn copy(from: &Path, to: &Path) -> Result<(), Unsound> {
    let source = open(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    structure(&source)?;
    ours(&source)?;
    source.execute("VACUUM INTO ?1", [to.display().to_string()])?;
    check(to)
}

fn structure(connection: &Connection) -> Result<(), Unsound> {
    let said: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(Unsound::Damaged(said.replace('\n', " "))) }
}

fn ours(connection: &Connection) -> Result<(), Unsound> {
    let counted =
        connection.query_row("SELECT count(*) FROM _tables WHERE table_name = ?1", [A_TABLE], |row| row.get(0));
    match counted {
        Ok(1_i64) => Ok(()),
        _ => Err(Unsound::NotOurs),
    }
}
