"""An AWS of one's own on loopback: MiniStack, which runs the deployed bootstraps as processes, behind microburst, which can make
its answers fail. IAM policies are enforced. Every port is one that the system gave."""

import atexit
import functools
import http.client
import json
import os
import re
import shutil
import tempfile
import urllib.parse
from typing import Any

from testkit import environments
from testkit.paths import ROOT, TARGET
from testkit.ports import free_port, listens
from testkit.processes import environment, output, spawn, wait_ready
from testkit.site import Site

HERE = os.path.dirname(os.path.abspath(__file__))
# Where the sites and receivers are. A deployed checker goes to no loopback address: on AWS that is the Lambda runtime's.
TARGETS = "10.77.0.1"
TOOLS = os.path.join(TARGET, "aws-tools")


def tool(name, program):
    """A program of one of the environments of requirements/."""
    requirements = [os.path.join(HERE, "requirements", name + ".txt")]
    # The tools that users build and deploy with are named where users find them.
    requirements += [os.path.join(ROOT, "infra", "requirements.txt")] if name == "sam" else []
    return environments.program(os.path.join(TOOLS, name), program, *requirements)


def target():
    """A site or a receiver that the deployed functions reach."""
    return Site(address=TARGETS)


class Cloud:
    """The emulated AWS. `logs` is where its own log is, and `mails` has a line for each request to send a mail."""

    def __init__(self):
        self.port, self.burst_port = free_port(), free_port()
        self.folder = tempfile.mkdtemp(prefix="valpero-cloud-")
        self.logs, self.mails = os.path.join(self.folder, "ministack.log"), os.path.join(self.folder, "mails")
        self.direct, self.faulty = (f"http://127.0.0.1:{port}" for port in (self.port, self.burst_port))

    def start(self):
        base = environment() | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        # The emulator hands its own endpoint to the functions it runs: theirs leads through the faults, ours does not.
        burst = [tool("burst", "python"), os.path.join(HERE, "burst.py"), self.mails, "--upstream", self.direct, "--no-resign"]
        burst += ["--host", "127.0.0.1", "--port", str(self.burst_port)]
        spawn(burst, os.path.join(self.folder, "microburst.log"), env=base)
        settings = {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "localhost",
            "IOT_MTLS_ENABLED": "0",
            "LAMBDA_EXECUTOR": "local",
            "MINISTACK_REGION": "eu-north-1",
            "AUTH": "true",
            "STATE_DIR": self.folder,
            "S3_DATA_DIR": os.path.join(self.folder, "s3"),
            "AWS_ENDPOINT_URL": self.faulty,
        }
        # It leaves the unpacked functions of each run, hundreds of megabytes, in the folder for temporary files.
        settings["TMPDIR"] = os.path.join(self.folder, "tmp")
        os.makedirs(settings["TMPDIR"])
        atexit.register(shutil.rmtree, settings["TMPDIR"], ignore_errors=True)
        spawn([tool("cloud", "ministack")], self.logs, env=base | settings)
        self.environment = base | {"AWS_ENDPOINT_URL": self.direct, "SAM_CLI_TELEMETRY": "0"}
        for port in (self.port, self.burst_port):
            wait_ready(f"the emulated AWS listens on {port}", functools.partial(listens, port), 60)

    def client(self, service, region):
        """A boto3 client. boto3 lives in the emulator's environment, and so does this process."""
        import boto3  # noqa: PLC0415

        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.direct, region_name=region, **keys)

    def faults(self, rules):
        """Makes the functions' calls fail by these rules of microburst, instead of those before."""
        connection = http.client.HTTPConnection("127.0.0.1", self.burst_port, timeout=30)
        connection.request("POST", "/_microburst/rules", json.dumps(rules), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status < 300, body

    def fired(self):
        """The faults that have been made since the start."""
        connection = http.client.HTTPConnection("127.0.0.1", self.burst_port, timeout=30)
        connection.request("GET", "/_microburst/fired?limit=100000")
        return json.loads(connection.getresponse().read())

    def mail(self):
        """The mails that SES has taken, the oldest first."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", "/_ministack/ses/messages")
        accounts = json.loads(connection.getresponse().read())["messages"].values()
        return [mail for mails in accounts for mail in mails]

    def log(self, function, region):
        """What a function has logged, line by line."""
        logs = self.client("logs", region).get_paginator("filter_log_events")
        pages = logs.paginate(logGroupName=f"/aws/lambda/{function}")
        return [event["message"].rstrip() for page in pages for event in page["events"]]


def run(command, environment):
    """What a command of ours writes to stdout, run in the repository's root. Builds take as long as they take."""
    return output(command, None, cwd=ROOT, env=environment)


def outputs(cloud, stack, region):
    described = cloud.client("cloudformation", region).describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


class Api:
    """The deployed API with one key. The emulator tells APIs apart by the host name, which is not in any DNS."""

    def __init__(self, url, token):
        self.host, self.token = re.sub("^http://", "", url), token
        self.port = int(self.host.rsplit(":", 1)[1])

    def call(self, method, path, body=None, headers=None):
        sent = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        if body is not None:
            sent["Content-Type"] = "application/json"
        return self.send(method, path, None if body is None else json.dumps(body), sent)

    def form(self, path, fields, headers=None):
        """Sends a form, as a page of the deployment's own does."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"} | (headers or {})
        return self.send("POST", path, urllib.parse.urlencode(fields), sent)

    def send(self, method, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, {"Host": self.host} | headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text

    @property
    def json(self) -> Any:
        return json.loads(self.text) if self.text else None

    def __repr__(self):
        return f"{self.status} {self.headers} {self.text[:600]!r}"
