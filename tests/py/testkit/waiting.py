"""Waiting for what happens on a real schedule."""

import time

# How much longer than usual all may take: on a slow day, with another suite on the same cores.
SLOWEST = 3


def until(seconds, look, every=0.5):
    """The first true result of `look`, or its last result if there is none in time. `seconds` is what it may take on a usual day."""
    end = time.monotonic() + SLOWEST * seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(every)
    return look()
