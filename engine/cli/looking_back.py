"""The commands that look back: on a saved run, and on what words do to each other; see `engine.cli.commands`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from engine.cli.asked import Machine
from engine.cli.options import command
from engine.cli.output import Output
from engine.protocol import Generate, Influence
from engine.protocol.option_kinds import Whole, ranges_of
from engine.protocol.options import MOST_SAMPLES


@command("label", "guidance", "seed")
def influence(
    chain: Generate,
    machine: Machine,
    output: Output,
    text: Annotated[str, typer.Argument(help="Words and gaps, or - to read them: Once upon a time [8] The end.")],
    on: Annotated[str, "A word of the text: which others does it lean on, all else given?"] = "",
    draws: Annotated[
        int, "Under uniform noise, what else could stand in a word's place.", ranges_of(Influence)["draws"]
    ] = 16,
) -> None:
    """Say what each word does to the laws of the gaps, or which words one word leans on."""
    from engine.cli.influence import influence as ask_influence

    ask_influence(machine, chain, text, on, draws, output)


@command()
def trajectory(
    machine: Machine,
    output: Output,
    run: Annotated[Path, typer.Argument(help="A saved run, or a page, picture or film that carries one.")],
    sample: Annotated[int, "Which of its samples, from 1.", Whole(1, MOST_SAMPLES)] = 1,
    out: Annotated[list[Path] | None, "Write its map here: every cell (.csv) or a drawing (.svg)."] = None,
    colours: Annotated[
        Literal["state", "changes", "settled", "regret", "confidence", "entropy"], "What the drawing shows."
    ] = "state",
    against: Annotated[Path | None, "Hold it against this run, at the same noise: the same tokens, or others?"] = None,
    against_sample: Annotated[int, "Which of that run's samples, from 1.", Whole(1, MOST_SAMPLES)] = 1,
    regret: Annotated[bool, "Ask the model what it thinks of each token now: confidence, entropy, regret."] = False,
) -> None:
    """Show the map of a saved run: when each position settled, how often it changed, in which order."""
    from engine.cli.trajectory import trajectory as show_trajectory

    show_trajectory(machine, run, sample, out or [], colours, regret, (against, against_sample), output)
