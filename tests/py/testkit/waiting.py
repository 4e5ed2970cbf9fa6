"""Waiting for what happens on a real schedule."""

import time

# Factor on every time limit, for a slow machine with another suite on the same cores.
SLOWEST = 3


def until(seconds, look, every=0.5):
    """The first true result of `look`, or its last result if there is none in time. The limit is `SLOWEST` times `seconds`."""
    end = time.monotonic() + SLOWEST * seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(every)
    return look()
