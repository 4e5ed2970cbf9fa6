"""What happens on the emulated AWS, step by step. A step that is untrue ends the run."""

import base64
import gzip
import hashlib
import hmac
import json
import os
import re
import signal
import time
import urllib.parse

import tomllib

import chaos
import local
import mail
import pages
from cloud import Api, Cloud, outputs, run, target, tool
from testkit.paths import ROOT
from testkit.processes import stop_all
from testkit.steps import step, summary
from testkit.waiting import until

HOME = "eu-north-1"
AWAY = "eu-central-1"


class Deployment:
    """The deployed stack, and its operator."""

    def __init__(self, cloud, valpero):
        self.cloud, self.valpero, self.stack, self.home, self.regions = cloud, valpero, "valpero", HOME, {"hel": HOME}
        path = os.pathsep.join([os.path.dirname(tool("sam", "sam")), os.environ["PATH"]])
        # cargo, not zig, links; nothing may be fetched.
        build = {"CARGO_LAMBDA_COMPILER": "cargo", "CARGO_NET_OFFLINE": "true"}
        # Nothing is shipped, so that the profile of a local build will do.
        with open(os.path.join(ROOT, "Cargo.toml"), "rb") as file:
            local = tomllib.load(file)["profile"]["release"]
        for name in ("opt-level", "lto", "codegen-units"):
            build["CARGO_PROFILE_RELEASE_" + name.replace("-", "_").upper()] = str(local[name])
        build["RUSTUP_DIST_SERVER"] = "http://127.0.0.1:1"
        self.environment = cloud.environment | build | {"PATH": path, "AWS_REGION": HOME, "AWS_DEFAULT_REGION": HOME}

    def deploy(self, *words):
        """Builds and deploys as an operator does."""
        shown = run(["infra/deploy", "--stack", self.stack, "--home", HOME, *words], self.environment)
        self.outputs = outputs(self.cloud, self.stack, HOME)
        # What a template's parameter says stays text in the emulator, whose queue poller then fails; on AWS it is a number.
        functions = self.cloud.client("lambda", HOME)
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            most = int(mapping["ScalingConfig"]["MaximumConcurrency"])
            functions.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": most})
        self.mail_policies = mail.widen(self.cloud, HOME)
        return shown

    def protected(self):
        described = self.cloud.client("cloudformation", HOME).describe_stacks(StackName=self.stack)
        return described["Stacks"][0]["EnableTerminationProtection"]

    def operator(self, *words):
        return json.loads(run([self.valpero, *words, "--stack", self.stack, "--json"], self.environment))

    def logs(self):
        """What all functions have logged in all regions."""
        names = ("account", "monitors", "incidents", "webhooks", "metrics", "alerts", "tools", "docs", "delivery", "rollup")
        names += ("people", "dashboard", "pages", "status")
        functions = [(f"{self.stack}-{name}", HOME) for name in names]
        functions += [(f"{self.stack}-checker-{code}", region) for code, region in self.regions.items()]
        return [line for function, region in functions for line in self.cloud.log(function, region)]

    def last_words(self):
        lines = [line for line in self.logs() if line.startswith("{") and '"status":200' not in line]
        return "\n".join(lines[-20:])

    def api(self, plan="business", email="owner@example.com"):
        account = self.operator("account", "create", "--email", email, "--plan", plan)["account_id"]
        minted = self.operator("key", "mint", "--account", account, "--name", "suite", "--scope", "all")
        return Api(minted["api_url"], minted["token"])


def main(valpero, only=()):
    cloud = Cloud()
    try:
        cloud.start()
        deployment = Deployment(cloud, valpero)
        for part in (templates, build, services, one_region, status_page, two_regions, queues, faults, smoke, end):
            if not only or part.__name__ in only:
                began = time.monotonic()
                part(deployment)
                print(f"      {part.__name__.replace('_', ' ')}: {time.monotonic() - began:.0f} s", flush=True)
    finally:
        # The emulators, and the functions that they started.
        stop_all(signal.SIGKILL)
    summary()


def monitor(api, site, hook=None, **more):
    body = {"url": site.url, "retries": 0, **more} | ({"webhook_url": hook.url + "hook"} if hook else {})
    answer = api.call("POST", "/api/v1/monitors", body)
    step("a monitor is made", answer.status == 201, answer)
    return answer.json


