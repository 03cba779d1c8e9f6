"""What a trained model tells of its training: the facts of its checkpoint, and its card."""

from __future__ import annotations

import json
from pathlib import Path

from engine.files import sha256
from engine.language.domains import TEXT
from engine.likelihood import Bound
from engine.training.settings import Plan
from engine.training.trainer import Trainer


def in_words(result: Bound, exact: bool) -> str:
    """A bound, or an exact likelihood, as it stands in the card."""
    return f"{'' if exact else '<= '}{result.nats:.4f} ± {result.standard_error:.4f} nats a token"


def past(started_from: Path | None) -> dict[str, str]:
    """What a training that starts from a model tells of that model's own."""
    config = None if started_from is None else started_from / "config.json"
    if config is None or not config.is_file():
        return {}
    facts = json.loads(config.read_bytes()).get("facts", {})
    names = ("training steps", "training tokens", "training time", "before that")
    told = [f"{name.removeprefix('training ')} {facts[name]}" for name in names if name in facts]
    return {"before that": ", ".join(told)} if told else {}


def facts_of(plan: Plan, trainer: Trainer, result: Bound | None) -> dict[str, str]:
    """What the checkpoint tells about its training."""
    training = plan.training
    facts = {"domain": plan.sizes.domain} if plan.sizes.domain != TEXT.name else {}
    facts |= {"training steps": f"{trainer.step:,}", "batch": f"{training.batch}", "seed": f"{training.seed}"}
    facts |= {"training tokens": f"{trainer.step * training.batch * trainer.learner.length:,}"}
    facts |= {"training time": f"{trainer.seconds / 60:.0f} minutes"}
    exact = trainer.learner.exact
    name = "validation loss" if exact else "validation bound"
    return facts | ({name: in_words(result, exact)} if result else {})


def card(plan: Plan, files: list[Path], facts: dict[str, str]) -> str:
    """The model card, Markdown."""
    lines = [f"# {plan.out.resolve().name}", "", "Trained with `sedd train`.", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    lines += ["", "Texts (SHA-256):", ""]
    lines += [f"- {path.name}: `{sha256(path)}`" for path in files]
    return "\n".join(lines) + "\n"
