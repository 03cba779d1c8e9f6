"""Whether a request fits: into memory, and into the time that somebody would wait. Asked before it is begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.estimates import Shape, require, require_time, scoring
from engine.likelihood.running import REPLICATES
from engine.performing.performer import Performer
from engine.protocol import Generate, Score, UserError

if TYPE_CHECKING:
    from engine.causal.causal_model import CausalModel

FRAME_BYTES = 24
MEMORY_CAP = 2 * 2**30


def check_run(request: Generate, performer: Performer) -> None:
    """A UserError where a run, or the record of it, would not fit."""
    info, samples, length = performer.info, request.samples, len(request.tokens)
    # At worst every position of every sample changes in every step (uniform noise).
    recorded = FRAME_BYTES * request.steps * samples * length
    if recorded > MEMORY_CAP:
        raise UserError(
            f"Recording this run could take {recorded / 2**30:.1f} GiB, more than the {MEMORY_CAP / 2**30:.0f} GiB "
            "allowed; choose fewer steps or samples."
        )
    require(performer.run_memory(request), "This run", info.device, "choose fewer samples or a shorter text")
    read = request.calls * samples * info.kind.read(request.steps, length)
    require_time(read, info.parameters, "This run", info.device)


def check_score(request: Score, performer: Performer) -> None:
    """A UserError where a bound would not fit; without a goal all its draws are made."""
    info, passages = performer.info, (request.tokens, *request.more)
    needed, draws = performer.score_memory(request)
    require(needed, "This score", info.device, "score a shorter text, or with fewer draws")
    if request.max_calls is None and request.precision is None:
        again = REPLICATES if len(passages) == 1 else 1
        require_time(draws * again * sum(map(len, passages)), info.parameters, "This score", info.device)


def check_judged(causal: CausalModel, texts: int, length: int) -> None:
    """A UserError where a judge has no memory for texts of so many tokens at most."""
    from engine.causal.causal_model import MAX_ELEMENTS as LARGEST  # brings a large library

    needed = scoring(Shape.of(causal.network), texts, min(length, causal.length), LARGEST)
    require(needed, f"Judging by {causal.name}", causal.device, "judge fewer or shorter texts, or by a smaller model")
