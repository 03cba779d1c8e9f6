"""The claims of the paper (Lou, Meng, Ermon, arXiv 2310.16834) beside what the results page measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scripts.measured import Command, Found, Records
from scripts.results_figures import columns, drawn, first_to_meet, fitted_line, line_above_floor, rises

LINE = 0.95
"""Points are on a line if it explains this share of their variance."""
LENGTH = 256
"""Calls that the baseline needs for a sample: one a token."""

Verdict = tuple[str, bool]


@dataclass(frozen=True)
class Claim:
    """What was claimed, the figure in the paper, whose records decide, and what they say."""

    text: str
    published: str
    needs: tuple[str, ...]
    decide: Callable[..., Verdict]


def near(exact: Records, bound: Records) -> Verdict:
    """The bound as a multiple of the exact perplexity, and what is left of it where several orders tighten it.

    What was claimed was claimed of the usual bound, which decides.
    """
    ratios = [record["perplexity"] / exact[0]["perplexity"] for record in bound]
    said = f"{ratios[0]:.2f} times it"
    if len(bound) > 1:
        said += f"; {ratios[-1]:.2f} by {bound[-1]['orders']} orders of a text"
    return said, ratios[0] <= 1.1


def lower(absorb: Records, uniform: Records) -> Verdict:
    """Bits a byte of both noise types."""
    ours, theirs = absorb[0]["bits_per_byte"], uniform[0]["bits_per_byte"]
    return f"{ours:.3f} against {theirs:.3f} bits a byte", ours < theirs


def on_a_line(samples: Records) -> Verdict:
    """Slope of log perplexity on log steps up to 256, what the line explains, and what it does above a floor."""
    steps, values, errors = columns(samples, LENGTH)
    slope, explained = fitted_line(steps, values)
    said = f"slope {slope:+.2f}, the line explains {explained:.0%}"
    if slope < 0 and explained >= LINE and not rises(values, errors):
        return said, True
    floor, slope, explained = line_above_floor(steps, values, errors)
    return f"{said}; above a floor of {floor:.1f} the slope is {slope:+.2f} and it explains {explained:.0%}", False


def better(line: Records, samples: Records) -> Verdict:
    """The best budget's perplexity as a multiple of the baseline's."""
    best = min(drawn(samples), key=lambda record: record["perplexity_by_token"])
    ratio = best["perplexity_by_token"] / line[0]["perplexity_by_token"]
    return f"{ratio:.2f} times the baseline's at {best['steps']} steps", ratio < 1


def fewer_calls(line: Records, samples: Records) -> Verdict:
    """The smallest budget whose perplexity is that of the baseline, within one standard error of each."""
    met = first_to_meet(samples, line[0])
    if met is not None:
        times = LENGTH / met["calls"]
        return f"met with {met['calls']:.0f} calls, {times:.1f} times fewer than one a token", times > 1
    return f"not met with up to {drawn(samples)[-1]['calls']:.0f} calls", False


def infills(rows: Records) -> Verdict:
    """The judge's perplexity of wholes: real ones, filled seeing both sides, and continued from the left; that decides,
    and what their right sides cost stands beside it."""
    _, filled, continued, *_ = rows
    ours, theirs = filled["perplexity_by_token"], continued["perplexity_by_token"]
    right = f"{filled['right_nats']:.2f} against {continued['right_nats']:.2f}"
    return f"{ours:.1f} against {theirs:.1f} left to right; right sides {right} nats a token", ours <= theirs


EXACT, BOUND, UNIFORM = "baseline stories-gpt", "score stories-absorb", "score stories-uniform"
LINE_ACROSS, SAMPLES, BEST, INFILLS = (
    "baseline stories-gpt, not annealed",
    "compare absorb, surest",
    "compare absorb, second look",
    "infilling stories-absorb",
)
"""Commands by what they do and their label."""

CLAIMS = (
    Claim("The bound is near an autoregressive model's perplexity", "within 10 %", (EXACT, BOUND), near),
    Claim(
        "Absorbing noise has a lower bound than uniform noise",
        "text8: 1.39 against 1.47 bits a character",
        (BOUND, UNIFORM),
        lower,
    ),
    Claim("Perplexity of samples falls on a log-log line as steps grow", "a line", (SAMPLES,), on_a_line),
    Claim(
        "Samples are better than un-annealed autoregressive ones",
        "6 to 8 times lower perplexity than GPT-2's",
        (LINE_ACROSS, BEST),
        better,
    ),
    Claim("As good with fewer network calls", "32 times fewer than GPT-2", (LINE_ACROSS, BEST), fewer_calls),
    Claim("Infills are as good as what is written left to right", "as nucleus sampling", (INFILLS,), infills),
)


def judged(found: Found, commands: Sequence[Command]) -> list[list[str]]:
    """A row for each claim whose measurements are there: claim, published, found here, whether it holds."""
    records = {f"{command.arguments[0]} {command.label}": found[command] for command in commands}
    rows = []
    for claim in CLAIMS:
        if all(need in records for need in claim.needs):
            here, holds = claim.decide(*(records[need] for need in claim.needs))
            rows.append([claim.text, claim.published, here, "yes" if holds else "no"])
    return rows
