"""What the model says of samples in the midst of their chains.

The network's body runs only on samples that have something to ask, and not again until a token changes (or the noise
level, if the network is told it). The head runs on the rows asked for, part by part where they are many: it has a
number for each token that there is, and a thousand rows of a large vocabulary are more than all the weights.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from engine.estimates import FEW_LAWS, LARGEST_LAWS
from engine.samplers.draws import Rows
from engine.samplers.law import Law
from engine.theory.conditioning import Shaping
from engine.theory.diffusion import Diffusion
from engine.theory.lanes import pieces, share
from engine.theory.network import Features
from engine.theory.randomness import Indices

Level = float | np.ndarray
"""A noise level sigma: one for all samples of a chain, or one for each, (B,)."""
Result = TypeVar("Result")

LARGEST = 80.0
"""Noise beyond which e^sigma and e^-sigma are no float32 numbers."""


def within(few: slice, cut: slice) -> slice:
    """Some rows as they are counted within a part."""
    return slice(few.start - cut.start, few.stop - cut.start)


class Asking(ABC):
    """Samples that share network calls: `tokens` (B, L) int64 on the model's device, `free` (B, L) bool.

    `calls` (B,) counts network evaluations of each sample.
    """

    def __init__(self, diffusion: Diffusion, tokens: Tensor, free: np.ndarray, shaping: Shaping) -> None:
        self.diffusion, self.tokens, self.free, self.shaping = diffusion, tokens, free, shaping
        self.calls = np.zeros(len(tokens), np.int64)
        self._remembered: tuple[tuple[bytes, bytes], Features] | None = None

    def own(self, rows: Rows) -> Tensor:
        """The tokens (R,) that rows hold now."""
        return self.tokens[torch.from_numpy(rows.sample), torch.from_numpy(rows.position)]

    def law(self, rows: Rows, sigma: Level) -> Law:
        """The law (R, V clean) of the clean token given all others, at level sigma, shaped."""
        return self._law(rows, self.diffusion.output(self.features(rows, self._told(sigma))), sigma)

    def laws(self, rows: Rows, sigma: Level, work: Callable[[slice, Law], Result]) -> list[Result]:
        """What `work` makes of the same, part by part of the rows: of all at once they would take much memory."""

        def some(cut: slice, features: Features) -> list[Result]:
            output = self.diffusion.output(features)
            return [work(few, self._law(rows.pick(few), output[within(few, cut)], sigma)) for few in self._few(cut)]

        return list(itertools.chain.from_iterable(self._by_parts(rows, self._told(sigma), some)))

    def score(self, rows: Rows, sigma: Level) -> Tensor:
        """Concrete scores (R, V) at level sigma as the model gives them; the law of a clean token in them shaped."""
        features = self.features(rows, self._level_of_each(sigma))
        return self._score(rows, self.diffusion.output(features), sigma)

    def scores(self, rows: Rows, sigma: Level, work: Callable[[slice, Tensor], Result]) -> list[Result]:
        """What `work` makes of the same, part by part of the rows."""

        def some(cut: slice, features: Features) -> list[Result]:
            output = self.diffusion.output(features)
            return [work(few, self._score(rows.pick(few), output[within(few, cut)], sigma)) for few in self._few(cut)]

        return list(itertools.chain.from_iterable(self._by_parts(rows, self._level_of_each(sigma), some)))

    def _few(self, cut: slice) -> list[slice]:
        """The rows of a part, a few at a time: much is made of each law on the way to a token."""
        few = max(1, FEW_LAWS // self.diffusion.graph.states)
        return [slice(start, min(start + few, cut.stop)) for start in range(cut.start, cut.stop, few)]

    def _by_parts(self, rows: Rows, told: np.ndarray, work: Callable[[slice, Features], Result]) -> list[Result]:
        """What `work` makes of the features of rows in parts, which the lanes that are open share."""
        hidden, cond = self.features(rows, told)
        cuts = pieces(rows.size, self.diffusion.graph.states, LARGEST_LAWS)
        return share(lambda cut: work(cut, Features(hidden[cut], cond[cut])), cuts)

    def _law(self, rows: Rows, output: Tensor, sigma: Level) -> Law:
        law = self.diffusion.parametrisation.law(output, self._levels(rows, sigma), self.own(rows))
        return self._shaped(law, rows)

    def _score(self, rows: Rows, output: Tensor, sigma: Level) -> Tensor:
        level = self._levels(rows, sigma)
        log_score = self.diffusion.parametrisation.log_score(output, level, self.own(rows))
        if level.numel() and float(level.max()) > LARGEST:
            log_score = log_score.double()
        score = log_score.exp()
        return self._shaped_score(score, rows, sigma) if self.shaping.active else score

    @abstractmethod
    def _shaped_score(self, score: Tensor, rows: Rows, sigma: Level) -> Tensor:
        """Scores (R, V) with the law of a clean token in them shaped."""

    def _shaped(self, law: Tensor, rows: Rows) -> Law:
        if not self.shaping.active:
            return Law(law, law, law)
        unconstrained = self._sharpened(law, None)
        if self.shaping.allowed is None:
            return Law(unconstrained, law, unconstrained)
        restricted = self.shaping.restrict(law, torch.from_numpy(rows.position).to(law.device))
        # What could be drawn without the constraints must not be cut off for them: no weight would make up for it.
        return Law(self._sharpened(restricted, unconstrained > 0), restricted, unconstrained)

    def _sharpened(self, law: Tensor, kept: Tensor | None) -> Tensor:
        made, few = torch.empty_like(law), max(1, FEW_LAWS // law.shape[-1])
        for cut in (slice(start, start + few) for start in range(0, len(law), few)):
            made[cut] = self.shaping.sharpen(law[cut], None if kept is None else kept[cut])
        return made

    def _told(self, sigma: Level) -> np.ndarray:
        return self.diffusion.graph.told(self.tokens.cpu().numpy(), self._level_of_each(sigma))

    def _levels(self, rows: Rows, sigma: Level) -> Tensor:
        return torch.from_numpy(self._level_of_each(sigma)[rows.sample]).to(self.tokens.device)

    def _level_of_each(self, sigma: Level) -> np.ndarray:
        return np.array(np.broadcast_to(sigma, len(self.tokens)), np.float64)

    def features(self, rows: Rows, sigma: np.ndarray) -> Features:
        """The body's features of rows: hidden (R, d), cond (R, c), at noise levels sigma (B,)."""
        samples, at = np.unique(rows.sample, return_inverse=True)
        features = self._body(samples, sigma[samples])
        index = torch.from_numpy(at), torch.from_numpy(rows.position)
        return Features(features.hidden[index], features.cond[index[0], 0])

    def _body(self, samples: Indices, sigma: np.ndarray) -> Features:
        level = torch.from_numpy(sigma)
        key = (samples.tobytes(), self.diffusion.told(level).numpy().tobytes())
        if self._remembered is not None and self._remembered[0] == key:
            return self._remembered[1]
        chosen = torch.from_numpy(samples)
        locked = torch.from_numpy(~self.free[samples])
        device = self.tokens.device
        features = self.diffusion.features(self.tokens[chosen], level.to(device), locked.to(device))
        self.calls[samples] += self.diffusion.calls
        self._remembered = key, features
        return features

    def entropy(self, rows: Rows) -> np.ndarray:
        """How unsure the network is of rows, (R,), nats, before temperature and top-p, which hide it."""

        def some(cut: slice, features: Features) -> np.ndarray:
            part = rows.pick(cut)
            level, own = self._levels(part, 1.0), self.own(part)
            if self.shaping.allowed is None:
                entropy = self.diffusion.entropy_rows(features, level, own)
            else:
                law = self.diffusion.law_rows(features, level, own)
                law = self.shaping.restrict(law, torch.from_numpy(part.position).to(law.device))
                entropy = torch.special.entr(law).sum(-1)
            found: np.ndarray = entropy.double().cpu().numpy()
            return found

        return np.concatenate(self._by_parts(rows, self._told(1.0), some))
