//! STARTTLS: what a client says in the clear before the TLS handshake of protocols that begin without one.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use valpero_domain::{
    host_checks::StartTls,
    probe::{Cause, ErrorCode},
};

use crate::Trace;

/// The longest line, or message, that a server may send before TLS begins, in bytes.
const ANSWER_MAX: usize = 16 * 1024;

/// Lines of one answer, at most: of SMTP's EHLO, IMAP's greeting, FTP's banner.
const LINES_MAX: usize = 200;

/// Asks a server to begin TLS, and counts the time as the handshake's.
///
/// # Errors
/// Why it does not.
pub(crate) async fn ask(
    stream: &mut TcpStream,
    protocol: StartTls,
    host: &str,
    deadline: Instant,
    trace: &mut Trace,
) -> Result<(), Cause> {
    let started = Instant::now();
    let mut talk = Talk { stream, bytes: Vec::new() };
    let asked = timeout_at(deadline, talk.ask(protocol, host)).await;
    Trace::add(&mut trace.phases.tls_us, started);
    match asked {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Refusal::Broke(error))) => {
            Err(Cause::seen(ErrorCode::ConnectionClosed, format!("The connection broke before TLS began: {error}.")))
        }
        Ok(Err(Refusal::Said(what))) => {
            let detail = format!("The target does not begin TLS by {}'s STARTTLS: it said {what}.", protocol.name());
            Err(Cause::seen(ErrorCode::TlsHandshake, detail))
        }
        Err(_) => Err(Cause::of(ErrorCode::TlsTimeout)),
    }
}

/// Why TLS does not begin.
enum Refusal {
    /// The connection ended.
    Broke(io::Error),
    /// The server said something else.
    Said(String),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Broke(error)
    }
}

/// A conversation. It never reads beyond an answer: what follows the last one is TLS.
struct Talk<'a> {
    stream: &'a mut TcpStream,
    bytes: Vec<u8>,
}

