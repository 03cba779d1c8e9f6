"""A score network, a graph, a schedule and a parametrisation: a model of sequences by score-entropy discrete diffusion.

The concrete score at noise sigma is s_i(x)_y = p_sigma(x with x_i = y) / p_sigma(x); the network gives log s, or what
it can be had from (`parametrisations`). Tokens are (B, L) int64, noise levels (B,), scores (B, L, V) over the graph's
V states; "rows" (R, V) are single positions picked from them. Everything that is computed from the network's output
has the output's precision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.protocol import Noise
from engine.theory.framing import UNFRAMED, Framing
from engine.theory.graphs import Absorbing, Graph, Uniform
from engine.theory.mixed import Mixed, Mixing, PlugIn
from engine.theory.network import Features, Network, NetworkConfig
from engine.theory.parametrisations import PARAMETRISATIONS, Parametrisation, ParametrisationName
from engine.theory.schedules import Geometric, LogLinear, Schedule

ScheduleName = Literal["loglinear", "geometric", "mixing"]


@dataclass(frozen=True)
class DiffusionConfig:
    """All that decides a model but its weights.

    `time_free` feeds the network sigma = 0 always: under absorbing noise the posterior of a masked token does not
    depend on the time, so locked tokens never put the network at a noise level it has not seen. `log_sigma` feeds it
    log sigma: the noise embedding cannot tell small levels apart otherwise, and under uniform noise they matter.
    `p_uniform` is the share of uniform noise where it is mixed with masks. `padding` counts clean tokens that the
    network was trained with and that were cut off since, as `engine.models.padding` does. `framing` is what stands
    around a text before the network.
    """

    network: NetworkConfig
    noise: Noise = "absorb"
    schedule: ScheduleName = "loglinear"
    sigma_min: float = 1e-4
    sigma_max: float = 20.0
    eps: float = 1e-3
    parametrisation: ParametrisationName = "log_score"
    scale_by_sigma: bool = True
    time_free: bool = False
    log_sigma: bool = False
    padding: int = 0
    framing: Framing = UNFRAMED
    p_uniform: float = 0.0


READINGS: dict[Noise, dict[ParametrisationName, type[Parametrisation]]] = {
    **PARAMETRISATIONS,
    "mixed": {"plug_in": PlugIn},
}
"""How the output of a network may be read under each noise: what can be learned here, and what others have learned."""
SCHEDULES: dict[Noise, tuple[ScheduleName, ...]] = {
    "absorb": ("loglinear", "geometric"),
    "uniform": ("loglinear", "geometric"),
    "mixed": ("mixing",),
}
"""The schedules of each noise."""


GRAPH_OF: dict[Noise, Callable[[DiffusionConfig], Graph]] = {
    "absorb": lambda config: Absorbing.of_states(config.network.states),
    "uniform": lambda config: Uniform.of_states(config.network.states),
    "mixed": lambda config: Mixed(config.network.states - 1, Mixing(config.p_uniform, config.eps)),
}
"""The noising chain of a model, by its noise."""


def schedule_of(config: DiffusionConfig) -> Schedule:
    """How much noise there is at each time."""
    match config.schedule:
        case "loglinear":
            return LogLinear(config.eps)
        case "geometric":
            return Geometric(config.sigma_min, config.sigma_max)
        case "mixing":
            return Mixing(config.p_uniform, config.eps)


def parametrisation_of(config: DiffusionConfig, graph: Graph) -> Parametrisation:
    """How the network's output is read; a ValueError if the noise does not allow what is configured."""
    name = config.parametrisation
    if name not in READINGS[config.noise]:
        fits = ", ".join(noise for noise, known in READINGS.items() if name in known)
        raise ValueError(f"the {name} parametrisation is defined for {fits} noise only")
    return READINGS[config.noise][name](graph, config.scale_by_sigma, config.padding)


TOLD: dict[tuple[bool, bool], Callable[[Tensor], Tensor]] = {
    (False, False): lambda sigma: sigma,
    (False, True): torch.log,
    (True, False): torch.zeros_like,
    (True, True): torch.zeros_like,
}
"""What the network is told of a noise level, by `time_free` and `log_sigma`."""


