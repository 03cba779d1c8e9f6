"""Loading and saving models. Three layouts are read, none by running code that a file brings along:

- our own folder: config.json (with "format"), model.safetensors, tokenizer.json, README.md as model card;
- the published one: config.json, and model.safetensors or pytorch_model.bin;
- a training run: .hydra/config.yaml and checkpoints-meta/checkpoint.pth, of which the averaged weights are taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialize
from torch import Tensor

from engine.checkpoint_config import FORMAT, own_config, published_config
from engine.datasets import sha256
from engine.devices import PRECISIONS, Precision, choose_device, choose_precision
from engine.diffusion import Diffusion, DiffusionConfig
from engine.files import write_whole
from engine.messages import ModelInfo, UserError
from engine.tokenizers import Tokenizer, find_tokenizer

ASSETS = Path(__file__).resolve().parent.parent / "assets"
DEFAULT_MODEL = ASSETS / "stories-absorb"

CONFIG, WEIGHTS, PICKLED, CARD = "config.json", "model.safetensors", "pytorch_model.bin", "README.md"
RUN_CONFIG, RUN_WEIGHTS = Path(".hydra", "config.yaml"), Path("checkpoints-meta", "checkpoint.pth")


class Model:
    """A model ready for use: in evaluation mode, on its device.

    Its tokenizer is looked for when it is first asked for: tokens can be scored without one, texts cannot.
    """

    def __init__(self, diffusion: Diffusion, info: ModelInfo, tokenizer: Tokenizer | None = None) -> None:
        self.diffusion = diffusion
        self.info = info
        self._tokenizer = tokenizer

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer; a UserError says which files to put where if there is none."""
        if self._tokenizer is None:
            self._tokenizer = find_tokenizer(self.info.path, self.info.vocabulary)
        return self._tokenizer


@dataclass(frozen=True)
class Stored:
    """What a folder holds, read but not yet built: where the weights lie, too, for messages."""

    config: DiffusionConfig
    weights: Mapping[str, Tensor]
    source: Path
    facts: dict[str, str]


def load(path: str | Path, device: str = "auto", precision: str = "auto") -> Model:
    """The model in the folder `path`, or in the folder of the file `path`.

    `device` and `precision` as in `engine.devices`. A UserError says in a sentence what is wrong with the folder.
    """
    folder = checkpoint_folder(Path(path))
    chosen = choose_device(device)
    stored_in = choose_precision(precision, chosen)
    diffusion, stored = build(folder)
    diffusion.network.store(PRECISIONS[stored_in]).to(chosen)
    info = ModelInfo(
        name=folder.name,
        path=str(folder),
        noise=stored.config.noise,
        schedule=stored.config.schedule,
        length=stored.config.network.length,
        vocabulary=diffusion.vocabulary,
        mask_id=diffusion.graph.mask,
        parameters=diffusion.network.parameter_count,
        device=str(chosen),
        precision=stored_in,
        facts=stored.facts,
        weights=sha256(stored.source),
    )
    return Model(diffusion, info)


def build(folder: Path) -> tuple[Diffusion, Stored]:
    """The model in `folder` in float32 on the CPU, without a tokenizer, and what it was read from."""
    stored = read(folder)
    with torch.device("meta"):  # shapes are compared before any memory is taken
        diffusion = Diffusion(stored.config)
    check_shapes(stored, diffusion)
    # Copies: a mapped file lies in memory at odd places, and matrix kernels round by alignment.
    weights = {name: tensor.to(torch.float32, copy=True) for name, tensor in stored.weights.items()}
    if spoilt := [name for name, tensor in weights.items() if not torch.isfinite(tensor.sum())]:
        raise UserError(f"{stored.source} is damaged: {spoilt[0]} holds no finite numbers; put a whole copy there.")
    diffusion.network.load_state_dict(weights, assign=True)
    diffusion.network.requires_grad_(False).eval()
    return diffusion, stored


def checkpoint_folder(path: Path) -> Path:
    """The folder of a model from a path to it or to a file in it."""
    try:
        path = path.expanduser()
        present = path.exists()
    except (OSError, RuntimeError):  # a name too long, a user that is not there, a folder that may not be entered
        present = False
    if not present:
        raise UserError(f"There is no model at {path}; name a folder that holds {CONFIG} and {WEIGHTS}.")
    folder = path if path.is_dir() else path.parent
    if folder.name in (RUN_WEIGHTS.parent.name, RUN_CONFIG.parent.name) and not (folder / CONFIG).exists():
        folder = folder.parent
    return folder.resolve()


def read(folder: Path) -> Stored:
    """Configuration and weights of the model in `folder`, whichever layout it has."""
    if (folder / RUN_CONFIG).is_file():
        return _read_run(folder)
    if not (folder / CONFIG).is_file():
        raise UserError(f"{folder} holds no model: {CONFIG} is missing; choose a folder that has it.")
    values = _mapping(_parse(json.loads, folder / CONFIG, "JSON"), folder / CONFIG)
    facts = {str(key): str(value) for key, value in _mapping(values.get("facts") or {}, folder / CONFIG).items()}
    config = _layout(values, folder / CONFIG)(values, folder / CONFIG)  # refused before the weights take memory
    source, weights = _read_weights(folder)
    return Stored(config, weights, source, facts)


