"""Pages of others that want something of who is signed in, and links and cookies that are not what they seem."""

import http.server
import threading
from urllib.parse import quote

from parts import PASSWORD, ask, cookies_of, enter, sign_in
from testkit.ports import LOOPBACK
from testkit.site import Site

ELSEWHERE = ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "https:evil.example"]
ELSEWHERE += ["javascript:alert(1)", "/%2F/evil.example", "/monitors/..//evil.example", "/.//evil.example", "/\n/evil.example"]


class Evil:
    """A site of somebody else, reached by loopback's address and by its name."""

    def __init__(self):
        self.pages: dict[str, str] = {}
        pages = self.pages

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = pages.get(self.path, "").encode()
                self.send_response(200 if body else 404)
                self.send_header("content-type", "text/html")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer((LOOPBACK, 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.origins = [f"http://{host}:{server.server_port}" for host in (LOOPBACK, "localhost")]


def run(part):
    up, site, evil = part.up(), Site(), Evil()
    context, watch = part.context(up)
    page = context.new_page()
    enter(page, up.shown["link"])
    up.call("POST", "/monitors", {"url": site.url, "name": "Shop"})
    monitor = up.call("GET", "/monitors")[1]["data"][0]["id"]
    for origin in evil.origins:
        name = "another port" if LOOPBACK in origin else "another site"
        part.chain(page, lambda origin=origin, name=name: forms(part, up, page, evil, origin, name, monitor))
        part.chain(page, lambda origin=origin, name=name: frames(part, up, page, evil, origin, name))
    part.chain(page, lambda: redirects(part, up))
    part.chain(page, lambda: twice(part, up))
    part.chain(page, lambda: fixation(part, up))
    part.nothing("no dialog opens", watch.dialogs)


def forms(part, up, page, evil, origin, name, monitor):
    """A page of `origin` sends the dashboard's own forms, and asks the API."""
    state = lambda: (up.call("GET", "/monitors")[1]["data"], up.call("GET", "/keys")[1]["data"])
    count = lambda: tuple(sorted(one["id"] for one in every) for every in state())
    before = count()
    sent = {
        "/monitors": "<input name=url value='http://127.0.0.1:1/'>",
        "/monitors/new": "<input name=check_type value=http><input name=url value='http://127.0.0.1:1/'><input name=do value=save>",
        f"/monitors/{monitor}/delete": "",
        "/monitors/selected": f"<input name=do value=delete><input name=sure value=yes><input name=id value='{monitor}'>",
        "/settings/keys": "<input name=name value=evil><input name=scopes value='keys:write'>",
        "/settings/two-factor": "<input name=do value=offer>",
        "/api/v1/monitors": "<input name=url value='http://127.0.0.1:1/'>",
        "/sign-out": "",
    }
    signed_out = []
    for number, (path, fields) in enumerate(sent.items()):
        kinds = ["application/x-www-form-urlencoded"] + (["text/plain"] if path.startswith("/api") else [])
        for kind in kinds:
            place = f"/form{number}{kind[:4]}"
            evil.pages[place] = f"<form method=post enctype='{kind}' action='{up.url}{path}'>{fields}<button>Win</button></form>"
            page.goto(origin + place)
            with page.expect_response(lambda answer: answer.request.method == "POST") as got:
                page.click("button")
            # An answer without any page leads to one of the browser's own, a little later.
            page.wait_for_timeout(500)
            # Without the cookie, as a browser sends it from another site, nobody is signed in.
            at_sign_in = got.value.status == 303 and got.value.headers.get("location") == "/sign-in" and LOOPBACK not in origin
            fits = got.value.status in (401, 403, 404, 415) if path.startswith(("/api", "/settings")) else got.value.status == 403
            shown = path.replace(monitor, "…")
            part.check(f"a form of {name} to {shown} is refused", fits or at_sign_in, f"{got.value.status}, at {page.url}", page)
            if not page.context.cookies(up.url):
                signed_out.append(f"the answer to POST {shown} takes the cookie away: {got.value.all_headers().get('set-cookie')}")
                sign_in(page, up)
    part.nothing(f"no form of {name} signs anybody out", signed_out)
    evil.pages["/signs-in"] = (
        f"<form method=post action='{up.url}/sign-in'><input name=email value='ada@example.com'>"
        f"<input name=password value='{PASSWORD}'><button>Win</button></form>"
    )
    fresh, _ = part.context(up)
    other = fresh.new_page()
    other.goto(f"{origin}/signs-in")
    with other.expect_response(lambda answer: answer.request.method == "POST") as got:
        other.click("button")
    part.check(f"{name} cannot sign anybody in", got.value.status == 403 and not fresh.cookies(up.url), got.value.status, other)
    fresh.close()
    evil.pages["/fetches"] = "<h1>Fetches</h1>"
    page.goto(f"{origin}/fetches")
    body = """async (url) => {
      const one = { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{"url": "http://127.0.0.1:1/"}' };
      await fetch(url + '/api/v1/monitors', one).catch(() => 0);
      try {
        return await (await fetch(url + '/monitors', { credentials: 'include' })).text();
      } catch { return ''; }
    }"""
    part.check(f"{name} cannot read pages", page.evaluate(body, up.url) == "", page.url, page)
    part.check(f"nothing was changed by {name}", count() == before, (before, count()))


def frames(part, up, page, evil, origin, name):
    for path in ("/monitors", "/sign-in", "/tv", "/docs/api"):
        evil.pages["/frames"] = f"<h1>Frames</h1><iframe id=victim src='{up.url}{path}' width=900 height=600></iframe>"
        page.goto(f"{origin}/frames")
        page.wait_for_timeout(300)
        frame = next(frame for frame in page.frames if frame != page.main_frame)
        text = "" if frame.url.startswith("chrome-error:") else frame.locator("body").inner_text()
        shown = "Monitors" in text or "Valpero" in text or "Password" in text
        part.check(f"{path} in a frame of {name} stays empty", not shown, (frame.url, text), page)


def redirects(part, up):
    for place in ELSEWHERE:
        context, watch = part.context(up)
        page = context.new_page()
        sign_in(page, up, next_path=f"?next={quote(place, safe='')}")
        page.wait_for_timeout(150)
        fits = context.cookies(up.url) and not watch.foreign and not watch.dialogs
        part.check(f"signing in with next={place!r} stays here", fits, (page.url, watch.foreign, watch.dialogs), page)
        context.close()
    context, _ = part.context(up)
    page = context.new_page()
    sign_in(page, up, next_path="?next=%2Fmonitors%3Fstatus%3Ddown")
    part.check("and one of here leads there", page.url == f"{up.url}/monitors?status=down", page.url, page)
    context.close()


def twice(part, up):
    context, _ = part.context(up)
    page = context.new_page()
    answer = page.goto(up.shown["link"])
    text = page.inner_text("main")
    fits = answer is not None and answer.status == 404 and "leads nowhere" in text and page.locator("main form").count() == 0
    part.check("a link that was used says that it is over", fits, text, page)
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": up.url}
    body = f"name=Eve&email=eve%40example.com&password={quote(PASSWORD)}".encode()
    status, headers, _ = ask(up.shown["link"], form, "POST", body)
    part.check("and lets nobody in", status == 404 and "set-cookie" not in headers, (status, headers))
    context.close()


def fixation(part, up):
    """A cookie that somebody else has set before the person signs in."""
    thief, _ = part.context(up)
    page = thief.new_page()
    sign_in(page, up)
    live = thief.cookies(up.url)[0]
    for what, value in (("made up", "val_ses_" + "A" * 40), ("of somebody else's session", live["value"])):
        context, _ = part.context(up)
        context.add_cookies([{"name": live["name"], "value": value, "url": up.url}])
        victim = context.new_page()
        sign_in(victim, up)
        after = [one["value"] for one in context.cookies(up.url) if one["name"] == live["name"]]
        fits = len(after) == 1 and after[0] != value
        part.check(f"a cookie {what} before signing in is not the one after it", fits, after, victim)
        cookie = context.cookies(up.url)[0]
        part.check("the cookie is for HTTP only and for this site", cookie["httpOnly"] and cookie["sameSite"] == "Lax", cookie)
        old = ask(f"{up.url}/monitors", {"Cookie": f"{live['name']}={value}"})[0]
        part.check(f"the cookie {what} opens no more than before", old == (200 if value == live["value"] else 303), old)
        context.close()
    held = cookies_of(thief)
    page.goto(f"{up.url}/monitors")
    page.get_by_role("button", name="Sign out").click()
    part.check("a session that was signed out is over", ask(f"{up.url}/monitors", held)[0] == 303, held, page)
    thief.close()
