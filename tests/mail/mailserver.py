"""SMTP servers on loopback that do what a case says."""

import email
import email.policy
import logging
import socket
import ssl
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from testkit.ports import LOOPBACK, free_port

# What it logs is what the cases do to it.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


def is_encrypted(server):
    return server.transport.get_extra_info("ssl_object") is not None


class Inbox:
    """The handler of a server: keeps what comes, and answers as `refusals` say, each a reply for one recipient."""

    def __init__(self):
        self.envelopes = []
        self.encrypted = []
        self.users = []
        self.sender_reply: str | None = None
        self.data_reply: str | None = None
        self.refusals = {}

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.sender_reply:
            return self.sender_reply
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.data_reply:
            return self.data_reply
        self.envelopes.append(envelope)
        self.encrypted.append(is_encrypted(server))
        return "250 2.0.0 queued as 4711"

    def check(self, server, session, envelope, mechanism, data):
        """The authenticator of a server that asks for a login."""
        right = data.login == b"me@example.com" and data.password == b"s3cr/et:%"
        self.users.append((mechanism, data.login, is_encrypted(server)))
        return AuthResult(success=right, handled=right, auth_data=data if right else None)

    def take(self):
        """The one mail since the last call, as a message, and its envelope."""
        [envelope], self.envelopes = self.envelopes, []
        return email.message_from_bytes(envelope.content, policy=email.policy.default), envelope


def certificate(chain, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


class Server(Controller):
    """`start` is the context of STARTTLS, `implicit` that of a connection that is encrypted from the first byte."""

    def __init__(self, inbox, start=None, implicit=None, **more):
        self.more = {"tls_context": start, **more}
        super().__init__(inbox, hostname=LOOPBACK, port=free_port(), ssl_context=implicit)
        self.start()

    def factory(self):
        return SMTP(self.handler, hostname="mail.test", **self.more)


class Rude:
    """A server that says `greeting` to each connection, and then nothing, or closes it."""

    def __init__(self, greeting, closes):
        self.greeting, self.closes = greeting, closes
        self.listener = socket.create_server((LOOPBACK, 0))
        self.port = self.listener.getsockname()[1]
        self.held = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            one, _ = self.listener.accept()
            one.sendall(self.greeting)
            if self.closes:
                one.close()
            else:
                self.held.append(one)
