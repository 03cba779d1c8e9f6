"""What comes from a file is shown as it is: no markup in the window, no script in a page, no formula in a table."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QTextDocument
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

import sedd_studio
from engine import plain_text
from engine.language.tokenizers import symbol_tokenizer
from engine.protocol import Frame, Generate, Judged, Started, UserError, frozen
from engine.runs.runfile import decode, encode
from engine.runs.trajectory import Origin, Trajectory
from sedd_studio.background.keeper import Keeper
from sedd_studio.record.exports import as_html, table
from sedd_studio.record.snippets import as_command
from sedd_studio.session.panes import Pane
from sedd_studio.widgets.controls.basic import Elided, plain
from sedd_studio.widgets.controls.candidate_rows import shown_piece
from sedd_studio.widgets.controls.quality_curve import tip_of
from sedd_studio.window.opening import file_name
from tests.sedd_studio.fake_engine import INFO
from tests.sedd_studio.scene import Scene, words_of
from tests.sedd_studio.windows import window_of

PLAIN = Qt.TextFormat.PlainText
HOSTILE = '<img src="file:///etc/passwd"><b>bold</b> & \n<a href="x">y</a>'


def shown(tooltip: str) -> str:
    """What a tooltip says of markup."""
    if "<" not in tooltip:
        return tooltip
    document = QTextDocument()
    document.setHtml(tooltip)
    return document.toPlainText()


@pytest.mark.parametrize("text", [HOSTILE, "a < b", "plain", "<", "<qt>", "&lt;b&gt;", "one\ntwo"])
def test_a_tooltip_shows_markup_as_it_is(text: str, qapp: object) -> None:
    assert shown(plain(text)) == text
    line = Elided()
    line.show_text(text)
    assert shown(line.toolTip()) == text


def test_the_last_parts_of_a_line_give_way_whole(qtbot: QtBot) -> None:
    line = Elided()
    qtbot.addWidget(line)
    line.show_text("step 3", "12 calls", "0.8 s left")
    line.resize(line.fontMetrics().horizontalAdvance("step 3   12 calls   0.8") + 2, 20)
    line.show()
    assert line.text() == "step 3   12 calls"
    line.resize(1000, 20)
    assert line.text() == "step 3   12 calls   0.8 s left"


def test_the_path_of_a_model_is_no_markup(scene: Scene, qtbot: QtBot) -> None:
    window = window_of(scene.session, scene.settings, qtbot)
    scene.load(replace(scene.info, path=HOSTILE))
    assert any(shown(child.toolTip()) == HOSTILE for child in window.findChildren(QToolButton))


def test_labels_and_tooltips_of_what_is_not_fixed_are_plain() -> None:
    """A label that is made elsewhere takes its text for markup, as does a tooltip that is not made plain."""
    for path in (Path(sedd_studio.__file__).parent / "widgets").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"return (entry\.prompt|row\.text)\n", text), path.name
        assert not re.search(r"setToolTip\((?!plain\()[a-z_.]*(path|name|text|told)\)", text) or path.name == "dock.py"


def page_of(token: str) -> str:
    """A page with a run that writes one token."""
    tokenizer = symbol_tokenizer([token])
    info = replace(INFO, vocabulary=2, mask_id=2, length=8)
    request = Generate(frozen([-1]), 1)
    run = Trajectory(
        Started(0, frozen([[2]]), frozen([0]).astype(bool), 1, 1.0), 2, Origin.of_now(request, info, tokenizer)
    )
    run.append(Frame(0, 1, 0.0, 0.0, frozen([0]), frozen([0]), frozen([1]), 1, 0.1))
    return as_html(run)


@pytest.mark.parametrize("token", ["<!--<script>", "</script><script>alert(1)</script>", "__RUN__", "]]>"])
def test_no_token_ends_the_data_of_a_page(token: str) -> None:
    page = page_of(token)
    data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert "<" not in data[1]
    assert json.loads(data[1])["pieces"]["1"] == token


def test_a_text_in_a_table_is_no_formula() -> None:
    formulas = ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"]
    texts = [*formulas, "text", "a=b"]
    rows = list(csv.reader(io.StringIO(table(["text", "number"], [[text, -0.5] for text in texts]))))
    assert [row[0] for row in rows[1:]] == [*(f"'{text}" for text in formulas), "text", "a=b"]
    assert {row[1] for row in rows[1:]} == {"-0.5"}


EVIL = 'R&D <img src="file:///etc/passwd">\u202eliam\x1b[31m\n/../\tcell</script><!--<script>' + "x" * 3_000


def told_by(part: QWidget) -> list[str]:
    """What a part of a window shows, and says of itself."""
    told = [part.toolTip(), part.statusTip(), part.accessibleName(), part.windowTitle()]
    if isinstance(part, QLabel | QAbstractButton):
        told.append(part.text())
    if isinstance(part, QComboBox):
        told += [part.itemText(row) for row in range(part.count())]
    return [*told, *(action.text() for action in part.findChildren(QAction))]


def test_a_run_of_a_hostile_model_is_plain_text_in_every_part_of_the_window(
    scene: Scene, keeper: Keeper, qtbot: QtBot
) -> None:
    scene.run(steps=8, samples=2)
    scene.play(8)
    run = scene.session.view.run
    assert run is not None
    assert run.origin is not None
    info = replace(run.origin.info, path=EVIL)
    for name in ("name", "device", "precision", "schedule"):  # as a file may say it
        object.__setattr__(info, name, EVIL)
    object.__setattr__(info, "facts", {"writes": EVIL, EVIL: EVIL})
    run.origin = replace(run.origin, info=info)
    run.started = replace(run.started, sampler=EVIL)
    window = window_of(scene.session, scene.settings, qtbot, keeper)
    for _ in range(2):
        keeper.keep(run)
    scene.session.show_run(decode(encode(run)))
    for name in window.places.widgets:
        window.show_panel(name)
        QApplication.processEvents()
        for part in (window, *window.findChildren(QWidget)):
            for text in told_by(part):
                assert plain_text.plain(text) == text, (name, part, text[:60])
                assert "\n" not in text or isinstance(part, QLabel) or "&D" not in text
            assert "<img" not in part.toolTip()
            assert not isinstance(part, QLabel) or "<img" not in part.text() or part.textFormat() is PLAIN
    assert "R&&D" in window.picker.text()
    window.resize(window.minimumSize())
    QApplication.processEvents()
    assert window.top_bar.device.geometry().right() <= window.top_bar.width() == window.width() - window.rail.width()
    name = file_name(scene.session)
    assert Path(name).name == name
    assert len(name) < 200
    qtbot.waitUntil(lambda: window.panel("history").runs.rowCount() == 2)


def test_what_turns_the_direction_of_writing_is_seen_on_cards_and_among_candidates(scene: Scene, qtbot: QtBot) -> None:
    scene.session.editor.set_prompt("The fox \u202enar\x85 [4]")
    scene.run(steps=4, samples=2)
    scene.play(4)
    window = window_of(scene.session, scene.settings, qtbot)
    card = window.samples.cards.index(1)
    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
        assert "The fox ⇠nar␦" in card.data(role)
    assert shown_piece(" \u202eab\n") == "⇠ab↵"


def test_what_a_point_of_the_curve_says_is_no_markup(scene: Scene) -> None:
    pane = Pane("<b>bold</b> & <i>", Generate(frozen([-1]), 1), verdict=Judged(0, 10.0, 3.0, 0.5))
    assert shown(tip_of(pane, words_of(scene).say)).startswith("<b>bold</b> & <i>: perplexity 10.0")


def test_what_a_terminal_would_obey_is_not_copied_as_a_command(scene: Scene, qtbot: QtBot) -> None:
    scene.session.editor.set_prompt("The fox\x1b[201~ ran [4]")
    scene.run(steps=4)
    run = scene.session.view.run
    assert run is not None
    assert run.origin is not None
    assert "--tokens" in as_command(run.origin)
    assert "\x1b" not in as_command(run.origin)
    for changed in (
        replace(run.origin, info=replace(run.origin.info, path="/models/\x1b[201~")),
        replace(run.origin, request=replace(run.origin.request, pattern="a\x1bb")),
    ):
        with pytest.raises(UserError, match="terminal"):
            as_command(changed)
