"""What Schemathesis must know of this API beyond its document: values that stay on this machine, the few rules between fields that no
schema can say, and which key must outlive the run. It finds the API by VALPERO_URL and VALPERO_KEY."""

import collections
import datetime
import itertools
import json
import os
import re
import urllib.parse
import urllib.request

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation

# One origin, where nothing listens.
ORIGIN = "http://127.0.0.1:9/"
PLACES = ["", "health", "a/b?c=d", "?q=1&q=2", "hook?from=x&text=%20"]
START = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
TEN_YEARS_S = 10 * 365 * 86_400
LATER = "2099-12-31T23:59:59Z"
EARLIER = "2026-01-01T00:00:00Z"
# Default number of items on a page, and where a list ends whatever the page's size.
ITEMS, ITEMS_MAX = 50, 10_000
# Of a monitor that names no regions, `valpero up` answers these.
REGIONS = ["fra", "hel", "usc"]
BODY_MAX = 16_000
STATUSES = ["200-299", "204", "200-204, 301,404"]
NO_KEY = "key_" + "0" * 26
NO_MONITOR = "mon_" + "0" * 26
NUMBERS = itertools.count()
# The newest object of each kind that an answer has told of, by the prefix of its id.
LATEST = {}
# Of each list, cursors that it has answered, with the filters of the request: they are good for no others.
CURSORS = collections.defaultdict(dict)
PAGING = ("cursor", "page", "limit")


