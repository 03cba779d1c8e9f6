"""What went wrong, as the user is told."""

from __future__ import annotations


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


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory could not be had, whichever library raised it and for whichever device."""
    if isinstance(error, MemoryError) or any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    return any(words in str(error).lower() for words in LACKING)
