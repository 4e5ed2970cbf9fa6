"""Cold starts of the built functions, beside the least that a function can be: `python3 infra/bench/coldstart.py [RUNS [BUILD]]`.

BUILD is the folder that `sam build` (x86_64) made, .aws-sam/build unless told otherwise. Needs the SAM CLI's environment that infra/emulated/run.py makes; builds the bare function itself. Each
bootstrap is started by the Lambda runtime emulator that ships inside the SAM CLI. What is measured is the time from its exec to its
first GET of /next, and the CPU time that all its threads had used by then; the emulator's own "Init Duration" is something else. The
machine is as noisy as it is, so the smallest of many runs is shown first."""

import glob
import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
BUILD = sys.argv[2] if len(sys.argv) > 2 else os.path.join(ROOT, ".aws-sam", "build")
VARIABLES = {
    "VALPERO_STACK": "bench",
    "VALPERO_HOME_REGION": "eu-north-1",
    "VALPERO_QUEUE_URL": "http://127.0.0.1:9/queue",
    "VALPERO_REGION": "hel",
    "AWS_REGION": "eu-north-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
}


def emulator():
    found = glob.glob(f"{ROOT}/target/aws-tools/sam/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64")
    return found[0] if found else sys.exit("coldstart: run infra/emulated/run.py once; it installs the SAM CLI")


def bootstraps():
    target = "x86_64-unknown-linux-gnu"
    build = ["cargo", "build", "--release", "--quiet", "--target", target, "--example", "hello"]
    subprocess.run(build, cwd=ROOT, check=True)
    folder = os.environ.get("CARGO_TARGET_DIR", f"{ROOT}/target")
    built = {"a bare function": f"{folder}/{target}/release/examples/hello"}
    for path in sorted(glob.glob(f"{BUILD}/**/bootstrap", recursive=True)):
        built[os.path.basename(os.path.dirname(path)).removesuffix("Function").lower()] = path
    return built if len(built) > 1 else sys.exit("coldstart: run `sam build --parameter-overrides Architecture=x86_64` first")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Doorkeeper:
    """Stands before the emulator's runtime API: notes when the first request came, and what CPU time its process had used."""

    def __init__(self, pid_file):
        self.pid_file, self.at, self.cpu = pid_file, None, None
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.noted = threading.Event()
        threading.Thread(target=self.note, daemon=True).start()

    def note(self):
        connection, _ = self.socket.accept()
        request = connection.recv(4096)
        self.at = time.time()
        pid = open(self.pid_file).read().split()[0]
        tasks = glob.glob(f"/proc/{pid}/task/*/schedstat")
        self.cpu = sum(int(open(task).read().split()[0]) for task in tasks) / 1e6
        assert b"/runtime/invocation/next" in request, request
        self.noted.set()  # nothing is answered: the function has started, and is waiting for work
        self.kept = connection


def start(path, folder):
    """One cold start: milliseconds from exec to the first /next, and of CPU."""
    pid_file = os.path.join(folder, "pid")
    doorkeeper = Doorkeeper(pid_file)
    wrapper = os.path.join(folder, "bootstrap")
    with open(wrapper, "w") as script:
        script.write(f"#!/bin/bash\nexport AWS_LAMBDA_RUNTIME_API=127.0.0.1:{doorkeeper.port}\n")
        script.write(f'echo "$$ $EPOCHREALTIME" > {pid_file}\nexec {path}\n')
    os.chmod(wrapper, 0o755)
    port, api = free_port(), free_port()
    command = [emulator(), "--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    command += ["--runtime-api-address", f"127.0.0.1:{api}", wrapper]
    environment = {"PATH": os.environ["PATH"], **VARIABLES}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        invoke(port)
        if not doorkeeper.noted.wait(10):
            sys.exit(f"coldstart: {path} never asked for work")
        began = float(open(pid_file).read().split()[1])
        return (doorkeeper.at - began) * 1000, doorkeeper.cpu
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def invoke(port):
    """The emulator starts a function with its first invocation."""
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("POST", "/2015-03-31/functions/function/invocations", "{}")
            return
        except OSError:
            time.sleep(0.02)
    sys.exit("coldstart: the emulator did not start")


def main():
    built = bootstraps()
    seen = {name: [] for name in built}
    with tempfile.TemporaryDirectory() as folder:
        # In turn, so that a slow minute of the machine is everybody's.
        for _ in range(RUNS):
            for name, path in built.items():
                seen[name].append(start(path, folder))
    bare = min(ms for ms, _ in seen["a bare function"])
    print("| function | MB | ms, least | ms, median | × bare | CPU ms, least |\n|---|---|---|---|---|---|")
    for name, path in built.items():
        times, cpu = [ms for ms, _ in seen[name]], [cpu for _, cpu in seen[name]]
        size = os.path.getsize(path) / 1e6
        print(f"| {name} | {size:.1f} | {min(times):.1f} | {statistics.median(times):.1f} | {min(times) / bare:.1f} | {min(cpu):.1f} |")


main()
