"""The document's examples: each fits its schema, and each request's, sent to a server, is answered as the document says."""

import datetime
import json
import re
import subprocess
import tempfile

import jsonschema_rs

from suite import alerted, joined, operations, shown, start
from testkit.paths import tail
from testkit.steps import step
from testkit.waiting import until

# Names in a schema whose values are data, or names that somebody chose.
DATA = ("default", "enum", "const", "mapping")
NOBODY = "http://127.0.0.1:9/"
JSON = "application/json"


def run(valpero):
    with tempfile.TemporaryDirectory() as data, start(valpero, "examples", data) as up:
        document = up.document()
        found = list(examples(document))
        step(f"the document has examples, {len(found)}", len(found) > 200)
        wrong = [fault for schema, value in found for fault in faults(document, schema, value)]
        step("each fits its schema", not wrong, wrong)
        # A code, as the operator makes one, and an account that gains by it.
        operator = lambda *words: json.loads(
            subprocess.run([valpero, *words, "--data", data, "--json"], check=True, capture_output=True, text=True).stdout
        )
        [code] = operator("code", "create", "--plan", "business")["codes"]
        small = operator("account", "create", "--email", "small@example.com")["account_id"]
        token = operator("key", "mint", "--account", small, "--name", "all", "--scope", "all")["token"]
        sent(up, document, code, token)
        too_long(up, document)


def faults(document, schema, value):
    """What is wrong with a value, as texts."""
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]}, validate_formats=True)
    return [f"{error.message} in {value!r}" for error in validator.iter_errors(value)]


def examples(node):
    """Schema and value of every example within a part of the document."""
    if isinstance(node, list):
        for item in node:
            yield from examples(item)
    if not isinstance(node, dict):
        return
    schema = node.get("schema", node)
    values = [node["example"]] if "example" in node else []
    several = node.get("examples", [])
    values += several if isinstance(several, list) else [one["value"] for one in several.values()]
    # Beside an example a schema may say no more than what it is.
    plain = {name: value for name, value in schema.items() if name not in ("example", "examples")}
    yield from ((plain, value) for value in values)
    for name, inner in node.items():
        if name in ("properties", "schemas"):
            for one in inner.values():
                yield from examples(one)
        elif name not in ("example", "examples", *DATA):
            yield from examples(inner)


def resolved(document, schema):
    """A schema behind references; of what may be null, what it is otherwise."""
    while True:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        elif "oneOf" in schema and "properties" not in schema:
            schema = schema["oneOf"][0]
        else:
            return schema


def with_bodies(document):
    for method, path, operation in operations(document):
        if path.startswith("/") and "requestBody" in operation:
            yield method, path, operation, operation["requestBody"]["content"][JSON]


def sent(up, document, code, small):
    """Of every operation that takes a body."""
    _, monitor = up.call("POST", "/monitors", {"url": NOBODY, "webhook_url": NOBODY, "retries": 0})
    up.call("POST", f"/monitors/{monitor['id']}/check")
    opened = until(90, lambda: up.call("GET", "/incidents")[1]["data"])
    step("a monitor is down", opened, lambda: tail(up.log))
    _, key = up.call("POST", "/keys", {"name": "to be rotated"})
    channel, policy = alerted(up)
    _, hook = up.call("POST", "/channels", {"name": "Signs", "type": "webhook", "url": NOBODY})
    page, component, post = shown(up, [monitor["id"]])
    objects = {
        "monitors": monitor["id"],
        "keys": key["id"],
        "people": joined(up, "ada@example.com"),
        "incidents": opened[0]["id"],
        "channels": channel,
        "escalation-policies": policy,
        "status-pages": page,
    }
    # What examples name, and what there is.
    names = {"chn_": channel, "pol_": policy, "cmp_": component}
    for method, path, operation, content in with_bodies(document):
        example = re.sub(r"(chn_|pol_|cmp_)[0-9A-Z]{26}", lambda found: names[found[1]], json.dumps(content["example"]))
        body = json.loads(example)
        if "code" in body:
            body["code"] = code
        if "monitor_id" in body:
            body["monitor_id"] = monitor["id"]
        for one in body.get("components", []):
            if "monitor_ids" in one:
                one["monitor_ids"] = [monitor["id"]]
        if "until" in body:
            # A mute ends in the next 366 days, and the document is older than that some day.
            body["until"] = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).isoformat()
        place = path.removeprefix("/api/v1")
        # What signs is a channel of one type alone.
        one = hook["id"] if place == "/channels/{id}/rotate-secret" else objects.get(place.split("/")[1], "")
        status, answer = up.call(
            method,
            place.replace("{id}", one).replace("{component_id}", component).replace("{post_id}", post),
            body,
            small if "code" in body else None,
        )
        promised = operation["responses"].get(str(status), {})
        wrong = faults(document, promised.get("content", {}).get(JSON, {}).get("schema", {}), answer)
        step(
            f"the example of {operation['operationId']} is answered as promised",
            200 <= status < 300 and promised and not wrong,
            (answer, wrong),
        )


def too_long(up, document):
    """Hosts that are longer than any, but would still be an address if that were overlooked."""
    tried = 0
    for method, path, _, content in with_bodies(document):
        place = path.removeprefix("/api/v1").replace("{id}", up.call("GET", "/monitors")[1]["data"][0]["id"])
        for way, longest in hosts(document, content["schema"]):
            body = "0" * (longest + 1)
            for name in reversed(way):
                body = {name: body}
            body |= {"check_type": way[0]} if len(way) > 1 else {}
            status, answer = up.call(method, place, body)
            refused = [fault["pointer"] for fault in answer.get("errors", [])]
            tried += 1
            if status != 422 or "/" + "/".join(way) not in refused:
                step(f"{method} {path} refuses {'.'.join(way)} of {longest + 1} zeros", False, answer)
    step(f"each of {tried} hosts that is a character too long is refused, zeros or not", tried > 10)


def hosts(document, schema, way=()):
    """The ways to hosts and name servers in a body, and how long they may be."""
    for name, inner in resolved(document, schema).get("properties", {}).items():
        kind = resolved(document, inner)
        if kind.get("format") in ("host", "name-server"):
            yield (*way, name), kind["maxLength"]
        yield from hosts(document, kind, (*way, name))
