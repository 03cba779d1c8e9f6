"""The work behind `sedd infilling`: middles that diffusion fills, beside those that a model writes left to right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from rich.table import Table

from engine.bundled_models import DEFAULT_JUDGE
from engine.causal.causal_model import CausalModel
from engine.cli.asked import Machine, Middles
from engine.cli.baseline import read_blocks
from engine.cli.beside import plus_minus
from engine.cli.evaluate import cells, quality_record, shown
from engine.cli.generate import open_model, perform, unfailing
from engine.cli.output import Output
from engine.language.quality import Estimate, Quality, mean, measure
from engine.language.tokenizers import Tokenizer
from engine.likelihood.result import Bound, ratio_of
from engine.performing.engine import Engine
from engine.performing.fitting import check_judged
from engine.protocol import FREE, Attributed, Bounded, Generate, ModelLoaded, Score, UserError, frozen


def infilling(machine: Machine, chain: Generate, file: Path, asked: Middles, output: Output) -> None:
    """Fills the middle of blocks of a file and measures the wholes, beside a completion that sees only the left side.

    The first `chain.samples` blocks are taken. Printed are the judge's perplexity of the whole blocks, and what their
    right sides cost it after all that stands before them; of the real middles the bound given both sides, and the
    exact likelihood given the left side under the model that writes from left to right.
    """
    engine, other = Engine(), Engine()
    loaded = open_model(engine, machine)
    beside = asked.beside or DEFAULT_JUDGE
    left = open_model(other, replace(machine, model=beside))
    check_pair(loaded, left)
    length = min(loaded.info.length, left.info.length)
    start, end = middle_of(length, asked.gap)
    judge = CausalModel.load(asked.judge or beside, machine.device, machine.precision)
    check_judged(judge, chain.samples, length)
    texts = read_blocks(file, loaded.tokenizer, length)[: chain.samples]
    free = np.zeros(length, np.bool_)
    free[start:end] = True
    filled, continued = [], []
    for number, text in enumerate(output.follow(texts, "blocks")):
        request = replace(chain, tokens=frozen(np.where(free, FREE, text)), samples=1, first_sample=number)
        filled.append(perform(engine, request, output)[0][0])
        continued.append(np.concatenate([perform(other, left_to_right(request, end), output)[0][0], text[end:]]))
    rows = {
        "text": texts,
        f"{loaded.info.name}, {chain.steps} steps, sees both sides": filled,
        f"{left.info.name}, sees the left side": continued,
    }
    judged = {name: judged_wholes(judge, loaded.tokenizer, np.stack(made), end) for name, made in rows.items()}
    for name, (quality, right) in judged.items():
        sides = {"right_nats": right.value, "right_nats_error": right.error}
        output.record(row=name, judge=judge.name, **quality_record(quality), **sides)
    output.table(wholes_table(judged))
    try:
        seen = middle_bound(engine, texts, ~free, chain, output)
    except UserError as error:  # what was filled is measured all the same
        output.note(f"No bound of the middles: {error}")
    else:
        output.record(row="bound of the middle, both sides given", **asdict(seen))
        bound = plus_minus(seen.nats, seen.standard_error, ".4f")
        output.line(f"real middles given both sides, {loaded.info.name}: <= {bound} nats")
    totals = np.array([nats[start:end].sum() for nats in token_nats(other, texts)])
    unseen = ratio_of(totals, np.full(len(texts), end - start), len(texts), len(texts))
    output.record(row="likelihood of the middle, left side given", **asdict(unseen))
    exact = plus_minus(unseen.nats, unseen.standard_error, ".4f")
    output.line(f"real middles given the left side, {left.info.name}: {exact} nats")
    output.line(f"judge: {judge.name}; ± is one standard error over texts", "dim")


def check_pair(model: ModelLoaded, left: ModelLoaded) -> None:
    """A UserError unless the second writes from left to right, and in tokens of the first."""
    if not left.info.kind.exact:
        raise UserError(
            f"{left.info.name} writes no text from left to right; name an autoregressive model by --beside."
        )
    if model.tokenizer.fingerprint != left.tokenizer.fingerprint:
        raise UserError(
            f"{left.info.name} has another tokenizer than the model, so they cannot be compared token by token; name a "
            "model with the same one by --beside."
        )


def middle_of(length: int, gap: float) -> tuple[int, int]:
    """Where the middle of a block begins and ends; a UserError where it, or a side of it, would have no token."""
    start = round(length * (1 - gap) / 2)
    if not 0 < start < length - start:
        change, lacking = ("smaller", "sides") if start == 0 else ("larger", "middle")
        raise UserError(f"A gap of {gap:g} leaves blocks of {length} tokens no {lacking}; choose a {change} --gap.")
    return start, length - start


def left_to_right(request: Generate, end: int) -> Generate:
    """The same for a model that sees only what stands before position `end`; what is particular to diffusion is left
    out."""
    return Generate(
        request.tokens[:end],
        samples=1,
        seed=request.seed,
        first_sample=request.first_sample,
        temperature=request.temperature,
        top_p=request.top_p,
    )


def judged_wholes(judge: CausalModel, tokenizer: Tokenizer, texts: np.ndarray, end: int) -> tuple[Quality, Estimate]:
    """The quality of whole texts (n, L), and the nats a token that the judge gives what stands from position `end` on
    after all before it: how well the right side fits."""
    wholes = judge.text_nats([tokenizer.decode(text.tolist()) for text in texts])
    before = judge.text_nats([tokenizer.decode(text[:end].tolist()) for text in texts])
    right = np.array([whole.sum() - part.sum() for whole, part in zip(wholes, before, strict=True)])
    return measure(texts, wholes), mean(right / (texts.shape[1] - end))


def token_nats(engine: Engine, texts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The exact -log p of each token of texts (L,) under the causal model that is open, nats; one array a text."""
    first, *more = map(frozen, texts)
    *_, last = unfailing(engine, Score(first, np.zeros(len(first), np.bool_), more=tuple(more)))
    assert isinstance(last, Attributed)
    return np.split(last.nats, len(texts))


def middle_bound(
    engine: Engine, texts: Sequence[np.ndarray], locked: np.ndarray, chain: Generate, output: Output
) -> Bound:
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


def wholes_table(rows: dict[str, tuple[Quality, Estimate]]) -> Table:
    """Whole blocks with the judge's perplexity, entropy, distinct n-grams, self-BLEU, and the right side's nats."""
    result = Table(
        "", "perplexity\nby token", "by text", "entropy", "distinct 2, 4", "self-BLEU", "right side,\nnats a token"
    )
    for name, (quality, right) in rows.items():
        result.add_row(name, *cells(quality), shown(right))
    return result
