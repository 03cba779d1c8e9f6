"""Muon (Jordan et al., 2024; Liu et al., arXiv 2502.16982) for matrices of which many have the same shape.

torch's own takes one matrix at a time. The blocks of a network are alike: their matrices, stacked, need a tenth of the
calls, which is what a small network on a GPU waits for.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Coefficients = tuple[float, float, float]


class StackedMuon(torch.optim.Muon):
    """`torch.optim.Muon` with "match_rms_adamw", the same steps but for rounding, and the same state."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step. A gradient of every matrix must be there."""
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            alike: defaultdict[torch.Size, list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                alike[parameter.shape].append(parameter)
            for matrices in alike.values():
                self._move(matrices, group)
        return loss

    def _move(self, matrices: list[Tensor], group: dict[str, Any]) -> None:
        """Moves matrices of one shape (m, n)."""
        gradients = [matrix.grad for matrix in matrices if matrix.grad is not None]
        buffers = [self._buffer(matrix) for matrix in matrices]
        torch._foreach_lerp_(buffers, gradients, 1 - group["momentum"])
        ahead = torch._foreach_lerp(gradients, buffers, group["momentum"])
        steps = orthogonal(torch.stack(ahead), group["ns_coefficients"], group["ns_steps"], group["eps"])
        rate = group["lr"]
        torch._foreach_mul_(matrices, 1 - rate * group["weight_decay"])
        size = 0.2 * math.sqrt(max(matrices[0].shape))
        torch._foreach_add_(matrices, list(steps.to(matrices[0].dtype)), alpha=-rate * size)

    def _buffer(self, matrix: Tensor) -> Tensor:
        state = self.state[matrix]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(matrix)
        buffer: Tensor = state["momentum_buffer"]
        return buffer


def orthogonal(matrices: Tensor, coefficients: Coefficients, steps: int, eps: float) -> Tensor:
    """Matrices (k, m, n) with singular values near 1: U V^T of U S V^T, nearly, by Newton and Schulz's iteration in
    bf16, each step of which takes s to a s + b s^3 + c s^5."""
    a, b, c = coefficients
    x = matrices.bfloat16()
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x
