"""The bounds of many texts, one after another, each as `sedd score` would give it alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.language.documents import Tell, encoded, refuse
from engine.language.domains import Domain
from engine.language.tokenizers import Tokenizer
from engine.protocol import Bounded, Tokens, UserError, frozen
from engine.protocol.units import in_units
from sedd_studio.record.exports import table
from sedd_studio.record.previews import shortened

LISTED = 2_000
"""Characters of a text that the table looks at."""
COLUMNS = ("text", "tokens", "nats a token", "± nats (95 %)", "bits a byte", "perplexity a token")


@dataclass(frozen=True, eq=False)
class TextRow:
    """A text, the tokens (L,) of it that are scored, their bytes, and whether the rest did not fit."""

    text: str
    tokens: Tokens
    size: int
    cut: bool

    def figures(self, bound: Bounded | None) -> dict[str, tuple[float, float]]:
        """Its bound by unit; empty while it is not known."""
        return {} if bound is None else in_units(bound.nats, bound.half_width, bound.tokens, self.size)

    def cells(self, bound: Bounded | None) -> list[str]:
        shown = shortened(self.text[:LISTED], 80)
        count = f"first {len(self.tokens):,}" if self.cut else f"{len(self.tokens):,}"
        found = self.figures(bound)
        if not found:
            return [shown, count, "", "", "", ""]
        nats, error = found["nats_per_token"]
        byte = f"<= {found['bits_per_byte'][0]:.3f}" if "bits_per_byte" in found else ""
        wide = "" if math.isnan(error) else f"{error:.3f}"
        return [shown, count, f"<= {nats:.3f}", wide, byte, f"<= {found['perplexity'][0]:.2f}"]


def read_rows(path: Path, tokenizer: Tokenizer, domain: Domain, length: int, tell: Tell = refuse) -> list[TextRow]:
    """The texts of a file as at most `length` tokens each; of what is none it is told.

    A UserError if it cannot be read or holds none.
    """
    rows = []
    for text, ids in encoded(domain.read(path, tell), tokenizer, tell):
        tokens = np.array(ids, np.int64)
        kept = tokens[:length]
        size = len(tokenizer.decode(kept.tolist()).encode())
        filled = domain.filled(kept, tokenizer, length)
        rows.append(TextRow(text, frozen(filled), size, len(tokens) > length))
    if not rows:
        raise UserError(f"{path.name} holds no text; choose another file.")
    return rows


def as_csv(texts: Sequence[TextRow], bounds: Sequence[Bounded | None]) -> str:
    """The table for other programs: whole texts, and numbers without signs; what is not known is left empty."""
    rows = []
    for row, bound in zip(texts, bounds, strict=True):
        found = row.figures(bound)
        nothing = ("", "")
        nats, byte, perplexity = (
            found.get(unit, nothing) for unit in ("nats_per_token", "bits_per_byte", "perplexity")
        )
        rows.append([row.text, len(row.tokens), *nats, byte[0], perplexity[0]])
    return table(COLUMNS, rows)
