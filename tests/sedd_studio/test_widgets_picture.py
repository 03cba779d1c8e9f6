"""The picture of sequences that are no text: it is there, it follows the run, and it says what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.language.domains import DOMAINS
from sedd_studio.painting import pictures
from sedd_studio.painting import theme as themes
from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.option_fields import OptionFields, PatternLine
from sedd_studio.widgets.panels.sample_picture import SamplePicture
from tests.sedd_studio.scene import Scene, words_of
from tests.sedd_studio.windows import window_of

KINDS = ["molecules", "digits", "promoters"]


def grabbed(picture: SamplePicture) -> QImage:
    return picture.grab().toImage()


@pytest.fixture
def look(qtbot: QtBot) -> Look:
    return Look(themes.LIGHT)


@pytest.fixture
def shown(qtbot: QtBot, tmp_path: Path, look: Look, request: pytest.FixtureRequest) -> tuple[Scene, SamplePicture]:
    scene = Scene(tmp_path, domain=request.param)
    picture = SamplePicture(scene.session.models, scene.session.view, scene.session.editor, look)
    qtbot.addWidget(picture)
    picture.resize(640, 260)
    picture.show()
    return scene, picture


@pytest.mark.parametrize("shown", KINDS, indirect=True)
def test_the_picture_follows_the_run(shown: tuple[Scene, SamplePicture]) -> None:
    scene, picture = shown
    before = grabbed(picture)
    scene.run(16)
    scene.play(16)
    after = grabbed(picture)
    assert picture.isVisible()
    assert picture.note == ""
    assert before != after
    scene.session.playhead.seek(0)
    assert grabbed(picture) != after


def middle_of(picture: SamplePicture, position: int) -> QPoint:
    """A point at which the picture has a position: in the middle of all such points."""
    points = [QPointF(x, y) for x in range(0, picture.width(), 4) for y in range(0, picture.height(), 4)]
    there = [point for point in points if picture.position_at(point) == position]
    return (sum(there, QPointF()) / len(there)).toPoint()


@pytest.mark.parametrize("shown", KINDS, indirect=True)
def test_a_click_on_a_pixel_an_atom_or_a_base_locks_it_and_another_unlocks_it(
    shown: tuple[Scene, SamplePicture],
) -> None:
    scene, picture = shown
    scene.session.editor.unlock_all()
    scene.run(16)
    scene.play(16)
    view, kind = scene.session.view, scene.info.facts["domain"]
    pieces = [view.piece(position) for position in range(view.canvas().length)]
    position = pieces.index("N") if kind == "molecules" else 9
    before, point = grabbed(picture), middle_of(picture, position)
    QTest.mouseMove(picture, point)
    assert picture.cursor().shape() is Qt.CursorShape.PointingHandCursor
    QTest.mouseClick(picture, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    assert np.flatnonzero(view.document.locked).tolist() == [position]
    assert grabbed(picture) != before
    QTest.mouseClick(picture, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    assert not view.document.locked.any()
    assert grabbed(picture) == before
    scene.session.editor.undo_stack.undo()
    assert view.document.locked[position]


@pytest.mark.parametrize("shown", ["molecules"], indirect=True)
def test_every_atom_is_found_in_the_order_of_the_string(shown: tuple[Scene, SamplePicture]) -> None:
    scene, picture = shown
    scene.session.editor.unlock_all()
    scene.run(16)
    scene.play(16)
    view = scene.session.view
    points = [QPointF(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)]
    found = {picture.position_at(point) for point in points} - {None}
    known = "".join(view.piece(position) for position in range(view.canvas().length)).split("<")[0]
    assert found == {at for at, sign in enumerate(known) if sign.isalpha()}  # each symbol of it is one letter
    assert picture.describe(None) == ""
    assert "click to lock" in picture.describe(min(at for at in found if at is not None))


@pytest.mark.parametrize("shown", ["digits"], indirect=True)
def test_what_is_masked_is_pointed_at_and_not_locked(shown: tuple[Scene, SamplePicture]) -> None:
    scene, picture = shown
    scene.session.editor.set_prompt("[64]")
    pointed: list[int | None] = []
    picture.pointed.connect(pointed.append)
    point = middle_of(picture, 20)
    QTest.mouseMove(picture, point)
    assert pointed == [20]
    QTest.mouseClick(picture, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    assert not scene.session.view.document.locked.any()
    assert picture.describe(20) == "Position 21: masked"


@pytest.mark.parametrize("size", [(1280, 720), (1600, 1000)])
def test_the_picture_has_the_half_of_the_canvas_that_the_text_leaves(
    tmp_path: Path, qtbot: QtBot, size: tuple[int, int]
) -> None:
    scene = Scene(tmp_path, domain="digits")
    window = window_of(scene.session, scene.settings, qtbot)
    window.resize(*size)
    QTest.qWait(10)
    both = window.canvas.height() + window.picture.height()
    assert window.picture.height() >= 0.45 * both
    assert window.canvas.height() >= 0.4 * both
    places = window.canvas.geometry(), window.picture.geometry()
    scene.run(16)
    scene.play(16)
    QTest.qWait(10)
    assert (window.canvas.geometry(), window.picture.geometry()) == places


@pytest.mark.parametrize("shown", ["digits"], indirect=True)
def test_themes_and_locks_are_seen(shown: tuple[Scene, SamplePicture], look: Look) -> None:
    scene, picture = shown
    scene.run(4)
    scene.play(4)
    plain = grabbed(picture)
    scene.session.editor.set_locked([9, 10], True)
    locked = grabbed(picture)
    assert locked != plain
    look.change(themes.DARK)
    assert grabbed(picture) != locked


@pytest.mark.parametrize("shown", ["text"], indirect=True)
def test_there_is_no_picture_of_text(shown: tuple[Scene, SamplePicture]) -> None:
    _, picture = shown
    picture.refresh()
    assert not picture.isVisible()


@pytest.mark.parametrize("shown", ["molecules"], indirect=True)
def test_a_string_that_is_no_molecule_and_a_missing_library_are_sentences(
    shown: tuple[Scene, SamplePicture], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, picture = shown
    scene.session.editor.set_prompt("C1CC(")
    grabbed(picture)
    assert "no molecule" in picture.note
    monkeypatch.setitem(sys.modules, "rdkit", None)
    pictures.drawn_molecule.cache_clear()
    picture.update()
    grabbed(picture)
    assert 'pip install "sedd-studio[molecules]"' in picture.note


def test_masked_atoms_are_stars_up_to_the_last_known_one() -> None:
    tokenizer = DOMAINS["molecules"].tokenizer(iter(()), 0)
    carbon = tokenizer.encode("C")[0]
    assert pictures.molecule_string(np.array([carbon, -1, carbon, -1, -1]), tokenizer) == "C*C"
    assert pictures.molecule_string(np.array([carbon, tokenizer.eot_id, carbon]), tokenizer) == "C"
    assert pictures.molecule_string(np.array([-1, -1]), tokenizer) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_another_kind_brings_its_own_prompt(kind: str, tmp_path: Path) -> None:
    session = Scene(tmp_path, domain=kind).session
    assert session.errors.current is None
    assert session.models.domain is DOMAINS[kind]
    assert len(session.view.document.tokens) <= DOMAINS[kind].length


def test_the_pattern_of_a_kind_is_offered_and_asked_for(tmp_path: Path, qtbot: QtBot) -> None:
    scene = Scene(tmp_path, domain="molecules")
    session = scene.session
    fields = OptionFields(session.form, session.models, words_of(scene), ["pattern"], Look(themes.LIGHT))
    fields.refresh()
    qtbot.addWidget(fields)
    pattern = fields.controls["pattern"]
    assert isinstance(pattern, PatternLine)
    assert pattern.placeholderText() == "@smiles"
    QTest.keyClicks(pattern, "@smiles")
    assert session.runs.asked().pattern == "@smiles"
    texts = Scene(tmp_path / "text")
    text = texts.session
    other = OptionFields(text.form, text.models, words_of(texts), ["pattern"], Look(themes.LIGHT))
    other.refresh()
    qtbot.addWidget(other)
    assert other.controls["pattern"].property("placeholderText") == ""