class Diffusion:
    """The model, with fresh weights. It owns no randomness: whoever needs draws brings them.

    `network` and `graph` stand in for what the configuration would build, for worlds that are known exactly. An answer
    takes so many network `calls`.
    """

    def __init__(
        self, config: DiffusionConfig, network: Network | None = None, graph: Graph | None = None, calls: int = 1
    ) -> None:
        self.config, self.calls = config, calls
        self.graph: Graph = graph or GRAPH_OF[config.noise](config)
        self.parametrisation = parametrisation_of(config, self.graph)
        self.schedule = schedule_of(config)
        self.network = config.network.build() if network is None else network

    @property
    def device(self) -> torch.device:
        return self.network.device

    @property
    def vocabulary(self) -> int:
        """Number of clean tokens."""
        return self.graph.vocabulary

    @property
    def marks_locks(self) -> bool:
        """Whether the network is told which tokens are given."""
        return self.config.network.marks_locks

    @property
    def knows_locks(self) -> bool:
        """Whether it can tell a given token from a noised one that reads the same."""
        return self.graph.shows_noise or self.marks_locks

    def told(self, sigma: Tensor) -> Tensor:
        """What the network is told of noise levels sigma (B,)."""
        level = self.graph.widened(sigma, self.config.padding)
        return TOLD[self.config.time_free, self.config.log_sigma](self.graph.heard(level))

    @property
    def block_size(self) -> int:
        """Tokens that are written together, given the blocks of them before; 0 where all are."""
        return self.config.network.block_size

    def features(
        self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None, clean: Tensor | None = None
    ) -> Features:
        """The network's body on tokens (B, L) at noise sigma (B,): one network call.

        `locked` (B, L) bool, the given tokens, counts for a model that marks them. Where a model of whole records is
        given the beginning of one only, the rest of it is unknown. A model of blocks may be given the `clean` text
        (B, L), in which each block then sees those before: all blocks are asked in one call.
        """
        length = tokens.shape[1]
        if self.config.network.absolute_positions:
            tokens = self.graph.lengthened(tokens, self.config.network.length - length)
        given = None
        if locked is not None and self.marks_locks:
            given = F.pad(locked, (0, tokens.shape[1] - length))
        more = {} if clean is None or not self.block_size else {"clean": clean}
        body = partial(self.network.body, locked=given, **more)
        features = self.config.framing.read(body, tokens, self.told(sigma))
        return features._replace(hidden=features.hidden[:, :length])

    def output(self, features: Features) -> Tensor:
        """The network's head on features, (..., V), with what the model never writes ruled out."""
        return self.config.framing.restrict(self.network.head(features))

    def log_score_rows(self, features: Features, sigma: Tensor, own: Tensor) -> Tensor:
        """log s (R, V) of R positions: features of the rows, sigma (R,), own tokens (R,); 0 at the own token."""
        return self.parametrisation.log_score(self.output(features), sigma, own)

    def log_score(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Tensor:
        """log s (B, L, V) at tokens (B, L) and noise sigma (B,); 0 at the token itself. `locked` as in `features`."""
        if sigma.dim() != 1:
            raise ValueError(f"sigma must have shape (B,), not {tuple(sigma.shape)}")
        features = self.features(tokens, sigma, locked)
        return self.log_score_rows(features, sigma[:, None].expand(tokens.shape), tokens)

    def law_rows(self, features: Features, sigma: Tensor, own: Tensor) -> Tensor:
        """The law (R, vocabulary) of the clean token given all other positions; arguments as in `log_score_rows`.

        Under absorbing noise it is the posterior, and the position is masked.
        """
        return self.parametrisation.law(self.output(features), sigma, own)

    def log_law_rows(self, features: Features, sigma: Tensor, own: Tensor) -> Tensor:
        return self.parametrisation.log_law(self.output(features), sigma, own)

    def entropy_rows(self, features: Features, sigma: Tensor, own: Tensor) -> Tensor:
        """How unsure the model is of the clean token, (R,), nats; arguments as in `law_rows`."""
        return self.parametrisation.entropy(self.output(features), sigma, own)

    def score_entropy(self, tokens: Tensor, sigma: Tensor, clean: Tensor, locked: Tensor | None = None) -> Tensor:
        """Denoising score entropy (B, L) of tokens, noised from clean by sigma (B,); nats per unit of sigma.

        `locked` as in `features`; a locked position has no loss. Of a model of blocks it is that of each block given
        the clean ones before: the bound of the text is the sum of the blocks' bounds.
        """
        return self._losses(self.parametrisation.score_entropy, tokens, sigma, clean, locked)

    def cross_entropy(self, tokens: Tensor, sigma: Tensor, clean: Tensor, locked: Tensor | None = None) -> Tensor:
        """-log p(x0_i | x) (B, L) at the clean token, in nats; arguments as above. 0 where the token is known."""
        return self._losses(self.parametrisation.cross_entropy, tokens, sigma, clean, locked)

    def _losses(
        self,
        loss: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
        tokens: Tensor,
        sigma: Tensor,
        clean: Tensor,
        locked: Tensor | None,
    ) -> Tensor:
        """A loss of rows where tokens are unknown: the head, the wide last matrix, is needed there alone."""
        rows = places(self.graph.unknown(tokens, locked))  # before the network is called, while a GPU is idle
        output = self.output(pick(self.features(tokens, sigma, locked, clean), rows))
        level = sigma[:, None].expand(tokens.shape).flatten()[rows]
        return spread(loss(output, level, tokens.flatten()[rows], clean.flatten()[rows]), rows, tokens.shape)


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
