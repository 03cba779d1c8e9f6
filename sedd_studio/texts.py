"""The bounds of many texts, one after another, each as `sedd score` would give it alone."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.messages import Bounded, Event, Failed, Finished, Score, Tokens, UserError, ends, frozen
from sedd_studio.scoring import Figure, figures
from sedd_studio.session import Session
from sedd_studio.state import RunState

COLUMNS = ("text", "tokens", "nats a token", "± nats", "bits a byte", "perplexity a token")


@dataclass(eq=False)
class TextRow:
    """A text, the tokens (L,) of it that are scored, its bytes, whether the rest did not fit, and its bound."""

    text: str
    tokens: Tokens
    size: int
    cut: bool
    bound: Bounded | None = None

    @property
    def figures(self) -> dict[str, Figure]:
        """The bound by unit; empty while it is not known."""
        return {} if self.bound is None else {figure.unit: figure for figure in figures(self.bound, self.size)}

    def cells(self) -> list[str]:
        """What the table shows in each of `COLUMNS`."""
        start = " ".join(self.text.split())
        shown = f"{start[:80]} …" if len(start) > 80 else start
        count = f"first {len(self.tokens):,}" if self.cut else f"{len(self.tokens):,}"
        found = self.figures
        if not found:
            return [shown, count, "", "", "", ""]
        nats, perplexity = found["nats a token"], found["perplexity a token"]
        byte = f"<= {found['bits a byte'].value:.3f}" if "bits a byte" in found else ""
        return [shown, count, f"<= {nats.value:.3f}", f"{nats.error:.3f}", byte, f"<= {perplexity.value:.2f}"]


def read_rows(session: Session, path: Path) -> list[TextRow]:
    """The texts of a file as tokens of the model; a UserError if it cannot be read or holds none."""
    tokenizer, domain, length = session.tokenizer, session.domain, session.length
    if tokenizer is None:
        raise UserError("Open a model first.")
    rows = []
    for text in domain.read(path):
        tokens = np.array(tokenizer.encode(text), np.int64)
        kept = tokens[:length]
        size = len(tokenizer.decode(kept.tolist()).encode())
        if domain.rows and tokenizer.eot_id is not None:
            kept = np.append(kept, np.full(length - len(kept), tokenizer.eot_id))
        rows.append(TextRow(text, frozen(kept), size, len(tokens) > length))
    if not rows:
        raise UserError(f"{path.name} holds no text; choose another file.")
    return rows


class TextScores(QObject):
    """Scores texts in turn. `changed` is told with the row that has changed, -1 for all."""

    changed = Signal(int)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._question = 0
        self._precision = 0.05
        self._next = 0
        self._began = 0.0
        self.rows: list[TextRow] = []
        session.answered.connect(self._take)

    @property
    def busy(self) -> bool:
        """Whether a text is being scored."""
        return self._question != 0

    @property
    def done(self) -> int:
        """Texts that are through."""
        return self._next - self.busy

    @property
    def seconds_left(self) -> float | None:
        """How long it will take, as far as can be told; None while it cannot, or when it is over."""
        if not self.busy or not self.done:
            return None
        return (time.monotonic() - self._began) / self.done * (len(self.rows) - self.done)

    def start(self, rows: list[TextRow], precision: float) -> None:
        """Scores texts, each until half of its 95 % interval is `precision` nats a token."""
        self.cancel()
        self.rows, self._next, self._precision = rows, 0, precision
        self._began = time.monotonic()
        self.changed.emit(-1)
        self._go_on()

    def cancel(self) -> None:
        """Ends it; what is known stays."""
        if self._question:
            self._session.drop(self._question)
            self._question = 0
            self.changed.emit(-1)

    def _go_on(self) -> None:
        session = self._session
        if self._next >= len(self.rows) or not session.ready or session.state is RunState.RUNNING:
            self._question = 0
            return
        tokens = self.rows[self._next].tokens
        self._question = session.ask(Score(tokens, np.zeros(len(tokens), bool), self._precision, by_token=False))
        self._next += 1

    def _take(self, event: Event) -> None:
        if not self._question or event.run_id != self._question:
            return
        number = self._next - 1
        if isinstance(event, Bounded):
            self.rows[number].bound = event
        if isinstance(event, Failed):
            self._session.show_error(event.headline, event.detail)
        if isinstance(event, Finished):
            self._go_on()
        elif ends(event):  # failed, or superseded by a run
            self._question = 0
        self.changed.emit(number)


def as_csv(rows: list[TextRow]) -> str:
    """The table for other programs: whole texts, and numbers without signs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        found = row.figures
        numbers = [found[unit].value if unit in found else "" for unit in ("nats a token", "bits a byte")]
        error = found["nats a token"].error if found else ""
        perplexity = found["perplexity a token"].value if found else ""
        writer.writerow([row.text, len(row.tokens), numbers[0], error, numbers[1], perplexity])
    return out.getvalue()
