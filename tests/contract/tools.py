"""What the parts of this suite share: their tools, `valpero up`, sites and receivers on loopback, and steps."""

import glob
import http.server
import json
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TOOLS = os.path.join(ROOT, "target", "contract-tools")
# Where the parts leave what they wrote and saw.
OUT = os.path.join(ROOT, "target", "contract")
PACKAGES = {"prometheus": "prometheus", "promtool": "prometheus", "chromium": "chromium", "openssl": "openssl", "ip": "iproute2"}

STEPS = 0
PROCESSES = []


def step(sentence, true, seen=""):
    """Ends the run where it is not true, and says what was seen instead."""
    global STEPS
    print(("ok    " if true else "FAILED ") + sentence, flush=True)
    if not true:
        print(str(seen() if callable(seen) else seen)[-12000:], flush=True)
        sys.exit(1)
    STEPS += 1


def until(seconds, look, every=0.25):
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(every)
    return look()


def program(name):
    """A program of the Python environment of requirements.txt, which is made where it does not exist."""
    wanted = open(os.path.join(HERE, "requirements.txt")).read()
    mark = os.path.join(TOOLS, "installed.txt")
    if not os.path.exists(mark) or open(mark).read() != wanted:
        print("      making the Python environment " + ", ".join(wanted.split()), flush=True)
        venv.create(TOOLS, with_pip=True, clear=True)
        pip = [os.path.join(TOOLS, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *wanted.split()], check=True)
        open(mark, "w").write(wanted)
    return os.path.join(TOOLS, "bin", name)


def packages():
    """Installs what Debian packages this machine lacks. A service that comes with one does not stay."""
    missing = sorted({package for name, package in PACKAGES.items() if not shutil.which(name)})
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise SystemExit("this suite needs what Debian's packages " + ", ".join(missing) + " have; install them")
    print("      installing " + ", ".join(missing), flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=True)
    if "prometheus" in missing:
        systemd = os.path.isdir("/run/systemd/system")
        command = ["systemctl", "disable", "--now", "prometheus"] if systemd else ["service", "prometheus", "stop"]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not until(10, lambda: not running("/usr/bin/prometheus")):
            raise SystemExit("installing prometheus has started a service that does not stop; stop it")


def running(path):
    """Whether anybody runs this program."""
    for process in glob.glob("/proc/[0-9]*/exe"):
        try:
            if os.readlink(process) == path:
                return True
        except OSError:
            pass  # it has ended, or is the kernel's
    return False


def spawn(command, log, **more):
    """A process whose output is in a file, and which ends with the suite."""
    process = subprocess.Popen(command, stderr=open(log, "w"), start_new_session=True, **more)
    PROCESSES.append(process)
    return process


def stop(process):
    """Ends a process and what it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def stop_all():
    for process in reversed(PROCESSES):
        stop(process)


def execute(command, seconds=60, **more):
    """Exit code and output of a command."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds, **more)
    return done.returncode, done.stdout


def tail(path):
    with open(path, errors="replace") as file:
        return file.read()[-6000:]


def folder(*names):
    """An empty folder under target/contract."""
    path = os.path.join(OUT, *names)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def get(url, headers=None):
    """Status, headers by their lower-case names, and body."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=20) as answer:
            return answer.status, lower(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, lower(error.headers), error.read()


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


class Up:
    """A running `valpero up` that remembers nothing, with its first key."""

    def __init__(self, valpero, part):
        self.log = os.path.join(OUT, part + ".log")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("VALPERO_", "AWS_"))}
        command = [valpero, "up", "--json", "--memory", "--addr", "127.0.0.1:0"]
        self.process = spawn(command, self.log, stdout=subprocess.PIPE, text=True, env=environment)
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        line = self.process.stdout.readline() if ready else ""
        try:
            shown = json.loads(line)
        except ValueError:
            raise SystemExit(f"FAILED valpero up shows {line!r} and no address\n" + tail(self.log)) from None
        self.url, self.key = shown["url"], shown["key"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def document(self):
        """The OpenAPI document, as anybody gets it."""
        return json.loads(get(f"{self.url}/docs/api/openapi.json")[2])


def operations(document):
    """Method, path and object of every operation; for a webhook, its name instead of a path."""
    methods = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
    places = [*document["paths"].items(), *document.get("webhooks", {}).items()]
    return [(method.upper(), path, item[method]) for path, item in places for method in methods if method in item]


class Site:
    """A server on loopback: what it answers, and a memory of what came. With a certificate it speaks TLS."""

    def __init__(self, status=200, certificate=None):
        self.status, self.seen = status, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                outer.seen.append((lower(self.headers), body))
                try:
                    self.send_response(outer.status)
                    self.send_header("content-length", "0")
                    self.end_headers()
                except OSError:
                    pass  # whoever asked has gone

            do_GET = do_POST = do_HEAD = handle_one

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a handshake that was not finished

        self.server = Quiet(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def failures(text):
    """From where a report tells of what is wrong, in lines that a person reads."""
    found = re.search(r"^=+ (ERRORS|FAILURES|WARNINGS) =+$", text, re.MULTILINE)
    return "\n".join(line[:400] for line in text[found.start() if found else 0 :].splitlines())
