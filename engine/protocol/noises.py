"""What is known of each kind of noise without torch. Which options go with it stands in `options`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Noise = Literal["absorb", "uniform", "mixed", "none"]
"""What a model takes away: "mixed" puts masks and other tokens, "none" is an autoregressive model, which writes
from left to right."""


@dataclass(frozen=True)
class NoiseKind:
    """What follows from the kind of a model's noise.

    It `hides` tokens where one that is not known yet is a mask; without one it shows noise. What is written `stays`
    where a token changes once. A model is `exact` if it says what a text costs without a bound, and sees only what
    stands to the left. The entries of a form that are `fixed` are no choice: each free token is a step. Options of a
    run that are `idle` are those that only a chain of noise can have.
    """

    hides: bool = True
    stays: bool = False
    exact: bool = False
    fixed: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()

    @property
    def bound(self) -> str:
        """What stands before the number that a text costs."""
        return "" if self.exact else "<= "

    def calls(self, steps: int, free: int) -> int:
        """Network calls of a run, about: where what is written stays, a step that reveals nothing is free."""
        return min(steps, free) if self.stays else steps

    def read(self, steps: int, length: int) -> int:
        """Tokens that a network reads in a run, about: from left to right each of them once."""
        return length if self.exact else length * self.calls(steps, length)


NOISE_KINDS: dict[Noise, NoiseKind] = {
    "absorb": NoiseKind(stays=True),
    "uniform": NoiseKind(hides=False),
    "mixed": NoiseKind(),
    "none": NoiseKind(stays=True, exact=True, fixed=("steps", "sampler"), idle=("locking", "spacing")),
}
