//! How `up` sends mail: by the SMTP server that it is told, or as files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use valpero_domain::mail_address::MailAddress;
use valpero_mail::{Mailer, SmtpUrl};
use valpero_runtime::config::DEFAULT_MAIL_RATE;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Sender of mail that is kept as files. Default for `--mail-from`; no mail can be sent to it.
const NOBODY: &str = "valpero@localhost";

/// How mail is sent.
#[derive(Debug, Args)]
pub(crate) struct MailArgs {
    /// SMTP server for mail: smtp://USER:PASSWORD@HOST:587 with STARTTLS, or smtps://USER:PASSWORD@HOST:465. Special characters of user
    /// and password are percent-encoded. Options: ?tls=required (default; `none` for this machine itself), opportunistic or none;
    /// &verify=no accepts any certificate; &ca=FILE trusts the authorities of a PEM file. Default: mail is kept as .eml files in the
    /// folder `mail` of the data directory.
    #[arg(long, value_name = "URL", env = "VALPERO_SMTP", hide_env_values = true, requires = "mail_from")]
    smtp: Option<SecretString>,
    /// File with that URL, so that the password is not in the list of processes.
    #[arg(long, value_name = "FILE", conflicts_with = "smtp", requires = "mail_from")]
    smtp_file: Option<PathBuf>,
    /// Address that mail is sent from.
    #[arg(long, value_name = "ADDRESS", env = "VALPERO_MAIL_FROM", value_parser = address)]
    mail_from: Option<MailAddress>,
    /// Mails a second to subscribers of status pages, at most: what the SMTP server allows.
    #[arg(
        id = "mail_rate",
        long = "mail-rate",
        value_name = "NUMBER",
        env = "VALPERO_MAIL_RATE",
        default_value_t = DEFAULT_MAIL_RATE,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(crate) rate: u32,
}

pub(crate) fn address(text: &str) -> Result<MailAddress, String> {
    MailAddress::try_from(text.to_owned()).map_err(|error| error.to_string())
}

/// How mail is sent, and where it goes in words.
pub(crate) struct Post {
    /// The mailer.
    pub mailer: Mailer,
    /// Where mail goes, for the screen.
    pub says: String,
    /// The sender's address.
    pub from: MailAddress,
}

impl MailArgs {
    /// The mailer of these arguments; `data` is the data directory, if there is one.
    pub(crate) fn mailer(&self, data: Option<&Path>) -> Result<Post, Failure> {
        let from = match &self.mail_from {
            Some(from) => from.clone(),
            None => MailAddress::try_from(NOBODY.to_owned())?,
        };
        if let Some(url) = self.url()? {
            let says = format!("by {url}, from {from}");
            return Ok(Post { mailer: Mailer::smtp(url, &from)?, says, from });
        }
        let folder = data.map_or_else(temporary, |data| data.join("mail"));
        let says = format!("not sent, but kept in {} (--smtp URL --mail-from ADDRESS sends it)", folder.display());
        Ok(Post { mailer: Mailer::folder(&folder, &from)?, says, from })
    }

    fn url(&self) -> Result<Option<SmtpUrl>, Failure> {
        let url = match (&self.smtp, &self.smtp_file) {
            (Some(url), _) => url.expose_secret().parse()?,
            (None, Some(path)) => {
                let text = fs::read_to_string(path);
                text.map_err(|error| format!("{} cannot be read: {error}", path.display()))?.parse()?
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(url))
    }
}

/// Temporary folder for the mail of one process whose data is in memory.
fn temporary() -> PathBuf {
    let bytes: [u8; 8] = valpero_auth::random_bytes();
    std::env::temp_dir().join(format!("valpero-mail-{:016x}", u64::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::data::tests::Scratch;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        mail: MailArgs,
    }

    fn parse(args: &[&str]) -> Result<MailArgs, clap::Error> {
        Cli::try_parse_from([&["up"], args].concat()).map(|cli| cli.mail)
    }

    #[test]
    fn mail_goes_where_the_arguments_say() {
        let scratch = Scratch::new();
        let post = parse(&[]).expect("arguments").mailer(Some(scratch.path())).expect("a mailer");
        assert!(matches!(post.mailer, Mailer::Folder(_)) && scratch.path().join("mail").is_dir());
        let file = scratch.path().join("smtp-url");
        fs::write(&file, "smtp://me:s3cret@mail.example.com\n").expect("a file");
        let path = file.display().to_string();
        let from = ["--mail-from", "ops@example.com"];
        for named in [["--smtp", "smtp://me:s3cret@mail.example.com"], ["--smtp-file", &path]] {
            let args = parse(&[named, from].concat()).expect("arguments");
            let post = args.mailer(None).expect("a mailer");
            assert_eq!(post.says, "by smtp://mail.example.com:587, from ops@example.com");
            assert!(matches!(post.mailer, Mailer::Smtp(_)));
            let shown = format!("{args:?} {:?}", post.mailer);
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn a_password_is_in_no_message() {
        let bad =
            parse(&["--smtp", "http://me:s3cret@example.com", "--mail-from", "ops@example.com"]).expect("arguments");
        let said = bad.mailer(None).err().expect("refused").to_string();
        assert!(said.contains("smtp://") && !said.contains("s3cret"), "{said}");
        let said = parse(&["--smtp", "smtp://me:s3cret@example.com"]).expect_err("no sender").to_string();
        assert!(said.contains("--mail-from") && !said.contains("s3cret"), "{said}");
        assert!(parse(&["--mail-from", "ops"]).is_err());
    }
}
