//! A second greeting, by s2n-tls, for servers of TLS 1.2 that share no cipher with rustls: they know CBC, finite-field Diffie-Hellman or
//! RSA key exchange alone, which browsers and curl still take (RFC 9325, section 4.2, advises against them).

use std::{
    io,
    pin::Pin,
    sync::OnceLock,
    task::{Context, Poll, ready},
};

use rustls::CipherSuite;
use rustls_pki_types::CertificateDer;
use s2n_tls::{
    config::Config,
    connection::{Connection, ModifiedBuilder},
    enums::{Blinding, Version},
    error::Error,
    security::Policy,
};
use s2n_tls_tokio::{TlsConnector, TlsStream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Every cipher that s2n-tls knows, up to TLS 1.2.
const POLICY: &str = "test_all_tls12";

/// Bytes of a handshake that are kept to be read: a server's messages up to its certificates are shorter.
const KEPT_MAX: usize = 128 * 1024;

/// A connection with an old cipher.
pub(crate) struct Greeted {
    /// The encrypted stream.
    pub stream: TlsStream<Tap>,
    /// What the server said of itself.
    pub hello: ServerHello,
}

/// What a server says of itself before it encrypts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServerHello {
    /// The cipher suite that it chose.
    pub cipher: CipherSuite,
    /// The certificates that it showed, its own first.
    pub chain: Vec<CertificateDer<'static>>,
}

/// Does a handshake of TLS 1.2 with all the ciphers of its time; none where the server speaks an older version, chooses a cipher that no
/// browser takes, or does not answer so either. The certificate is not judged here.
pub(crate) async fn greet(stream: TcpStream, host: Option<&str>, http: bool) -> Option<Greeted> {
    static CONFIG: OnceLock<Option<Config>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| config().ok()).clone()?;
    let connector = TlsConnector::new(ModifiedBuilder::new(config, move |connection: &mut Connection| {
        // Else s2n-tls waits for up to half a minute after a failure, so that an attacker learns nothing from its time.
        let connection = connection.set_blinding(Blinding::SelfService)?;
        if http { connection.append_application_protocol_preference(b"http/1.1") } else { Ok(connection) }
    }));
    let tap = Tap { inner: stream, seen: Some(Vec::new()) };
    // An address has no name to be asked for (RFC 6066, section 3); an empty one is not sent.
    let mut stream = connector.connect(host.unwrap_or_default(), tap).await.ok()?;
    let hello = ServerHello::read(&stream.get_mut().seen.take().unwrap_or_default())?;
    let current = stream.as_ref().actual_protocol_version().ok()? == Version::TLS12;
    (current && is_taken_by_browsers(hello.cipher)).then_some(Greeted { stream, hello })
}

/// The configuration of all these handshakes.
fn config() -> Result<Config, Error> {
    let mut config = Config::builder();
    config.with_system_certs(false)?.set_security_policy(&Policy::from_version(POLICY)?)?;
    #[expect(
        unsafe_code,
        reason = "s2n-tls marks what gives up its guarantees of security so, though no memory is at stake"
    )]
    // SAFETY: certificates are judged by `Certificate::verify`, as those of every other handshake are.
    unsafe {
        config.disable_x509_verification()?;
    }
    config.build()
}

/// Whether browsers and curl take this cipher: not the broken ones.
fn is_taken_by_browsers(cipher: CipherSuite) -> bool {
    let broken = |name: &str| ["RC4", "3DES", "_DES", "NULL", "EXPORT", "anon"].iter().any(|part| name.contains(part));
    cipher.as_str().is_some_and(|name| !broken(name))
}

impl ServerHello {
    /// Reads a server's first messages, which TLS 1.2 does not encrypt (RFC 5246, sections 6.2.1, 7.4.1.3 and 7.4.2); none where they
    /// are not whole.
    fn read(bytes: &[u8]) -> Option<Self> {
        let messages = handshake(bytes);
        let mut rest = messages.as_slice();
        let (mut cipher, mut chain) = (None, None);
        while let Some((kind, body, after)) = message(rest) {
            match kind {
                2 => cipher = chosen(body),
                11 => chain = certificates(body),
                _ => {}
            }
            rest = after;
        }
        Some(Self { cipher: cipher?, chain: chain? })
    }
}

