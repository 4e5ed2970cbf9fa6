"""Lighthouse's scores of the pages that people look at most, by its mobile preset."""

import json
import os
import subprocess

from parts import CHROMIUM, FLAGS, cookies_of, enter
from testkit.processes import environment
from testkit.site import Site
from testkit.waiting import until

LEAST = 98
CATEGORIES = ("performance", "accessibility", "best-practices")
# Performance is measured on this machine, which may be busy: of so many tries the best counts.
TRIES = 3


def run(part):
    up, site, broken = part.up(), Site(), Site()
    broken.status = 503
    context, _ = part.context(up)
    page = context.new_page()
    enter(page, up.shown["link"])
    for number in range(50):
        up.call("POST", "/monitors", {"url": f"{site.url}{number}", "name": f"Shop {number}"})
    _, monitor = up.call("POST", "/monitors", {"url": broken.url, "name": "Broken", "retries": 0})
    up.call("POST", f"/monitors/{monitor['id']}/check")
    incident = until(60, lambda: up.call("GET", "/incidents")[1]["data"])
    part.must("there is an incident", incident, up.call("GET", f"/monitors/{monitor['id']}"))
    components = [{"name": "Shop", "monitor_ids": [monitor["id"]]}, {"name": "Docs"}]
    up.call("POST", "/status-pages", {"slug": "acme", "title": "Acme", "description": "What works.", "components": components})
    for path in ("/status/acme", "/monitors", f"/monitors/{monitor['id']}", f"/incidents/{incident[0]['id']}"):
        scores = best(part, up.url + path, cookies_of(context)["Cookie"])
        what = path.rsplit("/", 1)[0] + "/{id}" if path.count("/") > 1 else path
        part.note(f"{what}: " + ", ".join(f"{name} {score}" for name, score in scores.items()))
        part.check(f"{what} has {LEAST} or more of 100 in each category", all(score >= LEAST for score in scores.values()), scores)


def best(part, url, cookie):
    found: dict[str, int] = {}
    for _ in range(TRIES):
        for name, score in scores_of(part, url, cookie).items():
            found[name] = max(score, found.get(name, 0))
        if found["performance"] >= LEAST:
            break
    return found


def scores_of(part, url, cookie):
    report = os.path.join(part.folder, "lighthouse.json")
    program = os.path.join(part.packages, ".bin", "lighthouse")
    command = [program, url, "--quiet", "--output=json", f"--output-path={report}", f"--only-categories={','.join(CATEGORIES)}"]
    command += [f"--chrome-flags=--headless {' '.join(FLAGS)}", "--extra-headers", json.dumps({"Cookie": cookie})]
    done = subprocess.run(command, env=environment() | {"CHROME_PATH": CHROMIUM}, capture_output=True, text=True, timeout=600, check=False)
    part.must("Lighthouse runs", done.returncode == 0, done.stderr[-2000:])
    with open(report) as file:
        categories = json.load(file)["categories"]
    return {name: round(100 * categories[name]["score"]) for name in CATEGORIES}
