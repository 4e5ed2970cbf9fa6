"""The dashboard by the keyboard alone."""

import re

from parts import PASSWORD, enter, path_of
from testkit.site import Site

# More stops than any page has.
STOPS = 80
FOCUSED = """() => {
  const at = document.activeElement;
  const box = at.getBoundingClientRect();
  // A link that fills its row has the outline around what fills it.
  const outlines = [null, '::before', '::after'].map((part) => getComputedStyle(at, part));
  return {
    tag: at.tagName, name: (at.labels?.[0]?.textContent || at.textContent || at.getAttribute('aria-label') || '').trim(), id: at.id,
    isSeen: at === document.body || outlines.some((style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0),
    isInside: at === document.body || (box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0),
    html: at.outerHTML.slice(0, 160),
  };
}"""


class Keys:
    """Hands that have no pointer."""

    def __init__(self, part, page):
        self.part, self.page, self.unseen = part, page, []

    def tab(self):
        self.page.keyboard.press("Tab")
        focused = self.page.evaluate(FOCUSED)
        if not (focused["isSeen"] and focused["isInside"]):
            self.unseen.append(f"{path_of(self.page.url)}: {focused}")
        return focused

    def to(self, what, fits):
        """Goes on until something is focused that fits."""
        passed = []
        for _ in range(STOPS):
            focused = self.tab()
            if fits(focused):
                return
            passed.append(f"{focused['tag']} {focused['name'][:30]!r}")
        self.part.must(f"Tab reaches {what}", False, passed, self.page)

    def open(self, what, fits):
        self.to(what, fits)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


def named(name, *tags):
    return lambda focused: focused["name"] == name and focused["tag"] in tags


def run(part):
    up, site = part.up(), Site()
    context, watch = part.context(up)
    page = context.new_page()
    enter(page, up.shown["link"])
    up.call("POST", "/monitors", {"url": site.url, "name": "The first one"})
    context.clear_cookies()
    page.goto(f"{up.url}/sign-in")
    part.chain(page, lambda: by_keys(part, page, site))
    part.nothing("nothing is written to the console", watch.errors)


def by_keys(part, page, site):
    keys = Keys(part, page)
    if page.evaluate("() => document.activeElement.id") != "email":
        keys.to("the e-mail", lambda focused: focused["id"] == "email")
    page.keyboard.type("ada@example.com")
    keys.to("the password", lambda focused: focused["id"] == "password")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    part.must("keys sign in", path_of(page.url) in ("/", "/monitors"), page.url, page)

    first = keys.tab()
    part.check("the first stop skips to the content", first["name"] == "Skip to the content" and first["isInside"], first, page)
    page.keyboard.press("Enter")
    inside = page.evaluate("() => document.activeElement.id === 'content' || location.hash === '#content'")
    part.check("and does so", inside, page.url, page)
    keys.open("New monitor", named("New monitor", "A"))
    part.must("keys open the form of a monitor", path_of(page.url) == "/monitors/new", page.url, page)
    if page.evaluate("() => document.activeElement.id") != "url":
        keys.to("the URL", lambda focused: focused["id"] == "url")
    page.keyboard.type(site.url)
    keys.open("Save", named("Save", "BUTTON"))
    made = path_of(page.url)
    part.must("keys make a monitor", re.fullmatch("/monitors/mon_[0-9A-Z]{26}", made), page.url, page)

    keys.open("the list", named("Monitors", "A"))
    keys.open("the monitor", named("127.0.0.1", "A"))
    part.must("keys open the monitor", path_of(page.url) == made, page.url, page)
    keys.open("Check now", named("Check now", "BUTTON"))
    part.check("keys ask for a check", "The check you asked for" in page.inner_text("main"), page.url, page)
    keys.open("the list", named("Monitors", "A"))
    page.keyboard.press("/")
    focused = page.evaluate("() => document.activeElement.name")
    part.check("the key / leads to the search", focused == "q", focused, page)
    page.keyboard.type("first")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    part.check("and Enter searches", "q=first" in page.url and "The first one" in page.inner_text("main"), page.url, page)
    base = page.url.partition("/monitors")[0]
    for path in ("/monitors/new", "/alerts", "/alerts/channels/new?type=webhook", made, f"{made}/edit"):
        page.goto(base + path)
        first = keys.tab()["html"]
        for _ in range(STOPS):
            if keys.tab()["html"] in (first, "<body>"):
                break
    part.nothing("the focus can be seen wherever it is", keys.unseen, page)
