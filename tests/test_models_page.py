"""The page on families of models says what the command prints, which is what becomes of published configurations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.cli import app
from engine.cli.families import family_rows
from engine.models.layouts import FAMILIES
from engine.models.published import PUBLISHED, Published
from engine.performing.opening import is_causal
from engine.protocol import Noise
from engine.protocol.sampler_table import samplers_for
from engine.samplers import sampler_named
from scripts.models_page import PAGE, with_tables

ROWS = {row["such as"]: row for row in family_rows()}


def test_the_page_holds_what_the_command_prints() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page) == page
    assert "| MDLM " in page


def test_every_layout_is_in_the_table() -> None:
    assert {id(model.layout) for model in PUBLISHED if model.layout} == {id(layout) for layout in FAMILIES}


@pytest.mark.parametrize("model", PUBLISHED, ids=lambda model: model.name)
def test_a_published_configuration_is_read_as_its_row_says(model: Published, tmp_path: Path) -> None:
    if not model.family.prefix and not model.family.of_tokenizer:  # which other files tell
        (tmp_path / "config.json").write_text(json.dumps(model.values))
        assert not is_causal(tmp_path)
    config, row = next(model.configs()), ROWS[model.name]
    noises: dict[Noise, str] = {"absorb": "masks", "uniform": "uniform", "mixed": "masks and uniform, mixed"}
    assert row["noise"].startswith(noises[config.noise])
    assert ("in blocks" in row["noise"]) == bool(config.network.block_size)
    for sampler in samplers_for(config.noise):
        sampler_named(sampler.name, config.noise)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kuleshov-group/mdlm-owt", {"told": "nothing, or sigma", "locks": "exact", "patterns": "yes"}),
        ("kuleshov-group/udlm-lm1b", {"told": "sigma, or nothing, or sigma and a class", "patterns": "no"}),
        ("kuleshov-group/bd3lm-owt-block_size4", {"patterns": "no", "bound": "of a text, also given its beginning"}),
        ("dvruette/gidd-small-p_unif-0.2", {"told": "t", "locks": "approximate: clamp", "bound": "of a text"}),
        ("diffusionfamily/diffugpt-s", {"parameters": "124 M"}),
        ("kuleshov-group/mdlm-owt", {"parameters": "170 M"}),
    ],
)
def test_rows_agree_with_what_was_published(name: str, expected: dict[str, str]) -> None:
    assert {key: ROWS[name][key] for key in expected} == expected


def test_the_tables_are_records_too() -> None:
    lines = CliRunner().invoke(app, ["families", "--json"]).stdout.splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) > len(PUBLISHED)
    assert {record["such as"] for record in records if "such as" in record} == set(ROWS)
