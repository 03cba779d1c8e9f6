"""Commands and the options that several of them share. Those of a run are read from the table of all options."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from engine.cli.application import app
from engine.cli.machine import Machine
from engine.cli.output import Output
from engine.protocol import Generate, frozen
from engine.protocol.option_kinds import OneOf
from engine.protocol.options import OPTIONS

Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same result.")]


def command(*names: str, model: str = "", **usual: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes a function a command. In place of what it takes as `chain`, `machine` or `output` there are options:

    - `chain`, a request for no tokens yet: the options of a run called `names`, with other defaults than a request's
      where `usual` has some;
    - `machine`: model, of which `model` is said if it is not the usual, device, precision and threads;
    - `output`: whether it is JSON.
    """
    groups: dict[str, tuple[list[Parameter], Callable[..., Any]]] = {
        "chain": ([run_parameter(name, usual.get(name)) for name in names], chain_of),
        "machine": (parameters_of(Machine), Machine),
        "output": (parameters_of(Output), Output),
    }
    if model:
        named = groups["machine"][0]
        named[0] = named[0].replace(annotation=Annotated[Path | None, typer.Option("--model", help=model)])

    def register(function: Callable[..., None]) -> Callable[..., None]:
        taken = inspect.signature(function, eval_str=True).parameters
        used = {name: group for name, group in groups.items() if name in taken}

        @functools.wraps(function)
        def run(**given: Any) -> None:
            for name, (parameters, build) in used.items():
                given[name] = build(**{each.name: given.pop(each.name) for each in parameters})
            function(**given)

        own = [each for name, each in taken.items() if name not in used]
        shared = [each for parameters, _ in used.values() for each in parameters]
        run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
        run.__annotations__ = {}  # those of the signature count
        app.command()(run)
        return function

    return register


def parameters_of(build: Callable[..., Any]) -> list[Parameter]:
    """What a class is made of, each given by its name."""
    taken = inspect.signature(build, eval_str=True).parameters.values()
    return [each.replace(kind=Parameter.KEYWORD_ONLY) for each in taken]


def run_parameter(name: str, usual: Any) -> Parameter:
    """The parameter for an option of a run; `usual` is its default, None: that of a request."""
    row = OPTIONS[name]
    typed: Any = list[row.kind.typed] if row.kind.several else row.kind.typed  # type: ignore[name-defined]
    default = row.kind.given(row.usual if usual is None else usual)
    more = f" One of: {', '.join(row.kind.titles)}." if isinstance(row.kind, OneOf) else ""
    more += " Can be given again." if row.kind.several else ""
    annotation = Annotated[typed, typer.Option(row.flag, help=row.usage + more)]
    return Parameter(row.argument, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def chain_of(**given: Any) -> Generate:
    """The request with the options that were given, for no tokens yet; a UserError where one cannot be read."""
    read = {name: row.kind.read(given[row.argument]) for name, row in OPTIONS.items() if row.argument in given}
    return Generate(frozen(np.empty(0, np.int64)), **read)


def given_for(chain: Generate) -> dict[str, Any]:
    """What is given on a command line for a request's options, by their names there."""
    return {row.argument: row.kind.given(getattr(chain, name)) for name, row in OPTIONS.items()}
