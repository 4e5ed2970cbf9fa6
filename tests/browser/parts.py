"""What each part has: a browser, a server of its own, and its checks."""

import contextlib
import http.client
import importlib
import os
import subprocess
import time
import traceback
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from checks import Checks, Over
from testkit.paths import read, tail
from testkit.server import Up
from testkit.web import lower

HERE = os.path.dirname(os.path.abspath(__file__))
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# An action that has no effect in this time will have none.
PATIENCE_MS = 60_000
PASSWORD = "correct horse battery"


class Watch:
    """What must not happen in a context: errors in the console, requests to other hosts, dialogs."""

    def __init__(self, context: BrowserContext, url):
        self.origin, self.errors, self.foreign, self.dialogs = url, [], [], []
        context.on("console", self.wrote)
        context.on("weberror", lambda error: self.failed(error.page, str(error.error)))
        context.on("request", self.asked)
        context.on("dialog", self.opened)

    def wrote(self, message):
        if message.type in ("error", "warning"):
            self.failed(message.page, message.text)

    def failed(self, page, text):
        self.errors.append(f"{page.url if page else ''}: {text}")

    def asked(self, request):
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:")):
            self.foreign.append(request.url)

    def opened(self, dialog):
        self.dialogs.append(f"{dialog.type} {dialog.message}")
        dialog.dismiss()


class Part(Checks):
    """A part of the suite while it runs."""

    def __init__(self, name, valpero, folder, tools, browser: Browser):
        super().__init__(name)
        self.valpero, self.folder, self.browser = valpero, os.path.join(folder, name), browser
        self.packages = os.path.join(tools, "node_modules")
        self.axe_text = read(os.path.join(self.packages, "axe-core", "axe.min.js"))
        os.makedirs(self.folder)
        self.ups: list[Up] = []

    def up(self, *words):
        """Another server of its own."""
        place = os.path.join(self.folder, f"data{len(self.ups)}")
        up = Up(self.valpero, "--data", place, *words, log=f"{place}.log")
        self.ups.append(up)
        return up

    def context(self, up, width=1200, scripts=True, **more):
        """A browser that knows nothing, and what happens in it."""
        context = self.browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts, **more)
        context.set_default_timeout(PATIENCE_MS)
        return context, Watch(context, up.url)

    def chain(self, page: Page, *steps):
        """Steps that need each other. Where one cannot go on, the others are left out."""
        try:
            for step in steps:
                step()
        except Over:
            pass
        except Error as error:
            ours = [frame for frame in traceback.extract_tb(error.__traceback__) if os.path.dirname(frame.filename) == HERE]
            where = " < ".join(f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in reversed(ours))
            self.check(f"{step.__name__} can be done", False, f"{where}\n{error.message}", page)

    def axe(self, page: Page, what):
        """Violations of the rules of axe-core, each as a line."""
        page.evaluate(self.axe_text)
        found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']}).then(all => all.violations)")
        lines = []
        for rule in found:
            for node in rule["nodes"][:3]:
                why = " ".join((node.get("failureSummary") or "").split())
                lines.append(f"{what}: {rule['id']} at {' '.join(map(str, node['target']))}: {why}\n    {node['html'][:200]}")
        return lines


def path_of(url):
    return urlsplit(url).path


def enter(page: Page, link, name="Ada Owner", email="ada@example.com"):
    """Opens a link for a new person, and gives what it asks for."""
    page.goto(link)
    page.fill("#name", name)
    if page.locator("#email").is_editable():
        page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("main button.primary")


def sign_in(page: Page, up, email="ada@example.com", next_path=""):
    page.goto(f"{up.url}/sign-in{next_path}")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("main button.primary")


def ask(url, headers, method="GET", body=None):
    """Status, headers and body of one answer as it comes: a redirect is not followed, and nothing is unpacked."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    connection.request(method, parts._replace(scheme="", netloc="").geturl() or "/", body, headers)
    answer = connection.getresponse()
    return answer.status, lower(answer.headers), answer.read()


def cookies_of(context: BrowserContext):
    """The cookies of a browser, as a header."""
    return {"Cookie": "; ".join(f"{one['name']}={one['value']}" for one in context.cookies())}


def run_part(name, valpero, folder, tools):
    """Runs a part: `module` or `module.function`. Whatever ends it is a failed check."""
    began = time.monotonic()
    part = None
    with contextlib.ExitStack() as stack:
        try:
            playwright = stack.enter_context(sync_playwright())
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True)
            stack.callback(browser.close)
            part = Part(name, valpero, folder, tools, browser)
            module, _, function = name.partition(".")
            getattr(importlib.import_module(module), function or "run")(part)
        except Over:
            pass
        except BaseException:
            (part or Checks(name)).check("runs to its end", False, traceback.format_exc() + logs(part))
        finally:
            for up in part.ups if part else []:
                end(part, up)
    Checks(name).note(f"took {time.monotonic() - began:.0f} s")


def end(part, up):
    try:
        up.stop()
    except subprocess.TimeoutExpired:
        part.check("its server ends when it is told to", False, tail(up.log))


def logs(part):
    return "".join(f"\n{up.log}:\n{tail(up.log, 1500)}" for up in part.ups) if part else ""
