"""HTML in whatever people and receivers may write: it is shown as it was written, and does nothing."""

from urllib.parse import quote

from data import Full
from pages import DEPTH, STARTS, Crawl
from parts import enter, path_of

HTML = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</textarea></title><script>alert(1)</script>",
]
# Elements that no page has by itself.
PLANTED = """() => [...document.querySelectorAll(`img, iframe:not(.preview), object, svg[onload], [onerror],
  script:not([src^="/assets/"], [src^="/status/~/"])`)]
  .map((element) => element.outerHTML.slice(0, 200))"""


def look(crawl, url, answer):
    page = crawl.page
    crawl.say("has no element that was planted", page.evaluate(PLANTED), url)
    crawl.say("opens no dialog", crawl.watch.dialogs, url)
    crawl.say("writes no error to the console", crawl.watch.errors, url)
    crawl.say("asks no other host", crawl.watch.foreign, url)
    if "alert(1)" in page.inner_text("body"):
        crawl.shown.add(path_of(url))
    for seen in (crawl.watch.errors, crawl.watch.foreign, crawl.watch.dialogs):
        seen.clear()


class Searching(Crawl):
    """Notes the pages that show what was planted."""

    def __init__(self, *words):
        super().__init__(*words)
        self.shown: set[str] = set()


def plant(part, up, full):
    """Writes it wherever the API takes it."""
    for number, html in enumerate(HTML):
        monitor = full.monitors[number % 2]["id"]
        for path, body in ((f"/monitors/{monitor}", {"name": html}), (f"/channels/{full.channels[number % 3]['id']}", {"name": html})):
            status, json = up.call("PATCH", path, body)
            part.check(f"it can be a name: {path.split('/')[1]}, {html}", status == 200, (status, json))
        up.call("PATCH", f"/escalation-policies/{full.policies[number % 2]['id']}", {"name": html})
        full.made(f"/incidents/{full.incident['id']}/comments", {"body": html})
        full.made("/keys", {"name": html, "scopes": ["monitors:read"]})
        full.made("/monitors", {"url": f"{full.good.url}{quote(html)}", "name": html})
        status, _ = up.call("PATCH", f"/monitors/{monitor}", {"tags": [html]})
        part.check(f"it is no tag: {html}", status == 422, status)
    up.call("PATCH", f"/channels/{full.channels[0]['id']}", {"template": "<script>alert(1)</script>"})


def run(part):
    up = part.up()
    context, watch = part.context(up)
    page = context.new_page()
    enter(page, up.shown["link"], HTML[1])
    part.must("it can be a person's name", path_of(page.url) in ("/", "/monitors"), page.url, page)
    full = Full(part, up, note=HTML[0])
    plant(part, up, full)
    crawl = Searching(part, up, page, watch, look)
    typed = [
        f"{path}{quote(html)}" for html in HTML for path in ("/monitors?q=", "/monitors?tag=", "/monitors?check_type=", "/monitors?status=")
    ]
    typed += [
        f"{path}{quote(html)}" for html in HTML for path in ("/sign-in?next=", "/monitors?done=", "/incidents?status=", "/tools?tool=")
    ]
    crawl.walk([*full.pages(), *STARTS], DEPTH)
    for path in typed:
        crawl.kinds.clear()
        crawl.visit(up.url + path, follows=False)
    part.note(f"looked at {len(crawl.visited)} pages, {len(crawl.shown)} of which show what was planted")
    part.check("what was planted is shown as text", len(crawl.shown) >= 10, sorted(crawl.shown))
    page.goto(f"{up.url}/monitors")
    for box in page.locator("main input[type=checkbox][name=id]").all()[:6]:
        box.check()
    page.locator("main button[value=delete]").click()
    look(crawl, f"{up.url}/monitors/selected", None)
    for rule, faults in crawl.wrong.items():
        part.nothing(f"each page {rule}", faults, page)
