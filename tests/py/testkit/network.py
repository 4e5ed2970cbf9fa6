"""A network namespace from which nothing reaches any other machine."""

import os
import subprocess


def enter(python, script, *words, mount=False):
    """Replaces this process by `python script --inside …` in a new network namespace, and with `mount` in a new mount namespace."""
    namespaces = ["--net", "--mount"] if mount else ["--net"]
    inside = [python, os.path.abspath(script), "--inside", *words]
    os.execvp("unshare", ["unshare", *namespaces, "--map-root-user", *inside])


def settle():
    """Makes loopback work in a new namespace, where no proxy can be reached."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
