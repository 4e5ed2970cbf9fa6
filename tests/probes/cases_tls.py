"""The part of the table about TLS and certificates."""

import places
import raw
import starttls
from rows import Between, Holds, Some, case, odd, secure, shown, ssl, web

ALL = "dns connect tls first_byte"
NO_DAYS = "it tells the expiry as a metric, and leaves the limit to an alert"
NO_COMMANDS = "its module would need the whole conversation"
# Without verification, the expiry alone counts.
NOT_VERIFIED = {"expired": ("down", "tls_expired")}
CODE_200 = {"http_status": 200}


def handshakes():
    case(
        "TLS 1.2 alone",
        "nginx",
        secure("/ok", places.TLS_12, "tls12.probe.test"),
        "up",
        expect={"certificate.tls_version": "TLS 1.2", "certificate.cipher": Some()},
    )
    case(
        "TLS 1.3 alone",
        "nginx",
        secure("/ok", places.TLS_13, "tls13.probe.test"),
        "up",
        expect={"certificate.tls_version": "TLS 1.3", "certificate.cipher": Some()},
    )
    case(
        "TLS 1.1 alone",
        "nginx",
        secure("/ok", places.TLS_11, "tls11.probe.test"),
        "down",
        "tls_protocol",
        expect={"error.detail": Holds("1.1")},
        phases="dns connect tls",
    )
    case(
        "TLS 1.0 alone",
        "nginx",
        secure("/ok", places.TLS_10, "tls10.probe.test"),
        "down",
        "tls_protocol",
        expect={"error.detail": Holds("1.0")},
    )
    case(
        "TLS 1.1 not verified",
        "nginx; verify_tls is off",
        secure("/ok", places.TLS_11, "tls11.probe.test", verify_tls=False),
        "down",
        "tls_protocol",
    )
    legacy = {"certificate.tls_version": "TLS 1.2", "certificate.subject": Some()}
    go = "Go has this cipher no more"
    case("TLS without forward secrecy", "key exchange by RSA alone", secure("/ok", places.NO_FORWARD_SECRECY), "up", "tls_legacy")
    for name, says, cipher, differs in (
        ("cbc", "ECDHE with CBC alone", "CBC", None),
        ("cbc-p256", "ECDHE with CBC alone, on P-256", "CBC", None),
        ("dhe", "DHE alone", "DHE_RSA", go),
        ("rsa-exchange", "key exchange by RSA alone", "TLS_RSA", None),
    ):
        expect = CODE_200 | legacy | {"certificate.cipher": Holds(cipher)}
        case(f"TLS 1.2, {name}", says, shown(name), "up", "tls_legacy", expect=expect, phases=ALL, differs=differs)
    off = shown("cbc", verify_tls=False)
    case("TLS 1.2, cbc, not verified", "verify_tls is off", off, "up", "tls_legacy", expect=CODE_200 | legacy, phases=ALL)
    case("TLS 1.2, cbc, expired", "3 days ago", shown("cbc-expired"), "down", "tls_expired", expect=legacy)
    off = shown("cbc-expired", verify_tls=False)
    case("TLS 1.2, cbc, expired, not verified", "verify_tls is off", off, "up", "tls_legacy", expect=legacy, phases=ALL)
    case("TLS 1.2, cbc, unknown root", "its root is not trusted", shown("cbc-stranger"), "down", "tls_untrusted", expect=legacy)
    case("TLS 1.2, Camellia", "a cipher that no browser has", shown("camellia"), "down", "tls_handshake")
    case(
        "TLS by IPv6 address",
        "nginx; the certificate has the address",
        web(f"https://[::1]:{places.HTTPS}/ok"),
        "up",
        expect={"remote_address": f"[::1]:{places.HTTPS}"},
    )
    case("TLS by a name with its final dot", "nginx", secure("/ok", host="ok.probe.test."), "up")
    case("TLS wants a name", "nginx refuses who names no host of its own", secure("/ok", places.WANTS_NAME), "up")
    case(
        "TLS wants another name",
        "nginx refuses who names no host of its own",
        secure("/ok", places.WANTS_NAME, "alias.probe.test"),
        "down",
        "tls_handshake",
    )
    case("TLS to an http port", "nginx speaks no TLS there", secure("/ok", places.HTTP), "down", "tls_handshake")
    case("TLS to ssh", "an SSH banner", odd("ssh", scheme="https"), "down", "tls_handshake")
    case("TLS alert", "`internal_error` at once", odd("tls-alert", scheme="https"), "down", "tls_handshake")
    case(
        "TLS never answers",
        "reads the ClientHello, says nothing",
        odd("silent", scheme="https", timeout_ms=1000),
        "down",
        "tls_timeout",
        phases="dns connect tls",
    )
    case("TLS closes", "reads the ClientHello, and closes", odd("closes-after-request", scheme="https"), "down", "connection_closed")
    case("TLS resets", "reads the ClientHello, and resets", odd("resets", scheme="https"), "down", "connection_closed")
    p256 = {
        "certificate.subject": Holds("ec-chain.probe.test"),
        "certificate.issuer": Holds("Probe Intermediate P-256"),
        "certificate.self_signed": False,
        "certificate.names": ["ec-chain.probe.test"],
        "certificate.days_remaining": 90,
    }
    case("certificate P-256", "leaf and intermediate on P-256", shown("ec-chain"), "up", expect=CODE_200 | p256)
    case(
        "certificate RSA",
        "leaf and intermediate on RSA-2048",
        shown("rsa-chain"),
        "up",
        expect={"certificate.issuer": Holds("Probe Intermediate RSA")},
    )
    case("certificate P-384", "a leaf on P-384", shown("p384"), "up")
    case("certificate Ed25519", "a leaf on Ed25519", shown("ed25519"), "up")
    case(
        "certificate expired",
        "3 days ago",
        shown("expired"),
        "down",
        "tls_expired",
        expect={"certificate.days_remaining": Between(-3, -2)},
        phases="dns connect tls",
    )
    case("certificate not yet valid", "in 5 days", shown("not-yet"), "down", "tls_not_yet_valid")
    case(
        "certificate for another host",
        "for elsewhere.test",
        shown("other-host"),
        "down",
        "tls_hostname",
        expect={"certificate.names": ["elsewhere.test"]},
    )
    case("certificate without names", "the host is in its subject alone", shown("no-names"), "down", "tls_hostname")
    case("certificate with a wildcard", "for *.wildcard.probe.test", shown("wildcard", "a.wildcard.probe.test"), "up")
    case(
        "certificate with a wildcard, too deep",
        "for *.wildcard.probe.test",
        shown("wildcard", "a.b.wildcard.probe.test"),
        "down",
        "tls_hostname",
    )
    case(
        "certificate of an IPv4 address",
        "for 127.0.0.1",
        shown("address", "127.0.0.1"),
        "up",
        expect={"certificate.names": Holds("127.0.0.1")},
    )
    case("certificate of an IPv6 address", "for ::1", shown("address", "[::1]"), "up")
    case("certificate of no address", "for a name, asked by address", shown("ec-chain", "127.0.0.1"), "down", "tls_hostname")
    case(
        "certificate self-signed",
        "by its own key",
        shown("self-signed"),
        "down",
        "tls_self_signed",
        expect={"certificate.self_signed": True},
    )
    case(
        "certificate self-signed as an authority",
        "by its own key, `CA:true`",
        shown("self-authority"),
        "down",
        "tls_self_signed",
        expect={"certificate.self_signed": True},
    )
    case(
        "certificate of an unknown authority",
        "its root is not trusted",
        shown("unknown-root"),
        "down",
        "tls_untrusted",
        expect={"certificate.self_signed": False},
    )
    case(
        "certificate without its intermediate",
        "the leaf alone is sent",
        shown("no-intermediate"),
        "down",
        "tls_untrusted",
        expect={"error.detail": Holds("intermediate")},
    )
    case("certificate with a disordered chain", "root, a stranger and the intermediate are sent", shown("disordered"), "up")
    case("certificate with an expired intermediate", "2 days ago", shown("ended-chain"), "down", "tls_expired")
    case(
        "certificate with an expiring intermediate",
        "in 8 days",
        shown("ending-chain"),
        "up",
        expect={"certificate.days_remaining": Between(8, 90)},
    )
    case("certificate of an authority for others", "its intermediate is for example.com alone", shown("bound"), "down", "tls_untrusted")
    case("certificate for clients", "its use is clientAuth alone", shown("for-clients"), "down", "tls_untrusted")
    case(
        "certificate RSA-1024",
        "a leaf on RSA-1024",
        shown("rsa1024"),
        "down",
        "tls_weak",
        differs="this version takes RSA keys of 1024 bits",
    )
    case("certificate SHA-1", "the leaf is signed with SHA-1", shown("sha1"), "down", "tls_weak")
    case("certificate that ends in 5 days", "http monitors do not mind", shown("five-days"), "up", expect={"certificate.days_remaining": 5})
    for name, says, code, holds in (
        ("version-1", "X.509 version 1, by its own key", "tls_self_signed", "itself"),
        ("version-1-signed", "X.509 version 1, by a trusted authority", "tls_untrusted", "version"),
        ("critical", "a critical extension that nobody knows", "tls_untrusted", "critical extension"),
        ("explicit-curve", "a curve of its own, by its parameters", "tls_weak", "curve"),
    ):
        expect = {"error.detail": Holds(holds), "certificate.subject": Holds(name)}
        case(f"certificate {name}", says, shown(name), "down", code, expect=expect)
    for name in ("version-1", "version-1-signed", "critical", "explicit-curve", "rsa1024", "sha1"):
        expect = CODE_200 | {"certificate.subject": Holds(name)}
        strict = "Go refuses its encoding, whatever is asked of it" if name == "explicit-curve" else None
        case(f"certificate not verified, {name}", "verify_tls is off", shown(name, verify_tls=False), "up", expect=expect, differs=strict)
    for name in ("expired", "self-signed", "other-host", "unknown-root", "not-yet"):
        case(
            f"certificate not verified, {name}",
            "verify_tls is off",
            shown(name, verify_tls=False),
            "up",
            expect=CODE_200 | {"certificate.subject": Some()},
        )
    case("client certificate, TLS 1.2", "openssl wants one", shown("client-12"), "down", "tls_client_certificate")
    case(
        "client certificate, TLS 1.3",
        "openssl wants one, and says so after the handshake",
        shown("client-13"),
        "down",
        "tls_client_certificate",
    )


