"""What no proper server does: sockets that break HTTP, TLS and TCP in one way each, in threads of this process."""

import gzip
import itertools
import socket
import ssl
import struct
import threading
import time
import zlib

# Each behaviour listens on a port of its own, from here on.
FIRST_PORT = 9000
OK = b"HTTP/1.1 200 OK\r\n"
TEXT = b"all systems are well\n"


def request(peer):
    """Head and body of a request."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = peer.recv(65536)
        if not more:
            return data, b""
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += peer.recv(65536)
    return head, body


def until_gone(peer):
    """Says nothing more, and waits for the other side to leave."""
    while peer.recv(65536):
        pass


def answering(data):
    """Reads a request, sends these bytes, closes."""

    def serve(peer):
        request(peer)
        peer.sendall(data)

    return serve


def with_length(body, *headers):
    head = OK + b"".join(header + b"\r\n" for header in headers)
    return answering(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def saying(data):
    """Speaks first, as SSH and SMTP do."""

    def serve(peer):
        peer.sendall(data)
        until_gone(peer)

    return serve


def silent(peer):
    until_gone(peer)


def closes(peer):
    pass


def closes_after_request(peer):
    peer.recv(65536)


def resets(peer):
    peer.recv(65536)
    # Closed like this, the connection ends with RST.
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def late(peer):
    request(peer)
    time.sleep(0.7)
    peer.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(TEXT) + TEXT)


def slow_body(peer):
    request(peer)
    peer.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(TEXT))
    time.sleep(0.7)
    peer.sendall(TEXT)


def drips_head(peer):
    request(peer)
    for byte in OK + b"Content-Length: 0\r\n\r\n":
        peer.sendall(bytes([byte]))
        time.sleep(0.3)


def drips_body(peer):
    request(peer)
    peer.sendall(OK + b"\r\n")
    while True:
        peer.sendall(b".")
        time.sleep(0.2)


def endless_body(peer):
    request(peer)
    peer.sendall(OK + b"\r\n")
    while True:
        peer.sendall(b"on and on " * 1000)


def endless_head(peer):
    request(peer)
    peer.sendall(OK)
    while True:
        peer.sendall(b"X-More: and more\r\n" * 1000)


def endless_interim(peer):
    """Never an answer, always the promise of one."""
    request(peer)
    while True:
        peer.sendall(b"HTTP/1.1 102 Processing\r\n\r\n" * 1000)


def split_chunks(peer):
    request(peer)
    peer.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    for part in (b"all sys", b"tems are", b" well"):
        peer.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        time.sleep(0.02)
    peer.sendall(b"0\r\n\r\n")


def wants_body(peer):
    """Up only for who sends what was asked for."""
    head, body = request(peer)
    status = b"200 OK" if body == b"ping" and head.startswith((b"POST ", b"PUT ")) else b"400 Bad Request"
    peer.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")


def wants_get_without_body(peer):
    head, body = request(peer)
    status = b"200 OK" if head.startswith(b"GET ") and not body else b"400 Bad Request"
    peer.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")


def wants_cookie(peer):
    """302 to itself until the cookie comes back."""
    head, _ = request(peer)
    if b"probe=yes" in head:
        peer.sendall(OK + b"Content-Length: 0\r\n\r\n")
    else:
        peer.sendall(b"HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: probe=yes; Path=/\r\nContent-Length: 0\r\n\r\n")


def echo(peer):
    while data := peer.recv(65536):
        peer.sendall(data)


def split_banner(peer):
    for part in (b"22", b"0 mail.probe", b".test ESMTP\r\n"):
        peer.sendall(part)
        time.sleep(0.05)
    until_gone(peer)


def endless_banner(peer):
    while True:
        peer.sendall(b"on and on " * 1000)


def tls_alert(peer):
    """A fatal alert instead of a ServerHello: internal_error."""
    peer.recv(65536)
    peer.sendall(bytes([21, 3, 3, 0, 2, 2, 80]))
    until_gone(peer)


def frame(kind, flags, stream, payload=b""):
    """A frame of HTTP/2."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


