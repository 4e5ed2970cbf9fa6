//! Reads the heads of HTTP/1.x responses as curl and browsers do: what hyper would refuse without need is rewritten on its way to hyper.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What every status line begins with, but for the minor version.
const VERSION: &[u8] = b"HTTP/1.";

/// A connection whose response heads are rewritten, and whose bodies are not.
pub(crate) struct Lenient<S> {
    stream: S,
    place: Place,
    /// The status of this head, as far as its digits have come.
    status: u16,
    /// Bytes of this head so far.
    length: usize,
    longest: usize,
    http_1_0: Arc<AtomicBool>,
}

/// Where in a head the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the version, after this many bytes.
    Version(usize),
    /// Between version and status, after this many spaces.
    Gap(usize),
    /// In the status, after this many digits.
    Status(usize),
    Reason,
    LineStart,
    /// In a line that must still have a colon, or need not.
    Field {
        lacks_colon: bool,
    },
    /// Behind the head, or in bytes that are not HTTP/1.x: passed unchanged.
    Through,
}

impl<S> Lenient<S> {
    /// `http_1_0` is set if the target answers in HTTP/1.0: hyper sees HTTP/1.1, because it does not read chunks of HTTP/1.0.
    pub(crate) fn new(stream: S, longest: usize, http_1_0: Arc<AtomicBool>) -> Self {
        Self { stream, place: Place::Version(0), status: 0, length: 0, longest, http_1_0 }
    }

