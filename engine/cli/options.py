"""The options that several commands share: their types, names and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.language.domains import DOMAINS
from engine.protocol.sampler_table import SAMPLERS

_SAMPLER_NAMES = ", ".join(row.name for row in SAMPLERS)

Model = Annotated[Path | None, typer.Option("--model", help="Model folder. Default: the bundled model.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same result.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
Precision = Annotated[str, typer.Option("--precision", help="auto, fp32 or bf16.")]
Threads = Annotated[int | None, typer.Option("--threads", help="CPU threads. Default: one for each core.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")]
Steps = Annotated[int, typer.Option("--steps", help="Steps of the chain: more is better and slower.")]
Sampler = Annotated[str, typer.Option("--sampler", help=f"One of: {_SAMPLER_NAMES}.")]
Option = Annotated[
    list[str], typer.Option("--option", help="A number of the sampler, as name=number; `sedd samplers` lists them.")
]
Spacing = Annotated[
    str, typer.Option("--spacing", help="Of the steps: time, sigma, cosine, or the times as 1,0.5,0.2,0.")
]
Temperature = Annotated[float, typer.Option("--temperature", help="Below 1 sharper, 0 the most probable token.")]
TopP = Annotated[float, typer.Option("--top-p", help="Draw from the smallest set of tokens with this much mass.")]
Ban = Annotated[list[str], typer.Option("--ban", help="A word or phrase that never appears. Can be given again.")]
_PATTERN_NAMES = ", ".join(f"{domain.name}: {name}" for domain in DOMAINS.values() for name in domain.patterns)
Pattern = Annotated[
    str,
    typer.Option("--pattern", help=f"A regular expression that the whole text matches, or a name ({_PATTERN_NAMES})."),
]
Locking = Annotated[
    str, typer.Option("--locking", help="How given words are honoured: auto, clamp, gibbs or particles.")
]
Samples = Annotated[int, typer.Option("--samples", help="How many texts to make.")]

Only = Annotated[
    list[str],
    typer.Option("--only", help="Token ids that alone may stand at positions, as 13-15=402,511. Can be given again."),
]
FirstSample = Annotated[
    int, typer.Option("--first-sample", help="The number of the first text; each number has draws of its own.")
]
