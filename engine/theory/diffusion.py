"""A score network, a graph and a schedule together: a model of sequences by score-entropy discrete diffusion.

The concrete score at noise sigma is s_i(x)_y = p_sigma(x with x_i = y) / p_sigma(x); the network gives log s.
Tokens are (B, L) int64, noise levels (B,), scores (B, L, V) over the graph's V states; "rows" (R, V) are single
positions picked from them. Everything that is computed from the network's output has the output's precision.

Three parametrisations of the network's output o:

- "log_score", the published one: log s = o, minus log(e^sigma - 1) + log(V - 1) when `scale_by_sigma` is set.
- "posterior", absorbing noise only: softmax of o over the clean tokens is p(x0_i | x), and
  s_v = p_v / (e^sigma - 1). Then sum_v s_v is what the truth demands at every masked position, so the reveal rate is
  known without asking the network, and score entropy is a weighted cross entropy (Ou et al., arXiv 2406.03736).
- "leave_one_out", uniform noise only: softmax of o is g, the law of x0_i given x without position i, and
  s_y = c_y / c_{x_i} with c_y = e^-sigma g_y + (1 - e^-sigma) / N, the law of x_i given the other positions. An
  ordinary denoiser p(x0_i | x) in the place of g gives wrong scores: it has seen x_i already.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.protocol import Noise as NoiseName
from engine.theory.graphs import GRAPHS, Graph
from engine.theory.leave_one_out import leave_one_out_entropy
from engine.theory.network import Features, NetworkConfig, ScoreTransformer
from engine.theory.schedules import Geometric, LogLinear, Schedule

Parametrisation = Literal["log_score", "posterior", "leave_one_out"]

REQUIRED_NOISE: dict[Parametrisation, NoiseName] = {"posterior": "absorb", "leave_one_out": "uniform"}


@dataclass(frozen=True)
class DiffusionConfig:
    """All that decides a model but its weights.

    `time_free` feeds the network sigma = 0 always: under absorbing noise the posterior of a masked token does not
    depend on the time, so locked tokens never put the network at a noise level it has not seen. `log_sigma` feeds it
    log sigma: the noise embedding cannot tell small levels apart otherwise, and under uniform noise they matter.
    `padding` counts clean tokens that the network was trained with and that were cut off since, as
    `engine.models.padding` does.
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
    log_sigma: bool = False
    padding: int = 0


