"""The part of the table about names, connections, and what TCP and DNS servers say; and about monitors that are none."""

import places
import raw
from names import DKIM, LONG
from rows import Between, at, case, dns, ping, tcp, web

OWN_FAULT = "a name server of one's own that fails is no word about the target, says Valpero; it says down"
NO_ROUTE = "a route by IPv6 that one's own machine lacks is no word about the target, says Valpero; it says down"
ONE_ADDRESS = "it tries one address alone, IPv6 where there is one"


def connections():
    hangs = at("127.0.0.1", "/", places.HANGS, timeout_ms=1000)
    case(
        "connect refused",
        "nobody listens",
        at("127.0.0.1", "/", places.CLOSED),
        "down",
        "connect_refused",
        phases="connect",
        expect={"http_status": None},
    )
    case(
        "connect refused on both",
        "nobody listens on either address",
        at("both.probe.test", "/", places.CLOSED),
        "down",
        "connect_refused",
        phases="dns connect",
    )
    case("connect hangs", "SYNs go unanswered", hangs, "down", "connect_timeout", phases="connect")
    case(
        "connect hangs on both",
        "SYNs to either address go unanswered",
        at("both.probe.test", "/", places.HANGS, timeout_ms=1500),
        "down",
        "connect_timeout",
    )
    case("connect unreachable", "no route", web("http://nowhere.probe.test:80/"), "down", "connect_unreachable")
    case(
        "connect unreachable by IPv6",
        "no route",
        web("http://nowhere6.probe.test:80/"),
        "probe_error",
        "no_ipv6",
        differs=NO_ROUTE,
    )
    case(
        "connect IPv6 hangs",
        "IPv4 works, SYNs to IPv6 go unanswered",
        at("both.probe.test", port=places.V6_HANGS),
        "up",
        expect={"remote_address": f"127.0.0.1:{places.V6_HANGS}", "response_time_ms": Between(0, 1500)},
        differs=ONE_ADDRESS,
    )
    case(
        "connect IPv4 hangs",
        "IPv6 works, SYNs to IPv4 go unanswered",
        at("both.probe.test", port=places.V4_HANGS),
        "up",
        expect={"remote_address": f"[::1]:{places.V4_HANGS}", "response_time_ms": Between(0, 1500)},
    )
    case(
        "connect IPv6 refused",
        "IPv4 works, nobody listens on IPv6",
        at("both.probe.test", port=places.V6_REFUSES),
        "up",
        expect={"remote_address": f"127.0.0.1:{places.V6_REFUSES}"},
        differs=ONE_ADDRESS,
    )
    case(
        "connect IPv4 refused",
        "IPv6 works, nobody listens on IPv4",
        at("both.probe.test", port=places.V4_REFUSES),
        "up",
        expect={"remote_address": f"[::1]:{places.V4_REFUSES}"},
    )
    case(
        "connect IPv6 unreachable",
        "IPv4 works, no route by IPv6",
        at("half.probe.test"),
        "up",
        expect={"remote_address": f"127.0.0.1:{places.HTTP}"},
        differs=ONE_ADDRESS,
    )
    case(
        "connect second of two addresses",
        "one of two IPv4 addresses works",
        at("two.probe.test"),
        "up",
        expect={"remote_address": f"127.0.0.1:{places.HTTP}"},
        none="it tries the first address alone, and the order changes",
    )
    case(
        "connect to no address",
        "the name's address is 0.0.0.0",
        at("zero.probe.test"),
        "down",
        "blocked_address",
        differs="it has no guard: the address is the machine's own",
    )
    case("name unknown", "NXDOMAIN", web("http://gone.probe.test/"), "down", "dns_nxdomain", phases="dns")
    case("name fails", "SERVFAIL: the zone is not loaded", web("http://www.broken.test/"), "down", "dns_servfail", phases="dns")
    case("name without address", "TXT alone", web("http://text.probe.test/"), "down", "dns_no_address", phases="dns")
    case("name is an alias of nothing", "CNAME to an unknown name", web("http://dangling.probe.test/"), "down", "dns_nxdomain")
    case("name is an alias of itself", "two CNAMEs in a circle", web("http://loop1.probe.test/"), "down", "dns_no_address")
    other = "its name servers are the machine's"
    case(
        "resolver silent",
        "the machine's name server never answers",
        at("ok.probe.test", timeout_ms=1000),
        "probe_error",
        "dns_timeout",
        nameservers=[places.DNS_SILENT],
        none=other,
    )
    case(
        "resolver refuses",
        "the machine's name server answers REFUSED",
        at("ok.probe.test"),
        "probe_error",
        "resolver_failed",
        nameservers=[places.DNS_REFUSES],
        none=other,
    )
    case(
        "resolver fails",
        "the machine's name server answers SERVFAIL",
        at("ok.probe.test"),
        "down",
        "dns_servfail",
        nameservers=[places.DNS_FAILS],
        none=other,
    )
    case(
        "resolver closed",
        "nobody listens where the machine's name server should",
        at("ok.probe.test"),
        "probe_error",
        "dns_timeout",
        nameservers=[places.DNS_CLOSED],
        none=other,
    )
    case(
        "resolver silent, the next one answers",
        "the second of two name servers works",
        at("ok.probe.test", timeout_ms=5000),
        "up",
        nameservers=[places.DNS_SILENT, places.KNOT],
        none=other,
    )
    case(
        "resolver knows no such zone",
        "knot answers REFUSED",
        web("http://www.elsewhere.test/"),
        "probe_error",
        "resolver_failed",
        differs=OWN_FAULT,
    )


