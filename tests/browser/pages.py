"""Every page that links lead to: what axe-core says of it, and rules of our own."""

import re
from collections import Counter
from urllib.parse import parse_qsl, urldefrag, urlsplit

from checks import file_name, screen
from data import Full
from parts import enter, path_of
from testkit.web import send

DEPTH = 3
# Pages of one kind that are looked at; the others are only asked for.
OF_A_KIND = 2
SMALL = 360
TYPES = ["http", "ssl", "tcp", "dns", "ping"]
TOOLS = ["http", "ssl", "dns", "ping", "headers"]
CHANNELS = ["email", "slack", "discord", "teams", "telegram", "pagerduty", "jsm", "ntfy", "pushover", "google_chat", "mattermost"]
CHANNELS += ["webhook"]
PARTS = ["", "/people", "/keys", "/sessions", "/two-factor", "/audit", "/plan"]
ID = re.compile("[a-z]+_[0-9A-HJKMNP-TV-Z]{26}")
STARTS = [
    *("/monitors", "/monitors/new", "/monitors/paste", "/tv", "/incidents", "/deliveries", "/alerts", "/tools"),
    *("/alerts/channels/new", "/alerts/policies/new", "/alerts/routes", "/status-pages", "/status-pages/new"),
    *(f"/settings{part}" for part in PARTS),
    *(f"/monitors/new?type={name}" for name in TYPES),
    *(f"/tools?tool={name}" for name in TOOLS),
    *(f"/alerts/channels/new?type={name}" for name in CHANNELS),
    *("/monitors?status=down", "/monitors?q=nothing-is-called-so", "/monitors?tag=production&check_type=http"),
]
RULES = """() => {
  const wrong = [];
  const count = document.querySelectorAll('h1').length;
  if (count !== 1) wrong.push(`${count} h1`);
  if (!document.title.trim()) wrong.push('no title');
  if (!document.documentElement.lang) wrong.push('no lang');
  for (const control of document.querySelectorAll('input:not([type=hidden], [type=submit]), select, textarea')) {
    const labels = [...control.labels].map((label) => label.textContent);
    const named = [...labels, control.ariaLabel, control.getAttribute('aria-labelledby')].some((text) => text?.trim());
    if (!named) wrong.push(`no label: ${control.outerHTML.slice(0, 200)}`);
  }
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) wrong.push(`two elements of the id ${id}`);
  if (document.querySelector('[style], style, script:not([src])')) wrong.push('a style or script within the page');
  return wrong;
}"""
WIDER = """(most) => {
  const width = document.scrollingElement.scrollWidth;
  if (width <= most) return [];
  const out = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > most + 1);
  return [`${width} px wide: ${out.slice(0, 3).map((one) => one.outerHTML.slice(0, 160)).join(' | ')}`];
}"""
LINKS = "() => [...document.querySelectorAll('a[href]')].map((link) => link.href)"


