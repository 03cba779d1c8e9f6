"""Measures "Noise the worst again": `python -m scripts.worst_again [--samples 64] [--length 128] [--part 0.1]`.

Texts of each bundled model of stories are drawn in so many steps. Of each text a part of the tokens goes back to noise:
those with the lowest log ratio of what the model thinks of them now to what it thought when it chose them, or as many
at random. All others stay, and the model goes on with so many more `--calls`. Prints, as a row of docs/trajectories.md,
generative perplexity by the bundled judge, the entropy of a text's tokens and the share of distinct pairs and triples,
each with a standard error over the texts, and the mean difference of a text's nats a token to what it was before.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from engine.bundled_models import DEFAULT_JUDGE
from engine.causal.causal_model import CausalModel
from engine.language.quality import distinct, mean, perplexity_by_token, unigram_entropy
from engine.protocol import FREE, Generate, frozen
from engine.runs.looking_back import review_of, worst
from scripts.recorded_runs import Recording

MODELS = ("stories-absorb", "stories-uniform")


def main() -> None:
    """Prints the table for the models that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--calls", type=int, default=8)
    parser.add_argument("--part", type=float, default=0.1)
    parser.add_argument("--models", nargs="+", default=MODELS)
    arguments = parser.parse_args()
    judge = CausalModel.load(DEFAULT_JUDGE)
    print("| model | texts | perplexity | entropy | distinct-2 | distinct-3 | nats a token, less before |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.models:
        measure(name, arguments, judge)


def measure(name: str, arguments: argparse.Namespace, judge: CausalModel) -> None:
    """Prints the rows of a model."""
    model, count = Recording(name), max(1, round(arguments.part * arguments.length))
    asked = Generate(model.tokens(arguments.length), steps=arguments.steps, samples=arguments.samples, seed=1)
    run = model.run(asked)
    before = run.newest
    chosen, calls = np.zeros(before.shape, bool), 0
    for sample in range(run.samples):
        now, then, made = model.look_back(review_of(run, sample))
        chosen[sample], calls = worst(now - then, count), calls + made
    generator = np.random.default_rng(2)
    spread = np.zeros(before.shape, bool)
    for sample in range(run.samples):
        spread[sample, generator.choice(before.shape[1], int(chosen[sample].sum()), replace=False)] = True
    texts = {
        "as drawn": before,
        f"the {arguments.part:.0%} worst again": again(model, asked, before, chosen, arguments.calls),
        f"{arguments.part:.0%} at random again": again(model, asked, before, spread, arguments.calls),
    }
    own: dict[str, np.ndarray] = {}
    for what, rows in texts.items():
        nats = judge.text_nats([model.tokenizer.decode(row.tolist()) for row in rows])
        own[what] = np.array([each.mean() for each in nats])
        figures = (
            perplexity_by_token(nats),
            *(
                mean(np.array([of(row) for row in rows]))
                for of in (unigram_entropy, lambda row: distinct(row[None], 2), lambda row: distinct(row[None], 3))
            ),
        )
        shown = [f"{each.value:.3g} ± {each.error:.2g}" for each in figures]
        less = mean(own[what] - own["as drawn"])
        shift = "" if what == "as drawn" else f"{less.value:+.3f} ± {less.error:.3f}"
        print(f"| {name} | {what} | {' | '.join(shown)} | {shift} |", flush=True)
    per_text = calls / run.samples
    print(
        f"\n{name}: {per_text:.0f} calls a text to look back, {chosen.sum() / run.samples:.1f} tokens again\n",
        flush=True,
    )


def again(model: Recording, asked: Generate, rows: np.ndarray, chosen: np.ndarray, calls: int) -> np.ndarray:
    """The texts (B, L) with what is `chosen` (B, L) drawn again in so many steps, all else given."""
    made = rows.copy()
    for number, (row, free) in enumerate(zip(rows, chosen, strict=True)):
        if free.any():
            tokens = frozen(np.where(free, FREE, row))
            made[number] = model.run(replace(asked, tokens=tokens, steps=calls, samples=1, seed=3 + number)).newest[0]
    return made


if __name__ == "__main__":
    main()
