"""What the layers of networks are computed by."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

OUTPUTS = 2**10
"""Of a very wide layer so many are computed at a time."""


class Asked(NamedTuple):
    """Queries, keys and values of attention: each (B, H, l, D)."""

    q: Tensor
    k: Tensor
    v: Tensor


def exact(x: Tensor) -> Tensor:
    """x in float32, or in float64 if it is that already."""
    return x if x.dtype == torch.float64 else x.float()


def linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """`layer` of x in the dtype in which its weight is stored."""
    return F.linear(x.to(layer.weight.dtype), layer.weight, layer.bias)


def wide(layer: nn.Linear, x: Tensor) -> Tensor:
    """The same in float32 of a layer whose outputs may be very many: some at a time, where nothing is learned on a CPU.
    Its matrix library takes a third longer for all at once in float32; the numbers are the same."""
    weight, bias = layer.weight, layer.bias
    if torch.is_grad_enabled() or x.device.type != "cpu" or len(weight) <= 2 * OUTPUTS:
        return exact(linear(layer, x))
    given = x.to(weight.dtype)
    dtype = torch.float64 if weight.dtype == torch.float64 else torch.float32
    made = torch.empty((*x.shape[:-1], len(weight)), dtype=dtype)
    for cut in (slice(start, start + OUTPUTS) for start in range(0, len(weight), OUTPUTS)):
        made[..., cut] = F.linear(given, weight[cut], bias[cut])
    return made


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """x (1 + scale) + shift."""
    return torch.addcmul(x + shift, x, scale)


def dropout(x: Tensor, share: float) -> Tensor:
    """x with a `share` of its entries, rounded to 256ths, set to 0 and the others scaled up for them.

    On a CPU drawing takes longer than all the rest of it, so a byte is drawn for each entry and not a number.
    """
    if x.device.type == "cuda":
        return F.dropout(x, share)
    kept = max(1, 256 - round(256 * share))
    draws = torch.randint(-(2**63), 2**63 - 1, (-(-x.numel() // 8),), device=x.device)
    keep = draws.view(torch.uint8)[: x.numel()].view(x.shape) < kept
    return torch.where(keep, x * (256 / kept), 0.0)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions on x (B, H, L, D): the halves of each head form the pairs that turn."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
