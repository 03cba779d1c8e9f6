"""How long a person waits for the window: start to painted, Run to the first changed frame, Stop to stopped.

    python -m benchmarks.window [--repeats 10] [--model FOLDER]

Each repeat is a process and a home of its own (`window_probe.py`), with warm file caches, driven through real mouse
events on the display that is set: in a home where a run was kept it would be shown, and the next one awaited no more.
Python keeps the bytecode of what it imports. A first start, which writes it, is not counted. Prints medians and
ranges in seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

from benchmarks.home import own_home

LIMIT = 120.0
MEASURES = {
    "start": "process start to painted window",
    "first": "Run pressed to the first changed frame painted",
    "stop": "Stop pressed to stopped",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--model", nargs="*", default=[])
    arguments = parser.parse_args()
    measure(arguments.model)
    results = [measure(arguments.model) for _ in range(arguments.repeats)]
    for name, what in MEASURES.items():
        values = [result[name] for result in results]
        extent = f"{len(values)} runs: {min(values):.3f} to {max(values):.3f}"
        print(f"{what}: median {statistics.median(values):.3f} s ({extent})")


def measure(model: list[str]) -> dict[str, float]:
    """One process; the clock starts before it does."""
    command = [sys.executable, "-m", "benchmarks.window_probe", *model]
    with own_home():
        environment = {**os.environ, "SEDD_STARTED": repr(time.time())}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=LIMIT)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
