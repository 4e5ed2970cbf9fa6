"""The API as programs see it that others wrote: `python3 tests/contract/run.py PATH_TO_VALPERO [PART…]`.

- rules: the document, by the rules of Redocly and Spectral
- examples: those of the document, by its schemas and sent to a server
- reference: the page under /docs/api, in Chromium
- client: a Python client that openapi-python-client makes from the document
- generators: clients of openapi-generator (Python, Go, TypeScript), openapi-typescript and @hey-api/openapi-ts
- signatures: webhooks, checked by the package of Standard Webhooks and by the README's one-liner
- receivers: what channels send, checked by the schemas, validators and types that receivers and others publish
- status: status pages, read by a client of Atlassian Statuspage, feed readers and a calendar, and through nginx
- prometheus: metrics, scraped by Prometheus, with our rules and dashboard
- schemathesis: every operation, by the document's word, with thousands of good and bad requests

It makes its own Python and npm environments under target/ and installs what Debian packages are missing, and then goes into a network
namespace of its own, from which nothing can reach any other machine. Takes about six minutes, most of them for the last part.
"""

import importlib
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

import suite
from testkit import network, packages
from testkit.processes import stop_all
from testkit.steps import summary

# The module of each part.
PARTS = {
    "rules": "rules",
    "examples": "examples",
    "reference": "reference",
    "client": "client",
    "generators": "generators",
    "signatures": "signatures",
    "receivers": "receivers",
    "status": "status",
    "prometheus": "scrape",
    "schemathesis": "fuzz",
}


def main(valpero, parts):
    network.settle()
    os.makedirs(suite.OUT, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        for part in parts or PARTS:
            print(f"      {part}", flush=True)
            importlib.import_module(PARTS[part]).run(valpero)
    finally:
        stop_all()
    summary()


if len(sys.argv) > 1 and sys.argv[1] == "--inside":
    main(os.path.abspath(sys.argv[2]), sys.argv[3:])
elif len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK) or not set(sys.argv[2:]) <= set(PARTS):
    sys.exit(f"usage: python3 tests/contract/run.py PATH_TO_VALPERO [{'|'.join(PARTS)}]…")
else:
    packages.install("prometheus", "chromium", "openssl", "iproute2", "nginx")
    suite.readers("statuspage.io")
    suite.linter("redocly")
    suite.typescript("tsc")
    suite.vendors("tsc")
    network.enter(suite.program("python"), __file__, *sys.argv[1:])
