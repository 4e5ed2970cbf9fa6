//! What its owner alone may read: the data directory, and our files in it.

use std::{fs, io, path::Path};

use crate::data_error::DataError;

/// What the names of our own files begin with.
const OURS: [&str; 5] = [STORE, "endpoint", "lock", "mail", "sam-local.json"];

/// The name of the store's file, with which the names of those beside it begin.
pub(crate) const STORE: &str = "valpero.db";

fn begins_with(name: &std::ffi::OsStr, beginnings: &[&str]) -> bool {
    name.to_str().is_some_and(|name| beginnings.iter().any(|beginning| name.starts_with(beginning)))
}

/// Makes the directory where it does not exist, and takes away whatever others may do with it and with our files in it: it may have
/// been made by somebody else, or by an older version. What this process writes from now on is its owner's alone from the start.
#[cfg(unix)]
pub(crate) fn make(path: &Path) -> Result<(), DataError> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};

    let failed = |source| DataError::Directory { path: path.to_owned(), source };
    files_are_born_private();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    let entries: Vec<fs::DirEntry> = fs::read_dir(path).and_then(Iterator::collect).map_err(failed)?;
    let directory = fs::metadata(path).map_err(failed)?;
    if is_open(&directory) {
        let has = |beginnings: &[&str]| entries.iter().any(|entry| begins_with(&entry.file_name(), beginnings));
        let only_ours = entries.iter().all(|entry| begins_with(&entry.file_name(), &OURS));
        // A home directory or /tmp, named by mistake, must not be closed to its users.
        if !only_ours && !has(&[STORE]) {
            return Err(DataError::Shared(path.to_owned()));
        }
    }
    close(path, &directory, path)?;
    let owners = [directory.uid(), rustix::process::geteuid().as_raw()];
    for entry in entries.iter().filter(|entry| begins_with(&entry.file_name(), &OURS)) {
        let file = entry.path();
        // The first is of a link itself, and tells who made it: it could lead anywhere.
        match entry.metadata().and_then(|itself| Ok((itself, fs::metadata(&file)?))) {
            Ok((itself, _)) if !owners.contains(&itself.uid()) => return Err(DataError::Foreign(file)),
            Ok((_, metadata)) => close(&file, &metadata, path)?,
            // An `up` that is just ending takes some away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}

/// Files that this process makes from now on are its owner's alone.
#[cfg(unix)]
pub(crate) fn files_are_born_private() {
    let _before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

#[cfg(unix)]
fn is_open(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(unix)]
fn close(file: &Path, metadata: &fs::Metadata, directory: &Path) -> Result<(), DataError> {
    use std::os::unix::fs::PermissionsExt;
    if !is_open(metadata) {
        return Ok(());
    }
    let mode = metadata.permissions().mode() & 0o700;
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).map_err(|source| match source.kind() {
        io::ErrorKind::PermissionDenied => DataError::Foreign(file.to_owned()),
        _ => DataError::Directory { path: directory.to_owned(), source },
    })
}

#[cfg(not(unix))]
pub(crate) fn make(path: &Path) -> Result<(), DataError> {
    fs::create_dir_all(path).map_err(|source| DataError::Directory { path: path.to_owned(), source })
}

#[cfg(not(unix))]
pub(crate) fn files_are_born_private() {}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::data::tests::Scratch;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }

    #[test]
    fn what_was_open_is_closed_and_what_is_new_is_born_private() {
        let scratch = Scratch::new();
        let path = scratch.path().join("made/before");
        fs::create_dir_all(&path).expect("a directory");
        for name in ["valpero.db", "valpero.db-wal", "endpoint", "lock", "notes.txt"] {
            fs::write(path.join(name), "x").expect("a file");
            set(&path.join(name), 0o644);
        }
        set(&path, 0o755);
        make(&path).expect("it is ours");
        assert_eq!(mode(&path), 0o700);
        for name in ["valpero.db", "valpero.db-wal", "endpoint", "lock"] {
            assert_eq!(mode(&path.join(name)), 0o600, "{name}");
        }
        assert_eq!(mode(&path.join("notes.txt")), 0o644, "it is none of ours, and nobody reaches it");
        fs::write(path.join("later"), "x").expect("a file");
        assert_eq!(mode(&path.join("later")), 0o600);

        let new = scratch.path().join("new");
        make(&new).expect("it can be made");
        assert_eq!(mode(&new), 0o700);
    }

    #[test]
    fn a_directory_of_others_is_not_closed_to_them() {
        let scratch = Scratch::new();
        let path = scratch.path().join("home");
        fs::create_dir(&path).expect("a directory");
        fs::write(path.join("notes.txt"), "x").expect("a file");
        set(&path, 0o755);
        assert!(matches!(make(&path), Err(DataError::Shared(_))));
        assert_eq!(mode(&path), 0o755);
        set(&path, 0o700);
        make(&path).expect("nobody else reads it");
    }
}
