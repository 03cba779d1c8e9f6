"""What the loop asks of a sampler, and of a way to honour locks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from engine.protocol import Noise
from engine.theory.conditioning import Locks
from engine.theory.grid import Step

if TYPE_CHECKING:
    from engine.samplers.chain import Chain

AChain_contra = TypeVar("AChain_contra", bound="Chain", contravariant=True)


class Sampler(Protocol[AChain_contra]):
    """A solver of the reverse chain, of one kind of noise or of both."""

    def step(self, chain: AChain_contra, step: Step) -> None:
        """Takes the chain from time t to s; the last step leaves nothing masked."""


class Attendant(Protocol[AChain_contra]):
    """Stands beside one chain and acts between a sampler's steps."""

    def before(self, chain: AChain_contra, step: Step) -> None:
        """Acts on a chain before the sampler's `step`."""

    def after(self, chain: AChain_contra, step: Step) -> None:
        """Acts on a chain that the sampler has taken to the end of `step`."""


class LockMethod(Protocol):
    """What is done about locked tokens under `noises`. `particles` chains run for each sample; the first is shown."""

    @property
    def noises(self) -> tuple[Noise, ...]: ...

    @property
    def particles(self) -> int: ...

    def attend(self, chain: Any, locks: Locks) -> Attendant[Any] | None:
        """The attendant of a chain that is about to begin, its locked tokens clamped; None where that is all."""
