"""Webhooks as receivers check them: by the published package of Standard Webhooks, and by the README's one-liner with openssl."""

import os
import re

from standardwebhooks import Webhook, WebhookVerificationError

from suite import start
from testkit.paths import ROOT, new_folder, tail
from testkit.processes import execute
from testkit.site import Site
from testkit.steps import step
from testkit.waiting import until

OTHER_SECRET = "whsec_" + "A" * 43 + "="


def run(valpero):
    with start(valpero, "signatures") as up:
        site, receiver = Site(), Site()
        status, monitor = up.call("POST", "/monitors", {"url": site.url, "webhook_url": receiver.url})
        step("a monitor with a webhook is made, with its secret", status == 201 and monitor["webhook_secret"], monitor)
        status, asked = up.call("POST", "/webhooks/test", {"monitor_id": monitor["id"]})
        step("a test of the webhook is accepted", status == 202, (status, asked))
        step("and arrives", until(60, lambda: receiver.seen), lambda: tail(up.log))
        headers, body = receiver.seen[0].headers, receiver.seen[0].body
        secret = monitor["webhook_secret"]
        step("the package of Standard Webhooks accepts it", verified(secret, body, headers), (headers, body))
        step("but not with another secret", not verified(OTHER_SECRET, body, headers), headers)
        step("nor with another body", not verified(secret, body + b" ", headers), headers)
        one_liner(secret, body, headers["x-valpero-signature"])


def verified(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def one_liner(secret, body, header):
    with open(os.path.join(ROOT, "README.md")) as file:
        lines = re.findall(r"^\$ (printf 'sha256=.*)$", file.read(), re.MULTILINE)
    step("the README has one line that signs", len(lines) == 1, lines)
    place = new_folder("contract", "signatures")
    with open(os.path.join(place, "body.json"), "wb") as file:
        file.write(body)
    for key, same in ((secret, True), (OTHER_SECRET, False)):
        code, said = execute(["sh", "-c", lines[0]], cwd=place, env=os.environ | {"WEBHOOK_SECRET": key})
        sentence = "it says what the header says" if same else "and something else with another secret"
        step(sentence, code == 0 and (said.strip() == header) == same, (said, header))
