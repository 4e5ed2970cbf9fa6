"""The README's story on the real binary, on the real clock: `python3 tests/story/run.py PATH_TO_VALPERO`.

Starts `valpero up`, a site and a webhook receiver on loopback; lets real ticks pass; kills what may be killed. The signatures
are checked with Python's own HMAC. Takes about four minutes, most of them waiting for the schedule.
"""

import base64
import gzip
import hashlib
import hmac
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

from testkit.processes import logs, stop_all
from testkit.server import Up
from testkit.site import Site
from testkit.steps import step, summary
from testkit.waiting import until

VALPERO = os.path.abspath(sys.argv[1])
# What a version wrote that knew no people, and the key that opens it.
BEFORE_PEOPLE = pathlib.Path(__file__).with_name("before-people.backup.gz")
OLD_KEY = "val_key_wSmYTI73sTRI5PGxx96r3NNIUbWN85Qv37kauf"


class Shaky(Site):
    """Fails the request of the number `fails`: at once, where the others are answered a little later."""

    fails: int | None = None
    monitor: dict

    def answer(self, number):
        if number == self.fails:
            return 500
        if self.fails is not None:
            time.sleep(0.5)
        return self.status


def start(folder, key=None):
    return Up(VALPERO, "--data", folder, log=os.path.join(os.path.dirname(folder), "up.log"), key=key)


