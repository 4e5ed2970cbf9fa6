"""The dashboard in a real browser: `python3 tests/browser/run.py PATH_TO_VALPERO [PART…]`.

Starts `valpero up` for each part and drives Debian's Chromium by Playwright: the story of a person who sets monitoring up, with JavaScript,
without it and on a small screen; every page that links lead to, looked at by axe-core and by rules of our own; the keyboard alone; attacks;
the weights of pages; Lighthouse. What fails is kept as a picture in target/browser-screens, beside one of each kind of page. It makes its
own Python environment under target/ and goes into a network namespace from which nothing reaches any other machine. It takes four minutes.
"""

import importlib
import os
import pathlib
import signal
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

from testkit import environments, network, packages
from testkit.paths import TARGET, new_folder, read
from testkit.processes import stop_all

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(TARGET, "browser-tools")
AXE = os.path.join(TOOLS, "node_modules", "axe-core", "axe.min.js")

# Each part's module. Those of one line run one after the other, the lines at once.
LINES = [
    ["story.wide", "weights"],
    ["story.plain", "keyboard", "posted"],
    ["story.small", "attacks", "planted", "status"],
    ["pages"],
]
# What measures time has the machine for itself, at the end.
ALONE = ["lighthouse"]


def tools():
    """The Python that has Playwright; axe-core is beside it."""
    python = environments.program(TOOLS, "python", os.path.join(HERE, "requirements.txt"))
    wanted = read(os.path.join(HERE, "npm.txt"))
    mark = os.path.join(TOOLS, "npm-installed.txt")
    if not os.path.exists(AXE) or not os.path.exists(mark) or read(mark) != wanted:
        print("      installing npm packages into browser-tools", flush=True)
        npm = ["npm", "install", "--ignore-scripts", "--prefix", TOOLS, "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([*npm, *wanted.split()], stdout=subprocess.DEVNULL, check=True)
        pathlib.Path(mark).write_text(wanted)
    return python


def main(valpero, parts):
    # Only the environment that is made above has what they import.
    checks = importlib.import_module("checks")
    run_part = importlib.import_module("parts").run_part
    network.settle()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    screens, servers = new_folder("browser-screens"), new_folder("browser-servers")
    checks.begin(screens)
    lines = [[name for name in line if not parts or name in parts] for line in LINES]
    work = [threading.Thread(target=lambda line=line: [run_part(name, valpero, servers, TOOLS) for name in line]) for line in lines]
    try:
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()
        for name in ALONE:
            if not parts or name in parts:
                run_part(name, valpero, servers, TOOLS)
    finally:
        stop_all()
    sys.exit(checks.summary())


if len(sys.argv) > 2 and sys.argv[1] == "--inside":
    main(os.path.abspath(sys.argv[2]), sys.argv[3:])
elif len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
    sys.exit("usage: python3 tests/browser/run.py PATH_TO_VALPERO [PART…]")
else:
    packages.install("chromium", "iproute2")
    network.enter(tools(), __file__, os.path.abspath(sys.argv[1]), *sys.argv[2:])
