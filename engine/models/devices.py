"""Which device and which precision to use."""

from __future__ import annotations

from typing import Literal

import torch

from engine.protocol import UserError

Precision = Literal["fp32", "bf16"]
PRECISIONS: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}


def choose_device(name: str = "auto") -> torch.device:
    """The device called `name`; "auto" is CUDA, else Apple's, else the CPU. A UserError if it is not there."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(f'There is no device called "{name}"; choose auto, cpu, cuda or mps.') from None
    if not available.get(device.type, False):
        raise UserError(f"This machine has no {device.type} device; choose auto or cpu.")
    return device


def choose_precision(name: str, device: torch.device) -> Precision:
    """ "fp32" or "bf16"; "auto" is bf16 where the hardware multiplies in it, fp32 elsewhere."""
    for known in PRECISIONS:
        if name == known:
            return known
    if name != "auto":
        raise UserError(f'There is no precision called "{name}"; choose auto, {" or ".join(PRECISIONS)}.')
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device.type == "cpu":
        fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        return "bf16" if fast else "fp32"
    return "fp32"
