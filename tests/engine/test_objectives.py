"""The three objectives: they differ by constants, share their gradients, and lead to the true scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.exact.toy import ToyWorld
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.graphs import Graph
from engine.theory.network import NetworkConfig
from engine.training.learners import draw_times
from engine.training.objectives import draw_locks, implicit_by_one_target
from tests.engine.exact_objectives import denoising_score_entropy, implicit_score_entropy, outgoing, score_entropy
from tests.engine.general_graph import General
from tests.engine.truth import MarkovWorld

SIGMA = torch.tensor([0.7], dtype=torch.float64)
RING = torch.tensor([[-1.0, 0.3, 0.2], [0.7, -0.9, 0.5], [0.3, 0.6, -0.7]], dtype=torch.float64)
KINDS = ["absorb", "uniform", "ring"]


class Small:
    """A toy world at one noise level, enumerated: p(x), p(x | x0), the truth and a free table of scores."""

    def __init__(self, kind: str) -> None:
        joint = ToyWorld.random("uniform", 2, 2, 0.8, seed=3).joint
        graph: Graph = General(RING) if kind == "ring" else ToyWorld.random(kind, 2, 2, 0.8, seed=3).graph  # type: ignore[arg-type]
        self.world = ToyWorld(joint, graph)
        everything = self.world.sequences()
        law = self.world.marginal(SIGMA)[0]
        self.x = everything[law[tuple(everything.T)] > 0]
        self.p = law[tuple(self.x.T)]
        self.sigma = SIGMA.expand(len(self.x))
        self.truth = self.world.log_score(self.x, self.sigma)
        self.index = {tuple(row.tolist()): k for k, row in enumerate(self.x)}
        generator = torch.Generator().manual_seed(1)
        noise = torch.randn(self.truth.shape, generator=generator, dtype=torch.float64) * 0.5
        self.table = noise.scatter(-1, self.x[..., None], 0.0).requires_grad_()

    def lookup(self, tokens: Tensor, sigma: Tensor) -> Tensor:
        """The free table as a function; neighbours that no noise reaches read entry 0 and have no weight."""
        return self.table[[self.index.get(tuple(row.tolist()), 0) for row in tokens]]

    def explicit(self) -> Tensor:
        return self.p @ score_entropy(self.table, self.truth, self.world.graph, self.x)

    def implicit(self) -> Tensor:
        return self.p @ implicit_score_entropy(self.lookup, self.world.graph, self.x, self.sigma)

    def denoising(self) -> Tensor:
        total = torch.zeros((), dtype=torch.float64)
        for x0, p0, reach in self._starts():
            seen = reach > 0
            loss = denoising_score_entropy(
                self.table[seen], self.world.graph, self.x[seen], self.sigma[seen], x0.expand(int(seen.sum()), -1)
            )
            total = total + p0 * (reach[seen] @ loss)
        return total

    def _starts(self) -> list[tuple[Tensor, float, Tensor]]:
        matrix = self.world.transition_matrix(SIGMA)[0]
        starts = torch.cartesian_prod(torch.arange(2), torch.arange(2))
        return [
            (x0, float(self.world.joint[tuple(x0)]), matrix[self.x[:, 0], x0[0]] * matrix[self.x[:, 1], x0[1]])
            for x0 in starts
        ]

    def constants(self) -> tuple[float, float]:
        """SE - ISE and DSE - ISE, by K(r) = r (log r - 1) of the true and of the conditional ratios."""
        weights = outgoing(self.world.graph, self.x, torch.float64)
        true = torch.where(weights > 0, weights * (self.truth.exp() * (self.truth - 1)), 0.0).sum((-1, -2))
        matrix, total = self.world.transition_matrix(SIGMA)[0], 0.0
        for x0, p0, reach in self._starts():
            ratio = matrix[:, x0].T[None] / matrix[self.x, x0[None]][..., None]  # q(y | x0_i) / q(x_i | x0_i)
            k = torch.special.xlogy(ratio, ratio) - ratio
            inner = torch.where(weights > 0, weights * k, 0.0).sum((-1, -2))
            total += p0 * float((reach * torch.nan_to_num(inner))[reach > 0].sum())
        return float(self.p @ true), total


@pytest.mark.parametrize("kind", KINDS)
def test_the_objectives_differ_by_constants_that_are_known(kind: str) -> None:
    small = Small(kind)
    explicit, implicit, denoising = (
        float(loss().detach()) for loss in (small.explicit, small.implicit, small.denoising)
    )
    to_explicit, to_denoising = small.constants()
    assert explicit - implicit == pytest.approx(to_explicit, abs=1e-10)
    assert denoising - implicit == pytest.approx(to_denoising, abs=1e-10)
    assert explicit > 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_objectives_have_the_same_gradient(kind: str) -> None:
    small = Small(kind)
    gradients = [
        torch.autograd.grad(loss(), small.table)[0] for loss in (small.explicit, small.implicit, small.denoising)
    ]
    assert float(gradients[0].abs().max()) > 1e-3
    for other in gradients[1:]:
        torch.testing.assert_close(other, gradients[0], atol=1e-10, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("objective", ["explicit", "implicit", "denoising"])
def test_descending_any_objective_leads_to_the_true_scores(kind: str, objective: str) -> None:
    small = Small(kind)
    loss: Callable[[], Tensor] = getattr(small, objective)
    optimizer = torch.optim.LBFGS([small.table], lr=1, max_iter=400, tolerance_grad=1e-11, tolerance_change=0)

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    weights = outgoing(small.world.graph, small.x, torch.float64)
    counts = weights > 0
    torch.testing.assert_close(small.table.detach()[counts], small.truth[counts], atol=1e-4, rtol=0)
    assert float(small.explicit().detach()) == pytest.approx(0, abs=1e-8)


def network(kind: str, **config: object) -> Diffusion:
    torch.manual_seed(0)
    sizes = NetworkConfig(4 if kind == "absorb" else 3, 3, hidden=32, blocks=1, heads=2, cond_dim=16, dropout=0.0)
    model = Diffusion(DiffusionConfig(sizes, kind, **config))  # type: ignore[arg-type]
    for parameter in model.network.parameters():
        if parameter.abs().sum() == 0:
            torch.nn.init.normal_(parameter, std=0.05)
    return model


@pytest.mark.parametrize("parametrisation", ["posterior", "log_score"])
def test_one_target_is_an_unbiased_estimate_of_the_implicit_objective(parametrisation: str) -> None:
    model = network("absorb", parametrisation=parametrisation)
    x = torch.tensor([[0, 3, 2], [3, 3, 1], [3, 3, 3], [1, 0, 2]])
    sigma = torch.tensor([0.3, 0.8, 1.2, 0.5])
    choices = torch.rand(3000, 3, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        exact = implicit_score_entropy(model.log_score, model.graph, x, sigma)
        for row, level, truth in zip(x, sigma, exact, strict=True):
            drawn = implicit_by_one_target(model, row.expand(3000, -1), level.expand(3000), choices)
            assert abs(float(drawn.mean() - truth)) < 4 * float(drawn.std()) / 3000**0.5 + 1e-4


@pytest.mark.parametrize(
    ("kind", "objective", "config"),
    [
        ("absorb", "dse", {"parametrisation": "posterior", "time_free": True}),
        ("absorb", "dse", {"scale_by_sigma": True}),
        ("absorb", "ise", {"parametrisation": "posterior", "time_free": True}),
        ("uniform", "dse", {"parametrisation": "leave_one_out", "log_sigma": True}),
        ("uniform", "ce", {"parametrisation": "leave_one_out", "log_sigma": True}),
        ("uniform", "dse", {"scale_by_sigma": False}),
    ],
)
def test_a_trained_network_comes_close_to_the_true_scores(kind: str, objective: str, config: dict[str, object]) -> None:
    """Score entropy with the true ratios falls to a small part of what it was."""
    world = MarkovWorld.random(kind, 3, 3, 0.6, seed=1)  # type: ignore[arg-type]
    model = network(kind, **config)
    optimizer = torch.optim.AdamW(model.network.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(2)
    before = excess(model, world)
    for _ in range(250):
        clean = world.sample(128, generator)
        sigma = -torch.log1p(-torch.from_numpy(draw_times(128, "systematic", np.random.default_rng(1))) * 0.95)
        x = model.graph.perturb(clean, sigma, *(torch.rand(clean.shape, generator=generator) for _ in range(2)))
        if objective == "ise":
            loss = implicit_by_one_target(model, x, sigma, torch.rand(clean.shape, generator=generator))
        elif objective == "ce":
            loss = model.cross_entropy(x, sigma, clean).sum(-1) / torch.expm1(sigma)
        else:
            loss = model.score_entropy(x, sigma, clean).sum(-1)
        optimizer.zero_grad()
        (torch.expm1(sigma) * torch.exp(-sigma) * loss).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert excess(model, world) < 0.35 * before


@torch.no_grad()
def excess(model: Diffusion, world: MarkovWorld) -> float:
    """Score entropy with true ratios, averaged over noised sequences, weighted as in training."""
    generator = torch.Generator().manual_seed(5)
    clean = world.sample(400, generator)
    sigma = torch.rand(400, generator=generator) * 2 + 0.1
    x = model.graph.perturb(clean, sigma, *(torch.rand(clean.shape, generator=generator) for _ in range(2)))
    loss = score_entropy(model.log_score(x, sigma).double(), world.log_score(x, sigma.double()), model.graph, x)
    return float((torch.expm1(sigma) * torch.exp(-sigma) * loss).mean())


def test_training_with_a_token_held_clean_leads_to_the_exact_conditional_scores() -> None:
    """Enumerated: the optimum of the free position's objective is the score given the lock, not the plain one."""
    world = ToyWorld.random("uniform", 3, 2, 0.5, seed=3)
    x = world.sequences()
    sigma, locked = SIGMA.expand(len(x)), torch.tensor([True, False]).expand(len(x), -1)
    table = torch.zeros(len(x), 2, 3, dtype=torch.float64, requires_grad=True)
    reach = world.transition_matrix(SIGMA)[0][x[:, 1]]  # q(x_1 | x0_1), and x_0 = x0_0
    optimizer = torch.optim.LBFGS([table], lr=1, max_iter=400, tolerance_grad=1e-11, tolerance_change=0)

    def closure() -> Tensor:
        optimizer.zero_grad()
        total = torch.zeros((), dtype=torch.float64)
        for token in range(3):
            clean = torch.stack((x[:, 0], torch.full_like(x[:, 0], token)), dim=1)
            loss = world.graph.score_entropy(table.scatter(-1, x[..., None], 0.0), sigma, x, clean)[:, 1]
            total = total + (world.joint[clean[:, 0], clean[:, 1]] * reach[:, token]) @ loss
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    found = table.detach().scatter(-1, x[..., None], 0.0)[:, 1]
    torch.testing.assert_close(found, world.log_score(x, sigma, locked)[:, 1], atol=1e-4, rtol=0)
    assert float((found - world.log_score(x, sigma)[:, 1]).abs().max()) > 0.1


