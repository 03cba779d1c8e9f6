"""The table of checkpoint layouts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.language.tokenizer_files import mask_in
from engine.models.a2d_layout import A2D, DCODER
from engine.models.bd3lm_layout import BD3LM
from engine.models.d3_layout import D3
from engine.models.diffugpt_layout import DIFFUGPT
from engine.models.dplm_layout import DPLM
from engine.models.duo_layout import DUO
from engine.models.gidd_layout import GIDD
from engine.models.hydra_layout import HYDRA
from engine.models.larger_families import refuse_larger
from engine.models.layout import Layout
from engine.models.mdlm_layout import MDLM
from engine.models.modernbert_layout import MODERNBERT
from engine.models.radd_layout import RADD
from engine.models.stored import begins
from engine.models.udlm_layout import UDLM
from engine.protocol import UserError

FAMILIES: tuple[Layout, ...] = (RADD, D3, MDLM, DUO, UDLM, BD3LM, GIDD, HYDRA, MODERNBERT, DPLM, DIFFUGPT, A2D, DCODER)
"""Those of other families than SEDD; the first that recognises a configuration reads it."""


def family_of(values: Mapping[str, Any], folder: Path) -> Layout | None:
    """The family whose layout a configuration, and the weights in its folder, have; None for our own layout, for
    SEDD's, and for what is unknown. A UserError for a family that is made for larger machines."""
    if "format" in values:
        return None
    refuse_larger(values, folder)
    fitting = (layout for layout in FAMILIES if layout.of.recognises(values))
    return next((layout for layout in fitting if _bears_out(folder, layout)), None)


def _bears_out(folder: Path, layout: Layout) -> bool:
    """Whether the weights and the tokenizer in a folder are as those of a layout, as far as they tell it."""
    if layout.of.of_tokenizer:
        with suppress(UserError):
            return mask_in(folder) is not None
        return False
    return not layout.of.prefix or begins(folder, layout.of.prefix)
