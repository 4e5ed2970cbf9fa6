"""Schemathesis over the served document: good requests are taken, bad ones refused, and every answer is what the document says.

schemathesis.toml says how it runs, and hooks.py what it must know."""

import json
import os
import re
import subprocess
import sys

from suite import HERE, alerted, joined, operations, program, shown, start, subscribed
from testkit.paths import new_folder, read, tail, write
from testkit.steps import step
from testkit.waiting import until

# Alone it takes eleven: some 10,000 requests at the pace of the key. Beside other suites on a slow day it takes more.
MINUTES = 60
# It leaves out where it has the document from.
DOCUMENT = "/docs/api/openapi.json"


def run(valpero):
    with start(valpero, "schemathesis") as up:
        place = new_folder("contract", "schemathesis")
        peopled(up)
        code, said, report = tried(up, place)
        walked = set(read(os.path.join(place, "walked.txt")).split())
        lists = {path for _, path, one in operations(up.document()) if any(of["name"] == "cursor" for of in one.get("parameters", []))}
        # A key has no sessions.
        lists.remove("/api/v1/sessions")
        step("Schemathesis runs to its end", report["complete"], lambda: failures(said))
        seen = report["operations"]
        count = len([path for _, path, _ in operations(up.document()) if path.startswith("/") and path != DOCUMENT])
        step(f"it tries all {count} operations", seen["total"] == seen["tested"] == count and not seen["errored"], seen)
        cases = report["test_cases"]
        step(f"with {cases['generated']} requests", cases["generated"] >= 20 * count, cases)
        step("and every answer is as the document says", code == 0 and not cases["with_failures"], lambda: failures(said))
        step(f"cursors have led to further pages of all {len(lists)} lists", walked == lists, lists - walked)
        step("the key that it used still opens the account", up.call("GET", "/account")[0] in (200, 429))


def peopled(up):
    """Monitors that are down, their incidents and their deliveries, and whom they would alert, so that the run finds several of each."""
    nobody = "http://127.0.0.1:9/"
    for _ in range(3):
        status, monitor = up.call("POST", "/monitors", {"url": nobody, "webhook_url": nobody, "retries": 0})
        step("a monitor is made of a site that is not there", status == 201, monitor)
        up.call("POST", f"/monitors/{monitor['id']}/check")
    three = lambda path: until(90, lambda: len(up.call("GET", path)[1]["data"]) >= 3)
    alerted(up)
    page, _, _ = shown(up)
    subscribed(up, page, 9)
    for name in ("ada", "bob", "eve"):
        joined(up, f"{name}@example.com")
        up.call("POST", "/people/invitations", {"email": f"{name}.too@example.com", "role": "viewer"})
    step("their incidents open", three("/incidents"), lambda: tail(up.log))
    step("and webhooks tell of them", three("/webhooks/deliveries"), lambda: tail(up.log))


def tried(up, place):
    output, report = os.path.join(place, "output.txt"), os.path.join(place, "report.json")
    command = [program("st"), "--config-file", os.path.join(HERE, "schemathesis.toml"), "--no-color", "run"]
    command += [f"{up.url}{DOCUMENT}", "--report", "json", "--report-json-path", report]
    ours = {"VALPERO_URL": up.url, "VALPERO_KEY": up.key, "SCHEMATHESIS_HOOKS": os.path.join(HERE, "hooks.py")}
    ours["VALPERO_WALKED"] = os.path.join(place, "walked.txt")
    write(ours["VALPERO_WALKED"], "")
    environment = os.environ | ours | {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"}
    with open(output, "w") as file:
        try:
            done = subprocess.run(command, cwd=place, env=environment, stdout=file, stderr=file, timeout=60 * MINUTES, check=False)
            code = done.returncode
        except subprocess.TimeoutExpired:
            code = None
    with open(output, errors="replace") as file:
        said = file.read()
    if code is None or not os.path.exists(report):
        print(said[-6000:])
        sys.exit(f"FAILED Schemathesis {'does not end' if code is None else 'says nothing'}")
    with open(report) as file:
        return code, said, json.load(file)


def failures(text):
    """From where a report tells of what is wrong, in lines that a person reads."""
    found = re.search(r"^=+ (ERRORS|FAILURES|WARNINGS) =+$", text, re.MULTILINE)
    return "\n".join(line[:400] for line in text[found.start() if found else 0 :].splitlines())
