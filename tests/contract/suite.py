"""What the parts of this suite share: its Python environment, its folder, and what it reads of the OpenAPI document."""

import os
import urllib.parse
import urllib.request

from testkit import environments
from testkit.paths import TARGET
from testkit.server import Up
from testkit.steps import step

HERE = os.path.dirname(os.path.abspath(__file__))
# Where the parts leave what they wrote and saw.
OUT = os.path.join(TARGET, "contract")


def program(name):
    """A program of the Python environment of requirements.txt."""
    return environments.program(os.path.join(TARGET, "contract-tools"), name, os.path.join(HERE, "requirements.txt"))


def linter(name):
    """A program of the npm packages of linters.txt."""
    return environments.node_program(os.path.join(TARGET, "contract-linters"), name, os.path.join(HERE, "linters.txt"))


def typescript(name):
    """A program of the npm packages of typescript.txt."""
    return environments.node_program(os.path.join(TARGET, "contract-typescript"), name, os.path.join(HERE, "typescript.txt"))


def vendors(name):
    """A program of the npm packages of receivers.txt."""
    return environments.node_program(os.path.join(TARGET, "contract-receivers"), name, os.path.join(HERE, "receivers.txt"))


def readers(name):
    """The place of an npm package of readers.txt, as if it were a program."""
    return environments.node_program(os.path.join(TARGET, "contract-readers"), name, os.path.join(HERE, "readers.txt"))


def start(valpero, part, data=None):
    """A `valpero up` that remembers nothing, or keeps all in a folder."""
    words = ["--data", data] if data else ["--memory"]
    return Up(valpero, *words, log=os.path.join(OUT, part + ".log"))


def operations(document):
    """Method, path and object of every operation; for a webhook, its name instead of a path."""
    methods = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
    places = [*document["paths"].items(), *document.get("webhooks", {}).items()]
    return [(method.upper(), path, item[method]) for path, item in places for method in methods if method in item]


def joined(up, email):
    """The id of a person who was invited, and has followed the link."""
    status, invitation = up.call("POST", "/people/invitations", {"email": email, "role": "viewer"})
    step("a person is invited", status == 201, invitation)
    form = urllib.parse.urlencode({"name": "Ada", "password": "correct horse battery"}).encode()
    place = up.url + urllib.parse.urlsplit(invitation["invite_url"]).path
    urllib.request.urlopen(urllib.request.Request(place, form, {"Origin": up.url}), timeout=20).close()
    people = up.call("GET", "/people?limit=200")[1]["data"]
    found = [one["user_id"] for one in people if one["email"] == email]
    step("and joins by the link", len(found) == 1, people)
    return found[0]


def alerted(up):
    """The ids of a channel and of a policy that names it; a route leads to the policy."""
    status, channel = up.call("POST", "/channels", {"name": "Kept", "type": "mattermost", "webhook_url": "http://127.0.0.1:9/hooks/kept"})
    step("a channel is made", status == 201, channel)
    steps = [{"after_minutes": 0, "channel_ids": [channel["id"]]}]
    status, policy = up.call("POST", "/escalation-policies", {"name": "Kept", "steps": steps})
    step("a policy is made that names it", status == 201, policy)
    status, routes = up.call("PUT", "/alert-routes", {"routes": [{"policy_id": policy["id"]}]})
    step("and a route that leads to the policy", status == 200, routes)
    return channel["id"], policy["id"]


def shown(up, monitors=()):
    """The ids of a status page, of its component, which is of these monitors, and of its post."""
    components = [{"name": "Site", "monitor_ids": list(monitors)}]
    status, page = up.call("POST", "/status-pages", {"slug": "kept", "title": "Kept", "components": components})
    step("a status page is made", status == 201, page)
    post = {"kind": "incident", "title": "Kept", "body": "We are looking into it.", "notify": False}
    status, post = up.call("POST", f"/status-pages/{page['id']}/posts", post)
    step("and a post on it", status == 201, post)
    return page["id"], page["components"][0]["id"], post["id"]


def subscribed(up, page, count):
    """The ids of as many subscribers of the page that stays, made by its form; ten from one address are the most."""
    for number in range(count):
        form = urllib.parse.urlencode({"email": f"reader{number}@example.com"}).encode()
        with urllib.request.urlopen(f"{up.url}/status/kept/subscribe", form, 20) as answer:
            step("a reader subscribes", answer.status == 202)
    found = up.call("GET", f"/status-pages/{page}/subscribers")[1]["data"]
    step(f"and {count} are listed", len(found) == count, found)
    return [one["id"] for one in found]
