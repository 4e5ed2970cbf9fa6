"""The table: what is set up, what the monitor is, what Valpero must find, and what blackbox_exporter finds."""

import cases_http as http
import cases_lenient as lenient
import cases_net as net
import cases_tls as tls
from rows import CASES

HTTP = [http.requests, http.redirects, http.bodies, http.documents, http.slowness, http.protocol]
TLS = [tls.handshakes, tls.certificates, tls.commands]
LENIENT = [lenient.heads, lenient.encodings, lenient.chains, lenient.repetitions]
NET = [net.connections, net.texts, net.lookups, net.inputs]
for group in [*HTTP, *LENIENT, *TLS, *NET]:
    group()

__all__ = ["CASES"]
