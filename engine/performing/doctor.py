"""What a file or a folder is that may be a model, told before anything of it is loaded, and what to do if it is none.

Everything is read by the readers that open models, with their limits, and nothing that a file brings is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch

from engine.catalogue.families import OWN, SEDD
from engine.catalogue.glance import MASKLESS, licence_in
from engine.estimates import GIB, Shape, free, opening, require, running, writing
from engine.language.chat import UNKNOWN, chat_in
from engine.language.spare_tokens import Spare
from engine.language.tokenizer_files import backend_in
from engine.language.tokenizers import find_tokenizer
from engine.models.alone import Fact, facts_of_weights, file_alone, folder_alone, pointer_in
from engine.models.described import dtypes_of, noise_of, output_of, told_of
from engine.models.devices import PRECISIONS, choose_device, choose_precision
from engine.models.filling import SMALLER, Pages
from engine.models.gguf import check_whole as check_whole_file
from engine.models.gguf import gguf_in, read_by
from engine.models.larger_families import larger_family
from engine.models.layouts import family_of
from engine.models.lightning import checkpoint_in, is_lightning
from engine.models.loading import checkpoint_folder, configured, home_of, load, read
from engine.models.probing import better, readings
from engine.models.shapes import check_shapes
from engine.models.stored import CONFIG, Stored, read_yaml, weight_files
from engine.models.training_run import RUN_CONFIG, is_snapshot
from engine.performing.opening import is_causal
from engine.plain_text import plain_line
from engine.protocol import UserError
from engine.protocol.errors import refusing
from engine.stopping import look, within
from engine.strict_json import entries
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.unfilled import unfilled

T = TypeVar("T")
LONGEST_NAME = 40
PATIENCE = 60.0
"""Seconds that a model is asked for."""
DIFFUSION = "a diffusion model"
UNITS = {"length": " tokens", "vocabulary": " tokens", "writes in blocks of": " tokens"}
TOKENIZERS: tuple[tuple[range, str], ...] = (
    (range(50_257, 50_305), "GPT-2's, vocab.json and merges.txt of openai-community/gpt2"),
    (range(30_521, 30_523), "BERT's, of google-bert/bert-base-uncased"),
    (range(32, 34), "ESM's, vocab.txt of facebook/esm2_t12_35M_UR50D"),
    (range(151_643, 152_065), "Qwen's, tokenizer.json of the same model"),
)
"""Which tokenizer models of so many tokens usually have."""


@dataclass
class Diagnosis:
    """`facts` in the order in which they were found, sizes as numbers and memory in bytes; and the `problems`, each in
    a sentence that says what to do, by which the model does not open."""

    facts: dict[str, Fact] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def opens(self) -> bool:
        return not self.problems

    @property
    def told(self) -> dict[str, str]:
        """The facts for a reader."""
        return {name: shown(name, fact) for name, fact in self.facts.items()}

    def tried(self, work: Callable[[], T]) -> T | None:
        """What `work` returns; None where it refuses, which is a problem, told once."""
        try:
            return work()
        except UserError as error:
            problem = str(error)
        except OSError as error:
            problem = f"{error.filename} cannot be read: {error.strerror}; allow reading it."
        self.problems += [problem] * (problem not in self.problems)
        return None


def shown(name: str, fact: Fact) -> str:
    """A fact for a reader."""
    if isinstance(fact, str):
        return fact
    if name.startswith("memory"):
        return f"{fact / GIB:,.1f} GiB" if fact >= GIB / 10 else f"{fact / 2**20:,.0f} MiB"
    return f"{fact:,}{UNITS.get(name, '')}"


def examine(path: str | Path, device: str = "auto", precision: str = "auto") -> Diagnosis:
    """What there is at `path`; `device` and `precision` are those on which it would be opened."""
    found = Diagnosis({"path": plain_line(str(path))})
    found.tried(lambda: look_at(found, Path(path).expanduser(), device, precision))
    return found


def look_at(found: Diagnosis, place: Path, device: str, precision: str) -> None:
    """Puts down what is at a place; a UserError where it is no model."""
    alone = file_alone(place) if place.exists() else None
    if alone is None:
        source = checkpoint_folder(place)
        folder = home_of(source)
        if gguf_in(source) is not None:
            return of_gguf(found, source, choose_device(device), precision)
        if (pointer := pointer_in(folder)) is not None:
            raise UserError(f"{pointer} is what Git leaves in the place of a large file; run git lfs pull there.")
        if is_described(source):
            return look_into(found, source, folder, choose_device(device), precision)
        alone = folder_alone(folder)
    found.facts |= {"kind": alone.kind} | dict(alone.facts)
    raise UserError(alone.advice)


def probe(found: Diagnosis, path: Path) -> None:
    """Loads a diffusion model that opens, and asks it whether it is read as it was trained; puts down what it says."""

    def ask() -> dict[str, float]:
        source = checkpoint_folder(path)
        return readings(load(source), read(source))

    try:
        answers = within(PATIENCE, ask)
    except (UserError, TimeoutError) as error:
        found.facts["probe"] = f"none: {error}"
        return
    found.facts["probe"] = "; ".join(f"{nats:.2f} nats a token by {name}" for name, nats in answers.items())
    if (other := better(answers)) is not None:
        found.problems.append(
            f"The model in {path} answers better by {other} than as it is read, by {next(iter(answers))}; put the "
            "configuration and the tokenizer that belong to the weights there."
        )


def is_described(source: Path) -> bool:
    """Whether something there says how a network is built."""
    described = any((source / name).is_file() for name in (CONFIG, RUN_CONFIG))
    return described or is_lightning(source) or is_snapshot(source) or checkpoint_in(source) is not None


def look_into(found: Diagnosis, source: Path, folder: Path, device: torch.device, precision: str) -> None:
    """Puts down what is known of a model, and what is wrong with it."""
    size = PRECISIONS[choose_precision(precision, device)].itemsize
    values = values_of(source, folder)
    larger = larger_family(values, folder)
    if larger is not None:
        found.facts |= {"kind": "a diffusion model for a larger machine", "family": larger.family}
        found.facts |= {"memory for weights": larger.memory(folder)}
        found.problems.append(larger.refusal(folder))
    elif is_causal(source):
        found.facts["kind"] = "a model of the library transformers"
        found.facts["family"] = plain_line(str(values["model_type"]), LONGEST_NAME)
        found.tried(lambda: of_causal(found, folder, size))
    else:
        found.facts["kind"] = DIFFUSION
        of_diffusion(found, source, folder, values, size)
    if (left := free(str(device))) is not None:
        found.facts["memory free"] = left
        if larger is None and isinstance(needed := found.facts.get("memory for weights"), int):
            found.tried(partial(require, needed, f"The model in {folder}", device, SMALLER))
    found.facts["licence"] = licence_in(folder) or (larger.licence if larger else "") or "not told there"


def values_of(source: Path, folder: Path) -> Mapping[str, Any]:
    """What a model's configuration says; nothing where it cannot be read, or stands in the file of the weights."""
    if is_lightning(source):
        return {}
    if (folder / RUN_CONFIG).is_file():
        with suppress(UserError):
            return read_yaml(folder / RUN_CONFIG)
    return entries(folder / CONFIG)


