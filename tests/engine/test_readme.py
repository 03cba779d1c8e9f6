"""The README's example for users from Python works as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_of_the_readme_runs_and_gives_log_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    made: dict[str, Any] = {}
    exec(example, made)
    tokens, log_score = made["tokens"], made["log_score"]
    assert log_score.shape == (*tokens.shape, made["model"].info.vocabulary + 1)
    assert torch.isfinite(log_score).all()
    assert (log_score.gather(-1, tokens[..., None]) == 0).all()  # the token itself
