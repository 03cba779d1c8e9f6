"""What went wrong, as the user is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal


class UserError(Exception):
    """Something the user can put right. The message says in one sentence what is wrong and what to do."""


LACKING = (
    "out of memory",  # torch on a GPU, CUDA itself
    "not enough memory",  # torch's allocator for CPUs on Windows
    "can't allocate memory",  # the same elsewhere
    "cannot allocate memory",  # the C library, when a file is mapped
    "status_alloc_failed",  # cuBLAS and cuDNN
    "bad_alloc",  # the C++ library
)
"""What is said by errors that have no kind of their own: torch raises a plain RuntimeError on a CPU."""

SHOWN = 200
"""Characters of what a library says."""


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory could not be had, whichever library raised it and for whichever device."""
    if isinstance(error, MemoryError) or any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    return any(words in str(error).lower() for words in LACKING)


@contextmanager
def refusing(problem: str, advice: str = "") -> Iterator[None]:
    """A UserError that begins with the `problem` for anything that a library raises, a panic included."""
    try:
        yield
    except UserError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        if is_lack_of_memory(error):
            raise
        said = " ".join(str(error).splitlines()[:1])[:SHOWN] or type(error).__name__
        raise UserError(f"{problem} ({said}); {advice}." if advice else f"{problem}: {said}") from error


WORK = {
    "causal": "Autoregressive models need",
    "film": "MP4 films need",
    "judge": "Models in GGUF files need",
    "mauve": "MAUVE needs",
    "molecules": "Drawing and checking molecules needs",
    "studio": "The window needs",
    "train": "Training and measuring many samples need",
}
"""What libraries are for that come with an extra of the distribution, named in pyproject.toml."""
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
