"""Upper bounds on the negative log-likelihood, with a standard error. All values in nats.

Absorbing noise. For any model of one masked token given the others,

    -log p(x) <= E over k ~ U{1..L}, S of size k [ (L / k) sum over i in S of -log p(x_i | x without S) ],

an equality in the schedule: it is the score-entropy bound written over the number of masked tokens, so it needs
neither a prior nor a reconstruction term (Ou et al., arXiv 2406.03736; Hoogeboom et al., arXiv 2110.02037). k is
drawn systematically: draw b of n takes k from the b-th of n equal strata, moved by one common offset.

Uniform noise. The integral of the score entropy over sigma, plus the divergence of the noised data from the
uniform prior, plus the reconstruction term at the smallest sigma (Lou, Meng, Ermon, arXiv 2310.16834, theorem 3.6).
The integral is taken over log sigma by strata.

Sequences are independent draws, so the standard error of many is that of their mean; for one sequence it comes
from independent replicates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.diffusion import Diffusion, gather
from engine.messages import UserError
from engine.samplers.analytic import denoise

SIGMA_LOW = 1e-4
REPLICATES = 8


@dataclass(frozen=True)
class Bound:
    """A running estimate: `nats` per token and its `standard_error` (NaN for a single value).

    It is over `tokens` tokens in `sequences` sequences, from `calls` network evaluations of one sequence each.
    """

    nats: float
    standard_error: float
    tokens: int
    sequences: int
    calls: int

    @property
    def bits(self) -> float:
        """Bits per token."""
        return self.nats / math.log(2)

    @property
    def perplexity(self) -> float:
        """exp(nats per token)."""
        return math.exp(self.nats)


def bound(diffusion: Diffusion, sequences: Sequence[np.ndarray], draws: int = 4, seed: int = 0) -> Iterator[Bound]:
    """Running bounds over `sequences`, each (L,) int64 of clean tokens; one yield a sequence.

    `draws` network evaluations go to each sequence; a single sequence gets `REPLICATES` times as many.
    """
    longest = diffusion.config.network.length
    for tokens in sequences:
        if not 0 < len(tokens) <= longest:
            raise UserError(f"A text of {len(tokens)} tokens cannot be scored; this model takes 1 to {longest}.")
    if len(sequences) == 1:
        yield from _single(diffusion, sequences[0], draws, seed)
        return
    totals: list[float] = []
    lengths: list[int] = []
    for number, tokens in enumerate(sequences):
        values = estimates(diffusion, tokens, draws, np.random.Generator(np.random.Philox(key=[seed, number])))
        totals.append(float(values.mean()))
        lengths.append(len(tokens))
        yield _ratio(np.array(totals), np.array(lengths), calls=draws * len(totals))


def _single(diffusion: Diffusion, tokens: np.ndarray, draws: int, seed: int) -> Iterator[Bound]:
    means: list[float] = []
    for replicate in range(REPLICATES):
        values = estimates(diffusion, tokens, draws, np.random.Generator(np.random.Philox(key=[seed, replicate])))
        means.append(float(values.mean()) / len(tokens))
        error = float(np.std(means, ddof=1)) / math.sqrt(len(means)) if len(means) > 1 else math.nan
        yield Bound(float(np.mean(means)), error, len(tokens), 1, draws * len(means))


def _ratio(totals: np.ndarray, lengths: np.ndarray, calls: int) -> Bound:
    """Nats per token over all sequences, with the standard error of a ratio of means."""
    count = len(totals)
    mean = totals.sum() / lengths.sum()
    residuals = totals - mean * lengths
    error = math.sqrt((residuals**2).sum() / (count - 1) * count) / lengths.sum() if count > 1 else math.nan
    return Bound(float(mean), float(error), int(lengths.sum()), count, calls)


def estimates(diffusion: Diffusion, tokens: np.ndarray, draws: int, generator: np.random.Generator) -> np.ndarray:
    """`draws` estimates (draws,) of the bound of one sequence (L,), nats per sequence; unbiased, drawn together."""
    if diffusion.graph.mask is not None:
        return _masked_estimates(diffusion, tokens, draws, generator)
    return _uniform_estimates(diffusion, tokens, draws, generator)


@torch.no_grad()
def _masked_estimates(
    diffusion: Diffusion, tokens: np.ndarray, draws: int, generator: np.random.Generator
) -> np.ndarray:
    length = len(tokens)
    strata = (generator.random() + np.arange(draws) / draws) % 1
    counts = 1 + (strata * length).astype(np.int64)
    ranks = generator.permuted(np.tile(np.arange(length), (draws, 1)), axis=1)
    masked = torch.from_numpy(ranks < counts[:, None]).to(diffusion.device)
    clean = torch.from_numpy(tokens).to(diffusion.device).expand(draws, length)
    x = torch.where(masked, torch.full_like(clean, diffusion.graph.mask or 0), clean)
    features = gather(diffusion.features(x, _matched_sigma(diffusion, counts, length)), masked)
    log_posterior = diffusion.log_posterior_rows(features)
    entropy = -log_posterior.gather(-1, clean[masked][:, None])[:, 0].double()
    sequence = masked.nonzero()[:, 0]
    sums = torch.zeros(draws, dtype=torch.float64, device=entropy.device).index_add_(0, sequence, entropy)
    return sums.cpu().numpy() * length / counts


def _matched_sigma(diffusion: Diffusion, masked: np.ndarray, length: int) -> Tensor:
    """The noise level that goes with a number of masked tokens: the posterior mean of the noised fraction.

    With m of L masked that fraction has the law Beta(m + 1, L - m + 1). Any level gives a bound; this one is what
    a network told the noise level has seen.
    """
    fraction = torch.from_numpy((masked + 1) / (length + 2))
    return -torch.log1p(-fraction).to(diffusion.device, torch.float32)


@torch.no_grad()
def _uniform_estimates(
    diffusion: Diffusion, tokens: np.ndarray, draws: int, generator: np.random.Generator
) -> np.ndarray:
    device, graph = diffusion.device, diffusion.graph
    clean = torch.from_numpy(tokens).to(device).expand(draws, len(tokens))
    flip, target = (torch.from_numpy(generator.random((draws, len(tokens)))).to(device) for _ in range(2))
    high = float(diffusion.schedule(torch.ones(1, dtype=torch.float64)).total)
    span = math.log(high / SIGMA_LOW)
    strata = torch.from_numpy((generator.random() + np.arange(draws) / draws) % 1)
    sigma = (SIGMA_LOW * torch.exp(span * strata)).to(device, torch.float32)
    x = graph.noise(clean, sigma, flip, target)
    entropy = diffusion.score_entropy(x, sigma, clean).double().sum(-1)
    integral = entropy * sigma.double() * span  # d sigma = sigma d log sigma

    low = torch.full_like(sigma, SIGMA_LOW)
    x = graph.noise(clean, low, flip, target)
    law = denoise(graph, diffusion.log_score(x, low).exp(), x, low).clamp(min=1e-30)
    reconstruction = -F.normalize(law, p=1, dim=-1).gather(-1, clean[..., None])[..., 0].log().double().sum(-1)
    return (integral + reconstruction).cpu().numpy() + len(tokens) * uniform_prior(high, graph.states)


def uniform_prior(sigma: float, states: int) -> float:
    """KL from a token noised by sigma to the uniform distribution over `states`, nats."""
    kept = math.exp(-sigma)
    own, other = kept + (1 - kept) / states, (1 - kept) / states
    return own * math.log(own * states) + (states - 1) * other * math.log(other * states)
