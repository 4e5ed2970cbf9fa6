"""How long it takes to tell the subscribers of a status page: `python3 infra/bench/subscribers.py [--write] [PATH_TO_VALPERO_BENCH]`.

One update for 10,000 subscribers, by mail at the default pace of 12 a second, where a partition of the store takes what DynamoDB's does.
Halfway the process that sends is killed, and the queue with it; another one goes on. Mails are files. Takes twenty minutes, most of it
waiting. `--write` puts the table into docs/SCALE.md. Builds valpero-bench first, as it is shipped (infra/shipped), or takes the
program that it is given."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

from testkit import release
from testkit.pages import fill
from testkit.paths import ROOT
from testkit.processes import output
from testkit.release import BENCH

COUNT, RATE = 10_000, 12
PAGE = os.path.join(ROOT, "docs", "SCALE.md")
HOUR_S = 3600


def main():
    given = [word for word in sys.argv[1:] if word != "--write"]
    if not given:
        release.build("-p", "valpero-bench")
    program = given[0] if given else BENCH
    one = json.loads(output([program, "subscribers", "--count", str(COUNT), "--rate", str(RATE)], HOUR_S))
    if one["told_twice"]:
        raise SystemExit(f"FAILED: {one['told_twice']} subscribers have two mails: {one}")
    lines = [
        "| mails a second | killed after | all told after | told twice | not told | CPU a mail | refused by the store |",
        "|---|---|---|---|---|---|---|",
        f"| {RATE} | {one['killed_s']:.0f} s, {one['killed_after']:,} mails | {one['all_told_s']:.0f} s | {one['told_twice']}"
        f" | {one['not_told']} | {one['cpu_ms_each']:.1f} ms | {sum(one['refused'].values()):,} |",
    ]
    print("\n".join(lines))
    if "--write" in sys.argv:
        fill(PAGE, "telling", lines)


if __name__ == "__main__":
    main()
