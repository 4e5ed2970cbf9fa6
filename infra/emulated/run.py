"""The template on an emulated AWS: `python3 infra/emulated/run.py PATH_TO_VALPERO`.

Builds and deploys it as README.md says, and uses it over real HTTP, on the real schedule: one region, a second one, queues, faults.
It makes its own Python environments under target/, and then goes into a network namespace of its own, from which nothing can reach
any other machine. Takes about a quarter of an hour, most of it waiting for ticks.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cloud  # noqa: E402

if sys.argv[1] != "--inside":
    for environment in ("sam", "burst", "cli"):
        cloud.tool(environment, "python")
    # The rest needs boto3, which is beside the emulator.
    inside = [cloud.tool("cloud", "python"), os.path.abspath(__file__), "--inside", *sys.argv[1:]]
    os.execvp("unshare", ["unshare", "--net", "--map-root-user", *inside])

for command in (["ip", "link", "set", "lo", "up"], ["ip", "address", "add", cloud.TARGETS + "/32", "dev", "lo"]):
    subprocess.run(command, check=True)

import story  # noqa: E402

# Names of its parts after the path run those alone.
story.main(os.path.abspath(sys.argv[2]), sys.argv[3:])
