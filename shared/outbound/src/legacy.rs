//! Finds out which old TLS version a server speaks: by hand, since rustls speaks none of them.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// TLS 1.2 (RFC 5246), the highest version offered: a server that chooses an older one knows none newer.
const OFFERED: [u8; 2] = [3, 3];

/// Ciphers that servers of that age know (RFC 5246, appendix A.5, and RFC 4492), and the signal of safe renegotiation (RFC 5746).
const CIPHERS: [u16; 11] = [0xc013, 0xc014, 0xc009, 0xc00a, 0x0033, 0x0039, 0x002f, 0x0035, 0xc012, 0x000a, 0x00ff];

/// The old version in which a server answers a ClientHello of TLS 1.2; none where it is a newer one, or there is no answer.
pub(crate) async fn spoken(mut stream: TcpStream, host: Option<&str>) -> Option<&'static str> {
    stream.write_all(&hello(host)).await.ok()?;
    // A record's head (5 bytes), a message's head (4), and the version that the server chose (RFC 5246, section 7.4.1.3).
    let mut answer = [0; 11];
    stream.read_exact(&mut answer).await.ok()?;
    match (answer[0], answer[5], answer[9], answer[10]) {
        (22, 2, 3, 0) => Some("SSL 3.0"),
        (22, 2, 3, 1) => Some("TLS 1.0"),
        (22, 2, 3, 2) => Some("TLS 1.1"),
        _ => None,
    }
}

/// A ClientHello in a record of its own.
fn hello(host: Option<&str>) -> Vec<u8> {
    let mut extensions = Vec::new();
    if let Some(name) = host {
        // RFC 6066, section 3: the name, of type 0, in a list.
        let entry = [vec![0], counted(name.as_bytes())].concat();
        extensions.extend(extension(0, &counted(&entry)));
    }
    // RFC 4492: P-256 and P-384, uncompressed.
    extensions.extend(extension(10, &counted(&[0, 23, 0, 24])));
    extensions.extend(extension(11, &[1, 0]));
    let ciphers: Vec<u8> = CIPHERS.iter().flat_map(|cipher| cipher.to_be_bytes()).collect();
    let random = [0x56; 32];
    let body = [&OFFERED[..], &random, &[0], &counted(&ciphers), &[1, 0], &counted(&extensions)].concat();
    let [_, length @ ..] = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
    let message = [&[1][..], &length, &body].concat();
    [&[22, 3, 1][..], &counted(&message)].concat()
}

/// Bytes after their length, of two bytes.
fn counted(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap_or_default().to_be_bytes()[..], bytes].concat()
}

fn extension(number: u16, content: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes()[..], &counted(content)].concat()
}
