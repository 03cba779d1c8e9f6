"""Some damaged files of every kind: opened, or refused in a sentence. `make fuzz` tries as many as one likes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.fuzz import files_of, tried
from tests.hostile.kinds import KINDS
from tests.hostile.window import close

EACH = 50


@pytest.fixture(autouse=True, scope="module")
def _no_window_is_left() -> Iterator[None]:
    yield
    close()


@pytest.mark.filterwarnings("default")  # of what damages files; while one is opened each is an error
@pytest.mark.parametrize("name", KINDS)
def test_a_damaged_file_is_opened_or_refused_in_a_sentence(name: str, tmp_path: Path, qapp: object) -> None:
    kind, bad = KINDS[name], []
    for number, content in files_of(kind, 0, EACH):
        (tmp_path / str(number)).mkdir()
        path = tmp_path / str(number) / f"file{kind.suffix}"
        path.write_bytes(content)
        if (found := tried(kind, path)) not in ("opened", "refused"):
            bad.append(f"{number}: {found}")
        path.unlink()
    assert not bad


@pytest.mark.parametrize("name", KINDS)
def test_a_whole_file_is_opened(name: str, tmp_path: Path, qapp: object) -> None:
    for number, content in enumerate(KINDS[name].good()):
        path = tmp_path / f"{number}{KINDS[name].suffix}"
        path.write_bytes(content)
        KINDS[name].read(path)
