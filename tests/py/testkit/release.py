"""Release builds for the benchmarks, optimised as what is shipped."""

import os
import subprocess

from testkit.paths import ROOT, TARGET

RELEASE = os.path.join(os.environ.get("CARGO_TARGET_DIR", TARGET), "release")
BENCH = os.path.join(RELEASE, "valpero-bench")


def build(*words):
    """Builds a package, such as `build("-p", "valpero-bench")`."""
    subprocess.run(["infra/shipped", "cargo", "build", "--release", "--locked", *words], cwd=ROOT, check=True)
