"""Checkpoints of Lightning, with objects as OmegaConf makes them, and how they are damaged."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

import torch
from safetensors.torch import load_file

from tests.hostile.containers import CALLS, GOLDEN, KINDS, SHAPES, saved, spoilt
from tests.hostile.damage import in_json


class Omega:
    """Classes of the name that OmegaConf's containers have, which keep their data as those do; gone after use."""

    def __enter__(self) -> Callable[[Any], Any]:
        self._before = sys.modules.get("omegaconf")
        module = ModuleType("omegaconf")

        class Container:
            def __init__(self, content: Any) -> None:
                self._metadata, self._parent, self._flags_cache = {"object_type": dict, "ref_type": Any}, None, None
                if isinstance(content, dict | list):
                    pairs = content.items() if isinstance(content, dict) else enumerate(content)
                    held = {key: Container(value) for key, value in pairs}
                    self._content = held if isinstance(content, dict) else list(held.values())
                    for child in held.values():
                        child._parent = self
                else:
                    self._val = content

        Container.__module__, Container.__qualname__ = "omegaconf", "Container"
        module.Container = Container  # type: ignore[attr-defined]
        sys.modules["omegaconf"] = module
        return Container

    def __exit__(self, *_: object) -> None:
        del sys.modules["omegaconf"]
        if self._before is not None:
            sys.modules["omegaconf"] = self._before


def run_config() -> dict[str, Any]:
    """What MDLM's program is configured by."""
    families = GOLDEN / "families" / "mdlm"
    sizes = json.loads((families / "config.json").read_text())
    names = {"hidden_size": "hidden_dim", "length": "model_length"}
    same = ("cond_dim", "n_blocks", "n_heads", "dropout")
    model = {ours: sizes[theirs] for ours, theirs in (*names.items(), *zip(same, same, strict=True))}
    return {"model": model, "parameterization": "subs", "time_conditioning": False}


def run_state() -> dict[str, Any]:
    """What a checkpoint of Lightning holds: MDLM's network, averages of it, and all that is of no use here."""
    held = load_file(GOLDEN / "families" / "mdlm" / "model.safetensors")
    shadow = [tensor for name, tensor in held.items() if not name.endswith("inv_freq")]
    return {
        "state_dict": held,
        "ema": {"decay": 0.9999, "num_updates": 7, "shadow_params": shadow},
        "hyper_parameters": {"config": run_config()},
        "global_step": 7,
        "callbacks": {"ModelCheckpoint": {"best_model_path": "best.ckpt"}},
        "optimizer_states": [{"state": {0: {"step": torch.zeros(()), "exp_avg": torch.zeros(3)}}}],
    }


def run() -> bytes:
    """A whole checkpoint of Lightning, its configuration in OmegaConf's objects."""
    state = run_state()
    with Omega() as container:
        state["hyper_parameters"]["config"] = container(state["hyper_parameters"]["config"])
        return saved(state)


def in_run(content: bytes, draw: random.Random) -> bytes:
    """A checkpoint of Lightning is damaged in what it says, averages or holds, or code stands somewhere in it."""
    while True:
        with suppress(RecursionError):  # what is deeper than can be pickled
            return damaged_run(draw)


def damaged_run(draw: random.Random) -> bytes:
    state = run_state()
    config: Any = state["hyper_parameters"]["config"]
    with Omega() as container:
        if (place := draw.randrange(6)) < 2:
            config = json.loads(in_json(json.dumps(config).encode(), draw))
        match place:
            case 2:
                state["state_dict"] = spoilt(state["state_dict"], draw)
            case 3:
                state["ema"] = draw.choice(AVERAGES)(state["ema"]["shadow_params"], draw)
            case 4:
                holder = draw.choice((state, state["state_dict"], state["hyper_parameters"], config, config["model"]))
                holder[draw.choice([*map(str, holder), "more"])] = draw.choice(CALLS)
            case 5:
                name = draw.choice(sorted(state))
                state[name] = draw.choice((None, [], {}, "x", 10**400, float("nan"), torch.zeros(3), [[]] * 3))
        node = container(config) if draw.random() < 0.9 else config
        if draw.random() < 0.1 and isinstance(node, container):  # type: ignore[arg-type]
            node._content = draw.choice((node, [node], {"model": node}, None, "x", {"model": container(node)}))
        if isinstance(state["hyper_parameters"], dict):
            state["hyper_parameters"]["config"] = node
        return saved(state)


Averages = Callable[[list[Any], random.Random], Any]
AVERAGES: tuple[Averages, ...] = (
    lambda shadow, draw: None,
    lambda shadow, draw: shadow,
    lambda shadow, draw: {"shadow_params": draw.sample(shadow, len(shadow))},
    lambda shadow, draw: {"shadow_params": shadow[1:]},
    lambda shadow, draw: {"shadow_params": tuple(shadow)},
    lambda shadow, draw: {"shadow_params": [None] * len(shadow)},
    lambda shadow, draw: {"shadow_params": [draw.choice(SHAPES)(tensor) for tensor in shadow]},
    lambda shadow, draw: {"shadow_params": [tensor.to(draw.choice(KINDS)) for tensor in shadow]},
    lambda shadow, draw: {"shadow_params": [torch.zeros(1).expand(tensor.shape) for tensor in shadow]},
    lambda shadow, draw: {"shadow_params": [tensor * float("nan") for tensor in shadow]},
)
