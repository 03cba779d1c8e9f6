"""How good generated texts are, as numbers that are known to be gamed: read them together.

Generative perplexity is what a judge, an autoregressive model, makes of the texts. Two definitions are in use, and
they differ by a lot:

- by token: exp of the mean of -log p over all tokens of all texts;
- by text: the mean over texts of exp of each text's mean, as in the published evaluation of SEDD (Lou, Meng, Ermon,
  arXiv 2310.16834). It is the larger one, and sensitive to single bad texts.

Both fall when texts repeat themselves, so the entropy of the tokens and the share of distinct n-grams stand beside
them (Zheng et al., arXiv 2409.02908).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine.protocol.errors import brought_by


@dataclass(frozen=True)
class Estimate:
    """A mean over texts and its standard error (NaN for a single text)."""

    value: float
    error: float


@dataclass(frozen=True)
class Quality:
    """What was measured on a set of texts.

    `by_token` and `by_text` are generative perplexities, None without a judge. `entropy` is that of a text's own
    tokens, nats, averaged over texts. `distinct` is the share of different ones among all pairs and fours of tokens.
    `alike` is how much texts are made of each other's parts, `self_bleu`.
    """

    texts: int
    by_token: Estimate | None
    by_text: Estimate | None
    entropy: Estimate
    distinct: tuple[float, float]
    alike: float


def measure(tokens: np.ndarray, nats: Sequence[np.ndarray] | None = None) -> Quality:
    """The quality of texts of tokens (B, L), given a judge's -log p of their tokens, one array a text."""
    judged = [row for row in nats or [] if len(row)]
    return Quality(
        len(tokens),
        perplexity_by_token(judged) if judged else None,
        perplexity_by_text(judged) if judged else None,
        mean(np.array([unigram_entropy(row) for row in tokens])),
        (distinct(tokens, 2), distinct(tokens, 4)),
        self_bleu(tokens),
    )


def mean(values: np.ndarray) -> Estimate:
    """The mean of values (B,) and its standard error."""
    error = float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return Estimate(float(values.mean()), error)


def perplexity_by_token(nats: Sequence[np.ndarray]) -> Estimate:
    """exp of the mean over all tokens; the error is over texts, for a ratio of sums, carried through exp."""
    sums, counts = np.array([row.sum() for row in nats]), np.array([len(row) for row in nats])
    average = sums.sum() / counts.sum()
    value = math.exp(min(average, 700.0))
    if len(nats) < 2:
        return Estimate(value, math.nan)
    residual = sums - average * counts
    spread = math.sqrt((residual**2).sum() * len(nats) / (len(nats) - 1)) / counts.sum()
    return Estimate(value, value * spread)


def perplexity_by_text(nats: Sequence[np.ndarray]) -> Estimate:
    """The mean over texts of exp of the text's mean."""
    return mean(np.exp(np.minimum([row.mean() for row in nats], 700.0)))


def unigram_entropy(tokens: np.ndarray) -> float:
    """The entropy (nats) of the frequencies of the tokens (L,) of one text; log L if all differ."""
    _, counts = np.unique(tokens, return_counts=True)
    share = counts / counts.sum()
    return float(-(share * np.log(share)).sum())


def distinct(tokens: np.ndarray, n: int) -> float:
    """The share of different n-grams among all n-grams of texts (B, L); NaN if they are shorter than n."""
    if tokens.shape[1] < n:
        return math.nan
    grams = sliding_window_view(tokens, n, axis=1).reshape(-1, n)
    return len(np.unique(grams, axis=0)) / len(grams)


def self_bleu(tokens: np.ndarray) -> float:
    """How much each of texts (B, L) is made of grams of the others: the mean BLEU-4, 0 to 1; NaN for a single one.

    Zhu et al., arXiv 1802.01886. A gram counts as often as the text has it that has it most often; no share is less
    than that of one gram.
    """
    if len(tokens) < 2:
        return math.nan
    logs = np.zeros(len(tokens))
    orders = range(1, min(4, tokens.shape[1]) + 1)
    for n in orders:
        grams = [Counter(map(tuple, sliding_window_view(row, n).tolist())) for row in tokens]
        most: dict[tuple[int, ...], tuple[int, int]] = {}  # the two largest counts that texts have of a gram
        for own in grams:
            for gram, count in own.items():
                first, second = most.get(gram, (0, 0))
                most[gram] = max(first, count), max(min(first, count), second)
        for number, own in enumerate(grams):
            shared = sum(min(count, most[gram][count == most[gram][0]]) for gram, count in own.items())
            logs[number] += math.log(max(shared, 1) / own.total()) / len(orders)
    return float(np.exp(logs).mean())


def agreement(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """The share of the same tokens in two sets of texts (B, L), text by text and, by chance, with other texts."""
    return float((first == second).mean()), float((first == np.roll(second, 1, axis=0)).mean())


def mauve(features: np.ndarray, reference: np.ndarray) -> float:
    """How close two sets of texts are as a judge sees them, from features (n, d) and (m, d): 0 to 1, 1 for the same.

    Pillutla et al., arXiv 2102.01454, by the `mauve-text` library; a UserError if that is not installed.
    """
    with brought_by("mauve"):
        from mauve import compute_mauve

    return float(compute_mauve(p_features=features, q_features=reference, verbose=False).mauve)
