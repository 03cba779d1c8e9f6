"""The window speaks in exact terms or in plain words, and says the same of the same numbers in both."""

from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

import engine.runs
import sedd_studio
from engine.protocol.options import ENTRIES
from engine.protocol.sampler_table import SAMPLERS
from engine.runs.map_modes import MOST_ENTROPY
from sedd_studio.background.keeper import Keeper
from sedd_studio.record.noises import NOISES
from sedd_studio.record.settings import Settings
from sedd_studio.record.words import PLAIN, part_of
from sedd_studio.session.colour_modes import MODES
from sedd_studio.session.state import Candidate
from sedd_studio.widgets.controls.basic import Choice
from sedd_studio.widgets.dialogs.preferences import PreferencesDialog
from sedd_studio.widgets.dialogs.several_dialog import SeveralDialog
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    return window_of(scene.session, scene.settings, qtbot)


def facts(window: MainWindow) -> str:
    return window.timeline.facts.toolTip()


def until(scene: Scene, share: float) -> None:
    """Goes on until so much of it is settled."""
    while scene.session.view.step_info().settled < share * scene.session.view.step_info().free:
        scene.session.playhead.step_once()


def test_plain_words_are_chosen_in_the_menu_and_kept(scene: Scene, window: MainWindow) -> None:
    scene.run(64)
    scene.play(64)
    scene.session.playhead.seek(0)
    until(scene, 0.5)
    step = scene.session.playhead.step
    assert "44 of 86 settled" in facts(window)
    assert f"t {1 - step / 64:.2f}" in facts(window)
    window.actions_by_name["vocabulary_plain"].trigger()
    assert "half of the words are there" in facts(window)
    assert "noise " in facts(window)
    assert "settled" not in facts(window)
    assert "\N{GREEK SMALL LETTER SIGMA}" not in facts(window)
    assert "model asked 64 times" in facts(window)
    assert Settings(scene.settings.path)["vocabulary"] == "plain"
    window.actions_by_name["vocabulary_exact"].trigger()
    assert "44 of 86 settled" in facts(window)


def test_the_form_and_the_noise_are_called_by_plain_words(scene: Scene, window: MainWindow) -> None:
    form = window.run_form
    field, control = form.main.fields["temperature"], form.main.controls["temperature"]
    assert (field.title.text(), window.noise_picker.whole) == ("Temperature", "Absorbing noise")
    window.actions_by_name["vocabulary_plain"].trigger()
    assert field.title.text() == control.accessibleName() == "Boldness"
    assert field.statusTip() == PLAIN[ENTRIES["temperature"].help]
    assert window.noise_picker.whole == "Words vanish"
    form.set_folded(True)
    assert "boldness 1.00" in form.summary.toolTip()
    for each in form.main.fields.values():
        assert each.title.fontMetrics().horizontalAdvance(each.title.text()) <= each.title.width()


def test_a_window_begins_with_the_words_that_were_chosen(scene: Scene, qtbot: QtBot) -> None:
    scene.settings.set("vocabulary", "plain")
    window = window_of(scene.session, scene.settings, qtbot)
    assert window.run_form.main.fields["top_p"].title.text() == "Variety"
    assert window.actions_by_name["vocabulary_plain"].isChecked()


def test_a_position_is_told_of_in_plain_words(scene: Scene, window: MainWindow) -> None:
    window.canvas.pointed.emit(29)
    pointer = window.services.pointer
    assert pointer.pointed is not None
    rows = (Candidate(5, " hill", 0.5, 1.0), Candidate(6, " tree", 0.5, 1.0))
    pointer.pointed = replace(pointer.pointed, candidates=rows, entropy=0.6931, cost=1.0986)
    pointer.changed.emit()
    assert "entropy 0.69 nats" in window.panel("position").facts.text()
    window.actions_by_name["vocabulary_plain"].trigger()
    assert "as open as a choice among 2.0 words" in window.panel("position").facts.text()
    assert "a chance of 1 in 3" in window.panel("position").facts.text()


def test_what_is_not_written_in_words_is_not_called_so(scene: Scene, window: MainWindow) -> None:
    scene.run(8)
    scene.play(8)
    window.actions_by_name["vocabulary_plain"].trigger()
    assert "all of the words are there" in facts(window)
    scene.session.models.info = replace(scene.info, facts={"domain": "molecules"})
    window.services.words.changed.emit()
    assert "all of the symbols are there" in facts(window)


