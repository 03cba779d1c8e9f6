"""What decides a training run: the text, the sizes of a fresh network, what is minimised and how. Imports no torch.

A text in an annotation is what the command line says of the setting; those without one are no options.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from engine.protocol.option_kinds import LENGTH, MANY, SEED, Real, Whole, check_ranges

SHARE = Real(0, 1)


class Ranged:
    """Settings whose numbers are in the ranges that stand in their annotations: a UserError where they are not."""

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True)
class Sizes(Ranged):
    """What decides a fresh network.

    `kind` "gpt" is the autoregressive baseline, "causal" any autoregressive model to go on with. A model to go on with
    is deepened to `grow` blocks, if that is not 0. The parametrisation "auto" is the posterior for absorbing noise, and
    the leave-one-out posterior with locks marked for uniform noise.
    """

    domain: Annotated[str, "text, molecules, digits or promoters."] = "text"
    kind: Annotated[Literal["diffusion", "gpt", "causal"], "gpt: the baseline; causal: any, from --model."] = (
        "diffusion"
    )
    noise: Annotated[Literal["absorb", "uniform"], "How text is destroyed."] = "absorb"
    parametrisation: Annotated[
        Literal["auto", "log_score", "posterior", "leave_one_out"],
        "What the network gives; log_score is the published form.",
    ] = "auto"
    vocabulary: Annotated[int, "Tokens of the new tokenizer.", Whole(1, 2**20)] = 4096
    length: Annotated[int, LENGTH] = 256
    hidden: Annotated[int, "Width of the network.", Whole(2, 16_384)] = 320
    blocks: Annotated[int, "Blocks of the network.", Whole(1, 512)] = 8
    heads: Annotated[int, "Attention heads in a block.", Whole(1, 512)] = 5
    dropout: Annotated[float, "Share of units left out; for many passes.", Real(0, 0.99)] = 0.0
    grow: Annotated[int, "Blocks that a --model is deepened to; 0: as it is.", Whole(0, 512)] = 0


@dataclass(frozen=True)
class Recipe(Ranged):
    """What is minimised in training a diffusion model.

    `weighting` "bound" is the rate sigma'(t) of the likelihood bound; "flat" multiplies it by the noised fraction,
    which under absorbing noise has a much lower variance, and the same optimum; "annealed" is flat until the learning
    rate begins to fall and the bound from there on. `objective` "dse" is denoising score entropy; "ce", the cross
    entropy of posteriors, has the same optimum and is for networks that give those: under absorbing noise it is score
    entropy with another weight, under uniform noise its gradients vary less; "ise", implicit score entropy by one
    target, is for absorbing noise and for comparison; "auto" is "ce" where it can be, otherwise "dse". `times` are
    drawn one in each of B equal strata ("systematic"), or independently ("iid"). `locks` is the share of sequences in
    which some tokens are held clean and marked as given, for a network that marks locks.
    """

    objective: Annotated[
        Literal["auto", "dse", "ce", "ise"], "Score entropy (dse, ise) or, where it can be, cross entropy (ce)."
    ] = "auto"
    weighting: Annotated[Literal["flat", "bound", "annealed"], "Of the noise levels."] = "flat"
    times: Annotated[Literal["systematic", "iid"], "How a batch spreads them."] = "systematic"
    locks: Annotated[float, "Uniform noise: share of texts with given tokens.", SHARE] = 0.5


@dataclass(frozen=True)
class TrainingConfig(Ranged):
    """What decides a run beside the learner and the data.

    `optimizer` "muon" takes Muon for the hidden matrices and AdamW for the rest. `short` is the share of batches cut
    into halves or quarters, so that short texts are known too. `compile` has the network's blocks compiled, which
    takes half a minute and makes a CPU a fifth faster. The learning rate rises over `warmup` steps, holds, and falls
    in a straight line over the last `decay` share of the steps, to `floor` of it: 0, but for a run that another one
    will finish. `ema` and `lag` say over how many steps the weights are averaged: see `Average`.
    """

    steps: Annotated[int, "Optimiser steps.", MANY] = 10_000
    batch: Annotated[int, "Blocks of text in a step.", Whole(1, 65_536)] = 32
    learning_rate: Annotated[float, "At its peak.", Real(0, 10)] = 2e-3
    warmup: Annotated[int, Whole(0, 10**9)] = 100
    decay: Annotated[float, "Share of the steps in which the rate falls.", SHARE] = 0.5
    floor: Annotated[float, SHARE] = 0.0
    weight_decay: Annotated[float, "Pull of the weights towards 0.", Real(0, 10)] = 0.01
    clip: Annotated[float, Real(1e-6, 1e6)] = 1.0
    ema: Annotated[float, SHARE] = 0.999
    lag: Annotated[int, MANY] = 10
    optimizer: Annotated[Literal["adamw", "muon"], "For hidden matrices."] = "muon"
    short: Annotated[float, "Share of batches cut into halves or quarters.", SHARE] = 0.3
    seed: Annotated[int, "The same seed gives the same result; at most 2^53 - 1.", SEED] = 0
    precision: Literal["fp32", "bf16"] = "bf16"
    compile: Annotated[bool, "Compile the network's blocks first."] = False
    save_every: Annotated[float, "Seconds between saves; more if they take long, 0 for each step.", Real(0, 1e9)] = 4.0
    validate_every: Annotated[int, MANY] = 500


@dataclass(frozen=True)
class AdaptingConfig(TrainingConfig):
    """The same for a causal model that is adapted, with the rates at which such models are trained on; `anneal` is the
    share of the steps over which its causal mask is taken away. Its blocks are not compiled."""

    anneal: Annotated[float, "Share of the steps over which the causal mask goes.", SHARE] = 0.5
    steps: Annotated[int, "Optimiser steps.", MANY] = 2_000
    batch: Annotated[int, "Blocks of text in a step.", Whole(1, 65_536)] = 8
    learning_rate: Annotated[float, "At its peak.", Real(0, 10)] = 3e-4
    warmup: Annotated[int, Whole(0, 10**9)] = 10
    optimizer: Annotated[Literal["adamw", "muon"], "For hidden matrices."] = "adamw"
    compile: bool = False


@dataclass(frozen=True)
class Plan:
    """What decides a run: the text, the model's sizes, what is minimised and how.

    `tokenizer` is a folder whose tokenizer is taken; without one it is learned from the text. `command` is that of
    `sedd` by which the run was begun.
    """

    data: list[Path]
    valid: Path | None
    out: Path
    sizes: Sizes
    recipe: Recipe
    training: TrainingConfig
    tokenizer: Path | None = None
    command: str = "train"
