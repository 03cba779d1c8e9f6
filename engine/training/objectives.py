"""What is minimised in training a diffusion model: three losses that all have the true scores as their optimum.

With Q[y, x] the rate of x -> y and s_i(x)_y the model's score, for noised sequences x, in nats per unit of sigma:

- denoising score entropy, of x noised from x0, with q_y = q(y | x0_i) / q(x_i | x0_i):
  DSE = E sum_i sum_{y != x_i} Q[x_i, y] (s_y - q_y log s_y + q_y (log q_y - 1));
- the cross entropy of posteriors, by 1 / (e^sigma - 1). Under absorbing noise it is score entropy with another weight,
  under uniform noise its gradients vary less;
- implicit score entropy, into which x0 does not come:
  ISE = E sum_i sum_{y != x_i} (Q[x_i, y] s_i(x)_y - Q[y, x_i] log s_i(x with x_i = y)_{x_i}).

They differ by what does not depend on the model. Lou, Meng, Ermon, arXiv 2310.16834, section 3; summation by parts
after Hyvarinen's for densities, and Meng et al., arXiv 2211.00802. A new one is a class here, a row in `OBJECTIVES`,
and its name in the classes of `engine.theory.parametrisations` that allow it.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.theory.diffusion import Diffusion


class Denoising:
    """Denoising score entropy."""

    refusal = ""

    def noised(
        self, diffusion: Diffusion, clean: Tensor, x: Tensor, locks: float, generator: np.random.Generator
    ) -> tuple[Tensor, ...]:
        """What the network is given of x (B, L), noised from clean, and what else the loss asks for, drawn here.

        A network that marks them is given some tokens clean and marked, in a share `locks` of the sequences.
        """
        if not diffusion.marks_locks:
            return (x,)
        locked = torch.from_numpy(draw_locks(clean.shape, locks, generator)).to(clean.device)
        return torch.where(locked, clean, x), locked

    def losses(self, diffusion: Diffusion, clean: Tensor, sigma: Tensor, x: Tensor, *locked: Tensor) -> Tensor:
        """The losses (B,) of what `noised` returned, at sigma (B,), nats per unit of sigma."""
        return diffusion.score_entropy(x, sigma, clean, *locked).sum(-1)


class CrossEntropy(Denoising):
    """Cross entropy of posteriors."""

    refusal = "Cross entropy needs a network that gives posteriors; choose the objective dse."

    def losses(self, diffusion: Diffusion, clean: Tensor, sigma: Tensor, x: Tensor, *locked: Tensor) -> Tensor:
        return diffusion.cross_entropy(x, sigma, clean, *locked).sum(-1) / torch.expm1(sigma)


class Implicit(Denoising):
    """Implicit score entropy by one target, for comparison."""

    refusal = "Implicit score entropy by one target needs absorbing noise; choose the objective dse."

    def noised(
        self, diffusion: Diffusion, clean: Tensor, x: Tensor, locks: float, generator: np.random.Generator
    ) -> tuple[Tensor, ...]:
        return x, torch.from_numpy(generator.random(clean.shape, np.float32)).to(clean.device)

    def losses(self, diffusion: Diffusion, clean: Tensor, sigma: Tensor, x: Tensor, *choice: Tensor) -> Tensor:
        return implicit_by_one_target(diffusion, x, sigma, *choice)


OBJECTIVES = {"dse": Denoising(), "ce": CrossEntropy(), "ise": Implicit()}


def implicit_by_one_target(diffusion: Diffusion, x: Tensor, sigma: Tensor, choice: Tensor) -> Tensor:
    """An unbiased estimate (B,) of ISE under absorbing noise in two calls, from uniform draws `choice` (B, L).

    The second sum of ISE is over unmasked positions, each masked in turn; one of them is masked here, with their
    number as its weight. The clean data come in only through x. With normalised scores the first sum is
    known, and one call is left. The variance is much larger than that of DSE.
    """
    mask = diffusion.graph.need_mask(Implicit.refusal)
    masked = x == mask
    first = (diffusion.parametrisation.total_score(sigma, lambda: diffusion.log_score(x, sigma)) * masked).sum(-1)
    target = choice.masked_fill(masked, -1.0).argmax(-1, keepdim=True)  # a random unmasked position, if there is one
    token = x.gather(-1, target)
    hidden = diffusion.log_score(x.scatter(-1, target, mask), sigma)
    row = hidden.gather(1, target[..., None].expand(-1, -1, hidden.shape[-1]))[:, 0]
    unmasked = (~masked).sum(-1)
    found = F.one_hot(token[:, 0], hidden.shape[-1]).to(row) * row
    return first - torch.where(unmasked > 0, unmasked * found.sum(-1), 0.0)


def draw_locks(shape: tuple[int, ...], share: float, generator: np.random.Generator) -> np.ndarray:
    """Which tokens are given (B, L): in a `share` of sequences a random part, one half of them scattered, the other a
    beginning and an end around a gap, as prompts are."""
    count, length = shape
    chosen = generator.random(count) < share
    part = generator.random((count, 1))
    scattered = generator.random(shape) < part
    gap_start = generator.random((count, 1)) * part
    place = (np.arange(length) + 0.5) / length
    around = (place < gap_start) | (place > gap_start + 1 - part)
    kind = np.where(generator.random((count, 1)) < 0.5, scattered, around)
    locked: np.ndarray = kind & chosen[:, None]
    return locked
