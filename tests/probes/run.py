"""Valpero's probes against real servers: `python3 tests/probes/run.py PATH_TO_VALPERO [--markdown FILE] [PART_OF_A_NAME…]`.

Every case of cases.py is probed once by `valpero check` and once by blackbox_exporter, and each must find what the table says. The
servers are nginx, openssl, knot and sockets that break one rule each. All of it is in namespaces of its own: no packet leaves, no
process stays, and no file of the machine is touched. Missing Debian packages are installed first. Takes about half a minute.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

import blackbox
import places
import servers
import table
from cases import CASES
from testkit import blackbox_exporter, network, packages
from testkit.processes import environment, output, stop_all

PHASES = ("dns_ms", "connect_ms", "tls_ms", "first_byte_ms")
EXIT_CODES = {"up": 0, "slow": 0, "down": 1, "probe_error": 2}
VERDICTS = {"up": 1, "slow": 1, "down": 0}
# Codes that come only after the head of an answer was there.
ANSWERED = ("http_status", "keyword_", "json_", "body_", "too_slow", "slow_response")


class Runner:
    def __init__(self, valpero, place):
        self.valpero, self.place = valpero, place
        self.world = servers.World(place)
        self.ca = self.world.certificates.path("ca.pem")
        self.targets = {}
        self.environment = environment()

    def start_blackbox(self, cases):
        modules = {}
        for case in cases:
            if case.none is None:
                modules[case.name], self.targets[case.name] = blackbox.module(case.monitor, self.ca, case.blackbox)
        blackbox_exporter.start(self.place, modules, places.BLACKBOX)

    def check(self, case):
        """Exit code, JSON and complaints of `valpero check`."""
        text = case.monitor if isinstance(case.monitor, str) else json.dumps(case.monitor)
        command = [self.valpero, "check", "--monitor", "-", "--json", "--ca-file", self.ca]
        if case.nameservers:
            # A mount namespace for this one process, whose machine has other name servers.
            path = os.path.join(self.place, f"resolv-{threading.get_ident()}.conf")
            with open(path, "w") as file:
                file.writelines(f"nameserver {one}\n" for one in case.nameservers)
            command = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', path, *command]
        try:
            done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, env=self.environment, check=False)
        except subprocess.TimeoutExpired:
            return None, None, "it does not end within 30 seconds"
        try:
            return done.returncode, json.loads(done.stdout), done.stderr
        except ValueError:
            return done.returncode, None, (done.stdout + done.stderr)[-2000:]

    def run(self, case):
        """What is wrong, in lines; and blackbox_exporter's verdict."""
        code, answer, complaint = self.check(case)
        faults = refused(code, answer, complaint) if case.outcome == "wrong input" else judge(case, code, answer, complaint)
        if case.none is not None:
            return faults, None
        verdict, log = blackbox.verdict(case.name, self.targets[case.name])
        ours = VERDICTS.get(case.outcome)
        if verdict is None:
            faults.append(f"blackbox_exporter has no verdict: {log[-1500:]}")
        elif case.differs is None and verdict != ours:
            faults.append(f"blackbox_exporter says {verdict}, and nobody knows why: {log[-1500:]}")
        elif case.differs is not None and verdict == ours:
            faults.append(f"blackbox_exporter says {verdict} too, although the table says why it does not ({case.differs})")
        return faults, verdict


def refused(code, answer, complaint):
    if code == 2 and answer is None and complaint.strip() and "panicked" not in complaint:
        return []
    return [f"exit code {code}, answer {answer}, stderr {complaint!r}; expected exit code 2 and sentences on stderr"]


def judge(case, code, answer, complaint):
    """How an answer differs from the table."""
    if answer is None:
        return [f"no answer: exit code {code}, {complaint}"]
    wanted = {"outcome": case.outcome, "error.code": case.code} | case.expect
    if case.code is None:
        wanted["error"] = wanted.pop("error.code")
    seen = {path: member(answer, path) for path in wanted}
    faults = [f"{path} is {seen[path]!r}, expected {wanted[path]!r}" for path in wanted if wanted[path] != seen[path]]
    if faults:
        faults[0] += f" (error {answer.get('error')})"
    if code != EXIT_CODES.get(answer["outcome"]):
        faults.append(f"exit code {code} with outcome {answer['outcome']}")
    phases = {name: time for name, time in answer["phases"].items() if time is not None}
    expected = expected_phases(case)
    if expected is not None and set(phases) != expected:
        faults.append(f"the phases are {phases}, expected {', '.join(sorted(expected))}")
    total = answer["response_time_ms"]
    if total is None and (VERDICTS.get(case.outcome) or (phases and set(phases) == expected)):
        faults.append(f"there is no response time, with phases {phases}")
    # Floating point has its own last digit.
    if total is not None and abs(sum(phases.values()) - total) > 0.01001:
        faults.append(f"the phases {phases} do not sum to the response time, {total}")
    return faults


