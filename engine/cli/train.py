"""The work behind `sedd train`: from text files to a model folder, in a run that can be stopped and gone on with."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.cli.machine import Machine
from engine.cli.output import Output
from engine.cli.training_card import card, facts_of, in_words, past
from engine.files import sha256, write_whole
from engine.language.documents import text_files
from engine.language.domains import TEXT, domain_named
from engine.language.tokenizers import END_OF_TEXT, Tokenizer, find_tokenizer
from engine.models.devices import choose_device, choose_precision
from engine.models.loading import load
from engine.models.own_layout import save
from engine.protocol import UserError
from engine.strict_json import to_json
from engine.theory.diffusion import DiffusionConfig, build_diffusion
from engine.theory.graphs import GRAPHS
from engine.theory.network import NetworkConfig, deepen
from engine.theory.parametrisations import PARAMETRISATIONS
from engine.training.datasets import fill_rows, tokenize
from engine.training.learners import DiffusionLearner, Learner
from engine.training.processes import Processes, started
from engine.training.settings import Plan, Sizes
from engine.training.trainer import Saved, Trained, Trainer, Validated, comparable

STATE = "training-state.pt"
PLAN = "training-plan.json"
HELD_OUT = 0.01
HELD_OUT_SEED = 0
"""The same whatever the seed of a run, so that no stage of a model trains on what another held out."""


def train_model(machine: Machine, plan: Plan, output: Output) -> None:
    """Trains, or goes on with the run in `plan.out`, and leaves a model folder there."""
    check(plan)
    machine.set_threads()
    processes, device = started(machine.device)
    machine = replace(machine, device=device)
    if not processes.speaks:
        output.mute()
    files = text_files(plan.data)
    make_folder(plan.out)
    description = describe(plan, files, machine)
    resumed = goes_on(plan.out, description)
    trainer, tokenizer = prepare(machine, plan, files, resumed, output, processes)
    state = plan.out / STATE
    if resumed:
        trainer.resume(state)
        output.note(f"Going on from step {trainer.step:,} of {plan.training.steps:,}.")
    elif processes.speaks:
        tokenizer.save(plan.out)
        write_whole(plan.out / PLAN, (to_json(description, indent=2) + "\n").encode())
    try:
        follow(trainer, state, output, byte_count(trainer.valid, tokenizer))
    except KeyboardInterrupt:
        output.note("Stopped. The same command goes on from the last save.")
        raise
    if not processes.speaks:
        return
    result = trainer.validate() if trainer.valid else None
    trainer.average.swap(trainer.learner.network)
    facts = past(machine.model) | facts_of(plan, trainer, result)
    keep(trainer.learner, plan.out, tokenizer, card(plan, files, facts), facts)
    if output.json_lines:
        output.record(event="model", folder=str(plan.out), **facts)
    else:
        output.line(f"The model is in {plan.out}.")


def keep(learner: Learner, folder: Path, tokenizer: Tokenizer, card: str, facts: dict[str, str]) -> None:
    """Writes the model folder."""
    if isinstance(learner, DiffusionLearner):
        save(folder, learner.diffusion, tokenizer, card, facts)
        return
    from engine.causal.causal_model import save_causal

    save_causal(folder, learner.network, tokenizer, card)


def check(plan: Plan) -> None:
    """Refuses sizes that make no model."""
    sizes, training = plan.sizes, plan.training
    domain_named(sizes.domain)
    counts = {"steps": training.steps, "batch": training.batch, "length": sizes.length, "hidden": sizes.hidden}
    counts |= {"blocks": sizes.blocks, "heads": sizes.heads, "vocabulary": sizes.vocabulary}
    for name, value in counts.items():
        if value < 1:
            raise UserError(f"--{name} must be at least 1 and is {value}.")
    if sizes.hidden % (2 * sizes.heads):
        raise UserError(f"--hidden {sizes.hidden} must be a multiple of twice --heads {sizes.heads}.")
    if not 0 <= sizes.dropout < 1:
        raise UserError(f"--dropout must be at least 0 and less than 1 and is {sizes.dropout}.")
    if not 0 <= training.short <= 1:
        raise UserError(f"--short must be at least 0 and at most 1 and is {training.short}.")
    if not 0 <= plan.recipe.locks <= 1:
        raise UserError(f"--locks must be at least 0 and at most 1 and is {plan.recipe.locks}.")
    fits = PARAMETRISATIONS[sizes.noise]
    if sizes.parametrisation not in ("auto", *fits):
        raise UserError(f"Under {sizes.noise} noise --parametrisation must be auto, {' or '.join(fits)}.")
    if training.seed < 0:
        raise UserError("A seed is a whole number of at least 0; choose another seed.")


def make_folder(folder: Path) -> None:
    """Makes the folder, and makes sure that files can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-probe-{os.getpid()}"  # each of several processes looks for itself
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(f"Nothing can be written to {folder} ({error.strerror}); choose another --out.") from None


