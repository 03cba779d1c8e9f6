"""Models beside each other, whatever their tokenizers: what commands have in common that ask several the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from engine.cli.asked import Machine
from engine.cli.generate import open_model
from engine.cli.output import Output
from engine.performing.engine import Engine
from engine.protocol import ModelLoaded, UserError

MOST_MODELS = 16


def ask_each(
    models: Sequence[Path], machine: Machine, output: Output, ask: Callable[[Engine, ModelLoaded], None]
) -> None:
    """Opens each model and has it asked; one that cannot answer is named with its reason, and left out.

    A UserError if none can.
    """
    if len(models) > MOST_MODELS:
        raise UserError(f"These are {len(models)} models, more than {MOST_MODELS}; name fewer.")
    answered = 0
    for model in models:
        engine = Engine()
        try:
            ask(engine, open_model(engine, replace(machine, model=model)))
            answered += 1
        except UserError as error:
            output.record(model=str(model), left_out=str(error))
            output.note(f"{model.name} is left out: {error}")
    if not answered:
        raise UserError("None of these models can be asked this; name others.")


def plus_minus(value: float, error: float, form: str = ".3f") -> str:
    """A value and its standard error, as far as they are known."""
    if math.isnan(value):
        return "-"
    return f"{value:{form}}" if math.isnan(error) else f"{value:{form}} ± {error:{form}}"
