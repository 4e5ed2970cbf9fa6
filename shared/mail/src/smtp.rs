//! Mail by an SMTP server (RFC 5321). The session is led here and not by the library's transport, which sends to nobody where the server
//! refuses one of several recipients.

use std::{
    fmt, fs,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        commands::{Data, Mail as MailCommand, Rcpt},
        extension::ClientId,
    },
};
use tokio::time::timeout;
use valpero_channels::Mail;
use valpero_domain::{Timestamp, mail_address::MailAddress};
use valpero_runtime::telemetry::chain;

use crate::{
    Fate, MailerError, Posted, SmtpUrl, TlsMode,
    mime::{self, Letter},
    smtp_reply::{Failure, Stage, judge, judge_recipients},
};

/// How long a session may take: what calls this has as much time for a webhook.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(15);

/// How long the server may take to say goodbye: it has the mail already.
const GOODBYE: Duration = Duration::from_secs(1);

/// An SMTP server.
pub struct Smtp {
    url: SmtpUrl,
    tls: Option<TlsParameters>,
    from: Address,
    hello: ClientId,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("url", &self.url).field("from", &self.from).finish_non_exhaustive()
    }
}

impl Smtp {
    pub(crate) fn new(url: SmtpUrl, from: &MailAddress) -> Result<Self, MailerError> {
        let from = mime::sender(from).map_err(|error| MailerError::From(from.to_string(), error))?;
        let tls = if url.tls == TlsMode::None { None } else { Some(tls(&url)?) };
        // Some servers look it up; the sender's domain exists in the DNS, and the name of a container does not.
        let hello = ClientId::Domain(from.domain().to_owned());
        Ok(Self { url, tls, from, hello })
    }

    pub(crate) fn domain(&self) -> &str {
        self.from.domain()
    }

    pub(crate) async fn send(&self, mail: &Mail, now: Timestamp) -> Posted {
        let letter = match mime::write(&self.from, mail, now) {
            Ok(letter) => letter,
            Err(error) => return Posted::of(Fate::Undeliverable { why: chain(&error) }),
        };
        let given = AtomicBool::new(false);
        match timeout(TIMEOUT, self.session(&letter, &given)).await {
            Ok(Ok(posted)) => posted,
            Ok(Err((stage, error))) => judge(stage, &Failure::from(&error)),
            Err(_) => {
                let why = format!("the SMTP server took longer than {} seconds", TIMEOUT.as_secs());
                Posted::of(if given.into_inner() { Fate::Unknown { why } } else { Fate::Retry { why } })
            }
        }
    }

    /// One mail. `given` is set when the server begins to get the message itself.
    async fn session(&self, letter: &Letter, given: &AtomicBool) -> Result<Posted, (Stage, Error)> {
        let mut server = self.connect().await?;
        let mail = MailCommand::new(Some(letter.from.clone()), Vec::new());
        server.command(mail).await.map_err(|error| (Stage::From, error))?;
        let mut refused = Vec::new();
        for to in &letter.to {
            match server.command(Rcpt::new(to.clone(), Vec::new())).await {
                Ok(_) => {}
                Err(error) if error.status().is_some() => {
                    let failure = Failure::from(&error);
                    refused.push(Failure { words: format!("{to}: {}", failure.words), ..failure });
                }
                Err(error) => return Err((Stage::To, error)),
            }
        }
        if refused.len() == letter.to.len() {
            goodbye(server).await;
            return Ok(judge_recipients(&refused));
        }
        server.command(Data).await.map_err(|error| (Stage::Data, error))?;
        given.store(true, Ordering::Relaxed);
        let answer = server.message(&letter.bytes).await.map_err(|error| (Stage::Message, error))?;
        goodbye(server).await;
        let words = [format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" "))];
        let refused = refused.into_iter().map(|failure| failure.words);
        let said = words.into_iter().chain(refused).collect::<Vec<_>>().join("\n");
        Ok(Posted::with_words(Fate::Delivered { id: letter.id.clone() }, said))
    }

    /// Connects, encrypts and logs in.
    async fn connect(&self) -> Result<AsyncSmtpConnection, (Stage, Error)> {
        let at_connect = |error| (Stage::Connect, error);
        let address = (self.url.host.as_str(), self.url.port);
        let implicit = self.tls.clone().filter(|_| self.url.tls == TlsMode::Implicit);
        let server = AsyncSmtpConnection::connect_tokio1(address, Some(TIMEOUT), &self.hello, implicit, None);
        let mut server = server.await.map_err(at_connect)?;
        if let Some(tls) = &self.tls {
            let starts = match self.url.tls {
                TlsMode::Implicit | TlsMode::None => false,
                // Without the offer this fails, before anything is sent.
                TlsMode::Required => true,
                TlsMode::Opportunistic => server.can_starttls(),
            };
            if starts {
                server.starttls(tls.clone(), &self.hello).await.map_err(at_connect)?;
            }
        }
        if let Some((user, password)) = self.url.credentials() {
            let login = Credentials::new(user, password);
            let done = server.auth(&[Mechanism::Plain, Mechanism::Login], &login).await;
            done.map_err(|error| (Stage::Login, error))?;
        }
        Ok(server)
    }
}

/// Whether the server answers this changes nothing.
async fn goodbye(mut server: AsyncSmtpConnection) {
    let _answer = timeout(GOODBYE, server.quit()).await;
}

fn tls(url: &SmtpUrl) -> Result<TlsParameters, MailerError> {
    let anything_goes = !url.verify || url.tls == TlsMode::Opportunistic;
    let mut builder = TlsParameters::builder(url.host.clone())
        .certificate_store(CertificateStore::WebpkiRoots)
        .dangerous_accept_invalid_certs(anything_goes)
        .dangerous_accept_invalid_hostnames(anything_goes);
    if let Some(path) = &url.authorities {
        let failed = |error| MailerError::Authorities(path.display().to_string(), error);
        let pem = fs::read(path).map_err(failed)?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(MailerError::Tls)?);
    }
    builder.build().map_err(MailerError::Tls)
}
