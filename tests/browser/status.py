"""Status pages: made in the dashboard, looked at by readers in five languages, on phones, in the dark and without scripts."""

import email
import email.policy
import json
import os
import re

from checks import screen
from pages import RULES, SMALL, WIDER
from parts import enter, path_of
from testkit.paths import read
from testkit.site import Site
from testkit.waiting import until
from testkit.web import send

LANGUAGES = {"en": "Slow", "fi": "Hidas", "de": "Langsam", "es": "Lento", "fr": "Ralenti"}
LONG = "A component whose name is rather long, as such names are"


def seen(place):
    """Whether an element is visible once its page has loaded. A click does not wait for the next page to load."""
    place.page.wait_for_load_state()
    return place.is_visible()


class Story:
    """One page from its first component to its password."""

    def __init__(self, part, scripts=True):
        self.part, self.up, self.site = part, part.up(), Site()
        context, self.watch = part.context(self.up, scripts=scripts)
        self.page, self.scripts = context.new_page(), scripts
        self.slug = "acme" if scripts else "plain"
        self.monitor = self.up.call("POST", "/monitors", {"url": self.site.url, "name": "Shop", "retries": 0})[1]

    def chain(self):
        self.part.chain(self.page, self.sign_in, self.make, self.see, self.fail, self.post, self.subscribe, self.set_by_hand, self.protect)
        self.part.nothing(f"nothing is written to the console ({self.slug})", [one for one in self.watch.errors if " 422 " not in one])

    def say(self, sentence, true, seen: object = ""):
        self.part.must(f"{sentence} ({self.slug})", true, seen, self.page)

    def sign_in(self):
        enter(self.page, self.up.shown["link"])

    def make(self):
        page = self.page
        page.goto(f"{self.up.url}/status-pages")
        page.get_by_role("link", name="New status page").click()
        page.get_by_label("Title").fill("Acme")
        page.get_by_label("Address").fill(self.slug)
        first = page.locator("fieldset", has_text="Component 1")
        first.get_by_label("Name").fill(LONG)
        first.get_by_label("Shop").check()
        preview = page.frame_locator("iframe[name=preview]")
        if not self.scripts:
            page.get_by_role("button", name="Preview").click()
        preview.get_by_text(LONG).wait_for()
        page.get_by_role("button", name="Save").click()
        self.say("a page is made in the dashboard", seen(page.get_by_text("The page is created.")), page.url)
        self.id = path_of(page.url).rsplit("/", 1)[1]

    def text(self):
        return send(f"{self.up.url}/status/{self.slug}")[2].decode()

    def check(self, status, word):
        self.site.status = status
        look = lambda: self.up.call("GET", f"/monitors/{self.monitor['id']}")[1]["status"] == word
        self.say(
            f"the monitor is {word}", until(60, lambda: self.up.call("POST", f"/monitors/{self.monitor['id']}/check") and until(8, look))
        )

    def see(self):
        self.check(200, "up")
        self.say("the page says that it works", until(20, lambda: "All systems operational" in self.text()), self.text)
        self.page.goto(f"{self.up.url}/status/{self.slug}")
        self.say("a reader sees it", seen(self.page.get_by_text("All systems operational")))

    def fail(self):
        self.check(503, "down")
        self.say("the page says that it does not", until(20, lambda: f"{LONG} is down" in self.text()), self.text)

    def post(self):
        page = self.page
        page.goto(f"{self.up.url}/status-pages/{self.id}/posts")
        page.get_by_role("link", name="New incident").click()
        page.get_by_label("Title").fill("Payments fail")
        page.get_by_label("Text").fill("We are **looking into it**.")
        page.get_by_label("Tell nobody").check()
        page.get_by_role("button", name="Publish").click()
        self.say("an incident is posted", seen(page.get_by_text("Published.")), page.url)
        page.get_by_label("State").select_option(label="Identified")
        page.get_by_label("Text").fill("It is the disk.")
        page.get_by_label("Tell nobody").check()
        page.get_by_role("button", name="Publish the update").click()
        self.say("and updated", seen(page.get_by_text("It is the disk.").first), page.url)
        self.say(
            "readers see both",
            until(20, lambda: "<strong>looking into it</strong>" in self.text() and "the disk" in self.text()),
            self.text,
        )

    def mails(self, subject):
        """What is in the outbox with such a subject, oldest first."""
        folder = os.path.join(self.up.log.removesuffix(".log"), "mail")
        names = sorted(name for name in os.listdir(folder) if name.endswith(".eml"))
        found = [email.message_from_string(read(os.path.join(folder, name)), policy=email.policy.default) for name in names]
        return [mail for mail in found if mail["Subject"].startswith(subject)]

    def subscribe(self):
        """A reader opts in by a mail, is told of an update once, and leaves by one request."""
        context, _ = self.part.context(self.up, scripts=self.scripts)
        reader = context.new_page()
        reader.goto(f"{self.up.url}/status/{self.slug}")
        reader.get_by_role("link", name="Subscribe").click()
        reader.get_by_label("E-mail address").fill("reader@example.com")
        reader.get_by_role("button", name="Subscribe").first.click()
        self.say("a reader subscribes", seen(reader.get_by_text("Almost done")), reader.url)
        self.say("and is asked to confirm", until(20, lambda: self.mails("Confirm your subscription to Acme")))
        [asked] = self.mails("Confirm your subscription to Acme")
        plain = asked.get_body(("plain",))
        [link] = re.findall(r"https?://\S+/subscription/\S+", plain.get_content() if plain else "")
        reader.goto(link)
        reader.get_by_role("button", name="Confirm").click()
        self.say("the link of the mail confirms", seen(reader.get_by_text("You are subscribed.")), reader.url)
        context.close()
        self.page.goto(f"{self.up.url}/status-pages/{self.id}/subscribers")
        self.say("the dashboard lists the reader", seen(self.page.get_by_text("reader@example.com").first), self.page.url)
        self.update("Monitoring")
        self.say("the reader is told of an update", until(20, lambda: self.mails("Monitoring: Payments fail")))
        [told] = self.mails("Monitoring: Payments fail")
        one_click = told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        left = send(told["List-Unsubscribe"].strip("<>"), "POST", b"List-Unsubscribe=One-Click")
        self.say("and leaves by one request", one_click and left[0] == 200, left)
        self.update("Investigating")
        self.page.goto(f"{self.up.url}/status-pages/{self.id}/subscribers")
        self.say("nobody is left to be told", seen(self.page.get_by_text("No subscribers yet")), self.page.url)
        self.say("and one mail was sent", len(self.mails("Monitoring")) == 1 and not self.mails("Investigating"))

    def update(self, state):
        page = self.page
        page.goto(f"{self.up.url}/status-pages/{self.id}/posts")
        page.get_by_role("link", name="Payments fail").click()
        page.get_by_label("State").select_option(label=state)
        page.get_by_label("Text").fill(f"{state}.")
        page.get_by_label("Tell them").check()
        page.get_by_role("button", name="Publish the update").click()
        self.say(f"{state} is told", seen(page.get_by_text("Published.")), page.url)

    def set_by_hand(self):
        page = self.page
        page.goto(f"{self.up.url}/status-pages/{self.id}/components")
        page.get_by_label("State").select_option(label="under maintenance")
        page.get_by_role("button", name="Set").click()
        self.say("a status is set by hand", seen(page.get_by_text("Saved.")), page.url)
        self.say("and readers see it", until(20, lambda: "Maintenance" in self.text()), self.text)
        page.get_by_role("button", name="Reset").click()
        self.say("and reset", seen(page.get_by_text("Saved.")) and page.get_by_role("button", name="Reset").count() == 0, page.url)

    def protect(self):
        page = self.page
        page.goto(f"{self.up.url}/status-pages/{self.id}")
        page.get_by_label("Visible to").select_option(label="who knows the password")
        page.get_by_role("button", name="Save").click()
        self.say("a password is asked for", seen(page.get_by_text("is required while visibility is password")), page.url)
        page.get_by_label("Password").fill("correct horse")
        page.get_by_role("button", name="Save").click()
        self.say("and taken", seen(page.get_by_text("Saved.")), page.url)
        self.say("readers are asked for it", until(20, lambda: "This page asks for a password" in self.text()), self.text)
        context, _ = self.part.context(self.up, scripts=self.scripts)
        reader = context.new_page()
        reader.goto(f"{self.up.url}/status/{self.slug}")
        reader.get_by_label("Password").fill("wrong one")
        reader.get_by_role("button", name="Open").click()
        self.say("a wrong one does not open it", seen(reader.get_by_text("This is not the password.")), reader.url)
        reader.get_by_label("Password").fill("correct horse")
        reader.get_by_role("button", name="Open").click()
        self.say("the right one does", seen(reader.get_by_text("Payments fail").first), reader.url)
        context.close()


