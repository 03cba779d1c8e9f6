"""The rows of a comparison of models on one text: what is known of each, as cells, as a sentence and as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.protocol import Evaluated, Mended, Noise
from engine.protocol.noises import NOISE_KINDS
from sedd_studio.record.exports import table
from sedd_studio.session.compare_reading import BEYOND, LEVELS
from sedd_studio.session.panes import PaneState
from sedd_studio.session.vocabulary import Say

FIGURES = ("bits a byte", "perplexity", "entropy", "tokens")
RATES = ("mended", "others changed")
UNKNOWN = "\N{EN DASH}"


@dataclass(eq=False)
class ModelRow:
    """A model in the folder `path`, how far it is, and what it has answered; `note` says why something is missing, and
    `of` the class of texts that it is asked about, if it is one."""

    path: str
    name: str
    noise: Noise
    question: int = 0
    state: PaneState = PaneState.WAITING
    note: str = ""
    of: str = ""
    evaluated: Evaluated | None = None
    mended: dict[float, Mended] = field(default_factory=dict)

    @property
    def busy(self) -> bool:
        return self.state in (PaneState.WAITING, PaneState.RUNNING)

    def share(self, texts: int) -> float:
        """How much of it is done, where a typo is looked at in so many texts a level."""
        if not self.busy:
            return 1.0
        if self.evaluated is not None:
            return self.evaluated.share
        return sum(event.samples for event in self.mended.values()) / (texts * len(LEVELS))

    @property
    def told(self) -> str:
        """What has to be said of it, in sentences; empty where there is nothing."""
        found, said = self.evaluated, [self.note, f"It is told {self.of}." if self.of else ""]
        if found is not None:
            many = "1 character of the locks is" if found.shared == 1 else f"{found.shared} characters of the locks are"
            edge = f"{many} scored and drawn, too, because a token reaches over the edge."
            said += [edge if found.shared else "", found.note]
        first = next(iter(self.mended.values()), None)
        if first is not None and first.tokens != first.before:
            said.append(f"It reads the spoilt word as {first.tokens} tokens and its original as {first.before}.")
        text = " ".join(filter(None, said))
        return text if not text or text.startswith(f"{self.name} ") else f"{self.name}: {text}"


def lines_of(rows: Sequence[ModelRow], typo: bool) -> list[list[str]]:
    """The cells of the table, a line for each model, or one for each of its rates; of one that is left out the name and
    the reason."""
    return [line for row in rows for line in _lines(row, typo)]


def _lines(row: ModelRow, typo: bool) -> list[list[str]]:
    if row.state is PaneState.FAILED:
        return [[row.name, f"left out: {row.note}"]]
    return _rates(row) if typo else [_figures(row)]


def _figures(row: ModelRow) -> list[str]:
    found = row.evaluated
    if found is None:
        return [row.name, *[""] * len(FIGURES), state_of(row)]
    bits = shown(found.bits, found.bits_error, 3)
    bound = "" if bits == UNKNOWN else NOISE_KINDS[row.noise].bound.replace("<=", "\N{LESS-THAN OR EQUAL TO}")
    perplexity, entropy = (
        shown(found.perplexity, found.perplexity_error, 1),
        shown(found.entropy, found.entropy_error, 2),
    )
    return [row.name, bound + bits, perplexity, entropy, f"{found.tokens:,}", state_of(row)]


def _rates(row: ModelRow) -> list[list[str]]:
    mended, damaged = [], []
    for level in LEVELS:
        event = row.mended.get(level)
        mended.append("" if event is None else percent(event.mended, event.mended_error))
        damaged.append("" if event is None else percent(event.damaged, event.damaged_error))
    return [[row.name, RATES[0], *mended, state_of(row)], ["", RATES[1], *damaged, ""]]


def state_of(row: ModelRow) -> str:
    """How far a row is, in a word."""
    words = {
        PaneState.WAITING: "waiting",
        PaneState.RUNNING: "running",
        PaneState.DONE: "\N{CHECK MARK}",
        PaneState.CANCELLED: "cancelled",
        PaneState.FAILED: "",
    }
    return words[row.state]


def shown(value: float, error: float, digits: int) -> str:
    """A value with its standard error, as far as they are known; what is exact has none."""
    if math.isnan(value):
        return UNKNOWN
    return f"{value:.{digits}f}" + (f" ± {error:.{digits}f}" if error > 0 else "")


def percent(share: float, error: float) -> str:
    """The same of a share."""
    if math.isnan(share):
        return UNKNOWN
    return f"{100 * share:.0f}" + ("" if math.isnan(error) else f" ± {100 * error:.0f}") + " %"


def headings(typo: bool, say: Say) -> list[str]:
    """What stands over the columns, in the words of `say`."""
    if not typo:
        return [say("model"), *map(say, FIGURES), ""]
    return [say("model"), "", *(say("noise {level:g}", level=level, noise=100 * level) for level in LEVELS), ""]


def reading(rows: Sequence[ModelRow], typo: bool, say: Say) -> str:
    """What the figures of the rows say, in a sentence; empty while there are too few."""
    return _read_rates(rows, say) if typo else _read_bits(rows, say)


def _read_bits(rows: Sequence[ModelRow], say: Say) -> str:
    known = [(found.bits, found.bits_error, row.name) for row in rows if (found := row.evaluated) is not None]
    ranked = sorted(entry for entry in known if not math.isnan(entry[0]))
    if len(ranked) < 2:
        return ""
    (best, error, name), (next_best, other, behind) = ranked[:2]
    gap, spread = next_best - best, math.hypot(*(0.0 if math.isnan(each) else each for each in (error, other)))
    if gap <= BEYOND * spread:
        within = "{name} and {other} need about as many bits a byte: they differ by {gap:.3f} ± {spread:.3f}."
        return say(within, name=name, other=behind, gap=gap, spread=spread)
    fewest = "{name} needs the fewest bits a byte: {gap:.3f} ± {spread:.3f} less than {other}."
    return say(fewest, name=name, other=behind, gap=gap, spread=spread)


def _read_rates(rows: Sequence[ModelRow], say: Say) -> str:
    found = [(event.mended, row.name, event) for row in rows for event in row.mended.values()]
    if not found:
        return ""
    share, name, event = max(found, key=lambda entry: entry[:2])
    if share <= BEYOND * event.mended_error:
        return "" if any(row.busy for row in rows) else say("No model mends the word in more texts than its error.")
    best = "{name} mends it best, at noise {level:g}: in {share} of the texts, where {lost} of the other words change."
    figures = percent(share, event.mended_error), percent(event.damaged, event.damaged_error)
    return say(best, name=name, level=event.level, noise=100 * event.level, share=figures[0], lost=figures[1])


def as_csv(rows: Sequence[ModelRow], typo: bool) -> str:
    """A table for other programs: a line for each model, or for each model and level; what is not known is empty."""
    names: Mapping[str, Sequence[str]] = {
        "evaluated": (
            "tokens",
            "shared",
            "bits",
            "bits_error",
            "perplexity",
            "perplexity_error",
            "entropy",
            "entropy_error",
            "samples",
        ),
        "mended": ("level", "samples", "mended", "mended_error", "damaged", "damaged_error", "tokens", "before"),
    }
    wanted = names["mended" if typo else "evaluated"]
    lines = []
    for row in rows:
        events = row.mended.values() if typo else filter(None, [row.evaluated])
        for event in events:
            values = [getattr(event, name) for name in wanted]
            lines.append([row.name, row.noise, *("" if value != value else value for value in values)])
    return table(("model", "noise", *wanted), lines)
