"""Networks of which only shapes are needed, before their weights are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import init
from torch.overrides import TorchFunctionMode

FILLING = (init.normal_, init.uniform_, init.kaiming_uniform_, init.trunc_normal_)


class _NothingFilled(TorchFunctionMode):
    def __torch_function__(
        self, func: Callable[..., Any], types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        return (*args, *named.values())[0] if func in FILLING else func(*args, **named)


@contextmanager
def unfilled() -> Iterator[None]:
    """A network that is made in it has shapes, and neither numbers nor memory.

    Tensors on the device "meta" would be as small, but torch loads its compiler to fill them: two seconds, 100 MB.
    """
    with torch.device("meta"), _NothingFilled():
        yield
