"""The pages that answer forms, which no link leads to: looked at as the others are."""

from data import Full
from pages import Crawl, look, report
from parts import PASSWORD, enter, sign_in
from testkit.ports import free_port

OPEN = """() => {
  for (const more of document.querySelectorAll('details')) more.open = true;
  // What the server says of faults is looked at, not what the browser says.
  for (const form of document.forms) form.noValidate = true;
}"""


class Form:
    """A form of the page at `path`: what is filled in, and what is pressed."""

    def __init__(self, what, path, fields=None, press="main form button.primary", status=200):
        self.what, self.path, self.fields, self.press, self.status = what, path, fields or {}, press, status

    def send(self, crawl):
        page = crawl.page
        page.goto(crawl.up.url + self.path)
        page.evaluate(OPEN)
        for name, text in self.fields.items():
            field = page.locator(f"main form [name='{name}']:not([type=hidden])").first
            if field.evaluate("(field) => field.type === 'checkbox'"):
                field.check()
            else:
                field.fill(text)
        crawl.watch.errors.clear()
        with page.expect_navigation() as got:
            page.locator(self.press).first.click()
        fits = got.value is not None and got.value.status == self.status
        crawl.part.check(f"{self.what} has a page", fits, lambda: (got.value, page.inner_text("body")), page)
        if fits:
            look(crawl, f"{crawl.up.url}/posted/{self.what}", got.value, self.status)


def forms(full):
    shop, channel = full.monitors[0]["id"], full.channels[0]["id"]
    host = {"host": "127.0.0.1", "port": str(free_port())}
    wrong = {"url": "no such thing"}
    delete, tag, test = "main button[value=delete]", "main button[value=tag]", "main form[action$='/test'] button"
    rotate = f"main form[action='/alerts/channels/{channel}/rotate-secret'] button"
    return [
        *(Form(f"the tool {name}", f"/tools?tool={name}", {"url": full.good.url}) for name in ("http", "headers")),
        *(Form(f"the tool {name}", f"/tools?tool={name}", host) for name in ("ssl", "ping")),
        Form("the tool dns", "/tools?tool=dns", {"name": "shop.example"}),
        Form("a monitor with a fault", "/monitors/new", wrong, status=422),
        Form("a monitor that is tried", "/monitors/new", {"url": full.bad.url}, "main button[value=try]"),
        Form("many monitors with faults", "/monitors/paste", {"urls": f"{full.good.url} One\nno such thing"}),
        Form("a check that was asked for", f"/monitors/{shop}", press="main form[action$='/check'] button"),
        Form("monitors to be deleted", "/monitors", {"id": ""}, delete),
        Form("monitors to be tagged", "/monitors", {"id": ""}, tag),
        Form("no monitors to be tagged", "/monitors", {}, tag, 422),
        Form("a monitor's new secret", f"/monitors/{shop}/rotate-secret", press="main form button.danger"),
        Form("a channel with a fault", "/alerts/channels/new?type=webhook", {"name": "x", **wrong}, status=422),
        Form("a test of a channel", f"/alerts/channels/{channel}", press=test),
        Form("a preview of a channel", f"/alerts/channels/{channel}/edit", press="main button[value=preview]"),
        Form("a channel's new secret", f"/alerts/channels/{channel}", press=rotate),
        Form("a new webhook", "/alerts/channels/new?type=webhook", {"name": "New", "url": full.hook.url}),
        Form("a policy with a fault", "/alerts/policies/new", {"name": ""}, status=422),
        Form("a new key", "/settings/keys", {"name": "terraform"}, "#new-key button"),
        Form("a key with a fault", "/settings/keys", {"name": ""}, "#new-key button", 422),
        Form("an invitation", "/settings/people", {"email": "new@example.com"}, "#invite button"),
        Form("an invitation with a fault", "/settings/people", {"email": "nobody"}, "#invite button", 422),
        Form("an offer of two factors", "/settings/two-factor", {"old": PASSWORD}, press="main form:has([value=offer]) button"),
        Form("a comment with a fault", f"/incidents/{full.incident['id']}", {"body": ""}, "#comment button", 422),
    ]


def run(part):
    up = part.up()
    context, watch = part.context(up, color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    enter(page, up.shown["link"])
    full = Full(part, up)
    crawl = Crawl(part, up, page, watch, look)
    for form in forms(full):
        part.chain(page, lambda form=form: form.send(crawl))
    context.clear_cookies()
    part.chain(page, lambda: outside(part, up, crawl))
    report(part, crawl)


def outside(part, up, crawl):
    crawl.watch.errors.clear()
    with crawl.page.expect_event("response", lambda answer: answer.request.method == "POST") as got:
        sign_in(crawl.page, up, "nobody@example.com")
    part.check("signing in with a fault has a page", got.value.status == 422, got.value.status, crawl.page)
    look(crawl, f"{up.url}/posted/signing in with a fault", got.value, got.value.status)