def describe(plan: Plan, files: list[Path], machine: Machine) -> dict[str, Any]:
    """What a resumed run must share with the one that it goes on with."""
    texts = [sha256(path) for path in (*files, *([plan.valid] if plan.valid else []))]
    return {
        "sizes": asdict(plan.sizes),
        "recipe": asdict(plan.recipe),
        "training": {k: v for k, v in comparable(plan.training).items() if k != "precision"},
        "tokenizer": str(plan.tokenizer) if plan.tokenizer else None,
        "texts": texts,
        "model": str(machine.model) if machine.model else None,
    }


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


def prepare(
    machine: Machine, plan: Plan, files: list[Path], resumed: bool, output: Output, processes: Processes
) -> tuple[Trainer, Tokenizer]:
    """The model, fresh or loaded, and its text as tokens."""
    device = choose_device(machine.device)
    training = replace(plan.training, precision=choose_precision(machine.precision, device))
    if domain_named(plan.sizes.domain).rows:
        training = replace(training, short=0.0)  # a row is whole
    torch.manual_seed(training.seed)
    learner, tokenizer = start_from(machine, plan) if machine.model else fresh(plan, files, resumed, output)
    learner.network.to(device)
    train, valid = split(plan, files, tokenizer, learner.length)
    parameters = sum(parameter.numel() for parameter in learner.network.parameters())
    output.note(f"{train.size:,} tokens to train on, {parameters:,} parameters, {device.type}.")
    return Trainer(learner, training, train, valid, processes), tokenizer


def start_from(machine: Machine, plan: Plan) -> tuple[Learner, Tokenizer]:
    """The model to go on with, and its tokenizer."""
    sizes = plan.sizes
    if sizes.kind != "diffusion":
        from engine.causal.causal_model import CausalLearner, CausalModel, with_dropout

        folder = machine.model or Path()
        network = CausalModel.load(folder, machine.device, "fp32").network
        tokenizer = find_tokenizer(folder)
        network.config.bos_token_id = network.config.eos_token_id = tokenizer.eot_id
        if sizes.kind == "gpt":
            network = with_dropout(network, sizes.dropout, sizes.grow)
        return CausalLearner(network, sizes.length), tokenizer
    loaded = load(machine.model_path, machine.device, "fp32")
    config = loaded.diffusion.config
    before = config.network.blocks
    shape = replace(config.network, dropout=sizes.dropout, blocks=sizes.grow or before)
    diffusion = build_diffusion(replace(config, network=shape))
    deepen(diffusion.network, loaded.diffusion.network)
    return DiffusionLearner(diffusion, plan.recipe), loaded.tokenizer


