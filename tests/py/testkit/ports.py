"""TCP ports on loopback."""

import socket

LOOPBACK = "127.0.0.1"


def free_port():
    """A port that is free now, for programs that cannot bind port 0 and report what they got."""
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        return one.getsockname()[1]


def listens(port, host=LOOPBACK):
    """Whether a connection is accepted."""
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex((host, port)) == 0