def of_diffusion(found: Diagnosis, source: Path, folder: Path, values: Mapping[str, Any], size: int) -> None:
    """The sizes and habits of a diffusion model, as far as they are told; each number is opened in `size` bytes."""
    stored = found.tried(lambda: read(source))
    config = config_of(values, folder) if stored is None else stored.config
    if config is None:
        with suppress(UserError, OSError):
            facts, family = facts_of_weights(weight_files(folder))
            found.facts |= facts | ({"names of weights": f"as of {family}"} if family else {})
        return
    layout = family_of(values, folder)
    usual = layout.family if layout else OWN if "format" in values else SEDD.name
    found.facts["family"] = usual if stored is None else stored.facts.get("family", usual)
    with unfilled():
        diffusion = Diffusion(config)
    found.facts |= sizes_of(diffusion, stored)
    if stored is not None:
        found.tried(partial(check_whole, stored, diffusion))
    known, spare = diffusion.vocabulary, "nothing" if stored is None else stored.spare
    found.tried(lambda: note_tokenizer(found.facts, folder, known, known, spare))
    found.facts["memory for weights"] = opening(diffusion.network.parameter_count, size)
    found.facts["memory for a run"] = running(Shape.of(diffusion.network), 1, config.network.length, False)


def config_of(values: Mapping[str, Any], folder: Path) -> DiffusionConfig | None:
    """What a configuration describes, None where that is refused."""
    with suppress(UserError):
        return configured(values, folder)[1]
    return None


def sizes_of(diffusion: Diffusion, stored: Stored | None) -> dict[str, Fact]:
    """What a configuration says, and the weights that go with it."""
    config, sizes = diffusion.config, diffusion.config.network
    facts: dict[str, Fact] = {"noise": noise_of(config), "output": output_of(config), "told": told_of(config)}
    facts |= {"parameters": diffusion.network.parameter_count}
    if stored is not None:
        facts |= {"stored as": dtypes_of(stored.weights.values())}
        facts |= {"weights": stored.facts["weights"]} if "weights" in stored.facts else {}
    facts |= {"blocks": sizes.blocks, "width": sizes.hidden, "heads": sizes.heads, "length": sizes.length}
    facts["vocabulary"] = diffusion.vocabulary
    facts |= {"classes": sizes.classes} if sizes.classes else {}
    if stored is not None:
        facts["mask"] = mask_of(diffusion, stored)
    facts |= {"shift": "by one: the law of a token is found one position before" if config.framing.shift else "none"}
    return facts | ({"writes in blocks of": sizes.block_size} if sizes.block_size else {})


