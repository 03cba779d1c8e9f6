"""The table of a run's options: complete, and each row reaches the command line."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from typer.main import get_command
from typer.testing import CliRunner

from engine.cli import app, generate
from engine.protocol import Generate, UserError
from engine.protocol.options import ENTRIES, OPTIONS, check_options
from tests.option_values import requests

NO_OPTIONS = {"tokens", "banned", "start", "first_step", "model"}
"""What is filled and from where, and by which model."""


def parsed(monkeypatch: pytest.MonkeyPatch, *words: str) -> Generate:
    """The request that `sedd infill` makes of its options."""
    made: list[Any] = []
    monkeypatch.setattr(generate, "generate", lambda machine, chain, output, **more: made.append(chain))
    result = CliRunner().invoke(app, ["infill", "--text", "a [4]", *words])
    assert result.exit_code == 0, result.output
    (request,) = made
    assert isinstance(request, Generate)
    return request


def test_every_field_of_a_request_is_an_option_with_a_row_or_says_what_is_filled() -> None:
    assert {field.name for field in fields(Generate)} == NO_OPTIONS | OPTIONS.keys()


def test_every_option_is_one_of_the_command_line_with_the_usual_value_of_a_request() -> None:
    infill: Any = get_command(app)
    parameters = {parameter.opts[0]: parameter for parameter in infill.commands["infill"].params}
    for row in OPTIONS.values():
        parameter = parameters[row.flag]
        assert row.kind.read(parameter.default) == row.usual
        assert parameter.multiple == row.kind.several
        assert parameter.help.startswith(row.usage)


def test_a_command_without_options_asks_for_the_usual_run(monkeypatch: pytest.MonkeyPatch) -> None:
    request, usual = parsed(monkeypatch), Generate(np.empty(0, np.int64))
    assert all(getattr(request, name) == getattr(usual, name) for name in OPTIONS)


@settings(max_examples=60, deadline=None)
@given(requests())
def test_what_is_given_on_a_command_line_is_read_as_the_same_value(request: Generate) -> None:
    check_options(request)
    for name, row in OPTIONS.items():
        value = getattr(request, name)
        assert row.kind.read(row.kind.given(value)) == value


@settings(max_examples=60, deadline=None)
@given(requests())
def test_an_entry_of_a_form_stands_for_the_same_value_and_is_one_that_forms_accept(request: Generate) -> None:
    for row in ENTRIES.values():
        value = getattr(request, row.name)
        if isinstance(value, tuple) and row.name == "spacing":
            assert not row.kind.accepts(row.kind.entry(value))  # times are for the command line alone
        else:
            assert row.kind.accepts(row.kind.entry(value))
            assert row.kind.value(row.kind.entry(value)) == value


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("steps", 0, "Steps must be a whole number from 1 to 65,536 and is 0"),
        ("samples", 0, "Samples must be a whole number from 1 to 4,096 and is 0"),
        ("seed", -1, "Seed must be a whole number"),
        ("first_sample", -1, "first_sample must be"),
        ("temperature", -0.5, "from 0 to 100 and is -0.5"),
        ("top_p", 0.0, "Top-p must be a number from 1e-06 to 1"),
        ("top_p", 1.5, "is 1.5"),
        ("top_p", float("nan"), "is nan"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_in_a_sentence(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        check_options(Generate(np.empty(0, np.int64), **{name: value}))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--option", "theta"), "name=number"),
        (("--spacing", "1,x,0"), "not all numbers"),
        (("--only", "3-x=5"), "positions=tokens"),
        (("--only", "3"), "positions=tokens"),
    ],
)
def test_what_cannot_be_read_is_refused_before_a_model_is_loaded(words: tuple[str, str], sentence: str) -> None:
    result = CliRunner().invoke(app, ["infill", "--text", "a [4]", "--model", "nowhere", *words])
    assert result.exit_code == 2
    assert sentence in result.output
