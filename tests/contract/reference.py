"""The reference for people in Chromium: the page itself, light, dark and narrow, and the same document in Redoc."""

import contextlib
import json
import os
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
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", *QUIET])
        plain(browser, up.url, document)
        redoc(browser, up.url, wanted)
        browser.close()


def plain(browser, url, document):
    page, errors, foreign = watched(browser, url, viewport={"width": 1400, "height": 1000})
    answer = page.goto(f"{url}/docs/api")
    step("the reference is a page", answer.status == 200 and "text/html" in answer.headers["content-type"], answer.headers)
    step("without scripts", page.locator("script").count() == 0, page.content)
    step("it has its style, which its policy allows", style(page, "margin") == "0px", errors)
    step("which needs nobody but this server", not foreign, foreign)
    step("and nothing that its policy forbids", not errors, errors)
    missing = [
        one["operationId"] for method, path, one in operations(document) if path.startswith("/") and not described(page, method, path, one)
    ]
    step("it describes every operation", not missing, missing)
    missing = [event for event in document["webhooks"] if event not in page.locator(f"[id='event-{event}']").inner_text()]
    step("and every event", not missing, missing)
    ids = page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    step("no two places have the same name", len(set(ids)) == len(ids), [one for one in set(ids) if ids.count(one) > 1])
    anchors = page.eval_on_selector_all("a[href^='#']", "all => all.map(one => one.getAttribute('href').slice(1))")
    step("and every link within the page leads to one", set(anchors) <= set(ids), set(anchors) - set(ids))
    problems = [problem["value"]["type"] for problem in examples(document)]
    missing = [problem for problem in problems if problem.removeprefix("/docs/api#") not in ids]
    step("as does the type of every problem", problems and not missing, missing)
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.className + ' ' + getComputedStyle(document.activeElement).outlineStyle")
    step("the keyboard finds the way past the contents, and shows where it is", focused == "skip solid", focused)
    page.screenshot(path=os.path.join(OUT, "reference.png"))
    light = style(page, "backgroundColor")
    page.close()
    dark, _, _ = watched(browser, url, viewport={"width": 1400, "height": 1000}, color_scheme="dark")
    dark.goto(f"{url}/docs/api#create_monitor")
    step("it is dark where that is wished", style(dark, "backgroundColor") != light, light)
    dark.screenshot(path=os.path.join(OUT, "reference-dark.png"))
    dark.close()
    narrow, _, _ = watched(browser, url, viewport={"width": 360, "height": 740})
    narrow.goto(f"{url}/docs/api#create_monitor")
    # What is folded away must fit, too.
    narrow.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    width = narrow.evaluate("document.documentElement.scrollWidth")
    step("and fits a screen of 360 pixels", width == 360, width)
    narrow.screenshot(path=os.path.join(OUT, "reference-narrow.png"))
    narrow.close()


def watched(browser, url, **options):
    """A page, the errors in its console, and what it asks of others."""
    page = browser.new_page(**options)
    # Redoc renders all operations at once, which takes long on a busy machine.
    page.set_default_timeout(240_000)
    errors, foreign = [], []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: foreign.append(request.url) if elsewhere(request.url, url) else None)
    page.route(LOGO, lambda route: route.fulfill(content_type="image/svg+xml", body=EMPTY_PICTURE))
    return page, errors, foreign


def style(page, name):
    return page.evaluate(f"getComputedStyle(document.body).{name}")


def described(page, method, path, operation):
    """Whether the part about an operation shows its summary, its route and its scopes."""
    part = page.locator(f"article[aria-labelledby='{operation['operationId']}']")
    text = words(part.inner_text())
    scopes = [scope for one in operation["security"] for scope in one["key"]]
    return all(wanted in text for wanted in [operation["summary"], f"{method} {path}", *scopes])


def examples(document):
    """The example of every problem that any operation can answer with."""
    every = [response for _, _, one in operations(document) for response in one["responses"].values()]
    for response in [*every, *document["components"]["responses"].values()]:
        yield from response.get("content", {}).get("application/problem+json", {}).get("examples", {}).values()


def redoc(browser, url, wanted):
    page, errors, foreign = watched(browser, url, viewport={"width": 1400, "height": 1000})
    page.goto(f"{url}/docs/api")
    page.get_by_text("Open in Redoc").click()
    sections = "[data-section-id^='operation/']"
    # The steps say what is missing.
    with contextlib.suppress(Error):
        page.locator(sections).nth(len(wanted) - 1).wait_for(state="attached")
    hint = "Is Redoc embedded? Run functions/docs/redoc/fetch, and build again."
    step("Redoc needs nobody but this server either", not foreign, f"{foreign}\n{hint}")
    there = page.eval_on_selector_all(sections, "all => all.map(one => [one.dataset.sectionId, one.querySelector('h2')?.innerText ?? ''])")
    titles = {section.removeprefix("operation/"): title for section, title in there}
    missing = [one["operationId"] for _, _, one in wanted if words(one["summary"]) not in words(titles.get(one["operationId"], ""))]
    step(f"it shows all {len(wanted)} operations", not missing, lambda: (missing, titles, set(errors), page.inner_text("body")[:2000]))
    step("without an error in the console", not errors, set(errors))
    # The viewport alone: a screenshot of the full page timed out on a busy machine.
    page.screenshot(path=os.path.join(OUT, "reference-redoc.png"))
    page.close()


def elsewhere(asked, url):
    place = urllib.parse.urlsplit(asked)
    return place.scheme not in ("blob", "data") and f"{place.scheme}://{place.netloc}" != url and asked != LOGO


def words(text):
    """With single spaces, as HTML shows it."""
    return " ".join(text.split())
