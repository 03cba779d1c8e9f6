"""The engine's thread: order, cancelling, and what happens when the engine cannot start."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from engine.protocol import (
    FREE,
    Bounded,
    Cancelled,
    Event,
    Failed,
    Finished,
    Frame,
    Generate,
    Influence,
    Insight,
    Inspect,
    Judged,
    LoadModel,
    ModelLoaded,
    Request,
    frozen,
)
from engine.stopping import look
from sedd_studio.background.runner import Performer, Runner
from sedd_studio.background.standing_back import NICENESS
from tests.patience import PATIENCE
from tests.sedd_studio.fake_engine import INFO, TOKENIZER, FakeEngine

REQUEST = Generate(frozen(np.full(12, FREE)), steps=4)
ENDS = (ModelLoaded, Finished, Failed, Cancelled)


def wait(runner: Runner, enough: Callable[[list[Event]], bool]) -> list[Event]:
    """Everything that comes until `enough` says so."""
    events: list[Event] = []
    deadline = time.monotonic() + PATIENCE
    while not enough(events):
        assert time.monotonic() < deadline, events
        events += runner.take()
        time.sleep(0.001)
    return events


def ended(count: int) -> Callable[[list[Event]], bool]:
    return lambda events: sum(isinstance(event, ENDS) for event in events) >= count


def test_every_request_ends_exactly_once_in_the_order_of_submission() -> None:
    runner = Runner(FakeEngine)
    for _ in range(5):
        runner.submit(REQUEST)
    events = wait(runner, ended(5))
    runner.close()
    events += runner.take()
    assert [event.run_id for event in events if isinstance(event, ENDS)] == [1, 2, 3, 4, 5]
    assert isinstance(events[-1], Finished)


def test_the_engine_gives_way_to_the_window() -> None:
    """Niceness is a thread's own on Linux; elsewhere it stays what it was."""
    found: list[int] = []

    def engine() -> Performer:
        found.append(niceness())
        return FakeEngine()

    runner = Runner(engine)
    runner.submit(REQUEST)
    wait(runner, ended(1))
    runner.close()
    assert found == [min(19, niceness() + (NICENESS if sys.platform == "linux" else 0))]


def niceness() -> int:
    """That of this thread, or process."""
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id() if sys.platform == "linux" else 0)


