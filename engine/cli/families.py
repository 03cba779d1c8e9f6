"""The work behind `sedd families`: what each family of models supports, by what becomes of published models."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.table import Table

from engine.catalogue.families import Sign
from engine.cli.output import Output
from engine.models.described import NOISES, noise_of, output_of, told_of
from engine.models.larger_families import LARGER
from engine.models.published import PUBLISHED, Published
from engine.protocol.sampler_table import samplers_for
from engine.samplers.blockwise import kind_of
from engine.samplers.chain import AbsorbingChain
from engine.samplers.locking import methods_for
from engine.theory.diffusion import Diffusion
from engine.theory.unfilled import unfilled

WIDE = 400
"""Characters: rows of Markdown may not be broken."""
Row = dict[str, str]


def show_families(output: Output) -> None:
    """Prints the tables of families, of kinds of noise, and of families for larger machines."""
    for title, rows in TABLES.items():
        found = list(rows())
        for row in found:
            output.record(table=title, **row)
        table = Table(*found[0], box=box.MARKDOWN)
        for row in found:
            table.add_row(*row.values())
        output.line(f"{title}:\n", "bold")
        output.table(table, WIDE)


def family_rows() -> Iterator[Row]:
    """A row for each published model."""
    for model in PUBLISHED:
        configs = list(model.configs())
        with unfilled():
            diffusion = Diffusion(configs[0])
        yield {
            "family": model.family.name,
            "such as": model.name,
            "recognised by": recognised_by(model),
            "noise": noise_of(configs[0]),
            "output": output_of(configs[0]),
            "told": ", or ".join(dict.fromkeys(map(told_of, configs))),
            "bound": bound_of(diffusion),
            "locks": locks_of(diffusion),
            "patterns": "yes" if kind_of(diffusion) is AbsorbingChain else "no",
            "parameters": f"{diffusion.network.parameter_count / 1e6:,.0f} M",
            "licence": model.licence,
        }


def recognised_by(model: Published) -> str:
    """The entries of config.json, and what names of weights begin with, or that the tokenizer has a mask."""
    prefix = model.family.prefix
    weights = [f"weights `{prefix}`"] if prefix else []
    mask = ["a mask of the tokenizer"] if model.family.of_tokenizer else []
    return ", ".join([*written(model.sign), *weights, *mask])


def written(sign: Sign) -> Iterator[str]:
    """Each entry of a sign, with the words that it may be."""
    for name, words in sign.items():
        yield " ".join([f"`{name}`", " or ".join(words)]).strip()


def bound_of(diffusion: Diffusion) -> str:
    """Of what there is a bound on the likelihood."""
    if diffusion.block_size:
        return "of a text, also given its beginning"
    return "of a text, also given a part" if diffusion.knows_locks else "of a text"


def locks_of(diffusion: Diffusion) -> str:
    """How given tokens are honoured."""
    if diffusion.block_size:
        return "exact, seen from their block on"
    if diffusion.knows_locks:
        return "exact"
    return "approximate: " + ", ".join(methods_for(diffusion.config.noise))


def noise_rows() -> Iterator[Row]:
    """A row for each kind of noise."""
    for noise, words in NOISES.items():
        yield {"noise": words, "samplers": ", ".join(f"`{row.name}`" for row in samplers_for(noise))}


def larger_rows() -> Iterator[Row]:
    """A row for each family that is named and not run."""
    for larger in LARGER:
        names = [f"weights `{larger.prefix}`"] if larger.prefix else []
        names += [f"`auto_map` {larger.code}"] if larger.code else []
        yield {
            "family": larger.family,
            "recognised by": ", ".join([*written(larger.sign), *names]),
            "parameters": f"{larger.parameters / 1e9:.1f} G",
            "licence": larger.licence or "see its card",
        }


TABLES = {
    "What each family supports": family_rows,
    "Samplers, the default first": noise_rows,
    "Made for larger machines, recognised and not run": larger_rows,
}
