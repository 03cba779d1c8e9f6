"""What the network's output stands for: log scores, or the law of the clean token given all others.

Output, laws and scores are rows (..., V) of single positions, with noise levels sigma (...), tokens `own` (...) that
stand there and `clean` (...) ones below them. Everything has the output's precision. The law over the clean tokens is

- under absorbing noise p(x0_i | x), the posterior of a masked token: s_v = p_v / (e^sigma - 1);
- under uniform noise g, the law of x0_i given x without position i: s_y = c_y / c_{x_i} with c_y = e^-sigma g_y +
  (1 - e^-sigma) / N, the law of x_i given the other positions. An ordinary denoiser p(x0_i | x) in the place of g gives
  wrong scores: it has seen x_i already.

A new one is a class here and a row in `PARAMETRISATIONS`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Literal, TypedDict

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.protocol import Noise
from engine.theory import uniform_law
from engine.theory.graphs import Graph
from engine.theory.leave_one_out import leave_one_out_entropy

ParametrisationName = Literal["log_score", "posterior", "leave_one_out", "plug_in"]


NOTHING = -800.0
"""The logarithm of what is 0 in every float."""
IN_CACHE = 2**18
"""Numbers: a megabyte."""


class Settings(TypedDict, total=False):
    """Entries of a model's configuration."""

    scale_by_sigma: bool
    time_free: bool
    log_sigma: bool


