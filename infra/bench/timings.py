"""Whether timings are true: `python3 infra/bench/timings.py [TARGETS]`.

1,000 targets answer 1 ms after they are asked. A checker probes all of them in one tick, blackbox_exporter one after the other of
20 that are asked for at once, and a single probe has all the time and the machine for itself. The table shows the median and the 99th
percentile of each phase; what counts is how far the first two are from the third. Builds the release of valpero-bench first."""

import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import probes  # noqa: E402
import tools  # noqa: E402

PHASES = ("connect_ms", "first_byte_ms")


def share(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]


def phases(kind, port, *more):
    command = [probes.BENCH, kind, "--port", str(port), "--count", str(probes.COUNT), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    seen = [line["phases"] for line in lines if "phases" in line]
    failed = [line["error"] for line in lines if line.get("error")]
    if failed:
        raise SystemExit(f"FAILED {kind}: {len(failed)} checks, such as {failed[0]}")
    return [{name: one[name] for name in PHASES} for one in seen]


def asked(blackbox, target):
    query = urllib.parse.urlencode({"module": "http", "target": target})
    with urllib.request.urlopen(f"http://127.0.0.1:{blackbox.port}/probe?{query}", timeout=30) as answer:
        text = answer.read().decode()
    took = dict(re.findall(r'probe_http_duration_seconds\{phase="(\w+)"\} (\S+)', text))
    return {"connect_ms": float(took["connect"]) * 1e3, "first_byte_ms": float(took["processing"]) * 1e3}


def main():
    tools.packages()
    subprocess.run(["cargo", "build", "--release", "--locked", "-p", "valpero-bench"], cwd=probes.ROOT, check=True)
    with tempfile.TemporaryDirectory() as place:
        site = subprocess.Popen([probes.BENCH, "site"], stdout=subprocess.PIPE, text=True)
        try:
            port = int(site.stdout.readline())
            blackbox = probes.Blackbox(place, {})
            single = phases("single", port, "--rounds", "1000")
            tick = phases("tick", port, "--rounds", "3", "--phases")
            targets = [f"http://127.1.{one >> 8}.{one & 255}:{port}/" for one in range(probes.COUNT)]
            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                other = list(pool.map(lambda target: asked(blackbox, target), targets))
        finally:
            site.kill()
            site.wait()
    print(f"{probes.COUNT} targets that answer after 1 ms; ms, and how much that is of a single probe's")
    print(f"{'':<24}{'single':>9}{'tick':>9}{'':>7}{'blackbox':>10}")
    for name in (*PHASES, "total_ms"):
        of = lambda rows: [sum(row.values()) if name == "total_ms" else row[name] for row in rows]  # noqa: E731
        for part, says in ((0.5, "median"), (0.99, "p99")):
            alone, ours, theirs = (share(of(rows), part) for rows in (single, tick, other))
            print(f"{name:<15}{says:<9}{alone:>9.3f}{ours:>9.3f}{ours / alone:>7.2f}{theirs:>10.3f}{theirs / alone:>7.2f}")


if __name__ == "__main__":
    try:
        main()
    finally:
        tools.stop_all()
