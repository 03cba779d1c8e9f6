"""Whether a request fits: into memory, and into the time that somebody would wait. Asked before it is begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.estimates import Shape, require, require_time, running, scoring, writing
from engine.likelihood.noised_text import LAWS, MAX_ELEMENTS, MAX_POSITIONS
from engine.likelihood.running import REPLICATES
from engine.protocol import Generate, ModelInfo, Score, UserError

if TYPE_CHECKING:
    from engine.causal.causal_model import CausalModel

FRAME_BYTES = 24
MEMORY_CAP = 2 * 2**30


def check_run(request: Generate, info: ModelInfo, shape: Shape) -> None:
    """A UserError where a run, or the record of it, would not fit."""
    samples, length = request.samples, len(request.tokens)
    # At worst every position of every sample changes in every step (uniform noise).
    recorded = FRAME_BYTES * request.steps * samples * length
    if recorded > MEMORY_CAP:
        raise UserError(
            f"Recording this run could take {recorded / 2**30:.1f} GiB, more than the {MEMORY_CAP / 2**30:.0f} GiB "
            "allowed; choose fewer steps or samples."
        )
    if info.noise == "none":
        needed = writing(shape, samples, length)
    else:
        patterned = bool(request.pattern or request.words or request.word_runs)
        needed = running(shape, samples, length, request.top_p < 1, info.device, patterned)
    require(needed, "This run", info.device, "choose fewer samples or a shorter text")
    read = request.calls * tokens_read(request.steps, samples, length, info)
    require_time(read, info.parameters, "This run", info.device)


def tokens_read(steps: int, samples: int, length: int, info: ModelInfo) -> int:
    """Tokens that a network reads in runs, about: under absorbing noise steps that reveal nothing are free."""
    calls = {"none": 1, "absorb": min(steps, length)}.get(info.noise, steps)
    return calls * samples * length


def check_score(request: Score, info: ModelInfo, shape: Shape) -> None:
    """A UserError where a bound would not fit; without a goal all its draws are made."""
    passages = (request.tokens, *request.more)
    longest, total = max(map(len, passages)), sum(map(len, passages))
    if info.noise == "none":
        needed, draws = scoring(shape, len(passages), longest, MAX_ELEMENTS), 1
    else:
        largest = min(MAX_ELEMENTS, MAX_POSITIONS * shape.states) if info.device == "cpu" else MAX_ELEMENTS
        laws = LAWS if info.device == "cpu" else MAX_ELEMENTS
        needed, draws = scoring(shape, request.draws, longest, largest, laws), request.draws * request.orders
    require(needed, "This score", info.device, "score a shorter text, or with fewer draws")
    if request.max_calls is None and request.precision is None:
        again = REPLICATES if len(passages) == 1 else 1
        require_time(draws * again * total, info.parameters, "This score", info.device)


def check_judged(causal: CausalModel, texts: int, length: int) -> None:
    """A UserError where a judge has no memory for texts of so many tokens at most."""
    from engine.causal.causal_model import MAX_ELEMENTS as LARGEST  # brings a large library

    needed = scoring(Shape.of(causal.network), texts, min(length, causal.length), LARGEST)
    require(needed, f"Judging by {causal.name}", causal.device, "judge fewer or shorter texts, or by a smaller model")
