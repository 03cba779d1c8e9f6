"""ModernBERT (Warner et al., arXiv 2412.13663) that was taught to fill in any share of masks: models that chat.

One that was not is read, too: it has seen few masks among many words, and writes accordingly.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.catalogue import families
from engine.models.adapted import LONGEST, adapted, check_heads, named_by, tied_by, token_in
from engine.models.config_reader import Reader
from engine.models.layout import Layout, mask_of
from engine.theory.backbones.modernbert import ModernBertConfig
from engine.theory.diffusion import DiffusionConfig
from engine.theory.framing import Framing

MASK = 50_284
UNUSED = 100
"""One in so many rows, at most, is there for round sizes and stands for no token."""
HEAD, EMBEDDING = "decoder.weight", "embeddings.tok_embeddings.weight"
KINDS = ("full_attention", "sliding_attention")


def usual_mask(values: Mapping[str, Any]) -> int | None:
    """That of the published tokenizer."""
    states = values.get("vocab_size")
    return MASK if isinstance(states, int) and states > MASK else None


def modernbert_config(values: Mapping[str, Any], path: Path) -> DiffusionConfig:
    """The configuration of ModernBERT's folder on the hub."""
    reader = Reader(values, path)
    states = reader.size("states", "vocab_size")
    mask = mask_of(values, path.parent, states, usual_mask(values))
    for name in ("hidden_activation", "classifier_activation"):
        if name in values:
            reader.choice(("gelu",), name)
    blocks = reader.size("blocks", "num_hidden_layers")
    far, near = thetas(reader)
    network = ModernBertConfig(
        states=states,
        length=min(LONGEST, reader.size("length", "max_position_embeddings", absent=LONGEST)),
        hidden=reader.size("hidden", "hidden_size"),
        blocks=blocks,
        heads=reader.size("heads", "num_attention_heads"),
        inner=reader.size("inner", "intermediate_size"),
        far=far_layers(reader, blocks),
        near=reader.size("length", "local_attention") // 2,
        far_theta=far,
        near_theta=near,
        epsilon=reader.number(0.0, 1.0, "norm_eps", absent=1e-5),
        tied=True,
        decoder_bias=reader.flag("decoder_bias", absent=True),
    )
    check_heads(reader, network)
    return adapted(network, framing(reader, states, mask), mask)


def framing(reader: Reader, states: int, mask: int) -> Framing:
    """A text begins with its token for that; only tokens of texts, and that of their end, are written."""
    begin, other, pad, *ends = (
        token_in(reader, f"{name}_token_id", states, mask) for name in ("cls", "bos", "pad", "eos", "sep")
    )
    first = other if begin is None else begin
    told = {token for token in (first, other, pad) if token is not None} - set(ends)
    unused = range(max({mask, *told, *(end for end in ends if end is not None)}) + 1, states)
    return Framing(before=first, never=(*told, *(unused if len(unused) * UNUSED <= states else ())))


def thetas(reader: Reader) -> tuple[float, float]:
    """The slowest turns of rotary positions, of layers that attend to all positions and of the others."""
    if "rope_parameters" in reader.group():
        far, near = (reader.number(1.0, 1e9, "rope_parameters", kind, "rope_theta") for kind in KINDS)
        return far, near
    return reader.number(1.0, 1e9, "global_rope_theta"), reader.number(1.0, 1e9, "local_rope_theta")


def far_layers(reader: Reader, blocks: int) -> tuple[bool, ...]:
    """Which layers attend to all positions."""
    values = reader.group()
    if "layer_types" not in values:
        every = reader.size("blocks", "global_attn_every_n_layers")
        return tuple(k % every == 0 for k in range(blocks))
    kinds = values["layer_types"]
    if not isinstance(kinds, list) or len(kinds) != blocks or not all(kind in KINDS for kind in kinds):
        raise reader.error(f"has layer_types that are not one of {' or '.join(KINDS)} for each of {blocks} layers")
    return tuple(kind == KINDS[0] for kind in kinds)


MODERNBERT = Layout(
    families.MODERNBERT,
    modernbert_config,
    named_by(
        ((r"model\.", ""), (r"layers\.", "blocks."), (r"head\.", "prediction.")),
        (EMBEDDING, HEAD, "decoder.bias"),
        HEAD,
        EMBEDDING,
    ),
    spare="mask",
    settle=tied_by(HEAD),
    mask=usual_mask,
    besides=(".rotary_emb.inv_freq",),
    in_blocks=False,
)
