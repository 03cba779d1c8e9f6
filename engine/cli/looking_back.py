"""The commands that ask a model what words do to each other; see `engine.cli.commands`."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.asked import Machine, Seed
from engine.cli.options import command
from engine.cli.output import Output
from engine.protocol import Influence
from engine.protocol.option_kinds import ranges_of


@command()
def influence(
    machine: Machine,
    output: Output,
    text: Annotated[str, typer.Argument(help="Words and gaps, or - to read them: Once upon a time [8] The end.")],
    on: Annotated[str, "A word of the text: which others does it lean on, all else given?"] = "",
    draws: Annotated[
        int, "Under uniform noise, what else could stand in a word's place.", ranges_of(Influence)["draws"]
    ] = 16,
    seed: Seed = 0,
) -> None:
    """Say what each word does to the laws of the gaps, or which words one word leans on."""
    from engine.cli.influence import influence as ask_influence

    ask_influence(machine, text, on, draws, seed, output)
