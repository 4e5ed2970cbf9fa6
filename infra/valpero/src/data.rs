//! The data directory: its owner's alone; one `up` at a time holds its lock and says where its store listens. A store that is damaged,
//! or gone, is refused before anything is made anew in its place.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use aws_sdk_dynamodb::Client;
use serde_json::Value;
use valpero_domain::PublicUrl;

use crate::{
    data_error::DataError,
    embedded::{Embedded, client},
    private::{self, STORE},
    soundness,
};

/// The name of the file which says that a store was made here.
const MADE: &str = "valpero.db.made";

/// The file that says where people reached the last `valpero up`.
const PUBLIC_URL: &str = "public-url";

/// A data directory that nobody else uses while this lives.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Takes the directory, making it where it does not exist, and closing it to others where it does.
    ///
    /// # Errors
    /// Where it cannot be used, or somebody else uses it.
    pub fn take(path: &Path) -> Result<Self, DataError> {
        let failed = |source| DataError::Directory { path: path.to_owned(), source };
        private::make(path)?;
        let lock = OpenOptions::new().create(true).append(true).open(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The store's file of a directory.
    pub fn store_of(directory: &Path) -> PathBuf {
        directory.join(STORE)
    }

    /// Starts the store on the directory's file, once it has been found to be sound.
    ///
    /// # Errors
    /// Where the file cannot be used, is damaged, or is gone.
    pub fn serve(&self) -> Result<Embedded, DataError> {
        self.check()?;
        Ok(Embedded::on_file(&Self::store_of(&self.path))?)
    }

    fn check(&self) -> Result<(), DataError> {
        let made = made(&self.path);
        if size(&self.path, STORE) == 0 {
            // Only what was killed while it began for the first time leaves an empty file.
            let lost = made || size(&self.path, "valpero.db-wal") > 0;
            return if lost { Err(DataError::Gone(self.path.clone())) } else { Ok(()) };
        }
        let store = Self::store_of(&self.path);
        let found = if made { soundness::check(&store) } else { soundness::check_structure(&store) };
        found.map_err(|why| DataError::Damaged { path: self.path.clone(), why })
    }

    /// Whether there is, or was, data in it.
    pub fn was_used(&self) -> bool {
        made(&self.path) || size(&self.path, STORE) > 0
    }

    /// Notes that a store was made here: from now on a missing one is no first start.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn note_use(&self) -> Result<(), DataError> {
        let failed = |source| DataError::Directory { path: self.path.clone(), source };
        let text =
            "Valpero keeps data here. While this file is here, it does not begin anew where valpero.db is missing.\n";
        fs::write(self.path.join(MADE), text).map_err(failed)
    }

    /// Writes down where the store listens, for the operator's commands.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn announce(&self, embedded: &Embedded) -> Result<(), DataError> {
        let failed = |source| DataError::Directory { path: self.path.clone(), source };
        fs::write(self.path.join("endpoint"), format!("http://{}\n", embedded.address())).map_err(failed)
    }

    /// Writes down where people reach this, so that links made by other commands begin with it. It stays after the end.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn note_public_url(&self, url: &PublicUrl) -> Result<(), DataError> {
        let failed = |source| DataError::Directory { path: self.path.clone(), source };
        fs::write(self.path.join(PUBLIC_URL), format!("{url}\n")).map_err(failed)
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

/// Where people reached the last `valpero up` on this data; none where that is not known.
pub(crate) fn public_url(directory: &Path) -> Option<PublicUrl> {
    fs::read_to_string(directory.join(PUBLIC_URL)).ok()?.trim().parse().ok()
}

fn made(directory: &Path) -> bool {
    directory.join(MADE).exists()
}

