"""Draws the pictures of a page of measurements."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from engine.language.domains.images import SIDE, picture
from engine.language.domains.molecules import canonical
from scripts.measured import Command, Found, Kind, Records, Section
from scripts.picture_style import STYLE
from scripts.results_figures import drawn, of_real_text
from scripts.results_plan import NOT_ANNEALED

LETTERS = 10
"""Letters in a line where a string that is no molecule stands for its picture."""
WINDOW = 9
"""Bases over which a curve by position is smoothed."""


def draw(section: Section, found: Found, folder: Path) -> None:
    """Draws the picture of a section into `folder` if it has one and what it needs was measured."""
    commands = [command for command in section.commands if command in found]
    if not section.picture or not commands:
        return
    mpl.use("Agg")
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        figure = DRAWINGS[section.kind](found, commands)
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(folder / section.picture)
        plt.close(figure)


def budgets(found: Found, commands: Sequence[Command]) -> Figure:
    """Perplexity, entropy and seconds against steps, one line a sampler, the baseline dashed."""
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.6))
    panels = (
        ("perplexity_by_token", "generative perplexity", "log"),
        ("entropy", "entropy of a sample, nats", "linear"),
        ("seconds", "seconds a sample", "log"),
    )
    for axis, (name, title, scale) in zip(axes, panels, strict=True):
        for command in commands:
            budget_line(axis, command, found[command], name)
        axis.set(xscale="log", yscale=scale, title=title, xlabel="steps")
    axes[-1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    figure.tight_layout()
    return figure


def budget_line(axis: Axes, command: Command, records: Records, name: str) -> None:
    """One sampler's figures with error bars; a row without steps is a line across, dotted if it is not as drawn."""
    real = of_real_text([records])
    if real is not None and name in real:
        axis.axhline(real[name], color="0.6", linestyle="-", label="the test stories")
    if "steps" not in records[0]:
        line = "--" if command.label == NOT_ANNEALED else ":"
        axis.axhline(records[0][name], color="0.4", linestyle=line, label=command.label)
        return
    records = drawn(records)
    errors = [record.get(f"{name}_error") or math.nan for record in records]
    values = [record[name] for record in records]
    style = "o-" if command.label.startswith("absorb") else "s--"
    axis.errorbar([record["steps"] for record in records], values, errors, fmt=style, ms=3, label=command.label)


def curves(found: Found, commands: Sequence[Command]) -> Figure:
    """Each figure by position: samples in colour over the data in grey, both smoothed."""
    shown: Mapping[str, Any] = found[commands[0]][0]["curves"]
    figure, axes = plt.subplots(1, len(shown), figsize=(2.6 * len(shown), 2.6), squeeze=False)
    for axis, (name, curve) in zip(axes[0], shown.items(), strict=True):
        axis.plot(smooth(curve["data"]), color="0.6", linewidth=3, label="data")
        axis.plot(smooth(curve["values"]), color="C0", linewidth=1, label="samples")
        axis.set(title=name, xlabel="position")
    axes[0, 0].legend()
    figure.tight_layout()
    return figure


def smooth(values: Sequence[float]) -> np.ndarray:
    """The mean over a window of neighbouring positions, NaN where the window is not whole."""
    kernel, side = np.full(WINDOW, 1 / WINDOW), WINDOW // 2
    inner: np.ndarray = np.convolve(values, kernel, "valid")
    return np.pad(inner, side, constant_values=math.nan)


def gallery(found: Found, commands: Sequence[Command]) -> Figure:
    """A row of pictures, ten wide, for each command's samples."""
    texts = [record["text"] for command in commands for record in found[command]]
    paint = digit if len(texts[0]) == SIDE * SIDE else molecule
    rows, wide = -(-len(texts) // 10), min(10, len(texts))
    figure, axes = plt.subplots(rows, wide, figsize=(wide * 1.1, rows * 1.1), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, text in zip(axes.flat, texts, strict=False):
        paint(axis, text)
    return figure


def digit(axis: Axes, text: str) -> None:
    """A picture of grey levels."""
    axis.imshow(picture(text), cmap="gray_r", vmin=0, vmax=16)


def molecule(axis: Axes, text: str) -> None:
    """A structure, or the string where it is no molecule."""
    from rdkit import Chem
    from rdkit.Chem.Draw import rdMolDraw2D

    name = canonical(text)
    if name is None:
        string = "\n".join(textwrap.wrap(text.split("<", maxsplit=1)[0], LETTERS))
        axis.text(0.5, 0.5, string, ha="center", va="center", fontsize=7, color="C3")
        return
    drawer = rdMolDraw2D.MolDraw2DCairo(300, 300)
    drawer.DrawMolecule(Chem.MolFromSmiles(name))
    drawer.FinishDrawing()
    axis.imshow(plt.imread(io.BytesIO(drawer.GetDrawingText())))


DRAWINGS: dict[Kind, Callable[[Found, Sequence[Command]], Figure]] = {
    "budgets": budgets,
    "domain": curves,
    "gallery": gallery,
}