@pytest.mark.parametrize("missing", [False, True])
def test_what_molecules_are_drawn_with_is_there_before_they_are(missing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first picture brought it, the window stood still for four tenths of a second."""
    brought: list[str] = []
    info = replace(INFO, facts=INFO.facts | {"domain": "molecules"})

    class Loads:
        def perform(self, run_id: int, request: Request) -> Iterator[Event]:
            yield ModelLoaded(run_id, info if isinstance(request, LoadModel) else INFO, TOKENIZER)

    def bring(name: str) -> None:
        assert threading.current_thread() is not threading.main_thread()
        assert not runner.take()
        brought.append(name)
        if missing:
            raise ImportError

    monkeypatch.setattr("sedd_studio.background.runner.import_module", bring)
    runner = Runner(Loads)
    runner.ask(REQUEST)
    wait(runner, ended(1))
    assert not brought
    runner.ask(LoadModel("molecules"))
    assert wait(runner, ended(1)) == [ModelLoaded(2, info, TOKENIZER)]
    runner.close()
    assert brought == ["rdkit.Chem.Draw.rdMolDraw2D"]


@pytest.mark.parametrize("drawn", [Bounded(1, 2.0, 0.1, 0.2, 9, 4), Judged(1, 30.0, 2.0)])
def test_what_plots_are_drawn_with_is_there_before_a_score_is_told(
    drawn: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: list[str] = []

    class Scores:
        def perform(self, run_id: int, request: Request) -> Iterator[Event]:
            yield replace(drawn, run_id=run_id)
            yield Finished(run_id, 1, 0.1)

    def bring(name: str) -> None:
        assert threading.current_thread() is not threading.main_thread()
        assert not runner.take()
        brought.append(name)

    monkeypatch.setattr("sedd_studio.background.runner.import_module", bring)
    runner = Runner(Scores)
    runner.ask(REQUEST)
    wait(runner, ended(1))
    runner.close()
    assert brought == ["pyqtgraph"]


def test_cancelling_closes_the_generator_between_two_events() -> None:
    engine = FakeEngine(hold_at=1)
    runner = Runner(lambda: engine)
    runner.submit(REQUEST)
    wait(runner, lambda events: any(isinstance(event, Frame) for event in events))
    runner.cancel()
    engine.go.set()
    events = wait(runner, ended(1))
    runner.close()
    assert isinstance(events[-1], Cancelled)
    assert engine.closed == 1


class Absorbed:
    """Works on one request without an event, and only looks whether it should go on; any other is done at once."""

    def __init__(self) -> None:
        self.begun = threading.Event()

    def perform(self, run_id: int, request: Request) -> Iterator[Event]:
        while isinstance(request, Generate):
            self.begun.set()
            look()
        yield Failed(run_id, "done", "")


@pytest.mark.parametrize("how", ["cancelled", "superseded", "dropped"])
def test_work_between_two_events_is_stopped_at_its_next_look(how: str) -> None:
    engine = Absorbed()
    runner = Runner(lambda: engine)
    first = runner.submit(LoadModel("tiny"))
    wait(runner, ended(1))
    run = runner.ask(REQUEST) if how == "dropped" else runner.submit(REQUEST)
    assert run > first
    assert engine.begun.wait(PATIENCE)
    if how == "dropped":
        runner.drop(run)
    elif how == "cancelled":
        runner.cancel()
    following = runner.submit(LoadModel("tiny"))
    events = wait(runner, ended(2))
    runner.close()
    assert events == [Cancelled(run), Failed(following, "done", "")]


def test_a_request_that_waits_is_not_begun_once_it_is_superseded() -> None:
    engine = FakeEngine(hold_at=1)
    runner = Runner(lambda: engine)
    runner.submit(REQUEST)
    wait(runner, lambda events: any(isinstance(event, Frame) for event in events))
    runner.submit(REQUEST)
    runner.submit(LoadModel("tiny"))
    engine.go.set()
    wait(runner, ended(3))
    runner.close()
    assert [type(request).__name__ for request in engine.requests] == ["Generate", "LoadModel"]


LONG, LOADING = "a long question", "a model to be loaded"


@pytest.mark.parametrize("between", ["", LONG, LOADING])
def test_a_short_question_is_answered_between_two_events_of_a_long_one_unless_a_model_is_loaded_before_it(
    between: str,
) -> None:
    engine = FakeEngine()
    engine.answers.clear()
    runner = Runner(lambda: engine)
    tokens, locked = frozen(np.arange(12)), np.zeros(12, bool)
    words = tuple((place, place + 1) for place in range(6))
    long = Influence(tokens, locked, 0.0, words, tuple(range(6, 12)), "text")
    others: dict[str, list[Request]] = {"": [], LONG: [long], LOADING: [LoadModel("tiny")]}
    asked: list[Request] = [long, *others[between], Inspect(tokens, locked, 3, 0.5)]
    for each in asked:
        runner.ask(each)
    engine.answers.set()
    ends_of = (*ENDS, Insight, ModelLoaded)
    events = wait(runner, lambda events: sum(isinstance(event, ends_of) for event in events) == len(asked))
    runner.close()
    order = [event.run_id for event in events if isinstance(event, ends_of)]
    assert order == {"": [2, 1], LONG: [3, 1, 2], LOADING: [1, 2, 3]}[between]


def test_an_engine_that_cannot_start_fails_every_request_with_the_reason() -> None:
    def broken() -> Performer:
        raise ImportError("no torch here")

    runner = Runner(broken)
    runner.submit(REQUEST)
    events = wait(runner, ended(1))
    runner.close()
    assert isinstance(events[0], Failed)
    assert "no torch here" in events[0].headline
    assert "Traceback" in events[0].detail


class Panic(BaseException):
    """As extensions raise it that are written in Rust."""


class Fragile:
    """Performs what it is told to: panics before or within its events, exits, ends its thread, or an answer."""

    def __init__(self, *outcomes: str) -> None:
        self.outcomes = list(outcomes)

    def perform(self, run_id: int, request: object) -> Iterator[Event]:
        outcome = self.outcomes.pop(0)
        if outcome == "at once":
            raise Panic("index out of bounds")
        return self._events(run_id, outcome)

    def _events(self, run_id: int, outcome: str) -> Iterator[Event]:
        if outcome == "later":
            raise Panic("index out of bounds")
        if outcome == "exit":
            sys.exit(3)
        yield Finished(run_id, 1, 0.0)


def test_whatever_an_engine_raises_ends_its_request_and_the_next_is_taken() -> None:
    runner = Runner(lambda: Fragile("at once", "later", "exit", "answer"))
    for _ in range(4):
        runner.ask(REQUEST)
    events = wait(runner, ended(4))
    runner.close()
    assert [type(event) for event in events] == [Failed, Failed, Failed, Finished]
    assert [event.run_id for event in events] == [1, 2, 3, 4]
    assert isinstance(events[0], Failed)
    assert "index out of bounds" in events[0].headline


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ended_is_followed_by_another_with_the_same_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends a thread is, for example, an exception that a library throws into it."""
    made: list[Performer] = []

    def engine() -> Performer:
        made.append(FakeEngine())
        return made[-1]

    def killed(*_: object) -> None:
        monkeypatch.undo()
        sys.exit()

    runner = Runner(engine)
    monkeypatch.setattr(Runner, "_tried", killed)
    runner.ask(REQUEST)
    runner.ask(REQUEST)
    events = wait(runner, ended(2))
    runner.submit(REQUEST)
    events += wait(runner, ended(1))
    runner.close()
    ends = [event for event in events if isinstance(event, ENDS)]
    assert [(type(event), event.run_id) for event in ends] == [(Failed, 1), (Finished, 2), (Finished, 3)]
    assert len(made) == 1


def test_a_thread_that_was_ended_is_followed_by_none() -> None:
    """The clock of a window that is being closed may tick once more, and a pointer ask."""
    runner = Runner(FakeEngine)
    runner.submit(REQUEST)
    wait(runner, ended(1))
    runner.end()
    thread = runner._thread
    assert thread is not None
    thread.join(PATIENCE)
    runner.take()
    runner.ask(REQUEST)
    assert runner._thread is thread
    runner.close()
    runner.ask(REQUEST)
    assert runner._thread is None


def test_closing_without_a_request_needs_no_thread() -> None:
    Runner(FakeEngine).close()


OPENED = """
import ctypes, importlib.util, os, sys
from pathlib import Path
from sedd_studio.background.runner import open_torch_library

library, = (Path(importlib.util.find_spec("torch").origin).parent / "lib").glob("libtorch_python.*")
for _ in range(2):
    print(bool(ctypes.CDLL(None).dlopen(os.fsencode(library), os.RTLD_NOW | os.RTLD_NOLOAD)), "torch" in sys.modules)
    open_torch_library()
import torch
print(torch.ones(2).sum().item())
"""


def test_the_library_of_torch_is_open_before_torch_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", OPENED], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:3] == ["False False", "True False", "2.0"]
