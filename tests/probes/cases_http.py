"""The part of the table about requests, answers and their bodies."""

import places
from rows import Between, Holds, at, case, compare, odd, secure, web

NO_JSON = "it has no JSON conditions"
READS_ALL = "it reads every body to its end"
COMPARES_BYTES = "it compares bytes"
ASKS_HOST_NAMES = "its resolver asks for names of letters, digits, hyphens and underscores alone, none of which a hyphen begins"
CODE_200 = {"http_status": 200}


def requests():
    case(
        "http plain", "nginx answers 200", web("/ok"), "up", expect=CODE_200 | {"http_version": "1.1", "certificate": None, "redirects": []}
    )
    case("http by IPv4 address", "nginx answers 200", at("127.0.0.1"), "up", expect={"remote_address": f"127.0.0.1:{places.HTTP}"})
    case("http by IPv6 address", "nginx answers 200", at("[::1]"), "up", expect={"remote_address": f"[::1]:{places.HTTP}"})
    case(
        "http by a name with AAAA alone", "nginx answers 200", at("six.probe.test"), "up", expect={"remote_address": f"[::1]:{places.HTTP}"}
    )
    case("http by a chain of aliases", "CNAME → CNAME → CNAME → A", at("chain1.probe.test"), "up", expect=CODE_200)
    case("http by a wildcard name", "`*.wild` has an A record", at("any.wild.probe.test"), "up", expect=CODE_200)
    case("http by a name in capitals", "nginx answers 200", at("OK.Probe.TEST"), "up", expect=CODE_200)
    case("http by a name with its final dot", "nginx answers 200", at("ok.probe.test."), "up", expect=CODE_200)
    case(
        "http by an international name",
        "`xn--bcher-kva` has an A record",
        at("bücher.probe.test"),
        "up",
        expect=CODE_200,
        differs="it asks the name server for the name as it is written, not in Punycode",
    )
    for host in ("my_app", "foo_bar.deep", "app_1", "host_", "_srv"):
        case(f"http by {host}", "a name with an underscore", at(f"{host}.probe.test"), "up", expect=CODE_200)
    for host in ("a+b", "a!b", "a~b", "a$b", "a*b", "-host"):
        case(f"http by {host}", "a name of the DNS that is no host name", at(f"{host}.probe.test"), "up", differs=ASKS_HOST_NAMES)
    case("https by a name with an underscore", "a wildcard certificate", secure("/ok", host="my_app.probe.test"), "up", expect=CODE_200)
    case(
        "https by a name with a hyphen first",
        "a wildcard certificate, no name in the handshake",
        secure("/ok", host="-host.probe.test"),
        "up",
        differs=ASKS_HOST_NAMES,
    )
    case("http by localhost", "named in /etc/hosts alone", at("localhost"), "up", expect=CODE_200)
    case("http host header", "200 for the right Host alone", web("/host"), "up")
    case("http user agent", "200 for `Valpero/…` alone", web("/agent"), "up", differs="it calls itself Blackbox Exporter")
    case("http query", "200 for the right query alone", web("/query?a=b%20c&d"), "up")
    case("http long head", "50 headers of 100 bytes", web("/many-headers"), "up", expect=CODE_200)
    for status, wanted in ((201, "up"), (204, "up"), (400, "down"), (404, "down"), (429, "down"), (500, "down"), (503, "down")):
        code = None if wanted == "up" else "http_status"
        case(f"http status {status}", f"nginx answers {status}", web(f"/status/{status}"), wanted, code, expect={"http_status": status})
    case("http status 304", "nginx answers 304", web("/status/304"), "down", "http_status", expect={"http_status": 304})
    case("http status listed", "nginx answers 503", web("/status/503", expected_status="200-299,503"), "up", expect={"http_status": 503})
    case("http status in a range", "nginx answers 418", web("/status/418", expected_status="400-499"), "up", expect={"http_status": 418})
    case("http status not listed", "nginx answers 200", web("/ok", expected_status="201,204"), "down", "http_status", expect=CODE_200)
    for method in ("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "POST"):
        case(f"http method {method}", f"405 for all but {method}", web(f"/only/{method}", method=method), "up", expect=CODE_200)
    case(
        "http method refused", "405 for all but GET", web("/only/GET", method="DELETE"), "down", "http_status", expect={"http_status": 405}
    )
    case("http header sent", "400 without the header", web("/header", headers={"X-Probe": "yes"}), "up")
    case("http header not sent", "400 without the header", web("/header"), "down", "http_status", expect={"http_status": 400})
    case("http body sent", "200 for POST with the body `ping`", web("/wants-body", method="POST", body="ping"), "up")
    case(
        "http other body sent",
        "200 for POST with the body `ping`",
        web("/wants-body", method="POST", body="pong"),
        "down",
        "http_status",
        expect={"http_status": 400},
    )
    login = {"username": "probe", "password": "open sesame"}
    case("http basic auth", "nginx asks for a password", web("/private.txt", basic_auth=login), "up", expect=CODE_200)
    case(
        "http basic auth wrong",
        "nginx asks for a password",
        web("/private.txt", basic_auth=login | {"password": "x"}),
        "down",
        "http_status",
        expect={"http_status": 401},
    )
    case("http basic auth missing", "nginx asks for a password", web("/private.txt"), "down", "http_status", expect={"http_status": 401})


def redirects():
    at = f"http://ok.probe.test:{places.HTTP}"
    case("redirect once", "301 to /ok", web("/moved"), "up", expect=CODE_200 | {"redirects": [f"{at}/ok"]})
    case(
        "redirect not followed",
        "301 to /ok",
        web("/moved", follow_redirects=False, expected_status="301"),
        "up",
        expect={"http_status": 301, "redirects": []},
    )
    case(
        "redirect not followed nor expected",
        "301 to /ok",
        web("/moved", follow_redirects=False),
        "down",
        "http_status",
        expect={"http_status": 301},
    )
    case(
        "redirect three times",
        "302 three times, then 200",
        web("/chain/3"),
        "up",
        expect={"redirects": [f"{at}/chain/{number}" for number in (2, 1, 0)]},
    )
    case("redirect ten times", "302 ten times, then 200", web("/chain/10"), "up", expect=CODE_200)
    case("redirect eleven times", "302 eleven times, then 200", web("/chain/11"), "down", "redirect_limit")
    case("redirect loop", "302 to itself", web("/loop"), "down", "redirect_limit")
    case(
        "redirect to https",
        "301 to https on another port",
        web("/to-https"),
        "up",
        phases="dns connect tls first_byte",
        expect=CODE_200 | {"redirects": [f"https://ok.probe.test:{places.HTTPS}/ok"], "certificate.names": Holds("*.probe.test")},
    )
    case("redirect without a location", "302 alone", odd("location-missing"), "down", "http_status", expect={"http_status": 302})
    case("redirect to no URL", "302 to `http://[`", odd("location-garbage"), "down", "redirect_invalid")
    case("redirect to ftp", "302 to ftp://", web("/to-ftp"), "down", "redirect_invalid")
    case(
        "redirect with credentials",
        "302 to `http://user:secret@…`",
        web("/to-credentials"),
        "down",
        "redirect_invalid",
        differs="it follows, and logs in",
    )
    case("redirect to a closed port", "302 to where nobody listens", web("/to-closed"), "down", "connect_refused")
    case("redirect to a name that does not exist", "302 to an unknown host", web("/to-nowhere"), "down", "dns_nxdomain")
    case("redirect to an expired certificate", "302 to https", web("/to-expired"), "down", "tls_expired")
    case("redirect to an error", "302 to a page that answers 503", web("/to-status"), "down", "http_status", expect={"http_status": 503})
    case("redirect to silence", "302 to a server that never answers", web("/to-silence", timeout_ms=1000), "down", "response_timeout")
    case("redirect 303 of a POST", "303 to a page for GET alone", web("/see-other", method="POST", body="ping"), "up", expect=CODE_200)
    case("redirect 302 of a POST", "302 to a page for GET alone", web("/found-post", method="POST", body="ping"), "up", expect=CODE_200)
    case(
        "redirect 307 of a POST",
        "307 to a page that wants the body again",
        web("/temporary", method="POST", body="ping"),
        "up",
        expect=CODE_200,
    )
    case(
        "redirect 308 of a POST",
        "308 to a page that wants the body again",
        web("/permanent", method="POST", body="ping"),
        "up",
        expect=CODE_200,
    )
    login = {"username": "probe", "password": "open sesame"}
    case(
        "redirect takes no password along",
        "302 to another host, which answers 400 to a password",
        web("/to-other-host", basic_auth=login),
        "up",
        expect=CODE_200,
        differs="it sends the password to every host",
    )
    case(
        "redirect takes no header along",
        "302 to another host, which answers 400 to an Authorization header",
        web("/to-other-host", headers={"Authorization": "Bearer secret"}),
        "up",
        expect=CODE_200,
    )


def bodies():
    case("keyword found", "a page with the word", web("/text.txt", keyword={"contains": "systems are well"}), "up")
    case(
        "keyword missing",
        "a page without the word",
        web("/text.txt", keyword={"contains": "systems are ill"}),
        "down",
        "keyword_missing",
        expect=CODE_200,
    )
    case(
        "keyword in other letters",
        "a page with the word in small letters",
        web("/text.txt", keyword={"contains": "ALL SYSTEMS"}),
        "down",
        "keyword_missing",
    )
    case(
        "keyword present",
        "a page with the unwanted word",
        web("/text.txt", keyword={"not_contains": "systems"}),
        "down",
        "keyword_present",
        expect=CODE_200,
    )
    case("keyword absent", "a page without the unwanted word", web("/text.txt", keyword={"not_contains": "error"}), "up")
    case(
        "keyword both ways",
        "a page with one word and without the other",
        web("/text.txt", keyword={"contains": "well", "not_contains": "error"}),
        "up",
    )
    case("keyword beyond ASCII", "a page in UTF-8", web("/text.txt", keyword={"contains": "Schöne Grüße"}), "up")
    case(
        "keyword in Latin-1",
        "the same words in Latin-1, which nothing declares",
        web("/latin.txt", keyword={"contains": "Schöne Grüße"}),
        "up",
        differs=COMPARES_BYTES,
    )
    for label, words in (("iso-8859-1", "Störung"), ("gbk", "服务中断"), ("utf-16", "Störung"), ("utf-16be", "Störung")):
        page = f"declares-{label}"
        case(f"keyword in {label}", "a page with the words, declared", odd(page, keyword={"contains": words}), "up", differs=COMPARES_BYTES)
        case(
            f"keyword present in {label}",
            "a page with the unwanted words, declared",
            odd(page, keyword={"not_contains": words}),
            "down",
            "keyword_present",
            differs=COMPARES_BYTES,
        )
    case(
        "keyword in a meta element",
        "a page in GBK that says so itself",
        odd("meta-gbk", keyword={"not_contains": "服务中断"}),
        "down",
        "keyword_present",
        differs=COMPARES_BYTES,
    )
    case(
        "keyword hidden by a false charset",
        "a page in Latin-1 that is declared to be UTF-8",
        odd("false-utf-8", keyword={"not_contains": "Störung"}),
        "down",
        "body_charset",
        differs=COMPARES_BYTES,
    )
    case(
        "keyword elsewhere under a false charset",
        "a page in Latin-1 that is declared to be UTF-8",
        odd("false-utf-8", keyword={"not_contains": "error"}),
        "up",
    )
    case(
        "keyword under an unknown charset",
        "a page that is declared to be in UTF-9",
        odd("unknown-charset", keyword={"not_contains": "error"}),
        "down",
        "body_charset",
        differs=COMPARES_BYTES,
    )
    case(
        "keyword and status",
        "an error page with the word",
        web("/status/500", keyword={"contains": "500 Internal"}),
        "down",
        "http_status",
        expect={"http_status": 500},
    )
    case(
        "keyword on an expected error page",
        "an error page with the word",
        web("/status/500", expected_status="500", keyword={"contains": "500 Internal"}),
        "up",
    )
    case("keyword in an empty body", "no body", web("/empty", keyword={"contains": "x"}), "down", "keyword_missing")
    case("keyword after a redirect", "302 to a page with the word", web("/moved", keyword={"contains": "well"}), "up")
    for packed in ("gzip", "brotli"):
        ask = {"compression": packed.replace("brotli", "br"), "headers": {"Accept-Encoding": packed.replace("brotli", "br")}}
        case(
            f"keyword in {packed}",
            f"nginx packs with {packed}",
            web(f"/{packed}.txt", keyword={"contains": "Schöne Grüße"}),
            "up",
            blackbox=ask,
        )
    case(
        "keyword in HTTP/2 and gzip",
        "nginx packs with gzip",
        secure("/gzip.txt", keyword={"contains": "Schöne Grüße"}),
        "up",
        expect={"http_version": "2"},
        blackbox={"compression": "gzip", "headers": {"Accept-Encoding": "gzip"}},
    )
    case("keyword at the end of 1 MiB", "a body of exactly 1 MiB", web("/edge", keyword={"contains": "the end"}), "up")
    case("keyword at the end of more", "a body of 1 MiB and 1 byte", web("/big", keyword={"contains": "the end"}), "down", "body_too_large")
    case("no keyword in a large body", "a body of 1 MiB and 1 byte, not read", web("/big"), "up")
    gzip = {"compression": "gzip"}
    case("gzip bomb", "64 MiB of zeros in 64 KiB", web("/bomb", keyword={"contains": "x"}), "down", "body_too_large", blackbox=gzip)
    case(
        "brotli bomb",
        "8 MiB of zeros in a few bytes",
        web("/brotli-bomb", keyword={"contains": "x"}),
        "down",
        "body_too_large",
        blackbox={"compression": "br", "headers": {"Accept-Encoding": "br"}},
    )
    case("gzip bomb not read", "64 MiB of zeros in 64 KiB", web("/bomb"), "up")
    word = {"contains": "systems are well"}
    case(
        "gzip that is none",
        "plain text with `Content-Encoding: gzip`",
        odd("false-gzip", keyword=word),
        "down",
        "body_encoding",
        blackbox={"compression": "gzip"},
    )
    case(
        "gzip cut off",
        "half a gzip stream, as long as announced",
        odd("cut-gzip", keyword=word),
        "down",
        "body_encoding",
        blackbox={"compression": "gzip"},
        expect=CODE_200,
    )
    case(
        "gzip twice",
        "`Content-Encoding: gzip, gzip`",
        odd("twice-gzip", keyword=word),
        "up",
        differs="it unpacks one layer",
    )
    case("encoding unknown", "`Content-Encoding: compress`", odd("unknown-encoding", keyword=word), "down", "body_encoding")
    case("encoding unknown, not read", "`Content-Encoding: compress`", odd("unknown-encoding"), "up")
    case("encoding identity", "`Content-Encoding: identity`", odd("identity", keyword=word), "up")
    case("body in chunks", "the word is split over three chunks", odd("split-chunks", keyword=word), "up")
    case("body until the connection ends", "neither length nor chunks", odd("until-close", keyword=word), "up")
    case(
        "body cut off",
        "`Content-Length: 1000` and 11 bytes",
        odd("cut-body", keyword={"contains": "all systems"}),
        "down",
        "connection_closed",
    )
    case("body cut off, not read", "`Content-Length: 1000` and 11 bytes", odd("cut-body"), "up", differs=READS_ALL)
    case("body with bad chunks", "a chunk of length `zz`", odd("bad-chunks", keyword=word), "down", "http_protocol")
    case("body with cut chunks", "the connection ends within a chunk", odd("cut-chunks", keyword=word), "down", "connection_closed")
    case("body without end", "bytes for ever", odd("endless-body", keyword=word), "down", "body_too_large")
    case("body without end, not read", "bytes for ever", odd("endless-body", timeout_ms=1000), "up", differs=READS_ALL)
    case("body that drips", "a byte every 200 ms for ever", odd("drips-body", timeout_ms=1000, keyword=word), "down", "response_timeout")
    case("body that drips, not read", "a byte every 200 ms for ever", odd("drips-body", timeout_ms=1000), "up", differs=READS_ALL)


def documents():
    path = "/status.json"

    def judged(name, outcome, code, *words, path=path, setup="a JSON document", **more):
        case(f"json {name}", setup, web(path, json=compare(*words)), outcome, code, none=NO_JSON, expect=CODE_200, **more)

    judged("equal", "up", None, ("$.status", "eq", "ok"))
    judged("not equal", "down", "json_mismatch", ("$.status", "eq", "fine"))
    judged("different", "up", None, ("$.status", "ne", "failing"))
    judged("ordered", "up", None, ("$.load", "lt", 1), ("$.load", "lte", 0.75), ("$.jobs", "gt", 11.5), ("$.jobs", "gte", 12))
    judged("too high", "down", "json_mismatch", ("$.load", "lt", 0.5))
    judged("contains", "up", None, ("$.status", "contains", "k"), ("$.regions", "contains", "hel"))
    judged("contains not", "down", "json_mismatch", ("$.regions", "contains", "usc"))
    judged("exists", "up", None, ("$.maintenance", "exists"), ("$.error", "absent"))
    judged("exists not", "down", "json_mismatch", ("$.error", "exists"))
    judged("absent not", "down", "json_mismatch", ("$.maintenance", "absent"))
    judged("null", "up", None, ("$.maintenance", "eq", None))
    judged("deep", "up", None, ("$.parts[1].name", "eq", "queue"), ("$.parts[-1].ms", "eq", 9))
    judged("all of several", "up", None, ("$.parts[*].up", "eq", True))
    judged("one of several", "down", "json_mismatch", ("$.parts[*].ms", "lt", 9))
    judged("filter", "up", None, ("$.parts[?@.name == 'store'].ms", "lte", 4))
    judged("odd names", "up", None, ("$['größe']", "eq", "XL"), ("$['with.dot']", "eq", 1))
    judged("number and text", "down", "json_mismatch", ("$.jobs", "eq", "12"))
    judged("whole and decimal", "up", None, ("$.jobs", "eq", 12.0))
    judged("large number", "down", "json_mismatch", ("$.big", "eq", 9007199254740992))
    judged("invalid", "down", "json_invalid", ("$.status", "eq", "ok"), path="/text.txt", setup="a page that is no JSON")
    judged("cut off", "down", "json_invalid", ("$.status", "eq", "ok"), path="/cut.json", setup="a document without its end")
    judged("empty", "down", "json_invalid", ("$.status", "eq", "ok"), path="/empty", setup="an empty body")
    judged("too deep", "down", "json_mismatch", ("$.status", "eq", "ok"), path="/deep.json", setup="100,000 arrays in each other")
    judged("packed", "up", None, ("$.status", "eq", "ok"), path="/gzip.json", setup="nginx packs with gzip")
    both = web(path, json=compare(("$.status", "eq", "ok")), keyword={"not_contains": "error"})
    case("json and keyword", "a JSON document", both, "up", none=NO_JSON)


def slowness():
    case(
        "slow, but up",
        "the answer takes 0.7 s",
        web("/late", max_response_time_ms=300),
        "slow",
        "slow_response",
        expect=CODE_200 | {"response_time_ms": Between(690, 1500)},
    )
    case(
        "slow, down",
        "the answer takes 0.7 s",
        web("/late", max_response_time_ms=300, slow_outcome="down"),
        "down",
        "too_slow",
        expect=CODE_200,
    )
    case(
        "slow, within the limit",
        "the answer takes 0.7 s",
        web("/late", max_response_time_ms=1900),
        "up",
        expect={"phases.first_byte_ms": Between(690, 1500)},
    )
    case(
        "slow and wrong",
        "the answer takes 0.7 s and has not the word",
        web("/late", max_response_time_ms=300, keyword={"contains": "ill"}),
        "down",
        "keyword_missing",
    )
    case(
        "slow body alone",
        "the head at once, the body 0.7 s later",
        odd("slow-body", keyword={"contains": "well"}, max_response_time_ms=400),
        "up",
        expect={"phases.first_byte_ms": Between(0, 400)},
    )
    case(
        "answer never comes",
        "a server that never answers",
        odd("silent", timeout_ms=1000),
        "down",
        "response_timeout",
        phases="dns connect first_byte",
    )
    case("answer drips", "the head, a byte every 300 ms", odd("drips-head", timeout_ms=1000), "down", "response_timeout")


def protocol():
    case("HTTP/1.0", "an answer without length, in HTTP/1.0", odd("http-1.0", keyword={"contains": "well"}), "up", expect=CODE_200)
    case("100 Continue", "an interim answer, then 200", odd("continue"), "up", expect=CODE_200)
    case("103 Early Hints", "an interim answer, then 200", odd("early-hints"), "up", expect=CODE_200)
    case("interim answers without end", "102 Processing for ever", odd("endless-interim", timeout_ms=1000), "down", "response_timeout")
    case("no reason phrase", "`HTTP/1.1 200`", odd("no-reason"), "up", expect=CODE_200)
    case("no status line", "HTML at once, as HTTP/0.9 had it", odd("no-status-line"), "down", "http_protocol")
    case("bad status", "`HTTP/1.1 twohundred OK`", odd("bad-status"), "down", "http_protocol")
    case("bad header", "a header without a colon", odd("bad-header"), "down", "http_protocol")
    case("two lengths", "two values of Content-Length", odd("two-lengths"), "down", "http_protocol")
    case("head without end", "headers for ever", odd("endless-head"), "down", "http_protocol")
    case("head cut off", "the connection ends within a header", odd("cut-head"), "down", "connection_closed")
    case("ssh on the port", "an SSH banner", odd("ssh"), "down", "http_protocol")
    case("closes at once", "accepts, and closes", odd("closes"), "down", "connection_closed")
    case(
        "closes after the request",
        "reads the request, and closes",
        odd("closes-after-request"),
        "down",
        "connection_closed",
        phases="dns connect first_byte",
    )
    case("resets", "reads the request, and resets", odd("resets"), "down", "connection_closed")
    case(
        "http to an https port",
        "nginx wants TLS and says 400",
        at("ok.probe.test", port=places.HTTPS_ONE),
        "down",
        "http_status",
        expect={"http_status": 400},
    )
    case("HTTP/2", "nginx offers HTTP/2", secure("/ok"), "up", expect=CODE_200 | {"http_version": "2"})
    case("HTTP/2 method HEAD", "nginx offers HTTP/2", secure("/only/HEAD", method="HEAD"), "up", expect={"http_version": "2"})
    case(
        "HTTP/2 body sent",
        "200 for POST with the body `ping`",
        secure("/wants-body", method="POST", body="ping"),
        "up",
        expect={"http_version": "2"},
    )
    case("HTTP/2 header sent", "400 without the header", secure("/header", headers={"X-Probe": "yes"}), "up", expect={"http_version": "2"})
    case("HTTP/2 redirects", "302 three times, then 200", secure("/chain/3"), "up", expect={"http_version": "2"})
    case(
        "HTTP/2 status", "nginx answers 503", secure("/status/503"), "down", "http_status", expect={"http_status": 503, "http_version": "2"}
    )
    case("HTTP/2 slow", "the answer takes 0.7 s", secure("/late", max_response_time_ms=300), "slow", "slow_response")
    case("HTTP/2 large body", "a body of 1 MiB and 1 byte", secure("/big", keyword={"contains": "the end"}), "down", "body_too_large")
    word, tls = {"contains": "systems are well"}, {"scheme": "https"}
    case("HTTP/2 promised only", "chosen in the handshake, but HTTP/1.1 is spoken", odd("h2-text", **tls), "down", "http_protocol")
    case("HTTP/2 never answers", "takes the request, says nothing", odd("h2-silent", timeout_ms=1000, **tls), "down", "response_timeout")
    case("HTTP/2 resets the stream", "RST_STREAM instead of an answer", odd("h2-reset", **tls), "down", "connection_closed")
    case("HTTP/2 goes away", "GOAWAY instead of an answer", odd("h2-goaway", **tls), "down", "connection_closed")
    case("HTTP/2 head without end", "CONTINUATION frames for ever", odd("h2-endless-head", **tls), "down", "http_protocol")
    case("HTTP/2 body cut off", "RST_STREAM within the body", odd("h2-cut-body", keyword=word, **tls), "down", "connection_closed")
    case("HTTP/2 body cut off, not read", "RST_STREAM within the body", odd("h2-cut-body", **tls), "up", differs=READS_ALL)
    case(
        "HTTP/2 body without end",
        "a part of the body, and silence",
        odd("h2-endless-body", timeout_ms=1000, keyword=word, **tls),
        "down",
        "response_timeout",
    )
    case("TLS ends without a word, after all", "the whole body, but no close_notify", odd("no-goodbye", keyword=word, **tls), "up")
    case(
        "TLS ends without a word, perhaps too soon",
        "a body without length, and no close_notify",
        odd("no-goodbye-no-length", keyword=word, **tls),
        "up",
    )
    case("HTTP/1.1 over TLS", "nginx does not offer HTTP/2", secure("/ok", places.HTTPS_ONE), "up", expect={"http_version": "1.1"})
