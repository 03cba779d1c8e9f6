"""DPLM (Wang et al., arXiv 2402.18567): ESM-2, a network of proteins, taught to fill in any share of masks. A protein
stands between two tokens that are always given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.catalogue import families
from engine.models.adapted import LONGEST, adapted, check_heads, named_by, tied_by, token_in
from engine.models.config_reader import Reader
from engine.models.layout import Layout, mask_of
from engine.theory.backbones.esm import EsmConfig
from engine.theory.diffusion import DiffusionConfig
from engine.theory.framing import Framing

ALPHABET = 33
CLS, PAD, EOS, UNKNOWN, ANY = 0, 1, 2, 3, 24
"""Tokens of ESM's alphabet, `ANY` an amino acid that is not known."""
HEAD, EMBEDDING = "lm_head.decoder.weight", "word_embeddings.weight"


def dplm_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of DPLM's folder on the hub."""
    reader = Reader(values, path)
    states = reader.size("states", "vocab_size")
    mask, whole = mask_of(values, path.parent, states), states == ALPHABET
    if "position_embedding_type" in values:
        reader.choice(("rotary",), "position_embedding_type")
    if values.get("emb_layer_norm_before"):
        raise reader.error("has emb_layer_norm_before = true, which is not read here")
    usual = zip(("cls_token_id", "pad_token_id", "eos_token_id"), (CLS, PAD, EOS), strict=True)
    cls, pad, eos = (token_in(reader, name, states, mask, token if whole else None) for name, token in usual)
    never = [token for token in (cls, pad, eos) if token is not None] + [UNKNOWN, ANY] * whole
    framing = Framing(cls, None if cls is None else eos, never=tuple(never))
    network = EsmConfig(
        states=states,
        length=min(LONGEST, reader.size("length", "max_position_embeddings", absent=LONGEST)),
        hidden=reader.size("hidden", "hidden_size"),
        blocks=reader.size("blocks", "num_hidden_layers"),
        heads=reader.size("heads", "num_attention_heads"),
        inner=reader.size("inner", "intermediate_size"),
        epsilon=reader.number(0.0, 1.0, "layer_norm_eps", absent=1e-5),
        pad=-1 if pad is None else (mask if pad == states - 1 else pad),
        token_dropout=reader.flag("token_dropout", absent=False),
        tied=True,
    )
    check_heads(reader, network)
    if network.length <= framing.room:
        raise reader.error(f"has max_position_embeddings = {network.length}, too few for a protein")
    return adapted(network, framing, mask)


RULES = (
    (r"(esm|net|model)\.(?=embeddings\.|encoder\.|contact_head\.)", ""),
    (r"embeddings\.", ""),
    (r"encoder\.layer\.", "blocks."),
    (r"encoder\.", ""),
    (r"lm_head\.bias$", "lm_head.decoder.bias"),
)
DPLM = Layout(
    families.DPLM,
    dplm_config,
    named_by(RULES, (EMBEDDING, HEAD, "lm_head.decoder.bias"), HEAD, EMBEDDING),
    spare="mask",
    settle=tied_by(HEAD),
    besides=(
        *("embeddings.position_embeddings.weight", "embeddings.position_ids", "rotary_embeddings.inv_freq"),
        *("contact_head.regression.weight", "contact_head.regression.bias"),
    ),
    in_blocks=False,
)
