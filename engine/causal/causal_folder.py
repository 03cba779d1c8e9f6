"""A causal model's folder, opened with suspicion: the `transformers` library never sees it.

Description, weights and tokenizer are read by our own readers, which have limits and run no code, and the library
builds a model of what they read. What would have it load code, kernels or other folders is refused first.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import constants
from torch import nn

from engine.estimates import opening, require
from engine.language.backends import read_backend
from engine.language.tokenizer_files import FILE_NAME
from engine.language.tokenizers import find_tokenizer
from engine.models.alone import refuse_gguf
from engine.models.config_reader import shown
from engine.models.filling import Pages, copied
from engine.models.larger_families import refuse_larger
from engine.models.loading import named_so
from engine.models.stored import CONFIG, contents, join, plain, read_config, tensors, weight_files
from engine.protocol import UserError
from engine.protocol.errors import brought_by, refusing
from engine.stopping import within
from engine.theory.unfilled import unfilled

with brought_by("causal"):
    os.environ.setdefault("USE_HUB_KERNELS", "0")  # read when it is imported
    import transformers
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]

ASKING_FOR_CODE = re.compile("auto_map|custom_generate|trust_remote_code|use_kernels|kernel_config")
CHANGING = re.compile("quantization_config|compression_config|adapter_.*|fusion_config|distributed_config")
ATTENTION = re.compile(".*(attn|experts)_implementation.*")
ATTENTIONS = ("eager", "sdpa", "flex_attention", "grouped_mm", "batched_mm")
COUNTS = re.compile(".*(layer|block|expert|head|depth).*")
MOST_COUNTED, LARGEST_SIZE, LONGEST = 10_000, 2**40, 2**24
DESCRIPTIONS = (CONFIG, "tokenizer_config.json", "generation_config.json")
LARGEST = 2**22
"""Bytes of a description; those of tokenizers are long."""
ADAPTER, GENERATION = "adapter_config.json", "custom_generate"
MODULES_A_WEIGHT, MORE_MODULES = 4, 1_000
BUFFER_BYTES = 2**26
"""What a network may compute beside its weights when it is built."""


def read_causal(folder: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    """The network on the CPU and the tokenizer of the model in `folder`; a UserError says why it was not opened."""
    weights, planned = planned_in(folder)
    kind, config = type(planned), planned.config
    with offline(), refusing(f"The causal model in {folder} cannot be read"):
        held = sum(weight.numel() for weight in weights.values())
        require(opening(held, dtype.itemsize), f"The model in {folder}", do="choose a smaller model")
        network, found = kind.from_pretrained(
            None,
            config=config,
            state_dict=copies(weights, dtype, folder),
            dtype=dtype,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
        if missing := sorted(found["missing_keys"]):
            raise ValueError(f"{missing[0]} is missing")
        tokenizer = tokenizer_in(folder, check_use(network.eval()))
    return network, tokenizer


def copies(weights: dict[str, torch.Tensor], dtype: torch.dtype, folder: Path) -> dict[str, torch.Tensor]:
    """The weights in memory of their own, which leave `weights` as they are copied out of their files: mapped ones that
    the library turns into another precision would be in memory twice, and what is mapped changes with its file. Those
    that are one in the files are one. A UserError where they are no finite numbers."""
    pages, made = Pages(weight_files(folder)), dict[str, torch.Tensor]()
    pages.let_go(*weights.values())
    alike: dict[object, list[str]] = {}
    for name, weight in weights.items():
        alike.setdefault((weight.data_ptr(), weight.shape, weight.stride(), weight.dtype), []).append(name)
    for names in alike.values():
        sources = [weights.pop(name) for name in names]
        copy = copied(sources[0], dtype, pages)
        if copy is None:
            raise UserError(f"{folder} is damaged: {names[0]} holds no finite numbers; put a whole copy there.")
        made |= dict.fromkeys(names, copy)
    return made


def planned_in(folder: Path) -> tuple[dict[str, torch.Tensor], Any]:
    """The weights in `folder`, and the network that they are for, which takes no memory; a UserError as above."""
    values = checked(folder)
    weights = weights_in(folder)
    with offline(), refusing(f"The causal model in {folder} cannot be read"):
        config = transformers.CONFIG_MAPPING[values["model_type"]].from_dict(dict(values))
        kind: Any = within(math.inf, lambda: transformers.MODEL_FOR_CAUSAL_LM_MAPPING[type(config)])  # imports it
        return weights, check_size(kind, config, weights)


def folder_of(path: Path) -> Path:
    """The folder at a path, or that of the bundled or the fetched model that is called so."""
    there = os.path.lexists(path)
    return path if there else named_so(path) or path


def checked(folder: Path) -> Mapping[str, Any]:
    """What config.json says; a UserError where something in the folder asks for what is not given to it."""
    refuse_gguf(folder)
    if not (folder / CONFIG).is_file():
        raise UserError(f"There is no causal model in {folder}; name a folder with config.json and its weights.")
    real = folder.resolve()
    cached = real.parent.parent / "blobs" if real.parent.name == "snapshots" else real  # so the hub's cache keeps files
    for entry in folder.iterdir():
        target = Path(os.path.realpath(entry))  # of a link that leads to itself, that
        if entry.is_symlink() and not any(target.is_relative_to(home) for home in (real, cached)):
            raise UserError(f"{entry} leads out of its folder and was not opened; put the file itself there.")
    if (folder / ADAPTER).exists() or (folder / GENERATION).exists():
        raise UserError(f"{folder} holds an adapter, or code of its own; merge it into a model, and open that.")
    values = {name: read_config(folder / name, LARGEST) for name in DESCRIPTIONS if (folder / name).exists()}
    refuse_larger(values[CONFIG], folder)
    for name, described in values.items():
        for key, value in entries(described):
            check_entry(folder / name, key, value)
    for key, value in entries(values[CONFIG]):
        if isinstance(value, int) and abs(value) > (MOST_COUNTED if COUNTS.fullmatch(key) else LARGEST_SIZE):
            raise UserError(f"{folder / CONFIG} has {shown(key)} beyond reason; put a whole copy there.")
    check_direction(folder, values[CONFIG])
    return values[CONFIG]


def check_direction(folder: Path, described: Mapping[str, Any]) -> None:
    """A UserError for a model of masked words: the library would open it, and it knows no law of the next token."""
    kind = str(described.get("model_type"))
    masked = kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not described.get("is_decoder")
    if masked or "ForMaskedLM" in str(described.get("architectures")):
        raise UserError(
            f"{folder} holds a model of masked words ({shown(kind)}), which cannot write left to right; name another."
        )
    if kind not in transformers.CONFIG_MAPPING:
        if "model_type" not in described:  # one that writes by diffusion, most of the time
            raise UserError(f"{folder} holds no model that writes from left to right (it names no type); name another.")
        wrong = f"{shown(kind)} is no type that is known here"
        raise UserError(f"The causal model in {folder} cannot be read: {wrong}; name another.")


def weights_in(folder: Path) -> dict[str, torch.Tensor]:
    """The weights by name, without what torch puts into names; what is no weight is left out: older models keep masks
    beside them."""
    found: dict[str, torch.Tensor] = {}
    for file in (files := weight_files(folder)):
        held = contents(file)
        if isinstance(held, Mapping):
            held = {name: value for name, value in held.items() if not is_mask(value)}
        join(found, tensors(held, file), file)
    named = {".".join(plain(name)): weight for name, weight in found.items()}
    if len(named) < len(found):
        raise UserError(f"{files[0]} has two weights of one name; use another file.")
    return named


def is_mask(value: Any) -> bool:
    """Whether these are no numbers that are learned."""
    return isinstance(value, torch.Tensor) and not value.is_floating_point()


def entries(values: Any, under: str = "") -> Iterator[tuple[str, Any]]:
    """Every entry of a tree, at any depth, with its name, or that of the list in which it stands."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield key, value
            yield from entries(value, key)
    elif isinstance(values, list):
        for value in values:
            yield under, value
            yield from entries(value, under)


