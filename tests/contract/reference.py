"""The reference for people: Redoc in Chromium shows every operation, and where its script does not load, a plain list does."""

import contextlib
import json
import os
import re
import shutil
import urllib.parse

from playwright.sync_api import Error, sync_playwright

from suite import OUT, operations, start
from testkit.steps import step
from testkit.web import send

# Redoc's own mark at the foot of its menu: the one thing that the page loads from elsewhere.
LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"
EMPTY_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg"/>'
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


def run(valpero):
    with start(valpero, "reference") as up, sync_playwright() as playwright:
        status, headers, body = send(f"{up.url}/docs/api/openapi.json")
        step("the document is there for everybody", status == 200 and "json" in headers["content-type"], (status, headers))
        document = json.loads(body)
        step("and is OpenAPI 3.1", document["openapi"].startswith("3.1."), document["openapi"])
        wanted = operations(document)
        ids = [operation.get("operationId") for _, _, operation in wanted]
        step("each operation has a name of its own", all(ids) and len(set(ids)) == len(ids), ids)
        nameless = [operation["operationId"] for _, _, operation in wanted if not operation.get("summary")]
        step("and a summary", not nameless, nameless)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", *QUIET])
        shown(browser, up.url, wanted)
        fallback(browser, up.url, wanted)
        browser.close()


def shown(browser, url, wanted):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    errors, foreign = [], []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: foreign.append(request.url) if elsewhere(request.url, url) else None)
    page.route(LOGO, lambda route: route.fulfill(content_type="image/svg+xml", body=EMPTY_PICTURE))
    answer = page.goto(f"{url}/docs/api")
    step("the reference is a page", answer.status == 200 and "text/html" in answer.headers["content-type"], answer.headers)
    sections = "[data-section-id^='operation/']"
    # The steps say what is missing.
    with contextlib.suppress(Error):
        page.locator(sections).nth(len(wanted) - 1).wait_for(state="attached", timeout=60_000)
    hint = "Is Redoc embedded? Run functions/docs/redoc/fetch, and build again."
    step("which needs nobody but this server", not foreign, f"{foreign}\n{hint}")
    there = page.eval_on_selector_all(sections, "all => all.map(one => [one.dataset.sectionId, one.querySelector('h2')?.innerText ?? ''])")
    titles = {section.removeprefix("operation/"): title for section, title in there}
    missing = [one["operationId"] for _, _, one in wanted if words(one["summary"]) not in words(titles.get(one["operationId"], ""))]
    step(f"it shows all {len(wanted)} operations", not missing, lambda: (missing, titles, set(errors), page.inner_text("body")[:2000]))
    step("without an error in the console", not errors, set(errors))
    page.screenshot(path=os.path.join(OUT, "reference.png"), full_page=True)
    page.close()


def elsewhere(asked, url):
    place = urllib.parse.urlsplit(asked)
    return place.scheme not in ("blob", "data") and f"{place.scheme}://{place.netloc}" != url and asked != LOGO


def words(text):
    """With single spaces, as HTML shows it."""
    return " ".join(text.split())


def fallback(browser, url, wanted):
    page = browser.new_page()
    blocked = []
    page.route("**/redoc.standalone.js*", lambda route: (blocked.append(route.request.url), route.abort()))
    page.goto(f"{url}/docs/api")
    text = words(page.inner_text("body"))
    step("the page asks for Redoc's script by its name", blocked, page.content)
    # A webhook has a name instead of a path.
    lines = [f"{method} {path}" if path.startswith("/") else path for method, path, _ in wanted]
    missing = [line for line in lines if not re.search(re.escape(line) + r"(?![\w/{])", text)]
    step("and where it does not load, lists every operation itself", not missing, (missing, text))
    page.close()
