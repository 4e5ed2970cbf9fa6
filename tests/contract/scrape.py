"""Metrics as Prometheus sees them: the configuration, rules and dashboard of infra/, over real monitors on loopback."""

import functools
import gzip
import json
import os
import re
import shutil
import urllib.parse

from suite import OUT, start
from testkit.paths import ROOT, new_folder, tail
from testkit.ports import free_port
from testkit.processes import execute, spawn
from testkit.site import Site
from testkit.steps import step
from testkit.waiting import until
from testkit.web import send

RULES = os.path.join(ROOT, "infra", "prometheus")
DASHBOARD = os.path.join(ROOT, "infra", "grafana", "valpero.json")
SERIES = ("valpero_up", "valpero_response_time_ms", "valpero_uptime_7d", "valpero_incidents_open", "valpero_ssl_days_remaining")
# These two names were promised. Prometheus would rather have seconds, which stand beside them.
COMPLAINTS = [
    "valpero_response_time_ms metric names should not contain abbreviated units",
    'valpero_ssl_days_remaining use base unit "seconds" instead of "days"',
]


def run(valpero):
    place = new_folder("contract", "prometheus")
    with start(valpero, "prometheus") as up:
        status, key = up.call("POST", "/keys", {"name": "prometheus", "scopes": ["monitors:read", "incidents:read"]})
        step("a key is minted that reads monitors and incidents only", status == 201, key)
        monitors = watched(up, certificate(place))
        rules(place, up.url, key["token"])
        prometheus = Prometheus(place)
        scraped(up, prometheus, monitors)
        formats(up.url, key["token"])
        dashboard(prometheus)
        deleted(up, prometheus, monitors)


def certificate(place):
    """A certificate for this address, good for 30 days, that nobody vouches for."""
    paths = [os.path.join(place, name) for name in ("site.pem", "site.key")]
    words = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=127.0.0.1"]
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", paths[0], "-keyout", paths[1]]
    code, said = execute(["openssl", "req", *words])
    step("a certificate is made", code == 0, said)
    return paths


def watched(up, paths):
    """The ids of a monitor that is up, of one that is down, and of one whose site speaks TLS."""
    sites = {"up": Site(200), "down": Site(500), "tls": Site(certificate=paths)}
    monitors = {}
    for name, site in sites.items():
        # A name that must be escaped in a label.
        body = {"url": site.url, "name": f'the "{name}" site', "retries": 0, "http": {"verify_tls": False}}
        status, monitor = up.call("POST", "/monitors", body)
        step(f"a monitor is made of {body['name']}", status == 201, monitor)
        monitors[name] = monitor["id"]
    for name, monitor in monitors.items():
        status, asked = up.call("POST", f"/monitors/{monitor}/check")
        step(f"its check is asked for ({name})", status == 202, asked)
    for name, monitor in monitors.items():
        wanted = "down" if name == "down" else "up"
        look = lambda monitor=monitor, wanted=wanted: up.call("GET", f"/monitors/{monitor}")[1]["status"] == wanted
        step(
            f"and finds it {wanted} ({name})",
            until(90, look),
            lambda monitor=monitor: (up.call("GET", f"/monitors/{monitor}"), tail(up.log)),
        )
    return monitors


def rules(place, url, token):
    """A copy of our configuration beside its key, with this server's port and a shorter breath."""
    shutil.copy(os.path.join(RULES, "valpero-alerts.yml"), place)
    with open(os.path.join(place, "valpero.key"), "w") as file:
        file.write(token)
    with open(os.path.join(RULES, "prometheus.yml")) as file:
        text = file.read()
    port = urllib.parse.urlsplit(url).port
    changes = {'targets: ["127.0.0.1:3000"]': f'targets: ["127.0.0.1:{port}"]', "scrape_interval: 60s": "scrape_interval: 5s"}
    for old, new in (changes | {"scrape_timeout: 30s": "scrape_timeout: 5s"}).items():
        # Whole lines only: comments speak of these too.
        text, count = re.subn(rf"^(\s*(?:- )?){re.escape(old)}$", rf"\g<1>{new}", text, flags=re.MULTILINE)
        step(f"prometheus.yml has {old}", count == 1, text)
    with open(os.path.join(place, "prometheus.yml"), "w") as file:
        file.write(text)
    for words in (["check", "config", "prometheus.yml"], ["check", "rules", "valpero-alerts.yml"]):
        code, said = execute(["promtool", *words], cwd=place)
        step("promtool accepts it: " + " ".join(words), code == 0, said)
    code, said = execute(["promtool", "test", "rules", "valpero-alerts.test.yml"], cwd=RULES)
    step("the alerts come and go as their tests say", code == 0, said)


