"""Network calls that each estimator of the bound needs for the same error, as a share of plain Monte Carlo's.

    python benchmarks/likelihood.py TEXT.txt [--model FOLDER] [--blocks 24] [--repeats 24] [--draws 8]

For each block of text and each estimator, `repeats` independent estimates of `draws` network evaluations are made;
calls for a given error are proportional to their variance times the calls that an estimate took. Plain Monte Carlo
draws lambda evenly and independently. The mean of each is printed too: unbiased ones agree. The last row is how
`sedd score` estimates one text: replicates that learn from each other which tokens are hard.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import torch

from engine.bundled_models import DEFAULT_MODEL
from engine.likelihood.estimators import ESTIMATORS, choose, draw
from engine.likelihood.noised_text import Text
from engine.likelihood.running import Offsets
from engine.models.loading import load
from engine.training.datasets import blocks, tokenize

PLAIN = "plain"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("--blocks", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=24)
    parser.add_argument("--draws", type=int, default=8)
    arguments = parser.parse_args()
    model = load(str(arguments.model), "auto", "auto")
    sequences = blocks(tokenize([arguments.text], model.tokenizer), model.info.length)
    chosen = np.random.default_rng(0).permutation(len(sequences))[: arguments.blocks]
    texts = [Text.of(model.diffusion, sequences[k]) for k in chosen]
    rows = {}
    for row in ESTIMATORS:
        if model.diffusion.config.noise in row.noises:
            rows[row.name] = measure(texts, row.name, arguments.repeats, arguments.draws, learn=False)
            print(f"{row.name} is measured", flush=True)
    rows["learning"] = measure(texts, "auto", arguments.repeats, arguments.draws, learn=True)
    plain = rows[PLAIN][1]
    print(f"\n{'estimator':<12} {'nats/token':>11} {'error of 64 calls':>18} {'calls of plain':>15}")
    for name, (mean, cost) in rows.items():
        print(f"{name:<12} {mean:>11.4f} {math.sqrt(cost / 64):>18.4f} {cost / plain:>15.3f}")


def measure(texts: list[Text], name: str, repeats: int, draws: int, learn: bool) -> tuple[float, float]:
    """Mean, nats per token, and variance times calls of an estimate, averaged over texts."""
    means, costs = [], []
    for number, text in enumerate(texts):
        generator = np.random.Generator(np.random.Philox(key=[1, number]))
        offsets, values = Offsets(text.free), []
        for _ in range(repeats):
            drawn = draw(text, choose(name, text.diffusion.config.noise), 1, draws, generator)
            values.append((offsets.correct(drawn) if learn else drawn.totals).mean() / text.count)
            offsets.learn(drawn)
        kept = np.array(values[repeats // 4 :])  # the first ones have little to learn from
        means.append(kept.mean())
        costs.append(kept.var(ddof=1) * drawn.calls)
    return float(np.mean(means)), float(np.mean(costs))


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