def status(api, made):
    return api.call("GET", f"/api/v1/monitors/{made['id']}").json["status"]


def signed(arrival, secret):
    """Whether both signatures are right."""
    plain = "sha256=" + hmac.new(secret.encode(), arrival.body, hashlib.sha256).hexdigest()
    text = f"{arrival.headers['webhook-id']}.{arrival.headers['webhook-timestamp']}.".encode() + arrival.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    standard = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return (arrival.headers["x-valpero-signature"], arrival.headers["webhook-signature"]) == (plain, standard)


def templates(deployment):
    run(["sam", "validate", "--lint", "--template", "template.yaml"], deployment.environment)
    shown = run(["cfn-lint", "template.yaml", "infra/region.yaml", "infra/domain.yaml"], deployment.environment)
    step("sam validate and cfn-lint find nothing", not shown.strip(), shown)


def build(deployment):
    run(["sam", "build", "--parameter-overrides", "Architecture=x86_64"], deployment.environment)


def services(deployment):
    # Built and not deployed.
    local.run(deployment)


def status_page(deployment):
    pages.deployed(deployment)


def faults(deployment):
    chaos.run(deployment)


def dashboard(deployment, api):
    answer = api.send("GET", "/monitors", None, {})
    step("a page asks who is there", answer.status == 303 and answer.headers["location"] == "/sign-in?next=%2Fmonitors", answer)
    account = api.call("GET", "/api/v1/account").json["id"]
    words = ("user", "invite", "--account", account, "--email", "ada@example.com", "--role", "owner")
    path = urllib.parse.urlsplit(deployment.operator(*words)["invite_url"]).path
    answer = api.form(path, {"name": "Ada Owner", "password": "correct horse battery"})
    step("a person comes in by the operator's link", answer.status == 303 and "val_ses_" in answer.headers.get("set-cookie", ""), answer)
    cookie = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
    answer = api.send("GET", "/monitors", None, cookie)
    page = answer.text.decode()
    step("and sees the dashboard", answer.status == 200 and "Ada Owner" in page, answer)
    sheet = re.search(r'rel="stylesheet" href="([^"]+)"', page)
    answer = api.send("GET", sheet[1] if sheet else "/", None, {})
    step("with a style sheet that is kept for good", answer.status == 200 and "immutable" in answer.headers["cache-control"], answer)
    answer = api.form("/settings/people/invitations", {"email": "eve@example.com", "role": "viewer"}, cookie)
    step("invites another one", answer.status == 200 and b"/enter/" in answer.text, answer)
    people = api.call("GET", "/api/v1/people").json["data"]
    step("and is known to the API", [one["email"] for one in people] == ["ada@example.com"], people)
    answer = api.form("/sign-out", {}, cookie)
    step("and signs out", answer.status == 303 and api.send("GET", "/monitors", None, cookie).status == 303, answer)


