"""Times are said as people say them."""

from __future__ import annotations

import pytest

from sedd_studio.record.pace import until_done


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, "almost done"), (0.97, "almost done"), (1.04, "about 1.0 s left"), (42.2, "about 42 s left")],
)
def test_what_is_left_is_never_nothing(seconds: float, said: str) -> None:
    assert until_done(seconds) == said