def certificates():
    case(
        "ssl good",
        "leaf and intermediate on P-256",
        ssl("ec-chain"),
        "up",
        phases="dns connect tls",
        expect={
            "certificate.days_remaining": 90,
            "certificate.tls_version": "TLS 1.3",
            "certificate.chain_length": 2,
            "certificate.chain.0.subject": Holds("Probe Intermediate P-256"),
            "certificate.chain.1": "no 1",
            "http_status": None,
        },
    )
    case("ssl RSA", "leaf and intermediate on RSA-2048", ssl("rsa-chain"), "up")
    case("ssl by address", "for 127.0.0.1 and ::1", ssl("address", host="::1"), "up", phases="connect tls")
    case(
        "ssl expiring",
        "in 5 days, with 14 wanted",
        ssl("five-days"),
        "down",
        "tls_expiring",
        none=NO_DAYS,
        expect={"certificate.days_remaining": 5},
    )
    case("ssl expiring, but not so soon", "in 5 days, with 3 wanted", ssl("five-days", min_days_remaining=3), "up")
    case("ssl with an expiring intermediate", "in 8 days, with 14 wanted", ssl("ending-chain"), "down", "tls_expiring", none=NO_DAYS)
    case(
        "ssl many days wanted", "in 90 days, with 365 wanted", ssl("ec-chain", min_days_remaining=365), "down", "tls_expiring", none=NO_DAYS
    )
    for name, code in (
        ("expired", "tls_expired"),
        ("not-yet", "tls_not_yet_valid"),
        ("other-host", "tls_hostname"),
        ("self-signed", "tls_self_signed"),
        ("unknown-root", "tls_untrusted"),
        ("no-intermediate", "tls_untrusted"),
        ("sha1", "tls_weak"),
        ("client-12", "tls_client_certificate"),
    ):
        case(f"ssl {name}", f"as with https: {name}", ssl(name), "down", code)
    case("ssl TLS 1.1", "nginx with TLS 1.1 alone", ssl(host="tls11.probe.test", port=places.TLS_11), "down", "tls_protocol")
    case(
        "ssl TLS 1.2",
        "nginx with TLS 1.2 alone",
        ssl(host="tls12.probe.test", port=places.TLS_12),
        "up",
        expect={"certificate.tls_version": "TLS 1.2"},
    )
    case("ssl to an http port", "nginx speaks no TLS there", ssl(host="ok.probe.test", port=places.HTTP), "down", "tls_handshake")
    case("ssl closed port", "nobody listens", ssl(host="ok.probe.test", port=places.CLOSED), "down", "connect_refused")
    case(
        "ssl never answers",
        "reads the ClientHello, says nothing",
        ssl(host="ok.probe.test", port=raw.PORTS["silent"], timeout_ms=1000),
        "down",
        "tls_timeout",
    )
    case("ssl unknown host", "no such name", ssl(host="gone.probe.test", port=443), "down", "dns_nxdomain")
    for name in ("expired", "self-signed", "other-host", "unknown-root", "version-1"):
        none = NO_DAYS if name in NOT_VERIFIED else None
        monitor = ssl(name, verify=False, min_days_remaining=0)
        case(f"ssl not verified, {name}", "verify is off", monitor, *NOT_VERIFIED.get(name, ("up",)), none=none)
    case("ssl not verified, expiring", "in 5 days, with 14 wanted", ssl("five-days", verify=False), "down", "tls_expiring", none=NO_DAYS)
    case("ssl cbc", "CBC alone", ssl("cbc"), "up", "tls_legacy", phases="dns connect tls")
    case("ssl rsa-exchange", "key exchange by RSA alone", ssl("rsa-exchange"), "up", "tls_legacy")


