"""The part of the table about TLS and certificates."""

import places
import raw
from rows import Between, Holds, Some, case, odd, secure, shown, ssl, web

NO_DAYS = "it tells the expiry as a metric, and leaves the limit to an alert"
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
    case(
        "TLS without forward secrecy",
        "key exchange by RSA alone",
        secure("/ok", places.NO_FORWARD_SECRECY),
        "down",
        "tls_handshake",
        differs="Go still takes RSA for the key exchange",
    )
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
        expect={"certificate.days_remaining": 90, "certificate.tls_version": "TLS 1.3", "http_status": None},
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
