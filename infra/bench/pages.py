"""What a page takes beyond its questions to the API: `python3 infra/bench/pages.py`.

The list of 50 monitors, each with 24 hours, by the dashboard function's binary as Lambda calls it; beside it the monitors function's answer
to the request that the page makes, the page of one monitor, and one that asks little. The store is another process, and its CPU time
is not counted. They take turns; machines are noisy. Builds the releases first."""

import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from get import REGIONS, event, measure, prepared, surroundings
from testkit import release
from testkit.release import RELEASE

TURNS, COUNT = 5, 50
GOAL = 2000


def main():
    release.build("-p", "valpero-bench")
    release.build("--bins", "-p", "valpero-monitors", "-p", "valpero-dashboard")
    with prepared(COUNT, "--day") as has:
        environment = surroundings(has)
        page = lambda path: (f"{RELEASE}/valpero-dashboard", event(path, cookie=has["session"]))
        answer = lambda path, query="": (f"{RELEASE}/valpero-monitors", event(f"/api/v1/monitors{path}", query, has["token"]))
        asked = {
            "settings": page("/settings"),
            "list": page("/monitors"),
            "its answer": answer("", "include_hours=true&limit=200"),
            "detail": page(f"/monitors/{has['monitor']}"),
        }
        took = {name: [] for name in asked}
        for _ in range(TURNS):
            for name, (binary, call) in asked.items():
                took[name].append(measure(binary, environment, call))
    took = {name: statistics.median(times) for name, times in took.items()}
    print(f"{COUNT} monitors in {len(REGIONS)} regions with 24 hours; {TURNS} turns, the medians, in µs of CPU")
    for name, time in took.items():
        print(f"{name:12} {time:7.0f}")
    beyond = took["list"] - took["its answer"]
    print(f"the list beyond its answer {beyond:.0f} (goal {GOAL}), ratio {took['list'] / took['its answer']:.2f}")


main()