def kind(url):
    """What pages of one kind have in common: their path without IDs, and the names in their query."""
    parts = urlsplit(url)
    names = [
        f"{name}={value}" if name in ("type", "tool", "kind") else name for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return ID.sub("ID", parts.path), tuple(sorted(names))


def headers_of(headers):
    """What is wrong with the headers of a page."""
    policy = headers.get("content-security-policy", "")
    wrong = {
        "Content-Security-Policy": not policy or "unsafe-" in policy or "default-src 'none'" not in policy,
        "frame-ancestors 'none'": "frame-ancestors 'none'" not in policy,
        "X-Content-Type-Options": headers.get("x-content-type-options") != "nosniff",
        "Referrer-Policy": headers.get("referrer-policy") not in ("same-origin", "no-referrer", "strict-origin"),
    }
    return [f"{name}: {headers}" for name, is_wrong in wrong.items() if is_wrong]


class Crawl:
    """Looks at pages from link to link."""

    def __init__(self, part, up, page, watch, look):
        self.part, self.up, self.page, self.watch, self.look = part, up, page, watch, look
        self.kinds, self.known, self.visited = Counter(), {}, []
        # By the rule that they break.
        self.wrong: dict[str, list[str]] = {}

    def say(self, rule, faults, url):
        where = url.removeprefix(self.up.url)
        self.wrong.setdefault(rule, []).extend(f"{where}: {fault}" for fault in faults)

    def walk(self, starts, depth=DEPTH):
        """Looks at these, and at pages of each kind that links lead to from there."""
        links = [self.up.url + start for start in starts]
        for level in range(depth + 1):
            found = []
            for url in links:
                found += self.visit(url, level < depth, level == 0)
            links = found

    def visit(self, url, follows=True, always=False):
        url = urldefrag(url)[0]
        here = path_of(url)
        if url in self.known or not url.startswith(f"{self.up.url}/"):
            return []
        self.known[url] = None
        if here.startswith(("/docs", "/api")):
            return []
        self.kinds[kind(url)] += 1
        if self.kinds[kind(url)] > OF_A_KIND and not always:
            return []
        status, headers, _ = send(url, headers=self.cookies())
        self.known[url] = status
        if status >= 400 or not headers.get("content-type", "").startswith("text/html"):
            return []
        answer = self.page.goto(url)
        self.visited.append(url)
        self.look(self, url, answer)
        return self.page.evaluate(LINKS) if follows else []

    def cookies(self):
        return {"Cookie": "; ".join(f"{one['name']}={one['value']}" for one in self.page.context.cookies())}

    def dead(self):
        """Links of this origin that lead nowhere."""
        for url, status in self.known.items():
            if status is None:
                self.known[url] = send(url, headers=self.cookies())[0]
        return [f"{status} {url.removeprefix(self.up.url)}" for url, status in self.known.items() if status and status >= 400]


def look(crawl, url, answer, status=200):
    """All that is looked at in a page that is open."""
    part, page, watch = crawl.part, crawl.page, crawl.watch
    crawl.say("answers 200", [answer.status] if answer.status != status else [], url)
    crawl.say("has its security headers", headers_of(answer.headers), url)
    crawl.say("has one h1, a title, a language and labels", page.evaluate(RULES), url)
    crawl.say("has no violation of axe-core, light", part.axe(page, "light"), url)
    name = file_name(ID.sub("ID", url.removeprefix(crawl.up.url).strip("/")))
    is_first = crawl.kinds[kind(url)] <= 1
    keep = lambda how: page.screenshot(path=screen(f"{name} {how}"), full_page=True) if is_first else None
    keep("light")
    page.emulate_media(color_scheme="dark")
    crawl.say("has no violation of axe-core, dark", part.axe(page, "dark"), url)
    keep("dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": SMALL, "height": 740})
    crawl.say(f"is no wider than {SMALL} px", page.evaluate(WIDER, SMALL), url)
    crawl.say(f"has no violation of axe-core at {SMALL} px", part.axe(page, "small"), url)
    keep(f"{SMALL}px")
    page.set_viewport_size({"width": 1200, "height": 900})
    crawl.say("writes no error to the console", [error for error in watch.errors if status == 200 or str(status) not in error], url)
    crawl.say("asks no other host", watch.foreign, url)
    crawl.say("opens no dialog", watch.dialogs, url)
    for seen in (watch.errors, watch.foreign, watch.dialogs):
        seen.clear()


def outside(part, up, crawl, page):
    """The pages of who is not signed in."""
    for path in ("/sign-in", "/sign-in?next=%2Fincidents", "/forgot"):
        crawl.visit(up.url + path, follows=False)
    for path, status in ((path_of(up.shown["link"]), 404), ("/enter/nothing", 404)):
        answer = page.goto(up.url + path)
        part.check(f"a link that is over answers {status}", answer.status == status, answer.status, page)
        look(crawl, up.url + "/enter/is-over", answer, status)
    page.goto(f"{up.url}/monitors?status=down")
    part.check(
        "who is not signed in is led to sign in, and back", page.url == f"{up.url}/sign-in?next=%2Fmonitors%3Fstatus%3Ddown", page.url
    )


def finnish(part, up, page, paths):
    """The same pages in the language whose words are longer."""
    up.call("PATCH", "/account", {"language": "fi"})
    page.set_viewport_size({"width": SMALL, "height": 740})
    wide, other = [], []
    for path in paths:
        page.goto(up.url + path)
        wide += [f"{path}: {fault}" for fault in page.evaluate(WIDER, SMALL)]
        other += [path] if page.evaluate("() => document.documentElement.lang") != "fi" else []
    part.nothing("each page is in Finnish where that was chosen", other)
    part.nothing(f"and then no wider than {SMALL} px", wide)
    up.call("PATCH", "/account", {"language": "en"})
    page.set_viewport_size({"width": 1200, "height": 900})


def report(part, crawl, which="each page"):
    for rule, faults in crawl.wrong.items():
        part.nothing(f"{which} {rule}", faults)


def run(part):
    up = part.up()
    context, watch = part.context(up, color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    enter(page, up.shown["link"])
    part.must("the link leads in", path_of(page.url) in ("/", "/monitors"), page.url, page)
    first = Crawl(part, up, page, watch, look)
    first.walk(["/monitors", "/alerts", "/incidents", "/deliveries"], 0)
    part.check("an empty account has its pages", len(first.visited) >= 2, first.known)
    report(part, first, "each page of an empty account")

    full = Full(part, up)
    crawl = Crawl(part, up, page, watch, look)
    crawl.walk([*STARTS, *full.pages()])
    part.note(f"looked at {len(crawl.visited)} pages of {len(crawl.kinds)} kinds, {len(crawl.known)} links")
    part.nothing("no link is dead", crawl.dead())
    gone = "mon_" + "0" * 26
    answer = page.goto(f"{up.url}/monitors/{gone}")
    part.check("a monitor that is not there is not found", answer is not None and answer.status == 404, answer, page)
    look(crawl, f"{up.url}/monitors/{gone}", answer, 404)
    finnish(part, up, page, [*STARTS, *full.pages()])
    context.clear_cookies()
    outside(part, up, crawl, page)
    report(part, crawl)
