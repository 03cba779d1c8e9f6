"""Precision."""

from __future__ import annotations

import numpy as np

from sedd_studio.record.chapters.chapter import Shown

CASES: list[dict[str, object]] = [{}, {"steps": 0, "bits": 64}, {"groups": 8, "steps": 23}, {"groups": 12}]


def results(made: Shown) -> list[float]:
    figure, kind, at = made.figure, [32, 64].index(made.choices["bits"]), made.choices["steps"]
    law = figure.share[kind, at]
    grain, weight = 0.5 ** (24, 53)[kind], float(figure.should[-4] / figure.steps[at])
    powers = np.exp((1 / weight - 1) * np.log1p(-grain * np.arange(1, 200_000)))
    ratio = float(powers.sum()) * grain / weight if kind == 0 else 1.0
    return [ratio, float(-(law * np.log(law / figure.sizes)).sum())]
