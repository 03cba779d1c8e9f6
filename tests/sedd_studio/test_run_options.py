"""What the table says of a run's options reaches the form, settings, presets, run files and copied text."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from engine.cli import app, generate
from engine.plain_text import plain
from engine.protocol import FREE, Generate, Noise, Started, UserError, frozen
from engine.protocol.option_kinds import Numbers
from engine.protocol.options import ENTRIES, OPTIONS
from engine.protocol.sampler_table import samplers_for
from engine.runs.runfile import decode, encode
from engine.runs.trajectory import Origin, Trajectory
from sedd_studio.record.form import Form
from sedd_studio.record.noises import NOISES
from sedd_studio.record.settings import SETTINGS, Settings
from sedd_studio.record.snippets import as_command, as_python
from sedd_studio.session.panes import work_of
from sedd_studio.session.presets import NOT_KEPT, USUAL, Presets
from sedd_studio.widgets.controls.basic import Number
from tests.option_values import requests
from tests.sedd_studio.fake_engine import INFO, MASK, TOKENIZER
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

drawn = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def options_of(request: Generate) -> dict[str, Any]:
    return {name: getattr(request, name) for name in OPTIONS}


def origin_of(request: Generate) -> Origin:
    return Origin(request, INFO, TOKENIZER, "2026-01-01")


@drawn
@given(requests())
def test_a_copied_command_asks_for_the_same_run(request: Generate) -> None:
    named = [word for *_, words in request.limits for word in words if isinstance(word, str)]
    texts = "".join([request.pattern, *request.words, *named])
    if plain(texts) != texts:
        with pytest.raises(UserError, match="terminal"):
            as_command(origin_of(request))
        return
    made: list[Generate] = []
    words = shlex.split(as_command(origin_of(request)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "generate", lambda machine, chain, output, **more: made.append(chain))
        result = CliRunner().invoke(app, words[1:])
    assert result.exit_code == 0, result.output
    assert [options_of(chain) for chain in made] == [options_of(request)]


def test_a_copied_command_leaves_out_what_has_no_effect_and_would_be_refused() -> None:
    request = Generate(frozen(np.full(4, FREE)), guidance=3.0)
    assert "--guidance" not in as_command(origin_of(request))
    assert "--guidance" in as_command(origin_of(replace(request, label=1)))


@drawn
@given(requests())
def test_a_copied_program_asks_for_the_same_run(request: Generate) -> None:
    found = re.search(r"request = (Generate\(\n.*?\n\))\n", as_python(origin_of(request)), re.DOTALL)
    assert found is not None
    again = eval(found[1], {"Generate": Generate, "frozen": frozen})
    assert options_of(again) == options_of(request)


@drawn
@given(requests())
def test_a_run_file_keeps_every_option(request: Generate) -> None:
    began = frozen([[MASK] * len(request.tokens)] * request.samples)
    started = Started(0, began, request.tokens != FREE, request.steps, 1.0, 1, "euler")
    again = decode(encode(Trajectory(started, MASK, origin_of(request)))).origin
    assert again is not None
    assert options_of(again.request) == options_of(request)


@drawn
@given(requests(), requests())
def test_runs_that_differ_in_anything_that_was_asked_for_have_other_keys(one: Generate, other: Generate) -> None:
    key = origin_of(one).key
    assert origin_of(replace(one)).key == key
    for field in fields(Generate):
        changed = replace(one, **{field.name: getattr(other, field.name)})
        before, after = (repr(getattr(request, field.name)) for request in (one, changed))
        assert (origin_of(changed).key == key) == (before == after), field.name


def test_each_entry_of_a_request_is_part_of_the_key() -> None:
    others: dict[str, list[Any]] = {
        "tokens": [frozen(np.arange(4)), frozen(np.array([0, 1, FREE]))],
        "steps": [63],
        "sampler": ["euler"],
        "seed": [1],
        "samples": [2],
        "first_sample": [1],
        "options": [(("alpha", 2.0),), (("alpha", 2.5),)],
        "spacing": ["cosine", (1.0, 0.0), (1.0, 0.5, 0.0)],
        "temperature": [0, 0.5],
        "top_p": [0.5],
        "banned": [(3,), (3, 4)],
        "words": [("a",), ("a", "b")],
        "pattern": ["a+"],
        "locking": ["gibbs"],
        "start": [frozen(np.zeros((1, 3)))],
        "first_step": [2],
        "model": ["another"],
        "limits": [((0, 1, (2,)),), ((0, 1, ("2",)),)],
        "label": [0, 1],
        "guidance": [2.0],
    }
    usual = Generate(frozen(np.arange(3)))
    assert set(others) == {field.name for field in fields(Generate)}
    asked = [usual, *(replace(usual, **{name: value}) for name, values in others.items() for value in values)]
    assert len({origin_of(request).key for request in asked}) == len(asked)
    assert origin_of(replace(usual, temperature=0)).key == origin_of(replace(usual, temperature=0.0)).key
    assert origin_of(usual).key == "41174e4af1eafbbe69126e76abd6007f", "what was kept before is found again"


@drawn
@given(requests())
def test_a_form_asks_again_for_what_it_was_filled_with(request: Generate) -> None:
    usual = {name: row.entry_usual for name, row in ENTRIES.items()}
    form = Form({**usual, **Form.entries_of(request, "absorb")})
    again = form.request(request.tokens, "absorb", classes=1)
    for row in ENTRIES.values():
        value = getattr(request, row.name)
        fits = row.fits("absorb", 1) and row.kind.accepts(row.kind.entry(value))
        if fits and row.name not in ("sampler", "options"):  # of which a run takes what fits the noise and the sampler
            assert getattr(again, row.name) == (row.usual if row.idle(request) else value)


def test_every_entry_is_a_setting_and_part_of_a_preset() -> None:
    for name, row in ENTRIES.items():
        assert SETTINGS[name].default == row.entry_usual
        assert SETTINGS[name].accepts(row.entry_usual)
    assert USUAL.keys() == ENTRIES.keys() - NOT_KEPT


def test_a_kept_preset_holds_every_entry(scene: Scene, settings: Settings) -> None:
    presets = Presets(scene.session.form, settings)
    presets.save("Mine")
    assert Settings(settings.path)["presets"]["Mine"].keys() == USUAL.keys()


@pytest.mark.parametrize("noise", ["absorb", "uniform"])
def test_the_form_shows_every_entry_with_its_title_and_has_it_edited_where_it_works(
    noise: Any, qtbot: QtBot, tmp_path: Path
) -> None:
    scene = Scene(tmp_path, noise)
    window = window_of(scene.session, scene.settings, qtbot)
    form, bar = window.run_form, window.top_bar
    form.more.setChecked(True)
    in_the_bar = {"seed": bar.seed.number, "samples": bar.samples.number}
    controls = {**form.main.controls, **form.folded.controls, **in_the_bar}
    assert controls.keys() == {name for name, row in ENTRIES.items() if not isinstance(row.kind, Numbers)}
    texts = {text.text() for text in form.findChildren(QLabel)}
    for name, control in controls.items():
        assert control.accessibleName() == ENTRIES[name].title
        assert ENTRIES[name].title in texts or name in in_the_bar
        assert control.isEnabled() == ENTRIES[name].fits(noise)


def test_classes_are_asked_of_a_model_that_knows_some(scene: Scene, qtbot: QtBot) -> None:
    window = window_of(scene.session, scene.settings, qtbot)
    fields, plain = window.run_form.main.fields, scene.info
    assert not fields["label"].isVisible()
    scene.load(replace(plain, classes=3))
    number = window.run_form.main.controls["label"]
    assert isinstance(number, Number)
    assert fields["label"].isVisible()
    assert (number.text(), scene.session.runs.asked().label) == ("any", -1)
    scene.session.form.set(guidance=3.0)
    assert scene.session.runs.asked().guidance == 1.0, "without a class it changes nothing, and two calls are not made"
    assert not fields["guidance"].isEnabled()
    assert "Choose a class first" in fields["guidance"].toolTip() + window.run_form.main.controls["guidance"].toolTip()
    number.setFocus()
    number.selectAll()
    QTest.keyClicks(number, "2")
    QTest.keyClick(number, Qt.Key.Key_Return)
    assert (scene.session.runs.asked().label, scene.session.runs.asked().guidance) == (2, 3.0)
    assert fields["guidance"].isEnabled()
    assert "those from 0 to 2" in fields["label"].toolTip() + number.toolTip()
    window.run_form.set_folded(True)
    assert "class 2" in window.run_form.summary.toolTip()
    scene.session.form.set(guidance=1.5)
    window.services.queue.add()
    shown = window.panel("queue").rows
    assert "class 2, guidance 1.5" in str(shown.index(0).data())
    window.services.queue.remove(window.services.queue.items[0])
    chosen = window.services.comparison.choice
    chosen.choose(steps=(4, 8), models=(("elsewhere", "uniform"),))
    asked = [(pane.request.model, pane.request.label, pane.request.guidance) for pane in chosen.plan()]
    others = [("elsewhere", -1, 1.0)] * 2
    assert asked == [("", 2, 1.5)] * 2 + others, "classes of another model mean other texts"
    own, _, other, _ = (pane.request for pane in chosen.plan())
    assert (work_of(own, plain.noise), work_of(other, "uniform")) == (8, 4), "guidance takes two calls"
    scene.load(plain)
    assert not fields["label"].isVisible()
    assert scene.session.runs.asked().label == -1


@pytest.mark.parametrize("noise", [noise for noise in NOISES if noise in ENTRIES["steps"].noises])
def test_every_sampler_of_a_noise_can_be_chosen_and_is_asked_for(noise: Noise, tmp_path: Path) -> None:
    kept = Settings(tmp_path / "settings.json")
    for row in samplers_for(noise):
        kept.set("sampler", row.name)
        request = Form.read({"sampler": kept["sampler"], "steps": 64}).request(frozen([FREE] * 4), noise)
        assert request.sampler == row.name
        calls = 4 if noise == "absorb" else 64  # where a token may change until the end no step is spared
        assert work_of(request, noise) == calls
