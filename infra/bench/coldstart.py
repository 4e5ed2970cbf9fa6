"""Cold starts of the functions: `python3 infra/bench/coldstart.py [--write]`.

From the moment a function's bootstrap is spawned to its first GET of /next: milliseconds, what CPU time all its threads had used by
then, and how many instructions (counted by valgrind's callgrind, in a start of its own). Beside them a bare bootstrap, and one
that has made an AWS SDK client with the SDK's defaults. They take turns; machines are noisy, so the least of many starts is shown beside
the median. `--write` puts the table into docs/COLD_START.md. Builds the releases first, as they are shipped
(infra/shipped)."""

import glob
import os
import pathlib
import re
import signal
import socket
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

from testkit import packages, release
from testkit.pages import fill
from testkit.paths import ROOT, TARGET, read
from testkit.release import RELEASE

RUNS = 40
PAGE = os.path.join(ROOT, "docs", "COLD_START.md")
FUNCTIONS = (
    "account",
    "alerts",
    "checker",
    "dashboard",
    "delivery",
    "docs",
    "incidents",
    "metrics",
    "monitors",
    "pages",
    "people",
    "rollup",
    "status",
    "tools",
    "webhooks",
)
EXAMPLES = {"bare": "a bare bootstrap", "default_client": "one with a default SDK client"}
VARIABLES = {
    "VALPERO_STACK": "bench",
    "VALPERO_HOME_REGION": "eu-north-1",
    "VALPERO_QUEUE_URL": "http://127.0.0.1:9/queue",
    "VALPERO_PUBLIC_URL": "https://bench.example.com",
    "VALPERO_MAIL_FROM": "bench@example.com",
    "VALPERO_REGION": "hel",
    "AWS_REGION": "eu-north-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
    "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
}


def bootstraps():
    bins = [word for name in FUNCTIONS for word in ("-p", f"valpero-{name}")]
    release.build("--bins", *bins)
    examples = [word for name in EXAMPLES for word in ("--example", name)]
    release.build("-p", "valpero-delivery", *examples)
    built = {shown: f"{RELEASE}/examples/{name}" for name, shown in EXAMPLES.items()}
    return built | {name: f"{RELEASE}/valpero-{name}" for name in FUNCTIONS}


def start(command):
    """One start: what had passed when the first /next came, and the process that waits for an answer."""
    with socket.create_server(("127.0.0.1", 0)) as api:
        api.settimeout(60)
        environment = VARIABLES | {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.getsockname()[1]}"}
        quiet = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null" if fd < 2 else LOG, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600) for fd in (0, 1, 2)]
        began = time.monotonic()
        pid = os.posix_spawn(command[0], command, environment, file_actions=quiet)
        connection, _ = api.accept()
        request = connection.recv(4096)
        passed = (time.monotonic() - began) * 1e3
    if b"/runtime/invocation/next" not in request:
        raise SystemExit(f"FAILED {command}: asked for {request}")
    return passed, pid, connection


LOG = os.path.join(TARGET, "coldstart.log")


def end(pid, connection):
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
    connection.close()


def timed(path):
    passed, pid, connection = start([path])
    cpu = 0
    for task in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        cpu += int(read(task).split()[0]) / 1e6
    end(pid, connection)
    return passed, cpu


def instructions(path):
    _, pid, connection = start(["/usr/bin/valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", path])
    end(pid, connection)
    [collected] = re.findall(r"Collected : (\d+)", read(LOG))
    return int(collected) / 1e6


def main():
    packages.install("valgrind")
    built = bootstraps()
    seen = {name: [] for name in built}
    # In turn, so that a slow minute of the machine is everybody's.
    for _ in range(RUNS):
        for name, path in built.items():
            seen[name].append(timed(path))
    lines = ["| | MB | ms, least | ms, median | CPU ms, least | instructions, millions |", "|---|---|---|---|---|---|"]
    for name, path in built.items():
        times, cpu = [ms for ms, _ in seen[name]], [cpu for _, cpu in seen[name]]
        size = os.path.getsize(path) / 1e6
        lines.append(
            f"| {name} | {size:.1f} | {min(times):.1f} | {statistics.median(times):.1f} | {min(cpu):.1f} | {instructions(path):.1f} |"
        )
    print("\n".join(lines))
    if "--write" in sys.argv:
        fill(PAGE, "starts", lines)


main()
