"""A score network, a graph and a schedule together: a model of sequences by score-entropy discrete diffusion.

The concrete score at noise sigma is s_i(x)_y = p_sigma(x with x_i = y) / p_sigma(x); the network gives log s.
Tokens are (B, L) int64, noise levels (B,), scores (B, L, V) over the graph's V states.

Two parametrisations of the network's output o (B, L, V):

- "log_score", the published one: log s = o, minus log(e^sigma - 1) + log(V - 1) when `scale_by_sigma` is set.
- "posterior", absorbing noise only: softmax of o over the clean tokens is p(x0_i | x), and
  s_v = p_v / (e^sigma - 1). Then sum_v s_v is what the truth demands at every masked position, so the reveal rate is
  known without asking the network, and score entropy is a weighted cross entropy (Ou et al., arXiv 2406.03736).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.graphs import GRAPHS, Graph
from engine.messages import Noise as NoiseName
from engine.network import Features, NetworkConfig, ScoreTransformer
from engine.schedules import Geometric, LogLinear, Schedule

Parametrisation = Literal["log_score", "posterior"]


@dataclass(frozen=True)
class DiffusionConfig:
    """All that decides a model but its weights.

    `time_free` feeds the network sigma = 0 always: under absorbing noise the posterior of a masked token does not
    depend on the time, so locked tokens never put the network at a noise level it has not seen.
    """

    network: NetworkConfig
    noise: NoiseName = "absorb"
    schedule: Literal["loglinear", "geometric"] = "loglinear"
    sigma_min: float = 1e-4
    sigma_max: float = 20.0
    eps: float = 1e-3
    parametrisation: Parametrisation = "log_score"
    scale_by_sigma: bool = True
    time_free: bool = False


class Diffusion:
    """The model. It owns no randomness: whoever needs draws brings them."""

    def __init__(self, config: DiffusionConfig, network: ScoreTransformer | None = None) -> None:
        if config.parametrisation == "posterior" and config.noise != "absorb":
            raise ValueError("the posterior parametrisation is defined for absorbing noise only")
        states = config.network.states
        self.config = config
        self.graph: Graph = GRAPHS[config.noise](states - 1 if config.noise == "absorb" else states)
        self.schedule: Schedule = (
            LogLinear(config.eps) if config.schedule == "loglinear" else Geometric(config.sigma_min, config.sigma_max)
        )
        self.network = ScoreTransformer(config.network) if network is None else network

    @property
    def device(self) -> torch.device:
        return self.network.device

    @property
    def vocabulary(self) -> int:
        """Number of clean tokens."""
        return self.graph.states if self.graph.mask is None else self.graph.states - 1

    @property
    def normalised(self) -> bool:
        """Whether the scores of a masked position sum to 1 / (e^sigma - 1) by construction."""
        return self.config.parametrisation == "posterior"

    def features(self, tokens: Tensor, sigma: Tensor) -> Features:
        """The network's body on tokens (B, L) at noise sigma (B,): one network call."""
        level = torch.zeros_like(sigma) if self.config.time_free else sigma
        return self.network.body(tokens, level)

    def log_score_rows(self, features: Features, sigma: Tensor, tokens: Tensor) -> Tensor:
        """log s (R, V) in float32 for R single positions: features of the rows, sigma (R,), own tokens (R,)."""
        output = self.network.head(features)
        own = tokens[..., None]
        if self.normalised:
            clean = F.log_softmax(output[..., : self.vocabulary], dim=-1) - torch.expm1(sigma).log()[..., None]
            output = torch.cat((clean, output[..., self.vocabulary :]), dim=-1)
        elif self.config.scale_by_sigma:
            output = output - torch.expm1(sigma).log()[..., None] - math.log(output.shape[-1] - 1)
        return output.scatter(-1, own, 0.0)

    def log_score(self, tokens: Tensor, sigma: Tensor) -> Tensor:
        """log s (B, L, V) in float32 at tokens (B, L) and noise sigma (B,); 0 at the token itself."""
        if sigma.dim() != 1:
            raise ValueError(f"sigma must have shape (B,), not {tuple(sigma.shape)}")
        features = self.features(tokens, sigma)
        return self.log_score_rows(features, sigma[:, None].expand(tokens.shape), tokens)

    def log_posterior_rows(self, features: Features) -> Tensor:
        """log p(x0_i | x) over clean tokens (R, vocabulary) for R masked positions, normalised in float32.

        For the published parametrisation this is the score's share of each token: the factor that sigma scaling
        divides out is the same for all of them.
        """
        return F.log_softmax(self.network.head(features)[..., : self.vocabulary], dim=-1)

    def score_entropy(self, tokens: Tensor, sigma: Tensor, clean: Tensor) -> Tensor:
        """Denoising score entropy (B, L) of tokens, noised from clean by sigma (B,); nats per unit of sigma."""
        if not self.normalised:
            return self.graph.score_entropy(self.log_score(tokens, sigma), sigma, tokens, clean)
        # With normalised scores it equals cross entropy / (e^sigma - 1) at masked positions, so the head is
        # needed there alone.
        masked = tokens == self.graph.states - 1
        features = self.features(tokens, sigma)
        cross_entropy = -self.log_posterior_rows(gather(features, masked)).gather(-1, clean[masked][:, None])[:, 0]
        loss = torch.zeros(tokens.shape, dtype=torch.float32, device=tokens.device)
        return loss.masked_scatter(masked, cross_entropy) / torch.expm1(sigma)[:, None]

    def perturb(self, clean: Tensor, t: Tensor, flip: Tensor, target: Tensor) -> Tensor:
        """Tokens noised to time t (B,), from uniform draws `flip` and `target` (B, L) in [0, 1)."""
        return self.graph.noise(clean, self.schedule(t).total, flip, target)


def gather(features: Features, chosen: Tensor) -> Features:
    """Features of the positions marked in `chosen` (B, L) bool: hidden (R, d), cond (R, c)."""
    cond = features.cond.expand(*chosen.shape, features.cond.shape[-1])
    return Features(features.hidden[chosen], cond[chosen])


def build_diffusion(config: DiffusionConfig) -> Diffusion:
    """A model with fresh weights."""
    return Diffusion(config)
