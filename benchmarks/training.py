"""How fast the story models train, beside what this machine's matrix products allow: `python benchmarks/training.py`.

For each model, one process and `--threads` threads: seconds a step, tokens a second, and the share of the machine's
matrix rate that this is. The rate is measured first, on the shapes of a step, in bf16. Work is counted as 6 operations
for each weight of a matrix and token, and 12 L d for each block and token for attention, forward and backward; what
Muon does for its updates is not counted as useful. The data are random tokens: nothing is learned.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from engine.bundled_models import DEFAULT_MODEL
from engine.causal.causal_model import CausalLearner, build_causal
from engine.cli.bundled import BUNDLED
from engine.cli.train import configuration
from engine.language.tokenizers import find_tokenizer
from engine.theory.diffusion import Diffusion
from engine.training.learners import DiffusionLearner, Learner
from engine.training.settings import Sizes
from engine.training.trainer import Trainer

MODELS = ("stories-absorb", "stories-uniform", "stories-gpt")
BATCH = 16
WARM_UP, REPEATS = 3, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--steps", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rate = matrix_rate()
    print(f"{arguments.threads} threads, matrix products in bf16: {rate / 1e9:.0f} GFLOP/s")
    print(f"{'model':<16} {'compiled':>8} {'s/step':>8} {'tokens/s':>9} {'of the matrix rate':>19}")
    for name in MODELS:
        for compiled in (False, True):
            seconds, tokens, work = step_time(name, compiled, arguments.steps)
            row = f"{name:<16} {'yes' if compiled else 'no':>8} {seconds:>8.3f} {tokens / seconds:>9.0f}"
            print(f"{row} {work / seconds / rate:>19.2f}", flush=True)


def matrix_rate() -> float:
    """Operations a second in the largest products of a step: 4,096 tokens, width 256, inner width 1,024."""
    tokens, inner, outer = torch.randn(4096, 256), torch.randn(256, 1024), torch.randn(1024, 256)
    a, b, c = (x.to(torch.bfloat16) for x in (tokens, inner, outer))
    seconds = timed(lambda: a @ b @ c, REPEATS)
    return 2 * 2 * 4096 * 256 * 1024 / seconds


def timed(work: Callable[[], object], repeats: int) -> float:
    """Seconds of one call, after a few to warm up."""
    for _ in range(WARM_UP):
        work()
    started = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - started) / repeats


def step_time(name: str, compiled: bool, steps: int) -> tuple[float, int, float]:
    """Seconds, tokens and operations of one training step of a bundled model."""
    model = BUNDLED[name]
    learner = learner_of(model.sizes)
    config = replace(model.stages[0].training, batch=BATCH, compile=compiled, short=0.0)
    stream = np.random.default_rng(0).integers(0, model.sizes.vocabulary, 300_000).astype(np.uint16)
    trainer = Trainer(learner, config, stream, stream[:0])
    tokens = config.batch * learner.length
    matrices = sum(p.numel() for n, p in learner.network.named_parameters() if p.ndim == 2 and is_used(n))
    attention = 12 * model.sizes.blocks * model.sizes.length * model.sizes.hidden
    return timed(trainer._step, steps), tokens, tokens * (6.0 * matrices + attention)


def is_used(name: str) -> bool:
    """Whether a matrix multiplies every token: embeddings are looked up, noise is embedded once a sequence."""
    return not any(part in name for part in ("embed", "wpe", "sigma_map", "adaLN"))


def learner_of(sizes: Sizes) -> Learner:
    """A fresh learner of these sizes."""
    torch.manual_seed(0)
    if sizes.kind == "diffusion":
        return DiffusionLearner(Diffusion(configuration(sizes, sizes.vocabulary)))
    tokenizer = find_tokenizer(DEFAULT_MODEL)
    return CausalLearner(build_causal(tokenizer, sizes.length, sizes.hidden, sizes.blocks, sizes.heads, sizes.dropout))


if __name__ == "__main__":
    main()
