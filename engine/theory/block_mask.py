"""Which positions see which where a text is cut into blocks."""

from __future__ import annotations

import torch
from torch import Tensor


def block_mask(length: int, size: int, doubled: bool, device: torch.device) -> Tensor:
    """Who sees whom (L, L) bool where a text is cut into blocks: each its own and those before.

    `doubled` (2 L, 2 L): of a noised text and the clean one behind it, a noised block sees itself and the clean blocks
    before, a clean one itself and the clean blocks before.
    """
    block = torch.arange(length, device=device) // size
    before, same = block[:, None] > block, block[:, None] == block
    if not doubled:
        return before | same
    noised, clean = torch.cat((same, before), dim=1), torch.cat((torch.zeros_like(same), before | same), dim=1)
    return torch.cat((noised, clean))
