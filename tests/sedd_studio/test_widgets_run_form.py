"""The run form: what it offers, what it asks the engine for, what it remembers."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Generate
from engine.protocol.sampler_table import SAMPLERS
from sedd_studio.painting.theme import LIGHT, Look
from sedd_studio.record.form import Form
from sedd_studio.session.presets import Presets
from sedd_studio.widgets.controls.basic import Choice, Number
from sedd_studio.widgets.controls.preset_choice import PresetChoice
from sedd_studio.widgets.panels.run_form import RunForm
from tests.sedd_studio.scene import Scene, words_of
from tests.sedd_studio.windows import shown

Left = Qt.MouseButton.LeftButton


def run_form(scene: Scene) -> RunForm:
    session = scene.session
    presets = PresetChoice(session.errors, Presets(session.form, scene.settings, session), Look(LIGHT))
    return RunForm(session.form, session.models, presets, words_of(scene), Look(LIGHT))


def number(form: RunForm, name: str) -> Number:
    control = form.main.controls[name]
    assert isinstance(control, Number)
    return control


def test_slider_and_number_of_steps_go_together(scene: Scene, qtbot: QtBot) -> None:
    form = shown(qtbot, run_form(scene))
    slider = form.main.sliders["steps"]
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert (scene.session.form.now.steps, number(form, "steps").value()) == (1, 1)
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert (scene.session.form.now.steps, number(form, "steps").value()) == (1024, 1024)
    number(form, "steps").selectAll()
    QTest.keyClicks(number(form, "steps"), "33")
    QTest.keyClick(number(form, "steps"), Qt.Key.Key_Return)
    assert scene.session.form.now.steps == 33
    assert slider.number() in (32, 34)


def test_the_sampler_menu_offers_what_fits_the_noise(scene: Scene, qtbot: QtBot) -> None:
    form = shown(qtbot, run_form(scene))
    expected = [sampler.title for sampler in SAMPLERS if scene.info.noise in sampler.noises]
    assert [form.sampler.itemText(row) for row in range(form.sampler.count())] == expected
    form.sampler.setFocus()
    QTest.keyClick(form.sampler, Qt.Key.Key_End)
    chosen = next(sampler for sampler in SAMPLERS if sampler.name == scene.session.form.now.sampler)
    assert chosen.title == expected[-1]
    assert form.main.fields["sampler"].statusTip() == chosen.summary


def form_of(qtbot: QtBot, scene: Scene) -> RunForm:
    form = shown(qtbot, run_form(scene))
    form.resize(304, 1500)
    QTest.mouseClick(form.more, Left)
    return form


def type_into(field: QWidget, text: str) -> None:
    field.setFocus()
    if isinstance(field, QLineEdit):
        field.selectAll()
        QTest.keyClicks(field, text)
    else:
        field.selectAll()  # type: ignore[attr-defined]
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)


def asked(scene: Scene) -> Generate:
    scene.session.runs.start()
    request = scene.runner.requests[-1]
    assert isinstance(request, Generate)
    return request


def test_the_settings_are_in_the_request_and_are_remembered(scene: Scene, qtbot: QtBot) -> None:
    form = form_of(qtbot, scene)
    spacing = form.main.controls["spacing"]
    assert isinstance(spacing, Choice)
    QTest.keyClick(spacing, Qt.Key.Key_End)
    spacing.activated.emit(spacing.currentIndex())
    type_into(form.main.controls["temperature"], "0.8")
    type_into(form.main.controls["top_p"], "0.7")
    type_into(form.folded.controls["banned"], "sad, angry cat ,")
    type_into(form.folded.controls["pattern"], "Once.*")
    request = asked(scene)
    assert (request.spacing, request.temperature, request.top_p) == ("cosine", 0.8, 0.7)
    assert request.words == ("sad", "angry cat")
    assert request.pattern == "Once.*"
    assert request.locking == "auto"
    assert "2 changed" in form.more.text()
    QTest.mouseClick(form.more, Left)
    assert not form.folded.isVisible()
    assert scene.settings["temperature"] == 0.8


def test_numbers_of_a_sampler_are_offered_with_it_and_kept_for_it(scene: Scene, qtbot: QtBot) -> None:
    form = form_of(qtbot, scene)
    scene.session.form.set(sampler="subset")
    assert not form.options
    scene.session.form.set(sampler="trapezoidal")
    assert form.more.text() == "More: banned words, pattern"
    type_into(form.options["theta"], "0.3")
    assert "1 changed" in form.more.text()
    assert asked(scene).options == (("theta", 0.3),)
    scene.session.form.set(sampler="remask")
    assert list(form.options) == ["rate"]
    assert asked(scene).options == ()
    scene.session.form.set(sampler="trapezoidal")
    assert float(form.options["theta"].property("value")) == 0.3


def test_under_uniform_noise_constraints_are_left_out_and_locking_is_offered(qtbot: QtBot, tmp_path: Path) -> None:
    scene = Scene(tmp_path, noise="uniform")
    form = form_of(qtbot, scene)
    scene.session.form.set(banned="sad", pattern="O.*", locking="particles")
    assert form.folded.controls["locking"].isVisible()
    assert not form.folded.controls["banned"].isEnabled()
    assert "absorbing" in form.folded.controls["pattern"].toolTip()
    request = asked(scene)
    assert (request.words, request.pattern, request.locking) == ((), "", "particles")


def test_from_left_to_right_each_free_token_is_a_step_and_nothing_of_noise_is_asked_for(
    qtbot: QtBot, tmp_path: Path
) -> None:
    scene = Scene(tmp_path, noise="none")
    form = form_of(qtbot, scene)
    scene.session.form.set(steps=7, sampler="tweedie", spacing="cosine", banned="sad", locking="particles")
    request = asked(scene)
    assert request.steps == (request.tokens == FREE).sum() > 7
    assert (request.sampler, request.spacing, request.words, request.locking) == ("auto", "time", (), "auto")
    assert [form.sampler.itemText(row) for row in range(form.sampler.count())] == ["From left to right"]
    assert not number(form, "steps").isEnabled()
    assert "each free token is a step" in form.main.fields["steps"].statusTip()
    assert not form.main.controls["spacing"].isEnabled()
    assert not form.folded.controls["locking"].isVisible()
    kept = Form.entries_of(request, "none")
    assert not {"steps", "sampler"} & kept.keys()  # those of the form stay for the next model


def test_a_form_is_filled_again_from_the_request_that_it_made(scene: Scene) -> None:
    changes = {"steps": 9, "sampler": "trapezoidal", "seed": 5, "samples": 2, "spacing": "sigma", "temperature": 0.5}
    more = {"top_p": 0.7, "banned": "sad, cat", "pattern": "O.*", "options": {"theta": 0.25}}
    scene.session.form.set(**changes, **more)
    form = scene.session.form.now
    again = Form({"locking": "auto", **Form.entries_of(asked(scene), "absorb")})
    assert again == form