def look(path, body=None):
    headers = {"Authorization": f"Bearer {os.environ['VALPERO_KEY']}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["VALPERO_URL"] + path, data, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read()


def note(body):
    for name in re.findall(r'"(?:user_)?id":\s*"([a-z]{3}_[0-9A-Z]{26})"', body.decode(errors="replace")):
        if name != OWN_KEY:
            LATEST[name[:4]] = name


# The key that this run lives by.
[OWN_KEY] = [key["id"] for key in json.loads(look("/api/v1/keys"))["data"] if key["last4"] == os.environ["VALPERO_KEY"][-4:]]
for place in ("monitors", "incidents", "webhooks/deliveries", "channels", "escalation-policies", "people", "people/invitations"):
    note(look(f"/api/v1/{place}"))
# A delivery that can always be sent again, because its monitor stays as it is.
KEPT = json.loads(look("/api/v1/webhooks/deliveries"))["data"][-1]
# A channel and a policy that stay, so that there is always one to name.
[KEPT_CHANNEL] = [one["id"] for one in json.loads(look("/api/v1/channels"))["data"] if one["name"] == "Kept"]
[KEPT_POLICY] = [one["id"] for one in json.loads(look("/api/v1/escalation-policies"))["data"] if one["name"] == "Kept"]
NOBODYS = {KEPT_CHANNEL: "chn_" + "0" * 26, KEPT_POLICY: "pol_" + "0" * 26}
# A status page whose component and post are known. It stays, and so do they.
PAGES = "/api/v1/status-pages/{id}"
[KEPT_PAGE] = [one for one in json.loads(look("/api/v1/status-pages"))["data"] if one["slug"] == "kept"]
[KEPT_COMPONENT] = [one["id"] for one in KEPT_PAGE["components"]]
[KEPT_POST] = [one["id"] for one in json.loads(look(f"/api/v1/status-pages/{KEPT_PAGE['id']}/posts"))["data"]]
# Its subscribers: the first stays, the others may be removed, each once.
KEPT_SUBSCRIBER, *SPARE_SUBSCRIBERS = [one["id"] for one in json.loads(look(f"/api/v1/status-pages/{KEPT_PAGE['id']}/subscribers"))["data"]]
KEPT_SUBSCRIBERS = (KEPT_SUBSCRIBER, SPARE_SUBSCRIBERS.pop(), SPARE_SUBSCRIBERS.pop())
NO_SUBSCRIBER = "sub_" + "0" * 26
NO_PAGE, NO_POST = "pag_" + "0" * 26, "pst_" + "0" * 26
# What each post that an answer has told of is about.
KINDS = {KEPT_POST: "incident"}
OF_MAINTENANCE = ("scheduled", "in_progress", "completed")


def moment(seconds, fraction, zone):
    return (START + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S") + fraction + zone


MOMENTS = st.builds(moment, st.integers(0, TEN_YEARS_S), st.sampled_from(["", ".007"]), st.sampled_from(["Z", "+00:00", "-05:30"]))
# Some have the lengths of the schemas' bounds: generating one from the pattern takes Schemathesis seconds.
URIS = [ORIGIN + place for place in PLACES] + [
    start.ljust(length, "a") for start in ("http://", "https://") for length in (9, 10, 2047, 2048)
]
FORMATS = {"uri": st.sampled_from(URIS), "date-time": MOMENTS}
HOSTS = ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "::1", "[::1]"]
FORMATS |= {"host": st.sampled_from(HOSTS), "dns-name": st.just("localhost"), "name-server": st.sampled_from([*HOSTS, "127.0.0.1:9"])}
FORMATS |= {"json-path": st.sampled_from(["$", "$.status", "$.nodes[*].up"]), "dns-record": st.just("192.0.2.1")}
FORMATS |= {"actor": st.sampled_from(["operator", "checker", "checker:hel", "delivery", "recovery", "system", OWN_KEY])}
FORMATS |= {"region": st.sampled_from(REGIONS), "expected-status": st.sampled_from(STATUSES)}
ZONES = ["UTC", "Europe/Helsinki", "America/New_York"]
NETWORKS = ["192.0.2.7", "192.0.2.0/24", "2001:db8::/32"]
FORMATS |= {"time-zone": st.sampled_from([*ZONES, "GB", "A" * 31, "A" * 32])}
FORMATS |= {"network": st.sampled_from(NETWORKS)}
DOMAIN = ".".join(["a" * 62] * 4)
FORMATS |= {"email": st.sampled_from(["ops@example.com", "a.b+c@localhost", "a@b", "a@bc", "a@" + DOMAIN, "ab@" + DOMAIN])}
for name, values in FORMATS.items():
    schemathesis.openapi.format(name, values)


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta and case.meta.phase.name != "stateful":
        aim(case)
    if case.method.upper() != "GET" and (case.path_parameters or {}).get("id") == OWN_KEY:
        case.path_parameters["id"] = NO_KEY
    if case.method.upper() in ("DELETE", "PATCH") and (case.path_parameters or {}).get("id") == KEPT["monitor_id"]:
        case.path_parameters["id"] = NO_MONITOR
    if case.method.upper() in ("DELETE", "PATCH") and (case.path_parameters or {}).get("id") in NOBODYS:
        case.path_parameters["id"] = NOBODYS[case.path_parameters["id"]]
    if case.path.startswith(PAGES):
        keep_page(case)
    if case.meta and case.meta.generation.mode.is_positive:
        fit_query(case)
        fit_headers(case.headers)
        # What is meant to be refused stays as it is.
        if isinstance(case.body, dict) and not case.meta.is_negative_at(ParameterLocation.BODY):
            fit_body(case.body)
            if case.method.upper() == "PATCH":
                # What goes with the type that is there cannot be taken away.
                for name in [name for name, value in case.body.items() if value is None and name in OF_SOME_TYPES]:
                    del case.body[name]
            if "/monitors" in case.path and not case.path.endswith("mute") and case.method.upper() in ("POST", "PATCH"):
                fit_type(case.body, case.method.upper() == "PATCH")
            if "/tools/" in case.path:
                fit_tool(case.body, case.path)
            if case.body.get("time_zone") and case.body["time_zone"] not in ZONES:
                # Not every text of that form is a zone.
                case.body["time_zone"] = ZONES[0]
            if "/channels" in case.path and not case.path.endswith("/rotate-secret"):
                fit_channel(case.body, case.method.upper() == "PATCH", "/preview" in case.path)
            if "/escalation-policies" in case.path:
                fit_steps(case.body)
            if "/status-pages" in case.path:
                fit_page(case)
            for route in (case.body.get("routes") or []) if "/alert-routes" in case.path else []:
                route["policy_id"] = KEPT_POLICY


@schemathesis.hook
def after_call(context, case, response):
    # The document and the page name objects that are examples alone.
    if case.path.startswith("/api/"):
        note(response.content)
        note_cursor(response)
        note_kinds(response)
    if case.method.upper() == "DELETE":
        names = case.path_parameters or {}
        gone = names.get("post_id", names.get("id"))
        for kind in [kind for kind, name in LATEST.items() if name == gone]:
            del LATEST[kind]


def aim(case):
    """At an object that is there, in place of one that never was."""
    for place, holder in ((ParameterLocation.PATH, case.path_parameters), (ParameterLocation.BODY, case.body)):
        name = "id" if place == ParameterLocation.PATH else "monitor_id"
        if isinstance(holder, dict) and isinstance(holder.get(name), str) and not case.meta.is_negative_at(place):
            holder[name] = KEPT["id"] if case.path.endswith("/redeliver") else LATEST.get(holder[name][:4], holder[name])
    if case.path.startswith(PAGES) and not case.meta.is_negative_at(ParameterLocation.PATH):
        aim_at_page(case)


def aim_at_page(case):
    """At the page that stays, its component and its post; at others that were just made where these would be lost."""
    names, method = case.path_parameters, case.method.upper()
    known = {"id": KEPT_PAGE["id"], "component_id": KEPT_COMPONENT, "post_id": KEPT_POST, "subscriber_id": KEPT_SUBSCRIBER}
    if case.path == PAGES and method in ("DELETE", "PATCH"):
        page = {"slug": f"spare-{next(NUMBERS)}", "title": "Spare"}
        known["id"] = LATEST.get("pag_")
        if known["id"] in (None, KEPT_PAGE["id"]):
            known["id"] = LATEST["pag_"] = json.loads(look("/api/v1/status-pages", page))["id"]
    if "post_id" in names and method == "DELETE":
        post = {"kind": "incident", "title": "Spare", "body": "Spare", "notify": False}
        known["post_id"] = json.loads(look(f"/api/v1/status-pages/{KEPT_PAGE['id']}/posts", post))["id"]
    if "subscriber_id" in names and method == "DELETE":
        known["subscriber_id"] = SPARE_SUBSCRIBERS.pop() if SPARE_SUBSCRIBERS else NO_SUBSCRIBER
    names.update({name: known[name] for name in names})


def keep_page(case):
    """What is known of a status page is neither deleted nor changed so that it is something else."""
    names = case.path_parameters or {}
    if case.path == PAGES and case.method.upper() in ("DELETE", "PATCH") and names.get("id") == KEPT_PAGE["id"]:
        names["id"] = NO_PAGE
    if case.method.upper() == "DELETE" and names.get("post_id") == KEPT_POST:
        names["post_id"] = NO_POST
    if case.method.upper() == "DELETE" and names.get("subscriber_id") in KEPT_SUBSCRIBERS:
        names["subscriber_id"] = NO_SUBSCRIBER


def note_kinds(response):
    """Keeps what posts of status pages are about."""
    for post, kind in re.findall(r'"id":\s*"(pst_[0-9A-Z]{26})",\s*"kind":\s*"(\w+)"', response.content.decode(errors="replace")):
        KINDS[post] = kind


def note_cursor(response):
    """Keeps the cursor of a page, and counts a page that a cursor has led to."""
    asked = urllib.parse.urlsplit(response.request.url)
    query = dict(urllib.parse.parse_qsl(asked.query))
    if response.status_code != 200 or not response.content.startswith(b"{"):
        return
    if "cursor" in query:
        with open(os.environ["VALPERO_WALKED"], "a") as file:
            file.write(re.sub(r"[a-z]{3}_[0-9A-Z]{26}", "{id}", asked.path) + "\n")
    cursor = json.loads(response.content).get("next_cursor")
    if cursor:
        CURSORS[asked.path][cursor] = {name: value for name, value in query.items() if name not in PAGING}


def fit_query(case):
    query = case.query
    if query.get("page"):
        query["page"] = min(int(query["page"]), ITEMS_MAX // int(query.get("limit") or ITEMS))
    if query.get("region"):
        query["region"] = REGIONS[:1] if isinstance(query["region"], list) else REGIONS[0]
    if query.get("from") and query.get("to"):
        # The one may not be after the other.
        query["from"], query["to"] = EARLIER, LATER
    if query.get("limit") and case.meta.phase.name == "stateful":
        # So that there is a next page.
        query["limit"] = 1
    if "cursor" in query:
        # Only what a list has answered is a cursor.
        known = CURSORS[case.formatted_path]
        cursor = query["cursor"] if query["cursor"] in known else next(reversed(known), None)
        for name in [name for name in query if name != "limit"]:
            del query[name]
        if cursor:
            query.update(known[cursor], cursor=cursor)


def fit_headers(headers):
    """A name that stood for one request cannot stand for another."""
    for name in headers:
        if name.lower() == "idempotency-key":
            headers[name] = f"contract-{next(NUMBERS)}"
        # Any other version is refused.
        if name.lower() == "if-match":
            headers[name] = "*"


def fit_body(body):
    for name in ("url", "webhook_url"):
        # From an example, or from a schema's pattern.
        if isinstance(body.get(name), str) and not body[name].startswith(ORIGIN):
            body[name] = ORIGIN
    if isinstance(body.get("regions"), list):
        body["regions"] = REGIONS[: len(body["regions"])]
        # A change that leaves fewer regions than must agree would be none.
        body.setdefault("confirm_regions", None)
    if isinstance(body.get("confirm_regions"), (int, float)):
        body["confirm_regions"] = min(body["confirm_regions"], len(body.get("regions") or REGIONS[:1]))
    if isinstance(body.get("expires_at"), str):
        body["expires_at"] = LATER
    if isinstance(body.get("email"), str):
        # Not every text of that form is an address.
        body["email"] = "ops@example.com"
    if isinstance(body.get("until"), str):
        # A mute ends in the next 366 days.
        body["until"] = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).isoformat()
    if isinstance(body.get("depends_on"), list):
        # One that is there, named once, and no circle: nothing depends on others.
        body["depends_on"] = []
    if isinstance(body.get("http"), dict):
        fit_http(body["http"])


# What each type but http cannot do without.
NEEDED = {
    "ssl": {"host": "localhost"},
    "tcp": {"host": "localhost", "port": 9},
    "dns": {"name": "localhost"},
    "ping": {"host": "localhost"},
}


def fit_type(body, patch):
    """Settings go with their type. A change leaves nothing to what was there before."""
    given = [name for name in ("http", *NEEDED) if body.get(name) is not None]
    if patch and not given and body.get("url") is None and "check_type" not in body:
        # Null takes away what the monitor may be made of.
        for name in ("http", *NEEDED):
            body.pop(name, None)
        return
    kind = body.get("check_type") or (given[0] if patch and given else "http")
    body["check_type"] = kind
    for name in {"http", "url", *NEEDED} - {kind}:
        body.pop(name, None)
    if kind == "http":
        body["url"] = ORIGIN
        if patch:
            # Secrets of a monitor do not follow it from another type.
            http = body["http"] = {"basic_auth": None, **(body.get("http") or {})}
            if http["basic_auth"] and http.get("headers", {}) is not None:
                # Nor does it go with a header that the monitor has from before.
                http["headers"] = {**http.get("headers", {}), "authorization": None}
        return
    settings = body[kind] = {**NEEDED[kind], **{name: value for name, value in (body.get(kind) or {}).items() if value is not None}}
    for name in ("send", "expect"):
        if isinstance(settings.get(name), str):
            settings[name] = settings[name][:200]
    if kind == "dns":
        fit_dns(settings)


# What each type of channel cannot do without, and what else it takes. A base URL has no query, and no vendor is asked from here.
OF_CHANNELS = {
    "email": ({"to": ["ops@example.com"]}, ()),
    "slack": ({"webhook_url": ORIGIN, "bot_token": None, "channel": None, "api_url": None}, ()),
    "teams": ({"workflow_url": ORIGIN}, ()),
    "telegram": ({"bot_token": "123456:ABC-DEF", "chat_id": "-100", "api_url": ORIGIN}, ("thread_id",)),
    "pagerduty": ({"routing_key": "r" * 32, "api_url": ORIGIN}, ("eu",)),
    "jsm": (
        {"cloud_id": "11223344-a1b2-3b33-c444-def123456789", "email": "me@example.com", "api_token": "t", "api_url": ORIGIN},
        (),
    ),
    "ntfy": ({"topic": "ops", "server": ORIGIN, "token": "t"}, ()),
    "pushover": ({"token": "t" * 30, "user": "u" * 30, "api_url": ORIGIN}, ()),
    "webhook": ({"url": ORIGIN}, ("headers", "template")),
} | {kind: ({"webhook_url": ORIGIN}, ()) for kind in ("discord", "google_chat", "mattermost")}
OF_SOME_TYPES = {"url", "http", *NEEDED} | {name for needed, other in OF_CHANNELS.values() for name in (*needed, *other)}
OF_ALL_CHANNELS = ("name", "events", "enabled", "type")


def fit_channel(body, patch, preview):
    """Settings go with their type. Nobody is mailed from here, but a mail can be previewed."""
    if patch and "type" not in body and not set(body) - set(OF_ALL_CHANNELS):
        return
    kind = body.get("type") or "mattermost"
    kind = body["type"] = "ntfy" if kind == "email" and not preview else kind
    needed, more = OF_CHANNELS[kind]
    for name in set(body) - {*OF_ALL_CHANNELS, "event", *more}:
        del body[name]
    # The document knows no null that takes a setting away; what is made here has none of these.
    body.update({name: value for name, value in needed.items() if value is not None or not patch})
    if isinstance(body.get("template"), str):
        body["template"] = '{"text": {{ message.title }}}'
    if isinstance(body.get("headers"), dict):
        # Two spellings of one name are that name twice, and a mark stands for what is not there.
        values = {name.lower(): value for name, value in body["headers"].items()}
        body["headers"] = {name: "x" if value == "***" else value for name, value in values.items()}


def fit_steps(body):
    """Steps ascend, and name channels that there are."""
    for place, step in enumerate(body.get("steps") or []):
        step.update(after_minutes=place, channel_ids=[KEPT_CHANNEL])


def fit_page(case):
    """Of a status page, or below it: what is named exists, and what is said of a post goes with its kind."""
    body, names = case.body, case.path_parameters or {}
    if case.path in (PAGES, PAGES.removesuffix("/{id}")):
        fit_settings(body)
        return
    if case.path.endswith("/status"):
        # The component has no monitors, so that any end will do, and none.
        return
    if case.path.endswith("/domain"):
        # A deployment at an address has no name that a domain could lead to by itself, and the names of others are none of ours.
        body.update(domain="status.localhost", target="pages.localhost")
        return
    # Only the page that stays has a component that is known, and names it once.
    affected = (body.get("components") or [])[:1] if names.get("id") == KEPT_PAGE["id"] else []
    if isinstance(body.get("components"), list):
        body["components"] = [{**one, "id": KEPT_COMPONENT} for one in affected]
    if body.get("incident_id"):
        body["incident_id"] = LATEST.get("inc_")
    kind = body.get("kind") if case.path.endswith("/posts") else KINDS.get(names.get("post_id"), "incident")
    if body.get("state") and (body["state"] in OF_MAINTENANCE) != (kind == "maintenance"):
        body["state"] = "in_progress" if kind == "maintenance" else "monitoring"
    if kind == "maintenance" and not case.path.endswith("/updates"):
        body.update(scheduled_for=EARLIER, scheduled_until=LATER)
    else:
        for name in ("scheduled_for", "scheduled_until"):
            body.pop(name, None)


def fit_settings(body):
    """Components are new ones without monitors, and a page that asks for a password has one."""
    for one in body.get("components") or []:
        one.pop("id", None)
        if "monitor_ids" in one:
            one["monitor_ids"] = []
    if isinstance(body.get("ip_allow"), list):
        body["ip_allow"] = [one if one in NETWORKS else NETWORKS[0] for one in body["ip_allow"]]
    if (body.get("theme") or {}).get("logo_url"):
        body["theme"]["logo_url"] = "https://example.com/logo.svg"
    if body.get("visibility") == "password":
        body["password"] = "correct horse battery"
    elif "password" in body and body["password"] is None:
        # The page may ask for one from before.
        del body["password"]


def fit_tool(body, path):
    """What a tool is asked to probe answers at once, or is given up soon."""
    body["timeout_ms"] = 200
    if path.endswith("/http"):
        fit_http(body)
    if path.endswith("/dns"):
        fit_dns(body)


def fit_dns(settings):
    """Records go with their type, a name is no address, and only texts have parts."""
    settings.update(name="localhost", expected=None)
    if settings.get("match") == "substring":
        settings["record_type"] = "TXT"


def fit_texts(http):
    """The schema counts characters, the API bytes."""
    keyword, auth = http.get("keyword"), http.get("basic_auth")
    if isinstance(keyword, dict):
        for name in [name for name, value in keyword.items() if isinstance(value, str)]:
            keyword[name] = keyword[name][:100]
        if not any(keyword.get(name) for name in ("contains", "not_contains")):
            keyword["contains"] = "ok"
    if isinstance(auth, dict):
        http["basic_auth"] = {name: (auth.get(name) or "x")[:60].replace("***", "x") for name in ("username", "password")}
        if isinstance(http.get("headers"), dict):
            http["headers"] = {name: value for name, value in http["headers"].items() if name.lower() != "authorization"}
    for one in http.get("json") or []:
        if one["op"] in ("exists", "absent"):
            one.pop("value", None)
        elif not isinstance(one.get("value"), str):
            one["value"] = 1
        elif len(one["value"]) > 100:
            one["value"] = one["value"][:100]


def fit_http(http):
    fit_texts(http)
    if http.get("keyword") or http.get("json"):
        # The answer to HEAD has no body.
        http.update(method="GET", body=None)
    elif http.get("method") == "HEAD":
        http.update(keyword=None, json=None)
    carries = http.get("method") not in (None, "GET", "HEAD")
    if http.get("body") is not None and not carries:
        http["method"] = "POST"
    elif "method" in http and not carries:
        http["body"] = None
    if isinstance(http.get("body"), str) and len(json.dumps(http["body"])) > BODY_MAX:
        # The schema counts characters, the API bytes.
        http["body"] = http["body"][:1000]
    if isinstance(http.get("headers"), dict):
        # Two spellings of one name are that name twice.
        http["headers"] = {name.lower(): value for name, value in http["headers"].items()}
    if isinstance(http.get("expected_status"), str) and http["expected_status"] not in STATUSES:
        http["expected_status"] = STATUSES[0]
