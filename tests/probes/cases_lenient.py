"""The part of the table about answers that are odd, and that curl reads or asks for again."""

import raw
from rows import case, odd

WORD = {"contains": "systems are well"}
STRICT = {"head-lower-case": "it wants capitals"}
HTTP2 = {"scheme": "https"}


def heads():
    for name in raw.HEADS:
        case(
            name.replace("-", " "),
            "a head that curl reads",
            odd(name, keyword=WORD),
            "up",
            expect={"http_status": 200},
            differs=STRICT.get(name),
        )


def encodings():
    asked = {"Accept-Encoding": "gzip, deflate, br, zstd"}
    for name in ("deflate", "raw-deflate", "zstd", "gzip-list"):
        monitor = odd(name, keyword=WORD, headers=asked)
        # The frame of zstd contains the text as it is.
        differs = None if name == "zstd" else "it unpacks only what its module names"
        case(f"encoding {name}", "what a browser asks for", monitor, "up", differs=differs)


def chains():
    case("redirect with a cookie", "302 to itself until its cookie comes back", odd("wants-cookie"), "up", expect={"http_status": 200})


def repetitions():
    case("HTTP/2 refuses a stream", "REFUSED_STREAM, then 200", odd("h2-refused", **HTTP2), "up", expect={"http_version": "2"})
    case("HTTP/2 goes away before the request", "GOAWAY, then 200", odd("h2-gone", **HTTP2), "up", expect={"http_version": "2"})
    for name in ("h2-wants-1.1", "h2-all-want-1.1"):
        case(
            f"HTTP/2 requires HTTP/1.1, {name}",
            "HTTP_1_1_REQUIRED, and 200 over HTTP/1.1",
            odd(name, **HTTP2),
            "up",
            expect={"http_version": "1.1"},
            differs="it does not ask again",
        )