impl Talk<'_> {
    async fn ask(&mut self, protocol: StartTls, host: &str) -> Result<(), Refusal> {
        match protocol {
            // RFC 3207.
            StartTls::Smtp => {
                self.reply("220").await?;
                self.say("EHLO valpero.invalid\r\n").await?;
                self.reply("250").await?;
                self.say("STARTTLS\r\n").await?;
                self.reply("220").await
            }
            // RFC 9051, section 6.2.1.
            StartTls::Imap => {
                self.line(|line| line.starts_with("* OK") || line.starts_with("* PREAUTH")).await?;
                self.say("a STARTTLS\r\n").await?;
                self.tagged().await
            }
            // RFC 2595, section 4.
            StartTls::Pop3 => {
                self.line(|line| line.starts_with("+OK")).await?;
                self.say("STLS\r\n").await?;
                self.line(|line| line.starts_with("+OK")).await
            }
            // RFC 4217, section 4.
            StartTls::Ftp => {
                self.reply("220").await?;
                self.say("AUTH TLS\r\n").await?;
                self.reply("234").await
            }
            // PostgreSQL's protocol, section 53.2.10: SSLRequest, answered by one byte.
            StartTls::Postgres => {
                self.stream.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await?;
                match self.byte().await? {
                    b'S' => Ok(()),
                    other => Err(said(&[other])),
                }
            }
            // RFC 4511, section 4.14.
            StartTls::Ldap => self.ldap().await,
            // RFC 6120, section 5.4.
            StartTls::Xmpp => self.xmpp(host).await,
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Refusal> {
        Ok(self.stream.write_all(text.as_bytes()).await?)
    }

    async fn byte(&mut self) -> Result<u8, Refusal> {
        Ok(self.stream.read_u8().await?)
    }

    /// One line, without its end; byte by byte, so that nothing behind it is taken.
    async fn read_line(&mut self) -> Result<String, Refusal> {
        self.bytes.clear();
        loop {
            match self.byte().await? {
                b'\n' => return Ok(text(&self.bytes)),
                b'\r' => {}
                byte => self.bytes.push(byte),
            }
            if self.bytes.len() > ANSWER_MAX {
                return Err(said(&self.bytes));
            }
        }
    }

    /// A line of this form.
    async fn line(&mut self, fits: impl Fn(&str) -> bool) -> Result<(), Refusal> {
        let line = self.read_line().await?;
        if fits(&line) { Ok(()) } else { Err(said(line.as_bytes())) }
    }

    /// A reply of this code, as SMTP and FTP write it: lines of `220-`, then one of `220 ` (RFC 959, section 4.2).
    async fn reply(&mut self, code: &str) -> Result<(), Refusal> {
        for _ in 0..LINES_MAX {
            let line = self.read_line().await?;
            match line.strip_prefix(code) {
                Some(rest) if !rest.starts_with('-') => return Ok(()),
                Some(_) => {}
                // Between the lines of FTP's reply, any text may stand.
                None if line.starts_with(' ') => {}
                None => return Err(said(line.as_bytes())),
            }
        }
        Err(Refusal::Said("too much".to_owned()))
    }

    /// IMAP's answer to the command `a`; others may come before it.
    async fn tagged(&mut self) -> Result<(), Refusal> {
        for _ in 0..LINES_MAX {
            let line = self.read_line().await?;
            if line.starts_with("a OK") {
                return Ok(());
            }
            if !line.starts_with('*') {
                return Err(said(line.as_bytes()));
            }
        }
        Err(Refusal::Said("too much".to_owned()))
    }

    async fn ldap(&mut self) -> Result<(), Refusal> {
        // ExtendedRequest of the OID of StartTLS, as message 1.
        const OID: &[u8; 22] = b"1.3.6.1.4.1.1466.20037";
        let request = [&[0x30, 29, 0x02, 1, 1, 0x77, 24, 0x80, 22][..], OID].concat();
        self.stream.write_all(&request).await?;
        // A sequence: its length in one byte or, behind a count, in several.
        let (kind, first) = (self.byte().await?, self.byte().await?);
        let mut length = usize::from(first & 0x7f);
        if first & 0x80 != 0 {
            let count = length;
            length = 0;
            for _ in 0..count.min(4) {
                length = length << 8 | usize::from(self.byte().await?);
            }
        }
        if kind != 0x30 || length > ANSWER_MAX {
            return Err(said(&[kind, first]));
        }
        let mut message = vec![0; length];
        self.stream.read_exact(&mut message).await?;
        // Behind the message's number comes an ExtendedResponse (0x78), whose first member is its result code.
        let response = message.iter().position(|byte| *byte == 0x78).map(|at| &message[at..]);
        let result = response.and_then(|response| response.windows(3).find(|part| part[..2] == [0x0a, 1]));
        match result {
            Some([_, _, 0]) => Ok(()),
            Some([.., code]) => Err(Refusal::Said(format!("result code {code}"))),
            _ => Err(said(&message)),
        }
    }

    async fn xmpp(&mut self, host: &str) -> Result<(), Refusal> {
        // A name that XML would have to escape is no domain of XMPP.
        let host = if host.contains(['\'', '<', '&']) { "" } else { host };
        let open = format!(
            "<?xml version='1.0'?><stream:stream to='{host}' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
        );
        self.say(&open).await?;
        self.until("</stream:features>", "<starttls").await?;
        self.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").await?;
        self.until(">", "<proceed").await
    }

    /// Reads up to and with `end`; what was read must contain `wanted`.
    async fn until(&mut self, end: &str, wanted: &str) -> Result<(), Refusal> {
        self.bytes.clear();
        while !self.bytes.ends_with(end.as_bytes()) {
            let byte = self.byte().await?;
            self.bytes.push(byte);
            if self.bytes.len() > ANSWER_MAX || self.bytes.ends_with(b"</stream:stream>") {
                return Err(said(&self.bytes));
            }
        }
        if text(&self.bytes).contains(wanted) { Ok(()) } else { Err(said(&self.bytes)) }
    }
}

/// Bytes as a text for people.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What was said instead, cut to what fits into a sentence.
fn said(bytes: &[u8]) -> Refusal {
    let shown: String = text(bytes).chars().take(100).map(|c| if c.is_control() { ' ' } else { c }).collect();
    Refusal::Said(format!("\"{}\"", shown.trim()))
}
