"""The work behind `sedd adapt`: a causal model, in a folder or a GGUF file, and the loop of `sedd train`."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from engine.cli.asked import Machine
from engine.cli.output import Output
from engine.cli.train import Fresh, train_model
from engine.language.tokenizers import Tokenizer
from engine.models.gguf import convert
from engine.models.loading import checkpoint_folder
from engine.models.stored import CONFIG
from engine.protocol import UserError
from engine.training.adapting import AdaptingLearner, adapted
from engine.training.learners import Learner
from engine.training.settings import AdaptingConfig, Plan

GGUF = ".gguf"


def adapt_model(machine: Machine, plan: Plan, output: Output) -> None:
    """Adapts the model of the machine, or goes on with the run in `plan.out`, and leaves a model folder there."""
    train_model(machine, plan, output, adapting_learner)


def adapting_learner(machine: Machine, plan: Plan, fresh: Fresh) -> tuple[Learner, Tokenizer]:
    """The causal model that is to be adapted, with its own tokenizer."""
    from engine.causal.causal_folder import read_causal

    source = machine.model
    assert source is not None
    assert isinstance(plan.training, AdaptingConfig)
    with causal_folder(source) as folder:
        network, _ = read_causal(folder, torch.float32)
        made = adapted(network, folder, plan.sizes.length)
    del network
    gc.collect()  # it holds itself, and would be in memory as long as the training
    learner = AdaptingLearner(made, plan.training.anneal * plan.training.steps, source.resolve().stem)
    return learner, made.tokenizer


@contextmanager
def causal_folder(source: Path) -> Iterator[Path]:
    """The folder of a causal model, or one with what is in its GGUF file, for a while; a UserError if there is none."""
    file = gguf_in(source)
    if file is None:
        yield checkpoint_folder(source)
        return
    with tempfile.TemporaryDirectory() as place:
        convert(file, folder := Path(place, file.stem), "fp32")
        yield folder


def gguf_in(source: Path) -> Path | None:
    """The GGUF file that this is, or that is alone in a folder; None for a folder of another layout."""
    if source.suffix.lower() == GGUF:
        return source
    if not source.is_dir() or (source / CONFIG).exists():
        return None
    files = sorted(source.glob(f"*{GGUF}"))
    if len(files) > 1:
        raise UserError(f"{source} holds {len(files)} GGUF files; name one of them.")
    return files[0] if files else None