class Prometheus:
    """A Prometheus with the configuration of this folder."""

    def __init__(self, place):
        self.log, port = os.path.join(OUT, "prometheus-up.log"), free_port()
        self.url = f"http://127.0.0.1:{port}"
        words = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{port}"]
        spawn(["prometheus", *words], self.log, cwd=place)
        step("Prometheus starts", until(60, self.ready), lambda: tail(self.log))

    def ready(self):
        try:
            return send(f"{self.url}/-/ready")[0] == 200
        except OSError:
            return False

    def ask(self, expression):
        """What is wrong with it, and the samples."""
        answer = json.loads(send(f"{self.url}/api/v1/query?" + urllib.parse.urlencode({"query": expression}))[2])
        return answer.get("error"), answer.get("data", {}).get("result", [])

    def values(self, name):
        """By monitor: the lowest, where a series has one for each region."""
        found = {}
        for sample in self.ask(name)[1]:
            monitor, value = sample["metric"].get("monitor_id"), float(sample["value"][1])
            found[monitor] = min(value, found.get(monitor, value))
        return found


def scraped(up, prometheus, monitors):
    works = until(30, lambda: prometheus.ask('up{job="valpero"} == 1')[1])
    targets = lambda: send(f"{prometheus.url}/api/v1/targets")[2].decode()[:3000]
    step("it scrapes Valpero", works, lambda: targets() + tail(prometheus.log))
    for name in SERIES:
        # Some come with the next tick only.
        step(f"{name} is there", until(90, functools.partial(prometheus.values, name)), lambda: prometheus.ask('{job="valpero"}'))
    ups = {monitor: float(name != "down") for name, monitor in monitors.items()}
    step("up is 1 and down is 0", prometheus.values("valpero_up") == ups, lambda: prometheus.ask("valpero_up"))
    named = {sample["metric"]["name"] for sample in prometheus.ask("valpero_up")[1]}
    step("with their names", named == {f'the "{name}" site' for name in monitors}, named)
    step("one incident is open", prometheus.ask("sum(valpero_incidents_open) == 1")[1], lambda: prometheus.ask("valpero_incidents_open"))
    times = lambda: prometheus.values("valpero_response_time_ms")
    told = until(90, lambda: all(0 < times().get(monitors[name], 0) < 5000 for name in ("up", "tls")))
    step("what is up has a response time", told, times)
    week = prometheus.values("valpero_uptime_7d")
    step("the week's uptime is a share", week.get(monitors["up"]) == 1 and 0 <= week.get(monitors["down"], -1) < 1, week)
    days = prometheus.values("valpero_ssl_days_remaining")
    step("the one certificate ends in 30 days", list(days) == [monitors["tls"]] and 29 <= days[monitors["tls"]] <= 30, days)


def formats(url, token):
    """The two text formats, plain and compressed."""
    url, key = f"{url}/api/metrics", {"Authorization": f"Bearer {token}"}
    step("nobody reads metrics without a key", send(url)[0] == 401)
    status, headers, text = send(url, headers=key | {"Accept": "text/plain;version=0.0.4"})
    step("the text format is told as such", status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4"), headers)
    code, said = execute(["promtool", "check", "metrics"], input=text.decode())
    step("promtool complains of the two promised names alone", code == 3 and said.splitlines() == COMPLAINTS, (code, said, text))
    status, headers, packed = send(url, headers=key | {"Accept-Encoding": "gzip"})
    step("it comes compressed on request", headers.get("content-encoding") == "gzip" and b"valpero_up" in gzip.decompress(packed), headers)
    status, headers, text = send(url, headers=key | {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"})
    told = headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    step("OpenMetrics is told as such, and ends as it must", status == 200 and told and text.endswith(b"\n# EOF\n"), (headers, text[-200:]))


def dashboard(prometheus):
    with open(DASHBOARD) as file:
        asked = sorted(set(expressions(json.load(file))))
    step("the dashboard asks for something", asked)
    errors = {one: error for one in asked for error in [prometheus.ask(plain(one))[0]] if error}
    step(f"and each of its {len(asked)} expressions is answered", not errors, errors)


def expressions(part):
    """Every `expr`, wherever it stands."""
    if isinstance(part, dict):
        found = [part["expr"]] if isinstance(part.get("expr"), str) else []
        return found + [one for inner in part.values() for one in expressions(inner)]
    return [one for inner in part for one in expressions(inner)] if isinstance(part, list) else []


def plain(expression):
    """The expression as Grafana would send it: its variables replaced, those of its users by whatever matches all."""
    expression = re.sub(r"\$(__rate_interval|__interval|__range)|\$\{(__rate_interval|__interval|__range)\}", "5m", expression)
    return re.sub(r"\$\{\w+(:\w+)?\}|\$\w+", ".*", expression)


def deleted(up, prometheus, monitors):
    for name in ("up", "down"):
        status, _ = up.call("DELETE", f"/monitors/{monitors[name]}")
        look = lambda name=name: monitors[name] not in prometheus.values("valpero_up")
        step(f"a deleted monitor has no series any more ({name})", status == 204 and until(20, look), lambda: prometheus.ask("valpero_up"))
