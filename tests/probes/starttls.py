"""Servers of protocols that start TLS by a command of their own, as their RFCs have it, in threads of this process."""

import ssl

import raw

FIRST_PORT = 9700
LDAP_OID = b"1.3.6.1.4.1.1466.20037"


class Refused(Exception):
    """The client said something that the protocol does not know at this point."""


class Talk:
    def __init__(self, peer):
        self.peer = peer

    def say(self, text):
        self.peer.sendall(text if isinstance(text, bytes) else text.encode())

    def until(self, end):
        data = b""
        while not data.endswith(end):
            more = self.peer.recv(1)
            if not more:
                raise Refused
            data += more
        return data

    def hear(self, wanted):
        if not self.until(b"\r\n").upper().startswith(wanted):
            raise Refused


def smtp(talk):
    talk.say("220-mail.probe.test\r\n220 ESMTP ready\r\n")
    talk.hear(b"EHLO ")
    talk.say("250-mail.probe.test\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
    talk.hear(b"STARTTLS")
    talk.say("220 go ahead\r\n")


def imap(talk):
    talk.say("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n")
    talk.hear(b"A STARTTLS")
    talk.say("* 1 EXISTS\r\na OK begin\r\n")


def pop3(talk):
    talk.say("+OK ready\r\n")
    talk.hear(b"STLS")
    talk.say("+OK begin\r\n")


def ftp(talk):
    talk.say("220-Welcome\r\n to this server\r\n220 ready\r\n")
    talk.hear(b"AUTH TLS")
    talk.say("234 begin\r\n")


def postgres(talk):
    if talk.peer.recv(8) != b"\0\0\0\x08\x04\xd2\x16\x2f":
        raise Refused
    talk.say("S")


def ldap(talk, code=0):
    if LDAP_OID not in talk.until(LDAP_OID):
        raise Refused
    # ExtendedResponse: result code, matched DN, message, and the OID again; with a length of two bytes, as Active Directory has it.
    body = bytes([0x0A, 1, code, 0x04, 0, 0x04, 0, 0x8A, len(LDAP_OID)]) + LDAP_OID
    message = b"\x02\x01\x01\x78\x84" + len(body).to_bytes(4, "big") + body
    talk.say(b"\x30\x84" + len(message).to_bytes(4, "big") + message)


def xmpp(talk):
    talk.until(b"version='1.0'>")
    talk.say("<?xml version='1.0'?><stream:stream from='probe.test' id='1' version='1.0' xmlns:stream='http://etherx.jabber.org/streams'>")
    talk.say("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>")
    talk.until(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    talk.say("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")


def saying(*lines):
    """Greets as a server of another mind: one line before each thing that it hears."""

    def talk(talk):
        for line in lines:
            talk.say(line)
            talk.until(b"\n")
        raise Refused

    return talk


def says_no(talk):
    talk.peer.recv(8)
    talk.say("N")
    raise Refused


def ldap_refuses(talk):
    ldap(talk, code=53)
    raise Refused


def chatters(talk):
    while True:
        talk.say("220-more\r\n" * 50)


SERVERS = {
    "smtp": smtp,
    "imap": imap,
    "pop3": pop3,
    "ftp": ftp,
    "postgres": postgres,
    "ldap": ldap,
    "xmpp": xmpp,
    "smtp-without": saying("220 ready\r\n", "250 SIZE 1000\r\n", "502 not implemented\r\n"),
    "smtp-busy": saying("421 too many connections\r\n"),
    "imap-without": saying("* OK ready\r\n", "a BAD what?\r\n"),
    "pop3-without": saying("+OK ready\r\n", "-ERR what?\r\n"),
    "postgres-without": says_no,
    "ldap-without": ldap_refuses,
    "smtp-chatters": chatters,
}
PORTS = {name: FIRST_PORT + place for place, name in enumerate(SERVERS)}
# Behind the command, TLS 1.2 with CBC alone.
OLD = FIRST_PORT + 50


def start(certificate, key):
    for name, server in SERVERS.items():
        raw.listen("127.0.0.1", PORTS[name], converse, server, context(certificate, key))
    old = context(certificate, key)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers("ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA")
    raw.listen("127.0.0.1", OLD, converse, smtp, old)


def context(certificate, key):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made


def converse(peer, server, tls):
    peer.settimeout(20)
    try:
        server(Talk(peer))
        with tls.wrap_socket(peer, server_side=True) as secured:
            while secured.recv(4096):
                pass
    except (OSError, Refused):
        peer.close()
