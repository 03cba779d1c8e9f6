"""The score network: a transformer over noised tokens, told the noise level through its layer norms.

Architecture and parameter names are those of the published SEDD checkpoints (DiT blocks: Peebles and Xie,
arXiv 2212.09748; rotary positions: Su et al., arXiv 2104.09864). Body and head are separate calls, because a
sampler wants the head, the wide last matrix, on a few rows only.

Linear layers and the embedding may be stored in bfloat16; the residual stream, layer norms, the noise embedding
and the output stay in float32: scores span many orders of magnitude, and bf16 has three digits.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.stopping import look
from engine.theory.block_mask import block_mask
from engine.theory.lanes import parts, share
from engine.theory.layers import Asked, dropout, exact, linear, modulate, rotate, wide

FREQUENCIES = 256
"""Numbers by which the network is told a noise level."""


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of a score network. `states` counts token states, the mask included; `length` is the longest sequence.

    With `marks_locks` there is one more vector, added to the embedding of a token that is given: what the network
    then knows is the law of the rest given a clean token there, and not given a noisy one that reads the same.

    With `absolute_positions` there is one more vector for each place of a sequence, added to the embedding there.
    Rotary positions tell distances alone, and a sequence that is masked throughout reads the same at every place: right
    for blocks cut anywhere from a text, wrong where sequences are whole records, like molecules and pictures.

    With `classes` there is one more vector for each class of texts, and for "no class", the last: the network may be
    told one of them beside the noise level.

    With a `block_size` the text is cut into blocks, and a position sees its own block and those before
    (`engine.theory.blockwise`).
    """

    states: int
    length: int
    hidden: int
    blocks: int
    heads: int
    cond_dim: int = 128
    dropout: float = 0.1
    marks_locks: bool = False
    absolute_positions: bool = False
    classes: int = 0
    block_size: int = 0

    def build(self) -> Network:
        """A network of these sizes, with fresh weights."""
        return ScoreTransformer(self)


class Features(NamedTuple):
    """What the body gives to the head: `hidden` (..., d) and the conditioning vectors `cond` (..., c)."""

    hidden: Tensor
    cond: Tensor


class LayerNorm(nn.Module):
    """Layer norm in float32 with a gain and no bias."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(exact(x), self.weight.shape, exact(self.weight))


class Embedding(nn.Module):
    """Tokens (B, L) to vectors (B, L, d) in float32."""

    def __init__(self, states: int, dim: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.empty(states, dim))
        nn.init.kaiming_uniform_(self.embedding, a=math.sqrt(5))

    def forward(self, tokens: Tensor) -> Tensor:
        return exact(F.embedding(tokens, self.embedding))


class NoiseEmbedding(nn.Module):
    """sigma (B,) to (B, c): cosines and sines of sigma at geometric frequencies, then a small network."""

    def __init__(self, cond_dim: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(FREQUENCIES, cond_dim), nn.SiLU(), nn.Linear(cond_dim, cond_dim))

    def forward(self, sigma: Tensor) -> Tensor:
        half = FREQUENCIES // 2
        dtype = next(self.parameters()).dtype
        steps = torch.arange(half, dtype=dtype, device=sigma.device)
        angles = sigma.to(dtype)[:, None] * torch.exp(-math.log(10_000) * steps / half)
        waves = torch.cat((angles.cos(), angles.sin()), dim=-1)
        return F.silu(self.mlp(waves))


class ClassEmbedding(nn.Module):
    """Classes (B,) to (B, c), the one that stands for none counted."""

    def __init__(self, classes: int, cond_dim: int) -> None:
        super().__init__()
        self.embedding_table = nn.Embedding(classes + 1, cond_dim)

    def forward(self, classes: Tensor) -> Tensor:
        return F.silu(self.embedding_table(classes))


class Rotary(nn.Module):
    """The angles of rotary positions; the frequencies are kept because published checkpoints hold them."""

    inv_freq: Tensor

    def __init__(self, head_dim: int) -> None:
        super().__init__()
        # Numbers even in a network without memory: a division of "meta" tensors loads torch's compiler, which takes
        # two seconds and a hundred megabytes.
        even = torch.arange(0, head_dim, 2, device="cpu")
        self.register_buffer("inv_freq", 1 / 10_000 ** (even.float() / head_dim))

    def forward(self, length: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines (L, D/2) of the angles at positions 0 .. length - 1."""
        positions = torch.arange(length, dtype=exact(self.inv_freq).dtype, device=self.inv_freq.device)
        angles = positions[:, None] * exact(self.inv_freq)
        return angles.cos(), angles.sin()


