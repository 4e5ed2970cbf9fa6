"""Environments with the Python or npm packages that a suite needs."""

import os
import shutil
import subprocess
import venv

from testkit.paths import read, write


def program(folder, name, *requirements):
    """The path of a program of the environment in `folder`, which is made if it does not exist or was made of other requirements."""
    wanted = "".join(map(read, requirements))
    mark = os.path.join(folder, "installed.txt")
    if not os.path.exists(mark) or read(mark) != wanted:
        print(f"      making the Python environment {os.path.basename(folder)}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        pip = [os.path.join(folder, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *(f"--requirement={path}" for path in requirements)], check=True)
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