def _layout(values: Mapping[str, Any], path: Path) -> Callable[[Mapping[str, Any], Path], DiffusionConfig]:
    if "format" not in values:
        return published_config
    if values["format"] != FORMAT:
        raise UserError(f"{path} has a format that this version does not know; it reads {FORMAT}: update the program.")
    return own_config


def _read_run(folder: Path) -> Stored:
    values = _mapping(_parse(yaml.safe_load, folder / RUN_CONFIG, "YAML"), folder / RUN_CONFIG)
    config = published_config(values, folder / RUN_CONFIG)
    source = folder / RUN_WEIGHTS
    if not source.is_file():
        raise UserError(f"The training run has no weights; put checkpoint.pth into {source.parent}.")
    state = _unpickle(source)
    try:
        weights, averaged, step = state["model"], state["ema"]["shadow_params"], state["step"]
    except (KeyError, TypeError, IndexError) as error:
        raise UserError(
            f"{source} is not the checkpoint of a training run: model, ema or step is missing; put a whole copy there."
        ) from error
    weights = _tensors(weights, source)
    names = [name for name in weights if not name.endswith("inv_freq")]  # a buffer, which is not averaged
    if not isinstance(averaged, list) or len(averaged) != len(names):
        raise UserError(
            f"{source} does not have one averaged weight for each of {len(names)} parameters; put a whole copy there."
        )
    weights |= _tensors(dict(zip(names, averaged, strict=True)), source)
    return Stored(config, weights, source, {"training steps": str(step), "weights": "averaged (EMA)"})


def _read_weights(folder: Path) -> tuple[Path, Mapping[str, Tensor]]:
    if (source := folder / WEIGHTS).is_file():
        try:
            return source, _tensors(load_file(source), source)
        except (SafetensorError, OSError) as error:
            raise UserError(f"{source} is damaged or cut short; put a whole copy there.") from error
    if (source := folder / PICKLED).is_file():
        return source, _tensors(_unpickle(source), source)
    raise UserError(f"{folder} has no weights; put {WEIGHTS} or {PICKLED} there.")


def _unpickle(source: Path) -> Any:
    """A pickle of tensors. Only plain data is admitted: a file that asks for code to be run is refused."""
    try:
        return torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged zip, forbidden global, end of file, ...
        reason = "asks to run code" if "Unsupported" in str(error) or "GLOBAL" in str(error) else "is damaged"
        raise UserError(f"{source} {reason} and was not opened; use a copy from a source you trust.") from error


def _tensors(weights: Any, source: Path) -> dict[str, Tensor]:
    """`weights` by name if they are ordinary arrays of numbers in memory, and a UserError if not."""
    if not isinstance(weights, Mapping) or not all(_ordinary(value) for value in weights.values()):
        raise UserError(f"{source} does not hold the weights of a model; use another file.")
    return {str(name): tensor for name, tensor in weights.items()}


def _ordinary(value: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.is_floating_point()
        and value.layout == torch.strided
        and value.device.type == "cpu"
    )


def _parse(parser: Callable[[str], Any], path: Path, language: str) -> Any:
    try:
        return parser(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; allow reading it.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: wrong JSON, UTF-8, dates, numbers
        raise UserError(f"{path} is not valid {language}; put a whole copy there.") from error


def _mapping(values: Any, path: Path) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise UserError(f"{path} does not hold a model's configuration; put a whole copy there.")
    return values


def check_shapes(stored: Stored, diffusion: Diffusion) -> None:
    """Raises a UserError unless the weights have the names and shapes that the configuration asks for."""
    wanted = {name: tuple(tensor.shape) for name, tensor in diffusion.network.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in stored.weights.items()}
    if missing := sorted(wanted.keys() - found.keys()):
        raise UserError(f"{stored.source} lacks {len(missing)} weights, {missing[0]} first; it is not such a model.")
    if extra := sorted(found.keys() - wanted.keys()):
        raise UserError(f"{stored.source} has {len(extra)} weights too many, {extra[0]} first; it is not such a model.")
    for name, shape in wanted.items():
        if found[name] != shape:
            raise UserError(
                f"{stored.source} does not match its configuration: {name} is {_shape(found[name])} "
                f"instead of {_shape(shape)}; use files that belong together."
            )


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a number"


def save(
    folder: Path,
    diffusion: Diffusion,
    tokenizer: Tokenizer,
    card: str,
    facts: Mapping[str, str] | None = None,
    precision: Precision = "bf16",
) -> None:
    """Writes our own layout into `folder`; matrices in `precision`. Each file is whole or not there.

    config.json comes last: a new folder that was being written when the machine stopped is not taken for a model.
    """
    dtype = PRECISIONS[precision]
    weights = {
        name: tensor.detach().to("cpu", dtype if tensor.ndim == 2 else torch.float32).contiguous()
        for name, tensor in diffusion.network.state_dict().items()
    }
    config = {"format": FORMAT, **asdict(diffusion.config), "facts": dict(facts or {})}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / WEIGHTS, serialize(weights))
        tokenizer.save(folder)
        write_whole(folder / CARD, card.encode())
        write_whole(folder / CONFIG, (json.dumps(config, indent=2) + "\n").encode())
    except OSError as error:
        raise UserError(f"The model cannot be written to {folder}: {error.strerror}; choose another folder.") from error