class Block(nn.Module):
    """Attention and a two-layer network, each behind a layer norm that the noise level shifts, scales and gates."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        d = config.hidden
        self.heads = config.heads
        self.dropout = config.dropout
        self.norm1 = LayerNorm(d)
        self.attn_qkv = nn.Linear(d, 3 * d, bias=False)
        self.attn_out = nn.Linear(d, d, bias=False)
        self.norm2 = LayerNorm(d)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(approximate="tanh"), nn.Linear(4 * d, d))
        self.adaLN_modulation = nn.Linear(config.cond_dim, 6 * d)
        nn.init.zeros_(self.adaLN_modulation.weight)
        nn.init.zeros_(self.adaLN_modulation.bias)

    def forward(self, x: Tensor, cond: Tensor, cos: Tensor, sin: Tensor, allowed: Tensor | None = None) -> Tensor:
        shifts = self.shifts(cond)
        return self.answer(x, self.ask(x, shifts, cos, sin), shifts, allowed)

    def shifts(self, cond: Tensor) -> Sequence[Tensor]:
        """What the noise level does at both layer norms: shift, scale and gate of each, (B, 1, d)."""
        return self.adaLN_modulation(cond)[:, None].chunk(6, dim=-1)  # type: ignore[no-any-return]

    def ask(self, x: Tensor, shifts: Sequence[Tensor], cos: Tensor, sin: Tensor) -> Asked:
        """Queries, keys and values of positions x (B, l, d)."""
        b, length, d = x.shape
        qkv = linear(self.attn_qkv, modulate(self.norm1(x), *shifts[:2])).view(
            b, length, 3, self.heads, d // self.heads
        )
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        cos, sin = cos.to(q.dtype), sin.to(q.dtype)
        return Asked(rotate(q, cos, sin), rotate(k, cos, sin), v)

    def answer(self, x: Tensor, asked: Asked, shifts: Sequence[Tensor], allowed: Tensor | None = None) -> Tensor:
        """Positions x (B, l, d) after the block, given their queries and the keys and values of all L positions, or of
        those that each may see: `allowed` (l, L) bool."""
        _, _, gate1, shift2, scale2, gate2 = shifts
        mixed = F.scaled_dot_product_attention(*asked, attn_mask=allowed)
        attended = linear(self.attn_out, mixed.transpose(1, 2).reshape(x.shape))
        x = torch.addcmul(x, gate1, self.thinned(attended))
        widened = linear(self.mlp[0], modulate(self.norm2(x), shift2, scale2))  # type: ignore[arg-type]
        narrowed = linear(self.mlp[2], self.mlp[1](widened))  # type: ignore[arg-type]
        return torch.addcmul(x, gate2, self.thinned(narrowed))

    def thinned(self, x: Tensor) -> Tensor:
        """x, in training with some entries left out."""
        return dropout(x, self.dropout) if self.training and self.dropout > 0 else x


class Head(nn.Module):
    """Features to one number for each state, in float32; zero before training."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.norm_final = LayerNorm(config.hidden)
        self.linear = nn.Linear(config.hidden, config.states)
        self.adaLN_modulation = nn.Linear(config.cond_dim, 2 * config.hidden)
        for layer in (self.linear, self.adaLN_modulation):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, features: Features) -> Tensor:
        shift, scale = self.adaLN_modulation(features.cond).chunk(2, dim=-1)
        return wide(self.linear, modulate(self.norm_final(features.hidden), shift, scale))


class Network(nn.Module, ABC):
    """Tokens (B, L) and noise levels (B,) to one number for each state, (B, L, V).

    Weights named in `by_state` have a row for each state. What a network has no use for it leaves out: noise levels,
    the given tokens, classes.
    """

    config: NetworkConfig
    blocks: nn.ModuleList
    by_state: tuple[str, ...]

    @abstractmethod
    def body(
        self,
        tokens: Tensor,
        sigma: Tensor,
        locked: Tensor | None = None,
        classes: Tensor | None = None,
        clean: Tensor | None = None,
    ) -> Features:
        """Features of every position: hidden (B, L, d), cond (B, 1, c). `locked` (B, L) bool marks given tokens,
        `classes` (B,) are those that the network is told; with `clean` (B, L) each block sees those before in it."""

    @abstractmethod
    def output(self, features: Features) -> Tensor:
        """(..., V) from features of any leading shape."""

    def head(self, features: Features) -> Tensor:
        """(..., V) from features of any leading shape; rows (R, d) are computed in parts."""
        cuts = parts(len(features.hidden)) if features.hidden.dim() == 2 else []
        if len(cuts) < 2:
            return self.output(features)
        rows = [Features(features.hidden[cut], features.cond[cut]) for cut in cuts]
        return torch.cat(share(self.output, rows))

    def forward(
        self, tokens: Tensor, sigma: Tensor, classes: Tensor | None = None, clean: Tensor | None = None
    ) -> Tensor:
        return self.head(self.body(tokens, sigma, classes=classes, clean=clean))

    @abstractmethod
    def store(self, dtype: torch.dtype) -> Network:
        """Keeps the wide matrices and the embedding in `dtype`; what needs float32 stays in it."""

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())