def texts():
    case(
        "tcp open",
        "nginx listens",
        tcp("ok.probe.test", places.HTTP),
        "up",
        phases="dns connect",
        expect={"remote_address": f"127.0.0.1:{places.HTTP}"},
    )
    case(
        "tcp by IPv6 address",
        "nginx listens",
        tcp("::1", places.HTTP),
        "up",
        phases="connect",
        expect={"remote_address": f"[::1]:{places.HTTP}"},
    )
    case("tcp refused", "nobody listens", tcp("ok.probe.test", places.CLOSED), "down", "connect_refused", phases="dns connect")
    case("tcp hangs", "SYNs go unanswered", tcp("127.0.0.1", places.HANGS), "down", "connect_timeout", phases="connect")
    case("tcp unreachable", "no route", tcp(places.UNREACHABLE, 25), "down", "connect_unreachable")
    case("tcp unreachable by IPv6", "no route", tcp(places.UNREACHABLE_V6, 25), "probe_error", "no_ipv6", differs=NO_ROUTE)
    case("tcp by a name with an underscore", "nginx listens", tcp("my_app.probe.test", places.HTTP), "up", phases="dns connect")
    case("ping by a name with an underscore", "nginx listens", ping("host_.probe.test", places.HTTP), "up", phases="dns connect")
    case("tcp unknown host", "no such name", tcp("gone.probe.test", 25), "down", "dns_nxdomain", phases="dns")
    case(
        "tcp banner", "an SMTP greeting", tcp("ok.probe.test", raw.PORTS["smtp"], expect="220 mail"), "up", phases="dns connect first_byte"
    )
    case(
        "tcp banner in parts",
        "an SMTP greeting in three packets",
        tcp("ok.probe.test", raw.PORTS["split-banner"], expect="220 mail.probe.test"),
        "up",
    )
    case(
        "tcp other banner",
        "an SSH greeting, and silence",
        tcp("ok.probe.test", raw.PORTS["ssh"], expect="220 mail"),
        "down",
        "tcp_mismatch",
    )
    case("tcp no banner", "silence", tcp("ok.probe.test", raw.PORTS["silent"], expect="220"), "down", "response_timeout")
    case(
        "tcp closes instead of a banner",
        "accepts, and closes",
        tcp("ok.probe.test", raw.PORTS["closes"], expect="220"),
        "down",
        "connection_closed",
    )
    case("tcp endless banner", "bytes for ever", tcp("ok.probe.test", raw.PORTS["endless-banner"], expect="220"), "down", "tcp_mismatch")
    case("tcp echo", "sends back what comes", tcp("ok.probe.test", raw.PORTS["echo"], send="PING\r\n", expect="PING"), "up")
    case(
        "tcp other echo",
        "sends back what comes",
        tcp("ok.probe.test", raw.PORTS["echo"], send="PING\r\n", expect="PONG"),
        "down",
        "tcp_mismatch",
    )
    case("tcp conversation", "HTTP by hand", tcp("ok.probe.test", places.HTTP, send="GET /ok HTTP/1.0\r\n\r\n", expect="200 OK"), "up")
    case("tcp sends alone", "nothing is expected back", tcp("ok.probe.test", raw.PORTS["silent"], send="hello\n"), "up")
    case(
        "ping",
        "nginx listens",
        ping("ok.probe.test", places.HTTP),
        "up",
        phases="dns connect",
        expect={"remote_address": f"127.0.0.1:{places.HTTP}"},
    )
    case("ping by IPv6 address", "nginx listens", ping("::1", places.HTTP), "up", phases="connect")
    case("ping refused", "nobody listens", ping("127.0.0.1", places.CLOSED), "down", "connect_refused")
    case("ping hangs", "SYNs go unanswered", ping("127.0.0.1", places.HANGS), "down", "connect_timeout")
    case("ping unreachable", "no route", ping("nowhere.probe.test", 443), "down", "connect_unreachable")
    case("ping unknown host", "no such name", ping("gone.probe.test", 443), "down", "dns_nxdomain")


