"""Whether timings are true: `python3 infra/bench/timings.py`.

1,000 targets, over HTTPS on a chain of P-256, answer 1 ms after they are asked; their names are served by knot. What a checker's tick
reads, phase by phase, beside what a single probe reads that has the machine for itself, and beside Debian's prometheus-blackbox-exporter,
asked for 20 at a time. Single probes are made twice: one at once after the other (`single`), when everything is warm and nobody sleeps,
and one 5 ms after the other (`rested`), when everybody has to be woken up; a tick is between the two. All of it is in a network of its
own, whose name server is knot.

Builds valpero-bench first, as
what is shipped (infra/shipped)."""

import concurrent.futures
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

import probes
from testkit import network, packages, release
from testkit.paths import write
from testkit.processes import first_line, output, spawn, stop_all, wait_ready
from testkit.release import BENCH

# Ours, and blackbox_exporter's.
PHASES = {"dns_ms": "resolve", "connect_ms": "connect", "tls_ms": "tls", "first_byte_ms": "processing"}
NAME_SERVER = "127.2.0.53"
KNOT = """
server:
    rundir: "{place}"
    pidfile: "{place}/knot.pid"
    listen: {address}@53
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{place}"
control:
    listen: "{place}/knot.sock"
log:
  - target: stderr
    any: warning
zone:
  - domain: site.example
    storage: "{place}"
    file: site.zone
"""


def start_names(place):
    """Knot, which knows the targets' addresses."""
    address = lambda one: f"127.1.{one >> 8}.{one & 255}"
    records = ["$ORIGIN site.example.", "$TTL 300", "@ SOA ns hostmaster 1 7200 900 1209600 300", "@ NS ns", f"ns A {NAME_SERVER}"]
    records += [f"t{one} A {address(one)}" for one in range(probes.COUNT)]
    write(os.path.join(place, "site.zone"), "\n".join(records) + "\n")
    settings = os.path.join(place, "knot.conf")
    write(settings, KNOT.format(place=place, address=NAME_SERVER))
    spawn(["/usr/sbin/knotd", "-c", settings], os.path.join(place, "knot.log"))
    wait_ready("knot answers", answers)


def answers():
    try:
        return socket.gethostbyname("t1.site.example") == "127.1.0.1"
    except OSError:
        return False


def share(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]


def phases(kind, port, root, *more):
    asks = ["--scheme", "https", "--port", str(port), "--count", str(probes.COUNT), "--ca-file", root, "--resolve"]
    lines = [json.loads(line) for line in output([BENCH, kind, *asks, *more], 600).splitlines()]
    seen = [line["phases"] for line in lines if "phases" in line]
    failed = [line["error"] for line in lines if line.get("error")]
    if failed:
        raise SystemExit(f"FAILED {kind}: {len(failed)} checks, such as {failed[0]}")
    if len(seen) != probes.COUNT:
        raise SystemExit(f"FAILED {kind}: {len(seen)} checks of {probes.COUNT}")
    return [{name: one[name] for name in PHASES} for one in seen]


def asked(blackbox, target):
    query = urllib.parse.urlencode({"module": "p256", "target": target})
    with urllib.request.urlopen(f"http://127.0.0.1:{blackbox.port}/probe?{query}", timeout=30) as answer:
        text = answer.read().decode()
    if "\nprobe_success 1\n" not in text:
        raise SystemExit(f"FAILED blackbox_exporter: {target} is down for it")
    took = dict(re.findall(r'probe_http_duration_seconds\{phase="(\w+)"\} (\S+)', text))
    return {ours: float(took[theirs]) * 1e3 for ours, theirs in PHASES.items()}


def measure(place):
    start_names(place)
    chain, key, root = probes.chain(place, "p256", *probes.CHAINS["p256"])
    site = subprocess.Popen([BENCH, "site", "--chain", chain, "--key", key], stdout=subprocess.PIPE, text=True)
    try:
        port = int(first_line(site))
        blackbox = probes.Blackbox(place, {"p256": root})
        single = phases("single", port, root, "--rounds", "1000")
        rested = phases("single", port, root, "--rounds", "1000", "--pause-us", "5000")
        tick = phases("tick", port, root, "--rounds", "3", "--phases")
        targets = [f"https://t{one}.site.example:{port}/" for one in range(probes.COUNT)]
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            other = list(pool.map(lambda target: asked(blackbox, target), targets))
    finally:
        site.kill()
        site.wait()
    print(f"{probes.COUNT} targets that answer after 1 ms; ms, and how much that is of the single probes'")
    print(f"{'':<24}{'single':>8}{'rested':>8}{'tick':>8}{'/single':>8}{'/rested':>8}{'blackbox':>10}{'/single':>8}")
    for name in (*PHASES, "total_ms"):
        of = lambda rows, name=name: [sum(row.values()) if name == "total_ms" else row[name] for row in rows]
        for part, says in ((0.5, "median"), (0.99, "p99")):
            alone, calm, ours, theirs = (share(of(rows), part) for rows in (single, rested, tick, other))
            shown = f"{name:<15}{says:<9}{alone:>8.3f}{calm:>8.3f}{ours:>8.3f}{ours / alone:>8.2f}{ours / calm:>8.2f}"
            print(f"{shown}{theirs:>10.3f}{theirs / alone:>8.2f}")


def main():
    if sys.argv[1:] == ["--inside"]:
        with tempfile.TemporaryDirectory() as place:
            network.settle()
            path = os.path.join(place, "resolv.conf")
            write(path, f"nameserver {NAME_SERVER}\n")
            subprocess.run(["mount", "--bind", path, os.path.realpath("/etc/resolv.conf")], check=True)
            measure(place)
        return
    packages.install("knot", "prometheus-blackbox-exporter", "openssl", "iproute2")
    release.build("-p", "valpero-bench")
    network.enter(sys.executable, __file__, mount=True)


if __name__ == "__main__":
    try:
        main()
    finally:
        stop_all()
