//! The data directory: one `up` at a time holds its lock and says where its store listens.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use aws_sdk_dynamodb::Client;
use serde_json::Value;

use crate::embedded::{Embedded, EmbeddedError, client};

/// What can be wrong with a data directory; each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It cannot be made or written.
    #[error("the data directory {path} cannot be used; name another with --data")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another `up` runs on it.
    #[error("another `valpero up` runs on {0}; stop it, or name another directory with --data")]
    InUse(PathBuf),
    /// There is nothing in it.
    #[error("there is no data in {0}; start `valpero up` there once, or name the right directory with --data")]
    Missing(PathBuf),
    /// An `up` holds the lock and has not said yet where its store listens.
    #[error("`valpero up` on {0} is just starting or stopping; try again in a moment")]
    NotReady(PathBuf),
    /// The store.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
}

/// A data directory that nobody else uses while this lives.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Takes the directory, making it where it does not exist.
    ///
    /// # Errors
    /// Where it cannot be used, or somebody else uses it.
    pub fn take(path: &Path) -> Result<Self, DataError> {
        let failed = |source| DataError::Directory { path: path.to_owned(), source };
        make_private(path).map_err(failed)?;
        let lock = OpenOptions::new().create(true).append(true).open(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Starts the store on the directory's file.
    ///
    /// # Errors
    /// Where the file cannot be used.
    pub fn serve(&self) -> Result<Embedded, DataError> {
        Ok(Embedded::on_file(&self.path.join("valpero.db"))?)
    }

    /// Writes down where the store listens, for the operator's commands.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn announce(&self, embedded: &Embedded) -> Result<(), DataError> {
        let failed = |source| DataError::Directory { path: self.path.clone(), source };
        // The directory is its owner's alone, and so is this.
        fs::write(self.path.join("endpoint"), format!("http://{}\n", embedded.address())).map_err(failed)
    }

    /// Writes down what `sam local --env-vars` gives the functions, so that they find the services of this process.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write_sam_variables(&self, variables: &Value) -> Result<PathBuf, DataError> {
        let path = self.path.join("sam-local.json");
        let failed = |source| DataError::Directory { path: self.path.clone(), source };
        fs::write(&path, format!("{variables:#}\n")).map_err(failed)?;
        Ok(path)
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        // Where it was never written there is nothing to take away.
        let _absent = fs::remove_file(self.path.join("endpoint"));
    }
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// A way into the data of a directory: through the `up` that runs on it, or by a store of one's own.
#[derive(Debug)]
pub struct Access {
    /// The client.
    pub client: Client,
    _held: Option<(Embedded, DataDir)>,
}

/// Opens the data of a directory for an operator's command.
///
/// # Errors
/// Where there is none, or it cannot be used.
pub fn open(path: &Path) -> Result<Access, DataError> {
    if !path.join("valpero.db").exists() {
        return Err(DataError::Missing(path.to_owned()));
    }
    match DataDir::take(path) {
        Ok(directory) => {
            let embedded = directory.serve()?;
            Ok(Access { client: embedded.client(), _held: Some((embedded, directory)) })
        }
        Err(DataError::InUse(_)) => {
            let url = fs::read_to_string(path.join("endpoint")).map_err(|_| DataError::NotReady(path.to_owned()))?;
            Ok(Access { client: client(url.trim()), _held: None })
        }
        Err(error) => Err(error),
    }
}
