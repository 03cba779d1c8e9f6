"""Small organic molecules as SMILES strings, one a line: QM9 (Ramakrishnan et al., Sci. Data 1, 140022).

A string is valid if RDKit can make a molecule of it. Unique and novel molecules are told apart by their canonical
SMILES. Without RDKit, which is optional, molecules are written and only their validity is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.language.backends import END_OF_TEXT
from engine.language.documents import LeftOut, Record, Tell, lines, refuse
from engine.language.domains.domain import Domain, Measure, each_symbol
from engine.language.tokenizers import Tokenizer
from engine.protocol import UserError
from engine.protocol.errors import brought_by

if TYPE_CHECKING:
    from engine.language.automata import Automaton

FIELDS = ("smiles",)
CHARGED = ("[C-]", "[CH-]", "[N-]", "[NH+]", "[NH2+]", "[NH3+]", "[O-]")
SYMBOLS = (*"#()12345=CFNO", *CHARGED)


def canonical(text: str) -> str | None:
    """The canonical SMILES of the molecule before the first end-of-text mark, None if there is none.

    A UserError where RDKit is not installed.
    """
    with brought_by("molecules"):
        from rdkit import Chem, rdBase

    string = text.split(END_OF_TEXT, maxsplit=1)[0]
    with rdBase.BlockLogs():  # the library prints what is wrong with a string
        molecule = Chem.MolFromSmiles(string) if string else None
    return None if molecule is None else str(Chem.MolToSmiles(molecule))


def measure(texts: Sequence[str], reference: Path | None) -> tuple[Measure, ...]:
    """Validity of samples and data; of the valid samples the share of different ones, and of those not in the data."""
    try:
        made = [canonical(text) for text in texts]
    except UserError as error:
        return tuple(Measure(name, None, note=str(error)) for name in ("valid", "unique", "novel"))
    known = [canonical(text) for text in (read(reference, LeftOut()) if reference else ())]
    valid, data = [name for name in made if name], [name for name in known if name]
    different = set(valid)
    novel = different - set(data)
    return (
        Measure("valid", _share(len(valid), len(made)), _share(len(data), len(known))),
        Measure("unique", _share(len(different), len(valid)), _share(len(set(data)), len(data))),
        Measure("novel", _share(len(novel), len(different))),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def read(path: Path, tell: Tell = refuse) -> Iterator[Record]:
    """The strings of a file, one a line, without the names behind them; of a table the column smiles."""
    for line in lines(path, FIELDS, tell):
        string = line.split()[0]
        if string.lower() not in FIELDS:
            yield Record(string, line.place)


def well_formed(tokenizer: Tokenizer) -> Automaton:
    """The strings whose branches, rings and bonds are those of a molecule."""
    from engine.language.domains.smiles import automaton  # no window needs it

    return automaton(tokenizer)


MOLECULES = Domain(
    "molecules",
    "Molecules",
    "molecule",
    24,
    ("[24]", "CC(=O) [18]", "[6] C1CC1 [8]"),
    "small organic molecules, as SMILES",
    True,
    read,
    each_symbol(SYMBOLS),
    measure,
    patterns={"@smiles": well_formed},
    drawn_with="rdkit.Chem.Draw.rdMolDraw2D",
)
