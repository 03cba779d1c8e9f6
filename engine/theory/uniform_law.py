"""Laws of one token under uniform noise: what noise makes of them, the way back, and what the noised token tells.

q(x | y) = e^-sigma 1(x = y) + (1 - e^-sigma) / N is the chance that noise sigma turns y into x. Laws are (..., N) over
the tokens; sigma is a number, or a level for each law, (...).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def log_expm1(sigma: Tensor) -> Tensor:
    """log(e^sigma - 1), where e^sigma itself would be too large for a float, too."""
    return sigma + torch.expm1(-sigma).neg().log()


def shares(sigma: Tensor | float, law: Tensor) -> tuple[Tensor, Tensor]:
    """e^-sigma and 1 - e^-sigma, shaped to go with `law`: of levels in its precision, of a number in float64."""
    if isinstance(sigma, Tensor):
        level = sigma.to(law.dtype)[..., None]
        return torch.exp(-level), -torch.expm1(-level)
    kept, lost = torch.tensor([math.exp(-sigma), -math.expm1(-sigma)], dtype=torch.float64)
    return kept, lost


def noised(law: Tensor, sigma: Tensor | float) -> Tensor:
    """The law of a token that had `law` before the noise: e^-sigma law + (1 - e^-sigma) / N."""
    kept, lost = shares(sigma, law)
    return kept * law + lost / law.shape[-1]


def cleaned(law: Tensor, sigma: Tensor | float) -> Tensor:
    """The law that noise turned into `law`, cut off at 0: a learned law can be flatter than noise allows."""
    _, lost = shares(sigma, law)
    clean = (law - lost / law.shape[-1]).clamp(min=0)
    total = clean.sum(-1, keepdim=True)
    # All of it cut off, up to rounding: at such a level the position says nothing beyond noise.
    return torch.where(total > 0, clean / total.clamp(min=1e-30), 1 / law.shape[-1])


def seen(law: Tensor, own: Tensor, sigma: Tensor | float) -> Tensor:
    """The law of a token that had `law`, once it is known what noise made of it: `own` (...); by Bayes' rule."""
    kept, lost = shares(sigma, law)
    own = own[..., None]
    elsewhere = (lost / law.shape[-1]).to(law).expand_as(law)
    product = law * elsewhere.scatter_add(-1, own, kept.to(law).expand(own.shape))
    return product / product.sum(-1, keepdim=True)


def log_scores(law: Tensor, sigma: Tensor | float, own: Tensor) -> Tensor:
    """log s (..., N) from the law g of the clean token given all others: s_y = c_y / c_own, c = g noised."""
    log_conditional = noised(law, sigma).log()
    own = own[..., None]
    return (log_conditional - log_conditional.gather(-1, own)).scatter(-1, own, 0.0)


def score_entropy(positive: Tensor, others: Tensor, log_score: Tensor, same: Tensor, expm1: Tensor, n: int) -> Tensor:
    """Denoising score entropy of tokens x noised from x0, nats per unit of sigma, from sums; all of one shape.

    `positive` is sum_{y != x} s_y, `others` sum_{y != x} log s_y, `log_score` log s_x0, `same` whether x is x0, and
    `expm1` e = e^sigma - 1. The true ratios q(y | x0) / q(x | x0) take three values: 1, r and 1 / r with
    r = e / (e + N), written so because 1 - N / (e + N) loses every digit in float32 when N is large.
    """
    ratio, log_ratio = 1 / (1 + n / expm1), -torch.log1p(n / expm1)  # 1 and 0 where e is too large for a float
    unchanged = positive - ratio * others + (n - 1) * ratio * (log_ratio - 1)
    changed = positive - log_score / ratio - (others - log_score) + (-log_ratio - 1) / ratio - (n - 2)
    return torch.where(same, unchanged, changed) / n


def prior_divergence(sigma: float, states: int) -> float:
    """KL from a token noised by sigma to the uniform distribution over `states`, nats."""
    kept = math.exp(-sigma)
    own, other = kept + (1 - kept) / states, (1 - kept) / states
    return own * math.log(own * states) + (states - 1) * other * math.log(other * states)
