"""The work behind `sedd verify`: every sampler against the truth on a world that is known exactly.

Distances are total variations. Laws are computed by following every choice of the sampling code
(`engine.exact.sampler_law`), so they carry no sampling error; samplers in continuous time and
particles are sampled, and the distance that an exact sampler would show stands beside theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from rich import box
from rich.table import Table

from engine.cli.output import Output
from engine.exact.sampler_law import exact_law, expected_distance, sampled_law, total_variation
from engine.exact.toy import GEOMETRIC, ToyWorld, diffusion
from engine.plain_text import plain_line
from engine.protocol import FREE, Noise, UserError
from engine.protocol.sampler_table import SAMPLERS, SamplerInfo
from engine.samplers import sampler_named
from engine.samplers.locking import METHODS, Particles
from engine.samplers.loop import Plan
from engine.samplers.protocols import LockMethod
from engine.theory.conditioning import Locks

SAMPLES = 200_000
WIDE = 240
"""Characters: rows of Markdown may not be broken."""
LENGTHS: dict[Noise, int] = {"absorb": 3, "uniform": 2}
SLOW = {
    ("first-hitting", "absorb"): 2,
    ("trapezoidal", "uniform"): 4,
    ("gibbs", "uniform"): 4,
    ("trapezoidal", "absorb"): 4,
}
"""How many of the numbers of steps are affordable where a step can go very many ways."""
DATA = {"peaked": 0.5, "smooth": 20.0}
"""Concentrations of the Dirichlet law from which the worlds are drawn."""


@dataclass(frozen=True)
class Row:
    """A sampler's distances from the truth at numbers of steps that double."""

    sampler: str
    noise: str
    data: str
    error: str
    distances: dict[int, float]
    sampled: str = ""

    @property
    def ratio(self) -> float:
        """How much the last doubling of the steps gained; NaN where nothing is left to gain."""
        values = list(self.distances.values())
        return values[-2] / values[-1] if len(values) > 1 and values[-1] > 1e-12 else float("nan")


@dataclass(frozen=True)
class LockRow:
    """A way to honour a locked token: its distance from the true conditional, and its network calls."""

    noise: str
    lock: str
    method: str
    steps: int
    calls: int
    distance: float
    sampled: str = ""


