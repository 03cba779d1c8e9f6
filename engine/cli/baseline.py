"""The work behind `sedd baseline` and `sedd infilling`: diffusion beside an autoregressive model."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from rich.table import Table

from engine.bundled_models import DEFAULT_JUDGE
from engine.causal.causal_folder import folder_of
from engine.causal.causal_model import CausalModel, causal_likelihood
from engine.cli.asked import Machine
from engine.cli.beside import plus_minus
from engine.cli.evaluate import cells, quality_record
from engine.cli.generate import open_model, perform, unfailing
from engine.cli.output import Output, counted
from engine.language.documents import documents, text_files
from engine.language.quality import Quality, measure
from engine.language.tokenizers import Tokenizer, find_tokenizer
from engine.likelihood.result import Bound, ratio_of
from engine.models.gguf import unpacked
from engine.performing.engine import Engine
from engine.protocol import FREE, Attributed, Bounded, Generate, Score, UserError, frozen
from engine.training.datasets import blocks, pieces, tokenize


def baseline(
    machine: Machine, chain: Generate, file: Path | None, text: str | None, samples: int, output: Output
) -> None:
    """Prints the exact likelihood of a file or a text under an autoregressive model, and the quality of its samples.

    The documents of a file are joined and cut into blocks, the last a shorter one, as `sedd score` does for diffusion
    models; a text is taken as it is. Samples are drawn from the model's law without nucleus. They are judged by the
    model as it is, texts scored and samples drawn at the temperature.
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
        judge = CausalModel.load(folder, machine.device, machine.precision)
        tokenizer = find_tokenizer(folder)
    causal = replace(judge, temperature=chain.temperature, vocabulary=tokenizer.vocabulary)
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
    texts = [[token for _, token in causal.fill_tokens(free, chain.seed, sample)] for sample in range(samples)]
    seconds = (time.perf_counter() - started) / samples
    quality = measure(np.array(texts), judge.text_nats([tokenizer.decode(text) for text in texts]))
    output.record(samples=samples, seconds=seconds, seed=chain.seed, judge=causal.name, **quality_record(quality))
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


def infilling(machine: Machine, chain: Generate, file: Path, gap: float, judge: Path | None, output: Output) -> None:
    """Fills the middle of blocks of a file and measures the wholes, beside a completion that sees only the left side.

    The first `chain.samples` blocks are taken, `gap` is the share of the block that is free. Printed are the judge's
    perplexity of the whole blocks; of the real middles the bound given both sides, and the judge's exact likelihood
    given the left side.
    """
    engine, other = Engine(), Engine()
    loaded = open_model(engine, machine)
    left = open_model(other, replace(machine, model=judge or DEFAULT_JUDGE))
    if not left.info.kind.exact:
        raise UserError(f"The judge {left.info.name} writes no text from left to right; name an autoregressive model.")
    if loaded.tokenizer.fingerprint != left.tokenizer.fingerprint:
        raise UserError("The judge has another tokenizer than the model, so they cannot be compared token by token.")
    length = min(loaded.info.length, left.info.length)
    texts = read_blocks(file, loaded.tokenizer, length)[: chain.samples]
    start = round(length * (1 - gap) / 2)
    end = length - start
    free = np.zeros(length, np.bool_)
    free[start:end] = True
    filled, continued = [], []
    for number, text in enumerate(output.follow(texts, "blocks")):
        request = replace(chain, tokens=frozen(np.where(free, FREE, text)), samples=1, first_sample=number)
        filled.append(perform(engine, request, output)[0][0])
        asked = Generate(frozen(np.where(free, FREE, text)[:end]), 1, seed=chain.seed, first_sample=number)
        continued.append(np.concatenate([perform(other, asked, output)[0][0], text[end:]]))
    rows = {
        "text": texts,
        f"{loaded.info.name}, {chain.steps} steps, sees both sides": filled,
        f"{left.info.name}, sees the left side": continued,
    }
    nats = {name: token_nats(other, made) for name, made in rows.items()}
    judged = {name: measure(np.stack(made), nats[name]) for name, made in rows.items()}
    try:
        seen = middle_bound(engine, texts, ~free, chain, output)
    except UserError as error:  # what was filled is measured all the same
        seen = None
        output.note(f"No bound of the middles: {error}")
    totals = np.array([text[start:end].sum() for text in nats["text"]])
    unseen = ratio_of(totals, np.full(len(texts), end - start), len(texts), len(texts))
    for name, quality in judged.items():
        output.record(row=name, **quality_record(quality))
    if seen is not None:
        output.record(row="bound of the middle, both sides given", **asdict(seen))
    output.record(row="likelihood of the middle, left side given", **asdict(unseen))
    output.table(quality_table(list(judged.items())))
    if seen is not None:
        bound = plus_minus(seen.nats, seen.standard_error, ".4f")
        output.line(f"real middles given both sides, {loaded.info.name}: <= {bound} nats")
    exact = plus_minus(unseen.nats, unseen.standard_error, ".4f")
    output.line(f"real middles given the left side, {left.info.name}: {exact} nats")


def token_nats(engine: Engine, texts: list[np.ndarray]) -> list[np.ndarray]:
    """The exact -log p of each token of texts (L,) under the causal model that is open, nats; one array a text."""
    first, *more = map(frozen, texts)
    *_, last = unfailing(engine, Score(first, np.zeros(len(first), np.bool_), more=tuple(more)))
    assert isinstance(last, Attributed)
    return np.split(last.nats, len(texts))


def middle_bound(engine: Engine, texts: list[np.ndarray], locked: np.ndarray, chain: Generate, output: Output) -> Bound:
    """The bound of the free tokens of texts (L,) given the locked ones, (L,) bool, and the class of the run `chain`;
    nats per free token."""
    found = []
    for number, text in enumerate(output.follow(texts, "bounds")):
        request = Score(frozen(text), locked, None, None, chain.seed + number, by_token=False, label=chain.label)
        *_, last = (event for event in unfailing(engine, request) if isinstance(event, Bounded))
        found.append(last)
    free = int((~locked).sum())
    totals = np.array([bound.nats * free for bound in found])
    return ratio_of(totals, np.full(len(texts), free), len(texts), sum(bound.calls for bound in found))


def quality_table(rows: list[tuple[str, Quality]]) -> Table:
    """Rows of texts with the judge's perplexity, entropy, distinct n-grams and self-BLEU."""
    result = Table("", "perplexity\nby token", "by text", "entropy", "distinct 2, 4", "self-BLEU")
    for name, quality in rows:
        result.add_row(name, *cells(quality))
    return result