/// The handshake messages of these records, up to the first that is encrypted.
fn handshake(mut records: &[u8]) -> Vec<u8> {
    let mut messages = Vec::new();
    while let Some(([kind, _, _, high, low], rest)) = records.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((body, after)) = rest.split_at_checked(length) else { break };
        match kind {
            22 => messages.extend_from_slice(body),
            // ChangeCipherSpec: what follows is encrypted.
            20 => break,
            _ => {}
        }
        records = after;
    }
    messages
}

/// The kind and body of the first message, and what follows it.
fn message(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let ([kind], rest) = bytes.split_first_chunk()?;
    let (body, after) = counted(rest)?;
    Some((*kind, body, after))
}

/// Bytes behind their length, of three bytes, and what follows them.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let ([high, middle, low], rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes([0, *high, *middle, *low])).ok()?)
}

/// The cipher suite of a ServerHello: behind the version, 32 random bytes, and the session's id.
fn chosen(hello: &[u8]) -> Option<CipherSuite> {
    let ([length], rest) = hello.get(34..)?.split_first_chunk()?;
    let ([high, low], _) = rest.get(usize::from(*length)..)?.split_first_chunk()?;
    Some(CipherSuite::from(u16::from_be_bytes([*high, *low])))
}

/// The certificates of a Certificate message.
fn certificates(body: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let (mut list, _) = counted(body)?;
    let mut chain = Vec::new();
    while !list.is_empty() {
        let (one, rest) = counted(list)?;
        chain.push(CertificateDer::from(one.to_vec()));
        list = rest;
    }
    Some(chain)
}

/// A stream that keeps what comes in at first: s2n-tls shows only certificates that it has verified itself.
pub(crate) struct Tap {
    inner: TcpStream,
    seen: Option<Vec<u8>>,
}

impl AsyncRead for Tap {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        if let Some(seen) = self.seen.as_mut().filter(|seen| seen.len() < KEPT_MAX) {
            seen.extend_from_slice(&buffer.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A record of this kind.
    fn record(kind: u8, body: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(body.len()).expect("a short body").to_be_bytes();
        [&[kind, 3, 3, high, low], body].concat()
    }

    fn with_length(body: &[u8]) -> Vec<u8> {
        let [_, length @ ..] = u32::try_from(body.len()).expect("a short body").to_be_bytes();
        [&length, body].concat()
    }

    /// The first messages of a server that chooses TLS_RSA_WITH_AES_128_CBC_SHA and shows two certificates.
    fn hello() -> Vec<u8> {
        let body = [&[3, 3][..], &[7; 32], &[2, 9, 9], &[0x00, 0x2f], &[0]].concat();
        let hello = [&[2][..], &with_length(&body)].concat();
        let list = [with_length(b"leaf"), with_length(b"above")].concat();
        [hello, vec![11], with_length(&with_length(&list))].concat()
    }

    #[test]
    fn a_hello_is_read_however_its_records_are_cut() {
        let hello = hello();
        let expected = ServerHello {
            cipher: CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
            chain: vec![CertificateDer::from(b"leaf".to_vec()), CertificateDer::from(b"above".to_vec())],
        };
        for cut in 0..hello.len() {
            let (first, second) = hello.split_at(cut);
            let bytes = [record(22, first), record(22, second), record(20, &[1]), record(22, &[0xff; 9])].concat();
            assert_eq!(ServerHello::read(&bytes).as_ref(), Some(&expected), "cut at {cut}");
            assert_eq!(ServerHello::read(&record(22, first)), None, "the first {cut} bytes alone");
        }
    }

    #[test]
    fn broken_ciphers_are_taken_by_no_browser() {
        for taken in [CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA, CipherSuite::TLS_DHE_RSA_WITH_AES_256_GCM_SHA384] {
            assert!(is_taken_by_browsers(taken), "{taken:?}");
        }
        for broken in [
            CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA,
            CipherSuite::TLS_RSA_WITH_RC4_128_SHA,
            CipherSuite::TLS_RSA_WITH_NULL_SHA,
            CipherSuite::from(0xfefe),
        ] {
            assert!(!is_taken_by_browsers(broken), "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0_usize..120, byte: u8) {
            let _read = ServerHello::read(&bytes);
            let mut altered = record(22, &hello());
            if let Some(place) = altered.get_mut(at) {
                *place = byte;
            }
            let _read = ServerHello::read(&altered);
        }
    }
}