    /// Rewrites bytes in place, and returns how many are left.
    fn rewrite(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut kept = 0;
        for at in 0..bytes.len() {
            if self.place == Place::Through {
                bytes.copy_within(at.., kept);
                return Ok(kept + bytes.len() - at);
            }
            self.length += 1;
            if self.length > self.longest {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "message head is too large"));
            }
            let Some(byte) = bytes.get(at) else { break };
            if let Some(byte) = self.step(*byte)?
                && let Some(slot) = bytes.get_mut(kept)
            {
                *slot = byte;
                kept += 1;
            }
        }
        Ok(kept)
    }

    /// What hyper gets for this byte.
    fn step(&mut self, byte: u8) -> io::Result<Option<u8>> {
        let (place, passed) = match self.place {
            // Empty lines before a response are skipped.
            Place::Version(0) if matches!(byte, b'\r' | b'\n') => (Place::Version(0), Some(byte)),
            Place::Version(at) => match VERSION.get(at) {
                Some(expected) if byte.eq_ignore_ascii_case(expected) => (Place::Version(at + 1), Some(*expected)),
                // RFC 9110, section 2.5: a higher minor version is read as the highest that is known.
                None if byte.is_ascii_digit() => {
                    self.http_1_0.store(byte == b'0', Ordering::Relaxed);
                    (Place::Gap(0), Some(b'1'))
                }
                _ => (Place::Through, Some(byte)),
            },
            Place::Gap(spaces) => match byte {
                b' ' | b'\t' => (Place::Gap(spaces + 1), (spaces == 0).then_some(b' ')),
                b'0'..=b'9' if spaces > 0 => {
                    self.status = u16::from(byte - b'0');
                    (Place::Status(1), Some(byte))
                }
                _ => (Place::Through, Some(byte)),
            },
            Place::Status(digits) => match byte {
                b'0'..=b'9' if digits < 3 => {
                    self.status = self.status * 10 + u16::from(byte - b'0');
                    (Place::Status(digits + 1), Some(byte))
                }
                b'\n' if digits == 3 => (Place::LineStart, Some(byte)),
                b'0'..=b'9' => (Place::Through, Some(byte)),
                _ if digits == 3 => (Place::Reason, None),
                _ => (Place::Through, Some(byte)),
            },
            Place::Reason if byte == b'\n' => (Place::LineStart, Some(byte)),
            Place::Reason => (Place::Reason, None),
            Place::LineStart if byte == b'\r' => (Place::LineStart, None),
            Place::LineStart if byte == b'\n' => {
                self.length = 0;
                // Another head follows an interim response; after 101 the connection speaks another protocol.
                let interim = matches!(self.status, 100 | 102..=199);
                (if interim { Place::Version(0) } else { Place::Through }, Some(byte))
            }
            Place::Field { lacks_colon: true } if byte == b'\n' => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a header line has no colon"));
            }
            Place::Field { .. } if byte == b'\n' => (Place::LineStart, Some(byte)),
            Place::LineStart | Place::Field { .. } => {
                let lacks_colon = match self.place {
                    Place::Field { lacks_colon } => lacks_colon && byte != b':',
                    // A line that begins with a space continues the one before.
                    _ => !matches!(byte, b' ' | b'\t' | b':'),
                };
                // RFC 9110, section 5.5, and RFC 9112, section 2.2: other control characters may become spaces.
                let kept = !byte.is_ascii_control() || matches!(byte, b'\t' | 0);
                (Place::Field { lacks_colon }, Some(if kept { byte } else { b' ' }))
            }
            Place::Through => (Place::Through, Some(byte)),
        };
        self.place = place;
        Ok(passed)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lenient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
            let read = buffer.filled_mut().get_mut(before..).unwrap_or_default();
            if read.is_empty() || self.place == Place::Through {
                return Poll::Ready(Ok(()));
            }
            let kept = self.rewrite(read)?;
            buffer.set_filled(before + kept);
            // Nothing would mean that the connection has ended.
            if kept > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lenient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What hyper gets, if the bytes come in pieces of this many.
    fn passed(sent: &[u8], piece: usize) -> String {
        let mut lenient = Lenient::new((), 1_000, Arc::default());
        let mut out = Vec::new();
        for piece in sent.chunks(piece) {
            let mut piece = piece.to_vec();
            let kept = lenient.rewrite(&mut piece).expect("short");
            out.extend_from_slice(&piece[..kept]);
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn heads_are_rewritten_and_bodies_are_not() {
        for (sent, expected) in [
            (&b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n\x01\r\x7f"[..], "HTTP/1.1 200\nA: b \n\n\u{1}\r\u{7f}"),
            (b"\r\nhttp/1.3   200OK\n\n\r", "\r\nHTTP/1.1 200\n\n\r"),
            (b"HTTP/1.1 200\r\nA: a\x01\x7f\t\rb\r\n\r\n", "HTTP/1.1 200\nA: a  \t b \n\n"),
            (
                b"HTTP/1.1 103 E\r\n\r\nHTTP/1.0 200 O\x01K\r\nA: b\r\n c\r\n\r\n\x01",
                "HTTP/1.1 103\n\nHTTP/1.1 200\nA: b \n c \n\n\u{1}",
            ),
            (b"HTTP/1.1 101 S\r\n\r\nhttp/1.1 \x01", "HTTP/1.1 101\n\nhttp/1.1 \u{1}"),
            // What is no head of HTTP/1.x stays what it is.
            (b"SSH-2.0-\x01\r\n", "SSH-2.0-\u{1}\r\n"),
            (b"HTTP/2 200\r\n\r\n", "HTTP/2 200\r\n\r\n"),
            (b"HTTP/1.1 2000 OK\r\n", "HTTP/1.1 2000 OK\r\n"),
            (b"HTTP/1.1 twohundred OK\r\n", "HTTP/1.1 twohundred OK\r\n"),
            (b"HTTP/1.1\r\n\r\n", "HTTP/1.1\r\n\r\n"),
            (b"HTTP/1.1 200 OK\r\nA: a\0b\r\n", "HTTP/1.1 200\nA: a\0b \n"),
        ] {
            for piece in [1, 2, 7, sent.len()] {
                assert_eq!(passed(sent, piece), expected, "{:?}", String::from_utf8_lossy(sent));
            }
        }
    }

    #[test]
    fn a_head_without_end_and_a_line_without_colon_are_refused() {
        let mut lenient = Lenient::new((), 100, Arc::default());
        let mut bare = b"HTTP/1.1 200\r\nno colon\r\n".to_vec();
        assert!(Lenient::new((), 100, Arc::default()).rewrite(&mut bare).is_err());
        let mut head = [b"HTTP/1.1 200 ".to_vec(), vec![b'x'; 100]].concat();
        assert_eq!(lenient.rewrite(&mut head).expect_err("too long").kind(), io::ErrorKind::InvalidData);
    }

    /// What a server may send: a head like others, in which any bytes stand in any place.
    fn odd_head() -> impl Strategy<Value = Vec<u8>> {
        let line = b"HTTP/1.0 103 \tOK\r\nA : b\r\n c\n\r\nhttp/1.1 200\r\n\r\n\0\x7f";
        let part = prop_oneof![
            Just(line.to_vec()),
            (0..line.len()).prop_map(|from| line[from..].to_vec()),
            (0..line.len()).prop_map(|end| line[..end].to_vec()),
            proptest::collection::vec(any::<u8>(), 0..8),
        ];
        proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn what_comes_in_pieces_is_read_as_if_it_came_at_once(sent in odd_head(), pieces in proptest::collection::vec(1_usize..9, 1..40)) {
            let read = |pieces: &mut dyn Iterator<Item = usize>| {
                let (mut lenient, mut out, mut rest) = (Lenient::new((), 60, Arc::default()), Vec::new(), sent.as_slice());
                while !rest.is_empty() {
                    let (piece, later) = rest.split_at(pieces.next().unwrap_or(rest.len()).min(rest.len()));
                    let mut piece = piece.to_vec();
                    let kept = lenient.rewrite(&mut piece).map_err(|error| error.to_string())?;
                    out.extend_from_slice(&piece[..kept]);
                    rest = later;
                }
                Ok::<_, String>(out)
            };
            let at_once = read(&mut std::iter::empty());
            prop_assert!(at_once.as_ref().map_or(0, Vec::len) <= sent.len());
            prop_assert_eq!(read(&mut pieces.into_iter().cycle()), at_once);
        }
    }
}
