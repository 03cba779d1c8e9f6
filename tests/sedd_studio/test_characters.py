"""Characters of several tokens, which are one thing to the eye and to the hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.runs.runfile import decode, encode
from sedd_studio.painting.theme import LIGHT, Look, token_font
from sedd_studio.painting.token_layout import arrange
from sedd_studio.painting.token_paint import FADE_STAGES, Content, Marks, TokenPainter
from sedd_studio.painting.token_places import PART, Kind
from sedd_studio.painting.token_text import pieces_of, shared_characters
from sedd_studio.record import exports
from sedd_studio.record.document import words_of
from sedd_studio.widgets.canvas.token_canvas import TokenCanvas
from tests.sedd_studio.scene import Scene

TEXTS = (
    "Grüß Gott, L'été, the café",
    "你好, 森林 here",
    "thumbs 👍🏽 and 👨\u200d👩\u200d👧 and 🇩🇪",
    "e\u0301 and नमस्ते",
    "שלום, مرحبا",
)


def canvas_with(text: str, tmp_path: Path, qtbot: QtBot) -> tuple[Scene, TokenCanvas]:
    scene = Scene(tmp_path)
    session = scene.session
    canvas = TokenCanvas(session.models, session.view, session.editor, Look(LIGHT))
    qtbot.addWidget(canvas)
    canvas.resize(900, 500)
    canvas.show()
    assert session.editor.set_prompt(text)
    return scene, canvas


@pytest.mark.parametrize("text", TEXTS)
def test_all_characters_are_written_whole(text: str, tmp_path: Path, qtbot: QtBot) -> None:
    scene, canvas = canvas_with(text, tmp_path, qtbot)
    assert "".join(piece or "" for piece in canvas.picture.text.pieces) == text
    written = [(piece or "").strip() for piece in canvas.picture.text.pieces]
    assert [box.text for box in canvas.picture.layout.boxes] == written
    assert scene.session.view.prompt == text


def test_a_click_anywhere_on_a_character_is_at_all_its_tokens(tmp_path: Path, qtbot: QtBot) -> None:
    scene, canvas = canvas_with("a 👨\u200d👩\u200d👧 b", tmp_path, qtbot)
    first, last = next(run for run in shared_characters(canvas.picture.text.pieces) if run[1] - run[0] > 8)
    for share in (0.1, 0.9):
        box = canvas.picture.layout.boxes[first]
        place = canvas.picture.middle(first).toPoint()
        place.setX(round(place.x() + (share - 0.5) * box.width))
        before = scene.session.view.document.locked.copy()
        QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        QTest.keyClick(canvas, Qt.Key.Key_L)
        changed = np.flatnonzero(before != scene.session.view.document.locked)
        assert set(range(first, last)) <= set(changed.tolist())
    assert 'part of "' in canvas.mouse.describe(first + 1)


def test_half_a_character_is_a_frame_and_no_letter(tmp_path: Path, qtbot: QtBot) -> None:
    scene, canvas = canvas_with("a 你 b", tmp_path, qtbot)
    position = canvas.picture.text.pieces.index("你")
    scene.session.editor.clear_range(position + 1, position + 2)
    assert canvas.picture.text.pieces[position : position + 3] == [PART, None, PART]
    kinds = [box.kind for box in canvas.picture.layout.boxes[position : position + 3]]
    assert kinds == [Kind.PART, Kind.BLOCK, Kind.PART]
    assert "part of a character" in canvas.mouse.describe(position)
    assert not canvas.grab().toImage().isNull()


def test_a_colour_behind_a_character_is_one(tmp_path: Path, qtbot: QtBot) -> None:
    _, canvas = canvas_with("a 你 b", tmp_path, qtbot)
    position = canvas.picture.text.pieces.index("你")
    shares = np.zeros(len(canvas.picture.text.pieces))
    shares[position + 1] = 0.9
    np.testing.assert_allclose(canvas.picture.text.shared(shares)[position : position + 3], 0.3)


ORDERS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""All that Unicode calls Bidi_Control."""


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_that_turns_the_direction_of_writing_is_seen_and_turns_nothing(
    order: str, tmp_path: Path, qtbot: QtBot
) -> None:
    text = f"she{order} said (3) to all the 12 of them{order}"
    scene, canvas = canvas_with(text, tmp_path, qtbot)
    pieces, boxes = canvas.picture.text.pieces, canvas.picture.layout.boxes
    seen = "".join(piece or "" for piece in pieces)
    (sign,) = set(seen) - set(text)
    assert seen == text.replace(order, sign)
    assert canvas.picture.layout.turned == {}
    drawn = [box for box in boxes if box.width]
    assert [box.text for box in drawn if sign in box.text]
    places = [(box.line, box.x) for box in drawn]
    assert places == sorted(places)

    session = scene.session
    assert session.view.prompt == text
    canvas.caret.select_all()
    QTest.keyClick(canvas, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == text
    scene.run(steps=2)
    scene.play(2)
    run = session.view.run
    assert run is not None
    again = decode(encode(run))
    assert again.origin is not None
    assert again.origin.tokenizer.decode(again.known()[0]) == text
    assert text in exports.as_text(run, 2)


@pytest.mark.parametrize(("control", "sign"), [("\u2028", "↲"), ("\u2029", "↲"), ("\x85", "␦"), ("\x9b", "␦")])
def test_controls_that_end_lines_elsewhere_are_seen_in_their_line(
    control: str, sign: str, tmp_path: Path, qtbot: QtBot
) -> None:
    scene, canvas = canvas_with(f"one{control}two", tmp_path, qtbot)
    assert "".join(piece or "" for piece in canvas.picture.text.pieces) == f"one{sign}two"
    assert {box.line for box in canvas.picture.layout.boxes} == {0}
    assert scene.session.view.prompt == f"one{control}two"


def test_words_never_divide_a_character(tmp_path: Path, qtbot: QtBot) -> None:
    for text in TEXTS:
        scene, _ = canvas_with(text, tmp_path / str(TEXTS.index(text)), qtbot)
        tokens = scene.session.view.document.tokens
        parts = [
            "".join(p or "" for p in pieces_of(tokens[a:b], scene.tokenizer))
            for a, b in words_of(tokens, scene.tokenizer)
        ]
        assert "".join(parts) == text


@pytest.mark.parametrize("tall", ["e" + "\u0301" * 6, "e" + "\u0323" * 6, "क्ष्म्यै", "字", "👨\u200d👩\u200d👧"])
def test_no_letter_reaches_into_another_line(tall: str, qtbot: QtBot) -> None:
    painter = TokenPainter(LIGHT, token_font(LIGHT, 1.0))
    pieces = ["a", "\n", tall, "\n", "b"]
    none = [False] * 5
    layout = arrange(pieces, none, none, [(place, place + 1) for place in range(5)], painter.metrics, 300)
    image = QImage(300, round(layout.height), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    with QPainter(image) as on:
        boxes = [box if box.text == tall else box._replace(text="", kind=Kind.TEXT) for box in layout.boxes]
        content = Content(replace(layout, boxes=boxes), none, none, [FADE_STAGES] * 5)
        painter.paint(on, content, Marks(), 0, layout.height)
    inked = [y for y in range(image.height()) for x in range(60) if image.pixelColor(x, y) != Qt.GlobalColor.white]
    assert inked
    assert layout.line_height - 1 <= min(inked) <= max(inked) <= 2 * layout.line_height


def test_letters_of_latin_have_lines_of_one_height(qtbot: QtBot) -> None:
    painter = TokenPainter(LIGHT, token_font(LIGHT, 1.0))
    for pieces in (["abc"], ["Grüß", " Ñandú", " Ấ"]):
        none = [False] * len(pieces)
        words = [(place, place + 1) for place in range(len(pieces))]
        assert arrange(pieces, none, none, words, painter.metrics, 300).line_height == painter.metrics.line_height