def fresh(plan: Plan, files: list[Path], resumed: bool, output: Output) -> tuple[Learner, Tokenizer]:
    """A model of the planned sizes with new weights."""
    if resumed or plan.tokenizer:
        tokenizer = find_tokenizer(plan.out if resumed else plan.tokenizer or "")
    else:
        tokenizer = learn_tokenizer(plan, files, output)
    sizes = plan.sizes
    if sizes.kind != "diffusion":
        from engine.causal.causal_model import CausalLearner, build_causal

        shape = sizes.length, sizes.hidden, sizes.blocks, sizes.heads, sizes.dropout
        return CausalLearner(build_causal(tokenizer, *shape), sizes.length), tokenizer
    return DiffusionLearner(build_diffusion(configuration(sizes, tokenizer.vocabulary)), plan.recipe), tokenizer


def learn_tokenizer(plan: Plan, files: list[Path], output: Output) -> Tokenizer:
    """A new tokenizer, learned from the text."""
    domain = domain_named(plan.sizes.domain)
    if domain is TEXT:
        output.note("Learning a tokenizer from the text.")
    return domain.tokenizer((record for path in files for record in domain.read(path)), plan.sizes.vocabulary)


def configuration(sizes: Sizes, vocabulary: int) -> DiffusionConfig:
    """What the sizes ask for, with the best known form for each kind of noise.

    Absorbing noise: time-free posteriors. Uniform: leave-one-out posteriors, told log sigma and which tokens are given.
    Where sequences are whole records the network is told the place of each token in them.
    """
    fits, graph = PARAMETRISATIONS[sizes.noise], GRAPHS[sizes.noise](vocabulary)
    chosen = next(iter(fits)) if sizes.parametrisation == "auto" else sizes.parametrisation
    network = NetworkConfig(
        graph.states,
        sizes.length,
        sizes.hidden,
        sizes.blocks,
        sizes.heads,
        dropout=sizes.dropout,
        marks_locks=not graph.shows_noise,
        absolute_positions=domain_named(sizes.domain).rows,
    )
    return DiffusionConfig(network, sizes.noise, parametrisation=chosen, **fits[chosen].settings)


def split(plan: Plan, files: list[Path], tokenizer: Tokenizer, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Token streams, or rows, to train and to validate on; without validation data a part is held out.

    Of a stream that is its end, of rows random ones.
    """
    domain = domain_named(plan.sizes.domain)

    def tokens(paths: list[Path]) -> np.ndarray:
        if not domain.rows:
            return tokenize(paths, tokenizer)
        return fill_rows((record for path in paths for record in domain.read(path)), tokenizer, length)

    data = tokens(files)
    if plan.valid:
        return data, tokens([plan.valid])
    if domain.rows:
        data = data[np.random.Generator(np.random.Philox(key=[HELD_OUT_SEED, 2**33])).permutation(len(data))]
        held_out = min(len(data) // 10, max(64, math.ceil(HELD_OUT * len(data))))
    else:
        held_out = min(len(data) // 10, max(8 * length, math.ceil(HELD_OUT * len(data))))
    return data[: len(data) - held_out], data[len(data) - held_out :]


def byte_count(sequences: Sequence[np.ndarray], tokenizer: Tokenizer) -> int:
    """Bytes of the text that sequences of tokens stand for, end-of-text marks left out."""
    texts = (tokenizer.decode(sequence.tolist()) for sequence in sequences)
    return sum(len(text.replace(END_OF_TEXT, "").encode()) for text in texts)


def follow(trainer: Trainer, state: Path, output: Output, size: int) -> None:
    """Runs to the end, with a bar for the reader or a JSON line for each event; `size` is that of validation in bytes.

    A bound per byte can be compared between tokenizers.
    """
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
                        per_byte, _ = event.bound.units(size)["bits_per_byte"]
                        output.record(event="validated", step=event.step, bits_per_byte=per_byte, **asdict(event.bound))
                    else:
                        exact = not isinstance(trainer.learner, DiffusionLearner)
                        output.note(f"step {event.step:,}: {in_words(event.bound, exact)}")
                case Saved():
                    if output.json_lines:
                        output.record(event="saved", step=event.step, path=str(event.path))
