"""What a request takes: `python3 infra/bench/get.py`.

GET of a monitor with an API key, by the monitors function itself, as Lambda calls it: its binary asks this script for work as it asks
Lambda's runtime API, and gets API Gateway's events. Beside it a bare handler (functions/monitors/examples/bare_get.rs) on the same
runtime, which makes the same number of calls of the SDK and answers a text. The store is another process, and its CPU time is not counted.
They take turns; machines are noisy, what counts is the ratio. Builds the releases first."""

import contextlib
import http.server
import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading
from subprocess import PIPE

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

from testkit import release
from testkit.paths import read
from testkit.processes import first_line
from testkit.release import BENCH, RELEASE

TURNS, WARM, REQUESTS = 5, 200, 2000
REGIONS = ("fra", "hel", "usc")
GOAL = 1.3


class Runtime(http.server.ThreadingHTTPServer):
    """Lambda's runtime API: one event after the other, as soon as the last is answered."""

    daemon_threads = True

    def __init__(self, event):
        super().__init__(("127.0.0.1", 0), Invocations)
        self.event, self.given, self.answers, self.marks = json.dumps(event).encode(), 0, [], {}
        self.done, self.pid = threading.Event(), 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Invocations(http.server.BaseHTTPRequestHandler):
    server: Runtime
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(6, 1, 1)  # TCP_NODELAY

    def reply(self, status, headers, body):
        head = [f"HTTP/1.1 {status} OK", f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
        self.wfile.write("\r\n".join([*head, "", ""]).encode() + body)

    def do_GET(self):
        server = self.server
        if server.given in (WARM, WARM + REQUESTS):
            server.marks[server.given] = cpu_s(server.pid)
        if server.given == WARM + REQUESTS:
            server.done.set()
            return threading.Event().wait()
        server.given += 1
        names = {"lambda-runtime-aws-request-id": server.given, "lambda-runtime-deadline-ms": 4102444800000}
        self.reply(200, names | {"lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-north-1:1:function:x"}, server.event)

    def do_POST(self):
        self.server.answers.append(self.rfile.read(int(self.headers["content-length"])))
        self.reply(202, {}, b"")


def cpu_s(pid):
    """Seconds that the process has run, by the scheduler's own count."""
    return sum(int(read(f"/proc/{pid}/task/{task}/schedstat").split()[0]) for task in os.listdir(f"/proc/{pid}/task")) / 1e9


def event(path, query="", token=None, cookie=None):
    """API Gateway's event of a GET, with an API key or as a browser sends it."""
    headers = {"host": "api.example", "user-agent": "bench", "accept": "application/json" if token else "text/html"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    context = {
        "accountId": "1",
        "apiId": "x",
        "domainName": "api.example",
        "domainPrefix": "api",
        "requestId": "bench",
        "routeKey": "$default",
        "stage": "$default",
        "time": "26/Nov/2026:00:00:00 +0000",
        "timeEpoch": 1795000020000,
        "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench"},
    }
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "cookies": [cookie] if cookie else [],
        "requestContext": context,
        "isBase64Encoded": False,
    }


def measure(binary, environment, event):
    """µs of CPU a request."""
    runtime = Runtime(event)
    environment = environment | {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.server_address[1]}"}
    process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL)
    runtime.pid = process.pid
    try:
        if not runtime.done.wait(300):
            raise SystemExit(f"FAILED {binary}: {runtime.given} events were taken")
        for answer in runtime.answers:
            if json.loads(answer)["statusCode"] != 200:
                raise SystemExit(f"FAILED {binary}: {answer}")
    finally:
        process.kill()
        process.wait()
        runtime.shutdown()
    return (runtime.marks[WARM + REQUESTS] - runtime.marks[WARM]) / REQUESTS * 1e6


@contextlib.contextmanager
def prepared(count, *words):
    """What a store has, with so many monitors of a site."""
    with contextlib.ExitStack() as ends:
        start = lambda *command: ended(ends, subprocess.Popen([BENCH, *command], stdin=PIPE, stdout=PIPE, text=True))
        port = first_line(start("site")).strip()
        yield json.loads(first_line(start("store", "--port", port, "--count", str(count), "--regions", ",".join(REGIONS), *words)))


def ended(ends, process):
    ends.callback(process.wait)
    ends.callback(process.kill)
    return process


def surroundings(has):
    """The environment of a function."""
    return {
        "VALPERO_STACK": "valpero",
        "VALPERO_HOME_REGION": "eu-north-1",
        "VALPERO_ENDPOINT_URL": f"http://{has['address']}",
        "VALPERO_PUBLIC_URL": "https://api.example",
        "VALPERO_LOG": "info",
        "AWS_REGION": "eu-north-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_LOG_GROUP_NAME": "x",
        "AWS_LAMBDA_LOG_STREAM_NAME": "x",
        "VALPERO_QUEUE_URL": "http://127.0.0.1:9/x",
    }


def main():
    release.build("-p", "valpero-bench")
    release.build("-p", "valpero-monitors", "--bins", "--examples")
    with prepared(1, "--checked") as has:
        environment = surroundings(has) | {
            "BARE_TOKEN_HASH": has["token_hash"],
            "BARE_ACCOUNT": has["account"],
            "BARE_MONITOR": has["monitor"],
            "BARE_COHORTS": ",".join(f"{region}#00060#0000000" for region in REGIONS),
        }
        call = event(f"/api/v1/monitors/{has['monitor']}", token=has["token"])
        ours, bare = [], []
        for _ in range(TURNS):
            ours.append(measure(f"{RELEASE}/valpero-monitors", environment, call))
            bare.append(measure(f"{RELEASE}/examples/bare_get", environment, call))
    ours, bare = statistics.median(ours), statistics.median(bare)
    print(f"GET of a monitor in {len(REGIONS)} regions, 8 calls of the SDK", end="; ")
    print(f"{TURNS} turns of {REQUESTS} requests, the medians, in µs of CPU a request")
    print(f"the function {ours:.0f}   a bare handler {bare:.0f}   ratio {ours / bare:.2f} (goal {GOAL})")


if __name__ == "__main__":
    main()
