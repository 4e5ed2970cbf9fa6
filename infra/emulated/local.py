"""The built functions in front of `valpero up --services-only`, as `sam local` would run them: by the Lambda runtime emulator that is
inside the SAM CLI, with the variables that `up` wrote for it. Only the containers are left out."""

import glob
import http.client
import json
import os
import signal
import subprocess
import tempfile
import time

from cloud import TARGETS, TOOLS, target
from testkit.paths import ROOT, read
from testkit.ports import free_port, listens
from testkit.processes import spawn, stop
from testkit.server import Up
from testkit.steps import step
from testkit.waiting import until


class Function:
    """One built function under the runtime emulator."""

    def __init__(self, name, environment, log):
        [emulator] = glob.glob(f"{TOOLS}/sam/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64")
        self.port = free_port()
        command = [emulator, "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}"]
        command += ["--runtime-api-address", f"127.0.0.1:{free_port()}", f"{ROOT}/.aws-sam/build/{name}/bootstrap"]
        self.process = spawn(command, log, env=environment)
        until(20, lambda: listens(self.port), every=0.1)

    def call(self, method, path, key, body=None):
        """Hands the function the event that API Gateway would, and answers status, headers and JSON."""
        answer = self.invoke(method, path, key, body)
        return answer["statusCode"], answer["headers"], json.loads(answer.get("body") or "null")

    def invoke(self, method, path, key, body=None, host="localhost"):
        at = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "suite"}
        context = {"accountId": "1", "apiId": "api", "domainName": "localhost", "domainPrefix": "api", "http": at, "requestId": "request-1"}
        context |= {"routeKey": "$default", "stage": "$default", "time": "23/Nov/2026:10:00:00 +0000", "timeEpoch": int(time.time() * 1000)}
        headers = {"host": host, "authorization": f"Bearer {key}", "content-type": "application/json"}
        event = {"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": headers}
        event |= {"requestContext": context, "isBase64Encoded": False}
        event |= {} if body is None else {"body": json.dumps(body)}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
        return json.loads(connection.getresponse().read())

    def processes(self):
        """The function's own processes."""
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return found.stdout.split()

    def stop(self):
        stop(self.process, signal.SIGKILL)


def survives(function, key):
    """A panic in what is shipped: the runtime's own library panics at a host that is none, behind which no code of ours stands."""
    before = function.processes()
    answer = function.invoke("GET", "/api/v1/monitors", key, host="a b")
    step("a built function that panics says so", "panicked" in answer.get("errorMessage", ""), answer)
    step("and answers the next request", function.call("GET", "/api/v1/monitors", key)[0] == 200)
    step("in the same process", before and function.processes() == before, (before, function.processes()))


def mail(function, key, folder):
    body = {"name": "Ops", "type": "email", "to": ["ops@example.com"]}
    status, _, made = function.call("POST", "/api/v1/channels", key, body)
    step("a function makes a channel for mail", status == 201, made)
    status, _, answer = function.call("POST", f"/api/v1/channels/{made['id']}/test", key)
    step("and sends a test by its SES", (status, answer["outcome"]) == (200, "delivered"), answer)
    # Beside those to the owner, whom the first start tells of every monitor.
    mails = [mail for mail in (read(os.path.join(folder, name)) for name in os.listdir(folder)) if "To: ops@example.com" in mail]
    step("which keeps it as a file", len(mails) == 1 and "Subject: Test: Ops" in mails[0], mails)


def run(deployment):
    folder = tempfile.mkdtemp(prefix="valpero-services-")
    data = os.path.join(folder, "data")
    up = Up(deployment.valpero, "--services-only", "--data", data, log=os.path.join(folder, "up.log"), address=TARGETS)
    functions = {}
    try:
        shown = up.shown
        variables = json.loads(read(shown["env_vars"]))["Parameters"]
        step("up --services-only writes the variables for sam local", variables["VALPERO_ENDPOINT_URL"] == shown["url"], variables)
        environment = {"PATH": os.environ["PATH"], "VALPERO_HOME_REGION": deployment.home, "AWS_REGION": deployment.home, **variables}
        signed = {"AWS_ACCESS_KEY_ID": shown["access_key_id"], "AWS_SECRET_ACCESS_KEY": "any"}
        start = lambda name, more: Function(f"{name}Function", environment | more, os.path.join(folder, name + ".log"))
        functions = {name: start(name, signed) for name in ("Monitors", "Incidents")}
        story(functions, up.key)
        functions["Alerts"] = start("Alerts", signed)
        mail(functions["Alerts"], up.key, os.path.join(data, "mail"))
        survives(functions["Monitors"], up.key)
        functions["Account"] = start("Account", signed)
        status, _, account = functions["Account"].call("GET", "/api/v1/account", up.key)
        step("who knows the access key is served", status == 200 and account["usage"]["monitors"] == 1, account)
        functions["Stranger"] = start("Account", signed | {"AWS_ACCESS_KEY_ID": "AKIASTRANGER"})
        status, _, problem = functions["Stranger"].call("GET", "/api/v1/account", up.key)
        step("who does not know the access key gets nothing", status == 500 and problem["code"] == "internal_error", problem)
    finally:
        for function in functions.values():
            function.stop()
        step("it stops cleanly", up.stop() == 0)


def story(functions, key):
    site, hook = target(), target()
    body = {"url": site.url, "retries": 1, "regions": ["hel"], "webhook_url": hook.url}
    status, headers, made = functions["Monitors"].call("POST", "/api/v1/monitors", key, body)
    step("a function makes a monitor in its store", status == 201 and headers["x-request-id"] == "request-1", made)
    path = f"/api/v1/monitors/{made['id']}"
    site.status = 503
    status, _, asked = functions["Monitors"].call("POST", f"{path}/check", key)
    step("asks its checkers through its bus", status == 202 and asked["regions"] == ["hel"], asked)
    now = lambda: functions["Monitors"].call("GET", path, key)[2]["status"]
    step("which find it down, and its webhook worker tells", until(30, lambda: now() == "down") and until(20, lambda: hook.seen))
    incident = json.loads(hook.seen[0].body)["data"]["incident"]["id"]
    status, _, seen = functions["Incidents"].call("POST", f"/api/v1/incidents/{incident}/acknowledge", key)
    told = until(20, lambda: hook.events("incident.acknowledged"))
    step("and a function's own message goes through its queue", status == 200 and told, seen)
