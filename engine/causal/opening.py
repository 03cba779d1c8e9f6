"""Opens a causal model from work that can be stopped: its library takes a second or more to import, and looks at
nothing meanwhile."""

from __future__ import annotations

import math
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from engine.stopping import within

if TYPE_CHECKING:
    from engine.causal.causal_model import CausalModel


def load_causal(folder: Path, device: str, precision: str) -> CausalModel:
    """The causal model in a folder; a UserError if it holds none.

    Where it is stopped during the import, that goes on by itself, and the next model waits for what is left of it.
    """
    library = within(math.inf, lambda: import_module("engine.causal.causal_model"))
    return library.CausalModel.load(folder, device, precision)  # type: ignore[no-any-return]
