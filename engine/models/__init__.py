"""Models in folders: the layouts that are read and written, the hub, devices. `load` is all that most users need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.models.loading import Model, load
    from engine.models.own_layout import save

__all__ = ["Model", "load", "save"]


def __getattr__(name: str) -> Any:
    """Imports torch when it is first needed: `sedd fetch` is done without."""
    if name in ("Model", "load"):
        from engine.models import loading

        return getattr(loading, name)
    if name == "save":
        from engine.models.own_layout import save

        return save
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
