"""The map of the run: every step of it at once, positions across and steps down, with what its colours mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.runs.fill_order import mean_order, order_of, way_of
from engine.runs.map_modes import DIFFERENCE_KINDS, KINDS, MAP_MODES, ORDERS
from engine.runs.run_map import Marked, RunMap, State, counted
from sedd_studio.painting.map_legend import Legend
from sedd_studio.painting.theme import Look
from sedd_studio.session.notices import number_of
from sedd_studio.session.view import View
from sedd_studio.widgets.controls.basic import Choice, Elided, keep_up, label
from sedd_studio.widgets.controls.buttons import IconButton, PushButton
from sedd_studio.widgets.controls.empty import Filled
from sedd_studio.widgets.controls.flow import Flow
from sedd_studio.widgets.controls.layouts import column, row
from sedd_studio.widgets.controls.map_grid import MapGrid
from sedd_studio.widgets.controls.map_legend import MapLegend
from sedd_studio.widgets.controls.map_view import ZOOM, MapView
from sedd_studio.widgets.controls.worst_row import WorstRow

if TYPE_CHECKING:
    from sedd_studio.session.hindsight import Hindsight
    from sedd_studio.session.map_on_show import MapOnShow, Other
    from sedd_studio.session.map_samples import MapSamples
    from sedd_studio.session.runs import Runs
    from sedd_studio.session.vocabulary import Vocabulary

EMPTY = (
    "The whole run in one picture: positions across, steps down. It shows what settled when, and what changed again. "
    "Press Run first."
)
ALONE = "This run alone"
LINES = {"": "No line", "order": "Order of this sample", "mean": "Mean order of the samples"}
GRID_HINT = "Click, or arrows and Enter: open a sample."
HINT = "Click or drag: step and position. Shift and drag: mark a part. Ctrl and the wheel: zoom. Enter: to the text."
STANDS = {State.HIDDEN: "hidden", State.UNSETTLED: "unsettled", State.SETTLED: "settled", State.LOCKED: "locked"}


class MapPanel(QWidget):
    """Shows `shown` while it is visible, and moves the playhead in it."""

    went = Signal(int)
    """To a position, where the caret is wanted."""
    entered = Signal()
    """The text is wanted on show."""

    def __init__(
        self,
        view: View,
        runs: Runs,
        shown: MapOnShow,
        samples: MapSamples,
        hindsight: Hindsight,
        words: Vocabulary,
        look: Look,
    ) -> None:
        super().__init__()
        self._view, self._shown, self._hindsight, self._words = view, shown, hindsight, words
        self._all = samples
        self._position = 0
        self._pointed: tuple[int, int] | None = None
        self._others: list[Other] = []
        self.colour = Choice("Colours of the map", look, {name: mode.title for name, mode in MAP_MODES.items()})
        self.against = Choice("What the run is held against", look)
        self.against.give_way()
        self.against.setMinimumContentsLength(20)
        self.line = Choice("Line over the map", look, LINES)
        self.brush = IconButton("gap", "Mark a part by dragging (Shift does so, too)", look, text="Mark", kind="toggle")
        self.smaller = IconButton("minus", "Smaller (-)", look, lambda: self.map.set_zoom(self.map.zoom / ZOOM))
        self.larger = IconButton("plus", "Larger (+)", look, lambda: self.map.set_zoom(self.map.zoom * ZOOM))
        self.whole = IconButton("enlarge", "All of it (0)", look, lambda: self.map.set_zoom(1.0))
        self.map = MapView(look)
        self.legend = MapLegend(look)
        self.facts, self.part = Elided("help"), Elided("help")
        content = QWidget()
        self.grid = MapGrid(look)
        self.several = IconButton("columns", "Maps of all samples", look, text="All samples", kind="toggle")
        self.sort = Choice("Order of the samples", look, ORDERS)
        self.stop = PushButton("Stop", "stop", look, samples.stop)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.map)
        self._stack.addWidget(self.grid)
        self.worst = WorstRow(view, runs, hindsight, words, look)
        self.worst.hide()
        column(self.legend, self.worst, (self._stack, 1), self.facts, self.part, gap=6, of=content)
        self.filled = Filled(content, EMPTY)
        self.setFocusProxy(self.map)
        self.sample = label(role="muted")
        self.earlier = IconButton("chevron-left", "Previous sample", look, lambda: self._turn(-1))
        self.later = IconButton("chevron-right", "Next sample", look, lambda: self._turn(1))
        self._samples, self._sizes = QWidget(), QWidget()
        row(self.earlier, self.sample, self.later, gap=2, of=self._samples)
        row(self.smaller, self.larger, self.whole, gap=2, of=self._sizes)
        head = Flow(
            self.colour,
            self.against,
            self.line,
            self._samples,
            self.several,
            self.sort,
            self.stop,
            self.brush,
            self._sizes,
        )
        column(head, (self.filled, 1), gap=8, margins=(16, 10, 16, 10), of=self)
        self.colour.activated.connect(lambda: shown.choose(self.colour.currentData()))
        self.against.activated.connect(self._hold_against)
        self.line.activated.connect(self._follow_line)
        self.brush.toggled.connect(lambda on: setattr(self.map, "brushes", on))
        self.several.toggled.connect(self._follow_samples)
        self.sort.activated.connect(self._choose_order)
        samples.begun.connect(self.grid.clear)
        samples.made.connect(self.grid.take)
        samples.begun.connect(self._sort)
        samples.changed.connect(self._sort)
        self.grid.opened.connect(self._open)
        look.changed.connect(samples.anew)
        self.map.went.connect(self._go)
        self.map.marked.connect(lambda part: shown.mark(None if part is None else Marked(*part)))
        self.map.pointed.connect(self._point)
        self.map.entered.connect(self.entered)
        shown.marked_changed.connect(self._follow_mark)
        view.playhead.changed.connect(self._follow_place)
        keep_up(self.refresh, shown.changed, words.changed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._shown.want(True)
        self._follow_samples()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._shown.want(False)
        self._all.want(False)

    def put(self, position: int) -> None:
        """The caret stands elsewhere in the text."""
        self._position = position
        self._follow_place()

    def refresh(self) -> None:
        """Shows the map as it is now."""
        shown, say = self._shown, self._words.say
        found, codes = shown.map, shown.codes()
        self.filled.show_content(found is not None)
        self.filled.say(shown.refusal or EMPTY)
        for number, mode in enumerate(MAP_MODES.values()):
            self.colour.setItemText(number, say(mode.title))
        self.colour.setCurrentIndex(self.colour.findData(shown.mode_name))
        self.colour.setEnabled(found is not None)
        self._list_others()
        for part in (self.brush, self._samples, self._sizes):
            part.setEnabled(found is not None)
        if found is None:
            self.map.show_cells(None, 0, ())
            return
        self._samples.setVisible(found.run.samples > 1)
        self._follow_samples()
        self.sample.setText(f"sample {found.sample + 1}/{found.run.samples}")
        self.earlier.setEnabled(found.sample > 0)
        self.later.setEnabled(found.sample + 1 < found.run.samples)
        self.map.show_cells(codes, found.rows, shown.pieces())
        self._note_worst()
        self._follow_line()
        self._follow_mark()
        self._follow_place()

    def _show_legend(self, found: RunMap) -> None:
        """What the colours on show mean: small maps are not held against another run."""
        shown, say, several = self._shown, self._words.say, self._stack.currentIndex() == 1
        against = shown.other is not None and not several
        codes = shown.codes()
        kinds = [(code, KINDS[code]) for code in DIFFERENCE_KINDS]
        if codes is not None and not against:
            kinds = shown.mode.legend(codes)
        ends = ("", "") if against else (say(shown.mode.low(found)), say(shown.mode.high(found)))
        self.legend.show_legend(Legend([(code, say(name)) for code, name in kinds], *ends))
        self.worst.setVisible(shown.mode.column == "regret" and not against and not several)
        self.colour.setEnabled(not against)

    def _note_worst(self) -> None:
        shown = self._shown
        regretted = shown.mode.column == "regret" and shown.other is None and shown.answer() is not None
        self.map.show_noted(np.flatnonzero(self._hindsight.worst()).tolist() if regretted else ())

    def _follow_line(self) -> None:
        """Draws the order that is chosen over the map."""
        found, chosen = self._shown.map, self.line.currentData()
        several = found is not None and found.run.samples > 1
        if several != (self.line.count() == len(LINES)):
            self.line.setCurrentIndex(min(self.line.currentIndex(), 1))
            self.line.removeItem(2) if not several else self.line.addItem(LINES["mean"], "mean")
        if found is None or not chosen:
            self.map.show_curve(None)
        else:
            self.map.show_curve(order_of(found.run, found.sample) if chosen == "order" else mean_order(found.run))

    def _list_others(self) -> None:
        shown = self._shown
        self._others = list(shown.others())
        with QSignalBlocker(self.against):
            titles = [self._words.say(ALONE), *(f"Against {other.title}" for other in self._others)]
            if titles != [self.against.itemText(row) for row in range(self.against.count())]:
                self.against.clear()
                self.against.addItems(titles)
            held = [number for number, other in enumerate(self._others, 1) if other.same_as(shown.other)]
            self.against.setCurrentIndex(held[0] if held else 0)
        self.against.setEnabled(bool(self._others))

    def _hold_against(self, number: int) -> None:
        self._shown.hold_against(None if number == 0 else self._others[number - 1])

    def _go(self, step: int, position: int) -> None:
        self._position = position
        self._shown.go(step)
        self.went.emit(position)
        self._follow_place()

    def _follow_samples(self) -> None:
        """Shows the map of the sample on show, or those of all."""
        found = self._shown.map
        there = found is not None and found.run.samples > 1
        several = there and self.several.isChecked()
        self.several.setVisible(there)
        self.sort.setVisible(several)
        self.stop.setVisible(several)
        for part in (self.against, self.line, self.brush, self._sizes):
            part.setVisible(not several)
        self._stack.setCurrentIndex(int(several))
        self._all.want(several and self.isVisible())
        if found is not None:
            self._show_legend(found)
        self._sort()
        self._follow_mark()

    def _choose_order(self) -> None:
        self._all.sort_by(self.sort.currentData())
        self._sort()

    def _sort(self) -> None:
        if self._stack.currentIndex() == 1:
            order = self._all.sorted(self.sort.currentData())
            titles = [self._all.title(sample) for sample in order]
            self.grid.show_order(order, titles, self._view.playhead.sample)
            self.stop.setEnabled(self._all.asks)
            self.part.show_text(*filter(None, (self._all.said, GRID_HINT)))

    def _open(self, sample: int) -> None:
        self._view.playhead.set_sample(sample)
        self.several.setChecked(False)
        self.map.setFocus()

    def _turn(self, by: int) -> None:
        self._view.playhead.set_sample(self._view.playhead.sample + by)

    def _point(self, cell: tuple[int, int] | None) -> None:
        if cell != self._pointed:
            self._pointed = cell
            self._say()

    def _follow_place(self) -> None:
        if self._shown.map is not None and self.isVisible():
            self.map.show_place(*self._place(self._shown.map))
            self._say()

    def _place(self, found: RunMap) -> tuple[int, int]:
        """The cell at the playhead and the caret, which stand in the text on show: it may be longer, and further."""
        return min(self._view.playhead.step, found.read), min(self._position, found.run.length - 1)

    def _follow_mark(self) -> None:
        marked, found = self._shown.marked, self._shown.map
        if self._stack.currentIndex() == 1:
            return
        self.map.show_marked(None if marked is None else (marked.steps, marked.positions))
        if marked is None or found is None:
            way = "" if found is None else way_of(order_of(found.run, found.sample)).said
            self.part.show_text(f"Filled {way}", self._words.say(HINT))
            return
        (first, stop), (start, end) = marked.steps, marked.positions
        changes, settled = counted(found, marked)
        self.part.show_text(
            f"Marked: steps {first} to {stop - 1}, positions {start + 1} to {end}: {number_of(changes, 'change')}, "
            f"{number_of(settled, 'cell')} of {(stop - first) * (end - start)} settled. Escape: nothing marked."
        )

    def _say(self) -> None:
        """What is under the pointer, or else at the playhead and the caret."""
        found = self._shown.map
        if found is None:
            return
        here = self._place(found)
        pointed = self._pointed if self._pointed is not None and found.holds(*self._pointed) else here
        self.facts.show_text(*self._told(*pointed))
        self.map.setAccessibleDescription(f"{'. '.join(self._told(*here))}. {self.part.parts[0]}")

    def _told(self, step: int, position: int) -> list[str]:
        """A cell in words: where it is, what stands there, and what became of it."""
        found = self._shown.map
        assert found is not None
        state = found.told(step, position)
        where = f"step {step} of {found.run.steps} · position {position + 1} of {found.run.length}"
        if state is State.TO_COME:
            return [where, "not yet made"]
        piece = self._shown.piece(step, position)
        stands = STANDS[state] if piece is None else f"“{piece.strip() or piece}” {STANDS[state]}"
        there = self._shown.there(step, position)
        facts = [where, stands, *[there] * bool(there)]
        if (last := int(found.last[position])) > 0 and state is not State.LOCKED:
            ends = self._shown.piece(found.read, position)
            became = "" if step >= last else f", in the end {'hidden' if ends is None else f'“{ends.strip() or ends}”'}"
            facts.append(f"last changed in step {last}{became}")
            facts.append(f"{number_of(int(found.changes[found.read, position]), 'change')} in all")
        answer = self._shown.answer()
        if answer is not None and not np.isnan(answer.now[position]):
            now, then = np.exp(answer.now[position]), np.exp(answer.then[position])
            told, ratio = "chosen at {then:.1%}, now {now:.1%}: {ratio:+.2f} nats", float(answer.regret[position])
            facts.append(self._words.say(told, then=then, now=now, ratio=ratio))
            entropy = float(answer.entropy[position])
            facts.append(self._words.say("entropy {entropy:.2f} nats", entropy=entropy, choices=float(np.exp(entropy))))
        return facts
