"""Draws the pictures of docs/science.md from the toy worlds: `python -m scripts.science_pictures [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import pyplot as plt

from engine.cli.verify import LockRow, lock_rows
from engine.exact.sampler_law import exact_law, total_variation
from engine.exact.toy import ToyWorld, diffusion
from engine.protocol import FREE, Noise
from engine.samplers import sampler_named
from scripts.picture_style import STYLE

FOLDER = Path(__file__).parent.parent / "docs" / "images"
NOISES: tuple[Noise, ...] = ("absorb", "uniform")


def main(folder: Path = FOLDER) -> None:
    """Draws all of them into `folder`."""
    mpl.use("Agg")
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        draw_noise(folder / "toy-noise.png")
        draw_convergence(folder / "toy-convergence.png")
        draw_locks(folder / "toy-locks.png")


def draw_noise(path: Path) -> None:
    """The probability of every sequence of two tokens as noise grows."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharex=True)
    sigma = torch.logspace(-2, 1, 120, dtype=torch.float64)
    for axis, noise in zip(axes, NOISES, strict=True):
        world = ToyWorld.random(noise, 2, 2, 0.5, seed=7)
        tables = world.marginal(sigma).flatten(1)
        letters, colours = "AB·", {"AA": "C0", "AB": "C1", "BA": "C2", "BB": "C3"}
        for column, sequence in zip(tables.T, world.sequences(), strict=True):
            name = "".join(letters[token] for token in sequence)
            axis.plot(sigma, column, lw=1.8, label=name, c=colours.get(name), ls="--" if "·" in name else "-")
        axis.set_xscale("log")
        axis.set_xlabel("noise sigma")
        axis.set_title("absorbing noise: all ends masked (·)" if noise == "absorb" else "uniform noise: all ends alike")
        axis.legend(ncol=2, fontsize=8)
    axes[0].set_ylabel("p of the noised pair")
    figure.savefig(path)
    plt.close(figure)


def draw_convergence(path: Path) -> None:
    """Distance from the truth against network calls."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
    names: dict[Noise, tuple[str, ...]] = {
        "absorb": ("tweedie", "tau-leaping", "trapezoidal", "confidence", "remask"),
        "uniform": ("tweedie", "tau-leaping", "trapezoidal", "euler"),
    }
    for axis, noise in zip(axes, NOISES, strict=True):
        world = ToyWorld.random(noise, 2, 2, 20.0, seed=7)
        if noise == "absorb":
            world = ToyWorld.random(noise, 2, 3, 20.0, seed=7)
        model = diffusion(world, geometric=noise == "uniform")
        for name in names[noise]:
            stages = 2 if name == "trapezoidal" else 1
            steps = [n for n in (2, 4, 8, 16, 32, 64) if n * stages <= 64]
            free = np.full(world.length, FREE)
            law = [exact_law(model, sampler_named(name, noise), n, free) for n in steps]
            errors = [total_variation(one, world.joint) for one in law]
            axis.loglog([n * stages for n in steps], errors, marker="o", ms=3.5, lw=1.5, label=name)
        axis.set_xscale("log", base=2)
        axis.set_xticks([2, 4, 8, 16, 32, 64], labels=["2", "4", "8", "16", "32", "64"])
        axis.set_xticks([], minor=True)
        axis.set_xlabel("network calls, at most")
        axis.set_title(f"{noise} noise, smooth data")
        axis.legend(fontsize=8)
    axes[0].set_ylabel("total variation from the truth")
    figure.savefig(path)
    plt.close(figure)


def draw_locks(path: Path) -> None:
    """What each way to honour a lock gives under uniform noise, at equal calls."""
    rows = [row for row in lock_rows(24, 4000) if row.noise == "uniform"]
    locks = list(dict.fromkeys(row.lock for row in rows))
    figure, axes = plt.subplots(1, len(locks), figsize=(9, 2.8), sharex=True)
    for axis, lock in zip(axes, locks, strict=True):
        here: list[LockRow] = [row for row in rows if row.lock == lock][::-1]
        axis.barh([f"{row.method} ({row.calls})" for row in here], [row.distance for row in here], color="#4477aa")
        axis.set_xscale("log")
        axis.set_title(f"locked token: {lock}")
        axis.set_xlabel("total variation")
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
