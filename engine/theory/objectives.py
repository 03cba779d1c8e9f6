"""Three objectives that all have the true concrete scores as their optimum.

With Q[y, x] the rate of x -> y, s_i(x)_y the model's score and r_i(x)_y = p(x with x_i = y) / p(x) the truth, all for
noised sequences x ~ p_sigma, in nats per unit of sigma:

- score entropy        SE  = E_x sum_i sum_{y != x_i} Q[x_i, y] (s_y - r_y log s_y + K(r_y)),  K(r) = r (log r - 1):
  at least 0, and 0 at the truth alone. It needs the true ratios: for worlds that are known exactly.
- implicit             ISE = E_x sum_i sum_{y != x_i} (Q[x_i, y] s_i(x)_y - Q[y, x_i] log s_i(x with x_i = y)_{x_i}):
  summation by parts takes r out. It needs samples x only, but the network at neighbours of x.
- denoising            DSE = E_{x0, x} of SE with q_y = q(y | x0_i) / q(x_i | x0_i) in the place of r_y: one call.

They differ by what does not depend on the model: SE = ISE + E sum Q K(r), DSE = ISE + E sum Q K(q). Lou, Meng, Ermon,
arXiv 2310.16834, section 3; summation by parts after Hyvarinen's for densities, and Meng et al., arXiv 2211.00802.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.theory.diffusion import Diffusion


def implicit_by_one_target(diffusion: Diffusion, x: Tensor, sigma: Tensor, choice: Tensor) -> Tensor:
    """An unbiased estimate (B,) of ISE under absorbing noise in two calls, from uniform draws `choice` (B, L).

    The second sum of ISE is over unmasked positions, each masked in turn; one of them is masked here, with their
    number as its weight. The clean data come in only through x. With normalised scores the first sum is
    known, and one call is left. The variance is much larger than that of DSE.
    """
    mask = diffusion.graph.states - 1
    masked = x == mask
    first = masked.sum(-1) / torch.expm1(sigma)
    if not diffusion.normalised:
        log_score = diffusion.log_score(x, sigma)
        first = (log_score[..., :mask].exp().sum(-1) * masked).sum(-1)
    target = choice.masked_fill(masked, -1.0).argmax(-1, keepdim=True)  # a random unmasked position, if there is one
    token = x.gather(-1, target)
    hidden = diffusion.log_score(x.scatter(-1, target, mask), sigma)
    row = hidden.gather(1, target[..., None].expand(-1, -1, hidden.shape[-1]))[:, 0]
    unmasked = (~masked).sum(-1)
    found = F.one_hot(token[:, 0], hidden.shape[-1]).to(row) * row
    return first - torch.where(unmasked > 0, unmasked * found.sum(-1), 0.0)
