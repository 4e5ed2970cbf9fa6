"""Status pages as programs of others read them: a client of Atlassian Statuspage, feed readers, a calendar; and behind nginx."""

import http.client
import json
import os
import ssl
import subprocess
import xml.etree.ElementTree

import suite
from scrape import certificate
from suite import start
from testkit.paths import new_folder, tail, write
from testkit.ports import free_port
from testkit.processes import environment, execute, spawn
from testkit.server import Up
from testkit.steps import step
from testkit.waiting import until
from testkit.web import send

# What Statuspage's own documents have in each object.
COMPONENT = {"id", "name", "status", "created_at", "updated_at", "position", "description", "showcase", "start_date", "group_id", "page_id"}
COMPONENT |= {"group", "only_show_if_degraded"}
INCIDENT = {"id", "name", "status", "created_at", "updated_at", "monitoring_at", "resolved_at", "impact", "shortlink", "started_at"}
INCIDENT |= {"page_id", "incident_updates", "components"}
UPDATE = {"id", "status", "body", "incident_id", "created_at", "updated_at", "display_at", "affected_components", "deliver_notifications"}
UPDATE |= {"custom_tweet", "tweet_id"}

CLIENT = """
const { Statuspage } = require("statuspage.io");
const client = new Statuspage("any");
client.apiClient.defaults.baseURL = process.argv[2];
(async () => {
  const { api } = client;
  const read = {
    summary: await api.getSummary(), status: await api.getStatus(), components: await api.getComponents(),
    incidents: await api.incidents.getAll(), unresolved: await api.incidents.getUnresolved(),
    maintenances: await api.scheduledMaintenances.getAll(),
    upcoming: await api.scheduledMaintenances.getUpcoming(),
  };
  console.log(JSON.stringify(read));
})();
"""


def run(valpero):
    with start(valpero, "status") as up:
        page = made(up)
        statuspage(up, page)
        feeds(page)
        calendar(page)
        badges(page)
    behind_nginx(valpero)


def made(up):
    """A page with a component in a group, an incident that is over, one that is not, and maintenance."""
    components = [{"name": "Website", "group": "Shop"}, {"name": "Payments & more", "group": "Shop"}, {"name": "API"}]
    status, page = up.call("POST", "/status-pages", {"slug": "acme", "title": "Acme <Shop>", "components": components})
    step("a status page is made", status == 201, page)
    ids = [component["id"] for component in page["components"]]
    post = lambda body: up.call("POST", f"/status-pages/{page['id']}/posts", body | {"notify": False})
    affected = [{"id": ids[1], "status": "partial_outage"}]
    status, over = post({"kind": "incident", "title": "Payments fail", "body": "We look **into** it.", "components": affected})
    step("an incident is posted", status == 201, over)
    update = {"state": "resolved", "body": "It works <again>.", "notify": False, "components": []}
    status, over = up.call("POST", f"/status-pages/{page['id']}/posts/{over['id']}/updates", update)
    step("and resolved", status == 201, over)
    status, last = post(
        {
            "kind": "incident",
            "title": "API is slow",
            "impact": "major",
            "body": "Ä\n\n- a\n- b",
            "components": [{"id": ids[2], "status": "degraded_performance"}],
        }
    )
    step("another one is posted", status == 201, last)
    planned = {
        "scheduled_for": "2099-12-31T22:00:00Z",
        "scheduled_until": "2099-12-31T23:30:00Z",
        "components": [{"id": ids[0], "status": "under_maintenance"}],
    }
    status, work = post({"kind": "maintenance", "title": "Move; to, a new\\rack", "body": "We move. " * 20} | planned)
    step("maintenance is planned", status == 201, work)
    return page


