"""What a folder says of the model in it, read in a moment: its description, the table of its weights and its card.

`sedd doctor` looks closer: it reads all that opening would.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from math import prod
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from engine.catalogue.families import FAMILIES, KINDS, OWN, SEDD, entry, noise_in
from engine.estimates import Shape, opening, running, writing
from engine.files import open_regular, read_bounded
from engine.plain_text import plain_line
from engine.protocol import Noise
from engine.protocol.noises import NOISE_KINDS
from engine.strict_json import entries

CARD, ORIGIN = "README.md", "origin.json"
TOKENS, TEMPLATE = "tokenizer_config.json", "chat_template.jinja"
LARGEST_CARD, LARGEST_ORIGIN, LARGEST_DESCRIPTION = 2**20, 100_000, 2**22
LARGEST_TABLE = 2**24
"""Bytes of what says where tensors lie in a file of safetensors."""
LARGEST_COUNT, MOST_LENGTHS = 2**48, 8
"""Numbers of a model, and lengths of the shape of a tensor, beyond which no file is."""
MOST_FILES = 1_000
LONGEST_LINE, LONGEST_BEGINNING = 120, 300
NAMED = re.compile(r"^licen[cs]e(?:_name)?:[ \t]*[\"']?([^\"'\n]+)", re.IGNORECASE | re.MULTILINE)
SAID = re.compile(r"^licen[cs]e .+$", re.IGNORECASE | re.MULTILINE)
ENTRIES = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
"""At the head of a card."""
SENTENCE = re.compile(r"^(.{20,}?(?<!al)\.) .*")
"""The first of several."""
OF_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt")
LENGTHS = ("length", "model_length", "max_seq_len", "n_positions", "max_position_embeddings")
GROUPS = ((), ("network",), ("model",), ("config", "model"))
"""Where sizes stand in configurations."""
EMBEDDINGS = (
    *("vocab_embed.embedding", "embed_tokens.weight", "wte.weight", "tok_embeddings.weight"),
    "word_embeddings.weight",
)
TOKENIZERS = ("tokenizer.json", "vocab.json", "encoder.json", "vocab.txt")
CAUSAL_BYTES = 2
"""Of a number of a model that writes from left to right, as it is opened."""
USUAL_LENGTH = 1024
MASKLESS: dict[Noise | None, str] = {"uniform": "none: tokens change into others", "none": ""}
"""What is told of the mask where the noise has none."""


class Told(Struct):
    """What a table of safetensors tells of a tensor, as far as it is asked for here."""

    shape: Annotated[tuple[Annotated[int, Meta(ge=0, lt=LARGEST_COUNT)], ...], Meta(max_length=MOST_LENGTHS)]


@dataclass(frozen=True)
class Glance:
    """What is known of the model in a folder; what is not is None or "". `about` is how its card begins, `size` that of
    the files of weights in bytes, `needed` the memory that opening it and a run of one text take. It `writes` one of
    `KINDS`."""

    family: str = ""
    noise: Noise | None = None
    parameters: int | None = None
    length: int | None = None
    vocabulary: int | None = None
    mask: str = ""
    tokenizer: str = ""
    licence: str = ""
    about: str = ""
    size: int = 0
    hub: str = ""
    needed: int | None = None
    writes: str = ""


def glance_at(folder: Path) -> Glance:
    """What a folder says; a file of weights says no more than its size."""
    if not folder.is_dir():
        return Glance(size=folder.stat().st_size)
    values = entries(folder / "config.json")
    files = [file for file in islice(folder.iterdir(), MOST_FILES) if file.suffix in OF_WEIGHTS and file.is_file()]
    shapes = {name: shape for file in files for name, shape in shapes_in(file).items()}
    tokens = of_tokens(folder)
    family, noise = kind_in(values, shapes, bool(tokens.get("mask_token")))
    parameters = sum(map(prod, shapes.values())) or None
    length = next((size for group in GROUPS for name in LENGTHS if (size := whole(values, *group, name))), None)
    rows = next((shape for name, shape in shapes.items() if name.endswith(EMBEDDINGS) and len(shape) == 2), None)
    needed = None
    if parameters and rows and length:
        needed = needed_by(Shape(parameters, rows[1], blocks_in(values), 0, rows[0]), length, noise)
    return Glance(
        family,
        noise,
        parameters,
        length,
        rows[0] if rows else None,
        mask_in(values, noise),
        next((name for name in TOKENIZERS if (folder / name).is_file()), ""),
        licence_in(folder),
        about_in(folder),
        sum(file.stat().st_size for file in files),
        plain_line(str(entries(folder / ORIGIN, LARGEST_ORIGIN).get("hub", "")), LONGEST_LINE),
        needed,
        written_by(values, family, "chat_template" in tokens or (folder / TEMPLATE).is_file()),
    )


def needed_by(shape: Shape, length: int, noise: Noise | None = None) -> int:
    """Bytes of memory for opening a model on a CPU in float32, and for a run of one text as long as it takes."""
    length = min(length, USUAL_LENGTH)
    if noise is not None and NOISE_KINDS[noise].exact:
        return opening(shape.parameters, CAUSAL_BYTES) + writing(shape, 1, length)
    return opening(shape.parameters) + running(shape, 1, length, nucleus=False)


def of_tokens(folder: Path) -> Mapping[str, Any]:
    """What a tokenizer's description says of its tokens."""
    return entries(folder / TOKENS, LARGEST_DESCRIPTION)