def check_entry(path: Path, key: str, value: Any) -> None:
    """A UserError where an entry asks for code, or for something else than the model as it is."""
    if value in (None, False, {}, []):
        return
    if ASKING_FOR_CODE.fullmatch(key):
        raise UserError(f"{path} asks to run code ({key}) and was not opened; use a model that needs none.")
    if CHANGING.fullmatch(key):
        raise UserError(f"{path} asks for another form of its weights ({key}); use the model in full.")
    named = value.values() if isinstance(value, dict) else (value,)
    if ATTENTION.fullmatch(key) and any(each not in ATTENTIONS for each in named):
        raise UserError(f"{path} asks to run code ({key}) and was not opened; leave that entry out.")


@contextmanager
def offline() -> Iterator[None]:
    """Nothing is looked for on the hub, whatever a description names."""
    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def check_size(kind: Any, config: Any, weights: Mapping[str, torch.Tensor]) -> Any:
    """The network of a configuration, without memory; a ValueError where it describes others than the weights."""
    left = MODULES_A_WEIGHT * len(weights) + MORE_MODULES

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise ValueError("it describes more layers than it has weights")

    counting = nn.modules.module.register_module_module_registration_hook(count)
    try:
        with unfilled():
            network = kind(config)
    finally:
        counting.remove()
    held = sum(weight.numel() for weight in weights.values())
    if sum(parameter.numel() for parameter in network.parameters()) > held:
        raise ValueError("it describes a larger network than its weights are for")
    if sum(buffer.nbytes for buffer in network.buffers()) > BUFFER_BYTES + 4 * held:
        raise ValueError("its sizes are beyond reason")
    for name, wanted in network.state_dict().items():
        weight = weights.get(name, weights.get(name.removeprefix(f"{network.base_model_prefix}.")))
        if weight is not None and weight.shape != wanted.shape:
            raise ValueError(f"{name} has another shape than its sizes ask for")
    return network


def tokenizer_in(folder: Path, states: int) -> Any:
    """The tokenizer of a model of so many tokens, as the library uses one: markers in a text are read as such."""
    path = folder / FILE_NAME
    if path.is_file():
        backend = read_backend(path)
    else:
        found = find_tokenizer(folder)
        backend = type(found.backend).from_str(found.to_json())
    if not backend.get_vocab_size() or max(backend.get_vocab().values()) >= states:
        raise ValueError("its tokenizer knows more tokens than the network")
    return transformers.PreTrainedTokenizerFast(tokenizer_object=backend)  # type: ignore[no-untyped-call]


@torch.no_grad()
def check_use(network: Any) -> int:
    """How many tokens a network gives a law of; a ValueError if it gives none."""
    config, states = network.config, network.get_input_embeddings().weight.shape[0]
    begin, longest = config.bos_token_id, getattr(config, "max_position_embeddings", 2)
    if begin is not None and not (isinstance(begin, int) and 0 <= begin < states):
        raise ValueError("its beginning of text is none of its tokens")
    if not isinstance(longest, int) or not 2 <= longest <= LONGEST or config.vocab_size != states:
        raise ValueError("its sizes are beyond reason")
    logits = network(torch.zeros(1, 2, dtype=torch.long)).logits
    return min(int(states), int(logits.shape[-1]))
