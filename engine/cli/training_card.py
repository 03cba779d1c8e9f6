"""What a trained model tells of its training: the facts of its checkpoint, and its card."""

from __future__ import annotations

from pathlib import Path

from engine.cli.beside import plus_minus
from engine.language.domains import TEXT
from engine.likelihood.result import Bound
from engine.models.alone import is_gguf
from engine.models.loading import checkpoint_folder
from engine.models.stored import CONFIG, facts_in, read_config
from engine.plain_text import plain_line
from engine.training.settings import Plan
from engine.training.trainer import Trainer


def in_words(result: Bound, exact: bool) -> str:
    """A bound, or an exact likelihood, as it stands in the card."""
    return f"{'' if exact else '<= '}{plus_minus(result.nats, result.standard_error, '.4f')} nats a token"


def past(started_from: Path | None) -> dict[str, str]:
    """What a training that starts from a model tells of that model's own; a UserError if it cannot be read."""
    alone = started_from is None or is_gguf(started_from)
    config = None if alone or started_from is None else checkpoint_folder(started_from) / CONFIG
    if config is None or not config.is_file():
        return {}
    facts = facts_in(read_config(config), config)
    names = ("training steps", "training tokens", "training time", "before that")
    told = [f"{name.removeprefix('training ')} {facts[name]}" for name in names if name in facts]
    return {"before that": plain_line(", ".join(told))} if told else {}


def facts_of(plan: Plan, trainer: Trainer, result: Bound | None) -> dict[str, str]:
    """What the checkpoint tells about its training."""
    training = plan.training
    facts = {**trainer.learner.told} | ({"domain": plan.sizes.domain} if plan.sizes.domain != TEXT.name else {})
    facts |= {"training steps": f"{trainer.step:,}", "batch": f"{training.batch}", "seed": f"{training.seed}"}
    facts |= {"training tokens": f"{trainer.step * training.batch * trainer.learner.length:,}"}
    facts |= {"training time": f"{trainer.seconds / 60:.0f} minutes"}
    exact = trainer.learner.exact
    name = "validation loss" if exact else "validation bound"
    return facts | ({name: in_words(result, exact)} if result else {})


def card(plan: Plan, files: list[Path], hashes: list[str], facts: dict[str, str]) -> str:
    """The model card, Markdown; the texts are named with the hashes that they had when the training began."""
    lines = [f"# {plain_line(plan.out.resolve().name)}", "", f"Trained with `sedd {plan.command}`.", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    lines += ["", "Texts (SHA-256):", ""]
    lines += [f"- {plain_line(path.name)}: `{hashed}`" for path, hashed in zip(files, hashes, strict=True)]
    return "\n".join(lines) + "\n"
