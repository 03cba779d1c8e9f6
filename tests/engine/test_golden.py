"""Every number that the authors' implementation gives for three small checkpoints (float32, CPU).

An entry must agree to 1e-4 of itself, or to 1e-6 of the largest entry of its tensor: in float32 a difference of
two numbers is known to some 1e-7 of the larger one only, and the steps are sums of such differences.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.checkpoints import build
from engine.diffusion import Diffusion
from engine.graphs import reverse_rate
from engine.samplers.analytic import Analytic, denoise
from engine.samplers.euler import Euler
from engine.schedules import Geometric, LogLinear, Schedule

GOLDEN = Path(__file__).parent.parent / "golden"
MODELS = ["absorb-loglinear", "uniform-geometric", "absorb-training-run"]
STEP = 0.02


class Golden:
    """One checkpoint with what was computed for it."""

    def __init__(self, name: str) -> None:
        self.diffusion: Diffusion = build(GOLDEN / name)[0]
        self.diffusion.network.eval()
        self.expected = load_file(GOLDEN / name / "expected.safetensors")
        self.x, self.clean, self.t = (self.expected[f"in.{key}"] for key in ("x", "x0", "t"))
        self.sigma = self.diffusion.schedule(self.t).total
        self.score = self.expected["model.log_score"].exp()

    def check(self, key: str, got: Tensor) -> None:
        expected = self.expected[key]
        assert got.shape == expected.shape
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-6 * float(expected.abs().max()), check_dtype=False)


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
    golden.check("model.log_score", golden.diffusion.log_score(golden.x, golden.sigma))


@torch.no_grad()
def test_network_through_rows(golden: Golden) -> None:
    features = golden.diffusion.features(golden.x, golden.sigma)
    rows = golden.diffusion.log_score_rows(features, golden.sigma[:, None].expand(golden.x.shape), golden.x)
    golden.check("model.log_score", rows)


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
    golden.check("graph.transp_transition", graph.transp_transition(golden.x, golden.sigma))


def test_staggered_score(golden: Golden) -> None:
    d = golden.sigma - golden.diffusion.schedule(golden.t - STEP).total
    golden.check("graph.staggered_score", golden.diffusion.graph.staggered_score(golden.score, d))


@pytest.mark.parametrize(("key", "sampler"), [("step.euler", Euler()), ("step.analytic", Analytic())])
def test_steps(golden: Golden, key: str, sampler: Euler | Analytic) -> None:
    graph, schedule = golden.diffusion.graph, golden.diffusion.schedule
    golden.check(key, sampler.probabilities(graph, schedule, golden.score, golden.x, golden.t, golden.t - STEP))


def test_last_denoising_step(golden: Golden) -> None:
    golden.check("step.denoise", denoise(golden.diffusion.graph, golden.score, golden.x, golden.sigma))
