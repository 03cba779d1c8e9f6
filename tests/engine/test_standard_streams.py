"""Standard streams that are closed, or take nothing: a command does its work, or ends with its exit code in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

SEDD = "from engine.cli import main; main()"
OPEN = "from engine.standard_streams import open_all; open_all()"
STUDIO = "from sedd_studio import __main__ as studio; from sedd_studio.window import app; app.main = lambda: 0"


def ended(code: str, *arguments: str, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[bytes]:
    """A process that runs the code, after `before` has changed its streams."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, preexec_fn=before, check=False)


def closing(*streams: int) -> Callable[[], None]:
    return lambda: list(map(os.close, streams)).clear()


def filling(*streams: int) -> Callable[[], None]:
    return lambda: [os.dup2(os.open("/dev/full", os.O_WRONLY), stream) for stream in streams].clear()


@pytest.mark.parametrize("streams", [(1,), (0, 1, 2)])
def test_closed_streams_are_no_fault(streams: tuple[int, ...]) -> None:
    done = ended(SEDD, "samplers", before=closing(*streams))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_closed_standard_input_is_an_empty_text() -> None:
    done = ended(
        f"{OPEN}; from engine.cli.options import readable; print(repr(readable('-', True)))", before=closing(0)
    )
    assert done.stdout == b"''\n"


def test_the_studio_ends_well_where_streams_are_closed() -> None:
    assert ended(f"{STUDIO}; studio.main()", before=closing(0, 1, 2)).returncode == 0


@pytest.mark.parametrize("streams", [(1,), (1, 2)])
def test_streams_that_take_nothing_leave_a_sentence_or_the_exit_code(streams: tuple[int, ...]) -> None:
    done = ended(SEDD, "samplers", before=filling(*streams))
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == (streams == (1,))
