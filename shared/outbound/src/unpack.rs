//! Content-Encoding: undoes what a response names, layer by layer, each bounded.

use std::io::{self, Read};

use flate2::{
    bufread::GzDecoder,
    read::{DeflateDecoder, ZlibDecoder},
};
use http::{HeaderMap, header};
use ruzstd::decoding::{
    StreamingDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};
use valpero_domain::{
    http_check::ANSWER_MAX,
    probe::{Cause, ErrorCode},
};

/// Layers of one response, at most.
const LAYERS_MAX: usize = 4;

/// The largest window of zstd in HTTP (RFC 9659), in bytes.
const ZSTD_WINDOW_MAX: u64 = 8 * 1024 * 1024;

/// The layers of a response, the outermost last.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Packing(Vec<Layer>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Packing {
    /// Reads Content-Encoding (RFC 9110, section 8.4).
    ///
    /// # Errors
    /// Where a coding is unknown, or there are too many.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Cause> {
        let refused = |detail: String| Err(Cause::seen(ErrorCode::BodyEncoding, detail));
        let mut layers = Vec::new();
        for value in headers.get_all(header::CONTENT_ENCODING) {
            for name in String::from_utf8_lossy(value.as_bytes()).split(',') {
                let name = name.trim().to_ascii_lowercase();
                layers.push(match name.as_str() {
                    "" | "identity" => continue,
                    "gzip" | "x-gzip" => Layer::Gzip,
                    "deflate" => Layer::Deflate,
                    "br" => Layer::Brotli,
                    "zstd" => Layer::Zstd,
                    _ => {
                        let name: String = name.chars().take(50).collect();
                        return refused(format!(
                            "The body is packed as {name:?}; only gzip, deflate, br and zstd are unpacked."
                        ));
                    }
                });
            }
        }
        if layers.len() > LAYERS_MAX {
            return refused(format!("The body is packed more than {LAYERS_MAX} times."));
        }
        Ok(Self(layers))
    }

    /// Decompresses all at once from memory: a connection that waits holds no decoder, whose window may be large.
    ///
    /// # Errors
    /// Where a layer is damaged, or larger than is read.
    pub(crate) fn unpack(self, mut bytes: Vec<u8>) -> Result<Vec<u8>, Cause> {
        for layer in self.0.into_iter().rev() {
            // An empty body need not be compressed.
            if bytes.is_empty() {
                break;
            }
            let packed = bytes.as_slice();
            let mut unpacked = Vec::new();
            let read = match layer {
                Layer::Gzip => gzip(packed, &mut unpacked),
                // RFC 9110, section 8.4.1.2: with the frame of zlib, which some servers leave out.
                Layer::Deflate if has_zlib_header(packed) => bounded(ZlibDecoder::new(packed), &mut unpacked),
                Layer::Deflate => bounded(DeflateDecoder::new(packed), &mut unpacked),
                Layer::Brotli => bounded(brotli_decompressor::Decompressor::new(packed, 4096), &mut unpacked),
                Layer::Zstd => zstd(packed, &mut unpacked),
            };
            read.map_err(|error| {
                Cause::seen(ErrorCode::BodyEncoding, format!("The body cannot be unpacked: {error}."))
            })?;
            if unpacked.len() > ANSWER_MAX {
                return Err(Cause::of(ErrorCode::BodyTooLarge));
            }
            bytes = unpacked;
        }
        Ok(bytes)
    }
}

/// Reads to the end, or to one byte more than is allowed.
fn bounded(decoder: impl Read, unpacked: &mut Vec<u8>) -> io::Result<()> {
    let left = (ANSWER_MAX + 1).saturating_sub(unpacked.len());
    decoder.take(left as u64).read_to_end(unpacked).map(drop)
}

/// One or more members (RFC 1952, section 2.2). Browsers ignore what follows them, so that is no error.
fn gzip(mut packed: &[u8], unpacked: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut decoder = GzDecoder::new(packed);
        bounded(&mut decoder, unpacked)?;
        packed = decoder.into_inner();
        if unpacked.len() > ANSWER_MAX || !packed.starts_with(&[0x1f, 0x8b]) {
            return Ok(());
        }
    }
}

/// RFC 1950, section 2.2.
fn has_zlib_header(packed: &[u8]) -> bool {
    matches!(packed, [method, flags, ..] if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0)
}

