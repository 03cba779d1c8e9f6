"""Loading models. These layouts are read, none by running code that a file brings along:

- our own folder: config.json (with "format"), model.safetensors, tokenizer.json, README.md as model card;
- the published one: config.json, and model.safetensors or pytorch_model.bin, or parts of one with an index;
- a training run: .hydra/config.yaml and checkpoints-meta/checkpoint.pth, or snapshots in checkpoints/, of which the
  averaged weights are taken;
- a checkpoint of Lightning (`engine.models.lightning`);
- those of other families (`engine.models.layouts`), whose networks and processes are ours by other names.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from engine.bundled_models import bundled
from engine.catalogue.fetched import fetched, is_name, same
from engine.estimates import opening, require
from engine.language.chat import chat_in
from engine.language.documents import check_name
from engine.language.spare_tokens import Spare
from engine.language.tokenizer_files import mask_in
from engine.language.tokenizers import Tokenizer, find_tokenizer
from engine.models.alone import folder_alone, refuse_gguf
from engine.models.devices import PRECISIONS, choose_device, choose_precision
from engine.models.filling import SMALLER, filled
from engine.models.gguf import gguf_in
from engine.models.identity import identified, weights_of
from engine.models.layout import Layout, mask_of
from engine.models.layouts import family_of
from engine.models.lightning import checkpoint_in, is_lightning, read_lightning
from engine.models.origin import facts_of
from engine.models.own_layout import FORMAT, own_config
from engine.models.padding import trimmed
from engine.models.published_layout import blocks_of, published_config
from engine.models.shapes import fitting
from engine.models.stored import CONFIG, WEIGHTS, Stored, facts_in, read_config, read_weights
from engine.models.training_run import RUN_CONFIG, RUN_WEIGHTS, SNAPSHOTS, is_snapshot, read_run
from engine.protocol import ModelInfo, UserError
from engine.protocol.noises import NOISE_KINDS
from engine.theory.diffusion import Diffusion, DiffusionConfig

SMALL = 10**6
"""Parameters: smaller networks are no faster in fewer digits."""


class Model:
    """A model ready for use: in evaluation mode, on its device.

    Where no tokenizer was found one is looked for again when it is asked for: tokens can be scored without it, texts
    cannot.
    """

    def __init__(
        self,
        diffusion: Diffusion,
        info: ModelInfo,
        tokenizer: Tokenizer | None = None,
        spare: Spare = "nothing",
        files: tuple[Path, ...] = (),
    ) -> None:
        self.diffusion = diffusion
        self.info = info
        self._tokenizer = tokenizer
        self._spare, self._files = spare, files

    def identify(self) -> ModelInfo:
        """Its description with the hash of the weights, which may take seconds."""
        self.info = identified(self.info, self._files, home_of(Path(self.info.path)))
        return self.info

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer; a UserError says which files to put where if there is none."""
        if self._tokenizer is None:
            self._tokenizer = find_tokenizer(self.info.path, self.info.vocabulary, self._spare)
        return self._tokenizer


def load(path: str | Path, device: str = "auto", precision: str = "auto", hashed: bool = True) -> Model:
    """The model in the folder `path`, or in the folder of the file `path`; or the bundled model of that name.

    Where it has more tokens than its tokenizer, by padding, it is the model without them (`engine.models.padding`).
    `device` and `precision` as in `engine.models.devices`, `hashed` as in `engine.models.identity`. A UserError says in
    a sentence what is wrong with the folder.
    """
    source = checkpoint_folder(Path(path))
    folder = home_of(source)
    chosen = choose_device(device)
    stored_in = choose_precision(precision, chosen)
    stored = read(source)
    diffusion, rows = fitting(stored.config, stored.weights, stored.source), None
    if precision == "auto" and diffusion.network.parameter_count < SMALL:
        stored_in = "fp32"
    tokenizer = _tokenizer_of(folder, diffusion.vocabulary, stored.spare)
    if tokenizer is not None and tokenizer.vocabulary < diffusion.vocabulary:
        diffusion, rows = trimmed(diffusion, tokenizer.vocabulary)
    held = opening(diffusion.network.parameter_count, PRECISIONS[stored_in].itemsize)
    require(held if chosen.type != "cpu" else 0, f"The model in {folder}", chosen, SMALLER)
    diffusion = filled(diffusion, stored, folder, PRECISIONS[stored_in], rows)
    diffusion.network.to(chosen)
    weights = weights_of(stored.files, hashed)
    info = ModelInfo(
        name=folder.name,
        path=str(source),
        noise=stored.config.noise,
        schedule=stored.config.schedule,
        length=stored.config.network.length,
        vocabulary=diffusion.vocabulary,
        mask_id=diffusion.graph.mask,
        parameters=diffusion.network.parameter_count,
        device=str(chosen),
        precision=stored_in,
        facts=stored.facts | facts_of(folder, stored.source, weights),
        weights=weights,
        classes=stored.config.network.classes,
        chat=None if tokenizer is None else chat_in(folder, tokenizer),
    )
    return Model(diffusion, info, tokenizer, stored.spare, stored.files)


