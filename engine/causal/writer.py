"""Writing from left to right: an autoregressive model where otherwise one of diffusion is run.

It answers the same requests with the same events, as far as it can: each free position is a step, and what is not
written yet is masked. It sees what stands to the left of a position and nothing to the right.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.files import sha256
from engine.language.tokenizers import Tokenizer, find_tokenizer
from engine.protocol import (
    FREE,
    Attributed,
    Bounded,
    Event,
    Finished,
    Frame,
    Generate,
    Inspect,
    ModelInfo,
    Score,
    Started,
    UserError,
    frozen,
)
from engine.protocol.sampler_table import LEFT_TO_RIGHT
from engine.theory.conditioning import Locks, Shaping
from engine.theory.inspection import Look

if TYPE_CHECKING:
    from engine.causal.causal_model import CausalModel

WEIGHTS = ("model.safetensors", "pytorch_model.bin")


def is_causal(folder: Path) -> bool:
    """Whether config.json describes a model of the `transformers` library, which names its type."""
    try:
        described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(described, dict) and "model_type" in described and not {"graph", "format"} & described.keys()


class Writer:
    """An autoregressive model with its description and its tokenizer. Its mask is one token more than it knows."""

    def __init__(self, causal: CausalModel, info: ModelInfo, tokenizer: Tokenizer) -> None:
        self.causal = causal
        self.info = info
        self.tokenizer = tokenizer

    @staticmethod
    def load(folder: Path, device: str = "auto", precision: str = "auto") -> Writer:
        """The model in `folder`; a UserError if there is none that can be read."""
        from engine.causal.causal_model import CausalModel  # brings a large library, which diffusion does without

        causal, tokenizer = CausalModel.load(folder, device, precision), find_tokenizer(folder)
        causal = replace(causal, vocabulary=tokenizer.vocabulary)
        source = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
        info = ModelInfo(
            name=folder.name,
            path=str(folder),
            noise="none",
            schedule="",
            length=causal.length,
            vocabulary=tokenizer.vocabulary,
            mask_id=tokenizer.vocabulary,
            parameters=sum(parameter.numel() for parameter in causal.network.parameters()),
            device=str(causal.device),
            precision="bf16" if causal.network.dtype == torch.bfloat16 else "fp32",
            weights=sha256(source) if source is not None else "",
        )
        return Writer(causal, info, tokenizer)

    def write(self, run_id: int, request: Generate, shaping: Shaping) -> Iterator[Event]:
        """Fills the free positions; what stands in `request.start` already stays.

        `shaping` is that of the request. Spacing and locking mean nothing here. A UserError where something is asked
        for that only diffusion can do.
        """
        self._check(request)
        known = np.tile(request.tokens, (request.samples, 1))
        if request.start is not None:
            known = np.where(known == FREE, request.start, known)
        free = int((known[0] == FREE).sum())
        if ((known == FREE) != (known[0] == FREE)).any():
            raise UserError("The samples to go on from are not equally far; go on from one of them.")
        if not free:
            raise UserError("Every position is locked, so there is nothing to write; unlock some words.")
        started, before = time.perf_counter(), request.first_step - 1
        begun = frozen(np.where(known == FREE, self.info.vocabulary, known))
        steps, locked = before + free, request.tokens != FREE
        yield Started(run_id, begun, locked, steps, math.nan, request.first_step, LEFT_TO_RIGHT.name)
        writers = [
            self.causal.fill_tokens(row, request.seed, request.first_sample + number, shaping)
            for number, row in enumerate(known)
        ]
        chosen = frozen(np.arange(request.samples))
        for done, written in enumerate(zip(*writers, strict=True), start=1):
            position, token = map(frozen, zip(*written, strict=True))
            left, seconds = 1 - (before + done) / steps, time.perf_counter() - started
            yield Frame(run_id, before + done, left, math.nan, chosen, position, token, done, seconds)
        # Where nothing is limited and nothing stands to the right of a gap, the law of the gaps is the model's own.
        own_law = shaping.allowed is None and not locked[np.flatnonzero(~locked)[0] :].any()
        weights = (0.0 if own_law else math.nan,) * request.samples
        yield Finished(run_id, free, time.perf_counter() - started, free * request.samples, weights)

    def _check(self, request: Generate) -> None:
        Locks.of(request.tokens, self.info.vocabulary, self.info.length)  # checks size and tokens
        if request.sampler not in ("auto", LEFT_TO_RIGHT.name):
            raise UserError(f"{self.info.name} writes from left to right and takes no sampler; leave it to auto.")
        if request.pattern or request.words:
            raise UserError("Patterns and banned words need absorbing noise; leave them out, or choose another model.")

    def look(self, request: Inspect) -> Look:
        """What may stand at a position given what stands before it; a UserError while that is not known."""
        tokens, position = request.tokens, request.position
        Locks.of(tokens, self.info.vocabulary, self.info.length)
        if (tokens[:position] == FREE).any():
            raise UserError(f"{self.info.name} has nothing to say of a position before all to its left is written.")
        law = self.causal.law_after(tokens[:position])
        top = law.topk(min(request.most, len(law)))
        entropy = -torch.special.xlogy(law, law).sum()
        own = int(tokens[position])
        chosen, probability = top.indices.cpu().numpy(), top.values.cpu().numpy()
        return Look(chosen, probability, None, float(entropy), None if own == FREE else float(law[own]))

    def score(self, run_id: int, request: Score) -> Iterator[Event]:
        """The exact -log p of a text, as a bound without an error. A part of a text given the rest has none."""
        if request.given.any():
            raise UserError(
                f"{self.info.name} sees only what stands to the left, so it cannot score a part of a text given the "
                "rest; score the whole text."
            )
        Locks.of(request.tokens, self.info.vocabulary, self.info.length)
        started = time.perf_counter()
        nats = self.causal.token_nats([request.tokens])[0]
        yield Bounded(run_id, float(nats.mean()), 0.0, 0.0, len(nats), 1)
        if request.by_token:
            yield Attributed(run_id, nats, True)
        else:
            yield Finished(run_id, 1, time.perf_counter() - started)
