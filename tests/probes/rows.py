"""What a row of the table is, and the monitors that rows are made of."""

import dataclasses

import places
import raw
from servers import TLS_PORTS

CASES = []


@dataclasses.dataclass
class Case:
    """One row. `blackbox` changes the module that is made from the monitor."""

    name: str
    setup: str
    monitor: object
    outcome: str  # or "wrong input"
    code: str | None = None
    # Members of the answer by their path, such as certificate.tls_version, and what they must equal.
    expect: dict = dataclasses.field(default_factory=dict)
    # Those that took time, where the monitor does not say so already.
    phases: str | None = None
    # Of the machine, where they are not knot alone.
    nameservers: list | None = None
    blackbox: dict = dataclasses.field(default_factory=dict)
    # Why there is no verdict of blackbox_exporter, or why it is another one than Valpero's.
    none: str | None = None
    differs: str | None = None


class Between:
    """Equals every number from `low` to `high`."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def __eq__(self, other):
        return isinstance(other, (int, float)) and self.low <= other <= self.high

    def __repr__(self):
        return f"{self.low} to {self.high}"


class Holds:
    """Equals every text that has `part` in it, and every list that has it as an item."""

    def __init__(self, part):
        self.part = part

    def __eq__(self, other):
        return isinstance(other, (str, list)) and self.part in other

    def __repr__(self):
        return f"something with {self.part!r} in it"


class Some:
    """Equals everything but null."""

    def __eq__(self, other):
        return other is not None

    def __repr__(self):
        return "anything but null"


def case(name, setup, monitor, outcome, code=None, **more):
    assert name not in {other.name for other in CASES}, name
    CASES.append(Case(name, setup, monitor, outcome, code, **more))


def web(target, timeout_ms=2000, **http):
    """A monitor of a URL, or of a path of nginx."""
    url = target if "://" in target else f"http://ok.probe.test:{places.HTTP}{target}"
    return {"url": url, "timeout_ms": timeout_ms} | ({"http": http} if http else {})


def at(host, path="/ok", port=places.HTTP, **more):
    """A monitor of nginx by another name or address."""
    return web(f"http://{host}:{port}{path}", **more)


def secure(path, port=places.HTTPS, host="ok.probe.test", **more):
    return web(f"https://{host}:{port}{path}", **more)


def odd(behaviour, path="/", scheme="http", **more):
    """A monitor of one of the broken servers."""
    return web(f"{scheme}://ok.probe.test:{raw.PORTS[behaviour]}{path}", **more)


def shown(name, host=None, **more):
    """An https monitor of one of openssl's servers."""
    return web(f"https://{host or name + '.probe.test'}:{TLS_PORTS[name]}/", **more)


def ssl(name="", host=None, port=None, timeout_ms=2000, **more):
    ours = {"host": host or f"{name}.probe.test", "port": port or TLS_PORTS[name]}
    return {"check_type": "ssl", "timeout_ms": timeout_ms, "ssl": ours | more}


def tcp(host, port, timeout_ms=1000, **more):
    return {"check_type": "tcp", "timeout_ms": timeout_ms, "tcp": {"host": host, "port": port} | more}


def ping(host, port, timeout_ms=1000):
    return {"check_type": "ping", "timeout_ms": timeout_ms, "ping": {"host": host, "port": port}}


def dns(name, record_type, *expected, timeout_ms=2000, **more):
    ours = {"name": name, "record_type": record_type} | ({"expected": list(expected)} if expected else {})
    return {"check_type": "dns", "timeout_ms": timeout_ms, "dns": ours | more}


def compare(*words):
    """JSON comparisons: path, operator and value, in turn."""
    return [dict(zip(("path", "op", "value"), word, strict=False)) for word in words]
