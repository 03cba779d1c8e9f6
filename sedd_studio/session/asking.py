"""What a question to the model is about, so that the same is not asked twice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.protocol import Tokens

if TYPE_CHECKING:
    from sedd_studio.session.models import Models
    from sedd_studio.session.session import Session


@dataclass(frozen=True, eq=False)
class Asked:
    """The model (its weights and its tokenizer), the text, the noise at which it stands, and what may stand in it: of
    which class, where the model knows some."""

    model: tuple[str, str]
    tokens: Tokens
    locked: np.ndarray
    sigma: float
    held_to: tuple[object, ...] = ()

    @staticmethod
    def now(session: Session) -> Asked:
        """What is on show."""
        state = session.view.canvas()
        form = session.form.now
        info = session.models.info
        of_class = (form.label, form.guidance) if info is not None and info.classes else ()
        held_to = (session.view.document.limits, form.banned, form.pattern, *of_class)
        return Asked(named(session.models), state.tokens, state.locked, session.view.step_info().sigma, held_to)

    def same_as(self, other: Asked) -> bool:
        """Whether the answer would be the same. A level that is not known is NaN in both."""
        level = self.sigma == other.sigma or (math.isnan(self.sigma) and math.isnan(other.sigma))
        pairs = ((self.tokens, other.tokens), (self.locked, other.locked))
        alike = (self.model, self.held_to) == (other.model, other.held_to)
        return level and alike and all(np.array_equal(a, b) for a, b in pairs)


def named(models: Models) -> tuple[str, str]:
    """The weights of the model that is open, and its tokenizer."""
    info, tokenizer = models.info, models.tokenizer
    return info.weights if info is not None else "", tokenizer.fingerprint if tokenizer is not None else ""