def lookups():
    def found(name, setup, monitor, answers, expect=None, **more):
        expect = {"answers": answers, "http_status": None} | (expect or {})
        case(f"dns {name}", setup, monitor, "up", phases="dns", expect=expect, **more)

    soa = "ns1.probe.test hostmaster.probe.test 2026010203 7200 900 1209600 300"
    mx = ["10 mail.probe.test", "20 mail2.elsewhere.test"]
    long = LONG.replace('" "', "").strip('"')
    found("A", "one A record", dns("ok.probe.test", "A", "127.0.0.1"), ["127.0.0.1"], {"ttl_seconds": 300, "cnames": []})
    found("A without expectation", "one A record", dns("ok.probe.test", "A"), ["127.0.0.1"])
    found(
        "two A",
        "two A records, expected in the other order",
        dns("two.probe.test", "A", "127.0.0.13", "127.0.0.1"),
        ["127.0.0.1", "127.0.0.13"],
    )
    found(
        "one of two A",
        "two A records, one must be there",
        dns("two.probe.test", "A", "127.0.0.13", match="contains"),
        ["127.0.0.1", "127.0.0.13"],
    )
    found(
        "AAAA",
        "one AAAA record, spelt out",
        dns("six.probe.test", "AAAA", "0:0:0:0:0:0:0:1"),
        ["::1"],
        blackbox={"validate_answer_rrs": {"fail_if_not_matches_regexp": ["\t::1$"]}},
    )
    on_the_way = {"cnames": ["chain2.probe.test", "chain3.probe.test", "ok.probe.test"], "ttl_seconds": 60}
    found("A by way of CNAMEs", "CNAME → CNAME → CNAME → A", dns("chain1.probe.test", "A", "127.0.0.1"), ["127.0.0.1"], on_the_way)
    found(
        "CNAME",
        "a CNAME record, in capitals and with its dot",
        dns("alias.probe.test", "CNAME", "OK.Probe.Test."),
        ["ok.probe.test"],
        blackbox={"validate_answer_rrs": {"fail_if_not_matches_regexp": ["CNAME\tok.probe.test.$"]}},
    )
    found("of a name with an underscore", "one A record", dns("my_app.probe.test", "A", "127.0.0.1"), ["127.0.0.1"])
    found(
        "CNAME to a name with an underscore",
        "a CNAME record",
        dns("to_under.probe.test", "CNAME", "My_App.probe.test"),
        ["my_app.probe.test"],
        blackbox={"validate_answer_rrs": {"fail_if_not_matches_regexp": ["CNAME\tmy_app.probe.test.$"]}},
    )
    found("MX", "two MX records", dns("probe.test", "MX", *reversed(mx)), mx)
    found("NS", "two NS records", dns("probe.test", "NS", "ns1.probe.test", "ns2.probe.test"), ["ns1.probe.test", "ns2.probe.test"])
    found("TXT", "one TXT record", dns("probe.test", "TXT", "v=spf1 -all"), ["v=spf1 -all"])
    found(
        "TXT in parts", "three strings in one record", dns("parts.probe.test", "TXT", "v=DKIM1; k=rsa; p=MIGf"), ["v=DKIM1; k=rsa; p=MIGf"]
    )
    found("TXT with quotes", "quotes and a backslash", dns("quoted.probe.test", "TXT", 'say "hello" \\ twice'), ['say "hello" \\ twice'])
    found(
        "TXT longer than a packet",
        "4 KB: by TCP",
        dns("long.probe.test", "TXT"),
        [long],
        differs="it does not ask again by TCP where the answer is cut",
    )
    found(
        "TXT of two",
        "two TXT records, one must be there",
        dns("twotexts.probe.test", "TXT", "second", match="contains"),
        ["first", "second"],
    )
    found("SOA", "the zone's SOA record", dns("probe.test", "SOA", soa), [soa])
    found(
        "CAA",
        "two CAA records",
        dns("probe.test", "CAA", '0 issue "ca.example"', '128 iodef "mailto:security@probe.test"'),
        ['0 issue "ca.example"', '128 iodef "mailto:security@probe.test"'],
    )
    for name, setup, host, kind, expected, answer in (
        ("TXT as dig prints it", "quotes and a backslash", "quoted", "TXT", r'"say \"hello\" \\ twice"', 'say "hello" \\ twice'),
        ("TXT as numbers", "UTF-8", "umlaut", "TXT", r'"gr\195\188\195\159e"', "grüße"),
        ("TXT with a semicolon", "DMARC", "dmarc", "TXT", r'"v=DMARC1\; p=none"', "v=DMARC1; p=none"),
        ("TXT in parentheses", "three strings", "parts", "TXT", '( "v=DKIM1; " "k=rsa; "\n"p=MIGf" ) ; key', "v=DKIM1; k=rsa; p=MIGf"),
        ("TXT that is no UTF-8", "a byte of 252", "latin", "TXT", r'"gr\252n"', r'"gr\252n"'),
        ("CNAME with a dot in a label", "a CNAME record", "dotted", "CNAME", r"A\046b.probe.test.", r"a\.b.probe.test"),
        ("CNAME in Unicode", "a CNAME record", "unicode", "CNAME", "bücher.probe.test", "xn--bcher-kva.probe.test"),
        ("SRV", "an SRV record", "_sip._tcp", "SRV", "010 060 05060 SIP.Probe.test.", "10 60 5060 sip.probe.test"),
        ("SRV by way of a CNAME", "CNAME → SRV", "srvalias", "SRV", "10 60 5060 sip.probe.test", "10 60 5060 sip.probe.test"),
        ("PTR of RFC 2317", "a PTR record below `0/25`", "1.0/25", "PTR", "host.probe.test", "host.probe.test"),
    ):
        spelled = "it compares the spelling of its own library"
        found(name, setup, dns(f"{host}.probe.test", kind, expected), [answer], none=spelled)
    found(
        "PTR of an address",
        "127.0.0.1 is not answered by the checker itself",
        dns("127.0.0.1", "PTR", "ok.probe.test"),
        ["ok.probe.test"],
        none="it is given a name",
    )
    found(
        "TXT of 750 characters",
        "a DKIM key of 4,096 bits",
        dns("dkim.probe.test", "TXT", DKIM),
        [DKIM],
        none="it does not ask again by TCP where the answer is cut",
    )
    found(
        "part of a TXT",
        "two TXT records",
        dns("twotexts.probe.test", "TXT", "eco", match="substring"),
        ["first", "second"],
        none="it has regular expressions",
    )
    for fault, place in (
        ("refuses EDNS: FORMERR", places.DNS_NO_EDNS),
        ("refuses EDNS: FORMERR, without the question", places.DNS_NO_EDNS_BARE),
        ("drops EDNS", places.DNS_DROPS_EDNS),
    ):
        found(f"resolver that {fault}", "answers without EDNS", dns("ok.probe.test", "A", "127.0.0.1", resolver=place), ["127.0.0.1"])
    found("wildcard", "`*.wild` has an A record", dns("any.wild.probe.test", "A", "127.0.0.1"), ["127.0.0.1"])
    found("resolver", "knot, named by the monitor", dns("ok.probe.test", "A", "127.0.0.1", resolver=places.KNOT), ["127.0.0.1"])
    found(
        "resolver by IPv6 address and port",
        "knot, named by the monitor",
        dns("ok.probe.test", "A", "127.0.0.1", resolver="[::1]:53"),
        ["127.0.0.1"],
    )
    found(
        "resolver by name", "knot, named by the monitor", dns("ok.probe.test", "A", "127.0.0.1", resolver="ns1.probe.test"), ["127.0.0.1"]
    )

    def lacks(name, setup, monitor, code, outcome="down", **more):
        case(f"dns {name}", setup, monitor, outcome, code, **more)

    lacks(
        "other A",
        "another address is expected",
        dns("ok.probe.test", "A", "127.0.0.99"),
        "dns_mismatch",
        phases="dns",
        expect={"answers": ["127.0.0.1"]},
    )
    lacks("one A too many", "two A records, one is expected", dns("two.probe.test", "A", "127.0.0.1"), "dns_mismatch")
    lacks(
        "one A too few",
        "one A record, two are expected",
        dns("ok.probe.test", "A", "127.0.0.1", "127.0.0.13"),
        "dns_mismatch",
        differs="it judges each record by itself, and misses none",
    )
    lacks(
        "neither of two",
        "both must be there, one is",
        dns("ok.probe.test", "A", "127.0.0.1", "127.0.0.13", match="contains"),
        "dns_mismatch",
        differs="one that matches is enough for it",
    )
    lacks("other MX preference", "10, not 5", dns("mail.probe.test", "MX", "5 mail.probe.test"), "dns_no_records")
    lacks("other MX", "10, not 5", dns("probe.test", "MX", "5 mail.probe.test"), "dns_mismatch")
    lacks("no such part of a TXT", "two TXT records", dns("twotexts.probe.test", "TXT", "third", match="substring"), "dns_mismatch")
    lacks("other TXT case", "TXT is compared letter by letter", dns("probe.test", "TXT", "V=SPF1 -all"), "dns_mismatch")
    lacks("older SOA", "another serial", dns("probe.test", "SOA", soa.replace("2026010203", "2026010202")), "dns_mismatch")
    lacks("unknown name", "NXDOMAIN", dns("gone.probe.test", "A"), "dns_nxdomain", phases="dns")
    lacks("unknown name, named resolver", "NXDOMAIN", dns("gone.probe.test", "A", resolver=places.KNOT), "dns_nxdomain")
    lacks("alias of nothing", "CNAME to an unknown name", dns("dangling.probe.test", "A"), "dns_nxdomain")
    lacks("no such records", "the name has A alone", dns("ok.probe.test", "AAAA"), "dns_no_records", phases="dns")
    lacks("name in the midst", "names below it alone", dns("wild.probe.test", "TXT"), "dns_no_records")
    lacks(
        "no CNAME",
        "the name has A alone",
        dns("ok.probe.test", "CNAME"),
        "dns_no_records",
        blackbox={"validate_answer_rrs": {"fail_if_none_matches_regexp": ["CNAME"]}},
    )
    lacks("zone fails", "SERVFAIL: the zone is not loaded", dns("www.broken.test", "A"), "dns_servfail")
    lacks(
        "zone fails, named resolver", "SERVFAIL: the zone is not loaded", dns("www.broken.test", "A", resolver=places.KNOT), "dns_servfail"
    )
    lacks("resolver fails", "SERVFAIL", dns("ok.probe.test", "A", resolver=places.DNS_FAILS), "dns_servfail")
    lacks("resolver refuses", "REFUSED", dns("ok.probe.test", "A", resolver=places.DNS_REFUSES), "dns_refused")
    lacks("resolver silent", "never answers", dns("ok.probe.test", "A", resolver=places.DNS_SILENT, timeout_ms=1000), "resolver_timeout")
    lacks("resolver closed", "nobody listens", dns("ok.probe.test", "A", resolver=places.DNS_CLOSED), "resolver_timeout")
    lacks(
        "resolver unreachable by IPv6",
        "no route",
        dns("ok.probe.test", "A", resolver=places.UNREACHABLE_V6),
        "no_ipv6",
        outcome="probe_error",
        differs=NO_ROUTE,
    )
    lacks("resolver unreachable", "no route", dns("ok.probe.test", "A", resolver=places.UNREACHABLE), "resolver_unreachable")
    lacks(
        "resolver with the wrong number",
        "answers have another query's number",
        dns("ok.probe.test", "A", resolver=places.DNS_WRONG_ID, timeout_ms=1000),
        "resolver_timeout",
    )
    lacks(
        "resolver for another question",
        "answers are of another name",
        dns("ok.probe.test", "A", "127.0.0.1", resolver=places.DNS_OTHER_NAME, timeout_ms=1000),
        "resolver_timeout",
        differs="it takes an answer to another question",
    )
    lacks(
        "resolver that stammers",
        "answers are cut off within a record",
        dns("ok.probe.test", "A", resolver=places.DNS_GARBAGE, timeout_ms=1000),
        "dns_servfail",
    )
    lacks("resolver unknown", "no such name", dns("ok.probe.test", "A", resolver="gone.probe.test"), "resolver_unreachable")
    own = "its name servers are the machine's"
    lacks(
        "machine's resolver silent",
        "never answers",
        dns("ok.probe.test", "A", timeout_ms=1000),
        "dns_timeout",
        "probe_error",
        nameservers=[places.DNS_SILENT],
        none=own,
    )
    lacks(
        "machine's resolver silent about the named one",
        "never answers",
        dns("ok.probe.test", "A", resolver="ns1.probe.test", timeout_ms=1000),
        "dns_timeout",
        "probe_error",
        nameservers=[places.DNS_SILENT],
        none=own,
    )
    lacks(
        "machine's resolver closed",
        "nobody listens",
        dns("ok.probe.test", "A"),
        "dns_timeout",
        "probe_error",
        nameservers=[places.DNS_CLOSED],
        none=own,
    )


def inputs():
    reason = "its modules are read when it starts"
    for name, setup, monitor in (
        ("no JSON", "not JSON", "url: http://ok.probe.test/"),
        ("empty", "nothing", ""),
        ("another scheme", "a URL that is not http", {"url": "ftp://ok.probe.test/"}),
        ("unknown member", "a member that does not exist", {"url": "http://ok.probe.test/", "timeout": 5}),
        ("unknown type", "a type that does not exist", {"check_type": "gopher", "gopher": {}}),
        (
            "settings of another type",
            "tcp settings for an http check",
            {"url": "http://ok.probe.test/", "tcp": {"host": "ok.probe.test", "port": 25}},
        ),
        ("no target", "an ssl check without a host", {"check_type": "ssl", "ssl": {}}),
        ("bad record", "no MX record", dns("probe.test", "MX", "mail.probe.test")),
        ("body of HEAD", "a keyword where there is no body", web("/ok", method="HEAD", keyword={"contains": "x"})),
        ("bad status", "a status that does not exist", web("/ok", expected_status="2xx")),
    ):
        case(f"input {name}", setup, monitor, "wrong input", none=reason)
