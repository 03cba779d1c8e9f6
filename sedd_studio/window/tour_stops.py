"""The stops of the guided tour: what each points at, and which action it waits for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from sedd_studio.window.page_names import LEARN, STUDIO

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow


GAP = re.compile(r"\[\d+\]")
"""Of a prompt: a fresh page has nothing else, and nothing is written on it."""
SEEN = 4
"""Bounds that one has seen of a score before the tour goes on; a whole one may take a minute."""


def _studio(window: MainWindow) -> None:
    window.places.show_page(STUDIO)


def _show_likelihood(window: MainWindow) -> None:
    """With the whole text, for one with gaps has no likelihood."""
    window.places.show("likelihood")
    window.session.playhead.seek(window.session.playhead.recorded)


def _show_compare(window: MainWindow) -> None:
    """The score that was seen is left at that, for the engine is wanted."""
    window.services.scorer.stop()
    window.places.show_page("compare")


def _has_run(window: MainWindow) -> bool:
    return window.session.playhead.recorded > 0


@dataclass(frozen=True)
class Stop:
    """One stop. `at` is what it points at, after `bring` has brought that to where it can be seen.

    `state` is what its action changes, None while that cannot be told, as in the middle of a run; it is over when that
    is `done`, given the state at its beginning and the one of now. One that is not `possible` is left out. Its card
    spares the text, and what it names.
    """

    title: str
    says: str
    at: Callable[[MainWindow], QWidget]
    state: Callable[[MainWindow], Any]
    done: Callable[[Any, Any], bool] = lambda before, now: bool(before != now)
    bring: Callable[[MainWindow], object] = _studio
    possible: Callable[[MainWindow], bool] = lambda window: True
    spares: Callable[[MainWindow], QWidget] = lambda window: window.canvas


def _written(window: MainWindow) -> str:
    return window.session.view.prompt


def _ended_run(window: MainWindow) -> Any:
    session = window.session
    moves = session.runs.running or session.runs.awaits_model or session.playhead.playing
    return None if moves else ("run", session.view.run)


def _locks(window: MainWindow) -> int:
    return int(window.session.view.document.locked.sum())


def _step(window: MainWindow) -> int | None:
    playhead = window.session.playhead
    return None if playhead.playing else playhead.step


def _candidates(window: MainWindow) -> tuple[int, ...]:
    pointed = window.services.pointer.pointed
    return (pointed.position,) if pointed is not None and pointed.candidates else ()


def _bounds(window: MainWindow) -> list[Any] | None:
    """Those of the text; None while there are too few of them to see how they tighten."""
    scorer = window.services.scorer
    return None if scorer.scoring and len(scorer.points) < SEEN else scorer.points


def _panes(window: MainWindow) -> tuple[object, ...] | None:
    comparison = window.services.comparison
    return None if comparison.busy else tuple(comparison.panes)


STOPS: tuple[Stop, ...] = (
    Stop(
        "Write",
        "The grey blocks are gaps. Type a few words into one, or over a word, and press Enter: what you write stays.",
        lambda window: window.canvas,
        _written,
        lambda before, now: bool(now != before and GAP.sub("", now).strip()),
    ),
    Stop(
        "Run",
        "Press the blue button, or Ctrl+Enter: the model fills the gaps step by step, in any order.",
        lambda window: window.top_bar.run_button,
        _ended_run,
        lambda before, now: bool(now[1] is not None and now[1] is not before[1]),
    ),
    Stop(
        "Lock a word",
        "Double click a new word, or go there by the arrows, and press L: the next run keeps it.",
        lambda window: window.canvas,
        _locks,
        lambda before, now: bool(now > before),
        possible=_has_run,
    ),
    Stop(
        "Go back in time",
        "Drag the timeline, or press Left: this is how the text came about, from all noise to none.",
        lambda window: window.timeline.track,
        _step,
        possible=_has_run,
    ),
    Stop(
        "See what else fits",
        "Point at a word, or go there by the arrows: the likeliest five stand under it, and the digits take one.",
        lambda window: window.canvas,
        _candidates,
        lambda before, now: bool(now and now != before),
    ),
    Stop(
        "How likely is it?",
        "Press Score this text: the number is an upper bound, and its error bar shrinks while you wait.",
        lambda window: window.panel("likelihood").start,
        _bounds,
        lambda before, now: bool(now and now is not before),
        _show_likelihood,
        _has_run,
        spares=lambda window: window.panel("likelihood"),
    ),
    Stop(
        "Compare",
        "Press Compare: the same text is made in few steps and in many, side by side.",
        lambda window: window.panel("compare").start,
        _panes,
        lambda before, now: bool(now and now != before),
        _show_compare,
        spares=lambda window: window.panel("compare").start.parentWidget(),
    ),
    Stop(
        "Learn how it works",
        "Open Learn: eleven short chapters with figures that you move. F5 puts one on the whole screen.",
        lambda window: window.rail.pages[LEARN],
        lambda window: window.places.page,
        lambda before, now: bool(now == LEARN),
        lambda window: None,
    ),
)
