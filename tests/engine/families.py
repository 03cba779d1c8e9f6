"""Tiny checkpoints of every family in its published layout, with random weights, and what their networks compute.

Written from what is known of the layouts, with nothing of the engine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.models.loading import build
from engine.theory.diffusion import Diffusion

FAMILIES = Path(__file__).parents[1] / "golden" / "families"
COND = 16
BESIDE = ("sampling_eps_min", "sampling_eps_max")

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Sizes:
    """Of a network: V states, texts of L tokens, width d, blocks, heads."""

    states: int = 11
    length: int = 12
    hidden: int = 16
    blocks: int = 2
    heads: int = 2


def random_weights(sizes: Sizes, seed: int = 0) -> Weights:
    """The weights of a network by their plain names."""
    draw = torch.Generator().manual_seed(seed)
    d, c = sizes.hidden, COND

    def normal(*shape: int) -> Tensor:
        return 0.5 * torch.randn(shape, generator=draw)

    def layer(name: str, outputs: int, inputs: int) -> Weights:
        return {f"{name}.weight": normal(outputs, inputs), f"{name}.bias": normal(outputs)}

    weights = {"vocab_embed.embedding": normal(sizes.states, d)}
    weights |= layer("sigma_map.mlp.0", c, 256) | layer("sigma_map.mlp.2", c, c)
    weights["rotary_emb.inv_freq"] = 1 / 10_000 ** (torch.arange(0, d // sizes.heads, 2) / (d // sizes.heads))
    for k in range(sizes.blocks):
        weights |= {f"blocks.{k}.norm{n}.weight": 1 + normal(d) for n in (1, 2)}
        weights |= {f"blocks.{k}.attn_qkv.weight": normal(3 * d, d), f"blocks.{k}.attn_out.weight": normal(d, d)}
        weights |= layer(f"blocks.{k}.mlp.0", 4 * d, d) | layer(f"blocks.{k}.mlp.2", d, 4 * d)
        weights |= layer(f"blocks.{k}.adaLN_modulation", 6 * d, c)
    weights |= {"output_layer.norm_final.weight": 1 + normal(d)}
    return weights | layer("output_layer.linear", sizes.states, d) | layer("output_layer.adaLN_modulation", 2 * d, c)


def without_time(weights: Weights, sizes: Sizes) -> Weights:
    """The weights of a network that is told no time, whose norms have biases."""
    draw = torch.Generator().manual_seed(1)
    kept = {name: w for name, w in weights.items() if "adaLN" not in name and "sigma_map" not in name}
    norms = [name for name in kept if "norm" in name]
    return kept | {name.replace("weight", "bias"): torch.randn(sizes.hidden, generator=draw) for name in norms}


def forward(
    weights: Weights,
    heads: int,
    tokens: Tensor,
    told: Tensor,
    allowed: Tensor | None = None,
    label: Tensor | None = None,
    positions: Tensor | None = None,
) -> Tensor:
    """The logits (B, L, V) of tokens (B, L), told (B,), in float64. `allowed` (L, L) says who sees whom."""
    w = {name: tensor.double() for name, tensor in weights.items()}
    b, length = tokens.shape

    def layer(x: Tensor, name: str) -> Tensor:
        return x @ w[f"{name}.weight"].T + w.get(f"{name}.bias", torch.zeros(1, dtype=torch.float64))

    def norm(x: Tensor, name: str) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        scaled = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
        return scaled * w[f"{name}.weight"] + w.get(f"{name}.bias", torch.zeros(1, dtype=torch.float64))

    cond: Tensor | None = None
    if "sigma_map.mlp.0.weight" in w:
        angles = told.double()[:, None] * torch.exp(-math.log(10_000) * torch.arange(128).double() / 128)
        waves = torch.cat((angles.cos(), angles.sin()), -1)
        cond = F.silu(layer(F.silu(layer(waves, "sigma_map.mlp.0")), "sigma_map.mlp.2"))
        if label is not None:
            cond = cond + F.silu(w["cond_map.embedding_table.weight"][label])

    def modulations(name: str, count: int) -> list[Tensor]:
        if cond is None:
            return [torch.tensor(float(k % 3 == 2)) for k in range(count)]
        return list(layer(cond, f"{name}.adaLN_modulation")[:, None].chunk(count, -1))

    place = torch.arange(length) if positions is None else positions
    turn = place.double()[:, None] * w["rotary_emb.inv_freq"]
    cos, sin = turn.cos(), turn.sin()

    def rotated(x: Tensor) -> Tensor:
        first, second = x.chunk(2, -1)
        return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)

    x = w["vocab_embed.embedding"][tokens]
    for k in range(len({name.split(".")[1] for name in w if name.startswith("blocks.")})):
        shift1, scale1, gate1, shift2, scale2, gate2 = modulations(f"blocks.{k}", 6)
        asked = layer(norm(x, f"blocks.{k}.norm1") * (1 + scale1) + shift1, f"blocks.{k}.attn_qkv")
        q, key, v = asked.view(b, length, 3, heads, -1).permute(2, 0, 3, 1, 4)
        likeness = rotated(q) @ rotated(key).mT / math.sqrt(q.shape[-1])
        if allowed is not None:
            likeness = likeness.masked_fill(~allowed, -math.inf)
        mixed = (likeness.softmax(-1) @ v).transpose(1, 2).reshape(b, length, -1)
        x = x + gate1 * layer(mixed, f"blocks.{k}.attn_out")
        inner = layer(norm(x, f"blocks.{k}.norm2") * (1 + scale2) + shift2, f"blocks.{k}.mlp.0")
        x = x + gate2 * layer(F.gelu(inner, approximate="tanh"), f"blocks.{k}.mlp.2")
    shift, scale = modulations("output_layer", 2)
    return layer(norm(x, "output_layer.norm_final") * (1 + scale) + shift, "output_layer.linear")


# ---- the layouts


def flat(sizes: Sizes, kind: str, **more: Any) -> dict[str, Any]:
    """A configuration that descends from MDLM's."""
    return {
        "model_type": kind,
        "vocab_size": sizes.states,
        "model_length": sizes.length,
        "hidden_dim": sizes.hidden,
        "cond_dim": COND,
        "n_blocks": sizes.blocks,
        "n_heads": sizes.heads,
        "dropout": 0.1,
        "torch_dtype": "float32",
    } | more


