"""Checks of this suite. One that fails is told and kept as a picture, and the others go on."""

import os
import re
import threading

# The folder of pictures, which `begin` sets.
SCREENS = [""]
# Faults of one kind that are printed.
MOST = 12
PASSED: list[str] = []
FAILED: list[str] = []
TELLING = threading.Lock()


def begin(screens):
    SCREENS[0] = screens


def screen(name):
    """The path of a picture."""
    return os.path.join(SCREENS[0], f"{name}.png")


class Over(Exception):
    """The part cannot go on."""


class Checks:
    """The checks of a part."""

    def __init__(self, part):
        self.part = part

    def check(self, sentence, true, seen: object = "", page=None):
        """A sentence that must be true. `seen` is what is printed if it is not; a function is called for it only then."""
        text = "" if true else str(seen() if callable(seen) else seen)[-6000:]
        if not true and page is not None:
            text = f"{text}\n{self.picture(sentence, page)}"
        with TELLING:
            print(("ok    " if true else "FAILED ") + f"{self.part}: {sentence}", flush=True)
            if text.strip():
                print(text, flush=True)
            (PASSED if true else FAILED).append(f"{self.part}: {sentence}")
        return bool(true)

    def must(self, sentence, true, seen: object = "", page=None):
        """The same, without which the part cannot go on."""
        if not self.check(sentence, true, seen, page):
            raise Over(sentence)

    def nothing(self, sentence, faults, page=None):
        """A check that found no faults."""
        shown = [*dict.fromkeys(map(str, faults))]
        text = "\n".join(shown[:MOST]) + (f"\nand {len(shown) - MOST} more" if len(shown) > MOST else "")
        return self.check(sentence, not faults, text, page)

    def note(self, sentence):
        with TELLING:
            print(f"      {self.part}: {sentence}", flush=True)

    def picture(self, sentence, page):
        """Keeps what the page looks like; answers where it is and what it is kept as."""
        path = screen(f"FAILED {file_name(self.part + ' ' + sentence)}")
        try:
            page.screenshot(path=path, full_page=True)
        except Exception as error:
            return f"at {page.url}; no picture: {error}"
        return f"at {page.url}, kept as {path}"


def file_name(text):
    return re.sub(r"[^A-Za-z0-9.=_-]+", "-", text).strip("-")[:120] or "index"


def summary():
    """Prints how many checks passed and which failed; answers the exit code."""
    for sentence in FAILED:
        print(f"FAILED {sentence}")
    print(f"{len(PASSED)} passed, {len(FAILED)} failed")
    return 1 if FAILED or not PASSED else 0
