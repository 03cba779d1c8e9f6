"""Libraries that only some work needs. Each comes with an extra of the distribution, named in pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from engine.protocol.errors import UserError

WORK = {
    "causal": "Autoregressive models need",
    "film": "MP4 films need",
    "judge": "Models in GGUF files need",
    "mauve": "MAUVE needs",
    "molecules": "Drawing and checking molecules needs",
    "studio": "The window needs",
    "train": "Training and measuring many samples need",
}
Extra = Literal["causal", "film", "judge", "mauve", "molecules", "studio", "train"]


@contextmanager
def brought_by(extra: Extra) -> Iterator[None]:
    """Imports of libraries that the extra brings stand in this: a UserError says how to install one that is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UserError(
            f'{WORK[extra]} {error.name}, which is not installed; run: pip install "sedd-studio[{extra}]"'
        ) from error
