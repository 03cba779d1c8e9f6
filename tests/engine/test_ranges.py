"""Every number of every command has a range, and what is out of it is refused before anything is loaded."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_origin

import numpy as np
import pytest
from typer.testing import CliRunner

from engine.cli import app
from engine.cli.asked import Machine, Scoring, Subject, Writing
from engine.cli.options import InRange
from engine.performing.engine import Engine
from engine.protocol import FREE, Failed, Generate, Score, UserError, frozen
from engine.protocol.option_kinds import Real, ranges_of
from engine.protocol.options import OPTIONS, check_options
from engine.training.settings import AdaptingConfig, Recipe, Sizes, TrainingConfig

LONG = "9" * 5000
ODD = ("nan", "inf", "-inf", "1e999", LONG, f"-{LONG}", "many", "")


def numbers() -> Iterator[tuple[str, str, InRange | None]]:
    """Each option of each command that takes a number: the command, the option and what reads it."""
    for command in app.registered_commands:
        assert command.callback is not None
        for parameter in inspect.signature(command.callback).parameters.values():
            typed, said, *_ = get_args(parameter.annotation)
            if {int, float} & {typed, *get_args(typed)}:
                flags = [name for name in (said.default, *(said.param_decls or ())) if str(name).startswith("--")]
                usual = f"--{parameter.name.replace('_', '-')}"
                yield command.callback.__name__, flags[0] if flags else usual, said.parser


NUMBERS = list(numbers())


def refusal(*arguments: str) -> str:
    """The one sentence of a command that is refused, though the model that it names is not there."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2, result.output
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)
    return result.stderr


def test_all_commands_are_walked() -> None:
    assert len({command for command, *_ in NUMBERS}) == 16
    assert len(NUMBERS) > 70


@pytest.mark.parametrize(("command", "flag", "reads"), NUMBERS, ids=lambda each: each if isinstance(each, str) else "")
def test_every_number_of_every_command_has_a_range_that_is_kept(command: str, flag: str, reads: InRange | None) -> None:
    assert isinstance(reads, InRange)
    kind = reads.kind
    assert reads.flag == flag
    assert -math.inf < kind.low < kind.high < math.inf
    beyond = [kind.low - 1, kind.high + 1] if kind.typed is int else [kind.low - 0.5, 2 * kind.high]
    refused = rf"^{flag} must be {kind.noun} {re.escape(kind.span)} and is .{{1,99}}\.$"
    for given in (*map(str, beyond), *ODD):
        with pytest.raises(UserError, match=refused):
            reads(given)
    for given in (str(beyond[0]), "nan"):
        assert re.search(refused, refusal(command, f"{flag}={given}"))


@pytest.mark.parametrize("kind", [Machine, Scoring, Subject, Writing, Sizes, Recipe, TrainingConfig, Score])
def test_every_number_that_decides_anything_has_a_range_where_it_is_declared(kind: type[Any]) -> None:
    hints = inspect.get_annotations(kind, eval_str=True)
    for field in dataclasses.fields(kind):
        typed, *_ = get_args(hints[field.name]) or (hints[field.name],)
        if get_origin(typed) is not tuple and {int, float} & {typed, *get_args(typed)}:
            assert isinstance(ranges_of(kind)[field.name], Real), field.name


@pytest.mark.parametrize("kind", [Sizes, Recipe, TrainingConfig, AdaptingConfig])
def test_settings_of_training_made_in_python_keep_to_the_same_ranges(kind: type[Any]) -> None:
    for name, range_ in ranges_of(kind).items():
        for value in (range_.low - 1, range_.high + 1, math.nan, 10**400):
            with pytest.raises(UserError, match=rf"^{name} must be .* and is .*\.$"):
                kind(**{name: value})


@pytest.mark.parametrize("name", ranges_of(Score))
def test_a_score_asked_for_in_python_keeps_to_the_same_ranges(name: str) -> None:
    odd: dict[str, Any] = {name: math.nan}
    performer: Any = object()
    (failed,) = Engine(performer).perform(0, Score(frozen([1]), np.zeros(1, bool), **odd))
    assert isinstance(failed, Failed)
    assert failed.headline.startswith(f"{name} must be")