def operator(*words):
    done = subprocess.run([VALPERO, *words], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def no_false_alarm(up):
    """A site that fails one request of each round, each time another region's, and that one before it answers the others: when a region
    says "down", the one that said so in the round before has not yet said "up". At no time do two regions agree."""
    shaky = [Shaky() for _ in range(6)]
    for site in shaky:
        _, site.monitor = up.call("POST", "/monitors", {"url": site.url, "name": "Shaky", "retries": 0})
    path = lambda site: f"/monitors/{site.monitor['id']}"
    ready = lambda: all(up.call("GET", path(site))[1]["status"] == "up" for site in shaky)
    step("sites that will fail now and then are up", until(75, ready))
    for turn in range(8):
        before = [site.answered for site in shaky]
        for site in shaky:
            site.fails = len(site.seen) + turn % 3
            up.call("POST", f"{path(site)}/check")
        until(10, lambda before=before: all(site.answered >= count + 3 for site, count in zip(shaky, before, strict=True)))
    failed = [check for site in shaky for check in up.call("GET", f"{path(site)}/checks?outcome=down")[1]["data"]]
    step("each was seen down by one region at a time", len({check["region"] for check in failed}) == 3 and len(failed) >= 30)
    incidents = [up.call("GET", f"/incidents?monitor_id={site.monitor['id']}")[1]["data"] for site in shaky]
    step("and that is no incident", not any(incidents))
    for site in shaky:
        up.call("DELETE", path(site))


def older():
    """A backup that a version wrote in which nobody could sign in yet."""
    folder = os.path.join(tempfile.mkdtemp(prefix="valpero-older-"), "data")
    saved = f"{folder}.backup"
    with gzip.open(BEFORE_PEOPLE) as packed, open(saved, "wb") as file:
        file.write(packed.read())
    step("a backup of an earlier version is restored", operator("restore", saved, "--data", folder)[0] == 0)
    with start(folder, OLD_KEY) as up:
        status, monitors = up.call("GET", "/monitors?limit=200")
        named = sorted(one["name"] for one in monitors["data"])
        step("all its monitors are there, for its key", (status, len(named), named[0]) == (200, 60, "Monitor 0"), monitors)
        incidents = up.call("GET", "/incidents?limit=200")[1]["data"]
        told = [up.call("GET", f"/incidents/{one['id']}")[1] for one in incidents]
        step("and its incidents, with what was written", any(entry["note"] == "looking" for one in told for entry in one["timeline"]))
        step("and its channels and keys", up.call("GET", "/channels")[1]["data"] and len(up.call("GET", "/keys")[1]["data"]) == 2)
        link = up.shown["link"]
        step("a link leads in, for nobody could before", link and link.startswith(f"{up.url}/enter/"), up.shown)
        form = urllib.parse.urlencode({"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}).encode()
        urllib.request.urlopen(urllib.request.Request(link, form, {"Origin": up.url}), timeout=20).close()
        # A key of that time has no scope for people.
        account = up.call("GET", "/account")[1]["id"]
        people = json.loads(operator("user", "list", "--account", account, "--data", folder, "--json")[1])["people"]
        step("and the owner is there", [(one["email"], one["role"]) for one in people] == [("ada@example.com", "owner")], people)
        code, out, _ = operator("user", "link", "ada@example.com", "--data", folder, "--json")
        step("to whom the operator can give another link", code == 0 and json.loads(out)["url"].startswith(f"{up.url}/enter/"), out)
    with start(folder, OLD_KEY) as up:
        step("the next start shows no link", up.shown["link"] is None, up.shown)


def behind_a_proxy():
    """A header that names the client counts where the proxy that sends it is trusted, and nowhere else."""
    for words, seen in ((), "127.0.0.1"), (("--trusted-proxy", "127.0.0.1"), "192.0.2.7"):
        folder = os.path.join(tempfile.mkdtemp(prefix="valpero-proxy-"), "data")
        with Up(VALPERO, "--data", folder, *words, log=f"{folder}.log") as up:
            headers = {
                "Authorization": f"Bearer {up.key}",
                "Content-Type": "application/json",
                "X-Forwarded-For": "198.51.100.1, 192.0.2.7",
            }
            body = json.dumps({"name": "a", "scopes": ["monitors:read"]}).encode()
            urllib.request.urlopen(urllib.request.Request(f"{up.url}/api/v1/keys", body, headers), timeout=20).close()
            row = up.call("GET", "/audit-log?action=key.created")[1]["data"][0]
            step(f"with {words} the client is {seen}", row["ip"] == seen, row)
    code, _, err = operator("up", "--trusted-proxy", "localhost")
    step("a proxy has an address", code == 2 and "such as 127.0.0.1" in err, err)


def main():
    older()
    behind_a_proxy()
    folder = os.path.join(tempfile.mkdtemp(prefix="valpero-story-"), "data")
    site, hook = Site(), Site()
    up = start(folder)
    step("the first start prints a key with every scope", up.first_key.startswith("val_key_"))
    status, monitor = up.call("POST", "/monitors", {"url": site.url, "webhook_url": hook.url, "name": "Shop"})
    step("a monitor is made and pending", (status, monitor["status"]) == (201, "pending"))
    path = f"/monitors/{monitor['id']}"
    step("a scheduled tick finds it up", until(75, lambda: up.call("GET", path)[1]["status"] == "up"))
    checks = up.call("GET", f"{path}/checks")[1]["data"]
    step("its checks come from each region", {check["region"] for check in checks} == {"hel", "fra", "usc"})
    step("on the minute", all(check["at"].endswith(":00.000Z") for check in checks))

    step("another start on the same data is refused", operator("up", "--data", folder, "--addr", "127.0.0.1:0")[0] == 1)
    code, out, _ = operator("account", "create", "--email", "b@example.com", "--plan", "free", "--data", folder, "--json")
    account = json.loads(out)["account_id"]
    step("the operator makes an account while it runs", code == 0 and account.startswith("acc_"))
    code, out, _ = operator("key", "mint", "--account", account, "--name", "ci", "--data", folder, "--json")
    minted = json.loads(out)
    step("and a key", code == 0 and up.call("GET", "/account", key=minted["token"])[1]["email"] == "b@example.com")
    step("which sees nothing of others", up.call("GET", path, key=minted["token"])[0] == 404)
    operator("key", "revoke", minted["key_id"], "--account", account, "--data", folder)
    step("and is refused once it is revoked", up.call("GET", "/account", key=minted["token"])[0] == 401)
    step("wrong usage ends with 2", operator("account", "create")[0] == 2)
    code, _, err = operator("key", "list", "--account", "acc_" + "0" * 26, "--data", folder)
    step("what is not there ends with 1 and a sentence", code == 1 and "valpero account list" in err)
    code, _, err = operator("account", "list", "--data", folder + "-none")
    step("so does data that is not there", code == 1 and "--data" in err)

    step("the data is its owner's alone", os.stat(folder).st_mode & 0o077 == 0)
    modes = [os.stat(os.path.join(folder, name)).st_mode for name in os.listdir(folder)]
    step("and so is each file in it", modes and all(mode & 0o077 == 0 for mode in modes))
    saved = folder + ".backup"
    step("a backup is made while it runs", operator("backup", saved, "--data", folder)[0] == 0)
    step("which is its owner's alone, too", os.stat(saved).st_mode & 0o077 == 0)
    code, _, err = operator("restore", saved, "--data", folder, "--force")
    step("and not restored while it runs", code == 1 and "another `valpero up` runs" in err)

    code, out, _ = operator("region", "list", "--data", folder, "--json")
    regions = json.loads(out)["regions"]
    step("the operator sees the regions tick", len(regions) == 3 and not any(region["silent"] for region in regions))
    code, _, err = operator("region", "remove", "syd", "--data", folder)
    step("and cannot remove one that is not there", code == 1 and "valpero region list" in err)

    no_false_alarm(up)

    hook.status = 500
    site.status = 503
    step("POST …/check is accepted", up.call("POST", f"{path}/check")[0] == 202)
    step("at once it is down", until(20, lambda: up.call("GET", path)[1]["status"] == "down"))
    step("the webhook was tried and failed", until(10, lambda: len(hook.seen) == 1))
    hook.status = 200
    up.process.kill()
    up.process.wait()
    up = start(folder, up.key)
    step("after kill -9 it starts again and shows no key twice", up.first_key is None)
    step("the incident is still open", up.call("GET", "/incidents")[1]["data"][0]["status"] == "ongoing")
    step("the pending webhook goes out after all", until(80, lambda: len(hook.seen) >= 2))
    headers, body = hook.seen[1].headers, hook.seen[1].body
    secret = monitor["webhook_secret"]
    signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    step("signed with the secret as shown", headers["x-valpero-signature"] == signature)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    standard = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    step("and as Standard Webhooks says", headers["webhook-signature"] == standard)
    step("it tells of the incident", json.loads(body)["type"] == "incident.opened")

    site.status = 200
    step("a scheduled tick sees it recover", until(75, lambda: up.call("GET", path)[1]["status"] == "up"))
    step("and tells of it", until(10, lambda: json.loads(hook.seen[-1].body)["type"] == "incident.resolved"))
    incident = up.call("GET", "/incidents")[1]["data"][0]
    step("the incident is resolved", (incident["status"], incident["resolved_by"]) == ("resolved", "recovery"))
    step("there was one incident only", len(up.call("GET", "/incidents")[1]["data"]) == 1)
    step("Ctrl-C stops it cleanly", up.stop(signal.SIGINT) == 0)
    code, out, _ = operator("account", "list", "--data", folder, "--json")
    step("and the data is there for the operator", code == 0 and len(json.loads(out)["accounts"]) == 2)

    store = os.path.join(folder, "valpero.db")
    for name in os.listdir(folder):
        if name.startswith("valpero.db-"):
            os.remove(os.path.join(folder, name))
    with open(store, "wb") as file:
        file.write(b"\xff" * 8192)
    code, _, err = operator("up", "--data", folder, "--addr", "127.0.0.1:0")
    step("a damaged file is refused in words", code == 1 and "is damaged" in err and "valpero restore" in err)
    os.remove(store)
    code, _, err = operator("up", "--data", folder, "--addr", "127.0.0.1:0")
    step("a missing one is no first start", code == 1 and "is gone" in err)
    step("nothing is replaced unasked", operator("restore", saved, "--data", folder)[0] == 1)
    step("a backup is restored by force", operator("restore", saved, "--data", folder, "--force")[0] == 0)
    up = start(folder, up.key)
    step("and its keys and monitors are back", up.first_key is None and up.call("GET", path)[0] == 200)
    step("and it stops again", up.stop(signal.SIGINT) == 0)
    summary()


# An end by this signal, too, ends the server.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
try:
    main()
except SystemExit:
    print(logs())
    raise
finally:
    stop_all()