def one_region(deployment):
    deployment.deploy("--architecture", "x86_64", "AllowPrivateTargets=yes", "AlarmEmail=ops@example.com", f"MailFrom={mail.FROM}")
    step("infra/deploy makes the stack", "ApiUrl" in deployment.outputs, deployment.outputs)
    step("and protects it from deletion", deployment.protected())
    alarms = deployment.cloud.client("cloudwatch", HOME).describe_alarms()["MetricAlarms"]
    wanted = {"DeadLettersAlarm", "DeliveryErrors", "DeliveryStopped", "SilentRegions", "Throttled", "ApiErrors"}
    wanted |= {"CheckerErrors", "CheckerStopped", "DeadEventsAlarm", "RollupErrors"}
    missing = {name for name in wanted if not any(name in alarm["AlarmName"] and alarm["AlarmActions"] for alarm in alarms)}
    step("with its alarms, who have somebody to tell", not missing, missing)
    api = deployment.api()
    answer = api.call("GET", "/api/v1/account")
    step("the operator's key opens the API", answer.status == 200 and answer.json["plan"] == "business", answer)
    step("every answer carries its limits and its id", answer.headers["x-ratelimit-limit"] == "1000" and "x-request-id" in answer.headers)
    answer = Api(deployment.outputs["ApiUrl"], "val_key_nothing").call("GET", "/api/v1/account")
    step("a wrong key is a problem", answer.status == 401 and answer.json["code"] == "unauthorized", answer)
    answer = api.call("GET", "/api/v1/nowhere")
    step("so is what is no route", answer.status == 404 and answer.json["code"] == "no_route", answer)
    answer = api.call("DELETE", "/api/v1/incidents")
    step("and a wrong method", answer.status == 405 and "GET" in answer.headers["allow"], answer)
    dashboard(deployment, api)

    site, hook = target(), target()
    answer = api.call("POST", "/api/v1/monitors", {"url": site.url})
    if answer.status == 201:  # the first tick was faster
        api.call("DELETE", f"/api/v1/monitors/{answer.json['id']}")
    else:
        step("before the first tick there is no region to check from", answer.json["code"] == "no_region_yet", answer)
    step("a scheduled tick reports for duty", until(90, lambda: deployment.operator("region", "list")["regions"]))
    made = monitor(api, site, hook, name="Shop")
    step("it is pending", made["status"] == "pending")
    late = target()
    late.wait = 1.2
    slow = monitor(api, late, target(), name="Slow")
    step("a scheduled tick finds it up", until(90, lambda: status(api, made) == "up"), deployment.last_words)
    # Its status is known at once, its check with those of its cohort, of which one is slow.
    checks = until(20, lambda: api.call("GET", f"/api/v1/monitors/{made['id']}/checks").json["data"])
    step(
        "its check is on the minute, from the home region",
        checks and (checks[0]["region"], checks[0]["at"][-7:]) == ("hel", "00.000Z"),
        checks,
    )
    before = len(site.seen)
    answer = api.call("POST", f"/api/v1/monitors/{made['id']}/check")
    step("POST …/check is accepted", answer.status == 202 and answer.json["regions"] == ["hel"], answer)
    step("and reaches the checker through the event bus", until(20, lambda: len(site.seen) > before))

    mails = mail.channel(deployment, api)
    first, second = escalated(api, made, mails)
    site.status = 503
    down = until(90, lambda: status(api, made) == "down")
    step("a site that fails is down within two ticks", down or until(60, lambda: status(api, made) == "down"))
    opened = until(20, lambda: hook.seen)
    step("the webhook comes through SQS and the delivery function", opened, deployment.last_words)
    step("signed in both ways", signed(opened[0], made["webhook_secret"]), opened[0].headers)
    body = json.loads(opened[0].body)
    step(
        "and tells of the incident", body["type"] == "incident.opened" and body["data"]["incident"]["cause"]["code"] == "http_status", body
    )
    step("so does the first step of its policy", until(20, lambda: first.events("incident.opened")), deployment.last_words)
    step("and after a minute the second", until(150, lambda: second.events("incident.opened")), deployment.last_words)
    # Steps count from the minute, and the emulator's schedule may be ten seconds late for the first of them.
    step("not before", second.seen[0].at - first.seen[0].at >= 35, (first.seen[0].at, second.seen[0].at))
    [incident] = api.call("GET", f"/api/v1/incidents?monitor_id={made['id']}").json["data"]
    answer = api.call("POST", f"/api/v1/incidents/{incident['id']}/acknowledge", {"note": "on it"})
    step("it can be acknowledged", answer.status == 200 and answer.json["acknowledged_at"], answer)
    # One that is overtaken by the end of its incident is not sent.
    step("which is told", until(20, lambda: hook.events("incident.acknowledged")), deployment.last_words)
    site.status = 200
    check_now(api, made)
    step("a site that answers again is up", until(150, lambda: status(api, made) == "up"))
    step("which is told, too", until(20, lambda: hook.events("incident.resolved")))
    step("by both steps", until(20, lambda: first.events("incident.resolved") and second.events("incident.resolved")))
    step("once each", (len(first.seen), len(second.seen)) == (2, 2), (first.seen, second.seen))
    mail.told(deployment, api, mails, incident["id"])
    linked(deployment, api)
    told = lambda: [one["status"] for one in api.call("GET", f"/api/v1/incidents/{incident['id']}").json["notified"]]
    step("and the incident says who was told", until(20, lambda: told() == ["succeeded"] * 3), told)
    step(
        "in the order of what happened",
        [event["type"] for event in hook.events()] == ["incident.opened", "incident.acknowledged", "incident.resolved"],
        hook.events(),
    )
    mail.bounced(deployment, api, mails)
    contract(deployment, api, made, hook)
    apart = until(
        130, lambda: [line for line in deployment.cloud.log("valpero-checker-hel", HOME) if re.search('"handed_over":[1-9]', line)]
    )
    step("a slow target is left to an invocation of its own, through the event bus", apart, deployment.last_words)
    minute = json.loads(apart[-1])["at"]
    kept = until(30, lambda: any(check["at"] == minute for check in api.call("GET", f"/api/v1/monitors/{slow['id']}/checks").json["data"]))
    step("and checked at the same minute", kept, deployment.last_words)
    api.call("DELETE", f"/api/v1/monitors/{slow['id']}")
    log = api.call("GET", "/api/v1/audit-log?limit=200").json["data"]
    step(
        "the audit log has it all", {"monitor.created", "incident.acknowledged", "channel.disabled"} <= {row["action"] for row in log}, log
    )
    answer = api.call("DELETE", f"/api/v1/monitors/{made['id']}")
    step("the monitor is deleted", answer.status == 204 and status_code(api, made) == 404, answer)
    denied = [line for line in deployment.logs() if "AccessDenied" in line or "not authorized" in line]
    step("and no policy was in the way", not denied, denied[:5])


