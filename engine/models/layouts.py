"""The table of checkpoint layouts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.models.bd3lm_layout import BD3LM
from engine.models.duo_layout import DUO
from engine.models.hydra_layout import HYDRA
from engine.models.layout import Layout
from engine.models.mdlm_layout import MDLM
from engine.models.radd_layout import RADD
from engine.models.udlm_layout import UDLM

FAMILIES: tuple[Layout, ...] = (RADD, MDLM, DUO, UDLM, BD3LM, HYDRA)
"""Those of other families than SEDD; the first that recognises a configuration reads it."""


def family_of(values: Mapping[str, Any]) -> Layout | None:
    """The family whose layout a configuration has; None for our own layout, for SEDD's, and for what is unknown."""
    if "format" in values:
        return None
    return next((layout for layout in FAMILIES if layout.recognises(values)), None)
