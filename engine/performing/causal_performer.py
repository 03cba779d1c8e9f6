"""A causal model that answers: it writes from left to right, and scores exactly.

Each free position is a step, and what is not written yet is masked. It sees what stands to the left of a position and
nothing to the right.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.causal.opening import load_causal
from engine.estimates import Shape, scoring, writing
from engine.language.chat import chat_in
from engine.language.tokenizers import Tokenizer, find_tokenizer
from engine.language.word_tokens import as_tokens
from engine.likelihood.noised_text import MAX_ELEMENTS
from engine.likelihood.result import ratio_of
from engine.models.devices import choose_device, choose_precision
from engine.models.gguf import files_of, unpacked
from engine.models.identity import identified, weights_of
from engine.protocol import (
    FREE,
    Attributed,
    Bounded,
    Event,
    Finished,
    Frame,
    Generate,
    Guess,
    Guessed,
    Influence,
    Insight,
    Inspect,
    ModelInfo,
    Review,
    Score,
    Started,
    Tokens,
    UserError,
    frozen,
)
from engine.protocol.options import USUAL
from engine.protocol.sampler_table import LEFT_TO_RIGHT
from engine.stopping import worked
from engine.theory.conditioning import Locks, Shaping

if TYPE_CHECKING:
    from engine.causal.causal_model import CausalModel


class CausalPerformer:
    """Performs by a causal model. Its mask is one token more than it knows."""

    def __init__(self, causal: CausalModel, info: ModelInfo, tokenizer: Tokenizer) -> None:
        self.causal = causal
        self.info = info
        self.tokenizer = tokenizer

    @staticmethod
    def load(folder: Path, device: str = "auto", precision: str = "auto", hashed: bool = True) -> CausalPerformer:
        """The model in `folder`, or in a GGUF file; a UserError if there is none that can be read."""
        with unpacked(folder, choose_precision(precision, choose_device(device))) as opened:
            causal, tokenizer = load_causal(opened, device, precision), find_tokenizer(opened)
            chat = chat_in(opened, tokenizer)
        causal = replace(causal, vocabulary=tokenizer.vocabulary)
        info = ModelInfo(
            name=causal.name,
            path=str(folder),
            noise="none",
            schedule="",
            length=causal.length,
            vocabulary=tokenizer.vocabulary,
            mask_id=tokenizer.vocabulary,
            parameters=sum(parameter.numel() for parameter in causal.network.parameters()),
            device=str(causal.device),
            precision="bf16" if causal.network.dtype == torch.bfloat16 else "fp32",
            weights=weights_of(files_of(folder), hashed),
            chat=chat,
        )
        return CausalPerformer(causal, info, tokenizer)

    def identify(self) -> ModelInfo:
        """Its description with the hash of the weights."""
        folder = Path(self.info.path)
        self.info = identified(self.info, files_of(folder), folder)
        return self.info

    def run_memory(self, request: Generate) -> int:
        return writing(Shape.of(self.causal.network), request.samples, len(request.tokens))

    def score_memory(self, request: Score) -> tuple[int, int]:
        """Nothing is drawn: each text is read once."""
        lengths = [len(passage) for passage in (request.tokens, *request.more)]
        return scoring(Shape.of(self.causal.network), len(lengths), max(lengths), MAX_ELEMENTS), 1

    def generate(self, run_id: int, request: Generate) -> Iterator[Event]:
        """Fills the free positions; what stands in `request.start` already stays.

        A UserError where something is asked for that only diffusion can do.
        """
        request = as_tokens(request, self.tokenizer)
        shaping = Shaping.of(request, self.info.vocabulary)
        self._check(request)
        known = np.tile(request.tokens, (request.samples, 1))
        if request.start is not None:
            known = np.where(known == FREE, request.start, known)
        free = int((known[0] == FREE).sum())
        if ((known == FREE) != (known[0] == FREE)).any():
            raise UserError("The samples to go on from are not equally far; go on from one of them.")
        if not free:
            raise UserError("Every position is locked, so there is nothing to write; unlock some words.")
        started, before = worked(), request.first_step - 1
        begun = frozen(np.where(known == FREE, self.info.vocabulary, known))
        steps, locked = before + free, request.tokens != FREE
        yield Started(run_id, begun, locked, steps, math.nan, request.first_step, LEFT_TO_RIGHT.name)
        texts = [
            self.causal.fill_tokens(row, request.seed, request.first_sample + number, shaping)
            for number, row in enumerate(known)
        ]
        chosen = frozen(np.arange(request.samples))
        for done, written in enumerate(zip(*texts, strict=True), start=1):
            position, token = map(frozen, zip(*written, strict=True))
            left, seconds = 1 - (before + done) / steps, worked() - started
            yield Frame(run_id, before + done, left, math.nan, chosen, position, token, done, seconds)
        # Where nothing is limited and nothing stands to the right of a gap, the law of the gaps is the model's own.
        own_law = shaping.allowed is None and not locked[np.flatnonzero(~locked)[0] :].any()
        weights = (0.0 if own_law else math.nan,) * request.samples
        yield Finished(run_id, free, worked() - started, free * request.samples, weights)

    def _check(self, request: Generate) -> None:
        Locks.of(request.tokens, self.info.vocabulary, self.info.length)  # checks size and tokens
        if request.sampler not in ("auto", LEFT_TO_RIGHT.name):
            raise UserError(f"{self.info.name} writes from left to right and takes no sampler; leave it to auto.")
        if any(getattr(request, name) != USUAL[name] for name in self.info.kind.idle):
            raise UserError(
                f"{self.info.name} writes from left to right, where neither locking nor spacing changes anything; "
                "leave them out."
            )
        self._check_class(request)
        self._check_patterns(request)

    def _check_class(self, request: Generate | Score) -> None:
        if request.label >= 0:
            raise UserError(f"{self.info.name} writes from left to right and knows no classes; leave it at -1.")

    def _check_patterns(self, request: Generate) -> None:
        if request.pattern or request.words:
            raise UserError("Patterns and banned words need absorbing noise; leave them out, or choose another model.")

    def inspect(self, run_id: int, request: Inspect) -> Insight:
        """What may stand at a position given what stands before it; a UserError while that is not known."""
        tokens, position = request.tokens, request.position
        Locks.of(tokens, self.info.vocabulary, self.info.length)
        if (tokens[:position] == FREE).any():
            raise UserError(f"{self.info.name} has nothing to say of a position before all to its left is written.")
        law = self.causal.law_after(tokens[:position])
        if request.within is not None:
            within = as_tokens(request.within, self.tokenizer)
            self._check_patterns(within)
            law = Shaping.of(within, self.info.vocabulary).restrict(law[None], torch.tensor([position]))[0]
        top = law.topk(min(request.most, int((law > 0).sum())))
        entropy = -torch.special.xlogy(law, law).sum()
        own = None if tokens[position] == FREE else float(law[int(tokens[position])])
        likely, probability = frozen(top.indices.cpu().numpy()), top.values.cpu().numpy()
        return Insight(run_id, position, likely, probability, None, float(entropy), own)

    def guess(self, run_id: int, request: Guess) -> Guessed:
        """Refuses: a text that is not written yet says nothing of what comes later."""
        raise UserError(f"{self.info.name} writes from left to right and makes no guess of what comes later.")

    def review(self, run_id: int, request: Review) -> Iterator[Event]:
        """Refuses: it sees nothing of what stands to the right."""
        raise UserError(f"{self.info.name} writes from left to right and does not look back; choose another model.")

    def influence(self, run_id: int, request: Influence) -> Iterator[Event]:
        """Refuses: no word of it can be hidden."""
        raise UserError(f"{self.info.name} writes from left to right and can hide no word; choose another model.")

    def noised(self, tokens: Tokens, level: float, seed: int, first: int, samples: int) -> tuple[Tokens, float]:
        """Refuses: what is written stays."""
        raise UserError(f"{self.info.name} writes from left to right and never changes a word; choose another model.")

    def score(self, run_id: int, request: Score) -> Iterator[Event]:
        """The exact -log p, as a bound; the error is that over several texts. A part of a text given the rest has none.

        There is nothing to draw, so the numbers of draws and calls mean nothing here, and an estimator is refused.
        """
        self._check_class(request)
        if request.estimator != "auto":
            raise UserError(
                f"{self.info.name} gives the likelihood itself, so nothing is drawn; leave the estimator out."
            )
        if request.given.any():
            raise UserError(
                f"{self.info.name} sees only what stands to the left, so it cannot score a part of a text given the "
                "rest; score the whole text."
            )
        if request.orders != 1 or request.steps is not None:
            raise UserError(
                f"{self.info.name} gives the likelihood itself, one token after another; leave out steps and orders."
            )
        passages = (request.tokens, *request.more)
        for tokens in passages:
            Locks.of(tokens, self.info.vocabulary, self.info.length)
        started = worked()
        found = self.causal.token_nats(passages)
        yield exact(run_id, found, request.texts)
        if request.by_token:
            yield Attributed(run_id, np.concatenate(found), True)
        else:
            yield Finished(run_id, len(found), worked() - started)


def exact(run_id: int, nats: Sequence[np.ndarray], texts: Sequence[int] | None) -> Bounded:
    """The likelihood of passages, each (L,) nats, as a bound that is an equality.

    Its error is that over texts, of which `texts` says to which a passage belongs; 0 for a single one.
    """
    _, of = np.unique(range(len(nats)) if texts is None else texts, return_inverse=True)
    totals, lengths = np.bincount(of, [row.sum() for row in nats]), np.bincount(of, [len(row) for row in nats])
    found = ratio_of(totals, lengths, len(nats), len(nats))
    error, width = (found.standard_error, found.half_width) if found.values > 1 else (0.0, 0.0)
    return Bounded(run_id, found.nats, error, width, found.tokens, found.calls, found.sequences)
