"""`sedd trajectory`: the map of a saved run, with the same numbers as the record and the model."""

from __future__ import annotations

import base64
import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from engine.cli import app
from engine.cli.generate import unfailing
from engine.cli.looking_back import trajectory
from engine.language.tokenizers import train_tokenizer
from engine.performing.engine import Engine
from engine.protocol import FREE, Frame, Generate, LoadModel, ModelLoaded, Reviewed, Started, frozen
from engine.runs.fill_order import order_of, ranks
from engine.runs.looking_back import review_of
from engine.runs.map_colours import table_of
from engine.runs.map_modes import MAP_MODES
from engine.runs.map_table import caption_of, rows_of
from engine.runs.run_map import Difference, RunMap, State, difference
from engine.runs.runfile import save_run
from engine.runs.trajectory import Origin, Trajectory
from tests.engine.test_cli_beside import TEXTS, model
from tests.strict import strict

ROOT = Path(__file__).parents[2]
STEPS, LENGTH = 6, 12


@pytest.fixture(scope="module", params=["absorb", "uniform"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trajectory]:
    """A folder with a model and a run of two samples of it."""
    folder = tmp_path_factory.mktemp("trajectory")
    model(folder / "model", train_tokenizer(iter(TEXTS * 4), 290), request.param)
    engine, run = Engine(), None
    (loaded,) = unfailing(engine, LoadModel(str(folder / "model"), "cpu"))
    assert isinstance(loaded, ModelLoaded)
    tokens = np.full(LENGTH, FREE)
    tokens[:2] = 65
    asked = Generate(frozen(tokens), steps=STEPS, samples=2, seed=3)
    for event in unfailing(engine, asked):
        if isinstance(event, Started):
            run = Trajectory(event, loaded.info.mask_id, Origin.of_now(asked, loaded.info, loaded.tokenizer))
        elif isinstance(event, Frame):
            assert run is not None
            run.append(event)
    assert run is not None
    save_run(folder / "run.sedd", run)
    return folder, run


def invoke(folder: Path, *given: str) -> Any:
    return CliRunner().invoke(app, ["trajectory", str(folder / "run.sedd"), "--device", "cpu", *given])


def told(folder: Path, *given: str) -> list[dict[str, Any]]:
    result = invoke(folder, "--json", *given)
    assert result.exit_code == 0, result.output
    return [strict(line) for line in result.stdout.splitlines()]


def test_every_position_has_a_row_with_the_numbers_of_the_record(recorded: tuple[Path, Trajectory]) -> None:
    folder, run = recorded
    head, *rows = told(folder, "--sample", "2")
    assert (head["caption"], head["steps"], head["positions"]) == (caption_of(run, 1), STEPS, LENGTH)
    made, order = RunMap(run, 1).grown(), ranks(order_of(run, 1))
    for place, row in enumerate(rows):
        assert row["position"] == place + 1
        assert row["token"] == run.newest[1, place]
        assert row["state"] == made.told(STEPS, place).name.lower()
        assert row["changes"] == made.changes[STEPS, place]
        assert row["settled_in"] == (made.last[place] if made.last[place] > 0 else None)
        assert row["order"] == (None if np.isnan(order[place]) else pytest.approx(order[place]))
    shown = invoke(folder).output
    assert caption_of(run, 0) in shown
    assert "Filled in no direction" in shown or "Filled from" in shown


def test_regret_confidence_and_entropy_are_those_that_the_window_asks_for(recorded: tuple[Path, Trajectory]) -> None:
    folder, run = recorded
    rows = told(folder, "--regret", "--model", str(folder / "model"))[1:]
    engine = Engine()
    list(unfailing(engine, LoadModel(str(folder / "model"), "cpu")))
    events = [event for event in unfailing(engine, review_of(run, 0)) if isinstance(event, Reviewed)]
    places = np.concatenate([event.positions for event in events]).tolist()
    assert [place for place, row in enumerate(rows) if row["regret"] is not None] == sorted(places)
    for event in events:
        for number, place in enumerate(event.positions.tolist()):
            assert rows[place]["regret"] == pytest.approx(event.now[number] - event.then[number], abs=1e-12)
            assert rows[place]["confidence"] == pytest.approx(np.exp(event.then[number]), abs=1e-12)
            assert rows[place]["entropy"] == pytest.approx(event.entropy[number], abs=1e-12)


def test_every_cell_is_written_as_a_table_and_drawn_in_its_colour(recorded: tuple[Path, Trajectory]) -> None:
    folder, run = recorded
    table, drawing = folder / "map.csv", folder / "map.svg"
    told(folder, "--out", str(table), "--out", str(drawing))
    assert table.read_text() == "".join(rows_of(run, 0))
    assert len(list(csv.DictReader(io.StringIO(table.read_text())))) == (STEPS + 1) * LENGTH
    root = ET.fromstring(drawing.read_text())
    words = "".join(root.itertext())
    assert caption_of(run, 0) in words
    assert "hidden" in words
    assert "step" in words
    (image,) = (each for each in root.iter() if each.tag.endswith("image"))
    cells = Image.open(io.BytesIO(base64.b64decode(image.attrib["href"].partition(",")[2]))).convert("RGB")
    assert cells.size == (LENGTH, STEPS + 1)
    colours = {table_of("light")[state]: state for state in State}
    state = RunMap(run, 0).grown().state
    for step in range(STEPS + 1):
        for place in range(LENGTH):
            assert colours[cells.getpixel((place, step))] == state[step, place]  # type: ignore[index]


def test_two_samples_are_held_against_each_other(recorded: tuple[Path, Trajectory]) -> None:
    folder, run = recorded
    table, drawing = folder / "both.csv", folder / "both.svg"
    held = ("--against", str(folder / "run.sedd"), "--against-sample", "2")
    rows = told(folder, *held, "--out", str(table), "--out", str(drawing))
    found = difference(run, 0, run, 1)
    cells, ends = (row for row in rows if row.get("event") == "difference")
    for kind in Difference:
        if kind is not Difference.TO_COME:
            assert cells[kind.name.lower()] == (found == kind).sum()
            assert ends[kind.name.lower()] == (found[-1] == kind).sum()
    assert table.read_text() == "".join(rows_of(run, 0, other=(run, 1)))
    assert f"Against {caption_of(run, 1)}" in "".join(ET.fromstring(drawing.read_text()).itertext())
    assert "the same token" in invoke(folder, *held).output


def test_what_cannot_be_shown_is_refused_in_a_sentence(recorded: tuple[Path, Trajectory]) -> None:
    folder, run = recorded
    other = folder / f"other-{run.mask is None}"
    if not other.exists():
        model(other, train_tokenizer(iter(TEXTS * 3), 280), "absorb")
    for given, said in (
        (("--sample", "3"), "no sample 3; choose one of 1 to 2"),
        (("--out", str(folder / "gone" / "map.svg")), "map.svg cannot be used"),
        (("--out", "map.png"), "written as .csv or .svg and not as map.png"),
        (("--against", str(ROOT / "tests" / "data" / "run.sedd")), "run.sedd is a run of other tokens"),
        (("--against", str(folder / "run.sedd"), "--against-sample", "4"), "no sample 4"),
        (("--against-sample", "2"), "name that, or leave it out"),
        (("--colours", "changes"), "--colours are those of a drawing of one run"),
        (("--colours", "changes", "--out", "map.csv"), "--colours are those of a drawing of one run"),
        (("--colours", "changes", "--out", "map.svg", "--against", str(folder / "run.sedd")), "of one run"),
        (("--regret",), "name the folder of that model with --model"),
        (("--regret", "--model", str(other)), "with other weights"),
    ):
        result = invoke(folder, *given)
        assert result.exit_code == 2
        assert said in " ".join(result.output.split()), given


def test_a_run_of_one_sample_says_so() -> None:
    result = CliRunner().invoke(app, ["trajectory", str(ROOT / "tests" / "data" / "run.sedd"), "--sample", "9"])
    assert result.exit_code == 2
    assert result.output.strip() == "The run has one sample and no sample 9; choose 1."


def test_a_text_that_is_markup_or_a_formula_is_neither(recorded: tuple[Path, Trajectory]) -> None:
    _, run = recorded
    assert run.origin is not None
    signs = [run.origin.tokenizer.encode(sign)[0] for sign in ("<", "=")]
    begun = run.started.tokens.copy()
    begun[:, :2] = signs
    odd = Trajectory(replace(run.started, tokens=frozen(begun)), run.mask, run.origin)
    from engine.runs.map_drawing import drawn

    assert "<" in "".join(ET.fromstring(drawn(odd, 0, MAP_MODES["state"])).itertext())
    rows = list(csv.DictReader(io.StringIO("".join(rows_of(odd, 0)))))
    assert [row["text"] for row in rows[:2]] == ["<", "'="]


def test_every_way_to_colour_a_map_can_be_asked_for() -> None:
    import inspect

    annotation = inspect.signature(trajectory, eval_str=True).parameters["colours"].annotation
    assert get_args(get_args(annotation)[0]) == tuple(MAP_MODES)