def member(answer, path):
    for name in path.split("."):
        if isinstance(answer, list) and name.isdigit() and int(name) < len(answer):
            answer = answer[int(name)]
            continue
        if not isinstance(answer, dict) or name not in answer:
            return f"no {name}"
        answer = answer[name]
    return answer


def expected_phases(case):
    """Those that take time, or None where nobody says."""
    if case.phases is not None:
        return {name + "_ms" for name in case.phases.split()}
    if "url" not in case.monitor or not (case.code is None or case.code.startswith(ANSWERED)):
        return None
    url = urllib.parse.urlsplit(case.monitor["url"])
    literal = ":" in url.hostname or url.hostname.replace(".", "").isdigit()
    return {"connect_ms", "first_byte_ms"} | (set() if literal else {"dns_ms"}) | ({"tls_ms"} if url.scheme == "https" else set())


def settle(place):
    """The namespaces' own network and files."""
    network.settle()
    for words in (
        ["-6", "address", "add", "fd00::1/128", "dev", "lo"],
        ["route", "add", "table", "local", "unreachable", f"{places.UNREACHABLE}/32"],
    ):
        output(["ip", *words])
    files = {
        "/etc/resolv.conf": f"nameserver {places.KNOT}\n",
        "/etc/hosts": "127.0.0.1 localhost\n",
        "/etc/nsswitch.conf": "hosts: files dns\n",
    }
    for path, text in files.items():
        ours = os.path.join(place, os.path.basename(path))
        with open(ours, "w") as file:
            file.write(text)
        # Bound over the machine's own, which may be a link.
        output(["mount", "--bind", ours, os.path.realpath(path)])


def main(arguments):
    started = time.monotonic()
    cases = [case for case in CASES if not arguments.parts or any(part in case.name for part in arguments.parts)]
    failed, rows = 0, []
    settle(arguments.inside)
    runner = Runner(os.path.abspath(arguments.valpero), arguments.inside)
    runner.start_blackbox(cases)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for case, (faults, verdict) in zip(cases, pool.map(runner.run, cases), strict=True):
            failed += bool(faults)
            rows.append((case, verdict))
            lines = "".join(f"\n       {fault}" for fault in faults)
            print(("FAILED " if faults else "ok     ") + case.name + lines, flush=True)
    if arguments.markdown:
        table.write(arguments.markdown, rows)
    print(f"      {time.monotonic() - started:.0f} seconds")
    print(f"{len(cases) - failed} passed, {failed} failed", flush=True)
    return 1 if failed or not cases else 0


def arguments():
    parser = argparse.ArgumentParser(usage="python3 tests/probes/run.py PATH_TO_VALPERO [--markdown FILE] [PART_OF_A_NAME…]")
    parser.add_argument("--inside", metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--markdown", metavar="FILE")
    parser.add_argument("valpero")
    parser.add_argument("parts", nargs="*")
    return parser.parse_args()


given = arguments()
if given.inside:
    # The first process of its own process namespace: with it ends every other one there, however it ends.
    code = 1
    try:
        code = main(given)
    except SystemExit as end:
        print(end.code)
    except BaseException:
        traceback.print_exc()
    stop_all(signal.SIGKILL)
    sys.stdout.flush()
    # Threads that still serve do not hold it up.
    os._exit(code)
elif not os.access(given.valpero, os.X_OK):
    sys.exit(f"{given.valpero} is no program")
else:
    packages.install("nginx", "libnginx-mod-http-brotli-filter", "knot", "prometheus-blackbox-exporter", "openssl", "iproute2")
    own = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--map-root-user"]
    # unshare itself ends at no signal but the one that nobody can ignore, and takes the namespace along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="probes-") as folder:
        inside = [*own, sys.executable, os.path.abspath(__file__), "--inside", folder, *sys.argv[1:]]
        with subprocess.Popen(inside) as process:
            try:
                code = process.wait()
            finally:
                process.kill()
    sys.exit(code)
