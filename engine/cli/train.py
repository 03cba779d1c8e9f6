"""The work behind `sedd train`: from text files to a model folder, in a run that can be stopped and gone on with."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from engine.cli.asked import Machine
from engine.cli.output import Output
from engine.cli.training_card import card, facts_of, in_words, past
from engine.cli.training_folder import (
    LEFT,
    check_room,
    describe,
    folder_for,
    goes_on,
    hashes_in,
    is_free_for,
    is_model,
    keep_plan,
    own_in,
    tokenizer_home,
)
from engine.estimates import Shape, require, require_time
from engine.estimates import training as training_bytes
from engine.files import filling
from engine.language.backends import END_OF_TEXT
from engine.language.documents import LeftOut, Tell, refuse, text_files
from engine.language.domains import TEXT, domain_named
from engine.language.tokenizer_files import FILE_NAME
from engine.language.tokenizers import Tokenizer, find_tokenizer
from engine.models.alone import STATE
from engine.models.devices import choose_device, choose_precision
from engine.models.gguf import unpacked
from engine.models.loading import load
from engine.models.own_layout import CARD, saving
from engine.protocol import UserError
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.graphs import GRAPHS
from engine.theory.growth import deepen
from engine.theory.network import NetworkConfig, ScoreTransformer
from engine.theory.parametrisations import PARAMETRISATIONS, ParametrisationName
from engine.training.datasets import fill_rows, tokenize
from engine.training.learners import DiffusionLearner, Learner
from engine.training.processes import Processes, started
from engine.training.settings import Plan, Sizes
from engine.training.trainer import Saved, Trained, Trainer, Unsaved, Validated

Fresh = Callable[[], Tokenizer]
Make = Callable[[Machine, Plan, Fresh], tuple[Learner, Tokenizer]]
"""Makes what is trained, the one to go on with or a new one with a tokenizer that is fresh."""
FRESH = "--batch, --length, --hidden or --blocks"
OPTIONS = {"adapt": "--batch or --length", "reproduce": ""}
"""What decides how much memory a training takes: of a fresh model, and by commands that have fewer options."""
HELD_OUT = 0.01
HELD_OUT_SEED = 0
"""The same whatever the seed of a run, so that no stage of a model trains on what another held out."""


def train_model(machine: Machine, plan: Plan, output: Output, make: Make | None = None) -> None:
    """Trains what `make` gives, or what the plan's sizes ask for, or goes on with the run in `plan.out`, and leaves a
    model folder there."""
    check(plan)
    machine.set_threads()
    if machine.model and plan.tokenizer:
        raise UserError("A model that is trained on keeps its own tokenizer; leave out --tokenizer, or --model.")
    if machine.model is None:
        check_fit(fresh_shape(plan.sizes), plan, machine)
    processes, device = started(machine.device)
    machine = replace(machine, device=device)
    if not processes.speaks:
        output.mute()
    files = text_files(plan.data)
    with folder_for(plan.out, processes.speaks):
        train_on(machine, plan, files, output, make, processes)
    processes.meet()  # what is trained next may start from what one of them has saved


def train_on(
    machine: Machine, plan: Plan, files: list[Path], output: Output, make: Make | None, processes: Processes
) -> None:
    """The same for a folder that is there, and texts that were found."""
    description = describe(plan, files, machine.model)
    resumed = goes_on(plan.out, description)
    processes.meet()  # none of them writes before all have looked
    if not resumed and is_model(plan.out):
        output.record(event="model", folder=str(plan.out))
        output.line(f"The model of this very run is in {plan.out} already.")
        return
    before = past(machine.model)
    make = make or LEARNERS[plan.sizes.kind]
    trainer, tokenizer = prepare(machine, plan, files, make, resumed, output, processes)
    check_room(plan.out, trainer)
    state = plan.out / STATE
    if resumed:
        trainer.resume(state)
        output.note(f"Going on from step {trainer.step:,} of {plan.training.steps:,}.")
    elif processes.speaks:
        with saving(plan.out), filling(plan.out, FILE_NAME) as made:  # the plan before: what lies by it is a run's
            tokenizer.save(made)
            keep_plan(made, description, own_in(plan.out) | hashes_in(made))
    follow(trainer, state, output, tokenizer)
    if not processes.speaks:
        return
    result = trainer.validate() if trainer.valid else None
    trainer.average.swap(trainer.learner.network)
    facts = before | facts_of(plan, trainer, result)
    told = card(plan, files, description["texts"], facts)
    is_free = is_free_for(told, plan.out)
    trainer.learner.save(plan.out, tokenizer, told if is_free else None, facts)
    with saving(plan.out):
        keep_plan(plan.out, description, hashes_in(plan.out, LEFT if is_free else set(LEFT) - {CARD}))
    if not is_free:
        output.note(f"{plan.out / CARD} is another than this run's, and stays as it is.")
    output.record(event="model", folder=str(plan.out), **facts)
    output.line(f"The model is in {plan.out}.")


def check(plan: Plan) -> None:
    """Refuses sizes that make no model, and a tokenizer that is not there."""
    sizes = plan.sizes
    if plan.tokenizer:
        tokenizer_home(plan.tokenizer)
    domain_named(sizes.domain)
    if sizes.hidden % (2 * sizes.heads):
        raise UserError(f"--hidden {sizes.hidden} must be a multiple of twice --heads {sizes.heads}.")
    chosen_in(sizes)


def chosen_in(sizes: Sizes) -> ParametrisationName:
    """The parametrisation that sizes ask for: "auto" is the best for the noise. A UserError for one that it lacks."""
    fits = PARAMETRISATIONS[sizes.noise]
    named: dict[str, ParametrisationName] = {"auto": next(iter(fits)), **{str(name): name for name in fits}}
    if sizes.parametrisation not in named:
        raise UserError(f"Under {sizes.noise} noise --parametrisation must be auto, {' or '.join(fits)}.")
    return named[sizes.parametrisation]


def fresh_shape(sizes: Sizes) -> Shape:
    """About the sizes of the network that is asked for: matrices alone are counted."""
    each = sizes.hidden * (12 * sizes.hidden + 6 * NetworkConfig.cond_dim)
    parameters = sizes.blocks * each + 2 * sizes.vocabulary * sizes.hidden
    return Shape(parameters, sizes.hidden, sizes.blocks, sizes.heads, sizes.vocabulary)


def check_fit(shape: Shape, plan: Plan, machine: Machine) -> None:
    """A UserError where training would not fit into memory or time."""
    device, training, length = choose_device(machine.device), plan.training, plan.sizes.length
    needed = training_bytes(shape, training.batch, length, training.optimizer == "muon")
    options = OPTIONS.get(plan.command, FRESH if machine.model is None else "--batch")
    require(needed, "Training", device, f"choose a smaller {options}" if options else "free some of it")
    require_time(training.steps * training.batch * length, shape.parameters, "Training", device, passes=3)


def prepare(
    machine: Machine, plan: Plan, files: list[Path], make: Make, resumed: bool, output: Output, processes: Processes
) -> tuple[Trainer, Tokenizer]:
    """The model, fresh or loaded, and its text as tokens."""
    device = choose_device(machine.device)
    training = replace(plan.training, precision=choose_precision(machine.precision, device))
    if domain_named(plan.sizes.domain).rows:
        training = replace(training, short=0.0)  # a row is whole
    torch.manual_seed(training.seed)
    learner, tokenizer = make(machine, plan, lambda: tokenizer_of(plan, files, resumed, output))
    if machine.model is not None:
        check_fit(Shape.of(learner.network), plan, machine)
    learner.network.to(device)
    left_out = LeftOut()
    train, valid = split(plan, files, tokenizer, learner.length, left_out)
    left_out.say(output.note)
    parameters = sum(parameter.numel() for parameter in learner.network.parameters())
    output.note(f"{train.size:,} tokens to train on, {parameters:,} parameters, {device.type}.")
    output.note("Ctrl+C stops it; the same command goes on from the last save.")
    return Trainer(learner, training, train, valid, processes), tokenizer


def diffusion_learner(machine: Machine, plan: Plan, fresh: Fresh) -> tuple[Learner, Tokenizer]:
    """A diffusion model, the one to go on with or of the planned sizes with a tokenizer that is `fresh`."""
    if machine.model is None:
        tokenizer = fresh()
        diffusion = Diffusion(configuration(plan.sizes, tokenizer.vocabulary))
        return DiffusionLearner(diffusion, plan.recipe), tokenizer
    loaded = load(machine.model, machine.device, "fp32")
    config = loaded.diffusion.config
    if not isinstance(loaded.diffusion.network, ScoreTransformer):
        raise UserError(
            f"{machine.model} has a network of another kind, which is not trained on; choose another model, or adapt a "
            "causal one again with more --steps."
        )
    blocks = plan.sizes.grow or config.network.blocks
    diffusion = Diffusion(replace(config, network=replace(config.network, dropout=plan.sizes.dropout, blocks=blocks)))
    deepen(diffusion.network, loaded.diffusion.network)
    return DiffusionLearner(diffusion, plan.recipe), loaded.tokenizer


def causal_learner(machine: Machine, plan: Plan, fresh: Fresh) -> tuple[Learner, Tokenizer]:
    """A causal model, as `diffusion_learner`."""
    from engine.causal.causal_folder import folder_of
    from engine.causal.causal_model import CausalLearner, CausalModel, build_causal

    sizes = plan.sizes
    if machine.model is None:
        tokenizer = fresh()
        network = build_causal(tokenizer, sizes.length, sizes.hidden, sizes.blocks, sizes.heads, sizes.dropout)
        return CausalLearner(network, sizes.length), tokenizer
    with unpacked(folder_of(machine.model)) as folder:
        network, tokenizer = CausalModel.load(folder, machine.device, "fp32").network, find_tokenizer(folder)
    network.config.bos_token_id = network.config.eos_token_id = tokenizer.eot_id
    return CausalLearner(network, sizes.length), tokenizer


def gpt_learner(machine: Machine, plan: Plan, fresh: Fresh) -> tuple[Learner, Tokenizer]:
    """The autoregressive baseline: one to go on with has the planned dropout, and blocks that are added."""
    from engine.causal.causal_model import CausalLearner, with_dropout

    learner, tokenizer = causal_learner(machine, plan, fresh)
    if machine.model is None:
        return learner, tokenizer
    network = with_dropout(learner.network, plan.sizes.dropout, plan.sizes.grow)
    return CausalLearner(network, plan.sizes.length), tokenizer


LEARNERS: dict[str, Make] = {"diffusion": diffusion_learner, "gpt": gpt_learner, "causal": causal_learner}
"""By the kind of `Sizes`."""


def tokenizer_of(plan: Plan, files: list[Path], resumed: bool, output: Output) -> Tokenizer:
    """That of the run that goes on, or the one that the plan names, or a new one, learned from the text."""
    if resumed or plan.tokenizer:
        return find_tokenizer(plan.out if resumed or not plan.tokenizer else tokenizer_home(plan.tokenizer))
    domain = domain_named(plan.sizes.domain)
    if domain is TEXT:
        output.note("Learning a tokenizer from the text.")
    records = (record for path in files for record in domain.read(path, LeftOut()))  # counted when they are split
    return domain.tokenizer(records, plan.sizes.vocabulary)


def configuration(sizes: Sizes, vocabulary: int) -> DiffusionConfig:
    """What the sizes ask for, with the best known form for each kind of noise.

    Absorbing noise: time-free posteriors. Uniform: leave-one-out posteriors, told log sigma and which tokens are given.
    Where sequences are whole records the network is told the place of each token in them.
    """
    chosen, graph = chosen_in(sizes), GRAPHS[sizes.noise](vocabulary)
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
    return DiffusionConfig(
        network, sizes.noise, parametrisation=chosen, **PARAMETRISATIONS[sizes.noise][chosen].settings
    )


def split(
    plan: Plan, files: list[Path], tokenizer: Tokenizer, length: int, tell: Tell = refuse
) -> tuple[np.ndarray, np.ndarray]:
    """Token streams, or rows, to train and to validate on; without validation data a part is held out.

    Of a stream that is its end, of rows random ones.
    """
    domain = domain_named(plan.sizes.domain)

    def tokens(paths: list[Path]) -> np.ndarray:
        if not domain.rows:
            return tokenize(paths, tokenizer, tell)
        return fill_rows((record for path in paths for record in domain.read(path, tell)), tokenizer, length, tell)

    data = tokens(files)
    if plan.valid:
        return data, tokens([plan.valid])
    if domain.rows:
        data = data[np.random.Generator(np.random.Philox(key=[HELD_OUT_SEED, 2**33])).permutation(len(data))]
    least = 64 if domain.rows else 8 * length
    held_out = min(len(data) // 10, max(least, math.ceil(HELD_OUT * len(data))))
    return data[: len(data) - held_out], data[len(data) - held_out :]


def follow(trainer: Trainer, state: Path, output: Output, tokenizer: Tokenizer) -> None:
    """Runs to the end, with a bar for the reader or a JSON line for each event, and with it the bound per byte of text,
    end-of-text marks left out, which can be compared between tokenizers."""
    texts = (tokenizer.decode(sequence.tolist()).replace(END_OF_TEXT, "") for sequence in trainer.valid)
    size = sum(len(text.encode()) for text in texts)
    with output.progress() as progress:
        task = progress.add_task("training", total=trainer.config.steps, completed=trainer.step)
        for event in trainer.run(state):
            match event:
                case Trained():
                    progress.update(task, completed=event.step, description=f"loss {event.loss:.3f}")
                    output.record(event="trained", **asdict(event))
                case Validated():
                    per_byte, _ = event.bound.units(size).get("bits_per_byte", (None, None))
                    output.record(event="validated", step=event.step, bits_per_byte=per_byte, **asdict(event.bound))
                    if not output.json_lines:
                        output.note(f"step {event.step:,}: {in_words(event.bound, trainer.learner.exact)}")
                case Unsaved():
                    output.record(event="unsaved", step=event.step, reason=event.reason)
                    output.note(f"step {event.step:,}: {event.reason}")
                case Saved():
                    output.record(event="saved", step=event.step, path=str(event.path))