def everything(up, monitor):
    """A page with each state, long names, posts of both kinds."""
    names = ["Website", LONG, "Search", "API", "Ärgernis & Söhne"]
    groups = ["Shop", "Shop", None, None, None]
    components = [{"name": name} | ({"group": group} if group else {}) for name, group in zip(names, groups, strict=True)]
    components[0]["monitor_ids"] = [monitor]
    body = {"slug": "all", "title": "Acme", "description": "What works, and what does not.", "components": components}
    page = up.call("POST", "/status-pages", body | {"theme": {"accent": "#7a1f5c"}})[1]
    ids = [component["id"] for component in page["components"]]
    words = ["operational", "major_outage", "degraded_performance", "under_maintenance", "partial_outage"]
    for component, status in zip(ids[1:], words[1:], strict=True):
        up.call("PUT", f"/status-pages/{page['id']}/components/{component}/status", {"status": status})
    incident = {"kind": "incident", "impact": "major", "components": [{"id": ids[1], "status": "major_outage"}]}
    work = {"kind": "maintenance", "scheduled_for": "2099-12-31T20:00:00Z", "scheduled_until": "2099-12-31T21:30:00Z"}
    text = "We are **looking into it**: <https://example.com/a/long/address/that/goes/on/and/on/and/on/and/on/and/on>\n\n- one\n- two"
    for kind in (incident, work, incident | {"state": "resolved"}):
        up.call("POST", f"/status-pages/{page['id']}/posts", kind | {"title": "Payments fail for some", "body": text, "notify": False})
    return page


