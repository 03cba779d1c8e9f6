"""A function becomes a command. Options of a run are read from the table of all options."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import numpy as np
import typer

from engine.cli.application import app
from engine.language.documents import STANDARD_INPUT, read_text, without_marks
from engine.protocol import Generate, UserError, frozen
from engine.protocol.option_kinds import OneOf, Real
from engine.protocol.options import OPTIONS, check_options, check_together

READ = ("text", "question")
"""What may be read from standard input."""
LONGEST_NAME, LONGEST_PATH = 255, 4095
"""Bytes that file systems allow."""


@dataclass(frozen=True)
class InRange:
    """Reads what was given for `flag` as a number of a `kind`; a UserError if it is none, or out of range."""

    flag: str
    kind: Real

    @property
    def __name__(self) -> str:
        return self.metavar

    @property
    def metavar(self) -> str:
        """What `--help` calls the number."""
        return "INTEGER" if self.kind.typed is int else "FLOAT"

    def __call__(self, given: object) -> Any:
        return self.kind.parse(self.flag, given)


def command(*names: str, model: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes a function a command. What it takes is given as options, each with the text in its annotation as help; the
    annotation of a number has its range, too.

    In place of a parameter `chain`, a request for no tokens yet, there are the options of a run called `names`. In
    place of another dataclass there is an option for each field that has such a text. Of the machine's model `model` is
    said, if given; with "" there is no such option.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own: list[Parameter] = []
        groups: dict[str, tuple[Callable[..., Any], list[Parameter]]] = {}
        for name, each in inspect.signature(function, eval_str=True).parameters.items():
            if name == "chain":
                groups[name] = chain_of, [run_parameter(row) for row in names]
            elif get_origin(each.annotation) is Annotated:
                own.append(option(each))
            else:
                groups[name] = each.annotation, parameters_of(each.annotation, model)

        @functools.wraps(function)
        def run(**given: Any) -> None:
            given = {name: readable(value, name in READ) for name, value in given.items()}
            for name, (build, parameters) in groups.items():
                given[name] = build(**{each.name: given.pop(each.name) for each in parameters})
            function(**given)

        shared = [each for _, parameters in groups.values() for each in parameters]
        run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
        run.__annotations__ = {}  # those of the signature count
        app.command()(run)
        return function

    return register


def readable(given: Any, may_be_read: bool) -> Any:
    """What was given; a text without a mark of the byte order, and from standard input where "-" `may_be_read` there.

    A UserError if it is in another encoding.
    """
    if isinstance(given, list):
        return [readable(each, may_be_read) for each in given]
    if isinstance(given, Path):
        check_path(given)
    if not isinstance(given, str):
        return given
    if may_be_read and given == STANDARD_INPUT:
        return read_text(Path(given)).strip()
    try:
        given.encode()
    except UnicodeEncodeError:
        shown = given.encode("ascii", "backslashreplace").decode()
        raise UserError(f'"{shown[:40]}" is not in UTF-8; write it in the encoding of this terminal.') from None
    return without_marks(given)


def check_path(path: Path) -> None:
    """A UserError where no file can have such a name."""
    long = next((name for name in path.parts if len(os.fsencode(name)) > LONGEST_NAME), "")
    if long or len(os.fsencode(path)) > LONGEST_PATH:
        raise UserError(
            f'The path "{(long or str(path))[:40]}..." is too long; names of files have {LONGEST_NAME} bytes at most, '
            f"and paths {LONGEST_PATH:,}."
        )


def parameters_of(kind: Any, model: str | None) -> list[Parameter]:
    """What is given for the fields of a dataclass; of its model `model` is said, nothing is given where that is ""."""
    fields = dict(inspect.signature(kind, eval_str=True).parameters)
    if "model" in fields and model is not None:
        fields["model"] = fields["model"].replace(annotation=Annotated[Path | None, model] if model else None)
    named = [each for each in fields.values() if get_origin(each.annotation) is Annotated]
    return [option(each) for each in named if not isinstance(get_args(each.annotation)[1], Real)]


def option(parameter: Parameter) -> Parameter:
    """The parameter as the command line takes it: a text in its annotation is the help of the option of its name, and
    a range behind it says which numbers it takes."""
    annotation = parameter.annotation
    typed, said, *ranges = get_args(annotation)
    if isinstance(said, str):
        flag = OPTIONS[parameter.name].flag if parameter.name == "label" else f"--{parameter.name.replace('_', '-')}"
        annotation = Annotated[typed, typer.Option(flag, help=said, **numeric(flag, *ranges))]
    return parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=annotation)


def numeric(flag: str, *kinds: Any) -> dict[str, Any]:
    """What an option is told if one of the kinds of its values is a range of numbers."""
    parsers = [InRange(flag, kind) for kind in kinds if isinstance(kind, Real)]
    return {"parser": parsers[0], "metavar": parsers[0].metavar} if parsers else {}


def run_parameter(name: str) -> Parameter:
    """The parameter for an option of a run, with the default of a request."""
    row = OPTIONS[name]
    typed: Any = list[row.kind.typed] if row.kind.several else row.kind.typed  # type: ignore[name-defined]
    default = row.kind.given(row.usual)
    more = f" One of: {', '.join(row.kind.titles)}." if isinstance(row.kind, OneOf) else ""
    more += " Can be given again." if row.kind.several else ""
    annotation = Annotated[typed, typer.Option(row.flag, help=row.usage + more, **numeric(row.flag, row.kind))]
    return Parameter(row.argument, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def chain_of(**given: Any) -> Generate:
    """The request with the options that were given, for no tokens yet; a UserError where one cannot be read."""
    read = {name: row.kind.read(given[row.argument]) for name, row in OPTIONS.items() if row.argument in given}
    chain = Generate(frozen(np.empty(0, np.int64)), **read)
    check_options(chain, by_flags=True)
    check_together(chain, by_flags=True)
    return chain


def given_for(chain: Generate) -> dict[str, Any]:
    """What is given on a command line for a request's options, by their names there."""
    return {row.argument: row.kind.given(getattr(chain, name)) for name, row in OPTIONS.items()}
