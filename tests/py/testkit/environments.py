"""Environments with the Python or npm packages that a suite needs."""

import fcntl
import functools
import os
import shutil
import subprocess
import sys
import venv

from testkit.paths import TARGET, read, write

UV = "uv==0.13.9"


def mark(folder):
    """Where an environment says what it was made of, once it is whole."""
    return os.path.join(folder, "installed.txt")


def is_made(folder, wanted):
    """Whether the environment in `folder` is whole and was made of these requirements."""
    return os.path.exists(mark(folder)) and read(mark(folder)) == wanted


def uv():
    """The path of uv, which installs packages in a tenth of the CPU time of pip."""
    folder = os.path.join(TARGET, "uv")
    os.makedirs(TARGET, exist_ok=True)
    # Two suites that start at the same time must not install it twice.
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_made(folder, UV):
            venv.create(folder, with_pip=True, clear=True)
            subprocess.run([os.path.join(folder, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", UV], check=True)
            write(mark(folder), UV)
    return os.path.join(folder, "bin", "uv")


def program(folder, name, *requirements):
    """The path of a program of the environment in `folder`, which is made if it does not exist or was made of other requirements."""
    wanted = "".join(map(read, requirements))
    if not is_made(folder, wanted):
        print(f"      making the Python environment {os.path.basename(folder)}", flush=True)
        run = functools.partial(subprocess.run, env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"}, check=True)
        run([uv(), "venv", "--quiet", "--clear", "--python", sys.executable, folder])
        packages = [f"--requirement={path}" for path in requirements]
        run([uv(), "pip", "install", "--quiet", "--python", os.path.join(folder, "bin", "python"), *packages])
        write(mark(folder), wanted)
    return os.path.join(folder, "bin", name)


def node_program(folder, name, requirements):
    """The same with npm packages, one with its version in each line of `requirements`."""
    wanted = read(requirements)
    if not is_made(folder, wanted):
        print(f"      installing npm packages into {os.path.basename(folder)}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        npm = ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([*npm, *wanted.split()], stdout=subprocess.DEVNULL, check=True)
        write(mark(folder), wanted)
    return os.path.join(folder, "node_modules", ".bin", name)
