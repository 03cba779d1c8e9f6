"""A model of the size that is published: what opening it, runs and questions take, as ratios.

    python -m benchmarks.large [opening] [runs] [steps] [questions]

SEDD-small's shape (170 million weights, 1,024 tokens of 50,257) with random weights, written to a temporary folder as
the hub has it. Memory is beside the weights, by the system's count (Linux: VmHWM), each row in a process of its own.
Steps are timed in turn, by the time of the processor on one thread, which other work disturbs least.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice, product
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from benchmarks.memory import MIB, memory
from engine.bundled_models import DEFAULT_MODEL
from engine.files import sha256
from engine.language.tokenizers import train_tokenizer
from engine.models.loading import load
from engine.models.published import PUBLISHED
from engine.performing.diffusion_performer import DiffusionPerformer
from engine.protocol import FREE, Event, Frame, Generate, Guess, Inspect, Score, Started, Tokens, frozen
from engine.stopping import Stopped, stoppable

LAYOUTS = ("model.safetensors", "pytorch_model.bin")
RUNS = ("tweedie", "surest", "subset", "euler", "gibbs", "remask", "confidence", "trapezoidal", "analytic")
FRAMES = 2
BYTES = 257
BUDGETS = (64, 1024)
SHARES = (0.95, 0.75, 0.5, 0.25, 0.05)
"""Of masked tokens at which a step is timed."""
TURNS, SEED = 2, 1
MOMENTS = 4


def write(folder: Path, layout: str) -> None:
    """The model as it is published, and a tokenizer of its size."""
    published = PUBLISHED[0]
    (config,) = published.configs()
    torch.manual_seed(0)
    network = config.network.build()
    for parameter in network.parameters():
        if not parameter.any():  # a head that says the same of all tokens
            torch.nn.init.normal_(parameter, std=0.02)
    weights = {name: tensor.detach() for name, tensor in network.state_dict().items()}
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(dict(published.values)), encoding="utf-8")
    save_file(weights, folder / layout) if layout == LAYOUTS[0] else torch.save(weights, folder / layout)
    (folder / "tokenizer.json").write_text(tokenizer_of(config.network.states - 1), encoding="utf-8")


def tokenizer_of(size: int) -> str:
    """A byte-level one of so many tokens: bytes, pairs of letters, and pairs of these."""
    told = json.loads(train_tokenizer(iter(["a"]), BYTES).to_json())
    vocabulary, letters = told["model"]["vocab"], "abcdefghijklmnopqrstuvwxyz"
    pairs = [first + second for first, second in product(letters, letters)]
    joined = [*((pair[0], pair[1]) for pair in pairs), *product(pairs, pairs)][: size - len(vocabulary)]
    told["model"]["merges"] = [list(pair) for pair in joined]
    vocabulary.update({"".join(pair): number for number, pair in enumerate(joined, start=len(vocabulary))})
    return json.dumps(told)


def performer(folder: Path, precision: str) -> DiffusionPerformer:
    return DiffusionPerformer(load(folder, "cpu", precision, hashed=False))


def peak(work: Callable[[], object]) -> int:
    """By how many bytes the memory of this process grew."""
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    work()
    return memory("VmHWM") - before


def opening(folder: Path, precision: str) -> str:
    load(DEFAULT_MODEL)  # what libraries take is there
    made: list[DiffusionPerformer] = []
    began = time.perf_counter()
    grown = peak(lambda: made.append(performer(folder, precision)))
    taken = time.perf_counter() - began
    began = time.perf_counter()
    sha256(*(file for file in folder.iterdir() if file.name in LAYOUTS))
    hashing = time.perf_counter() - began
    held = sum(tensor.nbytes for tensor in made[0].model.diffusion.network.state_dict().values())
    return f"{grown / held:5.2f} times {held / MIB:.0f} MiB, {taken:.1f} s; its hash, taken later, {hashing:.1f} s"


def running(folder: Path, precision: str) -> str:
    opened, rows = performer(folder, precision), []
    list(opened.generate(0, Generate(frozen([FREE] * 64), 1, "subset")))
    for name in RUNS:
        for steps in (1, 64):
            request = Generate(
                frozen([FREE] * opened.info.length), steps, name, 1, top_p=0.9 if name == "subset" else 1
            )
            grown = peak(lambda request=request: list(islice(opened.generate(0, request), FRAMES)))  # type: ignore[misc]
            rows.append(f"{name} {steps}: {grown / MIB:.0f}")
    return f"MiB beside the weights: {', '.join(rows)}"


def stepping(folder: Path, precision: str) -> str:
    torch.set_num_threads(1)
    opened, rows = performer(folder, precision), []
    rng, length = np.random.default_rng(0), opened.info.length
    for steps in BUDGETS:
        ratios = []
        for share in SHARES:
            whole = frozen(rng.integers(0, opened.info.vocabulary, length))
            start, _ = opened.noised(whole, share, SEED, 0, 1)  # by the clocks of the run, or many would ring at once
            took = {
                name: statistics.median(step(opened, name, steps, start, share) for _ in range(TURNS))
                for name in ("tweedie", "surest")
            }
            ratios.append(took["surest"] / took["tweedie"])
        told = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        rows.append(f"of {steps:,}: mean {statistics.mean(ratios):.2f} ({told})")
    return f"a step of surest, tweedie's = 1, at {SHARES} masked, {'; '.join(rows)}"


def step(opened: DiffusionPerformer, name: str, steps: int, start: Tokens, share: float) -> float:
    """Seconds of the processor for the next step that asks the network."""
    first = 1 + round((1 - share) * steps)
    request = Generate(frozen([FREE] * start.shape[1]), steps, name, SEED, start=start, first_step=first)
    events = opened.generate(0, request)
    next(event for event in events if isinstance(event, Started))
    while True:
        began = time.process_time()
        event = next(events)
        if isinstance(event, Frame) and event.calls:
            return time.process_time() - began


def questions(folder: Path, precision: str) -> str:
    opened, rng = performer(folder, precision), np.random.default_rng(0)
    length = opened.info.length
    whole = rng.integers(0, opened.info.vocabulary, length)
    gaps = frozen(np.where(rng.random(length) < 0.75, FREE, whole))
    unlocked = np.zeros(length, np.bool_)
    asked: dict[str, Callable[[], Iterator[Event]]] = {
        "candidates": lambda: iter((opened.inspect(0, Inspect(gaps, gaps != FREE, 5, 0.7)),)),
        "best guess": lambda: iter((opened.guess(0, Guess(gaps, gaps != FREE, 0.7)),)),
        "likelihood": lambda: opened.score(0, Score(frozen(whole), unlocked, None, None, by_token=False, draws=1)),
    }
    call, rows = timed(lambda: list(asked["candidates"]())), []
    for name, work in asked.items():
        grown = peak(lambda work=work: next(work()))  # type: ignore[misc]
        stops = [stopped(work, rng.uniform(0.1, 1.0) * call) for _ in range(MOMENTS)]
        rows.append(f"{name} {grown / MIB:.0f} MiB, stopped within {max(stops) / call:.2f} calls")
    return "; ".join(rows)


def timed(work: Callable[[], object]) -> float:
    work()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def stopped(work: Callable[[], Iterator[Event]], after: float) -> float:
    """Seconds from when work is asked to stop until it has."""
    end = time.perf_counter() + after
    try:
        with stoppable(lambda: time.perf_counter() > end):
            list(work())
    except Stopped:
        return time.perf_counter() - end
    return 0.0


PARTS = {"opening": opening, "runs": running, "steps": stepping, "questions": questions}


def main() -> None:
    """Prints what was asked for, or all of it."""
    with tempfile.TemporaryDirectory() as place:
        for layout in LAYOUTS:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                pool.apply(write, (Path(place, layout), layout))
        for part in sys.argv[1:] or PARTS:
            for layout in LAYOUTS if part == "opening" else LAYOUTS[:1]:
                for precision in ("fp32", "bf16"):
                    with multiprocessing.get_context("spawn").Pool(1) as pool:
                        told = pool.apply(PARTS[part], (Path(place, layout), precision))
                    print(f"{part}, {layout}, {precision}: {told}", flush=True)


if __name__ == "__main__":
    main()
