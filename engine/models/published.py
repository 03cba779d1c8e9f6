"""Models as they are published, one or more of each layout: their names on the hub, licences and configurations.

What a family supports is told by what becomes of these (`sedd families`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.catalogue.families import SEDD as SEDD_FAMILY
from engine.catalogue.families import Family, Sign, bears
from engine.models.layout import Layout
from engine.models.layouts import FAMILIES
from engine.models.published_layout import published_config
from engine.models.stored import CONFIG
from engine.theory.diffusion import DiffusionConfig


@dataclass(frozen=True)
class Published:
    """A model by its `name` on the hub, with a configuration like its own; `others` are entries that differ in further
    models of the family."""

    name: str
    licence: str
    values: Mapping[str, Any]
    others: tuple[Mapping[str, Any], ...] = ()

    @property
    def layout(self) -> Layout | None:
        """The layout that reads it; None for SEDD's own."""
        return next((layout for layout in FAMILIES if layout.of.recognises(self.values)), None)

    @property
    def family(self) -> Family:
        """The family that it belongs to."""
        return self.layout.of if self.layout else SEDD_FAMILY

    @property
    def sign(self) -> Sign:
        """By which entries it is recognised."""
        return next(sign for sign in self.family.signs if bears(self.values, sign))

    def configs(self) -> Iterator[DiffusionConfig]:
        """What the program makes of it, and of the others."""
        read = self.layout.config if self.layout else published_config
        for entries in ({}, *self.others):
            yield read({**self.values, **entries}, Path(self.name, CONFIG))


BASE = {"hidden_size": 768, "cond_dim": 128, "length": 1024, "n_blocks": 12, "n_heads": 12, "dropout": 0.1}
FLAT: dict[str, Any] = {
    "vocab_size": 50_258,
    "model_length": 1024,
    "hidden_dim": 768,
    "cond_dim": 128,
    "n_blocks": 12,
    "n_heads": 12,
}
FLAT |= {"dropout": 0.1}
SEDD = {"tokens": 50_257, "noise": {"type": "loglinear"}, "model": BASE | {"scale_by_sigma": True}}
QWEN3: dict[str, Any] = {
    "vocab_size": 151_936,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
}
QWEN3 |= {"head_dim": 128, "rope_theta": 1e6, "rms_norm_eps": 1e-6}
QWEN3_SMALL = QWEN3 | {"hidden_size": 1024, "intermediate_size": 3072}


def by_program(name: str, **algo: Any) -> dict[str, Any]:
    """A bare network of MDLM's or Duo's programs, as the hub keeps it."""
    return {"config": {"algo": {"name": name, **algo}, "model": BASE}, "vocab_size": 50_258}


PUBLISHED: tuple[Published, ...] = (
    Published("louaaron/sedd-small", "MIT", SEDD | {"graph": {"type": "absorb"}}),
    Published(
        "kuleshov-group/mdlm-owt",
        "Apache-2.0",
        FLAT | {"model_type": "mdlm", "time_conditioning": False},
        ({"time_conditioning": True},),
    ),
    Published(
        "D3_Tran_MPRA_K562.ckpt of Zenodo 19774653",
        "MIT",
        {"tokens": 4, "graph": {"type": "uniform"}, "model": BASE | {"length": 230, "scale_by_sigma": False}}
        | {"noise": {"type": "geometric", "sigma_min": 1e-4, "sigma_max": 20}, "dataset": {"signal_dim": 1}},
    ),
    Published("JingyangOu/radd-lambda-dce", "Apache-2.0", SEDD | {"model": BASE | {"type": "ddit_wot"}}),
    Published("kuleshov-group/bd3lm-owt-block_size4", "Apache-2.0", FLAT | {"model_type": "bd3lm", "block_size": 4}),
    Published(
        "dvruette/gidd-small-p_unif-0.2",
        "MIT",
        {"model_type": "dit", "vocab_size": 50_258, "max_seq_len": 512, "hidden_size": 768, "p_uniform": 0.2}
        | {"timestep_cond_dim": 128, "num_hidden_layers": 12, "num_attention_heads": 12, "t_eps": 1e-4}
        | {"attention_dropout": 0.0},
    ),
    Published("s-sahoo/duo, s-sahoo/duo-distilled", "Apache-2.0", FLAT | {"model_type": "DUO", "causal": False}),
    Published(
        "kuleshov-group/udlm-lm1b",
        "Apache-2.0",
        FLAT | {"model_type": "udlm", "vocab_size": 30_522, "model_length": 128, "time_conditioning": True},
        ({"time_conditioning": False}, {"cfg": True, "cfg_num_classes": 10}),
    ),
    Published(
        "haoyangzheng/didi-instruct-small", "MIT", by_program("mdlm"), (by_program("mdlm", time_conditioning=True),)
    ),
    Published("sedd.ckpt of kuleshov-group/mdlm", "Apache-2.0", by_program("sedd")),
    Published(
        "diffusionfamily/diffugpt-s",
        "Apache-2.0",
        {"model_type": "gpt2", "vocab_size": 50_257, "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024},
    ),
    Published(
        "dllm-hub/ModernBERT-base-chat-v0.1",
        "Apache-2.0",
        {"model_type": "modernbert", "vocab_size": 50_368, "hidden_size": 768, "intermediate_size": 1152}
        | {"num_hidden_layers": 22, "num_attention_heads": 12, "global_attn_every_n_layers": 3}
        | {"global_rope_theta": 160_000.0, "local_rope_theta": 10_000.0, "local_attention": 128},
    ),
    Published(
        "airkingbd/dplm_150m",
        "Apache-2.0",
        {"model_type": "esm", "dplm_type": "dplm", "vocab_size": 33, "mask_token_id": 32, "hidden_size": 640}
        | {"num_hidden_layers": 30, "num_attention_heads": 20, "intermediate_size": 2560, "token_dropout": True},
    ),
    Published("dllm-hub/Qwen3-0.6B-diffusion-mdlm-v0.1", "Apache-2.0", QWEN3_SMALL | {"model_type": "a2d-qwen3"}),
    Published(
        "dllm-hub/Qwen3-0.6B-diffusion-bd3lm-v0.1",
        "Apache-2.0",
        QWEN3_SMALL | {"model_type": "a2d-qwen3", "block_size": 32},
    ),
    Published(
        "fredzzp/open-dcoder-0.5B",
        "see its card",
        {"model_type": "qwen2", "vocab_size": 151_666, "hidden_size": 896, "intermediate_size": 4864}
        | {"num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "rope_theta": 1e6},
    ),
    Published(
        "JetLM/SDAR-1.7B-Chat",
        "see its card",
        QWEN3 | {"model_type": "sdar", "hidden_size": 2048, "intermediate_size": 6144, "block_size": 4},
    ),
)
