"""The template on an emulated AWS: `python3 infra/emulated/run.py PATH_TO_VALPERO`.

Builds and deploys it as README.md says, and uses it over real HTTP, on the real schedule: one region, a second one, queues, faults.
It makes its own Python environments under target/, and then goes into a network namespace of its own, from which nothing can reach
any other machine. Takes about a quarter of an hour, most of it waiting for ticks.
"""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

import cloud
import story
from testkit import network

if sys.argv[1] != "--inside":
    for environment in ("sam", "burst", "cli"):
        cloud.tool(environment, "python")
    # The rest needs boto3, which is beside the emulator.
    network.enter(cloud.tool("cloud", "python"), __file__, *sys.argv[1:])

network.settle()
subprocess.run(["ip", "address", "add", cloud.TARGETS + "/32", "dev", "lo"], check=True)


# Names of its parts after the path run those alone; `services` needs what `build` built.
story.main(os.path.abspath(sys.argv[2]), sys.argv[3:])
