"""A running `valpero up`."""

import json
import signal
import subprocess

from testkit.paths import tail
from testkit.ports import LOOPBACK
from testkit.processes import environment, first_line, spawn, stop
from testkit.web import send


class Up:
    """`valpero up` with these words. `key` is its first key, or the one given where it shows none."""

    def __init__(self, valpero, *words, log, key=None, address=LOOPBACK, settings=None):
        command = [valpero, "up", "--json", "--addr", f"{address}:0", *words]
        self.log = log
        self.process = spawn(command, log, stdout=subprocess.PIPE, text=True, env=environment() | (settings or {}))
        line = first_line(self.process)
        try:
            self.shown = json.loads(line)
        except ValueError:
            raise SystemExit(f"FAILED valpero up shows {line!r} and no address\n{tail(log)}") from None
        self.url, self.first_key = self.shown["url"], self.shown["key"]
        self.key = self.first_key or key

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)

    def call(self, method, path, body=None, key=None):
        """Status and JSON of an answer of the API."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        status, _, text = send(f"{self.url}/api/v1{path}", method, data, headers)
        return status, json.loads(text or b"null")

    def document(self):
        """The OpenAPI document."""
        return json.loads(send(f"{self.url}/docs/api/openapi.json")[2])

    def stop(self, how=signal.SIGINT):
        """Sends the signal to this process alone; answers its exit code."""
        self.process.send_signal(how)
        return self.process.wait(timeout=30)