DATA, HEADERS, RESET, SETTINGS, GOAWAY, CONTINUATION = 0, 1, 3, 4, 7, 9
END_HEADERS, END_STREAM = 4, 1
STATUS_200 = b"\x88"
INTERNAL_ERROR = struct.pack(">I", 2)
REFUSED_STREAM = struct.pack(">I", 7)
HTTP_1_1_REQUIRED = struct.pack(">I", 13)


def http2(*frames):
    """Takes the first request of a connection, sends these frames, and waits for the other side to leave."""

    def serve(peer):
        peer.sendall(frame(SETTINGS, 0, 0))
        data = b""
        # The preface, and then frames until the one that asks.
        while not asks(data[24:]):
            more = peer.recv(65536)
            if not more:
                return
            data += more
        for one in frames:
            peer.sendall(one)
        until_gone(peer)

    return serve


def http2_once(*frames):
    """These frames on every other connection, and 200 on the others."""
    count = itertools.count()
    well = http2(frame(HEADERS, END_HEADERS | END_STREAM, 1, STATUS_200))

    def serve(peer):
        (well if next(count) % 2 else http2(*frames))(peer)

    return serve


def one_point_one(*frames):
    """These frames to whoever speaks HTTP/2, and 200 to others."""
    return lambda peer: (http2(*frames) if peer.selected_alpn_protocol() == H2 else answering(OK + b"Content-Length: 0\r\n\r\n"))(peer)


def asks(frames):
    while len(frames) >= 9:
        if frames[3] == HEADERS:
            return True
        frames = frames[9 + int.from_bytes(frames[:3], "big") :]
    return False


def endless_http2_head(peer):
    http2_head = frame(HEADERS, 0, 1, STATUS_200)
    # A header that is not remembered: its name has 6 letters and its value 100.
    more = frame(CONTINUATION, 0, 1, (b"\x00\x06x-more\x64" + b"y" * 100) * 20)
    peer.sendall(frame(SETTINGS, 0, 0))
    peer.recv(65536)
    time.sleep(0.1)
    peer.recv(65536)
    peer.sendall(http2_head)
    while True:
        peer.sendall(more)


def http1_in_http2(peer):
    peer.recv(65536)
    peer.sendall(OK + b"Content-Length: 0\r\n\r\n")
    until_gone(peer)


def breaks_off(data):
    """Sends these bytes within TLS, and ends the connection without saying so within TLS."""

    def serve(peer):
        request(peer)
        peer.sendall(data)

    return serve


PACKED = gzip.compress(TEXT * 200)
ZSTD = b"(\xb5/\xfd" + bytes([0x20, len(TEXT), (len(TEXT) << 3 | 1) & 255, len(TEXT) >> 5, 0]) + TEXT

# Heads that curl reads, all of which announce TEXT.
END = b"Content-Length: %d\r\n\r\n" % len(TEXT) + TEXT
HEADS = {
    "head-101-fields": OK + b"".join(b"X-%d: y\r\n" % number for number in range(101)) + END,
    "head-5000-fields": OK + b"".join(b"X-%d: y\r\n" % number for number in range(5000)) + END,
    "head-folded": OK + b"X-A: a\r\n b\r\n\tc\r\n" + END,
    "head-space-before-colon": OK + b"X-A : a\r\n" + END,
    "head-space-in-name": OK + b"X A: a\r\n" + END,
    "head-control-character": OK + b"X-A: a\x01b\r\n" + END,
    "head-delete-character": OK + b"X-A: a\x7fb\r\n" + END,
    "head-line-feeds": (OK + END).replace(b"\r", b""),
    "head-lower-case": b"http/1.1 200 ok\r\n" + END,
    "head-two-spaces": b"HTTP/1.1  200 OK\r\n" + END,
    "head-reason-control": b"HTTP/1.1 200 O\x01K\r\n" + END,
    "head-many-interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 P\r\n\r\n" + OK + END,
    "head-equal-lengths": OK + b"Content-Length: %d\r\n" % len(TEXT) + END,
    "head-1.0-chunks": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(TEXT), TEXT),
    "head-many-trailers": OK
    + b"Transfer-Encoding: chunked\r\n\r\n%x;a=b\r\n%s\r\n0\r\n" % (len(TEXT), TEXT)
    + b"".join(b"X-%d: y\r\n" % number for number in range(300))
    + b"\r\n",
}

