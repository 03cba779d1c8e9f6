"""A model that wrote from left to right becomes one that fills in masks, as DiffuLLaMA did (Gong et al., arXiv
2410.17891): it is trained on while the causal mask is taken away step by step.

Its habit that the feature of a position is about the next token is kept, the shift of `theory.framing`. At step n of
`annealing` steps each position attends to all before it, and to each later one with probability n / annealing. What is
saved has the layout of such models: GPT-2 becomes a DiffuGPT, Llama and Qwen an "a2d" model with a shift.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.files import write_whole
from engine.language.chat import TEMPLATE, template_in
from engine.language.spare_tokens import mask_of, with_mask
from engine.language.tokenizer_files import backend_in
from engine.language.tokenizers import Tokenizer, find_tokenizer
from engine.likelihood.result import Bound
from engine.models.a2d_layout import A2D, EMBEDDING, HEAD
from engine.models.adapted import Rules, renamed
from engine.models.config_reader import shown
from engine.models.diffugpt_layout import DIFFUGPT
from engine.models.layout import Layout
from engine.models.own_layout import saving, write_model
from engine.models.shapes import fitting
from engine.models.stored import CONFIG
from engine.protocol import UserError
from engine.theory.backbones.backbone import Backbone
from engine.theory.diffusion import Diffusion
from engine.training.learners import DiffusionLearner

PLACES = "wpe.weight"
USUAL = {"scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False, "add_cross_attention": False}
USUAL |= {"use_sliding_window": False}
"""Entries of a configuration with other values than these make another network."""


@dataclass(frozen=True)
class Kind:
    """What a causal model of a type becomes: a `type` of a `layout`, whose configuration has its `entries`, and its
    greatest number of positions under the name `positions`. `rules` make names of ours of the causal model's names of
    weights, `saved` those of the layout of ours."""

    type: str
    layout: Layout
    entries: tuple[str, ...]
    positions: str
    rules: Rules
    saved: Rules


GPT2 = Kind(
    "gpt2",
    DIFFUGPT,
    ("n_embd", "n_layer", "n_head", "n_inner", "layer_norm_epsilon", "activation_function", "tie_word_embeddings"),
    "n_positions",
    ((r"transformer\.", ""), (r"wte\.", "embed_tokens."), (r"h\.", "blocks.")),
    ((r"blocks\.", "h."), (r"(?!embed_tokens\.|lm_head\.)", "denoise_model.")),
)
_LLAMA = (
    A2D,
    (
        *("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads"),
        *("head_dim", "rms_norm_eps", "rope_theta", "rope_parameters", "rope_scaling"),
        *("hidden_act", "tie_word_embeddings"),
    ),
    "max_position_embeddings",
    ((r"model\.", ""), (r"layers\.", "blocks.")),
    ((r"blocks\.", "layers."), (r"(?!lm_head\.)", "model.")),
)
KINDS = {"gpt2": GPT2} | {kind: Kind(f"a2d-{kind}", *_LLAMA) for kind in ("llama", "qwen2", "qwen3")}


@dataclass(frozen=True, eq=False)
class Adapted:
    """A causal model as a diffusion model, not trained yet, with its tokenizer, which has no mask. `values` are its
    configuration in the layout of its `kind`; `told` says what became of the mask. `template` is its chat template, if
    it brings one that can be read."""

    kind: Kind
    values: Mapping[str, Any]
    diffusion: Diffusion
    tokenizer: Tokenizer
    told: str
    template: str = ""


def adapted(network: Any, folder: Path, length: int) -> Adapted:
    """A causal network of the `transformers` library, read from `folder`, for texts of at most `length` tokens.

    A mask that its tokenizer has becomes the last token, otherwise one is added, beginning as the mean of all tokens. A
    UserError where the network is none that the layouts know.
    """
    kind = kind_of(network.config, folder)
    tokenizer, backend = find_tokenizer(folder, spare="mask"), backend_in(folder)
    mask = backend.token_to_id(mask_of(backend) or "") if backend is not None else None
    length = min(length, getattr(network.config, kind.positions) - 1)  # one stands before the text
    values = described(kind, network.config, tokenizer, length)
    found = {renamed(name, kind.rules): tensor.float() for name, tensor in network.state_dict().items()}
    weights = {name: tensor for name, tensor in found.items() if not name.endswith(kind.layout.besides)}
    for name in {EMBEDDING, HEAD} & weights.keys():
        weights[name] = mask_last(weights[name], tokenizer.vocabulary, mask)
    if PLACES in weights:
        weights[PLACES] = weights[PLACES][: length + 1]
    config = kind.layout.config(values, folder / CONFIG)
    named = kind.layout.weights(weights, config, folder)
    config = kind.layout.settle(config, named)
    diffusion = fitting(config, named, folder)
    copies = {name: tensor.to(torch.float32, copy=True) for name, tensor in named.items()}
    diffusion.network.load_state_dict(copies, assign=True)
    told = "added to the vocabulary" if mask is None else "the tokenizer's own"
    template: Any = None
    with suppress(OSError, ValueError, RecursionError):
        template = template_in(folder)
    return Adapted(kind, values, diffusion, tokenizer, told, template if isinstance(template, str) else "")


def kind_of(config: Any, folder: Path) -> Kind:
    """What a causal model becomes; a UserError for one that is not known here."""
    if config.model_type not in KINDS:
        raise UserError(
            f"{folder} holds a causal model of the type {shown(config.model_type)}, which is not adapted here; "
            f"choose one of the type {', '.join(KINDS)}."
        )
    if other := [name for name, usual in USUAL.items() if getattr(config, name, usual) != usual]:
        raise UserError(f"{folder} computes attention in another way ({other[0]}); choose another model.")
    return KINDS[config.model_type]


def described(kind: Kind, config: Any, tokenizer: Tokenizer, length: int) -> dict[str, Any]:
    """The configuration of the adapted model: that of the causal one, with mask, shift and a token before a text."""
    told = config.to_dict()
    known = range(tokenizer.vocabulary)
    begins = (tokenizer.eot_id, config.bos_token_id, 0)
    return {
        "model_type": kind.type,
        **{name: told[name] for name in kind.entries if name in told},
        kind.positions: length + 1,
        "vocab_size": len(known) + 1,
        "mask_token_id": len(known),
        "bos_token_id": next(token for token in begins if token in known),
        "shift": True,
    }


def mask_last(weight: Tensor, vocabulary: int, mask: int | None) -> Tensor:
    """Rows of a vocabulary (V, d) with that of the mask behind them: its own, whose place the last token takes, or a
    new one. Rows beyond, which stand for no token, are left out."""
    if mask is None:
        return torch.cat((weight[:vocabulary], weight[:vocabulary].mean(0, keepdim=True)))
    weight = weight[: vocabulary + 1].clone()
    weight[[mask, -1]] = weight[[-1, mask]]
    return weight


def causal(length: int) -> Tensor:
    """Which positions each may attend to, (L, L) bool, where texts are written from left to right."""
    return torch.ones(length, length, dtype=torch.bool).tril()


class AdaptingLearner(DiffusionLearner):
    """An adapted model learning to fill in masks, while its causal mask is taken away over `annealing` steps."""

    def __init__(self, adapted: Adapted, annealing: float, name: str) -> None:
        self.adapted, self._annealing = adapted, annealing
        super().__init__(adapted.diffusion)
        self.told = {"adapted from": name, "mask": adapted.told}

    def reach(self, step: int, falling: bool) -> None:
        super().reach(step, falling)
        self.opened = step / self._annealing if step < self._annealing else 1.0

    def draw(self, clean: Tensor, generator: np.random.Generator) -> tuple[Tensor, ...]:
        """Also which later positions are seen in this step, by all sequences alike."""
        drawn, length = super().draw(clean, generator), clean.shape[1] + 1
        chances = torch.from_numpy(generator.random((length, length), np.float32))
        self.look(causal(length) | (chances < self.opened) if self.opened < 1 else None)
        return drawn

    def validate(self, sequences: Sequence[np.ndarray], seed: int) -> Bound:
        """The bound of the model as it is saved, which sees the whole text."""
        self.look(None)
        return super().validate(sequences, seed)

    def look(self, seen: Tensor | None) -> None:
        """Has each position see those, (L, L) bool, or all."""
        assert isinstance(self.network, Backbone)
        self.network.seen = None if seen is None else seen.to(self.network.device)

    def save(self, folder: Path, tokenizer: Tokenizer, card: str | None, facts: Mapping[str, str]) -> None:
        """Writes the weights as they are, in float32."""
        weights = {
            renamed(name, self.adapted.kind.saved): tensor.detach().cpu().contiguous()
            for name, tensor in self.network.state_dict().items()
        }
        values = {**self.adapted.values, "facts": dict(facts)}
        if self.adapted.template:
            with saving(folder):
                write_whole(folder / TEMPLATE, self.adapted.template.encode())
        write_model(folder, weights, Tokenizer(with_mask(tokenizer.backend)), card, values)