def verify_samplers(quick: bool, output: Output, only: str = "") -> None:
    """Prints the tables of samplers and of locked tokens, or the rows of one sampler; a UserError if there is none of
    that name."""
    named = [row for row in SAMPLERS if only in ("", row.name)]
    if not named:
        raise UserError(f"There is no sampler called {plain_line(only)}; choose one that sedd samplers lists.")
    steps = (2, 4, 8) if quick else (2, 4, 8, 16, 32)
    samples = SAMPLES // 20 if quick else SAMPLES
    rows = list(output.follow(sampler_rows(named, steps, samples), "samplers"))
    locked = [] if only else list(output.follow(lock_rows(24 if quick else 60, samples // 10), "locks"))
    for row in (*rows, *locked):
        output.record(**vars(row))
    output.line(
        "Total variation from the truth, free generation of 3 tokens (uniform noise: 2) out of 3 values.", "bold"
    )
    output.table(sampler_table(rows, steps), WIDE)
    if not locked:
        return
    output.line("Total variation from the true conditional, 1 of 3 tokens locked, at equal network calls.", "bold")
    output.table(lock_table(locked), WIDE)


def sampler_rows(named: Iterable[SamplerInfo], steps: tuple[int, ...], samples: int) -> Iterator[Row]:
    """A row for each of these samplers, noise type that it claims, and kind of data."""
    for row in named:
        for noise in row.noises:
            for data, concentration in DATA.items():
                world = ToyWorld.random(noise, 3, LENGTHS[noise], concentration, seed=7)
                yield sampler_row(row, noise, data, world, steps, samples)


def sampler_row(
    info: SamplerInfo, noise: Noise, data: str, world: ToyWorld, steps: tuple[int, ...], samples: int
) -> Row:
    """The distances of one sampler."""
    model = diffusion(world, geometric=GEOMETRIC[noise])
    free = np.full(world.length, FREE)
    sampler = sampler_named(info.name, noise)
    if info.name == "uniformization":
        plan = Plan(Locks.of(free, model.vocabulary, world.length), samples, steps=1)
        distance = total_variation(sampled_law(model, sampler, plan, seed=0), world.joint)
        return Row(info.name, noise, data, info.accuracy, {1: distance}, interval(world.joint, samples))
    affordable = steps[: SLOW.get((info.name, noise), len(steps))]
    distances = {n: total_variation(exact_law(model, sampler, n, free), world.joint) for n in affordable}
    return Row(info.name, noise, data, info.accuracy, distances)


def lock_rows(calls: int, samples: int) -> Iterator[LockRow]:
    """Every method for a common and for a rare locked token, at about `calls` network calls."""
    absorbing = ToyWorld.random("absorb", 3, 3, 0.3, seed=11)
    uniform = ToyWorld.random("uniform", 3, 3, 0.3, seed=11)
    for lock, token in (("common", 0), ("rare", 1)):
        request = np.array([FREE, token, FREE])
        share = f"{lock}, p = {float(absorbing.joint[:, token].sum()):.2f}"
        law = exact_law(diffusion(absorbing), sampler_named("first-hitting", "absorb"), 1, request)
        yield LockRow("absorb", share, "clamp", 1, 2, total_variation(law, given(absorbing, request)))
        for method, steps in (("clamp", calls), ("gibbs", calls // 3)):
            yield uniform_row(uniform, share, method, METHODS[method], steps, request)
        yield uniform_row(uniform, share, "marked in training", METHODS["clamp"], calls, request)
        for particles in (4, 15):
            yield particle_row(uniform, share, particles, max(1, calls // particles), request, samples)


def given(world: ToyWorld, request: np.ndarray) -> torch.Tensor:
    """The true law given the locked tokens of a request."""
    return world.condition(torch.from_numpy(request)).joint


def uniform_row(world: ToyWorld, lock: str, name: str, method: LockMethod, steps: int, request: np.ndarray) -> LockRow:
    """One method under uniform noise, its law exact; Tweedie steps."""
    model = diffusion(world, marks_locks=name.startswith("marked"), geometric=True)
    law = exact_law(model, sampler_named("tweedie", "uniform"), steps, request, method)
    calls = 3 * steps - 2 if name == "gibbs" else steps
    return LockRow("uniform", lock, name, steps, calls, total_variation(law, given(world, request)))


def particle_row(world: ToyWorld, lock: str, particles: int, steps: int, request: np.ndarray, samples: int) -> LockRow:
    """Particles, sampled."""
    plan = Plan(Locks.of(request, 3, 3), samples, steps)
    sampler = sampler_named("tweedie", "uniform")
    law = sampled_law(diffusion(world, geometric=True), sampler, plan, 0, Particles(particles))
    truth = given(world, request)
    figures = steps, particles * steps, total_variation(law, truth), interval(truth, samples)
    return LockRow("uniform", lock, f"{particles} particles", *figures)


def interval(law: torch.Tensor, samples: int) -> str:
    """What an exact sampler would show."""
    mean, deviation = expected_distance(law, samples)
    return f"sampled {samples:,} times; exact would show {mean:.4f}, at most {mean + 2 * deviation:.4f}"


def sampler_table(rows: list[Row], steps: tuple[int, ...]) -> Table:
    """Distances by numbers of steps."""
    table = Table("sampler", "noise", "data", *(f"N={n}" for n in steps), "last ratio", "claim", box=box.MARKDOWN)
    for row in rows:
        if row.sampled:
            cells = [f"{next(iter(row.distances.values())):.4f}"] + [""] * (len(steps) - 1)
        else:
            cells = [f"{row.distances[n]:.1e}" if n in row.distances else "" for n in steps]
        ratio = "" if np.isnan(row.ratio) else f"{row.ratio:.2f}"
        claim = row.error + (f" ({row.sampled})" if row.sampled else "")
        table.add_row(row.sampler, row.noise, row.data, *cells, ratio, claim)
    return table


def lock_table(rows: list[LockRow]) -> Table:
    """Distances by method."""
    table = Table("noise", "locked token", "method", "steps", "calls", "distance", "", box=box.MARKDOWN)
    for row in rows:
        cells = str(row.steps), str(row.calls), f"{row.distance:.1e}", row.sampled
        table.add_row(row.noise, row.lock, row.method, *cells)
    return table