def escalated(api, made, mails):
    """Two receivers of the monitor's incidents: of the first step, which mails as well, and of the one a minute later."""
    receivers, channels = (target(), target()), []
    for receiver in receivers:
        channel = api.call("POST", "/api/v1/channels", {"name": "On call", "type": "webhook", "url": receiver.url + "channel"})
        step("a channel is made", channel.status == 201, channel)
        channels.append(channel.json["id"])
    steps = [{"after_minutes": minutes, "channel_ids": [channel]} for minutes, channel in enumerate(channels)]
    steps[0]["channel_ids"].append(mails)
    policy = api.call("POST", "/api/v1/escalation-policies", {"name": "On call", "steps": steps})
    step("a policy of two steps is made", policy.status == 201, policy)
    routes = {"routes": [{"match": {"monitor_ids": [made["id"]]}, "policy_id": policy.json["id"]}]}
    answer = api.call("PUT", "/api/v1/alert-routes", routes)
    step("and a route that leads the monitor to it", answer.status == 200, answer)
    return receivers


def linked(deployment, api):
    """The link that acknowledges, in the mail that told of the opening: it leads to the deployment itself, and needs no key."""
    [text] = [one["BodyText"] for one in deployment.cloud.mail() if one["Subject"] == "Down: Shop"]
    links = re.findall(r"(https?://[^/\s]+)(/acknowledge/[A-Za-z0-9_-]+)", text)
    step(
        "the mail has a link to the deployment's own URL",
        [base for base, _ in links] == [deployment.outputs["ApiUrl"]],
        (text, deployment.outputs),
    )
    [(_, path)] = links
    nobody = Api(f"http://{api.host}", "")
    page = nobody.call("GET", path)
    step("which shows what became of the incident", page.status == 200 and b"Up again: Shop" in page.text, page)
    wrong = nobody.call("GET", path[:-8] + "AAAAAAAA")
    step("and nothing where it was changed", wrong.status == 404 and b"Shop" not in wrong.text, wrong)


