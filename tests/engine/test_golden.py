"""Every number that the authors' implementation gives for three small checkpoints (float32, CPU).

Every tensor must agree to 1e-4 of its largest entry, and every entry to 1e-4 of itself, with two exceptions:

- Sums whose terms cancel (scores near 0, staggered scores and the steps made of them) are known in float32 to some
  1e-7 of the terms, whoever computes them. They must agree to 1e-6 of the terms' size, which is stated entry by
  entry. Five or fewer entries a tensor of thousands need it, but for eight scores near 0.
- Uniform noise at small sigma: the reference forms 1 - exp(-sigma) in float32, and loses its digits at the first
  sequence's sigma = 1.4e-4, 2e-4 of every entry off the diagonal. Where the reference is off, the entry must agree
  to 1e-4 with an evaluation in float64 by a general matrix exponential of Q.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.models.loading import build
from engine.samplers.analytic import denoise, tweedie
from engine.samplers.euler import euler
from engine.theory.diffusion import Diffusion
from engine.theory.graphs import reverse_rate
from engine.theory.schedules import Geometric, LogLinear, Schedule

GOLDEN = Path(__file__).parent.parent / "golden"
MODELS = ["absorb-loglinear", "uniform-geometric", "absorb-training-run"]
STEP = 0.02
RELATIVE = 1e-4
COMPARED = {
    *("noise.sigma", "noise.dsigma", "model.log_score", "loss.score_entropy", "loss.dwdse"),
    *("graph.rate", "graph.transp_rate", "graph.reverse_rate", "graph.transp_transition", "graph.staggered_score"),
    *("step.euler", "step.analytic", "step.denoise"),
    *(f"schedule.{name}.{value}" for name in ("loglinear", "geometric") for value in ("total", "rate")),
}


class Golden:
    """One checkpoint with what was computed for it."""

    def __init__(self, name: str) -> None:
        self.diffusion: Diffusion = build(GOLDEN / name)[0]
        self.diffusion.network.eval()
        self.expected = load_file(GOLDEN / name / "expected.safetensors")
        self.x, self.clean, self.t = (self.expected[f"in.{key}"] for key in ("x", "x0", "t"))
        self.sigma = self.diffusion.schedule(self.t).total
        self.score = self.expected["model.log_score"].exp()
        self.d = self.sigma - self.diffusion.schedule(self.t - STEP).total

    def check(self, key: str, got: Tensor, exact: Tensor | None = None, terms: Tensor | float = 0.0) -> None:
        """`exact` is the entry in float64, `terms` the size of the terms that cancel in it."""
        expected, got = self.expected[key].double(), got.double()
        assert got.shape == expected.shape
        error = (got - expected).abs()
        assert error.max() <= RELATIVE * expected.abs().max()
        good = (error <= RELATIVE * expected.abs()) | (error <= 1e-6 * terms)
        if exact is not None:
            good |= (got - exact).abs() <= RELATIVE * exact.abs()
        assert good.all(), f"{key} differs at {(~good).nonzero()[:3].tolist()}"

    def transition(self, sigma: Tensor) -> Tensor:
        """exp(sigma Q) (B, V, V) in float64, column convention, for sigma (B,) of either sign."""
        states = torch.arange(self.diffusion.graph.states)
        columns = torch.eye(len(states), dtype=torch.float64)
        target = columns[self.diffusion.graph.mask] if self.diffusion.graph.mask is not None else 1 / len(states)
        generator = (target - columns).T  # its column x is the target of a jump minus x itself
        exponential: Tensor = torch.linalg.matrix_exp(sigma.double()[:, None, None] * generator)
        return exponential

    def row(self, sigma: Tensor) -> Tensor:
        """The rows of exp(sigma Q) at x, (B, L, V)."""
        return torch.stack([matrix[x] for matrix, x in zip(self.transition(sigma), self.x, strict=True)])

    def staggered(self, d: Tensor) -> tuple[Tensor, Tensor]:
        """exp(-d Q) score (B, L, V) in float64, and the size of the terms that it sums."""
        matrix, score = self.transition(-d), self.score.double()
        return score @ matrix.mT, score @ matrix.abs().mT


@pytest.fixture(scope="module", params=MODELS)
def golden(request: pytest.FixtureRequest) -> Golden:
    return Golden(request.param)


def test_schedule_at_the_times_of_the_batch(golden: Golden) -> None:
    noise = golden.diffusion.schedule(golden.t)
    golden.check("noise.sigma", noise.total)
    golden.check("noise.dsigma", noise.rate)


@pytest.mark.parametrize(("name", "schedule"), [("loglinear", LogLinear()), ("geometric", Geometric())])
def test_schedules_on_a_grid(golden: Golden, name: str, schedule: Schedule) -> None:
    noise = schedule(golden.expected[f"schedule.{name}.t"])
    golden.check(f"schedule.{name}.total", noise.total)
    golden.check(f"schedule.{name}.rate", noise.rate)


@torch.no_grad()
def test_network(golden: Golden) -> None:
    log_score = golden.diffusion.log_score(golden.x, golden.sigma)
    golden.check("model.log_score", log_score, terms=float(log_score.abs().max()))


@torch.no_grad()
def test_network_through_rows(golden: Golden) -> None:
    features = golden.diffusion.features(golden.x, golden.sigma)
    rows = golden.diffusion.log_score_rows(features, golden.sigma[:, None].expand(golden.x.shape), golden.x)
    golden.check("model.log_score", rows, terms=float(rows.abs().max()))


@torch.no_grad()
def test_score_entropy(golden: Golden) -> None:
    entropy = golden.diffusion.score_entropy(golden.x, golden.sigma, golden.clean)
    golden.check("loss.score_entropy", entropy)
    golden.check("loss.dwdse", golden.diffusion.schedule(golden.t).rate * entropy.sum(-1))


def test_rates(golden: Golden) -> None:
    graph = golden.diffusion.graph
    golden.check("graph.rate", graph.rate(golden.x))
    golden.check("graph.transp_rate", graph.transp_rate(golden.x))
    golden.check("graph.reverse_rate", reverse_rate(graph, golden.x, golden.score))
    transition = graph.transp_transition(golden.x, golden.sigma)
    golden.check("graph.transp_transition", transition, exact=golden.row(golden.sigma))


def test_staggered_score(golden: Golden) -> None:
    exact, terms = golden.staggered(golden.d)
    golden.check("graph.staggered_score", golden.diffusion.graph.staggered_score(golden.score, golden.d), exact, terms)


def test_euler_step(golden: Golden) -> None:
    graph, schedule = golden.diffusion.graph, golden.diffusion.schedule
    law = euler(graph, golden.score, golden.x, schedule(golden.t).rate * STEP)
    golden.check("step.euler", law)


def test_analytic_step(golden: Golden) -> None:
    graph, schedule = golden.diffusion.graph, golden.diffusion.schedule
    law = tweedie(graph, golden.score, golden.x, schedule(golden.t).total - schedule(golden.t - STEP).total)
    (exact, terms), row = golden.staggered(golden.d), golden.row(golden.d)
    golden.check("step.analytic", law, exact * row, terms * row)


def test_last_denoising_step(golden: Golden) -> None:
    law = denoise(golden.diffusion.graph, golden.score, golden.x, golden.sigma)
    (exact, terms), row = golden.staggered(golden.sigma), golden.row(golden.sigma)
    clean = slice(golden.diffusion.vocabulary)
    golden.check("step.denoise", law, (exact * row)[..., clean], (terms * row)[..., clean])


def test_every_number_of_the_reference_is_compared(golden: Golden) -> None:
    """Inputs apart, the file holds what the tests above name and nothing else."""
    inputs = {"in.x0", "in.x", "in.t", "schedule.loglinear.t", "schedule.geometric.t"}
    assert golden.expected.keys() - inputs == COMPARED
