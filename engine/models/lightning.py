"""Checkpoints of Lightning, in which MDLM's, Duo's, UDLM's, BD3-LM's and D3's programs keep their runs.

They hold objects of many classes, of which none is made: each becomes an `Inert`, which keeps data and does nothing.
The network's weights, their averages and the configuration, plain data within such objects, are read; no more is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from engine.models.d3_layout import D3
from engine.models.hydra_layout import HYDRA
from engine.models.layout import PREFIX
from engine.models.pickles import Inert, unpickle
from engine.models.published_layout import blocks_of
from engine.models.stored import CONFIG, Stored, read_config, read_yaml, tensors, unwrapped
from engine.protocol import UserError

SUFFIX = ".ckpt"
FIRST = ("best.ckpt", "last.ckpt")
SCORES = "score_model."
"""How names of D3's weights begin."""
DESCRIPTIONS = (".hydra/config.yaml", "config.yaml", "config_transformer.yaml")
"""What stands beside a checkpoint."""
LARGEST_TREE = 3 * 2**20
"""Bytes of all that is no tensor; a tokenizer may be among it."""
MOST_ENTRIES, MOST_DEPTH = 20_000, 32
"""Of a configuration."""
EMBEDDING, CLASSES = "vocab_embed.embedding", "cond_map.embedding_table.weight"


def is_lightning(path: Path) -> bool:
    """Whether it is a checkpoint of Lightning by its name."""
    return path.suffix == SUFFIX and path.is_file()


def checkpoint_in(folder: Path) -> Path | None:
    """The checkpoint in a folder that holds no other model: the best, the last, or the only one; else None."""
    found = sorted(file for file in folder.glob(f"*{SUFFIX}") if file.is_file())
    named = next((folder / name for name in FIRST if folder / name in found), None)
    if named is None and len(found) > 1:
        raise UserError(f"{folder} holds {len(found)} checkpoints, {found[0].name} first; name the file of one.")
    return named or next(iter(found), None)


def read_lightning(source: Path) -> Stored:
    """Configuration and weights of a checkpoint, the averaged weights where they are there."""
    state = unpickle(source, LARGEST_TREE, inert=True)
    if not isinstance(state, Mapping) or not isinstance(state.get("state_dict"), Mapping):
        raise UserError(f"{source} is no checkpoint of a training: state_dict is missing; put a whole copy there.")
    held = {str(name): value for name, value in state["state_dict"].items()}
    own = next(
        filter(None, ({k: v for k, v in held.items() if k.startswith(begin)} for begin in (PREFIX, SCORES))), held
    )
    weights = unwrapped(tensors(own, source), source)
    shape = weights[EMBEDDING].shape if EMBEDDING in weights else ()
    run = described(state, source)
    layout = D3 if D3.of.recognises(run) else HYDRA
    values = run if layout is D3 else {"config": run, "vocab_size": shape[0] if len(shape) == 2 else 0}
    weights, kind = averaged(weights, state.get("ema", {"shadow_params": held.get("ema.shadow_params")}), source)
    if layout is HYDRA and (table := weights.get(CLASSES)) is not None:
        values = {**values, "classes": len(table) - 1 if table.ndim == 2 else 0}
    config = layout.config(values, source)
    steps = state.get("global_step")
    facts = layout.facts | {"weights": kind} | ({"training steps": str(steps)} if type(steps) is int else {})
    return Stored(config, layout.weights(weights, config, source), (source,), facts | blocks_of(config), layout.spare)


def averaged(weights: dict[str, Tensor], ema: Any, source: Path) -> tuple[dict[str, Tensor], str]:
    """The averages, which stand in the order of the parameters, in the place of weights; and which these are."""
    shadow = ema.get("shadow_params") if isinstance(ema, Mapping) else None
    names = [name for name in weights if not name.endswith("inv_freq")]  # a buffer, which is not averaged
    if not isinstance(shadow, list) or len(shadow) != len(names):
        return weights, "not averaged: there is no average for each"
    return weights | tensors(dict(zip(names, shadow, strict=True)), source), "averaged (EMA)"


def described(state: Mapping[str, Any], source: Path) -> Mapping[str, Any]:
    """The configuration of the run: in the checkpoint, or beside it as the programs write it."""
    given = plain(state.get("hyper_parameters"), [MOST_ENTRIES])
    found = given.get("config", given.get("cfg", given)) if isinstance(given, dict) else None
    for folder in (source.parent, source.parent.parent):
        if isinstance(found, dict) and "model" in found:
            break
        for file, read in (*((folder / name, read_yaml) for name in DESCRIPTIONS), (folder / CONFIG, read_config)):
            if file.is_file():
                found = dict(read(file))
    if not isinstance(found, dict) or not isinstance(found.get("model"), Mapping):
        raise UserError(f"{source} does not say how its network is built; put its .hydra/config.yaml beside it.")
    if isinstance(found.get("algo"), Mapping) or D3.of.recognises(found):
        return found
    read_as = str(found.get("parameterization"))
    name = "udlm" if found.get("diffusion") == "uniform" else {"subs": "mdlm", "d3pm": "mdlm"}.get(read_as, read_as)
    told = {"time_conditioning": found["time_conditioning"]} if "time_conditioning" in found else {}
    return found | {"algo": {"name": name} | told}


def plain(value: Any, left: list[int], depth: int = 0) -> Any:
    """The data of nested containers, those of OmegaConf too, of which at most `left` entries are taken."""
    left[0] -= 1
    if left[0] < 0 or depth > MOST_DEPTH:
        return None
    if isinstance(value, Inert):
        kept = value.state if isinstance(value.state, dict) else {}
        return plain(kept.get("_content", kept.get("_val")), left, depth + 1)
    if isinstance(value, Mapping):
        return {str(key): plain(item, left, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, left, depth + 1) for item in value]
    return value if isinstance(value, bool | int | float | str) else None
