"""DNA: promoters of 300 bases around the start of transcription, one a line or as FASTA, in the letters A, C, G and T.

Promoters with a TATA box carry TATAAA some 30 bases before the start, which lies at base 249 of these files
(EPDnew; Dreos et al., Nucleic Acids Research 45, D51).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.language.backends import END_OF_TEXT
from engine.language.documents import LeftOut, Record, Tell, lines, refuse
from engine.language.domains.domain import Curve, Domain, Measure, each_symbol

BASES = "ACGT"
FIELDS = ("sequence", "seq")
LENGTH = 300
MOTIF = "TATAAA"
WINDOW = 10


def read(path: Path, tell: Tell = refuse) -> Iterator[Record]:
    """The sequences of a file, in capitals: FASTA, or one a line; of a table the column sequence."""
    for record in _sequences(path, tell):
        sequence = "".join(record.split()).upper()
        if strange := sorted(set(sequence) - set(BASES)):
            tell(f"{record.place}: {strange[0]} is none of the bases {BASES}")
        else:
            yield Record(sequence, record.place)


def _sequences(path: Path, tell: Tell) -> Iterator[Record]:
    """The lines of a file; those that follow a FASTA name are joined, those that begin with ; are comments."""
    named: list[Record] = []
    for line in lines(path, FIELDS, tell):
        if line.startswith(">"):
            yield from _joined(named, tell)
            named = [line]
        elif named and named[0].place.rpartition(", ")[0] == line.place.rpartition(", ")[0]:  # of the same file
            named += [] if line.startswith(";") else [line]
        elif not line.startswith(";"):
            yield from _joined(named, tell)
            named = []
            yield line
    yield from _joined(named, tell)


def _joined(named: list[Record], tell: Tell) -> Iterator[Record]:
    """The sequence under a FASTA name, if there is one; of a name without a sequence it is told."""
    if len(named) == 1:
        tell(f"{named[0].place}: no sequence follows this name")
    elif named:
        yield Record("".join(named[1:]), named[0].place)


def composition(texts: Sequence[str]) -> np.ndarray:
    """The share of each base at each position, (4, LENGTH)."""
    counts = np.zeros((len(BASES), LENGTH))
    for text in texts:
        for position, base in enumerate(text.split(END_OF_TEXT)[0][:LENGTH]):
            counts[BASES.index(base), position] += 1
    shares: np.ndarray = counts / np.maximum(counts.sum(0), 1)
    return shares


def motif_share(texts: Sequence[str]) -> np.ndarray:
    """The share of sequences in which the TATA motif begins at each position, (LENGTH,)."""
    counts = np.zeros(LENGTH)
    for text in texts:
        start = text.find(MOTIF)
        while 0 <= start < LENGTH:
            counts[start] += 1
            start = text.find(MOTIF, start + 1)
    return counts / max(1, len(texts))


def measure(texts: Sequence[str], reference: Path | None) -> tuple[Measure, ...]:
    """Share of G and C, the base where the motif is most frequent, and how many samples have it near the real peak."""
    real = list(read(reference, LeftOut())) if reference else []
    if not real:
        return (Measure("G and C", float(composition(texts)[1:3].sum(0).mean()), note="There is no data beside it."),)
    made, known = composition(texts), composition(real)
    motif, real_motif = motif_share(texts), motif_share(real)
    peak = int(real_motif.argmax())
    near = slice(max(0, peak - WINDOW), peak + WINDOW + 1)
    error = float(np.abs(made - known).mean())
    halves = float(np.abs(composition(real[::2]) - composition(real[1::2])).mean()) if len(real) > 1 else None
    return (
        Measure("G and C", float(made[1:3].sum(0).mean()), float(known[1:3].sum(0).mean())),
        Measure("composition by position, mean difference", error, halves),
        Measure("TATA motif most frequent at base", float(motif.argmax()), float(peak)),
        Measure("with the motif there", float(motif[near].sum()), float(real_motif[near].sum())),
    )


def curves(texts: Sequence[str], reference: Path) -> tuple[Curve, ...]:
    """The share of each base, and of beginnings of the TATA motif, at each position."""
    real = list(read(reference, LeftOut()))
    bases = zip(BASES, composition(texts), composition(real), strict=True)
    return (
        *(Curve(base, tuple(made.tolist()), tuple(known.tolist())) for base, made, known in bases),
        Curve(MOTIF, tuple(motif_share(texts).tolist()), tuple(motif_share(real).tolist())),
    )


DNA = Domain(
    "promoters",
    "DNA",
    "sequence",
    LENGTH,
    ("[300]", "[218] TATAAA [76]"),
    "pieces of DNA that stand before genes, base by base",
    True,
    read,
    each_symbol(BASES),
    measure,
    curves,
)