def statuspage(up, page):
    place = new_folder("contract", "statuspage")
    write(os.path.join(place, "read.js"), CLIENT)
    settings = environment() | {"NODE_PATH": os.path.dirname(os.path.dirname(suite.readers("statuspage.io")))}
    read = lambda: subprocess.run(["node", "read.js", page["url"]], check=False, cwd=place, env=settings, capture_output=True, text=True)
    # What is kept of the page may be ten seconds old.
    documents = {}

    def fresh():
        documents.clear()
        documents.update(json.loads(read().stdout or "{}"))
        return len(documents.get("summary", {}).get("scheduled_maintenances", [])) == 1

    step("a client of Statuspage reads the page", until(30, fresh), lambda: (read(), tail(up.log)))
    summary = documents["summary"]
    step("its summary is all of it", set(summary) == {"page", "components", "incidents", "scheduled_maintenances", "status"}, summary)
    step("the page has its fields", set(summary["page"]) == {"id", "name", "url", "time_zone", "updated_at"}, summary["page"])
    step("the status is that of the incident", summary["status"]["indicator"] == "major", summary["status"])
    names = [component["name"] for component in summary["components"]]
    step("components come in order, each group before its own", names == ["Shop", "Website", "Payments & more", "API"], names)
    for component in summary["components"]:
        step(f"{component['name']} has the fields of a component", set(component) - {"components"} == COMPONENT, component)
    group = summary["components"][0]
    step("the group names its components", group["components"] == [one["id"] for one in summary["components"][1:3]], group)
    step("and they name the group", all(one["group_id"] == group["id"] for one in summary["components"][1:3]), summary)
    incidents = documents["incidents"]["incidents"]
    step("all incidents are listed, the latest first", [one["name"] for one in incidents] == ["API is slow", "Payments fail"], incidents)
    for one in incidents + summary["scheduled_maintenances"]:
        more = {"scheduled_for", "scheduled_until"} if "scheduled_for" in one else set()
        step(f"{one['name']} has the fields of an incident", set(one) - {"reminder_intervals"} == INCIDENT | more, one)
        step(f"and its updates theirs ({one['name']})", all(set(update) == UPDATE for update in one["incident_updates"]), one)
    changed = incidents[1]["incident_updates"][-1]["affected_components"][0]
    step("an update says what changed", (changed["old_status"], changed["new_status"]) == ("operational", "partial_outage"), changed)
    step(
        "unresolved ones are one", [one["name"] for one in documents["unresolved"]["incidents"]] == ["API is slow"], documents["unresolved"]
    )
    step("maintenance is upcoming", len(documents["upcoming"]["scheduled_maintenances"]) == 1, documents["upcoming"])
    # The client asks for the upcoming ones here, too.
    active = json.loads(send(f"{page['url']}/api/v2/scheduled-maintenances/active.json")[2])
    step("and not active", active["scheduled_maintenances"] == [], active)


def feeds(page):
    import feedparser  # noqa: PLC0415

    for name, kind in (("feed.atom", "atom10"), ("feed.rss", "rss20")):
        status, headers, text = send(f"{page['url']}/{name}")
        feed = feedparser.parse(text, response_headers=headers)
        step(f"{name} is well-formed", status == 200 and not feed.bozo and feed.version == kind, (status, feed.get("bozo_exception"), text))
        titles = [entry.title for entry in feed.entries]
        expected = {
            "API is slow: Investigating",
            "Payments fail: Resolved",
            "Payments fail: Investigating",
            "Move; to, a new\\rack: Scheduled",
        }
        step(f"{name} has an entry for each update", len(titles) == 4 and set(titles) == expected, titles)
        step(f"each entry of {name} has an ID of its own", len({entry.id for entry in feed.entries}) == 4, feed.entries)
        step(
            f"each entry of {name} leads to its update",
            all(entry.link.startswith(page["url"] + "/posts/pst_") for entry in feed.entries),
            feed.entries,
        )
        shown = feed.entries[titles.index("Payments fail: Investigating")].summary
        step(f"its words are marked as they were written ({name})", "<strong>into</strong>" in shown, shown)
        resolved = feed.entries[titles.index("Payments fail: Resolved")].summary
        step(f"HTML in them is text ({name})", "&lt;again&gt;" in resolved, resolved)
    status, _, text = send(f"{page['url']}/sitemap.xml")
    root = xml.etree.ElementTree.fromstring(text)
    step("the sitemap is one", status == 200 and root.tag == "{http://www.sitemaps.org/schemas/sitemap/0.9}urlset" and len(root) >= 5, text)


