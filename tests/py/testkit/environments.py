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


def uv():
    """The path of uv, which makes an environment in a tenth of the time that pip needs."""
    folder = os.path.join(TARGET, "uv")
    mark = os.path.join(folder, "installed.txt")
    os.makedirs(TARGET, exist_ok=True)
    # Suites that begin side by side all want it.
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(mark) or read(mark) != UV:
            venv.create(folder, with_pip=True, clear=True)
            subprocess.run([os.path.join(folder, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", UV], check=True)
            write(mark, UV)
    return os.path.join(folder, "bin", "uv")


def program(folder, name, *requirements):
    """The path of a program of the environment in `folder`, which is made if it does not exist or was made of other requirements."""
    wanted = "".join(map(read, requirements))
    mark = os.path.join(folder, "installed.txt")
    if not os.path.exists(mark) or read(mark) != wanted:
        print(f"      making the Python environment {os.path.basename(folder)}", flush=True)
        run = functools.partial(subprocess.run, env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"}, check=True)
        run([uv(), "venv", "--quiet", "--clear", "--python", sys.executable, folder])
        packages = [f"--requirement={path}" for path in requirements]
        run([uv(), "pip", "install", "--quiet", "--python", os.path.join(folder, "bin", "python"), *packages])
        write(mark, wanted)
    return os.path.join(folder, "bin", name)


def node_program(folder, name, requirements):
    """The same with npm packages, one with its version in each line of `requirements`."""
    wanted = read(requirements)
    mark = os.path.join(folder, "installed.txt")
    if not os.path.exists(mark) or read(mark) != wanted:
        print(f"      installing npm packages into {os.path.basename(folder)}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        npm = ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([*npm, *wanted.split()], stdout=subprocess.DEVNULL, check=True)
        write(mark, wanted)
    return os.path.join(folder, "node_modules", ".bin", name)
