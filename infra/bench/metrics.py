"""What one scrape of a large account takes: `python3 infra/bench/metrics.py PATH_TO_VALPERO [MONITORS]`.

Starts `valpero up` in memory with 1,000 monitors of a site on loopback, lets a minute pass so that every region has checked them, and
then asks for `/api/metrics` again and again: wall and CPU time, how far the process's memory rises above where it was before (the
kernel's own high-water mark), the answer's size, and what the log says of read units. Takes about three minutes."""

import gzip
import http.server
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request

VALPERO, MONITORS = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000
TICK = os.sysconf("SC_CLK_TCK")
SCRAPES = 12
A_MINUTE = 900


class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def call(method, path, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"} | (headers or {})
    with urllib.request.urlopen(urllib.request.Request(url + path, data, sent, method=method), timeout=60) as answer:
        return answer.read()


def memory(name):
    """A line of /proc/PID/status, in KiB."""
    with open(f"/proc/{up.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name + ":"))


def cpu_ms():
    with open(f"/proc/{up.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICK


def median(values):
    return sorted(values)[len(values) // 2]


class Site(http.server.ThreadingHTTPServer):
    # Three regions come at once.
    request_queue_size = 4096
    daemon_threads = True


site = Site(("127.0.0.1", 0), Quiet)
threading.Thread(target=site.serve_forever, daemon=True).start()
log = open("/tmp/valpero-metrics-bench.log", "w+")
environment = {**os.environ, "VALPERO_LOG": "info,dynoxide=error"}
up = subprocess.Popen([VALPERO, "up", "--memory", "--json", "--addr", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=log, env=environment, text=True)
try:
    shown = json.loads(up.stdout.readline())
    url, key = shown["url"], shown["key"]
    first = key
    for number in range(MONITORS):
        if number % A_MINUTE == A_MINUTE - 1:
            # One key may make a thousand requests a minute.
            key = json.loads(call("POST", "/api/v1/keys", {"name": f"bench {number}", "scopes": ["keys:write", "monitors:write"]}))["token"]
        body = {"url": f"http://127.0.0.1:{site.server_port}/", "name": f"Monitor {number}", "retries": 0}
        call("POST", "/api/v1/monitors", body)
    key = first
    print(f"{MONITORS} monitors in three regions; waiting until all are checked", flush=True)
    end = time.monotonic() + 240
    while call("GET", "/api/metrics").count(b"valpero_response_time_ms{") < 3 * MONITORS:
        if time.monotonic() > end:
            raise SystemExit("FAILED: not all monitors were checked within four minutes")
        time.sleep(5)
    time.sleep(60 - time.time() % 60 + 25)
    plain, rises, walls, cpus = b"", [], [], []
    for _ in range(SCRAPES):
        before = memory("VmRSS")
        with open(f"/proc/{up.pid}/clear_refs", "w") as peak:
            peak.write("5")
        cpu, began = cpu_ms(), time.monotonic()
        plain = call("GET", "/api/metrics")
        walls.append((time.monotonic() - began) * 1000)
        cpus.append(cpu_ms() - cpu)
        rises.append(memory("VmHWM") - before)
    packed = call("GET", "/api/metrics", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed).count(b"\n") == plain.count(b"\n")
    log.flush()
    requests = [json.loads(line) for line in open(log.name) if '"/api/metrics"' in line]
    last = [line for line in requests if line.get("route") == "/api/metrics"][-1]
    print(f"samples        {sum(1 for line in plain.splitlines() if not line.startswith(b'#'))}")
    print(f"answer         {len(plain) / 1024:.0f} KiB, packed {len(packed) / 1024:.0f} KiB ({len(plain) / len(packed):.0f} times less)")
    print(f"wall           {median(walls):.0f} ms (least {min(walls):.0f})")
    print(f"CPU            {median(cpus):.0f} ms, the embedded store's among it")
    print(f"memory         {memory('VmRSS') / 1024:.0f} MiB; a scrape raises it by {median(rises)} KiB (first {rises[0]}, most of the others {max(rises[1:])})")
    print(f"consumed       {last['rru']} read units, {last['wru']} write units, {last['round_trips']} round trips")
finally:
    up.terminate()
    up.wait()