def mask_of(diffusion: Diffusion, stored: Stored) -> str:
    """Where the mask is among the ids of the files."""
    told = f"id {stored.mask:,}" + (", an ordinary token of the tokenizer" if isinstance(stored.spare, int) else "")
    if stored.mask == diffusion.graph.states - 1:
        told = f"the last id, {stored.mask:,}"
    return MASKLESS.get(diffusion.config.noise, told)


def check_whole(stored: Stored, diffusion: Diffusion) -> None:
    """A UserError where weights are not those of the configuration, or are no finite numbers; nothing is copied."""
    check_shapes(diffusion, stored.weights, stored.source)
    check_numbers(stored.weights, stored.source, stored.files)


def check_numbers(weights: Mapping[str, torch.Tensor], source: Path, files: Iterable[Path]) -> None:
    """A UserError where weights that lie in `files` are no finite numbers."""
    pages = Pages(files)
    for name, tensor in weights.items():
        look()
        if not torch.isfinite(tensor.sum(dtype=torch.float32)):
            raise UserError(f"{source} is damaged: {name} holds no finite numbers; put a whole copy there.")
        pages.let_go(tensor)


def note_tokenizer(
    facts: dict[str, Fact], folder: Path, known: int, vocabulary: int | None = None, spare: Spare = "nothing"
) -> None:
    """Whether there is a tokenizer, of a `vocabulary` if one is asked for, and of which kind; else which one models of
    so many `known` tokens usually have."""
    usual = next((name for sizes, name in TOKENIZERS if known in sizes), "the one that it was trained with")
    facts["tokenizer"] = f"not there; {usual}"
    backend = backend_in(folder)
    if backend is not None:
        facts["tokenizer"] = f"{type(backend.model).__name__}, not usable; {usual}"
    tokenizer = find_tokenizer(folder, vocabulary, spare)
    kind = "a token for each symbol" if tokenizer.symbols else "byte-level BPE"
    where = "in the hub's cache" if backend is None else "here"
    facts["tokenizer"] = f"{kind}, {tokenizer.vocabulary:,} tokens, {where}"
    if (chat := chat_in(folder, tokenizer)) is not None:
        facts["chat template"] = chat.name or UNKNOWN


def of_gguf(found: Diagnosis, file: Path, device: torch.device, precision: str) -> None:
    """The size of a causal model in a GGUF file, which opens by libraries of its own."""
    found.facts["kind"] = "an autoregressive model in a GGUF file"
    parameters = found.tried(lambda: check_whole_file(file))
    found.tried(read_by)
    if parameters is not None:
        size = PRECISIONS[choose_precision(precision, device)].itemsize
        needed = opening(parameters, size) + file.stat().st_size
        found.facts |= {"parameters": parameters, "memory for weights": needed}
        found.tried(partial(require, needed, f"The model in {file}", device, SMALLER))
    if (left := free(str(device))) is not None:
        found.facts["memory free"] = left
    found.facts["licence"] = licence_in(file.parent) or "not told there"


def of_causal(found: Diagnosis, folder: Path, size: int) -> None:
    """The sizes of a model that writes from left to right; each number is opened in `size` bytes."""
    from engine.causal.causal_folder import planned_in, tokenizer_in  # brings a large library

    with suppress(UserError, OSError):
        found.facts |= facts_of_weights(weight_files(folder))[0]
    weights, network = planned_in(folder)
    found.tried(lambda: check_numbers(weights, folder, weight_files(folder)))
    with refusing(f"The sizes of the causal model in {folder} cannot be read", "put a whole copy there"):
        shape, length = Shape.of(network), int(getattr(network.config, "max_position_embeddings", 1024))
    found.facts.pop("states", None)
    found.facts |= {"kind": "an autoregressive model", "blocks": shape.blocks, "width": shape.hidden}
    found.facts |= {"heads": shape.heads, "length": length, "vocabulary": shape.states}
    found.tried(lambda: note_tokenizer(found.facts, folder, shape.states))
    found.facts["memory for weights"] = opening(sum(weight.numel() for weight in weights.values()), size)
    found.facts["memory for a run"] = writing(shape, 1, length)
    with refusing(f"The tokenizer in {folder} cannot be used", "put the one there that the model was trained with"):
        tokenizer_in(folder, shape.states)
