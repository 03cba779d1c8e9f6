"""Which SMILES strings are well formed: branches and rings closed, no atom with more bonds than it can have.

The notation is Weininger's (J. Chem. Inf. Comput. Sci. 28, 31) as the strings of QM9 use it: rings are single bonds and
stand before branches, branches are nested twice at most. Two things are not looked at: rings that join an atom to one
that it is bound to already, which a chemist's program refuses, and nitro groups, written with a nitrogen of five bonds,
which are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.language.automata import Automaton, explore
from engine.language.tokenizers import Tokenizer

NEUTRAL = {"C": 4, "N": 3, "O": 2, "F": 1}
CHARGED = {"[C-]": 3, "[CH-]": 2, "[N-]": 2, "[NH+]": 3, "[NH2+]": 2, "[NH3+]": 1, "[O-]": 1}
ATOMS = NEUTRAL | CHARGED
"""How many bonds an atom can have, those to hydrogen left out where they are written."""
BONDS = {"=": 2, "#": 3}
DEEPEST = 2
"""How far branches may be nested."""


@dataclass(frozen=True)
class Reading:
    """What of the symbols so far decides which may follow.

    `left` are the bonds that the last atom may still have, -1 before the first; `order` is that of a bond which waits
    for its second atom, 0 without; `branches` are the bonds left to the atoms at which branches are open, `rings` the
    open rings. `fresh`: a branch has just been opened, `branched`: one has just been closed.
    """

    left: int = -1
    order: int = 0
    branches: tuple[int, ...] = ()
    rings: frozenset[str] = frozenset()
    fresh: bool = False
    branched: bool = False
    ended: bool = False

    @property
    def whole(self) -> bool:
        return self.ended or (self.left >= 0 and not (self.order or self.branches or self.rings or self.fresh))


def automaton(tokenizer: Tokenizer) -> Automaton:
    """The well-formed strings as sequences of tokens; after the first end-of-text token there are only such."""
    symbols = ["" if k == tokenizer.eot_id else tokenizer.piece(k) for k in range(tokenizer.vocabulary)]
    moves, accepting = explore(
        Reading(),
        lambda reading: [after(reading, symbol) for symbol in symbols],
        lambda reading: reading.whole,
        len(symbols),
        "This vocabulary has too many symbols for the pattern; use a model of molecules.",
    )
    return Automaton.of(moves, accepting)


def after(reading: Reading, symbol: str) -> Reading | None:
    """The reading after one more symbol, "" for the end; None where the string would not be well formed."""
    if symbol == "":
        return Reading(ended=True) if reading.whole else None
    if reading.ended:
        return None
    if symbol in ATOMS:
        return _after_atom(reading, ATOMS[symbol])
    if reading.left < 0 or reading.order:
        return None  # only an atom begins a string, and only an atom follows a bond
    if symbol in BONDS:
        begun = _begin_bond(reading, BONDS[symbol])
        return None if begun is None else replace(begun, left=0, order=BONDS[symbol])
    if symbol == "(":
        return _after_opening(reading)
    if symbol == ")":
        return _after_closing(reading)
    return _after_ring(reading, symbol) if symbol.isdigit() else None


def _begin_bond(reading: Reading, order: int) -> Reading | None:
    """The last atom has that many bonds fewer left; where a branch was just opened, that is the atom it hangs on."""
    if reading.left < order:
        return None
    left = reading.left - order
    branches = (*reading.branches[:-1], left) if reading.fresh else reading.branches
    return replace(reading, left=left, branches=branches, fresh=False, branched=False)


def _after_atom(reading: Reading, valence: int) -> Reading | None:
    if reading.left < 0:
        return Reading(valence)
    begun, order = (reading, reading.order) if reading.order else (_begin_bond(reading, 1), 1)
    if begun is None or valence < order:
        return None
    return Reading(valence - order, 0, begun.branches, begun.rings)


def _after_opening(reading: Reading) -> Reading | None:
    if reading.fresh or reading.left < 1 or len(reading.branches) == DEEPEST:
        return None
    return replace(reading, branches=(*reading.branches, reading.left), fresh=True, branched=False)


def _after_closing(reading: Reading) -> Reading | None:
    if reading.fresh or not reading.branches:
        return None
    *others, left = reading.branches
    return Reading(left, 0, tuple(others), reading.rings, branched=True)


def _after_ring(reading: Reading, digit: str) -> Reading | None:
    """A ring is opened or closed by one bond."""
    if reading.fresh or reading.branched or reading.left < 1:
        return None
    return replace(reading, left=reading.left - 1, rings=reading.rings ^ {digit})