@pytest.mark.parametrize("name", [name for name, row in OPTIONS.items() if isinstance(row.kind, Real)])
def test_a_run_asked_for_in_python_keeps_to_the_ranges_of_the_table(name: str) -> None:
    range_ = OPTIONS[name].kind
    assert isinstance(range_, Real)
    asked: Any = partial(Generate, frozen([FREE]))
    for value in (range_.low - 1, range_.high + 1, math.nan, math.inf, 10**400, True, "4"):
        with pytest.raises(UserError, match=r"must be .* from"):
            check_options(asked(**{name: value}))
    for kept in (range_.low, range_.high, np.array(range_.low)[()]):
        check_options(asked(**{name: kept}))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sample", *("--ban=word",) * 1000), "--ban may have 200 words at most and has 1,000"),
        (("sample", f"--ban={'a' * 99_999}"), "--ban may have 10,000 characters at most"),
        (("sample", f"--pattern={'a' * 99_999}"), "--pattern may have 10,000 characters at most"),
        (("sample", "--spacing=1,nan,0"), "A time of --spacing must be a number from 0 to 1 and is nan"),
        (("sample", f"--spacing={'1,' * 70_000}0"), "--spacing may have 65,537 times at most"),
        (("sample", "--sampler=remask", "--option=rate=nan"), "rate must be a number from 0 to 50 and is nan"),
        (("sample", "--option=rate=inf"), "rate of --option must be a number"),
        (("infill", "--text=a", "--only=3-99999999=5"), "A position of --only must be"),
        (("infill", "--text=a", "--only=3=99999999"), "A token of --only must be"),
        (("compare", "--steps=4,1000000000"), "Each of --steps must be a whole number from 1 to 65,536"),
        (("compare", f"--steps={'4,' * 5000}4"), "64 at most"),
    ],
)
def test_what_is_no_plain_number_has_limits_too(arguments: tuple[str, ...], said: str) -> None:
    assert said in refusal(*arguments, "--model=nowhere")


def test_how_large_a_seed_may_be_stands_in_the_help_of_every_command_that_takes_one() -> None:
    taking = [(command, reads) for command, flag, reads in numbers() if flag == "--seed"]
    assert len(taking) > 5
    for command, reads in taking:
        assert reads is not None
        assert reads.kind.high == 2**53 - 1
        shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
        assert re.search(r"--seed.*at most 2\^53 - 1", shown), command


PATHS = [
    ("info", "{}"),
    ("sample", "--model={}"),
    ("score", "{}"),
    ("compare", "--judge={}"),
    ("compare", "--beside={}", "--text=a"),
    ("influence", "a", "--model={}"),
    ("trajectory", "{}"),
    ("trajectory", "run.sedd", "--out={}"),
    ("typo", "a", "--model={}"),
    ("evaluate", "--reference={}"),
    ("evaluate", "--out={}"),
    ("baseline", "{}"),
    ("infilling", "{}"),
    ("train", "text.txt", "--out={}"),
    ("train", "{}", "--out=model"),
    ("train", "text.txt", "--out=model", "--valid={}"),
    ("train", "text.txt", "--out=model", "--tokenizer={}"),
    ("adapt", "{}", "text.txt", "--out=model"),
    ("adapt", "model", "text.txt", "--out={}"),
    ("write", "--model=model", "--out={}"),
    ("write", "--model=model", "--out=text.txt", "--apart={}"),
    ("judge", "--out={}"),
    ("judge", "--out=judge", "--file={}"),
    ("reproduce", "stories-gpt", "{}", "--out=model"),
]


@pytest.mark.parametrize("command", PATHS, ids=" ".join)
def test_a_path_that_no_file_can_have_is_refused(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a" * 256, "ä" * 128, "/".join(["a" * 200] * 21)):
        said = "is too long; names of files have 255 bytes at most"
        assert said in refusal(*(part.format(name) for part in command))
    assert not list(tmp_path.iterdir())


def test_a_name_on_the_hub_that_is_too_long_is_refused() -> None:
    assert len(refusal("fetch", f"someone/{'a' * 5000}")) < 6000