/// One or more frames (RFC 8878, section 3.1), of which some may be for others.
fn zstd(mut packed: &[u8], unpacked: &mut Vec<u8>) -> io::Result<()> {
    while !packed.is_empty() && unpacked.len() <= ANSWER_MAX {
        match StreamingDecoder::new_with_max_window_size(&mut packed, ZSTD_WINDOW_MAX) {
            Ok(decoder) => bounded(decoder, unpacked)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                packed = packed.get(length as usize..).ok_or(io::ErrorKind::UnexpectedEof)?;
            }
            Err(error) => return Err(io::Error::other(error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use http::HeaderValue;
    use proptest::prelude::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("written");
        encoder.finish().expect("finished")
    }

    fn zlibbed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("written");
        encoder.finish().expect("finished")
    }

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("written");
        encoder.finish().expect("finished")
    }

    fn zstded(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    fn unpacked(codings: &[&str], packed: Vec<u8>) -> Result<Vec<u8>, Cause> {
        let mut headers = HeaderMap::new();
        for coding in codings {
            headers.append(header::CONTENT_ENCODING, HeaderValue::from_str(coding).expect("a value"));
        }
        Packing::of(&headers)?.unpack(packed)
    }

    #[test]
    fn each_coding_and_each_list_is_undone() {
        let text = "all systems are well ".repeat(100).into_bytes();
        for (codings, packed) in [
            (&[][..], text.clone()),
            (&["identity"], text.clone()),
            (&[""], text.clone()),
            (&["GZIP"], gzipped(&text)),
            (&["x-gzip, identity"], gzipped(&text)),
            (&["gzip"], [gzipped(&text[..50]), gzipped(&text[50..])].concat()),
            (&["gzip"], [gzipped(&text), b"\0\0 and what nobody expects".to_vec()].concat()),
            (&["deflate"], zlibbed(&text)),
            (&["deflate"], deflated(&text)),
            (&["zstd"], zstded(&text)),
            (&["zstd"], [zstded(&text[..50]), b"\x50\x2a\x4d\x18\x02\0\0\0ab".to_vec(), zstded(&text[50..])].concat()),
            (&["gzip, gzip"], gzipped(&gzipped(&text))),
            (&["deflate", "zstd ,gzip"], gzipped(&zstded(&zlibbed(&text)))),
        ] {
            assert!(unpacked(codings, packed) == Ok(text.clone()), "{codings:?}");
        }
        for coding in ["gzip", "deflate", "br", "zstd"] {
            assert_eq!(unpacked(&[coding], Vec::new()), Ok(Vec::new()), "{coding}");
        }
    }

    #[test]
    fn what_cannot_be_undone_is_told_truly() {
        let detail = |codings: &[&str], packed| {
            let cause = unpacked(codings, packed).expect_err("an error");
            assert_eq!(cause.code, ErrorCode::BodyEncoding, "{codings:?}");
            cause.detail
        };
        assert_eq!(
            detail(&["gzip, compress"], gzipped(b"x")),
            "The body is packed as \"compress\"; only gzip, deflate, br and zstd are unpacked."
        );
        assert_eq!(detail(&["gzip,gzip", "gzip, gzip, gzip"], Vec::new()), "The body is packed more than 4 times.");
        let text = "all systems are well ".repeat(100);
        for (coding, packed) in [
            ("gzip", gzipped(text.as_bytes())),
            ("deflate", zlibbed(text.as_bytes())),
            ("zstd", zstded(text.as_bytes())),
        ] {
            let cut = packed[..packed.len() / 2].to_vec();
            for damaged in [cut, b"plain text".to_vec()] {
                let codings = [coding];
                assert!(detail(&codings, damaged).starts_with("The body cannot be unpacked: "), "{coding}");
            }
        }
        // A window of 2 GiB, which would be that much memory.
        let window = b"\x28\xb5\x2f\xfd\x00\xa8\x01\0\0".to_vec();
        assert!(detail(&["zstd"], window).starts_with("The body cannot be unpacked: "));
    }

    #[test]
    fn every_layer_is_bounded() {
        let most = vec![0; ANSWER_MAX];
        let more = vec![0; ANSWER_MAX + 1];
        for (coding, pack) in
            [("gzip", gzipped as fn(&[u8]) -> Vec<u8>), ("deflate", zlibbed), ("deflate", deflated), ("zstd", zstded)]
        {
            assert!(unpacked(&[coding], pack(&most)) == Ok(most.clone()), "{coding}");
            let bomb = unpacked(&[coding], pack(&more)).expect_err("too large");
            assert_eq!(bomb.code, ErrorCode::BodyTooLarge, "{coding}");
            // The inner layer would make it small again.
            let hidden = unpacked(&["gzip", coding], pack(&[gzipped(b"x"), more.clone()].concat()));
            assert_eq!(hidden.expect_err("too large").code, ErrorCode::BodyTooLarge, "{coding}");
        }
        let members = unpacked(&["gzip"], gzipped(&most).repeat(50));
        assert_eq!(members.expect_err("too large").code, ErrorCode::BodyTooLarge);
    }

    proptest! {
        #[test]
        fn damaged_bodies_do_no_harm(text in proptest::collection::vec(any::<u8>(), 0..300), at: usize, byte: u8, cut: usize, layers in proptest::collection::vec(0_usize..4, 1..5)) {
            let names = ["gzip", "deflate", "br", "zstd"];
            let mut packed = layers.iter().fold(text, |text, layer| match layer {
                0 => gzipped(&text),
                1 => zlibbed(&text),
                // Nothing here packs by brotli: any bytes will do.
                2 => text,
                _ => zstded(&text),
            });
            let places = packed.len().max(1);
            packed.truncate(places - cut % places);
            let place = at % packed.len().max(1);
            if let Some(slot) = packed.get_mut(place) {
                *slot = byte;
            }
            let names: Vec<&str> = layers.into_iter().map(|layer| names[layer]).collect();
            match unpacked(&[&names.join(",")], packed) {
                Ok(text) => prop_assert!(text.len() <= ANSWER_MAX),
                Err(cause) => prop_assert!(matches!(cause.code, ErrorCode::BodyEncoding | ErrorCode::BodyTooLarge)),
            }
        }
    }
}