class Diffusion:
    """The model. It owns no randomness: whoever needs draws brings them.

    `network` and `graph` stand in for what the configuration would build, for worlds that are known exactly.
    """

    def __init__(
        self, config: DiffusionConfig, network: ScoreTransformer | None = None, graph: Graph | None = None
    ) -> None:
        needed = REQUIRED_NOISE.get(config.parametrisation, config.noise)
        if config.noise != needed:
            raise ValueError(f"the {config.parametrisation} parametrisation is defined for {needed} noise only")
        states = config.network.states
        self.config = config
        self.graph = graph or GRAPHS[config.noise](states - 1 if config.noise == "absorb" else states)
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

    @property
    def marks_locks(self) -> bool:
        """Whether the network is told which tokens are given."""
        return self.config.network.marks_locks

    def features(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Features:
        """The network's body on tokens (B, L) at noise sigma (B,): one network call.

        `locked` (B, L) bool, the given tokens, counts for a model that marks them. Where a model of whole records is
        given the beginning of one only, the rest of it is unknown: masked.
        """
        if self.config.padding and self.graph.mask is None:
            # Uniform noise on all states that keeps to those that are left is weaker noise on them alone.
            sigma = sigma + torch.log1p(-torch.expm1(-sigma) * (self.config.padding / self.vocabulary))
        if self.config.time_free:
            sigma = torch.zeros_like(sigma)
        elif self.config.log_sigma:
            sigma = sigma.log()
        length, rest = tokens.shape[1], self.config.network.length - tokens.shape[1]
        if self.config.network.absolute_positions and self.graph.mask is not None and rest > 0:
            whole = self.network.body(F.pad(tokens, (0, rest), value=self.graph.mask), sigma)
            return whole._replace(hidden=whole.hidden[:, :length])
        return self.network.body(tokens, sigma, locked if self.marks_locks else None)

    def log_score_rows(self, features: Features, sigma: Tensor, tokens: Tensor) -> Tensor:
        """log s (R, V) of R positions: features of the rows, sigma (R,), own tokens (R,); 0 at the own token."""
        output = self.network.head(features)
        sigma = sigma.to(output.dtype)
        own = tokens[..., None]
        if self.config.parametrisation == "leave_one_out":
            log_conditional = noised(F.softmax(output, dim=-1), sigma).log()
            return (log_conditional - log_conditional.gather(-1, own)).scatter(-1, own, 0.0)
        if self.normalised:
            clean = F.log_softmax(output[..., : self.vocabulary], dim=-1) - torch.expm1(sigma).log()[..., None]
            output = torch.cat((clean, output[..., self.vocabulary :]), dim=-1)
        elif self.config.scale_by_sigma:
            output = output - torch.expm1(sigma).log()[..., None] - math.log(output.shape[-1] + self.config.padding - 1)
        return output.scatter(-1, own, 0.0)

    def log_score(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Tensor:
        """log s (B, L, V) at tokens (B, L) and noise sigma (B,); 0 at the token itself. `locked` as in `features`."""
        if sigma.dim() != 1:
            raise ValueError(f"sigma must have shape (B,), not {tuple(sigma.shape)}")
        features = self.features(tokens, sigma, locked)
        return self.log_score_rows(features, sigma[:, None].expand(tokens.shape), tokens)

    def log_posterior_rows(self, features: Features) -> Tensor:
        """log p(x0_i | x) over clean tokens (R, vocabulary) for R masked positions, normalised.

        For the published parametrisation this is the score's share of each token: the factor that sigma scaling
        divides out is the same for all of them.
        """
        return F.log_softmax(self.network.head(features)[..., : self.vocabulary], dim=-1)

    def leave_one_out_rows(self, features: Features, sigma: Tensor, tokens: Tensor) -> Tensor:
        """g (R, N), the law of the clean token given all other positions, under uniform noise; arguments as above.

        From a score it is (c - (1 - e^-sigma) / N) e^sigma with c = s / sum s, cut off at 0: a learned c can be
        smaller than noise allows.
        """
        if self.config.parametrisation == "leave_one_out":
            return F.softmax(self.network.head(features), dim=-1)
        conditional = F.softmax(self.log_score_rows(features, sigma, tokens), dim=-1)
        sigma = sigma.to(conditional.dtype)[..., None]
        denoised = (conditional + torch.expm1(-sigma) / conditional.shape[-1]).clamp(min=0)
        total = denoised.sum(-1, keepdim=True)
        # All of it cut off, up to rounding: at such a level the position says nothing beyond noise.
        return torch.where(total > 0, denoised / total.clamp(min=1e-30), 1 / conditional.shape[-1])

    def score_entropy(self, tokens: Tensor, sigma: Tensor, clean: Tensor, locked: Tensor | None = None) -> Tensor:
        """Denoising score entropy (B, L) of tokens, noised from clean by sigma (B,); nats per unit of sigma.

        `locked` as in `features`; a locked position has no loss.
        """
        if self.normalised:
            return self.cross_entropy(tokens, sigma, clean) / torch.expm1(sigma)[:, None]
        if self.config.parametrisation == "leave_one_out":
            return self._leave_one_out_entropy(tokens, sigma, clean, locked)
        entropy = self.graph.score_entropy(self.log_score(tokens, sigma, locked), sigma, tokens, clean)
        return entropy if locked is None else entropy.masked_fill(locked, 0.0)

    def cross_entropy(self, tokens: Tensor, sigma: Tensor, clean: Tensor, locked: Tensor | None = None) -> Tensor:
        """-log p(x0_i | x) (B, L) at the clean token, in nats; arguments as above, for parametrisations by posteriors.

        It is 0 where the token is known: where it is not masked under absorbing noise, or locked. Under uniform noise
        p(x0_i | x) is g times q(x_i | x0_i), normalised. For one x_i and sigma that maps laws g one to one, so the
        optimum is the true g, as that of score entropy is; the gradient varies less (compare CEDD, arXiv 2507.04341).
        """
        if self.normalised:
            unknown = tokens == self.graph.states - 1
        else:
            unknown = torch.ones_like(tokens, dtype=torch.bool) if locked is None else ~locked
        rows = places(unknown)  # before the network is called, while a GPU has nothing else to do
        output = self.network.head(pick(self.features(tokens, sigma, locked), rows))
        if self.normalised:
            logits = output[..., : self.vocabulary]
        else:
            expm1 = torch.expm1(sigma.to(output.dtype))[:, None].expand(tokens.shape).flatten()[rows]
            # q(x_i | y) is larger at y = x_i than elsewhere, by 1 + N / (e^sigma - 1)
            stayed = torch.log1p(output.shape[-1] / expm1)
            logits = output.scatter_add(-1, tokens.flatten()[rows, None], stayed[:, None])
        found = F.cross_entropy(logits, clean.flatten()[rows], reduction="none")
        return spread(found, rows, tokens.shape)

    def _leave_one_out_entropy(self, tokens: Tensor, sigma: Tensor, clean: Tensor, locked: Tensor | None) -> Tensor:
        """In closed form, and the head is needed at free positions alone."""
        free = torch.ones_like(tokens, dtype=torch.bool) if locked is None else ~locked
        rows = places(free)
        logits = self.network.head(pick(self.features(tokens, sigma, locked), rows))
        noise = sigma[:, None].expand(tokens.shape).flatten()[rows].to(logits.dtype)
        entropy = leave_one_out_entropy(logits, noise, tokens.flatten()[rows], clean.flatten()[rows])
        return spread(entropy, rows, tokens.shape)

    def perturb(self, clean: Tensor, t: Tensor, flip: Tensor, target: Tensor) -> Tensor:
        """Tokens noised to time t (B,), from uniform draws `flip` and `target` (B, L) in [0, 1)."""
        return self.graph.noise(clean, self.schedule(t).total, flip, target)


def noised(law: Tensor, sigma: Tensor) -> Tensor:
    """A law over N tokens (R, N) after uniform noise sigma (R,): e^-sigma law + (1 - e^-sigma) / N."""
    sigma = sigma.to(law.dtype)[..., None]
    return torch.exp(-sigma) * law - torch.expm1(-sigma) / law.shape[-1]


def gather(features: Features, chosen: Tensor) -> Features:
    """Features of the positions marked in `chosen` (B, L) bool: hidden (R, d), cond (R, c)."""
    return pick(features, places(chosen))


def places(chosen: Tensor) -> Tensor:
    """The positions (R,) marked in `chosen` (B, L) bool, counted through all sequences. A GPU is waited for."""
    return chosen.flatten().nonzero()[:, 0]


def pick(features: Features, rows: Tensor) -> Features:
    """Features of positions `rows` (R,), counted through all sequences: hidden (R, d), cond (R, c)."""
    cond = features.cond.expand(*features.hidden.shape[:2], features.cond.shape[-1])
    return Features(features.hidden.flatten(0, 1).index_select(0, rows), cond.flatten(0, 1).index_select(0, rows))


def spread(values: Tensor, rows: Tensor, shape: torch.Size) -> Tensor:
    """Zeros (B, L), but `values` (R,) at positions `rows`, counted through all sequences."""
    return values.new_zeros(shape.numel()).index_copy(0, rows, values).view(shape)


def build_diffusion(config: DiffusionConfig) -> Diffusion:
    """A model with fresh weights."""
    return Diffusion(config)
