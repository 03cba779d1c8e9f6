"""Memory that work takes, measured beside what `engine.estimates` says before.

    python -m benchmarks.memory

Each row is work of a process of its own, on networks of random weights on the CPU. Measured is how much the memory of
the process grew at its peak (Linux: VmHWM), beyond what it held when the libraries were loaded and the model was open.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from engine import estimates
from engine.estimates import Shape
from engine.language.tokenizers import symbol_tokenizer, train_tokenizer
from engine.likelihood import noised_text
from engine.models.loading import Model, load
from engine.models.own_layout import save
from engine.performing.diffusion_performer import DiffusionPerformer
from engine.protocol import FREE, Generate, ModelInfo, Score, frozen
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from engine.training.learners import DiffusionLearner
from engine.training.settings import TrainingConfig
from engine.training.trainer import Trainer

MIB = 2**20
Row = tuple[int, Callable[[], object]]
"""What is estimated, bytes, and the work."""


def network(states: int, length: int, hidden: int, blocks: int, heads: int) -> Diffusion:
    """An absorbing model of random weights."""
    config = NetworkConfig(states, length, hidden, blocks, heads, dropout=0.0)
    return Diffusion(DiffusionConfig(config, parametrisation="posterior", time_free=True))


def performer(diffusion: Diffusion) -> DiffusionPerformer:
    """The model, open."""
    diffusion.network.requires_grad_(False).eval()
    config = diffusion.config.network
    parameters = diffusion.network.parameter_count
    info = ModelInfo(
        "random", "", "absorb", "", config.length, diffusion.vocabulary, diffusion.graph.mask, parameters, "cpu", "fp32"
    )
    letters = (chr(code) for code in range(0x100, 2 * 0x10000) if not 0xD800 <= code < 0xE000)
    return DiffusionPerformer(Model(diffusion, info, symbol_tokenizer(list(islice(letters, diffusion.vocabulary - 1)))))


def opening(hidden: int, blocks: int) -> Row:
    diffusion = network(301, 64, hidden, blocks, 4)
    folder = Path(tempfile.mkdtemp())
    tokenizer = train_tokenizer(iter(["Once upon a time."]), 300)
    save(folder, network(tokenizer.vocabulary + 1, 64, hidden, blocks, 4), tokenizer, "")
    return estimates.opening(diffusion.network.parameter_count), lambda: load(folder, "cpu", "fp32")


def run(states: int, length: int, hidden: int, blocks: int, samples: int = 1, top_p: float = 1.0) -> Row:
    diffusion = network(states, length, hidden, blocks, 4)
    request = Generate(frozen([FREE] * length), 2, samples=samples, top_p=top_p)
    needed = estimates.running(Shape.of(diffusion.network), samples, length, top_p < 1)
    opened = performer(diffusion)
    return needed, lambda: list(opened.generate(0, request))


def score(states: int, length: int, hidden: int, blocks: int, draws: int) -> Row:
    diffusion = network(states, length, hidden, blocks, 4)
    tokens = frozen(np.arange(length) % (states - 1))
    request = Score(tokens, np.zeros(length, bool), None, None, by_token=False, draws=draws)
    largest = min(noised_text.MAX_ELEMENTS, noised_text.MAX_POSITIONS * states)
    needed = estimates.scoring(Shape.of(diffusion.network), draws, length, largest, noised_text.LAWS)
    opened = performer(diffusion)
    return needed, lambda: list(opened.score(0, request))


def train(states: int, length: int, hidden: int, blocks: int, batch: int, optimizer: str = "muon") -> Row:
    diffusion = network(states, length, hidden, blocks, 4)
    config = TrainingConfig(2, batch, optimizer=optimizer, short=0.0, precision="fp32")  # type: ignore[arg-type]
    stream = np.arange(length * (batch + 2)) % (states - 1)

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            list(Trainer(DiffusionLearner(diffusion), config, stream, stream[:0]).run(Path(folder, "state")))

    return estimates.training(Shape.of(diffusion.network), batch, length, optimizer == "muon"), work


def judge(states: int, length: int, hidden: int, blocks: int, texts: int) -> Row:
    import transformers

    from engine.causal import causal_model

    config = transformers.GPT2Config(
        vocab_size=states, n_positions=length + 1, n_embd=hidden, n_layer=blocks, n_head=4, bos_token_id=0
    )
    causal = causal_model.CausalModel("random", transformers.GPT2LMHeadModel(config).train(False), None)
    needed = estimates.scoring(Shape.of(causal.network), texts, length, causal_model.MAX_ELEMENTS)
    return needed, lambda: causal.token_nats([np.arange(length) % states] * texts)


ROWS: dict[str, Callable[[], Row]] = {
    "open, 57 million parameters": lambda: opening(768, 8),
    "open, 101 million parameters": lambda: opening(1024, 8),
    "run, 256 tokens of 2,049": lambda: run(2049, 256, 256, 8),
    "run, 256 tokens of 2,049, top-p 0.9": lambda: run(2049, 256, 256, 8, top_p=0.9),
    "run, 1,024 tokens of 50,258": lambda: run(50_258, 1024, 128, 2),
    "run, 1,024 tokens of 50,258, top-p 0.9": lambda: run(50_258, 1024, 128, 2, top_p=0.9),
    "run, 64 samples of 1,024 tokens of 301": lambda: run(301, 1024, 256, 1, 64),
    "run, 2,048 tokens, width 1,024": lambda: run(301, 2048, 1024, 1),
    "score, 256 tokens of 2,049, 32 draws": lambda: score(2049, 256, 256, 2, 32),
    "score, 1,024 tokens of 50,258, 1 draw": lambda: score(50_258, 1024, 128, 1, 1),
    "score, 512 tokens of 301, width 512, 32 draws": lambda: score(301, 512, 512, 1, 32),
    "judge, 16 texts of 256 tokens of 2,049": lambda: judge(2049, 256, 256, 4, 16),
    "judge, 4 texts of 512 tokens of 50,258": lambda: judge(50_258, 512, 256, 4, 4),
    "train, 32 blocks of 256 tokens": lambda: train(2049, 256, 256, 4, 32),
    "train, 8 blocks of 512 tokens": lambda: train(2049, 512, 256, 4, 8),
    "train, 4 blocks of 64, 57 million": lambda: train(301, 64, 768, 8, 4),
    "train, 4 blocks of 64, 57 million, AdamW": lambda: train(301, 64, 768, 8, 4, "adamw"),
    "train, 4 blocks of 128 tokens of 50,258": lambda: train(50_258, 128, 128, 2, 4),
}


def memory(name: str) -> int:
    """Bytes of this process: VmRSS now, or VmHWM, the most since that was set back."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * int(next(line for line in status.splitlines() if line.startswith(name)).split()[1])


def measure(name: str) -> tuple[int, int]:
    """The estimate of a row, and how much memory it took, bytes."""
    torch.set_num_threads(2)
    needed, work = ROWS[name]()
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak is counted from here
    work()
    return needed, memory("VmHWM") - before


def main() -> None:
    """Prints the table."""
    print(f"{'work':<44}  estimate  measured  ratio")
    for name in sys.argv[1:] or ROWS:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            needed, taken = pool.apply(measure, (name,))
        row = f"{name:<44}  {needed / MIB:6.0f} MB {taken / MIB:6.0f} MB  {needed / taken:5.2f}"
        print(row, flush=True)


if __name__ == "__main__":
    main()
