"""The rule of the noise: dp/dsigma = Q p, so that p_sigma = exp(sigma Q) p_0. Columns of Q sum up to 0."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch

from engine.plain_text import plain_line
from engine.protocol import UserError
from engine.protocol.lessons import SIGMAS, numbers
from engine.protocol.lessons.lesson import Numbers
from engine.protocol.lessons.rule import FASTEST, MOST_TOKENS, RATES, RuleFigure, RuleLesson, notch_of
from engine.protocol.lessons.worlds import LONGEST_WORD
from engine.stopping import look

LONG = 1e4
"""Noise after which nothing changes any more at the slowest of `RATES`."""


def figures(lesson: RuleLesson) -> Iterator[RuleFigure]:
    """The one figure of a lesson."""
    _check(lesson)
    rates = mended(np.array(lesson.rates, dtype=np.float64))
    rules, sums = zip(*(edited(rates, lesson.edited, number) for number in range(len(RATES))), strict=True)
    rule, law = np.array(rules), []
    for each in rule:
        look()
        law.append(torch.linalg.matrix_exp(torch.from_numpy(SIGMAS[:, None, None] * each)).numpy())
    limit = torch.linalg.matrix_exp(LONG * torch.from_numpy(rule)).numpy()
    yield RuleFigure(lesson.names, SIGMAS, numbers(rule), numbers(law), numbers(limit), numbers(sums))


def mended(rates: Numbers) -> Numbers:
    """The same with a diagonal that makes every column sum up to 0."""
    off = rates * (1 - np.eye(len(rates)))
    return numbers(off - np.diag(off.sum(0)))


def edited(rates: Numbers, entry: tuple[int, int], number: int) -> tuple[Numbers, float]:
    """Q with one entry made another rate, and what had to be added to the rest of its column. As it was, where the
    rate is the one that stands for it already."""
    row, column = entry
    if notch_of(rates[row, column]) == number:
        return rates, 0.0
    new, rate = rates.copy(), float(RATES[number])
    if row != column:
        new[row, column] = rate
        made = mended(new)
        return made, float(made[column, column] - rates[column, column])
    others, before = np.delete(np.arange(len(rates)), row), -float(rates[row, row])
    new[others, column] = rates[others, column] * rate / before if before > 0 else rate / len(others)
    return mended(new), rate - before


def _check(lesson: RuleLesson) -> None:
    size = len(lesson.names)
    if not 2 <= size <= MOST_TOKENS or len(set(lesson.names)) < size:
        raise UserError(f"A rule is for 2 to {MOST_TOKENS} tokens, all different; name so many.")
    if any(not name or len(name) > LONGEST_WORD or plain_line(name) != name for name in lesson.names):
        raise UserError(f"A token has from 1 to {LONGEST_WORD} plain characters; choose another name.")
    if len(lesson.rates) != size or any(len(row) != size for row in lesson.rates):
        raise UserError(f"A rule for {size} tokens has {size} rows of {size} rates; give so many.")
    for to, row in enumerate(lesson.rates):
        for origin, rate in enumerate(row):
            if to != origin and not (math.isfinite(rate) and 0 <= rate <= FASTEST):
                raise UserError(f"A rate between tokens must be a number from 0 to {FASTEST:g}; mend the rule.")
    if not all(0 <= place < size for place in lesson.edited):
        raise UserError("There is no such entry in the rule; choose a row and a column of it.")
