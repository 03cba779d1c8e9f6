"""Many sequences at once from a causal network of Llama's architecture: one call a token, for all of them.

Keys and values stand in a cache. A step reads only the part of it that is written, up to its reach, a multiple of
`REACH`. On a GPU the cache is as long as the sequences, and the step is captured once for each reach and replayed:
nothing is left to do between two steps. On a CPU the cache grows with the reach: of a part of a longer one the matrix
library would make a copy at each step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.protocol import UserError

REACH = 64
WARM_UPS = 3
"""Calls before a capture: libraries choose and load their kernels in the first ones."""


@dataclass(frozen=True)
class Layer:
    """Weights of one block, those that read the same input side by side."""

    attention_norm: Tensor
    query_key_value: Tensor
    attention_out: Tensor
    mlp_norm: Tensor
    gate_up: Tensor
    down: Tensor


def check_architecture(network: Any) -> None:
    """A UserError unless it is one that a decoder knows."""
    config = network.config
    if config.model_type != "llama" or config.attention_bias or config.mlp_bias:
        raise UserError("Text is written in batches by networks of Llama's architecture only; name such a model.")


class Decoder:
    """Writes `count` sequences of `length` tokens, which go on from the tokens `begin`, by the network's own law.

    `network` is a Llama network of `transformers`; with `vocabulary` its law is restricted to the tokens below that, as
    in `CausalModel`. Draws are those of torch's generator of its device: on a GPU by the race of exponentials, which is
    won by the token with the least E_v / p_v; on a CPU, where exponentials take as long as the network, by inverting
    the distribution function.
    """

    def __init__(
        self, network: Any, count: int, length: int, begin: Sequence[int], vocabulary: int | None = None
    ) -> None:
        config = network.config
        check_architecture(network)
        if length > config.max_position_embeddings:
            raise UserError(f"The model reads {config.max_position_embeddings} tokens at once; write shorter streams.")
        self.count, self.length, self.begin = count, length, list(begin)
        self.heads, self.shared = config.num_attention_heads, config.num_key_value_heads
        self.size = config.head_dim
        self.eps = config.rms_norm_eps
        self.embedding, self.head = network.model.embed_tokens.weight, network.lm_head.weight[:vocabulary]
        self.norm = network.model.norm.weight
        self.layers = [layer_of(block) for block in network.model.layers]
        place = {"device": self.embedding.device, "dtype": self.embedding.dtype}
        positions = torch.arange(length, device=self.embedding.device)[None]
        self.cos, self.sin = (table[0] for table in network.model.rotary_emb(torch.zeros(1, **place), positions))
        self.cache = [torch.zeros(2, count, self.shared, length, self.size, **place) for _ in self.layers]
        self.cached_bytes = sum(cached.nbytes for cached in self.cache) // length
        """Of one position."""
        self.position = torch.zeros(1, dtype=torch.long, device=self.embedding.device)
        self.token = torch.full((count,), self.begin[0], device=self.embedding.device)
        self.written = torch.zeros(count, length, dtype=torch.long, device=self.embedding.device)
        self.sound = torch.ones((), dtype=torch.bool, device=self.embedding.device)
        """Whether all laws so far were of finite numbers."""
        self._captured: dict[int, torch.cuda.CUDAGraph] = {}

    @property
    def bytes_read(self) -> int:
        """Bytes of weights and cache that one whole sequence of steps reads from memory, each once a step."""
        weights: int = sum(tensor.nbytes for layer in self.layers for tensor in vars(layer).values())
        weights += self.head.nbytes
        read = sum(min(self.length, reach(step)) for step in range(self.length))
        return self.length * weights + read * self.cached_bytes

    @torch.no_grad()
    def write(self) -> Tensor:
        """Sequences (count, length), drawn anew at each call: what follows the first token of `begin`.

        A UserError where the network's numbers are not finite.
        """
        if self.embedding.device.type == "cuda" and not self._captured:
            self._capture()
        self._begin()
        for step in range(self.length):
            seen = min(self.length, reach(step))
            if seen in self._captured:
                self._captured[seen].replay()
            else:
                self._make_room(seen)
                self._step(seen)
            if step + 1 < len(self.begin):
                self.token.fill_(self.begin[step + 1])
                self.written[:, step] = self.begin[step + 1]
        if not self.sound:
            raise UserError("The model's numbers are not finite, so nothing is written; try --precision fp32.")
        return self.written.clone()

    def logits(self, token: Tensor, seen: int) -> Tensor:
        """Logits (count, V), float32, of the tokens after `token` (count,), which stand at the position reached."""
        x = F.embedding(token, self.embedding)
        cos, sin = (table.index_select(0, self.position) for table in (self.cos, self.sin))
        unseen = torch.arange(seen, device=x.device) > self.position
        mask = torch.zeros(seen, device=x.device, dtype=x.dtype).masked_fill(unseen, float("-inf"))
        for cached, layer in zip(self.cache, self.layers, strict=True):
            x = x + self._attended(
                F.rms_norm(x, x.shape[-1:], layer.attention_norm, self.eps), layer, cached, cos, sin, mask
            )
            gate, up = F.linear(F.rms_norm(x, x.shape[-1:], layer.mlp_norm, self.eps), layer.gate_up).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, layer.down)
        return F.linear(F.rms_norm(x, x.shape[-1:], self.norm, self.eps), self.head).float()

    def _attended(self, x: Tensor, layer: Layer, cached: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        """What attention adds to x (count, d). Heads that share keys are asked as rows of one query."""
        wide = F.linear(x, layer.query_key_value).view(self.count, self.heads + 2 * self.shared, self.size)
        turned, value = torch.split(wide, [self.heads + self.shared, self.shared], 1)
        first, second = turned.chunk(2, -1)
        turned = turned * cos + torch.cat((-second, first), -1) * sin
        query, key = torch.split(turned, [self.heads, self.shared], 1)
        cached[0].index_copy_(2, self.position, key[:, :, None])
        cached[1].index_copy_(2, self.position, value[:, :, None].contiguous())
        keys, values = cached[:, :, :, : len(mask)]
        query = query.reshape(self.count, self.shared, -1, self.size)
        law = (query @ keys.transpose(-1, -2) * self.size**-0.5 + mask).softmax(-1)
        mixed = law @ values
        return F.linear(mixed.reshape(self.count, -1), layer.attention_out)

    def _step(self, seen: int) -> None:
        logits = self.logits(self.token, seen)
        token, sound = drawn(logits)
        self.token.copy_(token)
        self.sound.logical_and_(sound)
        self.written.index_copy_(1, self.position, self.token[:, None])
        self.position.add_(1)

    def _make_room(self, seen: int) -> None:
        """Has the cache end at `seen` positions, with what is in it; of one layer after the other, since of all there
        may be no room for a second one."""
        for number, before in enumerate(self.cache):
            if (now := before.shape[3]) != seen:
                kept = min(now, seen)
                self.cache[number] = before.new_zeros(*before.shape[:3], seen, self.size)
                self.cache[number][..., :kept, :] = before[..., :kept, :]

    def _begin(self) -> None:
        self.position.zero_()
        self.token.fill_(self.begin[0])
        self.sound.fill_(True)

    def _capture(self) -> None:
        """One graph for each reach; the captured steps write nothing that `write` keeps."""
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        pool = None
        for seen in sorted({min(self.length, reach(step)) for step in range(self.length)}):
            with torch.cuda.stream(aside):
                for _ in range(WARM_UPS):
                    self._begin()
                    self._step(seen)
            torch.cuda.current_stream().wait_stream(aside)
            self._begin()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=pool):
                self._step(seen)
            pool = graph.pool()
            self._captured[seen] = graph


def drawn(logits: Tensor) -> tuple[Tensor, Tensor]:
    """A token (n,) from each of the laws with these logits (n, V), float32; and whether all laws are finite, without
    which tokens mean nothing, but are below V."""
    if logits.device.type == "cuda":
        best, tokens = (logits - torch.empty_like(logits).exponential_().log_()).max(-1)
        return tokens, best.isfinite().all()
    reached = logits.softmax(-1).cumsum(-1, dtype=torch.float64)
    total = reached[:, -1:]
    lots = torch.rand(len(logits), 1, dtype=torch.float64) * total
    tokens = torch.searchsorted(reached, lots, right=True)[:, 0]
    return tokens.clamp_(max=logits.shape[-1] - 1), total.isfinite().all()


def reach(step: int) -> int:
    """The part of the cache that step `step`, counted from 0, reads: up to its own position, rounded up."""
    return (step // REACH + 1) * REACH


def layer_of(block: Any) -> Layer:
    """The weights of a block of the library's, joined."""
    attention, mlp = block.self_attn, block.mlp
    return Layer(
        block.input_layernorm.weight,
        torch.cat([attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight]),
        attention.o_proj.weight,
        block.post_attention_layernorm.weight,
        torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]),
        mlp.down_proj.weight,
    )


def documents_of(streams: Tensor, end: int) -> Iterator[list[int]]:
    """The documents in streams (n, L) of tokens; the last of each stream, which has no end, is left out."""
    for stream in streams.tolist():
        document: list[int] = []
        for token in stream:
            if token == end:
                yield document
                document = []
            else:
                document.append(token)
