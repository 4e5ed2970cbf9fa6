"""Debian's prometheus-blackbox-exporter."""

import json
import os

from testkit.ports import listens
from testkit.processes import spawn, wait_ready

PROGRAM = "/usr/bin/prometheus-blackbox-exporter"


def start(folder, modules, port):
    """Starts one with these modules; answers its process."""
    settings = os.path.join(folder, "blackbox.yml")
    with open(settings, "w") as file:
        # YAML is a superset of JSON.
        json.dump({"modules": modules}, file, indent=1)
    words = [f"--config.file={settings}", f"--web.listen-address=127.0.0.1:{port}"]
    process = spawn([PROGRAM, *words], os.path.join(folder, "blackbox.log"))
    wait_ready("blackbox_exporter listens", lambda: listens(port))
    return process
