"""The text that a teacher wrote for the story models to learn from, written again where it is not at hand.

The teacher is the judge, fine-tuned on the real stories. Whatever is made again is near what was made first, and not
the same: processors round in their own ways, and one token that is drawn another way leads to another story.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.cli.asked import Machine, Writing
from engine.cli.output import Output
from engine.cli.train import train_model
from engine.cli.training_folder import is_done
from engine.cli.write import write_text
from engine.models.gguf import convert, judge_file
from engine.models.stored import CONFIG
from engine.training.settings import Plan, Recipe, Sizes, TrainingConfig

LESSON = TrainingConfig(240, 8, 3e-4, decay=0.8, weight_decay=0.1, optimizer="adamw", short=0.0, save_every=300.0)
"""How the teacher was taught."""
TASK = Writing(Path(), tokens=8_000_000, batch=192, length=512, seed=1)
"""What it then wrote."""


@dataclass(frozen=True)
class Sources:
    """What written text is made of: the stories that the teacher learns from, those that validate it, and those with
    which no written one may share 20 words in a row."""

    texts: Sequence[Path]
    valid: Path
    apart: Sequence[Path]


def write_again(name: str, sources: Sources, folder: Path, machine: Machine, output: Output) -> Path:
    """The text file of that name in `folder`, written if it is not there; what is done already is not repeated.

    The judge and the teacher lie beside it. A UserError where the judge's package is missing.
    """
    judge, teacher, text = folder / "judge", folder / "teacher", folder / name
    if text.is_file():
        output.note(f"{text} is taken for what a teacher wrote; delete it to have it written again.")
        return text
    output.note(f"{name} is not at hand; a teacher writes it again, which takes hours without a GPU.")
    if not (judge / CONFIG).is_file():
        convert(judge_file(), judge)
    start = replace(machine, model=judge)
    sizes, recipe = Sizes(kind="causal", length=512), Recipe()
    lesson = Plan(list(sources.texts), sources.valid, teacher, sizes, recipe, LESSON, command="reproduce")
    if not is_done(lesson, judge):
        train_model(start, lesson, output)
    write_text(replace(machine, model=teacher), replace(TASK, out=text, apart=list(sources.apart)), output)
    return text