class ScoreTransformer(Network):
    """The network of the published checkpoints."""

    by_state = ("vocab_embed.embedding", "output_layer.linear.weight", "output_layer.linear.bias")

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.vocab_embed = Embedding(config.states, config.hidden)
        self.sigma_map = NoiseEmbedding(config.cond_dim)
        self.rotary_emb = Rotary(config.hidden // config.heads)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.output_layer = Head(config)
        if config.classes:
            self.cond_map = ClassEmbedding(config.classes, config.cond_dim)
        if config.marks_locks:
            self.locked_embed = nn.Parameter(torch.zeros(config.hidden))
        if config.absolute_positions:
            self.position_embed = nn.Parameter(torch.zeros(config.length, config.hidden))

    def body(
        self,
        tokens: Tensor,
        sigma: Tensor,
        locked: Tensor | None = None,
        classes: Tensor | None = None,
        clean: Tensor | None = None,
    ) -> Features:
        cond = self.sigma_map(sigma)
        if classes is not None:
            cond = cond + self.cond_map(classes)
        length, size = tokens.shape[1], self.config.block_size
        x = self.vocab_embed(tokens if clean is None else torch.cat((tokens, clean), dim=1))
        if locked is not None:
            x = x + locked[..., None] * self.locked_embed
        if self.config.absolute_positions:
            x = x + exact(self.position_embed[:length])
        cos, sin = self.rotary_emb(length) if clean is None else (wave.repeat(2, 1) for wave in self.rotary_emb(length))
        allowed = block_mask(length, size, clean is not None, x.device) if size else None
        if len(cuts := parts(x.shape[1])) > 1:
            x = self._in_parts(x, cond, [(cos[cut], sin[cut]) for cut in cuts], cuts, allowed)
        else:
            for block in self.blocks:
                look()
                x = block(x, cond, cos, sin, allowed)
        return Features(x[:, :length], cond[:, None])

    def _in_parts(
        self,
        x: Tensor,
        cond: Tensor,
        turns: Sequence[tuple[Tensor, Tensor]],
        cuts: Sequence[slice],
        allowed: Tensor | None,
    ) -> Tensor:
        """All blocks, part by part of the positions of x (B, L, d); keys and values alone are those of all."""
        blocks: list[Block] = list(self.blocks)  # type: ignore[arg-type]
        shifts = [block.shifts(cond) for block in blocks]
        pieces, numbers = [x[:, cut] for cut in cuts], range(len(cuts))

        def onward(at: int, asked: Sequence[Asked], n: int) -> Asked:
            """Takes part n through a block, and asks for it what the next one wants to know."""
            visible = None if allowed is None else allowed[cuts[n]]
            pieces[n] = blocks[at].answer(pieces[n], asked[n], shifts[at], visible)
            return asked[n] if at + 1 == len(blocks) else blocks[at + 1].ask(pieces[n], shifts[at + 1], *turns[n])

        asked = share(lambda n: blocks[0].ask(pieces[n], shifts[0], *turns[n]), numbers)
        for at in range(len(blocks)):
            look()
            k, v = torch.cat([part.k for part in asked], dim=2), torch.cat([part.v for part in asked], dim=2)
            asked = share(partial(onward, at, [Asked(part.q, k, v) for part in asked]), numbers)
        return torch.cat(pieces, dim=1)

    def output(self, features: Features) -> Tensor:
        return self.output_layer(features)  # type: ignore[no-any-return]

    def store(self, dtype: torch.dtype) -> ScoreTransformer:
        self.vocab_embed.to(dtype)
        self.output_layer.linear.to(dtype)
        for block in self.blocks:
            for layer in (block.attn_qkv, block.attn_out, block.mlp):
                layer.to(dtype)
        return self
