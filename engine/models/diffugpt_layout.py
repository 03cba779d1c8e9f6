"""DiffuGPT (Gong et al., arXiv 2410.17891): GPT-2, taught to fill in masks, with the shift of a model that wrote from
left to right. Its small model took an ordinary token for the mask, the medium one a new one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.catalogue import families
from engine.models.adapted import adapted, named_by, tied_by, token_in
from engine.models.config_reader import Reader
from engine.models.layout import Layout, mask_of
from engine.theory.backbones.gpt2 import GPT2Config
from engine.theory.diffusion import DiffusionConfig
from engine.theory.framing import Framing

GPT2_TOKENS, END_OF_TEXT = 50_257, 50_256
SMALL_BLOCKS, SMALL_MASK = 12, 10_541
HEAD, EMBEDDING = "lm_head.weight", "embed_tokens.weight"


def usual_mask(values: Mapping[str, Any]) -> int | None:
    """The small model's mask, which its files do not tell."""
    small = values.get("n_layer") == SMALL_BLOCKS and values.get("vocab_size") in (GPT2_TOKENS, GPT2_TOKENS + 1)
    return SMALL_MASK if small else None


def diffugpt_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of DiffuGPT's folder on the hub, which is GPT-2's."""
    reader = Reader(values, path)
    states = reader.size("states", "vocab_size")
    mask = mask_of(values, path.parent, states, usual_mask(values))
    if states == GPT2_TOKENS + 1 and mask < GPT2_TOKENS:
        states = GPT2_TOKENS  # a row for round sizes
    if "activation_function" in values:
        reader.choice(("gelu_new", "gelu_pytorch_tanh"), "activation_function")
    hidden, positions = reader.size("hidden", "n_embd"), reader.size("length", "n_positions")
    network = GPT2Config(
        states=states,
        length=positions,
        hidden=hidden,
        blocks=reader.size("blocks", "n_layer"),
        heads=reader.size("heads", "n_head"),
        inner=reader.size("inner", "n_inner", absent=4 * hidden),
        positions=positions,
        epsilon=reader.number(0.0, 1.0, "layer_norm_epsilon", absent=1e-5),
        tied=True,
    )
    if hidden % network.heads:
        raise reader.error(f"has {network.heads} heads, which do not divide {hidden}")
    framing = Framing(before=token_in(reader, "bos_token_id", states, mask, END_OF_TEXT), shift=True)
    if positions <= framing.room:
        raise reader.error(f"has n_positions = {positions}, too few for a text")
    return adapted(network, framing, mask)


DIFFUGPT = Layout(
    families.DIFFUGPT,
    diffugpt_config,
    named_by(((r"denoise_model\.", ""), (r"h\.", "blocks.")), (EMBEDDING, HEAD), HEAD, EMBEDDING),
    spare="mask",
    settle=tied_by(HEAD),
    mask=usual_mask,
    besides=(".attn.bias", ".attn.masked_bias", "denoise_model.wte.weight"),
    in_blocks=False,
)
