"""How much the list of monitors weighs."""

import gzip
import re
from concurrent.futures import ThreadPoolExecutor

from parts import ask, cookies_of, enter
from testkit.site import Site
from testkit.waiting import until

KB = 1024
FEW, MANY = 50, 1000


def run(part):
    up, site = part.up(), Site()
    context, _ = part.context(up)
    page = context.new_page()
    enter(page, up.shown["link"])
    fetch = lambda path, how="identity": ask(up.url + path, cookies_of(context) | {"Accept-Encoding": how})
    make(part, up, site, 0, FEW)
    part.must("50 monitors are up", until(60, lambda: all_up(up)), lambda: up.call("GET", "/monitors?limit=100")[1])

    _, _, html = fetch("/monitors")
    links = [re.search(pattern, html.decode()) for pattern in (r'rel="stylesheet" href="([^"]+)"', r'<script src="([^"]+)"')]
    part.must("the page has its style sheet and script", all(links), html[:2000])
    paths = ["/monitors", *(link.group(1) for link in links if link)]
    whole = [len(fetch(path)[2]) for path in paths]
    packed = [fetch(path, "gzip") for path in paths]
    part.check("they are sent by gzip", all(headers.get("content-encoding") == "gzip" for _, headers, _ in packed), packed)
    small = [len(body) for _, _, body in packed]
    part.note(f"{FEW} monitors: HTML, CSS and JS are {whole} bytes, by gzip {small}; HTML by gzip -9 {len(gzip.compress(html))}")
    part.check("HTML, CSS and JS of 50 monitors are at most 60 KB", sum(whole) <= 60 * KB, sum(whole))
    part.check("and by gzip at most 25 KB", sum(small) <= 25 * KB, sum(small))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{up.url}/monitors")
    part.check("the page loads nothing but these and its icon", len({*asked}) <= 4, asked)

    make(part, up, site, FEW, MANY)
    _, _, html = fetch("/monitors")
    part.note(f"{MANY} monitors: HTML is {len(html)} bytes")
    part.check("HTML of 1,000 monitors is at most 150 KB", len(html) <= 150 * KB, len(html))
    part.check("and its rows are there", html.count(b"<li") >= FEW, html[-2000:])
    answer = page.goto(f"{up.url}/monitors")
    part.check("it can be looked at", answer is not None and answer.status == 200, answer, page)


def make(part, up, site, begin, end):
    """Monitors, the first of which are checked at once."""

    # The plan limits what one key may ask in a minute.
    scopes = ["monitors:read", "monitors:write"]
    keys = [up.call("POST", "/keys", {"name": f"maker {number}", "scopes": scopes})[1]["token"] for number in range(3)]

    def one(number):
        key = keys[number % len(keys)]
        body = {"url": f"{site.url}{number}", "name": f"Shop number {number}", "tags": ["production"], "check_interval": 86_400}
        made = lambda: up.call("POST", "/monitors", body, key)
        # Requests of one account that come at once may collide, and are to be sent again.
        status, json = next((answer for answer in (made() for _ in range(5)) if answer[0] != 409), (409, {}))
        if status == 201 and begin == 0:
            up.call("POST", f"/monitors/{json['id']}/check", key=key)
        return status if status == 201 else f"{status} {json}"

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(one, range(begin, end)))
    part.must(f"{end} monitors can be made", set(statuses) == {201}, [status for status in statuses if status != 201])


def all_up(up):
    found = up.call("GET", "/monitors?limit=100")[1]["data"]
    return len(found) == FEW and all(monitor["status"] == "up" for monitor in found)
