"""Requests of an earlier version give the tokens that they gave then, at the same steps, with as many calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.protocol.sampler_table import SAMPLERS
from tests.engine.kept_requests import RECORD, REQUESTS, outcomes


@pytest.fixture(scope="module")
def now(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return outcomes(Path(tmp_path_factory.mktemp("models")))


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_gives_the_tokens_that_it_always_gave(name: str, now: dict[str, dict[str, Any]]) -> None:
    kept = json.loads(RECORD.read_text(encoding="utf-8"))
    assert now[name] == kept[name]


def test_every_sampler_is_among_them_for_every_noise() -> None:
    asked = {(request.sampler, "uniform" if model == "uniform" else "absorb") for model, request in REQUESTS.values()}
    assert asked >= {(row.name, noise) for row in SAMPLERS for noise in row.noises}
