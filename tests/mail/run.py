"""Mail by real SMTP servers: `python3 tests/mail/run.py PATH_TO_VALPERO`.

Starts `valpero up --smtp …` beside servers of aiosmtpd that do what the case says: take mail, encrypt or do not, refuse, hang, close. What
arrives is read by Python's `email` package. It makes its own Python environment under target/ and goes into a network namespace from
which nothing reaches any other machine. Takes about a minute.
"""

import importlib
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

from testkit import environments, network, packages
from testkit.paths import TARGET, new_folder
from testkit.processes import stop_all
from testkit.steps import summary

HERE = os.path.dirname(os.path.abspath(__file__))


def main(valpero):
    # Only the environment that is made below has what it imports.
    cases = importlib.import_module("cases")
    network.settle()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        cases.run(valpero, new_folder("mail"))
    finally:
        stop_all()
    summary()


if len(sys.argv) > 1 and sys.argv[1] == "--inside":
    main(os.path.abspath(sys.argv[2]))
elif len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
    sys.exit("usage: python3 tests/mail/run.py PATH_TO_VALPERO")
else:
    packages.install("openssl", "iproute2")
    python = environments.program(os.path.join(TARGET, "mail-tools"), "python", os.path.join(HERE, "requirements.txt"))
    network.enter(python, __file__, os.path.abspath(sys.argv[1]))