BEHAVIOURS = {
    "silent": silent,
    "closes": closes,
    "closes-after-request": closes_after_request,
    "resets": resets,
    "late": late,
    "slow-body": slow_body,
    "drips-head": drips_head,
    "drips-body": drips_body,
    "endless-body": endless_body,
    "endless-head": endless_head,
    "endless-interim": endless_interim,
    "ssh": saying(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    "smtp": saying(b"220 mail.probe.test ESMTP\r\n"),
    "no-status-line": answering(b"<html>hello</html>\n"),
    "bad-status": answering(b"HTTP/1.1 twohundred OK\r\n\r\n"),
    "bad-header": answering(OK + b"no colon here\r\n\r\n"),
    "two-lengths": answering(OK + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"),
    "cut-head": answering(OK + b"Content-Type: text/pl"),
    "bad-chunks": answering(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nall systems are well\r\n"),
    "cut-chunks": answering(OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\nall systems are well\r\n"),
    "split-chunks": split_chunks,
    "until-close": answering(OK + b"\r\n" + TEXT),
    "http-1.0": answering(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + TEXT),
    "continue": answering(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n"),
    "early-hints": answering(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n"),
    "no-reason": answering(b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"),
    "cut-body": answering(OK + b"Content-Length: 1000\r\n\r\nall systems"),
    "unknown-encoding": with_length(b"\x1f\x9d\x90", b"Content-Encoding: compress"),
    "false-gzip": with_length(TEXT, b"Content-Encoding: gzip"),
    "cut-gzip": with_length(PACKED[: len(PACKED) // 2], b"Content-Encoding: gzip"),
    "twice-gzip": with_length(gzip.compress(PACKED), b"Content-Encoding: gzip, gzip"),
    "identity": with_length(TEXT, b"Content-Encoding: identity"),
    "declares-iso-8859-1": with_length("Störung".encode("latin-1"), b"Content-Type: text/html; charset=iso-8859-1"),
    "declares-gbk": with_length("服务中断".encode("gbk"), b"Content-Type: text/html; charset=gbk"),
    "declares-utf-16": with_length("Störung".encode("utf-16"), b"Content-Type: text/plain; charset=utf-16"),
    "declares-utf-16be": with_length("Störung".encode("utf-16-be"), b"Content-Type: text/plain; charset=utf-16be"),
    "meta-gbk": with_length("<meta charset=gbk><p>服务中断".encode("gbk"), b"Content-Type: text/html"),
    "false-utf-8": with_length("Störung".encode("latin-1"), b"Content-Type: text/html; charset=utf-8"),
    "unknown-charset": with_length(TEXT, b"Content-Type: text/html; charset=utf-9"),
    "deflate": with_length(zlib.compress(TEXT), b"Content-Encoding: deflate"),
    "raw-deflate": with_length(zlib.compress(TEXT)[2:-4], b"Content-Encoding: deflate"),
    "zstd": with_length(ZSTD, b"Content-Encoding: zstd"),
    "gzip-list": with_length(gzip.compress(zlib.compress(TEXT)), b"Content-Encoding: deflate, x-gzip"),
    "wants-cookie": wants_cookie,
    "location-garbage": answering(b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n"),
    "location-bytes": answering(b"HTTP/1.1 302 Found\r\nLocation: /\xff\xfe\r\nContent-Length: 0\r\n\r\n"),
    "location-missing": answering(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
    "wants-body": wants_body,
    "wants-get": wants_get_without_body,
    "echo": echo,
    "split-banner": split_banner,
    "endless-banner": endless_banner,
    "tls-alert": tls_alert,
}
# Behind TLS, with the protocol that is chosen in the handshake; without one, the client's choice.
H2, H1 = "h2", "http/1.1"
BEHIND_TLS = {
    "h2-text": (H2, http1_in_http2),
    "h2-silent": (H2, http2()),
    "h2-reset": (H2, http2(frame(RESET, 0, 1, INTERNAL_ERROR))),
    "h2-goaway": (H2, http2(frame(GOAWAY, 0, 0, bytes(4) + INTERNAL_ERROR))),
    "h2-refused": (H2, http2_once(frame(RESET, 0, 1, REFUSED_STREAM))),
    "h2-gone": (H2, http2_once(frame(GOAWAY, 0, 0, bytes(8)))),
    "h2-wants-1.1": (None, one_point_one(frame(RESET, 0, 1, HTTP_1_1_REQUIRED))),
    "h2-all-want-1.1": (None, one_point_one(frame(GOAWAY, 0, 0, bytes(4) + HTTP_1_1_REQUIRED))),
    "h2-cut-body": (H2, http2(frame(HEADERS, END_HEADERS, 1, STATUS_200), frame(DATA, 0, 1, TEXT), frame(RESET, 0, 1, INTERNAL_ERROR))),
    "h2-endless-head": (H2, endless_http2_head),
    "h2-endless-body": (H2, http2(frame(HEADERS, END_HEADERS, 1, STATUS_200), frame(DATA, 0, 1, TEXT))),
    "no-goodbye": (H1, breaks_off(OK + b"Content-Length: %d\r\n\r\n" % len(TEXT) + TEXT)),
    "no-goodbye-no-length": (H1, breaks_off(OK + b"\r\n" + TEXT)),
}
BEHAVIOURS |= {name: answering(head) for name, head in HEADS.items()}
BEHAVIOURS |= {name: behaviour for name, (_, behaviour) in BEHIND_TLS.items()}
PORTS = {name: FIRST_PORT + place for place, name in enumerate(BEHAVIOURS)}


def start(certificate, key):
    for name, behaviour in BEHAVIOURS.items():
        context = None
        if name in BEHIND_TLS:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            protocol = BEHIND_TLS[name][0]
            context.set_alpn_protocols([protocol] if protocol else [H2, H1])
        for address in ("127.0.0.1", "::1"):
            listen(address, PORTS[name], converse, behaviour, context)


def listen(address, port, converse, *more):
    """Lets `converse` have each connection, in a thread of its own."""
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(64)
    threading.Thread(target=accept, args=(listener, converse, more), daemon=True).start()


def accept(listener, converse, more):
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=converse, args=(peer, *more), daemon=True).start()


def converse(peer, behaviour, context):
    # A peer that neither reads nor leaves does not hold its thread for ever.
    peer.settimeout(20)
    try:
        with context.wrap_socket(peer, server_side=True) if context else peer as peer:
            behaviour(peer)
            if behaviour is not closes and behaviour is not resets:
                # What came meanwhile and was not read would turn the close into a reset.
                peer.shutdown(socket.SHUT_WR)
                peer.settimeout(1)
                until_gone(peer)
    except OSError:
        pass  # whoever asked has gone


def full(address, port):
    """A listener whose queue is full: further SYNs go unanswered. Returns what must be kept open."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family)
    listener.bind((address, port))
    listener.listen(0)
    kept = [listener]
    for _ in range(8):
        guest = socket.socket(family)
        guest.settimeout(0.3)
        kept.append(guest)
        try:
            guest.connect((address, port))
        except TimeoutError:
            guest.setblocking(False)
            return kept
    raise SystemExit(f"FAILED the queue of {address} port {port} does not fill")
