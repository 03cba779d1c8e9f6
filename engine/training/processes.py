"""Several processes that share one piece of work, started by `accelerate launch`. One alone is the usual case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.protocol.errors import brought_by

with brought_by("train"):
    from accelerate import PartialState
    from accelerate.utils import gather_object, reduce


@dataclass(frozen=True)
class Processes:
    """`count` processes, of which this is number `index`."""

    index: int = 0
    count: int = 1

    @property
    def speaks(self) -> bool:
        """Whether this process writes and prints."""
        return self.index == 0

    def part(self, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """This process's rows of tensors (B, ...): every n-th."""
        return tuple(tensor[self.index :: self.count] for tensor in tensors)

    def meet(self) -> None:
        """Waits until all of them have come here."""
        if self.count > 1:
            PartialState().wait_for_everyone()

    def gather(self, items: list[Any]) -> list[Any]:
        """The items of all processes, one after the other."""
        gathered: list[Any] = gather_object(items)
        return gathered

    def average(self, network: nn.Module, loss: Tensor) -> Tensor:
        """Replaces the network's gradients by their mean over the processes; gives the mean of the loss ()."""
        if self.count == 1:
            return loss
        gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
        flat = torch.cat([loss.reshape(1), *(gradient.flatten() for gradient in gradients)])
        mean: Tensor = reduce(flat, "mean")
        start = 1
        for gradient in gradients:
            gradient.copy_(mean[start : start + gradient.numel()].view_as(gradient))
            start += gradient.numel()
        return mean[0]


def started(device: str) -> tuple[Processes, str]:
    """The processes that share this work, and the device of this one: of several GPUs, its own."""
    state = PartialState(cpu=device == "cpu" or None)
    own = state.num_processes > 1 and state.device.type == "cuda"
    return Processes(state.process_index, state.num_processes), f"cuda:{state.local_process_index}" if own else device
