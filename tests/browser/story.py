"""The story of a person who sets monitoring up: with JavaScript, without it, and on a small screen."""

import re
import time

from playwright.sync_api import Page

from parts import Part, ask, enter, path_of, sign_in
from testkit.site import Site
from testkit.waiting import SLOWEST
from testkit.web import send

# Three regions have to try three times each, one of them after the other's answer.
SOON_S = 60
# At worst by the schedule: a minute until the check, one until the page asks again.
LATER_S = 150
VIEWER = "grace@example.com"


def wide(part):
    Story(part, 1200, True).run()


def plain(part):
    Story(part, 1200, False).run()


def small(part):
    Story(part, 360, True).run()


class Story:
    """The story in one browser. Without scripts, whoever waits looks again."""

    page: Page

    def __init__(self, part: Part, width, scripts):
        self.part, self.width, self.scripts = part, width, scripts
        self.must, self.check = part.must, part.check

    def run(self):
        self.up, self.site = self.part.up(), Site()
        self.context, self.watch = self.part.context(self.up, self.width, self.scripts)
        self.page = self.context.new_page()
        for chain in ([self.enters, self.watches, self.is_told, self.answers, self.recovers], [self.mints], [self.invites], [self.leaves]):
            self.part.chain(self.page, *chain)
        told = self.part.nothing
        told("nothing is written to the console", [error for error in self.watch.errors if "status of 4" not in error])
        told("no other host is asked", self.watch.foreign)
        told("no dialog opens", self.watch.dialogs)

    # ---- What the steps have in common.

    @property
    def main(self):
        return self.page.locator("main")

    def text(self):
        # A click does not wait for the next page to load.
        self.page.wait_for_load_state()
        return self.main.inner_text() if self.main.count() else self.page.inner_text("body")

    def says(self, sentence, words, seconds=0):
        """The page says so: at once, or within these seconds."""
        self.comes(sentence, lambda: re.search(words, self.text()), seconds)

    def comes(self, sentence, look, seconds, again=None):
        """What comes without anybody's doing; without scripts by looking again. The page is not loaded anew where scripts run."""
        if self.scripts:
            self.page.evaluate("() => { window.sameAsBefore = true; }")
        end = time.monotonic() + SLOWEST * seconds
        found = look()
        while not found and time.monotonic() < end:
            self.page.wait_for_timeout(400)
            if not self.scripts:
                again() if again else self.page.reload()
            found = look()
        self.must(sentence, found, self.text, self.page)
        if self.scripts and seconds:
            stayed = self.page.evaluate("() => window.sameAsBefore === true")
            self.check(f"{sentence}, without a reload", stayed, "the page was loaded anew", self.page)

    def press(self, name, within="main"):
        """Presses the button or follows the link of this name."""
        self.page.wait_for_load_state()
        place = self.page.locator(within)
        found = place.get_by_role("button", name=name, exact=True).or_(place.get_by_role("link", name=name, exact=True))
        self.must(f"there is “{name}”", found.count() > 0, self.text, self.page)
        found.first.click()

    def at(self, sentence, pattern):
        """The page is at this path."""
        self.page.wait_for_load_state()
        here = path_of(self.page.url)
        self.must(sentence, re.fullmatch(pattern, here), lambda: f"at {self.page.url}:\n{self.text()}", self.page)
        self.fits(sentence)

    def fits(self, what):
        if self.width < 400:
            width = self.page.evaluate("() => document.scrollingElement.scrollWidth")
            self.check(f"{what}: it is no wider than {self.width} px", width <= self.width, f"{width} px", self.page)

    def check_now(self):
        """Somebody else asks for a check."""
        self.up.call("POST", f"/monitors/{self.monitor}/check")

    def cookie(self, context=None):
        return "; ".join(f"{one['name']}={one['value']}" for one in (context or self.context).cookies())

    # ---- The steps.

    def enters(self):
        enter(self.page, self.up.shown["link"])
        self.at("the link leads in", "/|/monitors")
        self.says("the first page asks what to watch", "What shall we watch")

    def watches(self):
        self.page.fill("[name=url]", self.site.url)
        self.press("Watch it")
        self.at("a URL that was entered is a monitor", "/monitors/mon_[0-9A-Z]{26}")
        self.monitor = path_of(self.page.url).rpartition("/")[2]
        self.says("which was not checked yet, or just now", "No result yet|Up for")
        self.press("Check now")
        self.says("a check can be asked for", "The check you asked for")
        look = lambda: re.search("All results are in", self.text())
        link = lambda: self.page.get_by_role("link", name="Look again")
        self.comes("its results come in", look, SOON_S, lambda: link().first.click() if link().count() else self.page.reload())
        self.says("the monitor is up", "Up for", SOON_S)
        self.part.note(f"{len(self.site.seen)} requests came to the site")

    def is_told(self):
        self.page.goto(f"{self.up.url}/monitors")
        self.says("the list has the monitor", re.escape(self.site.url))
        self.site.status = 503
        self.check_now()
        self.says("the list says that it is down", "is down", LATER_S)
        self.press("Open incident")
        self.at("the incident has a page", "/incidents/inc_[0-9A-Z]{26}")
        self.incident = path_of(self.page.url).rpartition("/")[2]

    def field(self, form, name, text):
        """Fills in the field of a form, which may have to be opened."""
        place = self.page.locator(f"main form[action$='{form}']").filter(has=self.page.locator(f"[name='{name}']"))
        self.must(f"there is a form for {form} with {name}", place.count() > 0, self.main.inner_html, self.page)
        field = place.first.locator(f"[name='{name}']")
        if not field.is_visible():
            field.locator("xpath=ancestor::details").last.locator("summary").click()
        field.fill(text)
        return place.first

    def send(self, form):
        form.locator("button:not([type=button])").first.click()

    def answers(self):
        self.send(self.field("/acknowledge", "note", "I look into it."))
        self.at("an acknowledgement leads back to the incident", f"/incidents/{self.incident}")
        self.says("which says who acknowledged it, and the note", "(?s)Ada Owner.*I look into it|I look into it.*Ada Owner")
        self.send(self.field("/comments", "body", "The disk was full."))
        self.at("a comment leads back to the incident", f"/incidents/{self.incident}")
        self.says("which has the comment", "The disk was full")
        _, incident = self.up.call("GET", f"/incidents/{self.incident}")
        self.check("the API has both", incident.get("acknowledged_at") and "The disk was full." in str(incident), incident)

    def recovers(self):
        self.site.status = 200
        self.check_now()
        self.says("the incident says that it is over", "Resolved|Recovered|resolved|recovered", LATER_S)
        self.page.goto(f"{self.up.url}/monitors")
        self.check("the list has no alarm any more", "is down" not in self.text(), self.text, self.page)

    def token_works(self, token):
        return send(f"{self.up.url}/api/v1/monitors", headers={"Authorization": f"Bearer {token}"})[0]

    def mints(self):
        self.page.goto(f"{self.up.url}/settings/keys")
        self.at("there are keys in the settings", "/settings/keys")
        self.send(self.field("/settings/keys", "name", "terraform"))
        token = self.page.locator(".once code").inner_text().strip()
        self.must("a new key is shown", token.startswith("val_key_"), token, self.page)
        self.fits("a new key is shown")
        self.check("it lets in", self.token_works(token) == 200, self.token_works(token))
        self.page.goto(f"{self.up.url}/settings/keys")
        self.check("it is shown once", token not in self.page.content(), "it is still in the page", self.page)
        row = self.page.locator("tr", has_text="terraform")
        row.get_by_role("link", name=re.compile("^Revoke")).click()
        self.at("its end is asked about", "/settings/keys/key_[0-9A-Z]{26}/revoke")
        self.page.locator("main form button.danger").click()
        self.at("and leads back to the keys", "/settings/keys")
        self.check("it no longer lets in", self.token_works(token) == 401, self.token_works(token), self.page)

    def invites(self):
        self.page.goto(f"{self.up.url}/settings/people")
        form = self.field("/invitations", "email", VIEWER)
        form.locator("select[name=role]").select_option("viewer")
        self.send(form)
        link = self.page.locator(".once code").inner_text().strip()
        self.must("an invitation is a link", link.startswith(f"{self.up.url}/enter/"), link, self.page)
        context, _ = self.part.context(self.up, self.width, self.scripts)
        page = context.new_page()
        enter(page, link, "Grace Viewer")
        self.must("the invited person comes in", path_of(page.url) in ("/", "/monitors"), page.url, page)
        text = page.locator("main").inner_text()
        self.check("and sees the monitors", "127.0.0.1" in text, text, page)
        self.check("but no New monitor button", page.get_by_role("link", name="New monitor").count() == 0, text, page)
        changes = page.locator("main button[name=do], main input[name=id]").count()
        self.check("nor a way to change many", changes == 0, text, page)
        before = len(self.up.call("GET", "/monitors")[1]["data"])
        headers = {"Cookie": self.cookie(context), "Origin": self.up.url, "Content-Type": "application/x-www-form-urlencoded"}
        for path, body in (
            ("/monitors", b"url=http://127.0.0.1:1/"),
            (f"/monitors/{self.monitor}/delete", b""),
            ("/settings/keys", b"name=x"),
        ):
            status = send(self.up.url + path, "POST", body, headers)[0]
            shown = path.replace(self.monitor, "…")
            self.check(f"a viewer's POST of {shown} is refused", status == 403, status)
        after = len(self.up.call("GET", "/monitors")[1]["data"])
        self.check("and nothing was changed by it", before == after, (before, after))
        context.close()

    def leaves(self):
        old = self.cookie()
        self.page.goto(f"{self.up.url}/monitors")
        self.press("Sign out", "body")
        self.at("signing out leads to the sign-in", "/sign-in")
        status, headers, _ = ask(f"{self.up.url}/monitors", {"Cookie": old})
        self.check("the old cookie opens nothing", status == 303 and "/sign-in" in headers.get("location", ""), (status, headers))
        sign_in(self.page, self.up)
        self.at("e-mail and password lead in again", "/|/monitors")
