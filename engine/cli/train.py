"""The work behind `sedd train`: from text files to a model folder, in a run that can be stopped and gone on with."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from engine.checkpoints import load, save
from engine.cli.machine import Machine
from engine.cli.output import Output
from engine.datasets import documents, sha256, text_files, tokenize
from engine.devices import choose_device, choose_precision
from engine.diffusion import Diffusion, DiffusionConfig, build_diffusion
from engine.likelihood import Bound
from engine.messages import UserError
from engine.network import NetworkConfig
from engine.tokenizers import Tokenizer, find_tokenizer, train_tokenizer
from engine.training import Saved, Trained, Trainer, TrainingConfig, Validated

STATE = "training-state.pt"
PLAN = "training-plan.json"
HELD_OUT = 0.01


@dataclass(frozen=True)
class Sizes:
    """What decides a fresh network."""

    vocabulary: int
    length: int
    hidden: int
    blocks: int
    heads: int
    dropout: float


@dataclass(frozen=True)
class Plan:
    """What decides a run: the text, the model's sizes and the optimiser's settings."""

    data: list[Path]
    valid: Path | None
    out: Path
    noise: Literal["absorb", "uniform"]
    sizes: Sizes
    steps: int
    batch: int
    learning_rate: float
    seed: int
    save_every: float


def train_model(machine: Machine, plan: Plan, output: Output) -> None:
    """Trains, or goes on with the run in `plan.out`, and leaves a model folder there."""
    check(plan)
    machine.set_threads()
    files = text_files(plan.data)
    make_folder(plan.out)
    description = describe(plan, files, machine)
    resumed = goes_on(plan.out, description)
    trainer, tokenizer = prepare(machine, plan, files, resumed, output)
    state = plan.out / STATE
    if resumed:
        trainer.resume(state)
        output.note(f"Going on from step {trainer.step:,} of {plan.steps:,}.")
    else:
        tokenizer.save(plan.out)
        write(plan.out / PLAN, json.dumps(description, indent=2) + "\n")
    try:
        follow(trainer, state, output)
    except KeyboardInterrupt:
        output.note("Stopped. The same command goes on from the last save.")
        raise
    result = trainer.validate() if trainer.valid else None
    trainer.average.swap(trainer.diffusion.network)
    facts = facts_of(plan, trainer, result)
    save(plan.out, trainer.diffusion, tokenizer, card(plan, files, facts), facts)
    if output.json_lines:
        output.record(event="model", folder=str(plan.out), **facts)
    else:
        output.line(f"The model is in {plan.out}.")


def check(plan: Plan) -> None:
    """Refuses sizes that make no model."""
    sizes = plan.sizes
    counts = {"steps": plan.steps, "batch": plan.batch, "length": sizes.length, "hidden": sizes.hidden}
    counts |= {"blocks": sizes.blocks, "heads": sizes.heads, "vocabulary": sizes.vocabulary}
    for name, value in counts.items():
        if value < 1:
            raise UserError(f"--{name} must be at least 1 and is {value}.")
    if sizes.hidden % (2 * sizes.heads):
        raise UserError(f"--hidden {sizes.hidden} must be a multiple of twice --heads {sizes.heads}.")
    if not 0 <= sizes.dropout < 1:
        raise UserError(f"--dropout must be at least 0 and less than 1 and is {sizes.dropout}.")
    if plan.seed < 0:
        raise UserError("A seed is a whole number of at least 0; choose another seed.")


def make_folder(folder: Path) -> None:
    """Makes the folder, and makes sure that files can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".write-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(f"Nothing can be written to {folder} ({error.strerror}); choose another --out.") from None


def describe(plan: Plan, files: list[Path], machine: Machine) -> dict[str, Any]:
    """What a resumed run must share with the one that it goes on with."""
    fixed = {k: v for k, v in asdict(plan).items() if k not in {"data", "valid", "out", "save_every"}}
    texts = [sha256(path) for path in (*files, *([plan.valid] if plan.valid else []))]
    return fixed | {"texts": texts, "model": str(machine.model) if machine.model else None}


def goes_on(folder: Path, description: dict[str, Any]) -> bool:
    """Whether the folder holds this very run already; a UserError if it holds another, or a finished model."""
    if not (folder / STATE).is_file():
        if (folder / "config.json").exists():
            raise UserError(f"{folder} holds a model already; choose another --out.")
        return False
    try:
        before = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = None
    if before != description:
        raise UserError(f"{folder} holds a run with other settings or texts; use the same ones, or another --out.")
    return True


