"""Waiting for what happens on a real schedule."""

import time


def until(seconds, look, every=0.5):
    """The first true result of `look`, or its last result if there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(every)
    return look()
