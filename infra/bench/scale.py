"""How a region grows: `python3 infra/bench/scale.py [--write]`.

A checker's own code, minute after minute, with 1,000 to 100,000 monitors in one region: the schedule's event and each event that comes of
it is one invocation. They run side by side on AWS, and here one after the other, so that each has a processor for itself. Targets and
store are other processes of this machine. Every minute it is asked of each monitor's newest check whether it is of that minute.

Then a thousand monitors of which every tenth begins to hang until its time-out of 10 s: what the invocation that checks the others is
billed for, before and after. And one account's monitors that all fall at once, in three regions and with webhooks, where a partition of
the store takes what DynamoDB's does: 1,000 write and 3,000 read units a second. Takes half an hour, for half of which it makes monitors.
`--write` puts tables and plot into docs/SCALE.md and docs/scale.svg; matplotlib, which draws it, comes from pip. Builds
valpero-bench first, as it is shipped (infra/shipped)."""

import json
import os
import pathlib
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

from testkit import environments, release
from testkit.pages import fill
from testkit.paths import ROOT, TARGET
from testkit.processes import output
from testkit.release import BENCH

SIZES = (1_000, 10_000, 100_000)
# The hanging ones show a small difference, and their minutes are short.
MINUTES, HANGING_MINUTES = 3, 8
# Those that fall at once.
FALLING = (1_000, 3_000, 10_000)
PAGE = os.path.join(ROOT, "docs", "SCALE.md")
PLOT = os.path.join(ROOT, "docs", "scale.svg")
PLOTTING = os.path.join(TARGET, "plotting")
REQUIREMENTS = os.path.join(ROOT, "infra", "bench", "requirements.txt")
HOUR_S = 3600


def minutes(count, number, *more):
    lines = output([BENCH, "scale", "--count", str(count), "--minutes", str(number), *more], HOUR_S)
    rows = [json.loads(line) for line in lines.splitlines()]
    for row in rows:
        if row["checked"] != count or row["recorded"] != count:
            raise SystemExit(
                f"FAILED: of {count} monitors {row['checked']} were checked, and {row['recorded']} have a check of that minute"
            )
        hang = count // 10 if row["hanging"] else 0
        if row["down"] != hang or row["probe_errors"]:
            raise SystemExit(
                f"FAILED: {hang} of {count} targets hang, but {row['down']} were down, and {row['probe_errors']} could not be probed"
            )
    return rows


def middle(rows, name):
    return statistics.median(row[name] for row in rows)


def growth():
    lines = [
        "| monitors | invocations | the last begins | the last ends | one after the other | writes | reads "
        "| each monitor: CPU | billed | writes | reads |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    seen = {}
    for count in SIZES:
        rows = minutes(count, MINUTES)
        one = {name: middle(rows, name) for name in rows[0] if isinstance(rows[0][name], (int, float))}
        seen[count] = one
        lines.append(
            f"| {count:,} | {one['invocations']:.0f} | {one['last_begins_ms'] / 1e3:.2f} s | {one['last_ends_ms'] / 1e3:.2f} s"
            f" | {one['one_after_the_other_ms'] / 1e3:.1f} s"
            f" | {one['writes']:,.0f} | {one['reads']:,.1f} | {one['cpu_us_per_check']:.0f} µs | {one['billed_ms_per_check']:.2f} ms"
            f" | {one['writes'] / count:.4f} | {one['reads'] / count:.4f} |"
        )
        print(lines[-1], flush=True)
    return lines, seen


def hanging():
    rows = minutes(1_000, HANGING_MINUTES, "--hanging")
    lines = ["| minute | every tenth | invocation | checks | of those down | billed |", "|---|---|---|---|---|---|"]
    rest = {}
    for minute, row in enumerate(rows, 1):
        for number, one in enumerate(row["each"]):
            tenth, name = "hangs" if row["hanging"] else "answers", "the tick" if number == 0 else "its slow ones"
            lines.append(f"| {minute} | {tenth} | {name} | {one['checked']} | {one['down']} | {one['billed_ms']:,} ms |")
        first = row["each"][0]
        if first["down"] == 0:
            rest.setdefault(row["hanging"], []).append(first["billed_ms"] / first["checked"])
    before, after = (statistics.median(rest[hangs]) for hangs in (False, True))
    lines += [
        "",
        f"Each check of the others is billed {before:.3f} ms before and {after:.3f} ms after: {100 * (after / before - 1):+.0f} %.",
    ]
    print("\n".join(lines))
    return lines


def falling():
    lines = [
        "| monitors | incidents: half open after | all after | in the first minute | webhooks all sent after | refused "
        "| the longest invocation |",
        "|---|---|---|---|---|---|---|",
    ]
    for count in FALLING:
        one = json.loads(output([BENCH, "outage", "--count", str(count)], HOUR_S))
        if one["opened"] != count:
            raise SystemExit(f"FAILED: of {count} monitors that are down, {one['opened']} have an incident")
        if any(recorded != 3 * count for recorded in one["recorded"]):
            raise SystemExit(f"FAILED: {3 * count} checks a minute, but these were kept: {one['recorded']}")
        if one["all_sent_s"] is None:
            raise SystemExit(f"FAILED: not all webhooks of {count} incidents were sent")
        lines.append(
            f"| {count:,} | {one['half_s']:.0f} s | {one['last_s']:.0f} s | {one['within_the_first_minute']:,} | {one['all_sent_s']:.0f} s"
            f" | {sum(one['refused'].values()):,} | {one['longest_s']:.0f} s |"
        )
        print(lines[-1], flush=True)
    return lines


def draw(seen):
    python = environments.program(PLOTTING, "python", REQUIREMENTS)
    subprocess.run([python, "-c", DRAWING, PLOT], input=json.dumps(seen), text=True, check=True)


DRAWING = """
import json, sys
import matplotlib
matplotlib.use("svg")
import matplotlib.pyplot as plot
plot.rcParams["svg.hashsalt"] = "valpero"
seen = {int(count): one for count, one in json.load(sys.stdin).items()}
counts = sorted(seen)
parts = [
    ("CPU a check, µs", "cpu_us_per_check", 1),
    ("write units a check", "writes", None),
    ("read units a check", "reads", None),
    ("the last check ends, s after the minute began", "last_ends_ms", 1e-3),
]
figure, axes = plot.subplots(1, len(parts), figsize=(13, 3))
for axis, (title, name, by) in zip(axes, parts):
    axis.plot(counts, [seen[count][name] * (by if by is not None else 1 / count) for count in counts], marker="o", color="#1f6f8b")
    axis.set(xscale="log", title=title, xlabel="monitors", ylim=(0, None))
    axis.title.set_fontsize(9)
    axis.grid(alpha=0.3)
figure.tight_layout()
figure.savefig(sys.argv[1], metadata={"Date": None})
"""


def main():
    release.build("-p", "valpero-bench")
    waiting = hanging()
    fallen = falling()
    table, seen = growth()
    if "--write" in sys.argv:
        fill(PAGE, "growth", table)
        fill(PAGE, "hanging", waiting)
        fill(PAGE, "falling", fallen)
        draw(seen)


if __name__ == "__main__":
    main()
