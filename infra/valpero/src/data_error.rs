//! Why a data directory cannot be used.

use std::{io, path::PathBuf};

use crate::{embedded::EmbeddedError, soundness::Unsound};

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
    /// Others may read it, and it holds other things.
    #[error(
        "others can read the data directory {0}, and it holds files that are not Valpero's; name one of its own with --data, \
         or make it private by `chmod 700`"
    )]
    Shared(PathBuf),
    /// Others may read it, and it cannot be changed.
    #[error("{0} belongs to another user; make it yours, or name another data directory with --data")]
    Foreign(PathBuf),
    /// The store's file is damaged.
    #[error(
        "the data in {path} is damaged ({why}); `valpero restore FILE --force` puts a backup in its place, and --data names \
         another directory"
    )]
    Damaged {
        /// Which directory.
        path: PathBuf,
        /// What is wrong.
        why: Unsound,
    },
    /// There was a store, and there is none.
    #[error(
        "the data in {0} is gone: Valpero has kept some there, and valpero.db is missing or empty; `valpero restore FILE --force` \
         brings a backup back, and --data names another directory"
    )]
    Gone(PathBuf),
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
