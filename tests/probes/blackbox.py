"""The same monitors as blackbox_exporter would have them: its modules, made from ours, and its verdicts."""

import re
import urllib.parse
import urllib.request

import places

# Its own words for the records that ours spell without final dots.
NAMES = {"CNAME", "NS", "MX", "SOA"}


def module(monitor, ca_file, changes):
    """The module and the target that ask what the monitor asks."""
    kind = monitor.get("check_type", "http")
    prober, settings, target = {"http": web, "ssl": certificate, "tcp": talk, "ping": handshake, "dns": records}[kind](monitor)
    tls = settings.setdefault("tls_config", {}) if settings.get("tls") or prober == "http" else {}
    tls.setdefault("ca_file", ca_file)
    settings.update(changes)
    timeout = f"{monitor.get('timeout_ms', 2000)}ms"
    return {"prober": prober, "timeout": settings.pop("timeout", timeout), prober: settings}, target


def web(monitor):
    ours = monitor.get("http", {})
    settings = {name: ours[name] for name in ("method", "headers", "body", "follow_redirects", "basic_auth") if name in ours}
    if "expected_status" in ours:
        settings["valid_status_codes"] = codes(ours["expected_status"])
    if not ours.get("verify_tls", True):
        settings["tls_config"] = {"insecure_skip_verify": True}
    keyword = ours.get("keyword", {})
    if "contains" in keyword:
        settings["fail_if_body_not_matches_regexp"] = [re.escape(keyword["contains"])]
    if "not_contains" in keyword:
        settings["fail_if_body_matches_regexp"] = [re.escape(keyword["not_contains"])]
    if keyword:
        settings["body_size_limit"] = "1MB"
    if ours.get("slow_outcome") == "down":
        # It has no limit but the one at which it gives up.
        settings["timeout"] = f"{ours['max_response_time_ms']}ms"
    return "http", settings, monitor["url"]


def codes(expected):
    found = []
    for part in expected.split(","):
        low, _, high = part.partition("-")
        found += range(int(low), int(high or low) + 1)
    return found


def place(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def certificate(monitor):
    ours = monitor["ssl"]
    unverified = {} if ours.get("verify", True) else {"tls_config": {"insecure_skip_verify": True}}
    return "tcp", {"tls": True, **unverified}, place(ours["host"], ours.get("port", 443))


def talk(monitor):
    ours, steps = monitor["tcp"], []
    if "send" in ours:
        # It ends what it sends with a line feed of its own.
        steps.append({"send": ours["send"].removesuffix("\n")})
    if "expect" in ours:
        steps.append({"expect": re.escape(ours["expect"])})
    return "tcp", {"query_response": steps} if steps else {}, place(ours["host"], ours["port"])


def handshake(monitor):
    ours = monitor["ping"]
    return "tcp", {}, place(ours["host"], ours.get("port", 443))


def records(monitor):
    """Looks at each record by itself: whether there are more than those expected it can say, whether one is missing it cannot."""
    ours = monitor["dns"]
    kind, resolver = ours.get("record_type", "A"), ours.get("resolver", places.KNOT)
    settings = {"query_name": ours["name"], "query_type": kind}
    if ours.get("expected"):
        wanted = "|".join(pattern(kind, one) for one in ours["expected"])
        rule = "fail_if_not_matches_regexp" if ours.get("match", "exact") == "exact" else "fail_if_none_matches_regexp"
        # A record of another type, such as the CNAME on the way, is none of the answers.
        other = rf"\tIN\t(?:{'CNAME' if kind != 'CNAME' else 'DNAME'})\t|" if rule == "fail_if_not_matches_regexp" else ""
        settings["validate_answer_rrs"] = {rule: [rf"{other}\tIN\t{kind}\t(?:{wanted})$"]}
    elif ours.get("record_type") != "CNAME":
        # Without this rule it is content with no answer at all.
        settings["validate_answer_rrs"] = {"fail_if_none_matches_regexp": [rf"\tIN\t{kind}\t"]}
    return "dns", settings, resolver


def pattern(kind, expected):
    """The record as it prints it."""
    if kind in NAMES:
        words = [word if word.isdigit() else word + "." for word in expected.lower().split()]
        return "(?i)" + " ".join(re.escape(word) for word in words)
    if kind == "TXT":
        # Several strings of one record stand apart in it, and quotes are escaped.
        return '"?' + '(?:" ")?'.join(re.escape(letter) for letter in expected.replace("\\", "\\\\").replace('"', '\\"')) + '"?'
    return re.escape(expected)


def read(path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{places.BLACKBOX}{path}", timeout=30) as answer:
            return answer.read().decode(errors="replace")
    except OSError:
        return None


def verdict(name, target):
    """Its probe_success, and what it says of it."""
    asked = "/probe?" + urllib.parse.urlencode({"module": name, "target": target, "debug": "true"})
    said = read(asked) or ""
    found = re.search(r"^probe_success (\d)$", said, re.MULTILINE)
    return int(found[1]) if found else None, said.partition("Metrics that would have been returned")[0]
