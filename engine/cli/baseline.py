"""The work behind `sedd baseline`: what an autoregressive model says of a text, and its own samples."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.table import Table

from engine.bundled_models import DEFAULT_JUDGE
from engine.causal.causal_folder import folder_of
from engine.causal.causal_model import CausalModel, causal_likelihood
from engine.cli.asked import Machine
from engine.cli.beside import plus_minus
from engine.cli.evaluate import cells, quality_record
from engine.cli.output import Output, counted
from engine.language.documents import documents, text_files
from engine.language.quality import Quality, measure
from engine.language.tokenizers import Tokenizer, find_tokenizer
from engine.likelihood.result import Bound
from engine.models.gguf import unpacked
from engine.protocol import FREE, Generate, UserError
from engine.theory.conditioning import Shaping
from engine.training.datasets import blocks, pieces, tokenize


def baseline(
    machine: Machine,
    chain: Generate,
    file: Path | None,
    text: str | None,
    samples: int,
    judge: Path | None,
    output: Output,
) -> None:
    """Prints the exact likelihood of a file or a text under an autoregressive model, and the quality of its samples.

    The documents of a file are joined and cut into blocks, the last a shorter one, as `sedd score` does for diffusion
    models; a text is taken as it is. Texts are scored and samples drawn at the temperature, samples from the nucleus
    that `chain` names. They are judged by the model in `judge`, or by the same one as it is.
    """
    if file is not None and text is not None:
        raise UserError("A file and a text cannot be scored at once; leave out one of them.")
    if file is None and not text and samples < 1:
        raise UserError("Name a text file or a text to score, or say by --samples how many texts to draw.")
    if not chain.temperature > 0:
        raise UserError(
            f"The temperature must be more than 0 and is {chain.temperature:g}; 1 leaves the model as it is."
        )
    machine.set_threads()
    with unpacked(folder_of(machine.model or DEFAULT_JUDGE)) as folder:
        plain = CausalModel.load(folder, machine.device, machine.precision)
        tokenizer = find_tokenizer(folder)
    causal = replace(plain, temperature=chain.temperature, vocabulary=tokenizer.vocabulary)
    judging = CausalModel.load(judge, machine.device, machine.precision) if judge else plain
    if file is not None:
        size = sum(len(document.encode()) for document in documents(file))
        result = causal_likelihood(causal, pieces(read_stream(file, tokenizer), causal.length))
        show_likelihood(result, size, output)
    if text:
        tokens = np.array(tokenizer.encode(text), np.int64)
        show_likelihood(causal_likelihood(causal, pieces(tokens, causal.length)), len(text.encode()), output)
    if samples < 1:
        return
    started = time.perf_counter()
    free = np.full(causal.length, FREE)
    shaping = Shaping(top_p=chain.top_p)
    texts = [[token for _, token in causal.fill_tokens(free, chain.seed, sample, shaping)] for sample in range(samples)]
    seconds = (time.perf_counter() - started) / samples
    quality = measure(np.array(texts), judging.text_nats([tokenizer.decode(text) for text in texts]))
    output.record(samples=samples, seconds=seconds, seed=chain.seed, judge=judging.name, **quality_record(quality))
    output.table(quality_table([(f"{causal.name}, {seconds:.3f} s each", quality)]))


def read_stream(file: Path, tokenizer: Tokenizer) -> np.ndarray:
    """The documents of a text file joined, (n,) tokens; a UserError if there are none."""
    stream = tokenize(text_files([file]), tokenizer)
    if not len(stream):
        raise UserError(f"There is no text in {file}; name a file that holds some.")
    return stream


def read_blocks(file: Path, tokenizer: Tokenizer, length: int) -> list[np.ndarray]:
    """The whole blocks of a text file, each (L,); a UserError if it holds less than one."""
    found = list(blocks(read_stream(file, tokenizer), length))
    if not found:
        raise UserError(f"{file} holds less than one block of {length} tokens; name a longer text.")
    return found


def show_likelihood(result: Bound, size: int, output: Output) -> None:
    """Prints an exact likelihood in its usual units, for a text of `size` bytes."""
    units = result.units(size)
    (nats, error), (perplexity, perplexity_error) = units["nats_per_token"], units["perplexity"]
    per_byte, _ = units["bits_per_byte"]
    output.record(
        nats_per_token=nats,
        nats_per_token_standard_error=error,
        bits_per_byte=per_byte,
        perplexity=perplexity,
        perplexity_standard_error=perplexity_error,
        tokens=result.tokens,
    )
    output.line(f"nats per token  {plus_minus(nats, error, '.4f')}")
    output.line(f"bits per byte   {per_byte:.4f}")
    output.line(f"perplexity      {plus_minus(perplexity, perplexity_error, '.4f')}")
    meaning = "one block has no error" if math.isnan(error) else "± is one standard error"
    read = f"{counted(result.tokens, 'token')} in {counted(result.sequences, 'block')}"
    output.line(f"{read}; exact, {meaning}", "dim")


def quality_table(rows: list[tuple[str, Quality]]) -> Table:
    """Rows of texts with the judge's perplexity, entropy, distinct n-grams and self-BLEU."""
    result = Table("", "perplexity\nby token", "by text", "entropy", "distinct 2, 4", "self-BLEU")
    for name, quality in rows:
        result.add_row(name, *cells(quality))
    return result
