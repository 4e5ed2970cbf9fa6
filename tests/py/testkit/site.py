"""Sites to be monitored, and receivers of webhooks."""

import http.server
import json
import ssl
import sys
import threading
import time

from testkit.ports import LOOPBACK
from testkit.web import lower


class Arrival:
    """A request that came."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body, self.at = path, headers, body, time.monotonic()


class Site:
    """An HTTP server that answers `status` after `wait` seconds and keeps what came. With a certificate it speaks TLS."""

    def __init__(self, status=200, address=LOOPBACK, certificate=None):
        self.status, self.seen, self.answered = status, [], 0
        self.wait: float = 0
        self.counting = threading.Lock()
        self.server = Server(self, address)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if certificate else 'http'}://{address}:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, number):
        """The status for this request, the first of which is number 0. Returns when it is time to answer."""
        time.sleep(self.wait)
        return self.status

    def events(self, kind=None):
        """The webhooks that came, all or those of one type."""
        bodies = [json.loads(arrival.body) for arrival in list(self.seen)]
        return [body for body in bodies if kind in (None, body["type"])]


class Server(http.server.ThreadingHTTPServer):
    # All regions ask all monitors of a site at once.
    request_queue_size = 4096

    def __init__(self, site, address):
        super().__init__((address, 0), Handler)
        self.site = site

    def handle_error(self, request, client_address):
        # A client that went away, or a TLS handshake that it broke off, is no fault of the site.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def handle_one(self):
        site = self.server.site
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        with site.counting:
            number = len(site.seen)
            site.seen.append(Arrival(self.path, lower(self.headers), body))
        status = site.answer(number)
        try:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()
        except OSError:
            pass  # the client has gone
        with site.counting:
            site.answered += 1

    do_GET = do_POST = do_HEAD = handle_one

    def log_message(self, *_):
        pass
