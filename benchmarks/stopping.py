"""Times from "stop" to stopped, at random moments of every kind of work that the engine does.

    python -m benchmarks.stopping [--moments 200] [--seed 0]

Each kind of work is begun again and again in a runner's thread, as the window begins it, and stopped after a random
part of a second. Prints the median, the 99th percentile and the longest time of each kind, and of closing the runner.
"""

from __future__ import annotations

import argparse
import random
import time

import numpy as np

from engine.bundled_models import DEFAULT_JUDGE, DEFAULT_MODEL, bundled
from engine.language.tokenizers import find_tokenizer
from engine.protocol import FREE, Event, Failed, Generate, Guess, Inspect, Judge, LoadModel, Request, Score, Weigh, ends
from sedd_studio.background.runner import Runner

LONGEST = 1.0
"""Seconds of work before it is stopped, at most."""


def kinds() -> dict[str, Request]:
    """One request of each kind of work, none over within a second or so."""
    tokenizer = find_tokenizer(DEFAULT_MODEL)
    text = np.array((tokenizer.encode("Once upon a time there was a little dog who liked to run. ") * 20)[:250])
    free, none = np.full(256, FREE), np.zeros(250, np.bool_)
    words = tuple(f"word{number}" for number in range(200))
    return {
        "run": Generate(free, 1024),
        "run of 64 samples": Generate(free, 64, samples=64),
        "uniform, 16 samples": Generate(free, 64, samples=16, model=str(bundled("stories-uniform"))),
        "left to right, 64 samples": Generate(free, samples=64, model=str(DEFAULT_JUDGE)),
        "pattern": Generate(free, 64, pattern="[^a]{100}( [a-z]{1,30}){0,40}", samples=4),
        "pattern too large": Generate(free, 64, pattern=r"(\w+ ){1,40}"),
        "banned words": Generate(free, 64, words=words, samples=4),
        "score": Score(text, none, precision=None, max_calls=None),
        "score of the sampler": Score(text, none, precision=None, max_calls=None, steps=64),
        "score of 8 orders": Score(text, none, precision=None, max_calls=4096, orders=8),
        "weigh": Weigh(str(DEFAULT_JUDGE), text),
        "judge": Judge(str(DEFAULT_JUDGE), (tokenizer.decode(text.tolist()),) * 256, (tuple(text.tolist()),) * 256),
        "inspect": Inspect(text, none, 5, float("nan")),
        "guess": Guess(text, none, float("nan")),
        "load": LoadModel(str(DEFAULT_MODEL), "cpu"),
    }


def wait(runner: Runner, run_id: int) -> Event:
    """The last event of a request."""
    while True:
        for event in runner.take():
            if event.run_id == run_id and ends(event):
                return event
        time.sleep(0.001)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    draw, runner = random.Random(arguments.seed), Runner()
    model = LoadModel(str(DEFAULT_MODEL), "cpu")
    wait(runner, runner.submit(model))
    closing = []
    for name, request in kinds().items():
        times, ended = [], 0
        for _ in range(arguments.moments):
            run = runner.submit(request)
            time.sleep(draw.random() * LONGEST * draw.random())
            stopped = time.perf_counter()
            runner.cancel()
            event = wait(runner, run)
            times.append(1000 * (time.perf_counter() - stopped))
            ended += isinstance(event, Failed)
        median, high = np.median(times), np.quantile(times, 0.99)
        print(
            f"{name:28} median {median:6.1f} ms, 99 % {high:6.1f}, longest {max(times):6.1f}, {ended} failed",
            flush=True,
        )
        runner.submit(request)
        time.sleep(draw.random() * LONGEST)
        begun = time.perf_counter()
        runner.close()
        closing.append(1000 * (time.perf_counter() - begun))
        runner = Runner()
        wait(runner, runner.submit(model))
    runner.close()
    print(f"closing, once in each kind: median {np.median(closing):.0f} ms, longest {max(closing):.0f} ms")


if __name__ == "__main__":
    main()