/// The bytes of a file, none where it does not exist.
fn size(directory: &Path, name: &str) -> u64 {
    fs::metadata(directory.join(name)).map_or(0, |metadata| metadata.len())
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
    if !DataDir::store_of(path).exists() && !made(path) {
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

#[cfg(test)]
pub(crate) mod tests {
    use valpero_domain::{AccountId, AuditAction, AuditId, Plan};
    use valpero_runtime::{Clock, entropy};
    use valpero_storage::{Account, AuditRow, Mailed, Store, Tables};

    use super::*;
    use crate::stack::STACK;

    /// A directory of a test's own, gone with it.
    pub(crate) struct Scratch(PathBuf);

    impl Scratch {
        pub(crate) fn new() -> Self {
            let bytes: [u8; 8] = valpero_auth::random_bytes();
            let path = std::env::temp_dir().join(format!("valpero-test-{:016x}", u64::from_be_bytes(bytes)));
            fs::create_dir(&path).expect("a directory");
            Self(path)
        }

        pub(crate) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _left = fs::remove_dir_all(&self.0);
        }
    }

    /// A directory in use, with one account in it.
    pub(crate) async fn used(path: &Path, email: &str) -> (Embedded, DataDir) {
        let directory = DataDir::take(path).expect("it is free");
        let embedded = directory.serve().expect("a store");
        let tables = Tables::of_stack(STACK);
        tables.create_missing(&embedded.client()).await.expect("tables");
        directory.note_use().expect("noted");
        let now = Clock::system().now();
        let id = AccountId::new(now, entropy());
        let audit_id = AuditId::new(now, entropy());
        let audit = AuditRow::without_request(
            id,
            audit_id,
            valpero_domain::Actor::Operator,
            AuditAction::AccountCreated,
            None,
            now,
        );
        let account = Account {
            id,
            email: email.to_owned(),
            plan: Plan::Free,
            language: valpero_domain::Language::default(),
            time_zone: valpero_domain::TimeZone::default(),
            created_at: now,
            monitors: 0,
            people: 0,
            pages: 0,
            muted_until: None,
        };
        Store::new(embedded.client(), tables).create_account(&account, Mailed::No, &audit).await.expect("an account");
        (embedded, directory)
    }

    /// The addresses of the accounts in a directory that nobody uses.
    pub(crate) async fn accounts(path: &Path) -> Vec<String> {
        let access = open(path).expect("data");
        let found = Store::new(access.client.clone(), Tables::of_stack(STACK)).accounts().await.expect("accounts");
        found.into_iter().map(|account| account.email).collect()
    }

    /// What opening a directory says.
    fn refusal(path: &Path) -> String {
        let directory = DataDir::take(path).expect("it is free");
        directory.serve().expect_err("it must be refused").to_string()
    }

    /// Puts another file in the place of the store's, so that whoever has the old one open keeps it.
    fn replace(path: &Path, bytes: &[u8]) {
        let store = DataDir::store_of(path);
        fs::remove_file(&store).expect("it is there");
        fs::write(store, bytes).expect("written");
    }

    #[tokio::test]
    async fn a_damaged_store_is_refused_and_left_as_it_is() {
        let scratch = Scratch::new();
        let (data, copy) = (scratch.path().join("data"), scratch.path().join("copy"));
        drop(used(&data, "a@example.com").await);
        soundness::copy(&DataDir::store_of(&data), &copy).expect("a copy");
        let whole = fs::read(&copy).expect("a file");
        let mut overwritten = whole.clone();
        overwritten.iter_mut().skip(4096).take(8192).for_each(|byte| *byte = 0xff);
        for bad in [&whole[..whole.len() / 2], &[0xff; 8192], &overwritten] {
            replace(&data, bad);
            // What belongs to the file that was replaced.
            for name in ["valpero.db-wal", "valpero.db-shm"] {
                let _absent = fs::remove_file(data.join(name));
            }
            let said = refusal(&data);
            assert!(said.contains("is damaged") && said.contains("valpero restore FILE --force"), "{said}");
            assert_eq!(fs::read(DataDir::store_of(&data)).expect("a file"), bad, "it is as it was");
        }
        replace(&data, &whole);
        assert_eq!(accounts(&data).await, ["a@example.com"], "and a sound one is taken");
    }

    #[tokio::test]
    async fn a_store_that_is_gone_is_no_first_start() {
        let scratch = Scratch::new();
        let data = scratch.path().join("data");
        drop(used(&data, "a@example.com").await);
        replace(&data, b"");
        assert!(refusal(&data).contains("is gone"));
        fs::remove_file(DataDir::store_of(&data)).expect("it is there");
        assert!(refusal(&data).contains("is gone"));
        assert!(matches!(open(&data), Err(DataError::Gone(_))), "for the operator too");

        // The log of a store that is gone, in a directory which an older version made.
        let old = scratch.path().join("old");
        fs::create_dir(&old).expect("a directory");
        fs::write(old.join("valpero.db-wal"), "x").expect("written");
        assert!(refusal(&old).contains("is gone"));

        // Killed in the first moment of the first start.
        let new = scratch.path().join("new");
        fs::create_dir(&new).expect("a directory");
        fs::write(DataDir::store_of(&new), "").expect("written");
        assert!(DataDir::take(&new).expect("it is free").serve().is_ok());
        assert!(matches!(open(&scratch.path().join("never")), Err(DataError::Missing(_))));
    }
}
