"""The work behind `sedd compare` and `sedd evaluate`: many samples, and what a judge makes of them.

Samples are drawn in chunks of a fixed size. Started by `accelerate launch`, each process draws every n-th chunk, and
the first one gathers and prints: draws are keyed by sample, so the result is that of one process.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Column, Table

from engine.bundled_models import DEFAULT_JUDGE
from engine.causal.causal_model import CausalModel
from engine.cli.asked import Machine, Subject
from engine.cli.beside import plus_minus
from engine.cli.generate import asked_tokens, open_model, perform
from engine.cli.output import Output
from engine.estimates import require_time
from engine.files import write_whole
from engine.language.documents import LeftOut
from engine.language.domains import NO_JUDGE, Measure, domain_named, is_in_words
from engine.language.quality import Estimate, Quality, agreement, mauve, measure
from engine.performing.engine import Engine
from engine.performing.fitting import check_judged
from engine.protocol import Generate, UserError
from engine.protocol.option_kinds import STEPS
from engine.strict_json import to_json
from engine.training.datasets import blocks, fill_rows, tokenize
from engine.training.processes import started

MOST_BUDGETS = 64


@dataclass(frozen=True)
class Written:
    """Samples of one budget: tokens (B, L), network evaluations and seconds in all, the judge's nats for each text."""

    tokens: np.ndarray
    evaluations: int
    seconds: float
    nats: list[np.ndarray] | None


