"""The repository's folders."""

import os
import shutil

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
TARGET = os.path.join(ROOT, "target")


def new_folder(*names):
    """An empty folder under target/."""
    path = os.path.join(TARGET, *names)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def read(path):
    with open(path) as file:
        return file.read()


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def tail(path, length=6000):
    """The end of a log."""
    with open(path, errors="replace") as file:
        return file.read()[-length:]
