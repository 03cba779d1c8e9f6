"""Files that an earlier version wrote open, and mean what they meant then."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from engine.protocol import FREE
from engine.runs.carried import read_run
from engine.runs.runfile import decode
from engine.runs.trajectory import Trajectory
from sedd_studio.record.history import History
from sedd_studio.record.settings import SETTINGS, Settings
from sedd_studio.session.presets import Presets
from sedd_studio.session.recovery import read_left, restore
from sedd_studio.session.session import Session
from tests.engine.kept_requests import RECORD, REQUESTS, TEXT
from tests.sedd_studio.windows import left_over

FILES = RECORD.parent


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History(Path(shutil.copy(FILES / "history.sqlite3", tmp_path)))
    yield history
    history.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(Path(shutil.copy(FILES / "settings.json", tmp_path)))


def assert_is_run(run: Trajectory, name: str) -> None:
    """The request, and the tokens and the step of each that came of it when the file was written."""
    request, kept = REQUESTS[name][1], json.loads((FILES / "files.json").read_text(encoding="utf-8"))[name]
    assert run.origin is not None
    asked = run.origin.request
    assert asked.tokens.tolist() == request.tokens.tolist()
    assert asked.start is request.start is None
    for entry in {field.name for field in fields(request)} - {"tokens", "start"}:
        assert getattr(asked, entry) == getattr(request, entry)
    assert run.origin.tokenizer.fingerprint == TEXT.fingerprint
    assert run.locked.tolist() == (request.tokens != FREE).tolist()
    shown = [[part.tolist() for part in run.at(run.recorded, sample)] for sample in range(run.samples)]
    assert [tokens for tokens, _ in shown] == kept["tokens"]
    assert [[max(0, step) for step in steps] for _, steps in shown] == kept["settled"]
    assert run.result is not None
    assert run.result.evaluations == kept["calls"]


def test_a_run_file() -> None:
    run = read_run(FILES / "run.sedd")
    assert_is_run(run, "entropy bounded, soft limits")
    assert run.origin is not None
    assert (run.origin.made, run.origin.info.name) == ("2025-06-01T12:00:00+00:00", "tiny-absorb")
    assert (run.started.sampler, run.mask, run.steps) == ("entropy-bounded", TEXT.vocabulary, 8)
    assert run.moments[2].seconds == 0.25
    assert run.moments[8].sigma == run.moments[8].time == 0


def test_a_run_file_of_a_model_that_writes_from_left_to_right() -> None:
    run = read_run(FILES / "left-to-right.sedd")
    assert_is_run(run, "left to right")
    assert run.started.sampler == "left-to-right"
    assert math.isnan(run.moments[1].sigma)
    assert run.result is not None
    assert all(map(math.isnan, run.result.log_weights))


def test_a_page_with_a_run_that_went_on_from_a_step() -> None:
    run = read_run(FILES / "page.html")
    assert run.origin is not None
    asked, before = run.origin.request, [161, 288, 89, 101, 181, 115, 181, 181, 155, 24]
    assert asked.first_step == 5
    assert asked.start is not None
    assert asked.start.tolist() == [before]
    assert run.at(4, 0)[0].tolist() == before
    assert run.at(8, 0)[0].tolist() == [181, 181, 181, 181, 181, 260, 181, 181, 181, 181]
    assert (run.mask, run.origin.info.noise, run.recorded) == (None, "uniform", 8)


def test_a_history(history: History) -> None:
    entries = history.search()
    assert [(entry.model, entry.sampler, entry.finished, entry.favourite) for entry in entries] == [
        ("tiny-absorb", "confidence", True, False),
        ("tiny-uniform", "tweedie", False, True),
        ("tiny-absorb", "surest", True, False),
    ]
    assert [(entry.steps, entry.seed, entry.samples) for entry in entries] == [(6, 7, 1), (4, 16, 1), (6, 1, 1)]
    assert {entry.prompt for entry in entries} == {"once upon [7] fox [4]"}
    assert {entry.made for entry in entries} == {"2025-06-01T12:00:00+00:00"}
    assert history.search("fox", favourites=True) == [entries[1]]
    assert history.search("confidence") == [entries[0]]
    assert history.put_aside is None
    assert_is_run(decode(history.content(entries[0].id)), "confidence, banned words")
    assert_is_run(decode(history.content(entries[2].id)), "surest")
    assert decode(history.content(entries[1].id)).recorded == 2


def test_the_session_that_a_crash_left(history: History, session: Session) -> None:
    left = left_over(history)
    assert left is not None
    restore(session, read_left(left))
    shown = session.view.document
    assert np.flatnonzero(shown.locked).tolist() == [0, 1, 5, 6, 9]
    assert shown.limits == ((8, 10, (293, 294, 288)),)
    assert (session.playhead.step, session.playhead.sample) == (4, 1)
    assert shown.trajectory is not None
    assert_is_run(shown.trajectory, "subset, first sample, cosine")


def test_settings_of_every_kind(settings: Settings) -> None:
    stored = json.loads((FILES / "settings.json").read_text(encoding="utf-8"))
    stored.pop("layout")  # of the docks that the window had then
    assert {name: settings[name] for name in stored} == stored
    assert all(settings[name] != SETTINGS[name].default for name in stored)
    assert len(stored) == 22


def test_a_preset(session: Session, settings: Settings) -> None:
    presets = Presets(session.form, settings)
    presets.choose("My own")
    form = session.form.now
    assert presets.is_own("My own")
    assert (form.steps, form.sampler, form.samples, form.spacing) == (99, "trapezoidal", 2, "sigma")
    assert (form.temperature, form.top_p, form.locking) == (0.7, 0.85, "gibbs")
    assert (form.banned, form.pattern, form.options) == ("was", "[a-z ]+", {"theta": 0.3})