class Evaluator:
    """A model, a judge and the processes that share the work."""

    def __init__(self, machine: Machine, subject: Subject, output: Output) -> None:
        self.processes, device = started(machine.device)
        machine = replace(machine, device=device)
        if not self.processes.speaks:
            output.mute()
        self.subject, self.output = subject, output
        self.engine = Engine()
        loaded = open_model(self.engine, machine)
        self.info, self.tokenizer = loaded.info, loaded.tokenizer
        self.domain = domain_named(loaded.info.domain)
        self.tokens = asked_tokens(loaded, subject.text, subject.length)
        self.judge = self._load_judge(machine)
        self.reference = None if subject.reference is None else self._read(subject.reference)

    def _load_judge(self, machine: Machine) -> CausalModel | None:
        folder = self.subject.judge
        if folder is None and not is_in_words(self.domain.name, self.tokenizer):
            self.output.note(NO_JUDGE)
            return None
        if folder is None and not (DEFAULT_JUDGE / "config.json").is_file():
            self.output.note("No judge: name a folder with a causal model by --judge for generative perplexities.")
            return None
        judge = CausalModel.load(folder or DEFAULT_JUDGE, machine.device, machine.precision)
        check_judged(judge, self.subject.chunk, len(self.tokens))
        return judge

    def _read(self, path: Path) -> np.ndarray:
        """Sequences (n, L) of a file of the model's kind, as long as what is written."""
        length = len(self.tokens)
        if not path.exists():
            raise UserError(f"There is no file {path}; name a file of the model's kind as the reference.")
        left_out = LeftOut()
        if self.domain.rows:
            found = fill_rows(self.domain.read(path, left_out), self.tokenizer, length, left_out)
        else:
            found = blocks(tokenize([path], self.tokenizer, left_out), length)
        left_out.say(self.output.note)
        if not len(found):
            raise UserError(f"{path} holds less than one block of {length} tokens; name a longer text.")
        return found

    def write(self, chain: Generate) -> Written:
        """`chain.samples` samples; every process gets all of them."""
        size, parts, samples = self.subject.chunk, [], -(-chain.samples // self.processes.count)
        read = chain.calls * samples * self.info.kind.read(chain.steps, len(self.tokens))
        require_time(read, self.info.parameters, f"A run of {chain.samples:,} samples", self.info.device)
        starts = range(0, chain.samples, size)
        for first in starts[self.processes.index :: self.processes.count]:
            count = min(size, chain.samples - first)
            request = replace(chain, tokens=self.tokens, samples=count, first_sample=first)
            tokens, finished, _ = perform(self.engine, request, self.output)
            parts.append((first, tokens, finished.evaluations, finished.seconds, self._judged(tokens)))
        everything = sorted(self.processes.gather(parts), key=lambda part: int(part[0]))
        _, texts, evaluations, seconds, nats = zip(*everything, strict=True)
        judged = [row for some in nats for row in some] if self.judge else None
        return Written(np.concatenate(texts), sum(evaluations), sum(seconds), judged)

    def _judged(self, tokens: np.ndarray) -> list[np.ndarray]:
        return self.judge.text_nats(self.texts(tokens)) if self.judge else []

    def texts(self, tokens: np.ndarray) -> list[str]:
        """The texts of tokens (B, L)."""
        return [self.tokenizer.decode(row.tolist()) for row in tokens]

    def of_reference(self, count: int) -> Quality | None:
        """What the first `count` blocks of the reference measure."""
        if self.reference is None:
            return None
        rows = self.reference[:count]
        return measure(rows, self._judged(rows) if self.judge else None)

    def mauve(self, tokens: np.ndarray) -> float:
        """MAUVE of samples against as many blocks of the reference, by the judge's features."""
        if self.judge is None or self.reference is None:
            raise UserError("MAUVE needs a judge; name one by --judge.")
        real = self.reference[: len(tokens)]
        return mauve(self.judge.features(self.texts(tokens)), self.judge.features(self.texts(real)))

    def record(self, chain: Generate, written: Written, quality: Quality) -> dict[str, Any]:
        made = len(written.tokens)
        return {
            "steps": chain.steps,
            "sampler": chain.sampler,
            "seed": chain.seed,
            **({"label": chain.label, "guidance": chain.guidance} if chain.label >= 0 else {}),
            "samples": made,
            "calls": written.evaluations / made,
            "seconds": written.seconds / made,
            **quality_record(quality),
            "judge": self.judge.name if self.judge else None,
        }


def compare(machine: Machine, chain: Generate, steps: str, subject: Subject, output: Output) -> None:
    """Prints a row for each step budget, of samples that share their draws, and one of the reference."""
    chains = [replace(chain, steps=budget) for budget in budgets_of(steps)]
    evaluator = Evaluator(machine, subject, output)
    rows: list[tuple[str, Written, Quality]] = []
    kept = []
    for budget in chains:
        written = evaluator.write(budget)
        quality = measure(written.tokens, written.nats)
        same = {}
        if rows and chain.samples > 1:
            name, before, _ = rows[-1]
            share, chance = agreement(before.tokens, written.tokens)
            same = {"same_tokens": share, "same_tokens_by_chance": chance}
            kept.append(f"{name} and {budget.steps} steps {share:.1%}, by chance {chance:.1%}")
        rows.append((str(budget.steps), written, quality))
        output.record(**evaluator.record(budget, written, quality), **same)
    reference = evaluator.of_reference(chain.samples)
    if reference:
        output.record(reference=str(subject.reference), **quality_record(reference))
    output.table(table(rows, reference))
    if kept:
        output.line("the same tokens: " + "; ".join(kept), "dim")
    if evaluator.judge is not None:
        output.line(f"judge: {evaluator.judge.name}; ± is one standard error over texts", "dim")


def evaluate(
    machine: Machine, chain: Generate, subject: Subject, with_mauve: bool, out: Path | None, output: Output
) -> None:
    """Measures many samples of one kind; writes them to `out`, one JSON object a line, if it is given."""
    started = time.perf_counter()
    if with_mauve and subject.reference is None:
        raise UserError("MAUVE compares samples with a text; name one by --reference.")
    evaluator = Evaluator(machine, subject, output)
    written = evaluator.write(chain)
    if not evaluator.processes.speaks:
        return
    quality = measure(written.tokens, written.nats)
    if out is not None:
        save_samples(out, written, evaluator)
    texts, processes = evaluator.texts(written.tokens), evaluator.processes.count
    score = evaluator.mauve(written.tokens) if with_mauve else None
    figures = evaluator.domain.measure(texts, subject.reference)
    curves = evaluator.domain.curves(texts, subject.reference) if subject.reference else ()
    seconds = time.perf_counter() - started
    if output.json_lines:
        output.record(
            **evaluator.record(chain, written, quality),
            mauve=score,
            processes=processes,
            measures={figure.name: {"value": figure.value, "data": figure.data} for figure in figures},
            curves={curve.name: {"values": curve.values, "data": curve.data} for curve in curves},
            wall_seconds=seconds,
        )
        return
    output.table(table([(str(chain.steps), written, quality)], evaluator.of_reference(chain.samples)))
    output.line(f"distinct pairs {quality.distinct[0]:.3f}, distinct fours {quality.distinct[1]:.3f}")
    for figure in figures:
        output.line(in_words(figure))
    if score is not None:
        output.line(f"MAUVE {score:.3f}")
    output.line(f"{seconds:.1f} seconds, {processes} process{'es' if processes > 1 else ''}", "dim")


def in_words(figure: Measure) -> str:
    """A figure with that of the data beside it."""
    if figure.value is None:
        return f"{figure.name}: not known. {figure.note}"
    data = "" if figure.data is None else f" (data: {in_digits(figure.data)})"
    return f"{figure.name}: {in_digits(figure.value)}{data}"


def in_digits(value: float) -> str:
    """A share or a mean with three digits behind the point, a place in a sequence with none."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3f}"


def budgets_of(steps: str) -> list[int]:
    """Step budgets from numbers with commas between them."""
    try:
        budgets = [int(number) for number in steps.split(",", MOST_BUDGETS)]
    except ValueError:
        raise UserError(
            f'The step budgets "{steps[:40]}" are not whole numbers, {MOST_BUDGETS} at most; give some like 4,16,64.'
        ) from None
    for budget in budgets:
        STEPS.check("Each of --steps", budget)
    return budgets


def save_samples(path: Path, written: Written, evaluator: Evaluator) -> None:
    """One JSON object a sample: its text, tokens, and the judge's nats per token."""
    nats: Sequence[np.ndarray | None] = [None] * len(written.tokens) if written.nats is None else written.nats
    lines = []
    for number, (row, judged) in enumerate(zip(written.tokens, nats, strict=True)):
        mean = None if judged is None or not len(judged) else float(judged.mean())
        text = evaluator.tokenizer.decode(row.tolist())
        lines.append(to_json({"sample": number, "text": text, "nats": mean, "tokens": row.tolist()}) + "\n")
    try:
        write_whole(path, "".join(lines).encode())
    except OSError as error:
        raise UserError(f"The samples cannot be written to {path} ({error.strerror}); choose another --out.") from None


def quality_record(quality: Quality) -> dict[str, Any]:
    """Measurements as JSON values; perplexities are named by their definition."""
    pairs, fours = quality.distinct
    record: dict[str, Any] = {"distinct_2": pairs, "distinct_4": fours, "self_bleu": quality.alike}
    found = {"perplexity_by_token": quality.by_token, "perplexity_by_text": quality.by_text, "entropy": quality.entropy}
    for name, estimate in found.items():
        record[name] = estimate.value if estimate else None
        record[f"{name}_error"] = estimate.error if estimate else None
    return record


def table(rows: list[tuple[str, Written, Quality]], reference: Quality | None) -> Table:
    """Budgets beside each other, calls and seconds for each sample, and the reference as the last row."""
    names = (
        "steps",
        "seconds",
        "calls",
        "generative perplexity\nby token",
        "by text",
        "entropy",
        "distinct 2, 4",
        "self-BLEU",
    )
    result = Table(*(Column(name, justify="right") for name in names))
    for name, written, quality in rows:
        made = len(written.tokens)
        result.add_row(name, f"{written.seconds / made:.3f}", f"{written.evaluations / made:.1f}", *cells(quality))
    if reference:
        result.add_row("text", "", "", *cells(reference))
    return result


def cells(quality: Quality) -> tuple[str, ...]:
    """Measurements as they stand in a table."""
    pairs, fours = quality.distinct
    estimates = quality.by_token, quality.by_text, quality.entropy
    return (
        *(shown(estimate) for estimate in estimates),
        f"{pairs:.3f}, {fours:.3f}",
        plus_minus(quality.alike, math.nan),
    )


def shown(estimate: Estimate | None) -> str:
    """A value and its error with as many digits as it takes."""
    if estimate is None:
        return "-"
    digits = 1 if estimate.value >= 10 else 3
    return plus_minus(estimate.value, estimate.error, f".{digits}f")
