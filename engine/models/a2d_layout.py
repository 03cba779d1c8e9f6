"""Llama, Qwen2 and Qwen3 that were taught to fill in masks: of all the text ("a2d" of dLLM, and Open-dCoder,
which is a Qwen2 by all its files say but a mask), or block by block (SDAR, Cheng et al., arXiv 2510.06303)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.catalogue import families
from engine.language.tokenizer_files import backend_in
from engine.models.adapted import LONGEST, adapted, named_by, tied_by, token_in
from engine.models.config_reader import Reader
from engine.models.layout import Layout, mask_of
from engine.protocol import UserError
from engine.theory.backbones.llama import LlamaConfig
from engine.theory.diffusion import DiffusionConfig
from engine.theory.framing import UNFRAMED, Framing

MASKS = {"a2d-qwen3": 151_669, "a2d-qwen2": 151_665, "sdar": 151_669}
"""Those of the published tokenizers; ids beyond stand for no tokens."""
SDAR_BLOCK = 4
OPEN = "qwen2"
"""The type of Open-dCoder."""
UNUSED = 100
"""One in so many rows, at most, is there for round sizes and stands for no token."""
HEAD, EMBEDDING = "lm_head.weight", "embed_tokens.weight"


def usual_mask(values: Mapping[str, Any]) -> int | None:
    """That of the published tokenizer of this type."""
    mask, states = MASKS.get(str(values.get("model_type")).lower()), values.get("vocab_size")
    return mask if mask is not None and isinstance(states, int) and states > mask else None


def a2d_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of such a folder on the hub, which is that of the model that was adapted.

    Those of `sedd adapt` keep the `shift`, which published ones of these types lack.
    """
    reader = Reader(values, path)
    kind, states = str(values.get("model_type")).lower(), reader.size("states", "vocab_size")
    mask = mask_of(values, path.parent, states, usual_mask(values))
    if (states - 1 - mask) * UNUSED <= states and known_in(path.parent) <= mask + 1:
        states = mask + 1
    if "hidden_act" in values:
        reader.choice(("silu",), "hidden_act")
    hidden, heads = reader.size("hidden", "hidden_size"), reader.size("heads", "num_attention_heads")
    framing, length = UNFRAMED, LONGEST
    if reader.flag("shift", absent=False):
        framing = Framing(before=token_in(reader, "bos_token_id", states, mask), shift=True)
        length = reader.size("length", "max_position_embeddings")
    if kind == OPEN:  # its program puts nothing before a text
        framing = Framing(shift=True)
    if length <= framing.room:
        raise reader.error(f"has max_position_embeddings = {length}, too few for a text")
    network = LlamaConfig(
        states=states,
        length=length,
        hidden=hidden,
        blocks=reader.size("blocks", "num_hidden_layers"),
        heads=heads,
        inner=reader.size("inner", "intermediate_size"),
        head_dim=reader.size("head_dim", "head_dim", absent=hidden // heads),
        shared=reader.size("heads", "num_key_value_heads", absent=heads),
        theta=theta(reader),
        epsilon=reader.number(0.0, 1.0, "rms_norm_eps", absent=1e-6),
        bias=kind in ("a2d-qwen2", OPEN),
        normed=kind in ("a2d-qwen3", "sdar"),
        block_size=block_size(reader, kind),
        tied=True,
    )
    if network.heads % network.shared or network.head_dim < 2 or network.head_dim % 2:
        raise reader.error(f"has {network.heads} heads for {network.shared} keys, of {network.head_dim} numbers each")
    return adapted(network, framing, mask)


def known_in(folder: Path) -> int:
    """How many tokens the tokenizer beside the weights has; 0 where none is there, or it cannot be read."""
    try:
        backend = backend_in(folder)
    except UserError:  # told when it is opened
        return 0
    return 0 if backend is None else backend.get_vocab_size()


def block_size(reader: Reader, kind: str) -> int:
    """Tokens that are written together, given those before; 0 where all are."""
    told = reader.group().get("block_size") is not None
    return reader.size("block_size", "block_size", absent=SDAR_BLOCK) if told or kind == "sdar" else 0


def theta(reader: Reader) -> float:
    """The slowest turn of rotary positions; a UserError where they are scaled for long texts."""
    values = reader.group()
    scaled = values.get("rope_parameters") or values.get("rope_scaling") or {}
    if isinstance(scaled, Mapping) and scaled.get("rope_type", scaled.get("type", "default")) != "default":
        raise reader.error("scales its positions for long texts, which is not read here")
    if values.get("rope_parameters"):
        return reader.number(1.0, 1e9, "rope_parameters", "rope_theta")
    return reader.number(1.0, 1e9, "rope_theta", absent=10_000.0)


A2D = Layout(
    families.A2D,
    a2d_config,
    named_by(((r"model\.", ""), (r"layers\.", "blocks.")), (EMBEDDING, HEAD), HEAD, EMBEDDING),
    spare="mask",
    settle=tied_by(HEAD),
    mask=usual_mask,
    besides=(".rotary_emb.inv_freq",),
    in_blocks=False,
)
DCODER = replace(A2D, of=families.DCODER)