def contract(deployment, api, made, hook):
    """What of the contract takes a way of its own through the gateway and the functions."""
    named = {"Idempotency-Key": "once"}
    first = api.call("POST", "/api/v1/keys", {"name": "once"}, named)
    again = api.call("POST", "/api/v1/keys", {"name": "once"}, named)
    step("a creation that is sent again is answered again", first.status == 201 and again.text == first.text, again)
    step("and marked", again.headers.get("idempotent-replayed") == "true", again)
    before = len(hook.seen)
    tried = api.call("POST", "/api/v1/webhooks/test", {"monitor_id": made["id"]})
    step("the webhook can be tried", tried.status == 202 and until(20, lambda: len(hook.seen) > before), tried)
    path = f"/api/v1/webhooks/deliveries/{tried.json['id']}"
    log = until(20, lambda: [api.call("GET", path).json] if api.call("GET", path).json["status"] == "succeeded" else None)
    step("and its log shows the answer's head", log and "content-length" in log[0]["attempts"][0]["response_headers"], log)
    again = api.call("POST", f"{path}/redeliver")
    step("it is sent again on request", again.status == 202 and until(20, lambda: len(hook.seen) > before + 1), again)
    hook.seen[:] = [arrival for arrival in hook.seen if json.loads(arrival.body)["type"] != "webhook.test"]
    text = api.call("GET", "/api/metrics").text.decode()
    step("Prometheus reads the metrics", f'valpero_up{{monitor_id="{made["id"]}"' in text, text)
    seen = api.call("POST", "/api/v1/tools/http", {"url": made["url"]})
    step("a tool probes a site that is no monitor's", seen.status == 200 and seen.json["remote_address"], seen)
    packed = api.call("GET", "/api/metrics", headers={"Accept-Encoding": "gzip"})
    step("packed where it asks for that", gzip.decompress(packed.text).startswith(b"# HELP valpero_up "), packed)
    nobody = Api(f"http://{api.host}", "")
    document = nobody.call("GET", "/docs/api/openapi.json").json
    step("the reference is there for everybody", document["openapi"].startswith("3.1") and len(document["paths"]) > 20)
    page = nobody.call("GET", "/docs/api")
    step("and its page", page.status == 200 and b'id="problem-validation_failed"' in page.text, page)
    functions = deployment.cloud.client("lambda", HOME)
    [rollup] = [one["FunctionName"] for one in functions.list_functions()["Functions"] if "Rollup" in one["FunctionName"]]
    # Its schedule may have been there first, so that the answer alone says nothing.
    over = int(time.time() - 120) // 3600 * 3600
    answer = json.loads(functions.invoke(FunctionName=rollup, Payload=b"{}")["Payload"].read())
    key = {"cohort": {"S": "rolled"}, "at": {"S": "hours"}}
    rolled = deployment.cloud.client("dynamodb", HOME).get_item(TableName="valpero-checks", Key=key, ConsistentRead=True)
    summed = int(rolled.get("Item", {}).get("until", {}).get("N", 0))
    step("the hourly summary has all that is over", "spans" in answer and summed >= over, (answer, rolled, over))
    hours = api.call("GET", f"/api/v1/monitors/{made['id']}/response-times").json["data"]
    step("and the hour that has just begun is summed up as it is read", hours and hours[-1]["count"] > 0, hours)


def status_code(api, made):
    return api.call("GET", f"/api/v1/monitors/{made['id']}").status


def check_now(api, made):
    answer = api.call("POST", f"/api/v1/monitors/{made['id']}/check")
    assert answer.status == 202, answer


def regions(deployment):
    return {region["region"]: region for region in deployment.operator("region", "list")["regions"]}


