"""The cases: what Valpero sends to an SMTP server, and what it says of each answer."""

import base64
import email
import email.policy
import email.utils
import glob
import os
import stat
import time

from mailserver import Inbox, Rude, Server, certificate
from testkit.paths import read, write
from testkit.ports import LOOPBACK, free_port
from testkit.processes import output
from testkit.server import Up
from testkit.steps import step

FROM = "valpero@example.com"
EMOJI = "🔥 Größe – 火事"


class Place:
    """Certificates, and the Valpero of one case after the other."""

    def __init__(self, valpero, folder):
        self.valpero, self.folder = valpero, folder
        self.starts = 0
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        make = ["openssl", "req", "-x509", *key]
        names = ["-addext", f"subjectAltName=IP:{LOOPBACK},DNS:localhost", "-addext", "basicConstraints=critical,CA:false"]
        output([*make, "-subj", "/CN=test CA", "-keyout", self.path("ca.key"), "-out", self.path("ca.pem")])
        signed = ["-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key")]
        output([*make, *signed, "-subj", "/CN=mail", *names, "-keyout", self.path("mail.key"), "-out", self.path("mail.pem")])
        self.tls = certificate(self.path("mail.pem"), self.path("mail.key"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def up(self, *words, settings=None):
        self.starts += 1
        data = [] if "--data" in words else ["--memory"]
        return Up(self.valpero, *data, "--regions", "hel", *words, log=self.path(f"up-{self.starts}.log"), settings=settings)

    def smtp(self, port, rest="", login="", scheme="smtp"):
        """One that sends by the server on this port."""
        return self.up("--smtp", f"{scheme}://{login}{LOOPBACK}:{port}{rest}", "--mail-from", FROM)


def channel(up, to=("ops@example.com",), name="Ops"):
    status, made = up.call("POST", "/channels", {"name": name, "type": "email", "to": list(to)})
    assert status == 201, made
    return made


def test(up, to=("ops@example.com",), name="Ops"):
    """What comes of a test of a new channel."""
    made = channel(up, to, name)
    status, answer = up.call("POST", f"/channels/{made['id']}/test")
    assert status == 200, answer
    return answer


def parts(message):
    return {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}


def run(valpero, folder):
    place = Place(valpero, folder)
    messages(place)
    refusals(place)
    silence(place)
    encryption(place)
    logins(place)
    files(place)


def messages(place):
    inbox = Inbox()
    server = Server(inbox)
    with place.smtp(server.port) as up:
        before = time.time()
        answer = test(up, ["ops@example.com", "boss@example.org"], EMOJI)
        step("a test arrives", answer["outcome"] == "delivered", answer)
        step("the answer says what the server said", "queued as 4711" in answer["receiver_says"], answer)
        message, envelope = inbox.take()
        step(
            "the envelope has sender and recipients",
            (envelope.mail_from, envelope.rcpt_tos) == (FROM, ["ops@example.com", "boss@example.org"]),
        )
        step("so do the headers", (message["From"], message["To"]) == (FROM, "ops@example.com, boss@example.org"), message)
        step("the subject is Unicode", message["Subject"] == f"Test: {EMOJI}", message["Subject"])
        sent = email.utils.parsedate_to_datetime(message["Date"]).timestamp()
        step("the date is now", before - 2 <= sent <= time.time() + 1, message["Date"])
        step("the ID is of the sender's domain", message["Message-ID"].endswith("@example.com>"), message["Message-ID"])
        step("no vacation responder answers", message["Auto-Submitted"] == "auto-generated")
        found = parts(message)
        step("there is a plain and an HTML part", list(found) == ["text/plain", "text/html"], list(found))
        step("both name the channel", all(EMOJI in text for text in found.values()), found)
        step(
            "all of it is ASCII in short lines",
            all(len(line) <= 998 for line in envelope.content.splitlines()) and envelope.content.isascii(),
        )
        step("no defect is found in it", not any(part.defects for part in message.walk()))

        begin = 0
        for name in ("." * 100, "é" + "." * 99):
            test(up, name=name)
            message, envelope = inbox.take()
            begin += sum(line.startswith(b".") for line in envelope.content.splitlines())
            step("dots arrive", name in parts(message)["text/plain"], message)
        step("also those that begin a line", begin > 0)
        long = ("x" + EMOJI * 20)[:100]
        step("a long name arrives", test(up, name=long)["outcome"] == "delivered")
        message, envelope = inbox.take()
        step("whole", message["Subject"] == f"Test: {long}" and long in parts(message)["text/plain"], message)
        lines = [line for line in envelope.content.splitlines() if not line.startswith(b"Message-ID")]
        step("in short lines", all(len(line) <= 78 for line in lines), envelope.content)
        name = "Ops\r\nBcc: thief@example.com\r\n\r\nGotcha"
        status, answer = up.call("POST", "/channels", {"name": name, "type": "email", "to": ["ops@example.com"]})
        step("a name of several lines is refused", status == 422, answer)
        to = ["ops@example.com\r\nRCPT TO:<thief@example.com>"]
        status, answer = up.call("POST", "/channels", {"name": "Ops", "type": "email", "to": to})
        step("so is an address", status == 422, answer)
    server.stop()


def refusals(place):
    inbox = Inbox()
    server = Server(inbox)
    with place.smtp(server.port) as up:
        for reply, outcome in (
            ("550 5.1.1 no such user", "refused"),
            ("554 5.7.1 not today", "refused"),
            ("554 5.7.1 Relay access denied", "failed"),
            ("450 4.2.0 greylisted", "failed"),
            ("421 4.3.2 busy", "failed"),
        ):
            inbox.refusals = {"ops@example.com": reply}
            answer = test(up)
            step(f"a recipient that gets {reply} is {outcome}", answer["outcome"] == outcome, answer)
            step("and the answer has the reply", reply[4:] in answer["receiver_says"] and reply[4:] in answer["error"], answer)
        inbox.refusals = {"gone@example.com": "550 5.1.1 no such user"}
        answer = test(up, ["gone@example.com", "ops@example.com"])
        step("one recipient that is refused does not keep the mail from another", answer["outcome"] == "delivered", answer)
        step("and is named", "gone@example.com" in answer["receiver_says"], answer)
        step("who gets it alone", inbox.take()[1].rcpt_tos == ["ops@example.com"])
        inbox.sender_reply = "550 5.1.8 bad sender"
        answer = test(up)
        step("a sender that is refused is a fault of the deployment", answer["outcome"] == "failed", answer)
        inbox.sender_reply, inbox.data_reply = None, "554 5.6.0 spam"
        step("content that is refused is refused", test(up)["outcome"] == "refused")
        inbox.data_reply = "451 4.3.0 later"
        step("unless it may be taken later", test(up)["outcome"] == "failed")
        step("nothing of it arrived", not inbox.envelopes)
        inbox.data_reply = None
        made = channel(up, ["new@example.com"])
        inbox.refusals = {"new@example.com": "550 5.1.1 no such user"}
        up.call("POST", f"/channels/{made['id']}/test")
        health = up.call("GET", f"/channels/{made['id']}")[1]["health"]
        step("the channel's health says why", "no such user" in health["last_error"], health)
    server.stop()


def silence(place):
    with place.smtp(free_port()) as up:
        answer = test(up)
        step("without a server it failed", answer["outcome"] == "failed" and "refused" in answer["error"].lower(), answer)
    for greeting, closes, said in ((b"", True, "incomplete"), (b"220 hi\r\n", True, ""), (b"554 go away\r\n", False, "go away")):
        with place.smtp(Rude(greeting, closes).port) as up:
            answer = test(up)
            step(f"a server that says {greeting!r} and closes failed", answer["outcome"] == "failed" and said in answer["error"], answer)
    with place.smtp(Rude(b"220 hi\r\n", False).port) as up:
        began = time.monotonic()
        answer = test(up)
        step("a server that hangs failed, in 15 seconds", answer["outcome"] == "failed" and 14 <= time.monotonic() - began < 40, answer)


def encryption(place):
    inbox = Inbox()
    plain, starting, implicit = Server(inbox), Server(inbox, start=place.tls), Server(inbox, implicit=place.tls)
    ca = "ca=" + place.path("ca.pem")

    def outcome(server, rest, scheme="smtp"):
        """What comes of a test, and whether the mail arrived encrypted, if it arrived."""
        with place.smtp(server.port, rest, scheme=scheme) as up:
            answer = test(up)
            arrived = [inbox.encrypted.pop() for _ in inbox.envelopes]
            inbox.envelopes.clear()
            return answer["outcome"], arrived, answer["error"] or ""

    delivered = lambda encrypted: ("delivered", [encrypted], "")
    step("on loopback nothing is encrypted", outcome(starting, "") == delivered(False))
    step("with tls=required and a trusted certificate it is", outcome(starting, f"?tls=required&{ca}") == delivered(True))
    seen = outcome(starting, "?tls=required")
    step(
        "an unknown certificate is refused, before anything is sent", seen[:2] == ("failed", []) and "certificate" in seen[2].lower(), seen
    )
    step("unless the URL says otherwise", outcome(starting, "?tls=required&verify=no") == delivered(True))
    seen = outcome(plain, f"?tls=required&{ca}")
    step("a server without STARTTLS gets nothing", seen[:2] == ("failed", []) and "STARTTLS" in seen[2], seen)
    step("with tls=opportunistic it does", outcome(plain, "?tls=opportunistic") == delivered(False))
    step("and one with STARTTLS gets it encrypted", outcome(starting, "?tls=opportunistic") == delivered(True))
    step("smtps is encrypted from the start", outcome(implicit, f"?{ca}", "smtps") == delivered(True))
    step("and its certificate is verified", outcome(implicit, "", "smtps")[:2] == ("failed", []))
    for server in (plain, starting, implicit):
        server.stop()


def logins(place):
    inbox = Inbox()
    server = Server(inbox, start=place.tls, authenticator=inbox.check, auth_required=True, auth_require_tls=True)
    rest = f"?tls=required&ca={place.path('ca.pem')}"
    with place.smtp(server.port, rest, "me%40example.com:s3cr%2Fet%3A%25@") as up:
        step("a login is encrypted, and its special characters arrive", test(up)["outcome"] == "delivered")
        step("the server saw it once", inbox.users == [("PLAIN", b"me@example.com", True)], inbox.users)
    secret = place.path("smtp-url")
    write(secret, f"smtp://me%40example.com:wr0ng@{LOOPBACK}:{server.port}{rest}\n")
    with place.up("--smtp-file", secret, "--mail-from", FROM) as up:
        answer = test(up)
        step("a wrong password is a fault of the deployment", answer["outcome"] == "failed" and "535" in answer["error"], answer)
    with place.smtp(server.port, rest) as up:
        answer = test(up)
        step("so is none where one is required", answer["outcome"] == "failed" and "530" in answer["error"], answer)
    settings = {"VALPERO_SMTP": f"smtp://me%40example.com:s3cr%2Fet%3A%25@{LOOPBACK}:{server.port}{rest}", "VALPERO_MAIL_FROM": FROM}
    with place.up(settings=settings | {"VALPERO_LOG": "trace"}) as up:
        step("the environment is read, too", test(up)["outcome"] == "delivered")
    logs = "".join(read(path) for path in glob.glob(place.path("up-*.log")))
    coded = [base64.b64encode(f"\0me@example.com\0{word}".encode()).decode() for word in ("s3cr/et:%", "wr0ng")]
    step("no log has a password", not any(word in logs for word in ("s3cr", "wr0ng", *coded)))
    server.stop()


def files(place):
    data = place.path("data")
    with place.up("--data", data, settings={"VALPERO_LOG": "info"}) as up:
        answer = test(up, name=EMOJI)
        step("without a server mail is kept", answer["outcome"] == "delivered", answer)
        [path] = glob.glob(os.path.join(data, "mail", "*"))
        with open(path, "rb") as file:
            message = email.message_from_binary_file(file, policy=email.policy.default)
        step("as an .eml file", path.endswith(".eml") and message["Subject"] == f"Test: {EMOJI}", path)
        step("which the answer and the log name", path in answer["receiver_says"] and path in read(up.log), answer)
        step("and which is its owner's alone", not any(stat.S_IMODE(os.stat(of).st_mode) & 0o077 for of in (path, os.path.dirname(path))))
    with place.up("--data", data) as up:
        step("the data is accepted again", up.process.poll() is None)
