"""Faults between the functions and the emulated AWS: every fifth call to DynamoDB and SQS is throttled, fails, is late or is cut."""

import json
import threading
import time
from collections import Counter

from cloud import target
from testkit.steps import step
from testkit.waiting import until

EACH = 0.055  # four kinds together: every fifth call
RULES = [
    rule | {"service": service, "probability": EACH}
    for service, throttled in (("dynamodb", "ProvisionedThroughputExceededException"), ("sqs", "ServiceUnavailable"))
    for rule in (
        {"error": {"code": throttled}},
        {"error": {"code": "InternalServerError", "status": 500}},
        {"latency": 700},
        {"reset": True},
    )
]
SITES = 12
KEY = "R" + "0" * 31
SECONDS = 240


def run(deployment):
    api, hook = deployment.api(email="faults@example.com"), target()
    sites = [target() for _ in range(SITES)]
    answers = [api.call("POST", "/api/v1/monitors", {"url": site.url, "retries": 0, "webhook_url": hook.url}) for site in sites]
    step(f"{SITES} monitors are made", all(answer.status == 201 for answer in answers), answers[-1])
    monitors = [answer.json["id"] for answer in answers]
    pager, channel = target(), paged(api)
    answer = api.call("PATCH", f"/api/v1/channels/{channel}", {"api_url": pager.url, "routing_key": KEY})
    step("whose incidents go to a pager by a policy of two steps", answer.status == 200, answer)
    step("and found up", until(150, lambda: statuses(api) == Counter({"up": SITES})), lambda: statuses(api))

    deployment.cloud.faults(RULES)
    doomed = monitors[::2]
    for site in sites[::2]:
        site.status = 503
    traffic = Traffic(api, sites[1].url)
    time.sleep(SECONDS / 2)
    for site in sites:
        site.status = 200
    time.sleep(SECONDS / 2)
    traffic.stop()
    fired = deployment.cloud.fired()
    deployment.cloud.faults([])
    kinds = {service: Counter(f["action"] for f in fired if f["service"] == service) for service in ("dynamodb", "sqs")}
    print(f"      faults: {len(fired)}, {kinds}\n      answers of the API: {dict(sorted(traffic.statuses.items()))}", flush=True)
    step("faults of all four kinds were made, and for both services", len(kinds["dynamodb"]) == 4 and kinds["sqs"], kinds)
    step("every answer of the API was a success or a problem that says when to try again", not traffic.improper, traffic.improper[:3])
    step("most were successes", traffic.statuses.total() > 50 and traffic.good() > 0.8 * traffic.statuses.total(), traffic.statuses)

    for monitor in traffic.made:
        api.call("DELETE", f"/api/v1/monitors/{monitor}")
    settled = until(200, lambda: all(status(api, monitor) == "up" for monitor in monitors), every=2)
    step("when they end, every monitor is up again", settled, deployment.last_words)
    told = until(200, lambda: events(hook, "incident.opened") == events(hook, "incident.resolved") == sorted(doomed), every=2)
    incidents = {monitor: api.call("GET", f"/api/v1/incidents?monitor_id={monitor}").json["data"] for monitor in monitors}
    once = all(len(incidents[monitor]) == (monitor in doomed) for monitor in monitors)
    step("each site that failed had one incident, and the others none", once, {m: len(i) for m, i in incidents.items()})
    step("each of them is resolved", all(incidents[monitor][0]["status"] == "resolved" for monitor in doomed))
    step("each was told of, its beginning and its end", told, [(e["type"], e["data"]["monitor"]["id"]) for e in hook.events()])
    alerts(api, pager, channel, [incidents[monitor][0]["id"] for monitor in doomed])
    commented = lambda: len(events(hook, "incident.commented"))
    step("and every comment that the API took", until(200, lambda: commented() >= traffic.comments), (commented(), traffic.comments))
    for monitor in monitors:
        api.call("DELETE", f"/api/v1/monitors/{monitor}")