def test_the_page_of_settings_has_a_row_for_it(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_name["settings"].trigger()
    page = window.findChild(PreferencesDialog)
    assert isinstance(page, PreferencesDialog)
    box = page.controls["vocabulary"]
    assert isinstance(box, Choice)
    box.setCurrentIndex(box.findData("plain"))
    box.activated.emit(box.currentIndex())
    QApplication.processEvents()
    assert window.run_form.main.fields["temperature"].title.text() == "Boldness"


def test_plain_templates_ask_for_what_is_told_of_the_same_thing() -> None:
    """`say` gets the values of both; what only plain words need is derived from the same numbers."""
    derived = {"words", "part", "are", "noise", "choices", "odds", "times"}
    for exact, plain in PLAIN.items():
        asked = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in (exact, plain)]
        assert asked[1] <= asked[0] | derived, plain
        assert bool(asked[0]) == bool(asked[1]), plain


def test_plain_words_stand_for_something_that_the_window_says() -> None:
    noises = [name for noise in NOISES.values() for name in (noise.title, noise.short, noise.meaning)]
    options = [text for row in ENTRIES.values() for text in (row.title, row.help)]
    fixed = {*noises, *options, *(row.title for row in SAMPLERS)}
    fixed |= {text for mode in MODES.values() for text in (mode.title, mode.low, mode.high)}
    fixed.add(f"{MOST_ENTROPY:g} nats and more")
    fixed |= {option.summary for row in SAMPLERS for option in row.options}
    files = [path for of in (sedd_studio, engine.runs) for path in Path(str(of.__file__)).parent.rglob("*.py")]
    sources = "".join(path.read_text(encoding="utf-8") for path in files if path.name != "words.py")
    for exact in PLAIN:
        assert exact in fixed or f'"{literal(exact)}"' in sources, exact


def literal(text: str) -> str:
    """How it stands in a source."""
    return text.replace("\n", "\\n")


def test_ways_to_fill_are_called_otherwise_and_stay_what_they_are(scene: Scene, window: MainWindow) -> None:
    sampler = window.run_form.sampler
    scene.session.form.set(sampler="tweedie")
    window.actions_by_name["vocabulary_plain"].trigger()
    assert (sampler.currentText(), sampler.currentData()) == ("Each at its time", "tweedie")
    assert scene.session.form.now.sampler == "tweedie"


@pytest.mark.parametrize(
    ("count", "part"), [(0, "none"), (1, "a few"), (10, "a tenth"), (43, "half"), (57, "two thirds"), (86, "all")]
)
def test_a_share_is_said_as_the_nearest_simple_part(count: int, part: str) -> None:
    assert part_of(count, 86) == part
    assert part_of(85, 86) == "nearly all"
    assert part_of(0, 0) == "all"


def test_runs_that_wait_and_those_that_were_made_are_told_of_in_plain_words(
    scene: Scene, keeper: Keeper, qtbot: QtBot
) -> None:
    window = window_of(scene.session, scene.settings, qtbot, keeper)
    scene.session.form.set(sampler="tweedie", temperature=0.8)
    scene.run(8)
    scene.play(8)
    assert scene.session.view.run is not None
    keeper.keep(scene.session.view.run)
    window.services.queue.add()
    window.show_panel("history")
    qtbot.waitUntil(lambda: bool(window.panel("history").runs.rows))
    row, listed = window.panel("queue").rows.index(0), window.panel("history").runs.index(0)
    assert "temperature 0.8" in row.data()
    window.actions_by_name["vocabulary_plain"].trigger()
    title = next(sampler.title for sampler in SAMPLERS if sampler.name == "tweedie")
    for told in (row.data(), listed.data(Qt.ItemDataRole.ToolTipRole)):
        assert PLAIN[title] in told
        assert title not in told
    assert "boldness 0.8" in row.data()


def test_several_runs_are_asked_for_in_plain_words(scene: Scene, window: MainWindow) -> None:
    window.show_panel("queue")
    window.actions_by_name["vocabulary_plain"].trigger()
    QTest.mouseClick(window.panel("queue").several, Qt.MouseButton.LeftButton)
    (asked,) = window.findChildren(SeveralDialog)
    said = [label.text() for label in asked.findChildren(QLabel)]
    said += [field.placeholderText() for field in asked.findChildren(QLineEdit)]
    assert "Boldness" in said
    assert "Method" in said
    for exact in ("Temperature", "Sampler", *(sampler.title for sampler in SAMPLERS)):
        assert not [text for text in said if exact.lower() in text.lower() and PLAIN.get(exact, exact) != exact]
    QTest.keyClicks(asked.samplers, "one by one, Tweedie")
    assert asked.summary.text() == "2 runs."
    QTest.keyClicks(asked.samplers, ", sometimes")
    assert "One by one" in asked.summary.text()
    assert "First hitting" not in asked.summary.text()
    QTest.keyClick(asked, Qt.Key.Key_Escape)
