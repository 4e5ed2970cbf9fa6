//! Mail as `.eml` files in a folder, for a machine without a mail server.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use lettre::Address;
use valpero_channels::Mail;
use valpero_domain::{Timestamp, mail_address::MailAddress};
use valpero_runtime::telemetry::chain;

use crate::{
    Fate, MailerError, Posted,
    mime::{self, Letter},
};

/// Characters kept of a message's id in a file's name.
const ID_MAX: usize = 150;

/// A folder of mail.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    from: Address,
}

impl Folder {
    /// The folder, which is made if it does not exist.
    ///
    /// # Errors
    /// If the folder cannot be created, or the sender's address is not valid.
    pub fn new(path: &Path, from: &MailAddress) -> Result<Self, MailerError> {
        let from = mime::sender(from).map_err(|error| MailerError::From(from.to_string(), error))?;
        make(path).map_err(|error| MailerError::Folder(path.display().to_string(), error))?;
        Ok(Self { path: path.to_owned(), from })
    }

    pub(crate) fn domain(&self) -> &str {
        self.from.domain()
    }

    pub(crate) async fn send(&self, mail: &Mail, now: Timestamp) -> Posted {
        let letter = match mime::write(&self.from, mail, now) {
            Ok(letter) => letter,
            Err(error) => return Posted::of(Fate::Undeliverable { why: chain(&error) }),
        };
        let Letter { id, bytes, .. } = letter;
        match self.keep(&id, bytes, now).await {
            Ok(file) => Posted::with_words(Fate::Delivered { id }, format!("kept as {}", file.display())),
            Err(error) => {
                let why = format!("the mail cannot be written to {}: {}", self.path.display(), chain(&error));
                Posted::of(Fate::OurFault { why })
            }
        }
    }

    /// Keeps a message under its id and the time; answers in which file.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn keep(&self, id: &str, bytes: Vec<u8>, now: Timestamp) -> io::Result<PathBuf> {
        let (path, name) = (self.path.clone(), name(id, now));
        let file = path.join(&name);
        let written = tokio::task::spawn_blocking(move || write(&path, &name, &bytes)).await;
        written.map_err(io::Error::other)??;
        tracing::info!(file = %file.display(), "a mail is in the folder");
        Ok(file)
    }
}

/// Mail is its owner's alone.
#[cfg(unix)]
fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Sorted by time; a repeated attempt at the same time takes the place of the one before.
fn name(id: &str, now: Timestamp) -> String {
    let time = now.to_string().replace(':', "");
    let id = id.chars().filter(|c| c.is_ascii_alphanumeric() || ".-_@".contains(*c));
    let id: String = id.take(ID_MAX).collect();
    format!("{time}-{id}.eml")
}

/// Writes to a temporary name first, so that a reader of the folder never sees half a file.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!(".{name}.part"));
    fs::write(&unfinished, bytes)?;
    fs::rename(&unfinished, folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mail_is_a_file_named_by_its_time_and_id() {
        let path = std::env::temp_dir().join(format!("valpero-mail-test-{}", std::process::id()));
        let from = MailAddress::try_from("valpero@example.com".to_owned()).expect("an address");
        let folder = Folder::new(&path, &from).expect("a folder");
        let mut mail = mime::tests::mail();
        mail.headers[0].1 = "<../../etc/x@example.com>".to_owned();
        let posted = folder.send(&mail, Timestamp::from_seconds(1_795_000_020)).await;
        assert_eq!(posted.fate, Fate::Delivered { id: "<../../etc/x@example.com>".to_owned() });
        let files: Vec<_> =
            fs::read_dir(&path).expect("it is there").map(|entry| entry.expect("a file").file_name()).collect();
        assert_eq!(files, ["2026-11-18T110700.000Z-....etcx@example.com.eml"]);
        let text = fs::read_to_string(path.join(&files[0])).expect("a file");
        assert!(text.contains("Subject: Down: shop\r\n"), "{text}");
        fs::remove_dir_all(&path).expect("it is ours");
        let posted = folder.send(&mail, Timestamp::from_seconds(0)).await;
        assert!(matches!(posted.fate, Fate::OurFault { .. }), "{posted:?}");
    }
}
