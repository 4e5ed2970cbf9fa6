//! Mail: a message as MIME, and the three ways in which it leaves: SES, an SMTP server, or files in a folder.

mod folder;
pub mod letter;
mod mime;
mod posted;
mod ses;
mod smtp;
mod smtp_reply;
mod smtp_url;

use std::{path::Path, sync::Arc};

use valpero_channels::Mail;
use valpero_domain::{AccountId, ChannelId, PageId, SubscriberId, Timestamp, mail_address::MailAddress};
use valpero_runtime::{App, Config, ConfigError, Needs, SdkConfig, config::MailConfig};

pub use folder::Folder;
pub use posted::{Fate, Posted};
pub use ses::Ses;
pub use smtp::Smtp;
pub use smtp_url::{SmtpUrl, SmtpUrlError, TlsMode};

/// Whose mail it is. SES repeats it in the events of bounces and complaints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tags {
    /// The account.
    pub account: AccountId,
    /// The channel, if it is a channel's message.
    pub channel: Option<ChannelId>,
    /// The subscriber, and of which status page, if it is told something.
    pub subscriber: Option<(PageId, SubscriberId)>,
}

impl Tags {
    /// The name of the account's tag.
    pub const ACCOUNT: &str = "account_id";
    /// The name of the channel's tag.
    pub const CHANNEL: &str = "channel_id";
    /// The name of the status page's tag.
    pub const PAGE: &str = "page_id";
    /// The name of the subscriber's tag.
    pub const SUBSCRIBER: &str = "subscriber_id";

    /// A mail to a person of an account.
    pub const fn of_account(account: AccountId) -> Self {
        Self { account, channel: None, subscriber: None }
    }

    /// A channel's message.
    pub const fn of_channel(account: AccountId, channel: ChannelId) -> Self {
        Self { channel: Some(channel), ..Self::of_account(account) }
    }

    /// What a subscriber of a status page is told.
    pub const fn of_subscriber(account: AccountId, page: PageId, subscriber: SubscriberId) -> Self {
        Self { subscriber: Some((page, subscriber)), ..Self::of_account(account) }
    }

    /// Names and values.
    fn named(self) -> Vec<(&'static str, String)> {
        let mut all = vec![(Self::ACCOUNT, self.account.to_string())];
        all.extend(self.channel.map(|channel| (Self::CHANNEL, channel.to_string())));
        if let Some((page, subscriber)) = self.subscriber {
            all.extend([(Self::PAGE, page.to_string()), (Self::SUBSCRIBER, subscriber.to_string())]);
        }
        all
    }
}

/// How this deployment sends mail. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Mailer {
    /// By Amazon SES.
    Ses(Arc<Ses>),
    /// By an SMTP server.
    Smtp(Arc<Smtp>),
    /// As `.eml` files in a folder.
    Folder(Arc<Folder>),
    /// It sends none.
    Absent,
}

/// A mailer that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// A TLS configuration that cannot be used.
    #[error("TLS for the SMTP server cannot be set up")]
    Tls(#[source] lettre::transport::smtp::Error),
    /// A file of certificate authorities that cannot be read.
    #[error("the file of certificate authorities {0} cannot be read")]
    Authorities(String, #[source] std::io::Error),
    /// A folder that cannot be used.
    #[error("the mail folder {0} cannot be used")]
    Folder(String, #[source] std::io::Error),
    /// The sender's address.
    #[error("the address {0} cannot be the sender of mail")]
    From(String, #[source] lettre::address::AddressError),
}

impl Mailer {
    /// By SES in the region of `sdk`, or not at all.
    ///
    /// # Errors
    /// Where the sender's address cannot be used.
    pub fn on_aws(sdk: &SdkConfig, config: Option<&MailConfig>) -> Result<Self, MailerError> {
        config.map_or(Ok(Self::Absent), |config| Ok(Self::Ses(Arc::new(Ses::new(sdk, config)?))))
    }

    /// By the SMTP server of this URL.
    ///
    /// # Errors
    /// Where TLS cannot be set up, or the sender's address cannot be used.
    pub fn smtp(url: SmtpUrl, from: &MailAddress) -> Result<Self, MailerError> {
        Ok(Self::Smtp(Arc::new(Smtp::new(url, from)?)))
    }

    /// As `.eml` files in this folder, which is made if it does not exist.
    ///
    /// # Errors
    /// Where the folder cannot be made, or the sender's address cannot be used.
    pub fn folder(path: &Path, from: &MailAddress) -> Result<Self, MailerError> {
        Ok(Self::Folder(Arc::new(Folder::new(path, from)?)))
    }

    /// Whether mail is sent at all.
    pub const fn sends(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// The domain of the sender's address, for the ids of messages; empty where no mail is sent.
    pub fn domain(&self) -> &str {
        match self {
            Self::Ses(ses) => ses.domain(),
            Self::Smtp(smtp) => smtp.domain(),
            Self::Folder(folder) => folder.domain(),
            Self::Absent => "",
        }
    }

    /// Sends a mail once, dated `now`. It ends within 15 seconds and a few more.
    pub async fn send(&self, mail: &Mail, tags: Tags, now: Timestamp) -> Posted {
        match self {
            Self::Ses(ses) => ses.send(mail, tags, now).await,
            Self::Smtp(smtp) => smtp.send(mail, now).await,
            Self::Folder(folder) => folder.send(mail, now).await,
            Self::Absent => Posted::of(Fate::Undeliverable { why: "This deployment sends no mail.".to_owned() }),
        }
    }
}

/// A function on AWS cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The environment.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The mailer.
    #[error(transparent)]
    Mailer(#[from] MailerError),
}

/// The state and the mailer of a function on AWS, from its environment.
///
/// # Errors
/// Everything that is missing from the environment; a sender that cannot be used.
pub async fn from_env(needs: Needs) -> Result<(App, Mailer), StartError> {
    let config = Config::from_env(needs)?;
    let sdk = config.sdk().await;
    let mailer = Mailer::on_aws(&sdk, config.mail.as_ref())?;
    Ok((config.connect_by(&sdk), mailer))
}