def commands():
    host = "ok.probe.test"
    for name in ("smtp", "imap", "pop3", "ftp", "postgres", "ldap", "xmpp"):
        case(
            f"ssl by STARTTLS, {name}",
            f"{name} as its specification has it",
            ssl(host=host, port=starttls.PORTS[name], starttls=name),
            "up",
            phases="dns connect tls",
            expect={"certificate.days_remaining": 90},
            none=NO_COMMANDS,
        )
    for name, holds in (
        ("smtp-without", "502"),
        ("smtp-busy", "421"),
        ("imap-without", "BAD"),
        ("pop3-without", "ERR"),
        ("postgres-without", '"N"'),
        ("ldap-without", "53"),
    ):
        protocol = name.partition("-")[0]
        case(
            f"ssl by STARTTLS, {name}",
            "it has no TLS",
            ssl(host=host, port=starttls.PORTS[name], starttls=protocol),
            "down",
            "tls_handshake",
            expect={"error.detail": Holds(holds)},
            none=NO_COMMANDS,
        )
    case(
        "ssl by STARTTLS, smtp-chatters",
        "its greeting has no end",
        ssl(host=host, port=starttls.PORTS["smtp-chatters"], starttls="smtp"),
        "down",
        "tls_handshake",
        none=NO_COMMANDS,
    )
    case(
        "ssl by STARTTLS, silent",
        "it says nothing",
        ssl(host=host, port=raw.PORTS["silent"], starttls="smtp", timeout_ms=1000),
        "down",
        "tls_timeout",
        none=NO_COMMANDS,
    )
    case(
        "ssl by STARTTLS, old ciphers",
        "smtp, then TLS 1.2 with CBC alone",
        ssl(host=host, port=starttls.OLD, starttls="smtp"),
        "up",
        "tls_legacy",
        none=NO_COMMANDS,
    )
    case("ssl by STARTTLS, unknown", "no such protocol", ssl(host=host, port=25, starttls="nntp"), "wrong input", none="it is refused")