def told_mask(folder: Path) -> bool:
    """Whether a tokenizer's description tells a token for the mask."""
    return bool(of_tokens(folder).get("mask_token"))


def written_by(values: Mapping[str, Any], family: str, answers: bool) -> str:
    """What a model writes: what its description tells, answers where its tokenizer has a template for questions, or
    what its family does."""
    told = entry(values, "facts", "domain")
    usual = next((known.writes for known in FAMILIES if known.name == family), "text")
    return told if told in KINDS else "questions" if answers else usual


def kind_in(values: Mapping[str, Any], weights: Mapping[str, Any], masked: bool = False) -> tuple[str, Noise | None]:
    """The family of a configuration and its noise, as far as they are told; `masked` by a tokenizer that has a mask.
    What is of no family known here and names a type is taken for an autoregressive model."""
    named = entry(values, "graph", "type") or values.get("noise")
    noise = next((known for known in NOISE_KINDS if known == named), None)
    if "format" in values:
        return OWN, noise
    for family in FAMILIES:
        prefixed = not family.prefix or any(name.startswith(family.prefix) for name in weights)
        if family.recognises(values) and prefixed and (masked or not family.of_tokenizer):
            return family.name, noise_in(values, family)
    if SEDD.recognises(values):
        return SEDD.name, noise
    if "model_type" in values:
        return plain_line(str(values["model_type"]), LONGEST_LINE), noise or "none"
    return "", noise


def mask_in(values: Mapping[str, Any], noise: Noise | None) -> str:
    """Which token the mask is, as far as the description says it."""
    declared = whole(values, "mask_token_id")
    return MASKLESS.get(noise, "" if declared is None else f"id {declared:,}")


def blocks_in(values: Mapping[str, Any]) -> int:
    """How many blocks a network has that writes from left to right, as its description says."""
    return whole(values, "num_hidden_layers") or whole(values, "n_layer") or 0


def whole(values: Mapping[str, Any], *names: str) -> int | None:
    """A number in a description, None where there is none that can be a size."""
    found = entry(values, *names)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < LARGEST_COUNT else None


def shapes_in(file: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in a file of safetensors, by name; none where its table cannot be read."""
    if file.suffix != ".safetensors":
        return {}
    with suppress(OSError, RecursionError, msgspec.MsgspecError, UnicodeDecodeError), open_regular(file) as opened:
        size = int.from_bytes(opened.read(8), "little")
        table = msgspec.json.decode(opened.read(size), type=dict[str, msgspec.Raw]) if size <= LARGEST_TABLE else {}
        named = {name: told for name, told in table.items() if name != "__metadata__"}
        shapes = {name: msgspec.json.decode(told, type=Told).shape for name, told in named.items()}
        if all(prod(shape) < LARGEST_COUNT for shape in shapes.values()):
            return shapes
    return {}


def licence_in(folder: Path) -> str:
    """The licence that the model card in a folder names, by an entry or in a line; else which file has one; "" where
    nothing tells."""
    card = card_in(folder)
    named = " ".join(NAMED.findall(card)[:2]) or next(iter(SAID.findall(card)), "")
    files = (file.name for file in islice(folder.glob("LICEN[CS]E*"), 1))
    return plain_line(named, LONGEST_LINE) or next((f"see {name}" for name in files), "")


def about_in(folder: Path) -> str:
    """How the model card in a folder begins, after its entries and titles: a sentence; "" where that is no text."""
    text = ENTRIES.sub("", card_in(folder))
    parts = (part.strip() for part in text.split("\n\n"))
    first = next((part for part in parts if part and not part.startswith("#")), "")
    return SENTENCE.sub(r"\1", plain_line(first, LONGEST_BEGINNING)) if first[:1].isalnum() else ""


def card_in(folder: Path) -> str:
    """The model card in a folder; "" where there is none."""
    try:
        return read_bounded(folder / CARD, LARGEST_CARD).decode(errors="replace")
    except OSError:
        return ""
