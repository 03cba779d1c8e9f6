"""YAML that others wrote: what is plain is read, and what would take long is refused before it does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from engine.models import stored
from engine.protocol import UserError
from engine.strict_json import DEEPEST
from engine.strict_yaml import LARGEST_YAML, NotPlain, PlainLoader, read_yaml

ENOUGH = 500
"""Tokens of a file that are looked at before it is refused."""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def test_plain_yaml_is_read(tmp_path: Path) -> None:
    text = "a: [1, 0x1f, 1:30, -2]\nb: {c: .5, d: null}\ne:\n- 2020-01-01\n- yes\n- 'x'\n"
    assert read_yaml(written(tmp_path, text)) == yaml.safe_load(text)


@pytest.mark.parametrize("levels", [1, DEEPEST, DEEPEST + 1])
def test_lists_may_stand_in_lists(levels: int, tmp_path: Path) -> None:
    values = read_yaml(written(tmp_path, "[" * levels + "]" * levels))
    for _ in range(levels - 1):
        (values,) = values
    assert values == []


@pytest.mark.parametrize("before", ["", "a: ", "- ", "{b: "])
@pytest.mark.parametrize("each", ["[", "{a: ", "[1, ", "? [", "[\n", "{[", "- [", "!!seq [", "&a [", '{"": '])
def test_brackets_in_brackets_are_refused_at_once(
    each: str, before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each level of brackets is counted anew at each token: thousands took seconds."""
    tokens, real = 0, yaml.SafeLoader.fetch_more_tokens

    def fetch_more_tokens(loader: PlainLoader) -> None:
        nonlocal tokens
        tokens += 1
        real(loader)

    monkeypatch.setattr(PlainLoader, "fetch_more_tokens", fetch_more_tokens)
    text = (before + each * 20_000)[:LARGEST_YAML]
    with pytest.raises(yaml.YAMLError):
        read_yaml(written(tmp_path, text))
    assert tokens < ENOUGH


@pytest.mark.parametrize("number", ["!!int 1" + ":1" * 30_000, "1" + ":1" * 30_000, "9" * 65_000, "0x" + "f" * 60_000])
def test_a_long_number_is_refused_before_it_is_made(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml.SafeLoader, "construct_yaml_int", lambda *_: pytest.fail("it is made"))
    with pytest.raises(yaml.YAMLError, match="too long"):
        read_yaml(written(tmp_path, number))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: &a [1]\nb: *a", "refers to its own parts"),
        ("{<<: " * 60 + "{" + "1:," * 20_000 + "}" * 61, "merges its parts"),
        ("a: {<<: [{b: 1}, {c: 2}]}", "merges its parts"),
        ("a: !!pairs [b: 0x" + "f" * 13_000 + "]", "holds more"),
        ("a: !!omap [b: 0x" + "f" * 13_000 + "]", "holds more"),
        ("a: !!set {0x" + "f" * 13_000 + "}", "holds more"),
        ("a: !!binary aGVsbG8=", "holds more"),
        ("a: !!python/tuple [1]", "holds more"),
        ("a: !x 1", "holds more"),
        ("a: =", "holds more"),
    ],
)
def test_what_is_not_plain_is_refused_and_the_sentence_says_why(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(NotPlain, match=why):
        read_yaml(written(tmp_path, text))
    with pytest.raises(UserError, match=f"config.yaml {why}.*; write it as plain entries and lists."):
        stored.read_yaml(written(tmp_path, text))


@pytest.mark.parametrize("number", ["1" + ":1" * 16_000, "0x" + "f" * 60_000])
def test_a_number_in_the_place_of_a_default_is_no_number(number: str, tmp_path: Path) -> None:
    with pytest.raises(yaml.YAMLError):
        read_yaml(written(tmp_path, f"a: !!int {{=: '{number}'}}"))


def test_a_limit_below_a_megabyte_is_told_in_kilobytes(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="it is larger than 64 kB"):
        read_yaml(written(tmp_path, "a: 1\n" * 2**16))