def two_regions(deployment):
    cloud = deployment.cloud
    # It builds for the architecture of the home stack.
    run(["infra/add-region", "fra", "--home", HOME, "AllowPrivateTargets=yes"], deployment.environment)
    deployment.regions["fra"] = AWAY
    step("one command adds a region, which reports for duty", until(100, lambda: "fra" in regions(deployment)))
    api, site, hook = deployment.api(email="two@example.com"), target(), target()
    made = monitor(api, site, hook)
    step("a new monitor is checked from both", sorted(made["regions"]) == ["fra", "hel"], made)
    step("and is up", until(130, lambda: status(api, made) == "up"), deployment.last_words)
    checks = api.call("GET", f"/api/v1/monitors/{made['id']}/checks").json["data"]
    step("the checks of both stand in the home region's table", {check["region"] for check in checks} == {"fra", "hel"}, checks)

    before = regions(deployment)["fra"]["last_tick_at"]
    until(90, lambda: regions(deployment)["fra"]["last_tick_at"] != before)
    events = cloud.client("events", AWAY)
    [rule] = [rule["Name"] for rule in events.list_rules()["Rules"] if rule.get("ScheduleExpression")]
    events.disable_rule(Name=rule)
    site.status = 503
    degraded = until(140, lambda: status(api, made) == "degraded")
    step("what one region of two sees is no incident, but degraded", degraded, deployment.last_words)
    seen = api.call("GET", f"/api/v1/monitors/{made['id']}").json
    step("with that region named", seen["degraded_regions"] == ["hel"] and seen["current_incident_id"] is None, seen)
    check_now(api, made)
    step("when the other agrees, it is down", until(30, lambda: status(api, made) == "down"), deployment.last_words)
    events.enable_rule(Name=rule)
    incidents = api.call("GET", f"/api/v1/incidents?monitor_id={made['id']}").json["data"]
    step("one incident, with both regions", len(incidents) == 1 and sorted(incidents[0]["regions"]) == ["fra", "hel"], incidents)
    site.status = 200
    check_now(api, made)
    step("and its end takes both, too", until(150, lambda: status(api, made) == "up"), deployment.last_words)
    step(
        "each told once",
        until(30, lambda: len(hook.events("incident.resolved")) == 1) and len(hook.events("incident.opened")) == 1,
        hook.events(),
    )
    api.call("DELETE", f"/api/v1/monitors/{made['id']}")

    gone = {"cohort": {"S": "regions"}, "entry": {"S": "syd"}, "last_tick_at": {"S": "2026-01-01T00:00:00.000Z"}}
    cloud.client("dynamodb", HOME).put_item(TableName="valpero-schedules", Item=gone)
    told = until(90, lambda: any("a region is silent" in line and "syd" in line for line in cloud.log("valpero-delivery", HOME)))
    step("a region that is silent stands in the log for the alarm", told)
    deployment.operator("region", "remove", "syd")
    step("until the operator removes it", set(regions(deployment)) == {"fra", "hel"}, regions(deployment))


class Queue:
    """One queue of the stack."""

    def __init__(self, deployment, output):
        self.client, self.url = deployment.cloud.client("sqs", HOME), deployment.outputs[output]

    def send(self, *bodies):
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body)

    def hide_for(self, seconds):
        self.client.set_queue_attributes(QueueUrl=self.url, Attributes={"VisibilityTimeout": str(seconds)})

    def length(self):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(answer[name]) for name in names)


def queues(deployment):
    queue, dead = Queue(deployment, "WebhooksUrl"), Queue(deployment, "DeadLettersUrl")
    # As deployed a failed message shows up again after three minutes.
    queue.hide_for(3)
    queue.send("poison", json.dumps({"account_id": "acc_x", "delivery_id": 7}))
    step("poison is a dead letter after five receives", until(90, lambda: dead.length() == 2), dead.length)
    listed = deployment.operator("dead-letters", "list")["dead_letters"]
    step("the operator sees it for what it is", len(listed) == 2 and not any(letter["delivery_id"] for letter in listed), listed)
    answer = deployment.operator("dead-letters", "redrive")
    step("a redrive leaves it", answer == {"sent_again": 0, "left": 2, "dropped": 0}, answer)
    answer = deployment.operator("dead-letters", "redrive", "--drop-foreign")
    step("or drops it when told to", answer == {"sent_again": 0, "left": 0, "dropped": 2} and dead.length() == 0, answer)

    api, site, hook = deployment.api(email="queues@example.com"), target(), target()
    made = monitor(api, site, hook, regions=["hel"], retries=1)
    check_now(api, made)
    step("up", until(60, lambda: status(api, made) == "up"), deployment.last_words)
    hook.status, site.status = 500, 503
    check_now(api, made)
    step("a receiver that answers 500 got the webhook", until(40, lambda: len(hook.seen) == 1), deployment.last_words)
    hook.status = 200
    first = hook.seen[0]
    message = json.dumps({"account_id": api.call("GET", "/api/v1/account").json["id"], "delivery_id": first.headers["x-valpero-delivery"]})
    queue.send(*[message] * 10)
    step("and gets it again", until(40, lambda: len(hook.seen) == 2), deployment.last_words)
    step("not before five seconds, whatever duplicates there are", hook.seen[1].at - first.at >= 5, hook.seen[1].at - first.at)
    step("with the same webhook-id", hook.seen[1].headers["webhook-id"] == first.headers["webhook-id"])
    queue.send(*[message] * 10)
    step("what was delivered is not sent again", until(30, lambda: queue.length() == 0) and len(hook.seen) == 2, len(hook.seen))

    [incident] = api.call("GET", "/api/v1/incidents").json["data"]
    path = f"/api/v1/incidents/{incident['id']}/comments"
    hook.wait = 18
    api.call("POST", path, {"body": "slow"})
    until(20, lambda: len(hook.seen) == 3)
    hook.wait = 0
    again = until(60, lambda: len(hook.seen) == 4)
    step(
        "a receiver that hangs is given up after 15 s and tried again",
        again and hook.seen[3].at - hook.seen[2].at >= 15,
        deployment.last_words,
    )

    rule = {
        "service": "dynamodb",
        "resource": "valpero-deliveries",
        "operation": "UpdateItem",
        "error": {"code": "ProvisionedThroughputExceededException"},
    }
    deployment.cloud.faults([rule])
    api.call("POST", path, {"body": "while the table throttles"})
    step("what cannot even be tried is a dead letter, too", until(150, lambda: dead.length() >= 1), deployment.last_words)
    deployment.cloud.faults([])
    until(60, lambda: queue.length() == 0)
    answer = deployment.operator("dead-letters", "redrive")
    step("and the documented command sends it after all", answer["sent_again"] >= 1, answer)
    until(40, lambda: len(hook.seen) > 4)
    step("once", until(30, lambda: queue.length() == 0) and len(hook.seen) == 5 and dead.length() == 0, [a.body for a in hook.seen])

    hook.status = 410
    api.call("POST", path, {"body": "gone"})
    step("a receiver that is gone gets one more", until(30, lambda: len(hook.seen) == 6), deployment.last_words)
    until(30, lambda: queue.length() == 0)
    api.call("POST", path, {"body": "to nobody"})
    step("and then no other", until(30, lambda: queue.length() == 0) and len(hook.seen) == 6, len(hook.seen))
    api.call("DELETE", f"/api/v1/monitors/{made['id']}")
    queue.hide_for(180)