def _tokenizer_of(folder: Path, vocabulary: int, spare: Spare) -> Tokenizer | None:
    """The tokenizer, None where there is none that fits: that is told when it is asked for."""
    try:
        return find_tokenizer(folder, vocabulary, spare)
    except UserError:
        return None


def build(folder: Path) -> tuple[Diffusion, Stored]:
    """The model in `folder` in float32 on the CPU, without a tokenizer, and what it was read from."""
    stored = read(folder)
    return filled(fitting(stored.config, stored.weights, stored.source), stored, folder, torch.float32), stored


def checkpoint_folder(path: Path) -> Path:
    """The folder of a model from a path to it or to a file in it, or from the name of a bundled or a fetched one.

    Of a snapshot of a training run, of a checkpoint of Lightning, and of a GGUF file it is the file itself.
    """
    try:
        path = path.expanduser()
        present = path.exists()
    except (OSError, RuntimeError):  # a name too long, a user that is not there, a folder that may not be entered
        present = False
    if not present and (named := named_so(path)) is not None:
        return named.resolve()
    if not present:
        other = f", or have the hub's by: sedd fetch {path}" if is_name(path.as_posix()) else ""
        raise UserError(f"There is no model at {path}; name a folder that holds {CONFIG} and {WEIGHTS}{other}.")
    check_name(path)
    if (file := gguf_in(path)) is not None:
        return file.parent.resolve() / file.name  # a link to it may have the name that the model is called by
    if is_snapshot(path) or is_lightning(path):
        return path.resolve()
    folder = path if path.is_dir() else path.parent
    if folder.name in (SNAPSHOTS, RUN_WEIGHTS.parent.name, RUN_CONFIG.parent.name) and not (folder / CONFIG).exists():
        folder = folder.parent
    return folder.resolve()


def named_so(path: Path) -> Path | None:
    """The folder of the bundled or the fetched model that is called so; None where none is."""
    return bundled(str(path)) or next((folder for name, folder in fetched() if same(name, path.as_posix())), None)


def home_of(source: Path) -> Path:
    """The folder of a model, from what `checkpoint_folder` gives: the tokenizer is there."""
    return source if source.is_dir() else source.parent.parent if is_snapshot(source) else source.parent


def read(folder: Path) -> Stored:
    """Configuration and weights of the model in `folder`, whichever layout it has."""
    refuse_gguf(folder)
    if is_lightning(folder):
        return read_lightning(folder)
    if is_snapshot(folder) or (folder / RUN_CONFIG).is_file():
        return read_run(folder)
    if not (folder / CONFIG).is_file():
        if (checkpoint := checkpoint_in(folder)) is not None:
            return read_lightning(checkpoint)
        raise UserError(folder_alone(folder).advice)
    values = read_config(folder / CONFIG)
    facts = facts_in(values, folder / CONFIG)
    layout, config = configured(values, folder)  # refused before the weights take memory
    if layout is not None:
        files, weights = read_weights(folder, layout.besides)
        mask, spare = None, layout.spare
        if layout.spare == "mask" and NOISE_KINDS[config.noise].hides:
            mask = mask_of(values, folder, config.network.states, layout.mask(values))
            spare = mask if mask != config.network.states - 1 and mask_in(folder) is None else spare
        named = layout.weights(weights, config, files[0])
        config = layout.settle(config, named)
        whole = layout.in_blocks or config.network.block_size
        facts |= layout.facts | (blocks_of(config) if whole else {})
        return Stored(config, named, files, facts, spare, mask)
    files, weights = read_weights(folder)
    return Stored(config, weights, files, facts if "format" in values else facts | blocks_of(config))


def configured(values: Mapping[str, Any], folder: Path) -> tuple[Layout | None, DiffusionConfig]:
    """The layout of a configuration in `folder` if it is of another family, and ours that is made of it."""
    path = folder / CONFIG
    if (layout := family_of(values, folder)) is not None:
        return layout, layout.config(values, path)
    if "format" not in values:
        return None, published_config(values, path)
    if values["format"] != FORMAT:
        raise UserError(f"{path} has a format that this version does not know; it reads {FORMAT}: update the program.")
    return None, own_config(values, path)
