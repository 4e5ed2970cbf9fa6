"""What readers of a status page take: `python3 infra/bench/views.py`.

One `valpero up` has a page of 20 components and three posts. Beside it nginx serves the page's HTML as a file, compressed beforehand.
Views of both, in turn, as fast as one core lets them be made: views a second, CPU a view of the process that serves, bytes a view. Then
2,000 views a second for a while, and meanwhile requests of the API, beside the same requests while nobody looks: what readers take from
others. Both, and what asks them, share the machine; what counts are the ratios.

Builds the release first, or takes the program that it is given."""

import gzip
import http.client
import os
import pathlib
import re
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

from testkit import packages, release
from testkit.paths import new_folder
from testkit.ports import free_port, listens
from testkit.processes import output, spawn, stop_all, wait_ready
from testkit.release import RELEASE
from testkit.server import Up
from testkit.web import send

TURNS, COMPONENTS, CLIENTS, SECONDS, RATE = 3, 20, 16, 10, 2000
NGINX = """
daemon off; master_process off; pid {place}/nginx.pid; error_log {place}/error.log;
events {{}}
http {{
  access_log off; client_body_temp_path {place}; proxy_temp_path {place};
  fastcgi_temp_path {place}; uwsgi_temp_path {place}; scgi_temp_path {place};
  default_type text/html; sendfile on; keepalive_requests 1000000;
  server {{ listen 127.0.0.1:{port}; root {place}/www; gzip_static on; }}
}}
"""


def make(up):
    """The page; answers its URL."""
    components = [{"name": f"Component {number}"} for number in range(COMPONENTS)]
    status, page = up.call("POST", "/status-pages", {"slug": "acme", "title": "Acme", "components": components})
    assert status == 201, page
    ids = [component["id"] for component in page["components"]]
    for one in ids:
        up.call("PUT", f"/status-pages/{page['id']}/components/{one}/status", {"status": "operational"})
    post = {"kind": "incident", "impact": "minor", "title": "Payments are slow", "body": "We are looking into it. " * 10, "notify": False}
    for _ in range(3):
        assert up.call("POST", f"/status-pages/{page['id']}/posts", post)[0] == 201
    return f"{up.url}/status/acme"


def start_nginx(place, html):
    """The same HTML as a file; answers its URL and the server's process."""
    www, port = os.path.join(place, "www"), free_port()
    os.mkdir(www)
    pathlib.Path(www, "page.html").write_bytes(html)
    pathlib.Path(www, "page.html.gz").write_bytes(gzip.compress(html, 6))
    settings = pathlib.Path(place, "nginx.conf")
    settings.write_text(NGINX.format(place=place, port=port))
    process = spawn(["nginx", "-c", str(settings)], os.path.join(place, "nginx.log"))
    wait_ready("nginx answers", lambda: listens(port))
    return f"http://127.0.0.1:{port}/page.html", process


def cpu(pid):
    """Seconds of CPU that a process took so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(url, pid, *words):
    """Views a second, µs of CPU a view, bytes a view."""
    command = ["h2load", "--h1", "-t", "1", "-c", str(CLIENTS), "-D", str(SECONDS), "-H", "Accept-Encoding: gzip", *words, url]
    before = cpu(pid)
    said = output(command, seconds=SECONDS + 60)
    took = cpu(pid) - before
    done, failed = (int(number) for number in re.search(r"(\d+) succeeded, (\d+) failed", said).groups())  # pyright: ignore
    assert failed == 0 and f" {done} 2xx" in said, said
    traffic = int(re.search(r"traffic: \S+ \((\d+)\) total", said).group(1))  # pyright: ignore
    return done / SECONDS, took / done * 1e6, traffic / done


def asked(up, seconds):
    """How long answers of the API took, in ms, asked one after the other with a pause: the median and the 99th percentile."""
    at = urllib.parse.urlsplit(up.url).netloc
    connection, took, end = http.client.HTTPConnection(at), [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        connection.request("GET", "/api/v1/regions", headers={"Authorization": f"Bearer {up.key}"})
        answer = connection.getresponse()
        answer.read()
        # The limit of a key's requests is part of what is asked for: its answers count as well.
        assert answer.status in (200, 429), answer.status
        took.append((time.monotonic() - began) * 1000)
        time.sleep(0.02)
    took.sort()
    return took[len(took) // 2], took[len(took) * 99 // 100]


def main():
    packages.install("nghttp2-client", "nginx")
    program = sys.argv[1] if len(sys.argv) > 1 else os.path.join(RELEASE, "valpero")
    if len(sys.argv) == 1:
        release.build("-p", "valpero")
    place = new_folder("bench", "views")
    with Up(program, "--memory", log=os.path.join(place, "up.log")) as up:
        url = make(up)
        html = send(url)[2]
        compressed = send(url, headers={"Accept-Encoding": "gzip"})[2]
        print(f"a page of {COMPONENTS} components and 3 posts: {len(html):,} bytes of HTML, {len(compressed):,} compressed")
        file, nginx = start_nginx(place, html)
        both = {"the page": (url, up.process.pid), "nginx": (file, nginx.pid)}
        took = {name: [] for name in both}
        for _ in range(TURNS):
            for name, (at, pid) in both.items():
                took[name].append(load(at, pid))
        print(f"{'':10} {'views/s':>9} {'µs of CPU a view':>17} {'bytes a view':>13}")
        middle = {}
        for name, turns in took.items():
            middle[name] = [sorted(values)[TURNS // 2] for values in zip(*turns, strict=True)]
            views, each, size = middle[name]
            print(f"{name:10} {views:9,.0f} {each:17.1f} {size:13,.0f}")
        print(f"ratio of views {middle['the page'][0] / middle['nginx'][0]:.2f}, of CPU {middle['the page'][1] / middle['nginx'][1]:.2f}")
        alone = asked(up, SECONDS)
        views = spawn(
            [
                "h2load",
                "--h1",
                "-t",
                "1",
                "-c",
                str(CLIENTS),
                "-D",
                str(SECONDS + 2),
                f"--rps={RATE / CLIENTS}",
                "-H",
                "Accept-Encoding: gzip",
                url,
            ],
            os.path.join(place, "h2load.log"),
        )
        time.sleep(1)
        before, began = cpu(up.process.pid), time.monotonic()
        beside = asked(up, SECONDS)
        share = (cpu(up.process.pid) - before) / (time.monotonic() - began)
        views.wait(timeout=60)
        said = pathlib.Path(place, "h2load.log").read_text()
        done = re.search(r"finished in \S+ (\S+) req/s", said)
        print(f"{done.group(1) if done else '?'} views/s take {share * 100:.0f} % of a core")
        print("the API's answers, in ms: the median, the 99th percentile")
        for name, (median, late) in {"while nobody looks": alone, "beside the views": beside}.items():
            print(f"{name:20} {median:6.2f} {late:6.2f}")
        print(f"ratio of the medians {beside[0] / alone[0]:.2f}")
    stop_all()


main()
