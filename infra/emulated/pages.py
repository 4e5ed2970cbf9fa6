"""A status page on the emulated AWS: what its readers see and are told, and a domain of its own by infra/add-domain."""

import re
import time
import urllib.parse

import mail
from cloud import Api, run, target
from testkit.steps import step
from testkit.waiting import until

DOMAIN, READER = "status.example.com", "reader@example.com"


def deployed(deployment):
    api, site = deployment.api(email="pages@example.com"), target()
    made = api.call("POST", "/api/v1/monitors", {"url": site.url, "retries": 0}).json
    component = {"name": "Shop", "monitor_ids": [made["id"]]}
    answer = api.call("POST", "/api/v1/status-pages", {"slug": "acme", "title": "Acme", "components": [component]})
    step("a status page is made", answer.status == 201, answer)
    page = answer.json["id"]

    # The host of the API, and that of the HTTP API that domains of pages lead to.
    here, apart = Api(deployment.outputs["ApiUrl"], ""), Api(deployment.outputs["StatusUrl"], "")
    for host in (here, apart):
        answer = host.send("GET", "/status/acme", None, {})
        step("its readers see it without a key", answer.status == 200 and b"<h1" in answer.text and b"Shop" in answer.text, answer)
        step("and nothing where there is none", host.send("GET", "/status/nowhere", None, {}).status == 404)

    def state():
        components = here.send("GET", "/status/acme/api/v2/components.json", None, {}).json["components"]
        return components[0]["status"]

    step("a tick finds its monitor up", until(150, lambda: state() == "operational"), state)
    site.status = 503
    api.call("POST", f"/api/v1/monitors/{made['id']}/check")
    down = until(150, lambda: state() == "major_outage")
    step("its readers see that the site is down", down, deployment.last_words)
    subscribed(deployment, api, here, page)
    own_domain(deployment, api, apart, page)
    api.call("DELETE", f"/api/v1/monitors/{made['id']}")
    denied = [line for line in deployment.logs() if "AccessDenied" in line or "not authorized" in line]
    step("and no policy was in the way", not denied, denied[:5])


def subscribed(deployment, api, reader, page):
    def letters():
        return [one for one in deployment.cloud.mail() if READER in one["To"]]

    def post(path, **fields):
        return reader.send("POST", path, urllib.parse.urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"})

    before = len(deployment.cloud.mail())
    answer = post("/status/acme/subscribe", email=READER)
    step("a reader subscribes", answer.status == 202, answer)
    step("and is asked by mail", until(60, letters), deployment.last_words)
    step("which nobody else gets", len(deployment.cloud.mail()) == before + 1, deployment.cloud.mail()[before:])
    found = re.search(r"https?://[^/\s]+(/status/acme/subscription/\S+)", letters()[0]["BodyText"])
    step("the mail has a link", found is not None, letters()[0])
    path = found[1] if found else ""
    step("which asks before it does anything", b"<button" in reader.send("GET", path, None, {}).text)
    answer = post(path, do="confirm")
    step("and subscribes at the press of a button", answer.status == 200, answer)
    news = {"kind": "incident", "title": "Checkout fails", "body": "We are looking into it.", "notify": True}
    posted = api.call("POST", f"/api/v1/status-pages/{page}/posts", news)
    step("a post is made", posted.status == 201, posted)
    step("of which the reader is told", until(60, lambda: len(letters()) == 2), deployment.last_words)
    step("from MailFrom", "Checkout fails" in letters()[1]["Subject"] and letters()[1]["Source"] == mail.FROM, letters()[1])
    # As mail programs do with the link in the header (RFC 8058).
    answer = post(path.replace("/subscription/", "/unsubscribe/"), **{"List-Unsubscribe": "One-Click"})
    step("and leaves by one request", answer.status == 200, answer)
    more = api.call(
        "POST", f"/api/v1/status-pages/{page}/posts/{posted.json['id']}/updates", {"state": "resolved", "body": "Mended.", "notify": True}
    )
    step("the post has an end", more.status == 201, more)
    # The sweep of the next minute would send what was left.
    time.sleep(75)
    step("of which the reader hears no more", len(letters()) == 2, letters)


def own_domain(deployment, api, apart, page):
    """As far as the emulator goes: it issues certificates unasked, and no DNS leads anywhere."""
    shown = run(["infra/add-domain", DOMAIN, "--page", "--stack", deployment.stack, "--home", deployment.home], deployment.environment)
    record = re.search(rf"{re.escape(DOMAIN)}\.\s+CNAME\s+(\S+)\.", shown)
    step("infra/add-domain says which DNS record to set", record is not None, shown)
    step("and how the page is told", f'"domain": "{DOMAIN}"' in shown and "curl -X PUT" in shown, shown)
    answer = api.call("PUT", f"/api/v1/status-pages/{page}/domain", {"domain": DOMAIN, "target": record[1] if record else ""})
    step("which the API takes", answer.status in (200, 201) and answer.json["state"] == "pending_dns", answer)
    there = {"Host": DOMAIN}
    step(
        "the domain leads to the page's function",
        until(30, lambda: apart.send("GET", f"/.well-known/valpero-page/{page}", None, there).status == 204),
    )
    answer = apart.send("GET", "/", None, there)
    step("which shows nothing before DNS leads there", answer.status == 404 and b"Shop" not in answer.text, answer)
    answer = api.call("DELETE", f"/api/v1/status-pages/{page}/domain")
    step("the domain can be taken back", answer.status == 204, answer)
    # The same command once more changes nothing.
    again = run(["infra/add-domain", DOMAIN, "--page", "--stack", deployment.stack, "--home", deployment.home], deployment.environment)
    step("and the command can be repeated", record is not None and record[1] in again, again)
    stacks = deployment.cloud.client("cloudformation", deployment.home)
    own = f"{deployment.stack}-page-{DOMAIN.replace('.', '--')}"
    run(["sam", "delete", "--stack-name", own, "--region", deployment.home, "--no-prompts"], deployment.environment)
    states = [one["StackStatus"] for one in stacks.list_stacks()["StackSummaries"] if one["StackName"] == own]
    step("and its stack be deleted", all(status == "DELETE_COMPLETE" for status in states), states)