class Parametrisation(ABC):
    """How the output is read on a graph."""

    objectives: ClassVar[tuple[str, ...]]
    """What it can be trained by, names of `engine.training.objectives`; the best first."""
    settings: ClassVar[Settings]
    """What a new model is configured with."""

    def __init__(self, graph: Graph, scaled: bool, padding: int) -> None:
        self.graph, self.scaled, self.padding = graph, scaled, padding

    @abstractmethod
    def log_score(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        """log s over the states; 0 at the own token."""

    @abstractmethod
    def law(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        """The law over the clean tokens, normalised."""

    def log_law(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        return self.law(output, sigma, own).log()

    def entropy(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        """The entropy (...) of the law, nats."""
        entropy: Tensor = torch.special.entr(self.law(output, sigma, own)).sum(-1)
        return entropy

    def clean_score(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        """The concrete scores of the clean tokens."""
        return self.log_score(output, sigma, own).exp()

    @abstractmethod
    def cross_entropy(self, output: Tensor, sigma: Tensor, own: Tensor, clean: Tensor) -> Tensor:
        """-log p(x0_i | x) (R,) of R positions at the clean token, the token that stands there seen, nats."""

    def score_entropy(self, output: Tensor, sigma: Tensor, own: Tensor, clean: Tensor) -> Tensor:
        """Denoising score entropy (R,) of R positions, nats per unit of sigma."""
        log_score = self.log_score(output, sigma, own)[:, None]
        return self.graph.score_entropy(log_score, sigma, own[:, None], clean[:, None])[:, 0]

    def total_score(self, sigma: Tensor, log_score: Callable[[], Tensor]) -> Tensor:
        """The sum of the scores of the clean tokens at masked positions, (B, 1) or (B, L), at sigma (B,).

        `log_score` asks the network for all of them, (B, L, V).
        """
        return log_score()[..., : self.graph.vocabulary].exp().sum(-1)

    def output_of(self, log_score: Tensor, sigma: Tensor) -> Tensor:
        """An output that stands for given scores (..., V)."""
        return log_score


class _Absorbing(Parametrisation):
    """The output's share of each clean token is its probability, whatever factor they have in common."""

    def law(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        return self.log_law(output, sigma, own).exp()

    def log_law(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        return F.log_softmax(output[..., : self.graph.vocabulary], dim=-1)

    def entropy(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        """A few rows at a time: they stay in the processor's own memory, and take a third of the time."""
        few = max(1, IN_CACHE // output.shape[-1])
        rows = torch.split(output[..., : self.graph.vocabulary].flatten(0, -2), few)
        return torch.cat([uncertainty(part) for part in rows]).view(output.shape[:-1])

    def clean_score(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        return self.law(output, sigma, own) / torch.expm1(sigma)[..., None]

    def cross_entropy(self, output: Tensor, sigma: Tensor, own: Tensor, clean: Tensor) -> Tensor:
        return F.cross_entropy(output[..., : self.graph.vocabulary], clean, reduction="none")


class _Uniform(Parametrisation):
    """Scores and laws go into each other by adding noise and taking it away."""

    def law(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        """From c = s / sum s by taking the noise away."""
        return uniform_law.cleaned(F.softmax(self.log_score(output, sigma, own), dim=-1), sigma)

    def cross_entropy(self, output: Tensor, sigma: Tensor, own: Tensor, clean: Tensor) -> Tensor:
        """p(x0_i | x) is g times q(x_i | x0_i), normalised.

        For one x_i and sigma that maps laws g one to one, so the optimum is the true g, as that of score entropy is;
        the gradient varies less (compare CEDD, arXiv 2507.04341).
        """
        # q(x_i | y) is larger at y = x_i than elsewhere, by 1 + N / (e^sigma - 1)
        stayed = torch.log1p(output.shape[-1] / torch.expm1(sigma.to(output.dtype)))
        return F.cross_entropy(output.scatter_add(-1, own[:, None], stayed[:, None]), clean, reduction="none")


class _LogScore(Parametrisation):
    """The published one: log s is the output, less log(e^sigma - 1) + log(V - 1) where it is `scaled` by sigma."""

    settings: ClassVar[Settings] = {"scale_by_sigma": False}

    def log_score(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        if self.scaled:
            others = output.shape[-1] + self.padding - 1
            output = output - uniform_law.log_expm1(sigma.to(output.dtype))[..., None] - math.log(others)
        return output.scatter(-1, own[..., None], 0.0)


class AbsorbingLogScore(_LogScore, _Absorbing):
    """Log scores of masked positions."""

    objectives = ("dse", "ise")
    settings: ClassVar[Settings] = {"scale_by_sigma": True}


class UniformLogScore(_LogScore, _Uniform):
    """Log scores where any token may be noise."""

    objectives = ("dse",)


class Posterior(_Absorbing):
    """The softmax over the clean tokens is p(x0_i | x).

    Then sum_v s_v is what the truth demands at every masked position, so the reveal rate is known without asking the
    network, and score entropy is a weighted cross entropy (Ou et al., arXiv 2406.03736).
    """

    objectives = ("ce", "dse", "ise")
    settings: ClassVar[Settings] = {"scale_by_sigma": False, "time_free": True}

    def log_score(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        clean = self.log_law(output, sigma, own) - uniform_law.log_expm1(sigma.to(output.dtype))[..., None]
        return torch.cat((clean, output[..., clean.shape[-1] :]), dim=-1).scatter(-1, own[..., None], 0.0)

    def score_entropy(self, output: Tensor, sigma: Tensor, own: Tensor, clean: Tensor) -> Tensor:
        return self.cross_entropy(output, sigma, own, clean) / torch.expm1(sigma)

    def total_score(self, sigma: Tensor, log_score: Callable[[], Tensor]) -> Tensor:
        return 1 / torch.expm1(sigma)[:, None]


class LeaveOneOut(_Uniform):
    """The softmax is g."""

    objectives = ("ce", "dse")
    settings: ClassVar[Settings] = {"scale_by_sigma": False, "log_sigma": True}

    def log_score(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        return uniform_law.log_scores(F.softmax(output, dim=-1), sigma, own)

    def law(self, output: Tensor, sigma: Tensor, own: Tensor) -> Tensor:
        return F.softmax(output, dim=-1)

    def score_entropy(self, output: Tensor, sigma: Tensor, own: Tensor, clean: Tensor) -> Tensor:
        return leave_one_out_entropy(output, sigma.to(output.dtype), own, clean)

    def output_of(self, log_score: Tensor, sigma: Tensor) -> Tensor:
        return uniform_law.cleaned(F.softmax(log_score, dim=-1), sigma).log()


def uncertainty(output: Tensor) -> Tensor:
    """The entropy (...) of softmax(output) over (..., V), nats: log Z - sum of w log w / Z, where w = exp(output - its
    maximum) and Z = sum of w. Half the exponentials that its definition takes, and a tenth of its error."""
    log_weight = (output - output.amax(-1, keepdim=True)).clamp_(min=NOTHING)
    weight = log_weight.exp()
    total = weight.sum(-1)
    return total.log() - weight.mul_(log_weight).sum(-1) / total


PARAMETRISATIONS: dict[Noise, dict[ParametrisationName, type[Parametrisation]]] = {
    "absorb": {"posterior": Posterior, "log_score": AbsorbingLogScore},
    "uniform": {"leave_one_out": LeaveOneOut, "log_score": UniformLogScore},
}
"""What each kind of noise can be learned by, the best first."""