def smoke(deployment):
    """The operator's own look at a deployment, as far as an emulator goes."""
    site, hook = target(), target()
    command = ["infra/smoke", "--valpero", deployment.valpero, "--target", site.url, "--expected-status", "200"]
    command += ["--receiver", hook.url, "--emulated"]
    path = os.pathsep.join([os.path.dirname(tool("cli", "aws")), deployment.environment["PATH"]])
    shown = run(command, deployment.environment | {"PATH": path})
    step("infra/smoke finds all well", "all is well" in shown and "FAILED" not in shown, shown)


def end(deployment):
    cloud, stack = deployment.cloud, deployment.stack
    refused = [line for line in deployment.logs() if "AccessDenied" in line or "not authorized" in line]
    step("in all this no policy was in the way", not refused, refused[:3])
    secrets = [line for line in deployment.logs() if "val_key_" in line or "whsec_" in line]
    step("and no secret came into a log", not secrets, secrets[:3])
    upgraded = deployment.deploy("--all-regions", "DeletionProtection=no")
    step("the parameter takes the protection from the stack as well", not deployment.protected())
    if "fra" in deployment.regions:
        step("and an upgrade finds the second region by itself", "The checker of fra" in upgraded, upgraded)
        run(["sam", "delete", "--stack-name", f"{stack}-fra", "--region", AWAY, "--no-prompts"], deployment.environment)
        step("the second region is deleted by one command", not stacks(cloud, AWAY))
        deployment.operator("region", "remove", "fra")
    # `sam delete` does the same and takes the uploaded files away, but it knows the nested template's address on AWS only.
    cloud.client("cloudformation", HOME).delete_stack(StackName=stack)
    step("and the home region, once its protection is off", until(60, lambda: not stacks(cloud, HOME)))
    tables = [name for name in cloud.client("dynamodb", HOME).list_tables()["TableNames"] if name.startswith(stack)]
    step("nothing is left", not tables, tables)


def stacks(cloud, region):
    listed = cloud.client("cloudformation", region).list_stacks()["StackSummaries"]
    return [one["StackName"] for one in listed if one["StackName"].startswith("valpero") and "DELETE" not in one["StackStatus"]]
