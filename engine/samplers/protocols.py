"""What the loop asks of a sampler, and of a way to honour locks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from engine.samplers.grid import Step
from engine.theory.conditioning import Locks

if TYPE_CHECKING:
    from engine.samplers.chain import Chain


class Sampler(Protocol):
    """A solver of the reverse chain."""

    def step(self, chain: Chain, step: Step) -> None:
        """Takes the chain from time t to s; the last step leaves nothing masked."""


class Attendant(Protocol):
    """Stands beside one chain and acts between a sampler's steps."""

    def before(self, chain: Chain, step: Step) -> None:
        """Acts on a chain before the sampler's `step`."""

    def after(self, chain: Chain, step: Step) -> None:
        """Acts on a chain that the sampler has taken to the end of `step`."""


class LockMethod(Protocol):
    """What is done about locked tokens. `particles` chains run for each sample; the first of them is shown."""

    @property
    def particles(self) -> int: ...

    def attend(self, chain: Chain, locks: Locks) -> Attendant:
        """The attendant of a chain that is about to begin, its locked tokens clamped."""