def paged(api):
    """The id of a channel that every incident goes to, at once and after a minute."""
    made = api.call("POST", "/api/v1/channels", {"name": "Pager", "type": "pagerduty", "routing_key": KEY})
    steps = [{"after_minutes": minutes, "channel_ids": [made.json["id"]]} for minutes in (0, 1)]
    policy = api.call("POST", "/api/v1/escalation-policies", {"name": "Everyone", "steps": steps})
    routed = api.call("PUT", "/api/v1/alert-routes", {"routes": [{"policy_id": policy.json["id"]}]})
    step("a channel, a policy and a route are made", routed.status == 200, (made, policy, routed))
    return made.json["id"]


def alerts(api, pager, channel, incidents):
    """What the channel was told of these incidents: each of its end, and nothing after that; each step once."""
    actions = lambda incident: [
        body["event_action"] for body in (json.loads(one.body) for one in list(pager.seen)) if body["dedup_key"].endswith(incident)
    ]
    ended = until(200, lambda: all("resolve" in actions(incident) for incident in incidents), every=2)
    step("the pager was told of every end", ended, {incident: actions(incident) for incident in incidents})
    late = [one for one in incidents if "trigger" in actions(one)[actions(one).index("resolve") :]]
    step("and of no beginning behind it", not late, late)
    log = api.call("GET", f"/api/v1/deliveries?channel_id={channel}&limit=200").json["data"]
    steps = Counter((one["incident_id"], one["message"]) for one in log)
    step("each step made one message", set(steps.values()) == {1}, steps)
    step("and none was lost", {one["status"] for one in log} <= {"succeeded", "superseded"}, log)


def statuses(api):
    return Counter(monitor["status"] for monitor in api.call("GET", "/api/v1/monitors").json["data"])


def status(api, monitor):
    return api.call("GET", f"/api/v1/monitors/{monitor}").json["status"]


def events(hook, kind):
    """The monitors that events of this kind tell of, one for each event: a receiver drops what has an id that it knows."""
    return sorted({event["id"]: event["data"]["monitor"]["id"] for event in hook.events(kind)}.values())


class Traffic:
    """A client that does a little of everything, over and over, and looks at every answer."""

    def __init__(self, api, url):
        self.api, self.url, self.statuses, self.improper, self.made, self.running = api, url, Counter(), [], [], True
        self.comments = 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def stop(self):
        assert self.thread.is_alive(), "the client went on until it was told to stop"
        self.running = False
        self.thread.join()

    def good(self):
        return sum(count for status, count in self.statuses.items() if status < 300)

    def run(self):
        while self.running:
            self.call("GET", "/api/v1/account")
            answer = self.call("POST", "/api/v1/monitors", {"url": self.url, "name": "traffic"})
            if answer and answer.status == 201:
                path = f"/api/v1/monitors/{answer.json['id']}"
                self.made.append(answer.json["id"])
                self.call("PATCH", path, {"name": "renamed"})
                self.call("POST", path + "/pause")
                self.call("POST", path + "/resume")
                self.call("GET", path + "/checks")
            self.call("GET", "/api/v1/monitors?limit=20")
            answer = self.call("GET", "/api/v1/incidents?status=ongoing")
            for incident in (answer.json["data"] if answer and answer.status == 200 else [])[:2]:
                answer = self.call("POST", f"/api/v1/incidents/{incident['id']}/comments", {"body": "still looking"})
                self.comments += answer is not None and answer.status == 201
            self.call("GET", "/api/v1/audit-log?limit=10")
            time.sleep(0.5)

    def call(self, method, path, body=None):
        try:
            answer = self.api.call(method, path, body)
        except Exception as error:  # whatever it is, it is no proper answer
            self.improper.append((method, path, repr(error)))
            return None
        self.statuses[answer.status] += 1
        problem = answer.headers.get("content-type") == "application/problem+json"
        proper = answer.status < 300 or (
            problem and answer.status in (429, 503) and int(answer.headers.get("retry-after", 0)) >= 1 and "detail" in answer.json
        )
        if not proper:
            self.improper.append((method, path, answer))
        return answer
