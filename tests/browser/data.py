"""An account with something of everything in it."""

from testkit.ports import free_port
from testkit.site import Site
from testkit.waiting import until

DAY_S = 86_400


class Full:
    """What was made in the account of a server."""

    def __init__(self, part, up, note="On it."):
        self.part, self.call, self.note = part, up.call, note
        self.good, self.bad, self.hook = Site(), Site(), Site()
        self.monitors = self.watch()
        self.channels, self.policies = self.alert()
        self.incident = self.fail()
        self.status_page, self.post = self.publish()
        self.key = self.made("/keys", {"name": "prometheus", "scopes": ["monitors:read"]})
        revoked = self.made("/keys", {"name": "laptop", "scopes": ["monitors:read"]})
        self.call("DELETE", f"/keys/{revoked['id']}")
        self.invitation = self.made("/people/invitations", {"email": "grace@example.com", "role": "admin"})

    def made(self, path, body):
        status, json = self.call("POST", path, body)
        if status not in (200, 201, 202):
            raise RuntimeError(f"POST {path} of {body} answers {status}: {json}")
        return json

    def watch(self):
        """One monitor of each type, and of each state."""
        host = {"host": "127.0.0.1", "port": free_port()}
        often = {"tags": ["production", "shop"], "check_interval": 60}
        made = [
            self.made("/monitors", {"url": self.good.url, "name": "Shop", "webhook_url": self.hook.url, **often}),
            self.made("/monitors", {"url": self.bad.url, "name": "Checkout", "retries": 0, "webhook_url": self.hook.url, **often}),
            self.made("/monitors", {"check_type": "tcp", "name": "Mail", "tcp": host, "check_interval": 300}),
            self.made("/monitors", {"check_type": "ssl", "name": "Certificate", "ssl": host, "check_interval": 300}),
            self.made("/monitors", {"check_type": "dns", "name": "Name", "dns": {"name": "shop.example"}, "check_interval": 300}),
            self.made("/monitors", {"check_type": "ping", "name": "Router", "ping": host, "check_interval": 300}),
            self.made("/monitors", {"url": self.good.url + "a/long/way/" + "x" * 200, "name": "A name that is long " * 3, **often}),
            self.made("/monitors", {"url": self.good.url, "name": "Paused"}),
        ]
        self.call("POST", f"/monitors/{made[-1]['id']}/pause")
        self.call("PATCH", f"/monitors/{made[2]['id']}", {"depends_on": [made[5]["id"]]})
        return made

    def alert(self):
        """Channels, two policies and two routes."""
        channels = [
            self.made("/channels", {"name": "Receiver", "type": "webhook", "url": self.hook.url}),
            self.made("/channels", {"name": "Phones", "type": "ntfy", "server": self.hook.url, "topic": "shop"}),
            self.made("/channels", {"name": "Chat", "type": "mattermost", "webhook_url": self.hook.url + "hooks/x"}),
        ]
        self.call("POST", f"/channels/{channels[0]['id']}/test")
        ids = [channel["id"] for channel in channels]
        steps = [{"after_minutes": 0, "channel_ids": ids[:1]}, {"after_minutes": 10, "channel_ids": ids}]
        policies = [
            self.made("/escalation-policies", {"name": "Everyone", "steps": steps, "repeat_minutes": 30}),
            self.made("/escalation-policies", {"name": "Nights", "steps": steps[:1]}),
        ]
        routes = [{"match": {"tags_any": ["production"]}, "policy_id": policies[0]["id"]}, {"policy_id": policies[1]["id"]}]
        self.call("PUT", "/alert-routes", {"routes": routes})
        return channels, policies

    def status(self, monitor):
        return self.call("GET", f"/monitors/{monitor['id']}")[1]["status"]

    def check(self, monitor, status):
        """Asks for checks until the monitor is seen so."""

        def look():
            self.call("POST", f"/monitors/{monitor['id']}/check")
            return until(8, lambda: self.status(monitor) == status)

        return until(60, look)

    def fail(self):
        """One incident that is over and one that goes on, acknowledged and talked about."""
        checkout = self.monitors[1]
        for monitor in self.monitors[:1] + self.monitors[2:6]:
            self.call("POST", f"/monitors/{monitor['id']}/check")
        for status, word in ((200, "up"), (503, "down"), (200, "up"), (503, "down")):
            self.bad.status = status
            self.part.must(f"a site that answers {status} is seen {word}", self.check(checkout, word), lambda: self.status(checkout))
        incident = self.call("GET", f"/incidents?monitor_id={checkout['id']}&status=ongoing")[1]["data"][0]
        self.call("POST", f"/incidents/{incident['id']}/acknowledge", {"note": self.note})
        self.made(f"/incidents/{incident['id']}/comments", {"body": "The disk was full.\nIt is being emptied."})
        until(10, lambda: self.call("GET", "/deliveries")[1]["data"])
        return incident

    def publish(self):
        """A status page with a post."""
        components = [
            {"name": "Shop", "monitor_ids": [self.monitors[0]["id"]]},
            {"name": "Checkout", "monitor_ids": [self.monitors[1]["id"]]},
        ]
        page = self.made("/status-pages", {"slug": "shop", "title": "Shop", "components": components})
        post = {"kind": "incident", "title": "Payments fail", "body": "We are looking into it.", "notify": False}
        return page, self.made(f"/status-pages/{page['id']}/posts", post)

    def pages(self):
        """The pages of what was made."""
        path = f"/monitors/{self.monitors[0]['id']}"
        public = f"/status-pages/{self.status_page['id']}"
        ids = lambda what: [one["id"] for one in self.call("GET", f"/{what}?limit=100")[1]["data"]]
        return [
            *(f"/monitors/{monitor['id']}" for monitor in self.monitors),
            *(f"{path}/{what}" for what in ("edit", "delete", "rotate-secret")),
            *(f"{public}{what}" for what in ("", "/components", "/posts", f"/posts/{self.post['id']}")),
            *(f"{public}/posts/new?kind={kind}" for kind in ("incident", "maintenance")),
            *(f"/incidents/{incident}" for incident in ids("incidents")[:3]),
            *(f"/deliveries/{delivery}" for delivery in ids("deliveries")[:3]),
            *(f"/alerts/channels/{channel['id']}{what}" for channel in self.channels for what in ("", "/edit")),
        ]
