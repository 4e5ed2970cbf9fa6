"""The API as programs see it that others wrote: `python3 tests/contract/run.py PATH_TO_VALPERO [PART…]`.

- reference: the page under /docs/api, in Chromium
- client: a Python client that openapi-python-client makes from the document
- signatures: webhooks, checked by the package of Standard Webhooks and by the README's one-liner
- prometheus: metrics, scraped by Prometheus, with our rules and dashboard
- schemathesis: every operation, by the document's word, with thousands of good and bad requests

It makes its own Python environment under target/ and installs what Debian packages are missing, and then goes into a network namespace
of its own, from which nothing can reach any other machine. Takes about three minutes, most of them for the last part.
"""

import importlib
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tools  # noqa: E402

# The module of each part.
PARTS = {"reference": "reference", "client": "client", "signatures": "signatures", "prometheus": "scrape", "schemathesis": "fuzz"}


def main(valpero, parts):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    os.makedirs(tools.OUT, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        for part in parts or PARTS:
            print(f"      {part}", flush=True)
            importlib.import_module(PARTS[part]).run(valpero)
    finally:
        tools.stop_all()
    print(f"{tools.STEPS} passed, 0 failed")


if len(sys.argv) > 1 and sys.argv[1] == "--inside":
    main(os.path.abspath(sys.argv[2]), sys.argv[3:])
elif len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK) or not set(sys.argv[2:]) <= set(PARTS):
    sys.exit(f"usage: python3 tests/contract/run.py PATH_TO_VALPERO [{'|'.join(PARTS)}]…")
else:
    tools.packages()
    inside = [tools.program("python"), os.path.abspath(__file__), "--inside", *sys.argv[1:]]
    os.execvp("unshare", ["unshare", "--net", "--map-root-user", *inside])