def nested(sizes: Sizes, **model: Any) -> dict[str, Any]:
    """The sizes as the programs' configurations name them."""
    return {
        "hidden_size": sizes.hidden,
        "cond_dim": COND,
        "length": sizes.length,
        "n_blocks": sizes.blocks,
        "n_heads": sizes.heads,
        "dropout": 0.1,
    } | model


def radd(sizes: Sizes) -> dict[str, Any]:
    noise = {"type": "loglinear", "sigma_min": 1e-4, "sigma_max": 20}
    return {"tokens": sizes.states - 1, "model": nested(sizes, name="small", type="ddit_wot"), "noise": noise}


def gidd(sizes: Sizes) -> dict[str, Any]:
    return {
        "model_type": "dit",
        "vocab_size": sizes.states,
        "max_seq_len": sizes.length,
        "hidden_size": sizes.hidden,
        "timestep_cond_dim": COND,
        "num_hidden_layers": sizes.blocks,
        "num_attention_heads": sizes.heads,
        "attention_dropout": 0.0,
        "p_uniform": 0.2,
        "t_eps": 1e-4,
    }


def mixin(sizes: Sizes, name: str, **algo: Any) -> dict[str, Any]:
    """The configuration of a bare network on the hub."""
    inner = {"algo": {"name": name} | algo, "model": nested(sizes, scale_by_sigma=True)}
    return {"config": inner, "vocab_size": sizes.states}


CONFIGS: dict[str, Callable[[Sizes], dict[str, Any]]] = {
    "mdlm": lambda sizes: flat(sizes, "mdlm", time_conditioning=False),
    "mdlm-time": lambda sizes: flat(sizes, "mdlm", time_conditioning=True),
    "duo": lambda sizes: flat(sizes, "DUO", causal=False, var_min=True),
    "udlm": lambda sizes: flat(sizes, "udlm", time_conditioning=True, cfg=False, cfg_num_classes=-1),
    "udlm-class": lambda sizes: flat(sizes, "udlm", time_conditioning=True, cfg=True, cfg_num_classes=2),
    "bd3lm": lambda sizes: flat(sizes, "bd3lm", block_size=block_of(sizes), causal=False, time_conditioning=False),
    "gidd": gidd,
    "radd": radd,
    "didi": lambda sizes: mixin(sizes, "mdlm", time_conditioning=False, causal_attention=False),
    "duo-mixin": lambda sizes: mixin(sizes, "duo_base", time_conditioning=True),
    "sedd": lambda sizes: mixin(sizes, "sedd", time_conditioning=True),
}
PREFIXED = ("mdlm", "mdlm-time", "duo", "udlm", "udlm-class", "bd3lm")


def make(folder: Path, family: str, sizes: Sizes | None = None, prefixed: bool | None = None) -> Weights:
    """Writes a checkpoint of a family into `folder`; its weights by their plain names."""
    sizes = sizes or Sizes()
    weights = random_weights(sizes)
    if family == "radd":
        weights = without_time(weights, sizes)
    if family == "udlm-class":
        weights["cond_map.embedding_table.weight"] = torch.randn(3, COND, generator=torch.Generator().manual_seed(3))
    extra = {name: torch.tensor(0.5) for name in BESIDE} if family == "bd3lm" else {}
    if family == "gidd":
        extra = {f"rotary_emb.{name}_cached": torch.zeros(1, sizes.length, 3, 1, 8) for name in ("cos", "sin")}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIGS[family](sizes)))
    prefix = "backbone." if (family in PREFIXED if prefixed is None else prefixed) else ""
    save_file({f"{prefix}{name}": tensor for name, tensor in weights.items()} | extra, folder / "model.safetensors")
    return weights


def block_of(sizes: Sizes) -> int:
    """The size of the blocks of a model that has some: the last one is shorter."""
    return 2 if sizes.length < 6 else 5


def seen_in_blocks(sizes: Sizes) -> Tensor:
    """Who sees whom (L, L) where a text is read block by block."""
    block = torch.arange(sizes.length) // block_of(sizes)
    return block[:, None] >= block


def noised(sizes: Sizes, uniform: bool, texts: int = 3) -> tuple[Tensor, Tensor]:
    """Tokens (B, L), some of them masks but under uniform noise, and what the network is told (B,)."""
    draw = torch.Generator().manual_seed(2)
    tokens = torch.randint(sizes.states - (not uniform), (texts, sizes.length), generator=draw)
    masked = torch.rand(tokens.shape, generator=draw) < 0.5
    told = torch.rand(texts, generator=draw) * 3
    return tokens if uniform else torch.where(masked, sizes.states - 1, tokens), told


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    values = json.loads((folder / "config.json").read_text())
    change(values)
    (folder / "config.json").write_text(json.dumps(values))


def rename(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def double(folder: Path) -> Diffusion:
    diffusion = build(folder)[0]
    diffusion.network.double()
    return diffusion
