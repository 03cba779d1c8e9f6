"""What both the tables of the results page and its verdicts read off the figures of step budgets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from scripts.measured import Records


def drawn(records: Records) -> Records:
    """The records of step budgets among those of a command; the others are of real text."""
    return [record for record in records if "steps" in record]


def of_real_text(all_records: Iterable[Records]) -> Mapping[str, Any] | None:
    """What was measured of real text, if it was."""
    return next((record for records in all_records for record in records if "reference" in record), None)


def columns(records: Records, most_steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps, perplexities and their errors, (K,) each, of the budgets of at most so many steps."""
    part = [record for record in drawn(records) if record["steps"] <= most_steps]
    names = ("steps", "perplexity_by_token", "perplexity_by_token_error")
    steps, values, errors = (np.array([record[name] for record in part], float) for name in names)
    return steps, values, errors


def fitted_line(steps: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """The least-squares line of log values (K,) on log steps (K,): slope, and the share of the variance explained."""
    x, y = np.log(steps), np.log(values)
    slope, offset = np.polyfit(x, y, 1)
    return float(slope), float(1 - (y - slope * x - offset).var() / max(y.var(), 1e-12))


def line_above_floor(steps: np.ndarray, values: np.ndarray, errors: np.ndarray) -> tuple[float, float, float]:
    """A floor, and the line on which what is above it falls on log-log axes: values ~ floor + c steps^slope, (K,) each.

    By least squares in units of the errors. Gives the floor, the slope, and the share of the variance of log values
    that both together explain.
    """
    best = (math.inf, 0.0, np.zeros(2))
    for slope in np.linspace(-4, -0.2, 381):
        design = np.stack((np.ones_like(steps), steps**slope), axis=-1)
        parts, *_ = np.linalg.lstsq(design / errors[:, None], values / errors, rcond=None)
        misfit = float((((design @ parts - values) / errors) ** 2).sum())
        best = min(best, (misfit, float(slope), parts), key=lambda found: found[0])
    _, slope, (floor, scale) = best
    left = np.log(values) - np.log(np.maximum(floor + scale * steps**slope, 1e-12))
    return float(floor), slope, float(1 - left.var() / max(np.log(values).var(), 1e-12))


def rises(values: np.ndarray, errors: np.ndarray) -> bool:
    """Whether a value (K,) is above the one before it by more than two standard errors."""
    return bool((np.diff(values) > 2 * np.hypot(errors[1:], errors[:-1])).any())


def first_to_meet(records: Records, line: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The smallest budget whose perplexity is the baseline's, within one standard error of each; None if none is."""
    goal = line["perplexity_by_token"] + line["perplexity_by_token_error"]
    return next((r for r in drawn(records) if r["perplexity_by_token"] - r["perplexity_by_token_error"] <= goal), None)
