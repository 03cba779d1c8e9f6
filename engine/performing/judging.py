"""What a causal model in a folder makes of texts, whatever model is open: the judge."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.causal.opening import load_causal
from engine.language.quality import Estimate, mean, perplexity_by_token, unigram_entropy
from engine.language.tokenizers import find_tokenizer
from engine.models.gguf import unpacked
from engine.performing.fitting import check_judged
from engine.performing.kept import Kept
from engine.performing.performer import Performer
from engine.protocol import Judge, Judged, UserError, Weigh, Weighed

if TYPE_CHECKING:
    from engine.causal.causal_model import CausalModel


class Judges:
    """The last judge is kept. One computes where, and in what precision, the open model does."""

    def __init__(self) -> None:
        self._kept: Kept[CausalModel] = Kept(load_causal)

    def weigh(self, run_id: int, request: Weigh, beside: Performer) -> Weighed:
        """The exact -log p of tokens of the open model."""
        causal = self._judge(request.path, beside)
        with unpacked(Path(request.path)) as folder:
            own = find_tokenizer(folder)
        if own.fingerprint != beside.tokenizer.fingerprint:
            raise UserError(f"{causal.name} has another tokenizer, so the two cannot be compared token by token.")
        if len(request.tokens) > causal.length:
            raise UserError(f"{causal.name} reads {causal.length} tokens at once; shorten the text.")
        check_judged(causal, 1, len(request.tokens) + 1)
        return Weighed(run_id, causal.name, causal.token_nats([request.tokens])[0])

    def judge(self, run_id: int, request: Judge, beside: Performer | None) -> Judged:
        causal = self._judge(request.path, beside)
        check_judged(causal, len(request.texts), max(map(len, request.texts), default=1))
        judged = [row for row in causal.text_nats(request.texts) if len(row)]
        by_token = perplexity_by_token(judged) if judged else Estimate(math.nan, math.nan)
        tokens = request.tokens or causal.encode(request.texts)
        entropy = mean(np.array([unigram_entropy(np.array(row)) for row in tokens]))
        return Judged(run_id, by_token.value, entropy.value, by_token.error, entropy.error)

    def _judge(self, path: str, beside: Performer | None) -> CausalModel:
        place = ("auto", "auto") if beside is None else (beside.info.device, beside.info.precision)
        return self._kept.model(Path(path), *place)
