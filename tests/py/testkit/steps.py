"""Steps of a suite: each is a sentence that must be true. The first that is not ends the run."""

import sys

PASSED = []


def step(sentence: str, true: object, seen: object = ""):
    """`seen` is what is printed if the step fails; a function is called for it only then."""
    print(("ok    " if true else "FAILED ") + sentence, flush=True)
    if not true:
        print(str(seen() if callable(seen) else seen)[-12000:], flush=True)
        sys.exit(1)
    PASSED.append(sentence)


def summary():
    print(f"{len(PASSED)} passed, 0 failed")
