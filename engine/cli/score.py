"""The work behind `sedd score`: an upper bound on the negative log-likelihood of a text."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.checkpoints import load
from engine.cli.machine import Machine
from engine.cli.output import Output
from engine.datasets import documents, tokenize
from engine.likelihood import REPLICATES, Bound, bound
from engine.messages import UserError
from engine.tokenizers import Tokenizer


@dataclass(frozen=True)
class Source:
    """What to score: a file of documents, or one text."""

    file: Path | None
    text: str | None

    def read(self, tokenizer: Tokenizer) -> tuple[np.ndarray, int]:
        """The tokens (n,), with an end-of-text token after each document of a file, and the text's UTF-8 bytes."""
        if (self.file is None) == (self.text is None):
            raise UserError("Name one text file to score, or give a text with --text.")
        if self.file is not None:
            if not self.file.is_file():
                raise UserError(f"There is no file {self.file}; name a text file to score.")
            size = sum(len(document.encode()) for document in documents(self.file))
            tokens = tokenize([self.file], tokenizer)
        else:
            text = self.text or ""
            size = len(text.encode())
            tokens = np.array(tokenizer.encode(text))
        if size == 0:
            raise UserError("There is no text to score; give at least one word.")
        return tokens.astype(np.int64), size


def score_text(machine: Machine, source: Source, draws: int, seed: int, output: Output) -> None:
    """Prints the bound on all of the text, cut into blocks of the model's length as in training."""
    if draws < 1:
        raise UserError("The number of draws must be at least 1.")
    if seed < 0:
        raise UserError("A seed is a whole number of at least 0; choose another seed.")
    machine.set_threads()
    model = load(machine.model_path, machine.device, machine.precision)
    tokens, size = source.read(model.tokenizer)
    length = model.info.length
    blocks = [tokens[start : start + length] for start in range(0, len(tokens), length)]
    started = time.perf_counter()
    with output.progress() as progress:
        total = len(blocks) if len(blocks) > 1 else REPLICATES
        for result in progress.track(bound(model.diffusion, blocks, draws, seed), total, description="blocks"):
            last = result
    show(last, size, time.perf_counter() - started, output)


def show(result: Bound, size: int, seconds: float, output: Output) -> None:
    """Prints a bound on a text of `size` bytes in its usual units."""
    per_byte = result.tokens / size
    bits_error = result.standard_error / math.log(2)
    units = {
        "nats_per_token": (result.nats, result.standard_error),
        "bits_per_token": (result.bits, bits_error),
        "bits_per_byte": (result.bits * per_byte, bits_error * per_byte),
        "perplexity": (result.perplexity, result.perplexity * result.standard_error),
    }
    if output.json_lines:
        counts = {"tokens": result.tokens, "bytes": size, "blocks": result.sequences, "calls": result.calls}
        errors = {f"{name}_standard_error": error for name, (_, error) in units.items()}
        output.record(**{name: value for name, (value, _) in units.items()}, **errors, **counts, seconds=seconds)
        return
    for name, (value, error) in units.items():
        output.line(f"{name.replace('_', ' '):<14}  <= {value:.4f} ± {error:.4f}")
    output.line(
        f"{result.tokens:,} tokens ({size:,} bytes) in {result.sequences:,} blocks: "
        f"{seconds:.2f} seconds, {result.calls:,} network calls; ± is one standard error",
        "dim",
    )
