"""What the studio writes for other programs, and keeps, is JSON that a strict reader takes, and tables without NaN."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pytestqt.qtbot import QtBot
from safetensors.numpy import load, save

from engine.protocol import Bounded, Finished, Frame, Generate, Judged, Started, frozen
from engine.runs.runfile import MARK, decode, described, encode
from engine.runs.trajectory import Origin, Trajectory
from sedd_studio.record.exports import as_csv, as_html, as_json
from sedd_studio.record.history import History
from sedd_studio.session.compare_table import as_csv as compared_as_csv
from sedd_studio.session.comparing import Comparison
from sedd_studio.session.panes import Pane, PaneState
from sedd_studio.session.score_queue import TextScores
from sedd_studio.session.session import Session
from sedd_studio.session.text_rows import TextRow
from sedd_studio.session.text_rows import as_csv as texts_as_csv
from tests.sedd_studio.fake_engine import INFO, TOKENIZER, letter

LENGTH = 6


def strict(text: str | bytes) -> Any:
    """As a reader that keeps to the standard."""

    def refuse(word: str) -> float:
        raise ValueError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def by_left_to_right() -> Trajectory:
    """A run without noise: no level of it is known, and of the second sample no weight."""
    info = replace(INFO, noise="none")
    request = Generate(frozen(np.full(LENGTH, -1)), LENGTH, samples=2)
    begun = frozen(np.full((2, LENGTH), INFO.mask_id))
    started = Started(0, begun, np.zeros(LENGTH, bool), LENGTH, math.nan)
    run = Trajectory(started, INFO.mask_id, Origin.of_now(request, info, TOKENIZER))
    for step in range(1, LENGTH + 1):
        position = np.full(2, step - 1)
        where = frozen(np.arange(2)), frozen(position), frozen(letter(0, position))
        run.append(Frame(0, step, 1 - step / LENGTH, math.nan, *where, step, 0.1 * step))
    run.result = Finished(0, LENGTH, 0.6, 2 * LENGTH, (-0.5, math.nan))
    return run


def about(content: bytes) -> bytes:
    return bytes(load(zlib.decompress(content[len(MARK) :]))["about"].tobytes())


def as_of_old(run: Trajectory) -> bytes:
    """The run file that earlier versions wrote: what is not known stands in it as NaN."""
    arrays = dict(load(zlib.decompress(encode(run)[len(MARK) :])))
    values = json.loads(about(encode(run)))
    values["result"]["log_weights"] = [-0.5, math.nan]
    written = json.dumps(values)
    assert "NaN" in written
    arrays["about"] = np.frombuffer(written.encode(), np.uint8)
    return MARK + zlib.compress(save(arrays))


def assert_whole(run: Trajectory) -> None:
    assert run.result is not None
    assert run.result.log_weights[0] == -0.5
    assert math.isnan(run.result.log_weights[1])
    assert all(math.isnan(moment.sigma) for moment in run.moments)
    np.testing.assert_array_equal(run.newest, by_left_to_right().newest)


def test_the_export_says_null_for_what_is_not_known() -> None:
    run = by_left_to_right()
    assert run.origin is not None
    values = strict(as_json(run, LENGTH))
    assert [row["sigma"] for row in values["steps"]] == [None] * (LENGTH + 1)
    assert values["versions"] == described(run.origin)["versions"]


def test_the_page_holds_json_and_the_run() -> None:
    page = as_html(by_left_to_right())
    found = re.search(r"<script[^>]*application/json[^>]*>(.*?)</script>", page, re.DOTALL)
    assert found is not None
    assert strict(found[1])["steps"] == LENGTH
    assert "NaN" not in found[1]


def test_a_run_file_is_strict_and_comes_back_with_what_is_not_known() -> None:
    content = encode(by_left_to_right())
    assert strict(about(content))["result"]["log_weights"] == [-0.5, None]
    assert_whole(decode(content))


def test_a_run_file_of_earlier_versions_still_opens() -> None:
    assert_whole(decode(as_of_old(by_left_to_right())))


def test_the_history_keeps_strict_json_and_opens_runs_of_earlier_versions(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite3")
    number = history.add(by_left_to_right())
    (content,) = history._database.execute("SELECT content FROM runs WHERE id = ?", (number,)).fetchone()
    strict(about(content))
    history._database.execute("UPDATE runs SET content = ?", (as_of_old(by_left_to_right()),))
    assert_whole(decode(history.content(number)))
    history.remember({"sigma": math.nan}, None)
    (state,) = history._database.execute("SELECT state FROM session").fetchone()
    assert strict(state) == {"sigma": None}
    history.close()


def test_a_table_leaves_empty_what_is_not_known(session: Session, qtbot: QtBot) -> None:
    run = by_left_to_right()
    rows = list(csv.DictReader(io.StringIO(as_csv(run))))
    assert {row["sigma"] for row in rows} == {""}
    comparison = Comparison(session)
    assert run.origin is not None
    comparison.panes = [Pane("one", run.origin.request, state=PaneState.DONE, run=run, verdict=Judged(1, 10.0, 3.5))]
    scores = TextScores(session)
    scores.rows = [TextRow("The end.", frozen(np.arange(3)), 8, False)]
    scores.bounds = [Bounded(1, 2.0, math.nan, math.nan, 3, 4)]
    assert scores.rows[0].cells(scores.bounds[0])[3] == ""
    for table in (compared_as_csv(comparison), texts_as_csv(scores.rows, scores.bounds)):
        assert "nan" not in table.lower().split("\n", 1)[1]
