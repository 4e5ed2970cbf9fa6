"""What one scrape of a large account takes: `python3 infra/bench/metrics.py PATH_TO_VALPERO [MONITORS]`.

Starts `valpero up` in memory with 1,000 monitors of a site on loopback, lets a minute pass so that every region has checked them, and
then asks for `/api/metrics` again and again: wall and CPU time, how far the process's memory rises above where it was before (the
kernel's own high-water mark), the answer's size, and what the log says of read units. Then the site
falls, and it is asked on until all monitors are down. Takes about five minutes."""

import gzip
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

from testkit.paths import TARGET, read, write
from testkit.processes import stop_all
from testkit.server import Up
from testkit.site import Site
from testkit.web import send

VALPERO, MONITORS = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000
TICK = os.sysconf("SC_CLK_TCK")
SCRAPES = 12
A_MINUTE = 900


def call(method, path, body, key):
    status, answer = up.call(method, path, body, key)
    if status != 201:
        raise SystemExit(f"FAILED {method} {path}: {status} {answer}")
    return answer


def scrape(**headers):
    status, _, text = send(f"{up.url}/api/metrics", headers={"Authorization": f"Bearer {up.key}"} | headers, seconds=60)
    if status != 200:
        raise SystemExit(f"FAILED the scrape: {status} {text[:1000]}")
    return text


def memory(name):
    """A line of /proc/PID/status, in KiB."""
    lines = read(f"/proc/{up.process.pid}/status").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))


def cpu_ms():
    fields = read(f"/proc/{up.process.pid}/stat").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICK


def median(values):
    return sorted(values)[len(values) // 2]


site = Site()
log = os.path.join(TARGET, "metrics-bench.log")
try:
    up = Up(VALPERO, "--memory", log=log, settings={"VALPERO_LOG": "info,dynoxide=error"})
    key = up.key
    for number in range(MONITORS):
        if number % A_MINUTE == A_MINUTE - 1:
            # One key may make a thousand requests a minute.
            key = call("POST", "/keys", {"name": f"bench {number}", "scopes": ["keys:write", "monitors:write"]}, key)["token"]
        call("POST", "/monitors", {"url": site.url, "name": f"Monitor {number}", "retries": 0}, key)
    print(f"{MONITORS} monitors in three regions; waiting until all are checked", flush=True)
    end = time.monotonic() + 240
    while scrape().count(b"valpero_response_time_ms{") < 3 * MONITORS:
        if time.monotonic() > end:
            raise SystemExit("FAILED: not all monitors were checked within four minutes")
        time.sleep(5)
    time.sleep(60 - time.time() % 60 + 25)
    plain, rises, walls, cpus = b"", [], [], []
    for _ in range(SCRAPES):
        before = memory("VmRSS")
        write(f"/proc/{up.process.pid}/clear_refs", "5")
        cpu, began = cpu_ms(), time.monotonic()
        plain = scrape()
        walls.append((time.monotonic() - began) * 1000)
        cpus.append(cpu_ms() - cpu)
        rises.append(memory("VmHWM") - before)
    packed = scrape(**{"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed).count(b"\n") == plain.count(b"\n")
    requests = [json.loads(line) for line in read(log).splitlines() if '"/api/metrics"' in line]
    last = [line for line in requests if line.get("route") == "/api/metrics"][-1]
    # The site falls, and with it all monitors: just then a scrape must not wait for all that is written.
    site.status, worst = 500, []
    end = time.monotonic() + 150
    while time.monotonic() < end and worst.count(None) < 3:
        began = time.monotonic()
        down = len([line for line in scrape().splitlines() if line.startswith(b"valpero_up{") and line.endswith(b" 0")])
        worst.append((time.monotonic() - began) * 1000)
        if down == MONITORS:
            worst.append(None)
    outage = [wall for wall in worst if wall is not None]
    print(f"samples        {sum(1 for line in plain.splitlines() if not line.startswith(b'#'))}")
    print(f"answer         {len(plain) / 1024:.0f} KiB, packed {len(packed) / 1024:.0f} KiB ({len(plain) / len(packed):.0f} times less)")
    print(f"wall           {median(walls):.0f} ms (least {min(walls):.0f})")
    print(f"in an outage   {max(outage):.0f} ms at most, {median(outage):.0f} ms the median of {len(outage)}, while all go down")
    print(f"CPU            {median(cpus):.0f} ms, the embedded store's among it")
    others = f"first {rises[0]}, most of the others {max(rises[1:])}"
    print(f"memory         {memory('VmRSS') / 1024:.0f} MiB; a scrape raises it by {median(rises)} KiB ({others})")
    print(f"consumed       {last['rru']} read units, {last['wru']} write units, {last['round_trips']} round trips")
finally:
    stop_all()