def looks(part):
    """The page in each language: light, dark, on a phone, and without scripts."""
    up, site = part.up(), Site()
    monitor = up.call("POST", "/monitors", {"url": site.url})[1]["id"]
    up.call("POST", f"/monitors/{monitor}/check")
    page = everything(up, monitor)
    for scripts in (True, False):
        context, watch = part.context(up, scripts=scripts, color_scheme="light")
        tab = context.new_page()
        for language, slow in LANGUAGES.items():
            up.call("PATCH", f"/status-pages/{page['id']}", {"language": language})
            part.must(f"the page is in {language}", until(20, lambda slow=slow: slow in send(f"{up.url}/status/all")[2].decode()))
            tab.set_viewport_size({"width": 1200, "height": 900})
            # Browsers keep a page for a moment, so each language has an address of its own.
            tab.goto(f"{up.url}/status/all?in={language}")
            part.check(f"and is shown in {language}", tab.evaluate("document.documentElement.lang") == language, tab.url, tab)
            name = f"status {language}{'' if scripts else ' no scripts'}"
            tab.screenshot(path=screen(f"{name} light"), full_page=True)
            part.nothing(f"{name} has a title, a language and labels", tab.evaluate(RULES))
            if scripts:
                part.nothing(f"{name} has no violation of axe-core", part.axe(tab, "light"))
                tab.emulate_media(color_scheme="dark")
                part.nothing(f"{name} has none in the dark", part.axe(tab, "dark"))
                tab.screenshot(path=screen(f"{name} dark"), full_page=True)
                tab.emulate_media(color_scheme="light")
            tab.set_viewport_size({"width": SMALL, "height": 740})
            part.nothing(f"{name} is no wider than {SMALL} px", tab.evaluate(WIDER, SMALL))
            tab.screenshot(path=screen(f"{name} {SMALL}px"), full_page=True)
            tab.goto(f"{up.url}/status/all/subscribe?in={language}")
            part.nothing(f"{name}: the form of subscribers is no wider than {SMALL} px", tab.evaluate(WIDER, SMALL))
            if scripts:
                part.nothing(f"{name}: the form of subscribers has no violation of axe-core", part.axe(tab, "subscribe"))
            tab.screenshot(path=screen(f"{name} subscribe"), full_page=True)
        part.nothing("no page asks another host", watch.foreign)
        part.nothing("none writes to the console", watch.errors)
        context.close()
    others(part, up, page)


def others(part, up, page):
    """History, posts, the frame, and badges as pictures."""
    context, watch = part.context(up)
    tab = context.new_page()
    up.call("PATCH", f"/status-pages/{page['id']}", {"language": "en"})
    until(20, lambda: "Slow" in send(f"{up.url}/status/all")[2].decode())
    for path, heading in (("history", "History"), ("embed", "")):
        tab.goto(f"{up.url}/status/all/{path}")
        # A frame in another page needs neither a heading nor landmarks.
        found = [one for one in part.axe(tab, path) if heading or ("page-has-heading" not in one and "region" not in one)]
        part.nothing(f"/{path} has no violation of axe-core", found)
        tab.screenshot(path=screen(f"status {path}"), full_page=True)
    summary = json.loads(send(f"{up.url}/status/all/api/v2/summary.json")[2])
    tab.goto(summary["incidents"][0]["shortlink"])
    part.check("a post has a page of its own", seen(tab.get_by_role("heading", name="Payments fail for some")), tab.url, tab)
    badges = [f"{up.url}/status/all/badge/{one['id']}.svg" for one in summary["components"] if not one["group"]]
    for number, url in enumerate([*badges, f"{up.url}/status/all/badge/page.svg?style=flat-square"]):
        tab.goto(url)
        tab.screenshot(path=screen(f"badge {number}"), clip={"x": 0, "y": 0, "width": 480, "height": 30})
    part.nothing("nothing is written to the console there", watch.errors)


def run(part):
    for scripts in (True, False):
        Story(part, scripts).chain()
    looks(part)