def calendar(page):
    import icalendar  # noqa: PLC0415

    status, _, text = send(f"{page['url']}/calendar.ics")
    events = icalendar.Calendar.from_ical(bytes(text).decode()).walk("VEVENT")
    step("the calendar has the maintenance", status == 200 and len(events) == 1, text)
    event = events[0]
    step("with its words", str(event["SUMMARY"]) == "Acme <Shop>: Move; to, a new\\rack", event)
    step(
        "and its times",
        str(event.decoded("DTSTART")) == "2099-12-31 22:00:00+00:00" and str(event.decoded("DTEND")) == "2099-12-31 23:30:00+00:00",
        event,
    )
    step("no line is longer than 75 bytes", all(len(line) <= 75 for line in text.split(b"\r\n")), text)
    step("and no property is wrong", not event.errors, event.errors)


def badges(page):
    component = page["components"][2]["id"]
    for path, label in (
        (f"badge/{component}.svg", "API: Slow"),
        ("badge/page.svg?label=Shop&style=flat-square", "Shop: Some systems are down"),
    ):
        status, headers, text = send(f"{page['url']}/{path}")
        root = xml.etree.ElementTree.fromstring(text)
        step(f"{label} is a badge", status == 200 and headers["content-type"] == "image/svg+xml" and root.get("aria-label") == label, text)
    badge = json.loads(send(f"{page['url']}/badge/{component}.json?uptime=30d")[2])
    wanted = {"schemaVersion": 1, "label": "API uptime 30d", "message": "No data", "color": "#6b7673", "cacheSeconds": 300}
    step("shields.io can draw one", badge == wanted, badge)


NGINX = """
user root; daemon off; master_process off; pid {place}/nginx.pid; error_log {place}/error.log;
events {{}}
http {{
  access_log off; client_body_temp_path {place}; proxy_temp_path {place};
  fastcgi_temp_path {place}; uwsgi_temp_path {place}; scgi_temp_path {place};
  server {{
    listen 127.0.0.1:{port} ssl; server_name localhost;
    ssl_certificate {pem}; ssl_certificate_key {key};
    location / {{ proxy_pass {upstream}; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }}
  }}
}}
"""


def behind_nginx(valpero):
    """The proxy of docs/STATUS.md: links lead to its address, and who asks is who asked it."""
    place = new_folder("contract", "nginx")
    pem, key = certificate(place)
    port = free_port()
    public = f"https://127.0.0.1:{port}"
    words = ["--memory", "--public-url", public, "--trusted-proxy", "127.0.0.1"]
    with Up(valpero, *words, log=os.path.join(place, "up.log")) as up:
        write(os.path.join(place, "nginx.conf"), NGINX.format(place=place, port=port, pem=pem, key=key, upstream=up.url))
        code, said = execute(["nginx", "-t", "-c", os.path.join(place, "nginx.conf")])
        step("nginx accepts the configuration", code == 0, said)
        spawn(["nginx", "-c", os.path.join(place, "nginx.conf")], os.path.join(place, "nginx.log"))
        trusting = ssl.create_default_context(cafile=pem)

        def ask(path, headers=None):
            # From another address than the proxy's own, which is trusted.
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=trusting, source_address=("127.0.0.2", 0))
            try:
                connection.request("GET", path, headers=headers or {})
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
            except OSError as error:
                return 0, str(error)
            finally:
                connection.close()

        step("nginx answers", until(30, lambda: ask("/health")[0] == 200), lambda: tail(os.path.join(place, "error.log")))
        status, page = up.call("POST", "/status-pages", {"slug": "open", "title": "Open"})
        step("a page is made whose URL is the proxy's", status == 201 and page["url"] == f"{public}/status/open", page)
        status, html = ask("/status/open")
        step(
            "it is seen through the proxy", status == 200 and f'<link rel="canonical" href="{public}/status/open/">' in html, (status, html)
        )
        for network, seen in (("127.0.0.2", 200), ("192.0.2.0/24", 403)):
            slug = f"from-{seen}"
            status, page = up.call("POST", "/status-pages", {"slug": slug, "title": "Own", "ip_allow": [network]})
            step(f"a page is made for {network}", status == 201, page)
            # Whatever a client says of itself, the proxy's own word comes last.
            found = ask(f"/status/{slug}", {"X-Forwarded-For": "192.0.2.7"})
            step(f"who asks the proxy from 127.0.0.2 gets {seen}", found[0] == seen, found)