def write(path: Path, text: str) -> None:
    """Writes the file whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def prepare(
    machine: Machine, plan: Plan, files: list[Path], resumed: bool, output: Output
) -> tuple[Trainer, Tokenizer]:
    """The model, fresh or loaded, and its text as tokens."""
    device = choose_device(machine.device)
    precision = choose_precision(machine.precision, device)
    torch.manual_seed(plan.seed)
    if machine.model:
        loaded = load(machine.model_path, machine.device, "fp32")
        diffusion, tokenizer = loaded.diffusion, loaded.tokenizer
    else:
        tokenizer = find_tokenizer(plan.out) if resumed else learn_tokenizer(plan, files, output)
        diffusion = fresh(plan, tokenizer.vocabulary)
        diffusion.network.to(device)
    train, valid = split(plan, files, tokenizer, diffusion.config.network.length)
    output.note(f"{len(train):,} tokens to train on, {diffusion.network.parameter_count:,} parameters, {device.type}.")
    config = TrainingConfig(
        steps=plan.steps,
        batch=plan.batch,
        learning_rate=plan.learning_rate,
        seed=plan.seed,
        precision=precision,
        save_seconds=plan.save_every,
    )
    return Trainer(diffusion, config, train, valid), tokenizer


def learn_tokenizer(plan: Plan, files: list[Path], output: Output) -> Tokenizer:
    """A new tokenizer, learned from the text."""
    output.note("Learning a tokenizer from the text.")
    return train_tokenizer((document for path in files for document in documents(path)), plan.sizes.vocabulary)


def fresh(plan: Plan, vocabulary: int) -> Diffusion:
    """A model of the planned sizes with new weights."""
    absorb = plan.noise == "absorb"
    sizes = plan.sizes
    network = NetworkConfig(
        vocabulary + absorb, sizes.length, sizes.hidden, sizes.blocks, sizes.heads, dropout=sizes.dropout
    )
    config = DiffusionConfig(network, noise=plan.noise)
    if absorb:
        config = replace(config, parametrisation="posterior", scale_by_sigma=False, time_free=True)
    return build_diffusion(config)


def split(plan: Plan, files: list[Path], tokenizer: Tokenizer, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Token streams to train and to validate on; without a validation text the end of the data is held out."""
    stream = tokenize(files, tokenizer)
    if plan.valid:
        return stream, tokenize([plan.valid], tokenizer)
    held_out = min(len(stream) // 10, max(8 * length, math.ceil(HELD_OUT * len(stream))))
    return stream[: len(stream) - held_out], stream[len(stream) - held_out :]


def follow(trainer: Trainer, state: Path, output: Output) -> None:
    """Runs to the end, with a bar for the reader or a JSON line for each event."""
    with output.progress() as progress:
        task = progress.add_task("training", total=trainer.config.steps, completed=trainer.step)
        for event in trainer.run(state):
            match event:
                case Trained():
                    progress.update(task, completed=event.step, description=f"loss {event.loss:.3f}")
                    if output.json_lines:
                        output.record(event="trained", **asdict(event))
                case Validated():
                    if output.json_lines:
                        output.record(event="validated", step=event.step, **asdict(event.bound))
                    else:
                        output.note(f"step {event.step:,}: {in_words(event.bound)}")
                case Saved():
                    if output.json_lines:
                        output.record(event="saved", step=event.step, path=str(event.path))


def in_words(result: Bound) -> str:
    """A bound as it stands in the card."""
    return f"<= {result.nats:.4f} ± {result.standard_error:.4f} nats a token"


def facts_of(plan: Plan, trainer: Trainer, result: Bound | None) -> dict[str, str]:
    """What the checkpoint tells about its training."""
    facts = {"training steps": f"{trainer.step:,}", "batch": f"{plan.batch}", "seed": f"{plan.seed}"}
    return facts | ({"validation bound": in_words(result)} if result else {})


def card(plan: Plan, files: list[Path], facts: dict[str, str]) -> str:
    """The model card, Markdown."""
    lines = [f"# {plan.out.resolve().name}", "", "Trained with `sedd train`.", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    lines += ["", "Texts (SHA-256):", ""]
    lines += [f"- {path.name}: `{sha256(path)}`" for path in files]
    return "\n".join(lines) + "\n"
