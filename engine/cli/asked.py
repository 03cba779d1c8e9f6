"""What commands are asked: on which machine, and what is scored, measured or written. Imports no torch.

A text in an annotation is what `--help` says of the option.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from engine.bundled_models import DEFAULT_MODEL
from engine.protocol import Score
from engine.protocol.option_kinds import LENGTH, SEED, Real, Whole, ranges_of
from engine.protocol.options import MOST_SAMPLES

Seed = Annotated[int, "The same seed gives the same result; at most 2^53 - 1.", SEED]
SCORE = ranges_of(Score)
Label = Annotated[int, "The class of texts that the model is told, from 0; -1 for none.", SCORE["label"]]


@dataclass(frozen=True)
class Machine:
    """The model folder (None: the bundled one), the device, the precision and the number of CPU threads."""

    model: Annotated[Path | None, "Model folder. Default: the bundled model."] = None
    device: Annotated[str, "auto, cpu, cuda or mps."] = "auto"
    precision: Annotated[str, "auto, fp32 or bf16."] = "auto"
    threads: Annotated[int | None, "CPU threads. Default: one for each core.", Whole(1, 1024)] = None

    @property
    def model_path(self) -> str:
        return str(self.model or DEFAULT_MODEL)

    def set_threads(self) -> None:
        if self.threads is None:
            return
        import torch

        torch.set_num_threads(self.threads)


@dataclass(frozen=True)
class Scoring:
    """What to score, a file of documents or one text, in which only parts between [[ and ]] are scored if any are; and
    how."""

    file: Annotated[
        Path | None, typer.Argument(help="Text, or - to read it; a line <|endoftext|> parts documents.")
    ] = None
    text: Annotated[str | None, "A text, - for standard input; only \\[\\[parts]] in it are scored, if any."] = None
    per: Annotated[Literal["block", "text"], "Documents joined, or each alone."] = "block"
    draws: Annotated[int, "Network evaluations for each block of text.", SCORE["draws"]] = 4
    estimator: Annotated[str, "How the draws are spread; auto is the best."] = "auto"
    goal: Annotated[float | None, "Stop at this half width of the 95 % interval.", SCORE["precision"]] = None
    max_calls: Annotated[int | None, "Network calls at most.", SCORE["max_calls"]] = None
    steps: Annotated[int | None, "Bound the sampler subset in so many steps instead.", SCORE["steps"]] = None
    orders: Annotated[int, "Tighten the bound by so many orders of a text.", SCORE["orders"]] = 1
    tokens: Annotated[bool, "Show how much each token adds."] = False
    label: Label = -1
    seed: Seed = 0


@dataclass(frozen=True)
class Subject:
    """What is written and read: a prompt or a length, by which judge, beside which text.

    `reference` is a file of the model's kind, or a folder of *.txt files; what it holds is measured like samples.
    """

    text: Annotated[str | None, "A prompt with gaps, - for standard input. Default: everything is free."] = None
    length: Annotated[int | None, "Tokens. Default: as many as fit.", LENGTH] = None
    judge: Annotated[Path | None, "Folder of a causal model. Default: the bundled one."] = None
    reference: Annotated[Path | None, "Real data to measure beside it."] = None
    chunk: Annotated[int, "Samples that are drawn at once.", Whole(1, MOST_SAMPLES)] = 16


@dataclass(frozen=True)
class Middles:
    """What is left free in the blocks of a text, and who stands beside the model that fills it, and who judges."""

    gap: Annotated[float, "Share of a block that is free.", Real(0.001, 0.999)] = 0.5
    beside: Annotated[Path | None, "Causal model that writes from left to right. Default: the bundled one."] = None
    judge: Annotated[Path | None, "Folder of a causal model that judges. Default: that one."] = None


@dataclass(frozen=True)
class Writing:
    """What to write: at least `tokens` of the model's own, in batches of `batch` streams of `length` tokens.

    Documents that share 20 words in a row with those of the files `apart` are dropped, and repetitions.
    """

    out: Annotated[Path, "The text file to write."]
    tokens: Annotated[int, "At least so many of the model's tokens.", Whole(1, 10**12)] = 1_000_000
    batch: Annotated[int, "Streams written at once.", Whole(1, 65_536)] = 64
    length: Annotated[int, "Tokens in a stream.", LENGTH] = 512
    apart: Annotated[list[Path] | None, "Texts with which no document may share 20 words in a row."] = None
    seconds: Annotated[float | None, "Begin no batch after so many. Default: no limit.", Real(0, 1e9)] = None
    seed: Seed = 0
