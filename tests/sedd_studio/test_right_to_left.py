"""Words that run from right to left: where they stand, how they are drawn, and what mouse and keys do to them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from sedd_studio.painting.theme import LIGHT, Look, token_font
from sedd_studio.painting.token_layout import arrange
from sedd_studio.painting.token_paint import FADE_STAGES, Content, Marks, TokenPainter
from sedd_studio.painting.token_places import Kind, Layout
from sedd_studio.painting.token_text import content_at
from sedd_studio.widgets.canvas.token_canvas import TokenCanvas
from sedd_studio.widgets.panels.prompt_editor import PromptEditor
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.test_characters import canvas_with
from tests.sedd_studio.windows import shown

HEBREW = "שלום לכם חברים"
MIXED = "she said שלום לכם to all 12 of them"
TEXTS = (HEBREW, MIXED, "مرحبا بالعالم [3] كيف حالك", "שלום (12) world סוף", f"a [2] {HEBREW}\n{HEBREW} [3]\nthe end")


def place_of(canvas: TokenCanvas, word: str) -> int:
    """The position at which a word begins."""
    pieces = ["?" if piece is None else piece for piece in canvas.picture.text.pieces]
    at = "".join(pieces).index(word)
    return next(place for place in range(len(pieces)) if len("".join(pieces[: place + 1])) > at)


def x_of(canvas: TokenCanvas, word: str) -> float:
    return canvas.picture.middle(place_of(canvas, word)).x()


def test_hebrew_begins_at_the_right_and_goes_to_the_left(tmp_path: Path, qtbot: QtBot) -> None:
    _, canvas = canvas_with(HEBREW, tmp_path, qtbot)
    boxes = [box for box in canvas.picture.layout.boxes if box.width]
    assert all(one.x > other.x for one, other in pairwise(boxes))
    first = boxes[0]
    assert first.x + first.width == pytest.approx(canvas.picture.line_width)


def test_a_mixed_line_is_in_the_order_in_which_one_reads_it(tmp_path: Path, qtbot: QtBot) -> None:
    _, canvas = canvas_with(MIXED, tmp_path, qtbot)
    seen = [x_of(canvas, word) for word in ("she", "said", "לכם", "שלום", "to", "all", "12", "them")]
    assert seen == sorted(seen)
    _, other = canvas_with("שלום world peace 12 סוף", tmp_path / "other", qtbot)
    seen = [x_of(other, word) for word in ("סוף", "world", "peace", "12", "שלום")]
    assert seen == sorted(seen)


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_pointed_at_is_what_stands_there(text: str, tmp_path: Path, qtbot: QtBot) -> None:
    _, canvas = canvas_with(text, tmp_path, qtbot)
    for position, box in enumerate(canvas.picture.layout.boxes):
        if box.width:
            assert canvas.picture.at(canvas.picture.middle(position)) == position
            assert canvas.mouse.describe(position).startswith(f"Position {position + 1}")


def test_a_click_works_on_the_word_that_is_seen_there(tmp_path: Path, qtbot: QtBot) -> None:
    scene, canvas = canvas_with(MIXED, tmp_path, qtbot)
    place = place_of(canvas, "לכם")
    at = canvas.picture.middle(place).toPoint()
    viewport, none = canvas.viewport(), Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, none, at)
    word = scene.session.view.word_at(place)
    assert scene.session.view.word_at(canvas.caret.position) == word
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, none, at)
    assert scene.session.view.selection == word


@pytest.mark.parametrize("text", [HEBREW, MIXED])
def test_arrows_go_where_they_point(text: str, tmp_path: Path, qtbot: QtBot) -> None:
    scene, canvas = canvas_with(text, tmp_path, qtbot)
    canvas.setFocus()
    places = range(len(canvas.picture.layout.boxes))
    middles = [canvas.picture.middle(place).x() for place in places]
    canvas.caret.put(min(places, key=lambda place: middles[place]))
    seen = {scene.session.view.word_at(canvas.caret.position)}
    for _ in range(len(scene.session.view.words()) - 1):
        before = middles[canvas.caret.position]
        QTest.keyClick(canvas, Qt.Key.Key_Right)
        assert middles[canvas.caret.position] > before
        seen.add(scene.session.view.word_at(canvas.caret.position))
    assert seen == set(scene.session.view.words())
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert middles[canvas.caret.position] < max(middles)


def test_the_left_arrow_goes_on_to_the_next_line(tmp_path: Path, qtbot: QtBot) -> None:
    _, canvas = canvas_with(" ".join([HEBREW] * 9), tmp_path, qtbot)
    canvas.setFocus()
    second = canvas.picture.layout.lines[1].start
    for _ in range(40):
        QTest.keyClick(canvas, Qt.Key.Key_Left)
        if canvas.picture.layout.boxes[canvas.caret.position].line == 1:
            break
    assert canvas.caret.position == second
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.picture.layout.boxes[canvas.caret.position].line == 0


def test_a_gap_is_pulled_longer_to_the_left(tmp_path: Path, qtbot: QtBot) -> None:
    scene, canvas = canvas_with("שלום [3] סוף", tmp_path, qtbot)
    gap = canvas.picture.text.pieces.index(None)
    last = canvas.picture.layout.boxes[gap + 2]
    assert last.x < canvas.picture.layout.boxes[gap].x
    viewport, none = canvas.viewport(), Qt.KeyboardModifier.NoModifier
    at = canvas.picture.middle(gap + 2).toPoint()
    QTest.mouseMove(viewport, at)
    handle = canvas.mouse.gestures.handle
    assert handle is not None
    assert handle.place.right() <= last.x
    at = (handle.place.center() + canvas.picture.origin).toPoint()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, none, at)
    to = at - QPoint(round(6 * canvas.picture.em), 0)
    QTest.mouseMove(viewport, to)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, none, to)
    assert canvas.picture.text.pieces.count(None) == 5
    assert scene.session.view.prompt == "שלום [5] סוף"


def test_the_line_to_type_in_opens_over_the_words_and_its_arrows_go_where_they_point(
    tmp_path: Path, qtbot: QtBot
) -> None:
    scene, canvas = canvas_with(HEBREW, tmp_path, qtbot)
    canvas.line.open(scene.session.view.word_at(0))
    editor = canvas.line.editor
    assert editor is not None
    words = canvas.picture.first_line_of(scene.session.view.word_at(0))
    assert editor.geometry().contains(words)
    editor.home(False)
    for _ in range(2):
        before = editor.cursorRect().x()
        QTest.keyClick(editor, Qt.Key.Key_Left)
        assert editor.cursorRect().x() < before


# ---- how it is drawn


def painted(painter: TokenPainter, layout: Layout) -> QImage:
    count = len(layout.boxes)
    return _image(
        lambda on: painter.paint(
            on, Content(layout, [False] * count, [False] * count, [FADE_STAGES] * count), Marks(), 0, 200
        )
    )


def _image(draw) -> QImage:  # type: ignore[no-untyped-def]
    image = QImage(400, 100, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    with QPainter(image) as on:
        draw(on)
    return image


def test_letters_join_across_the_tokens_of_a_word(qtbot: QtBot) -> None:
    painter = TokenPainter(LIGHT, token_font(LIGHT, 1.0))
    pieces = ["مر", "ح", "با"]
    layout = arrange(pieces, [False] * 3, [False] * 3, [(0, 3)], painter.metrics, 300)
    word = "".join(pieces)
    wide = sum(box.width for box in layout.boxes)
    assert wide == pytest.approx(painter.advance(word, False))

    def whole(on: QPainter) -> None:
        on.setRenderHint(QPainter.RenderHint.Antialiasing)
        on.setFont(painter.plain)
        on.setPen(LIGHT.colour("text"))
        on.drawText(QPointF(300 - wide, painter._baseline(0)), word)

    assert painted(painter, layout) == _image(whole)


def test_every_token_of_a_word_has_its_colour(qtbot: QtBot) -> None:
    painter = TokenPainter(LIGHT, token_font(LIGHT, 2.0))
    layout = arrange(["של", "ום"], [False] * 2, [False] * 2, [(0, 2)], painter.metrics, 300)
    content = Content(layout, [False] * 2, [False] * 2, [FADE_STAGES, 0])
    image = _image(lambda on: painter.paint(on, content, Marks(), 0, 200))
    fresh = LIGHT.colour("fresh")
    inked = [x for x in range(400) for y in range(100) if image.pixelColor(x, y) == fresh]
    second = layout.boxes[1]
    assert inked
    assert second.x - 1 <= min(inked) <= max(inked) <= second.x + second.width + 1


def test_what_is_locked_has_a_pill_for_each_of_its_parts(qtbot: QtBot) -> None:
    painter = TokenPainter(LIGHT, token_font(LIGHT, 1.0))
    pieces = ["a", " b", " שלום", " לכם", " c"]
    words = [(place, place + 1) for place in range(5)]
    locked = [False, True, True, False, False]
    layout = arrange(pieces, locked, [False] * 5, words, painter.metrics, 600)
    assert [(pill.start, pill.stop, pill.rtl) for pill in layout.pills] == [(1, 2, False), (2, 3, True)]
    for pill in layout.pills:
        box = layout.boxes[pill.start]
        assert pill.left < box.x < box.x + box.width < pill.right
        lock_left, lock_right = box.x - pill.left, pill.right - box.x - box.width
        assert (lock_left > lock_right) == pill.rtl


PIECES = ["a", " bb", "שלום", " לכם", " مر", "حبا", "\n", ".", " (12)", "  ", " 12", None, " “ש", "\u200f", "e\u0301"]
lists = st.lists(st.tuples(st.sampled_from(PIECES), st.booleans(), st.booleans()), min_size=1, max_size=40)


@given(lists, st.floats(120, 700))
@settings(deadline=None, max_examples=150)
def test_nothing_overlaps_nothing_is_lost_and_all_fits(some: list[tuple[str | None, bool, bool]], width: float) -> None:
    painter = TokenPainter(LIGHT, token_font(LIGHT, 1.0))
    pieces = [piece for piece, _, _ in some]
    locked = [held and piece is not None for piece, held, _ in some]
    words = [(place, place + 1) for place in range(len(pieces))]
    layout = arrange(pieces, locked, [slanted for _, _, slanted in some], words, painter.metrics, width)
    assert len(layout.boxes) == len(pieces)
    for line, span in enumerate(layout.lines):
        seen = list(layout.seen(line, line + 1))
        assert {place for place, _ in seen} == set(range(*span))
        assert all(box.line == line for _, box in seen)
        for (_, one), (_, other) in pairwise(seen):
            assert other.x >= one.x + one.width - 1e-6
        pills = sorted((pill for pill in layout.pills if pill.line == line), key=lambda pill: pill.left)
        for pill, after in pairwise(pills):
            assert pill.right <= after.left + painter.metrics.pad + 1e-6
        for place, box in seen:
            inside = [p for p in pills if p.left - 1e-6 <= box.x and box.x + box.width <= p.right + 1e-6]
            assert bool(inside) == locked[place] or not box.width
    for piece, box in zip(pieces, layout.boxes, strict=True):
        assert (box.kind is Kind.BLOCK) == (piece is None)
        assert box.text == (piece or "").strip(" \n")


def test_films_and_pictures_are_laid_out_the_same_way(tmp_path: Path, qtbot: QtBot) -> None:
    scene = Scene(tmp_path)
    scene.session.editor.set_prompt(f"{HEBREW} [3]")
    scene.run(steps=4)
    scene.play(4)
    run = scene.session.view.document.trajectory
    assert run is not None
    painter = TokenPainter(LIGHT, token_font(LIGHT, 1.0))
    layout = content_at(run, 0, 0, scene.tokenizer, painter, 788.0).layout
    assert layout.turned[0].rtl
    assert layout.boxes[0].x > layout.boxes[3].x
    assert QRectF(0, 0, 788, 1).contains(layout.boxes[0].x, 0.5)


@pytest.mark.parametrize(
    ("text", "right"),
    [(HEBREW, True), ("[12] مرحبا", True), ("12 " + HEBREW + " dragon", True), (MIXED, False), ("", False)],
)
def test_the_field_of_the_prompt_begins_where_its_text_does(text: str, right: bool, scene: Scene, qtbot: QtBot) -> None:
    editor = shown(qtbot, PromptEditor(scene.session.view, scene.session.editor, scene.session.questions, Look(LIGHT)))
    editor.toggle_editor()
    editor.editor.setPlainText(text)
    line = editor.editor.document().firstBlock().layout().lineAt(0).naturalTextRect()
    middle = editor.editor.viewport().width() / 2
    assert (line.left() > middle, line.right() > middle) == (right, right)
    editor.editor.setPlainText("The end.")
    line = editor.editor.document().firstBlock().layout().lineAt(0).naturalTextRect()
    assert line.right() < middle
