"""The three objectives of `engine.training.objectives` by their definitions, for worlds that are known exactly.

A `LogScore` maps tokens (B, L) and levels (B,) to log scores (B, L, V).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from engine.theory.graphs import Graph

LogScore = Callable[[Tensor, Tensor], Tensor]


def score_entropy(log_score: Tensor, true_log_score: Tensor, graph: Graph, x: Tensor) -> Tensor:
    """SE of sequences x (B, L) from the model's and the true log scores (B, L, V); (B,), at least 0."""
    truth = true_log_score.exp()
    terms = log_score.exp() - truth * log_score + truth * (true_log_score - 1)
    return (outgoing(graph, x, log_score.dtype) * terms).sum((-1, -2))


def implicit_score_entropy(log_score: LogScore, graph: Graph, x: Tensor, sigma: Tensor) -> Tensor:
    """ISE of sequences x (B, L) at levels sigma (B,), (B,). Exact; asks for all B L V neighbours: small worlds only."""
    (count, length), states = x.shape, graph.states
    neighbours = x[:, None, None].repeat(1, length, states, 1)  # (B, L, V, L)
    for i in range(length):
        neighbours[:, i, :, i] = torch.arange(states, device=x.device)
    flat = neighbours.reshape(-1, length)
    there = log_score(flat, sigma.repeat_interleave(length * states)).reshape(count, length, states, length, states)
    # log s_i at (x with x_i = y), entry x_i
    position = torch.arange(length, device=x.device)
    at_i = there[:, position, :, position].movedim(0, 1)  # (B, L, V, V)
    back = at_i.gather(-1, x[:, :, None, None].expand(-1, -1, states, 1))[..., 0]
    here = log_score(x, sigma)
    forward = graph.rate(x, here.dtype).scatter(-1, x[..., None], 0.0)
    # A neighbour that cannot be reached has no weight, whatever its score.
    terms = outgoing(graph, x, here.dtype) * here.exp() - torch.where(forward > 0, forward * back, 0.0)
    return terms.sum((-1, -2))


def denoising_score_entropy(log_score: Tensor, graph: Graph, x: Tensor, sigma: Tensor, clean: Tensor) -> Tensor:
    """DSE of sequences x (B, L), noised from clean (B, L) by sigma (B,), from log scores (B, L, V); (B,)."""
    return graph.score_entropy(log_score, sigma, x, clean).sum(-1)


def outgoing(graph: Graph, x: Tensor, dtype: torch.dtype) -> Tensor:
    """Q[x_i, y] (B, L, V), the weights of the reverse rates, 0 at y = x_i."""
    return graph.transp_rate(x, dtype).scatter(-1, x[..., None], 0.0)