def test_systematic_times_lie_one_in_each_stratum_and_are_uniform() -> None:
    generator = np.random.default_rng(0)
    drawn = np.stack([draw_times(8, "systematic", generator) for _ in range(2000)])
    assert (np.sort((drawn * 8).astype(int), axis=1) == np.arange(8)).all()
    histogram, _ = np.histogram(drawn[:, 0], 10, (0, 1))
    assert float(((histogram - 200) ** 2 / 200).sum()) < 33.7  # 9 degrees of freedom, 1 in 10,000
    assert drawn.mean(1).std() < 0.5 * np.stack([draw_times(8, "iid", generator) for _ in range(2000)]).mean(1).std()


def test_locks_are_in_their_share_of_sequences_and_of_both_kinds() -> None:
    locked = draw_locks((4000, 32), 0.5, np.random.default_rng(0))
    some = locked.any(1)
    assert 0.44 < some.mean() < 0.5  # a few draw an empty part
    changes = (np.diff(locked[some].astype(int), axis=1) != 0).sum(1)
    assert 0.4 < (changes <= 2).mean() < 0.75  # a gap has two edges, scattered locks have many
    assert not draw_locks((50, 8), 0.0, np.random.default_rng(0)).any()
    assert 0.45 < locked[some].mean() < 0.56
