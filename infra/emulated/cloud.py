"""An AWS of one's own on loopback: MiniStack, which runs the deployed bootstraps as processes, behind microburst, which can make
its answers fail. IAM policies are enforced. Every port is one that the system gave."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# Where the sites and receivers are. A deployed checker goes to no loopback address: on AWS that is the Lambda runtime's.
TARGETS = "10.77.0.1"
TOOLS = os.path.join(ROOT, "target", "aws-tools")


def tool(environment, name):
    """A program of one of the environments of requirements/, which are made where they do not exist."""
    folder = os.path.join(TOOLS, environment)
    requirements = [os.path.join(HERE, "requirements", environment + ".txt")]
    # The tools that users build and deploy with are named where users find them.
    requirements += [os.path.join(ROOT, "infra", "requirements.txt")] if environment == "sam" else []
    wanted = "".join(open(path).read() for path in requirements)
    mark = os.path.join(folder, "installed.txt")
    if not os.path.exists(mark) or open(mark).read() != wanted:
        print(f"      making the Python environment {environment}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        pip = [os.path.join(folder, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *(f"--requirement={path}" for path in requirements)], check=True)
        open(mark, "w").write(wanted)
    return os.path.join(folder, "bin", name)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Cloud:
    """The emulated AWS. `logs` is where its own log is."""

    def __init__(self):
        self.port, self.burst_port = free_port(), free_port()
        self.processes = []
        self.folder = tempfile.mkdtemp(prefix="valpero-cloud-")
        self.logs = os.path.join(self.folder, "ministack.log")
        self.direct, self.faulty = (f"http://127.0.0.1:{port}" for port in (self.port, self.burst_port))

    def start(self):
        base = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "VALPERO_"))}
        base |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        # The emulator hands its own endpoint to the functions it runs: theirs leads through the faults, ours does not.
        burst = [tool("burst", "python"), os.path.join(HERE, "burst.py"), "--upstream", self.direct, "--no-resign"]
        burst += ["--host", "127.0.0.1", "--port", str(self.burst_port)]
        self.spawn(burst, base, subprocess.DEVNULL)
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
        self.spawn([tool("cloud", "ministack")], base | settings, open(self.logs, "w"))
        self.environment = base | {"AWS_ENDPOINT_URL": self.direct, "SAM_CLI_TELEMETRY": "0"}
        for url in (self.direct, self.faulty):
            if not until(60, lambda: answers(url)):
                raise SystemExit(f"the emulated AWS does not answer at {url}; see {self.logs}")

    def spawn(self, command, environment, output):
        more = {"stdout": output, "stderr": subprocess.STDOUT, "start_new_session": True}
        self.processes.append(subprocess.Popen(command, env=environment, **more))

    def stop(self):
        """Ends the emulators, and the functions that they started."""
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def client(self, service, region):
        """A boto3 client. boto3 lives in the emulator's environment, and so does this process."""
        import boto3

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

    def log(self, function, region):
        """What a function has logged, line by line."""
        logs = self.client("logs", region).get_paginator("filter_log_events")
        pages = logs.paginate(logGroupName=f"/aws/lambda/{function}")
        return [event["message"].rstrip() for page in pages for event in page["events"]]


def answers(url):
    place = urllib.parse.urlsplit(url)
    try:
        with socket.create_connection((place.hostname, place.port), timeout=1):
            return True
    except OSError:
        return False


def until(seconds, look, every=0.5):
    """What `look` finds, as soon as it finds something: the schedule is real, so this waits for it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(every)
    return look()


def run(command, environment, **more):
    """Runs a command of ours, and shows what it said where it failed."""
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.stdout.write(done.stdout[-8000:] + done.stderr[-4000:])
        raise SystemExit(f"FAILED {' '.join(command[:3])} … ended with {done.returncode}")
    return done.stdout


def outputs(cloud, stack, region):
    described = cloud.client("cloudformation", region).describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


class Api:
    """The deployed API with one key. The emulator tells APIs apart by the host name, which is not in any DNS."""

    def __init__(self, url, token):
        self.host, self.token = re.sub("^http://", "", url), token
        self.port = int(self.host.rsplit(":", 1)[1])

    def call(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Host": self.host, "Authorization": f"Bearer {self.token}"} | (headers or {})
        if body is not None:
            sent["Content-Type"] = "application/json"
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text

    @property
    def json(self):
        return json.loads(self.text) if self.text else None

    def __repr__(self):
        return f"{self.status} {self.headers} {self.text[:600]!r}"
