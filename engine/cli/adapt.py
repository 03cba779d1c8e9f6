"""The work behind `sedd adapt`: a causal model, in a folder or a GGUF file, and the loop of `sedd train`."""

from __future__ import annotations

import gc

import torch

from engine.cli.asked import Machine
from engine.cli.output import Output
from engine.cli.train import Fresh, train_model
from engine.language.tokenizers import Tokenizer
from engine.models.gguf import unpacked
from engine.models.loading import checkpoint_folder
from engine.training.adapting import AdaptingLearner, adapted
from engine.training.learners import Learner
from engine.training.settings import AdaptingConfig, Plan


def adapt_model(machine: Machine, plan: Plan, output: Output) -> None:
    """Adapts the model of the machine, or goes on with the run in `plan.out`, and leaves a model folder there."""
    train_model(machine, plan, output, adapting_learner)


def adapting_learner(machine: Machine, plan: Plan, fresh: Fresh) -> tuple[Learner, Tokenizer]:
    """The causal model that is to be adapted, with its own tokenizer."""
    from engine.causal.causal_folder import read_causal

    source = machine.model
    assert source is not None
    assert isinstance(plan.training, AdaptingConfig)
    with unpacked(checkpoint_folder(source)) as folder:
        network, _ = read_causal(folder, torch.float32)
        made = adapted(network, folder, plan.sizes.length)
    del network
    gc.collect()  # it holds itself, and would be in memory as long as the training
    learner = AdaptingLearner(made, plan.training.anneal * plan.training.steps, source.resolve().stem)
    return learner, made.tokenizer
