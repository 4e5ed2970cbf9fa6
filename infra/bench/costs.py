"""What a monitor costs a month, from what the tests measured: `python3 infra/bench/costs.py [--write]`.

Reads the units of a minute from the snapshot of tests/cost, multiplies them by AWS's prices, and compares the tables of docs/COSTS.md
with the outcome; `--write` puts them there. What the other scripts here measured stands below as numbers."""

import math
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))

from testkit.paths import ROOT, read, write

PAGE = os.path.join(ROOT, "docs", "COSTS.md")
SNAPSHOT = os.path.join(ROOT, "tests", "cost", "snapshots", "valpero__cost__table__ticks.snap")

# us-east-1, on demand, arm64.
WRITE, READ = 0.625e-6, 0.125e-6
GB_SECOND, INVOCATION = 0.0000133334, 0.20e-6
STORED_GB, SENT_GB = 0.25, 0.09
# Between two regions, from whichever it goes.
BETWEEN_GB = 0.02
EVENT = 1e-6
REGIONS, MINUTES = 3, 43_200
COHORT = 56
# The checker has 0.5 GB, with which Lambda gives 512/1769 of a processor.
CHECKER_GB, PROCESSORS = 0.5, 512 / 1769
# Monitors that one invocation checks; each further one comes by an event.
PART = 1_500
# Probes begin at a pace that keeps a quarter of it busy, one every 5 ms at least.
BUSY, STEP_MAX_S = 0.25, 5e-3
# How long an invocation waits for the tables: in the home region, and in two regions on other continents.
STORE_S = (0.02, 0.3, 0.3)
# Of a check by HTTPS, from infra/bench/probes.py; and how long a tick waits for its slowest usual answer.
CHECK_CPU_S, ANSWER_S = 425e-6, 0.3
RECORD_BYTES, KEPT_DAYS = 15 + 3, 30
SENT_BYTES, FREE_SENT_GB = 900, 100
# Hours and days summed up, of a cohort in a region; and what a deployment costs by itself: the sweep, its log, an idle queue.
SUMS, STILL = 0.002, 0.05 + 0.02 + 0.26


def units():
    """Write units, read units and bytes to the tables and back of a minute by the number of monitors, 0 for none."""
    found, size = {}, 0
    with open(SNAPSHOT) as file:
        for line in file:
            head = re.match(r"a minute of (\d+) monitors", line)
            if head or line.startswith("a minute  "):
                size = int(head[1]) if head else 0
            row = re.match(r"(?:all up|three regions without a monitor) +([\d.]+) +([\d.]+)", line)
            if row:
                found[size] = [float(row[1]), float(row[2])]
            said = re.match(r"bytes to the store and back +(\d+)", line)
            if said:
                found[size].append(int(said[1]))
    return found


def month(monitors):
    """Dollars a month of all these monitors, by what they are for."""
    of = units()
    cohorts = math.ceil(monitors / COHORT)
    full = [whole - idle for whole, idle in zip(of[COHORT], of[0], strict=True)]
    a_minute = of[monitors] if monitors in of else [idle + cohorts * one for idle, one in zip(of[0], full, strict=True)]
    parts = math.ceil(monitors / PART)
    step_s = min(CHECK_CPU_S / (PROCESSORS * BUSY), STEP_MAX_S)
    minute_s = REGIONS * (parts * ANSWER_S + monitors * step_s) + parts * sum(STORE_S)
    ticks = REGIONS * MINUTES
    abroad = (REGIONS - 1) / REGIONS
    sent_gb = monitors * ticks * SENT_BYTES / 1e9
    return {
        "writes": a_minute[0] * MINUTES * WRITE,
        "reads": a_minute[1] * MINUTES * READ,
        "checkers": MINUTES * minute_s * CHECKER_GB * GB_SECOND + ticks * (parts * INVOCATION + (parts - 1) * EVENT),
        "sums": cohorts * REGIONS * SUMS,
        "history": monitors * REGIONS * 1_440 * KEPT_DAYS * RECORD_BYTES / 1e9 * STORED_GB,
        "between": a_minute[2] * abroad * MINUTES / 1e9 * BETWEEN_GB,
        "still": STILL,
        "sent": max(0.0, sent_gb - FREE_SENT_GB) * SENT_GB,
    }


def ours():
    sizes = [10, 1_000, 100_000]
    months = [month(size) for size in sizes]
    lines = ["| a monitor-month, 1 minute × 3 regions | " + " | ".join(f"of {size:,}" for size in sizes) + " |", "|---|---|---|---|"]
    names = {
        "writes": "DynamoDB, writes",
        "reads": "DynamoDB, reads",
        "checkers": "Lambda, the checkers",
        "sums": "hours and days summed up",
        "history": "30 days of checks, kept",
        "between": "schedules and checks, between the regions",
        "still": "the deployment itself",
        "sent": "data sent, beyond an account's free 100 GB",
    }
    for name, says in names.items():
        lines.append(f"| {says} | " + " | ".join(f"${one[name] / size:.4f}" for one, size in zip(months, sizes, strict=True)) + " |")
    totals = [sum(one.values()) / size for one, size in zip(months, sizes, strict=True)]
    lines.append("| **altogether** | " + " | ".join(f"**${total:.4f}**" for total in totals) + " |")
    return "\n".join(lines), totals


def rivals(totals):
    checks = REGIONS * MINUTES
    plain = checks * (WRITE + 0.5 * READ + INVOCATION + 0.125 * 0.15 * GB_SECOND)
    rows = [
        ("Valpero, of 1,000 monitors", "the table above", totals[1]),
        ("the plain design", "a function, a write and half a read unit a check: 0.125 GB for 150 ms", plain),
        ("Route 53 health check, HTTPS, outside AWS", "$0.75, and $2.00 for HTTPS", 2.75),
        ("Checkly, API check", f"{checks:,} runs at $2 for 10,000", checks * 2 / 10_000),
        ("CloudWatch Synthetics", f"{checks:,} runs at $0.0012", checks * 0.0012),
    ]
    lines = ["| | how it is counted | a monitor-month | times ours |", "|---|---|---|---|"]
    lines += [f"| {name} | {how} | ${dollars:,.3f} | {dollars / totals[1]:,.0f} |" for name, how, dollars in rows]
    return "\n".join(lines)


def main():
    table, totals = ours()
    page = read(PAGE)
    made = page
    for name, text in (("ours", table), ("rivals", rivals(totals))):
        made = re.sub(f"(<!-- {name} -->\n)[^<]*(<!-- end -->)", lambda found, text=text: found[1] + text + "\n" + found[2], made)
    if "--write" in sys.argv:
        write(PAGE, made)
    elif made != page:
        raise SystemExit("docs/COSTS.md is not what the tests measured: python3 infra/bench/costs.py --write")
    print(table)


if __name__ == "__main__":
    main()
