//! `valpero backup` and `valpero restore`: the data of a directory as one file, and back.

use std::{
    error::Error,
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{
    args::{BackupArgs, RestoreArgs},
    data::DataDir,
    data_error::DataError,
    private,
    screen::Screen,
    soundness::{self, Unsound},
};

type Failure = Box<dyn Error + Send + Sync>;

/// Writes the data as it is at this moment into a new file, also while `up` runs.
pub(crate) fn backup(args: &BackupArgs) -> Result<(), Failure> {
    let store = DataDir::store_of(&args.data);
    if !store.exists() {
        return Err(DataError::Missing(args.data.clone()).into());
    }
    let file = &args.file;
    if file.exists() {
        return Err(format!("{} exists already; name another file", file.display()).into());
    }
    private::files_are_born_private();
    let part = beside(file, ".part");
    let written = copy(&store, &part).map_err(|error| match error {
        CopyError::Unsound(why) => format!("no backup was made of the data in {}: {why}", args.data.display()).into(),
        CopyError::Io(error) => unwritten(file, &error),
    });
    if let Err(error) = written.and_then(|()| put(&part, file).map_err(|error| unwritten(file, &error))) {
        // Where it was never made there is nothing to take away.
        let _absent = fs::remove_file(&part);
        return Err(error);
    }
    let bytes = fs::metadata(file)?.len();
    let lines = format!(
        "Wrote {} ({bytes} bytes). It holds everything, webhook secrets included: keep it where only you can read it.",
        file.display()
    );
    Screen::new(args.json).result(&json!({"file": file.display().to_string(), "bytes": bytes}), &lines);
    Ok(())
}

/// Puts a backup in the place of a directory's data, which nobody may use meanwhile.
pub(crate) fn restore(args: &RestoreArgs) -> Result<(), Failure> {
    let directory = DataDir::take(&args.data)?;
    if directory.was_used() && !args.force {
        return Err(format!(
            "{} has data already; --force puts the backup in its place, and the data there is gone",
            args.data.display()
        )
        .into());
    }
    let file = &args.file;
    if !file.exists() {
        return Err(format!("there is no file {}", file.display()).into());
    }
    let store = DataDir::store_of(&args.data);
    let part = beside(&store, ".restoring");
    copy(file, &part).map_err(|error| match error {
        CopyError::Unsound(why) => format!("{} is no backup that can be restored: {why}", file.display()),
        CopyError::Io(error) => format!("the backup cannot be written into {}: {error}", args.data.display()),
    })?;
    // A process that dies in between leaves a directory whose data is gone, and which `up` therefore refuses.
    directory.note_use()?;
    for name in ["", "-wal", "-shm", "-journal"] {
        match fs::remove_file(beside(&store, name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    put(&part, &store)?;
    let lines = format!(
        "Restored {} into {}. Its keys are those of the backup; `valpero up` goes on from there.",
        file.display(),
        args.data.display()
    );
    let object = json!({"file": file.display().to_string(), "data": args.data.display().to_string()});
    Screen::new(args.json).result(&object, &lines);
    Ok(())
}

/// Why there is no copy.
enum CopyError {
    Unsound(Unsound),
    Io(std::io::Error),
}

/// Copies a store into a file of this name, in the place of what a copy that was cut off may have left.
fn copy(from: &Path, to: &Path) -> Result<(), CopyError> {
    match fs::remove_file(to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(CopyError::Io(error)),
        _ => {}
    }
    // Made here, so that it is its owner's alone from the start, and so that what keeps it from being made is told as it is.
    File::create_new(to).map_err(CopyError::Io)?;
    soundness::copy(from, to).map_err(|error| {
        let _absent = fs::remove_file(to);
        CopyError::Unsound(error)
    })
}

/// Gives a file that is whole its name, on the disk too.
fn put(part: &Path, name: &Path) -> std::io::Result<()> {
    File::open(part)?.sync_all()?;
    fs::rename(part, name)?;
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Where a directory cannot be opened as a file, the system sees to it by itself.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn beside(file: &Path, more: &str) -> PathBuf {
    let mut name: OsString = file.as_os_str().to_owned();
    name.push(more);
    name.into()
}

fn unwritten(file: &Path, error: &std::io::Error) -> Failure {
    format!("{} cannot be written: {error}", file.display()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tests::{Scratch, accounts, used};

    fn backup_of(data: &Path, file: &Path) -> Result<(), Failure> {
        backup(&BackupArgs { file: file.to_owned(), data: data.to_owned(), json: true })
    }

    fn restore_to(data: &Path, file: &Path, force: bool) -> Result<(), Failure> {
        restore(&RestoreArgs { file: file.to_owned(), data: data.to_owned(), force, json: true })
    }

    #[tokio::test]
    async fn a_backup_of_a_running_store_is_whole_and_comes_back() {
        let scratch = Scratch::new();
        let (data, file) = (scratch.path().join("data"), scratch.path().join("valpero.backup"));
        let running = used(&data, "a@example.com").await;
        backup_of(&data, &file).expect("a backup beside the running store");
        assert!(backup_of(&data, &file).expect_err("it is there").to_string().contains("exists already"));
        let refused = restore_to(&data, &file, true).expect_err("it runs").to_string();
        assert!(refused.contains("another `valpero up` runs"), "{refused}");
        drop(running);

        let other = scratch.path().join("other");
        restore_to(&other, &file, false).expect("into a new directory");
        assert_eq!(accounts(&other).await, ["a@example.com"]);
        let refused = restore_to(&other, &file, false).expect_err("there is data").to_string();
        assert!(refused.contains("--force"), "{refused}");
        fs::remove_file(DataDir::store_of(&other)).expect("it is there");
        fs::write(DataDir::store_of(&other), "x").expect("damaged");
        restore_to(&other, &file, true).expect("by force");
        assert_eq!(accounts(&other).await, ["a@example.com"]);
    }

    #[tokio::test]
    async fn what_is_no_backup_replaces_nothing() {
        let scratch = Scratch::new();
        let (data, file) = (scratch.path().join("data"), scratch.path().join("valpero.backup"));
        drop(used(&data, "a@example.com").await);
        backup_of(&data, &file).expect("a backup");
        let whole = fs::read(&file).expect("a file");
        for bad in [&whole[..whole.len() / 2], b"no database at all, but long enough to be read as one", b""] {
            fs::write(&file, bad).expect("written");
            let refused = restore_to(&data, &file, true).expect_err("unsound").to_string();
            assert!(refused.contains("is no backup that can be restored"), "{refused}");
            assert_eq!(accounts(&data).await, ["a@example.com"], "the data is as it was");
        }
        assert!(restore_to(&data, &scratch.path().join("none"), true).is_err());
    }
}
