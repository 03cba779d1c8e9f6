"""Families of diffusion models that are made for larger machines: they are known by name, and not run here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.catalogue.families import Sign, bears
from engine.catalogue.glance import LARGEST_TABLE
from engine.estimates import GIB, KEPT, free
from engine.models.stored import PICKLED, WEIGHTS, begins
from engine.protocol import UserError
from engine.strict_json import entries

SMALLER = "dllm-hub/Qwen3-0.6B-diffusion-mdlm-v0.1"
"""A model of this kind that is small enough."""
WIDTH = 2
"""Bytes of a number in which such weights are published."""
LARGEST = 2**44
"""Bytes of weights; an index that says more is not believed."""


@dataclass(frozen=True)
class Larger:
    """A `family`, whose configuration has the `sign`, and names a class of a `code`, where that is told; the names of
    its weights begin with a `prefix`. `parameters` are those of the model that is best known."""

    family: str
    sign: Sign
    parameters: float
    licence: str = ""
    prefix: str = ""
    code: str = ""

    def is_in(self, values: Mapping[str, Any], folder: Path) -> bool:
        """Whether a configuration, and the weights in its folder, are of the family."""
        named = bears(values, self.sign) and self.code in str(values.get("auto_map")).lower()
        return named and (not self.prefix or begins(folder, self.prefix))

    def memory(self, folder: Path) -> int:
        """Bytes that it would need: those of the weights, or of the model that is best known where none are there."""
        return KEPT + (stored_bytes(folder) or int(WIDTH * self.parameters))

    def refusal(self, folder: Path) -> str:
        """What it is, what it would need, and what to do."""
        left = free()
        there = "" if left is None else f", and {left / GIB:,.1f} GiB are free"
        return (
            f"{folder} holds a model of the family {self.family}, which is made for larger machines and not run here: "
            f"it would need about {self.memory(folder) / GIB:,.1f} GiB of memory{there}; choose a smaller one, such as "
            f"{SMALLER}."
        )


def of_type(*types: str) -> Sign:
    """Of a configuration that names one of these types."""
    return {"model_type": types}


LARGER: tuple[Larger, ...] = (
    Larger("LLaDA", of_type("llada"), 8.0e9, "MIT"),
    Larger("Dream", of_type("dream"), 7.6e9, "Apache-2.0"),
    Larger("DiffuLLaMA", of_type("llama"), 6.7e9, "Apache-2.0", prefix="denoise_model."),
    Larger("Fast-dLLM v2", of_type("fast_dllm_qwen"), 7.6e9),
    Larger("LLaDA2", of_type("llada2_moe"), 16e9, "Apache-2.0"),
    Larger("Nemotron-Labs-Diffusion", of_type("nemotron_labs_diffusion"), 8e9),
    Larger("DiffusionGemma", of_type("diffusion_gemma"), 26e9, "Apache-2.0"),
    Larger("Stable-DiffCoder", of_type("llama"), 8e9, code="stablediffcoder"),
)


def larger_family(values: Mapping[str, Any], folder: Path) -> Larger | None:
    """The family of a model for larger machines, None for any other."""
    return next((larger for larger in LARGER if larger.is_in(values, folder)), None)


def refuse_larger(values: Mapping[str, Any], folder: Path) -> None:
    """A UserError for a model for larger machines, before anything of it is loaded."""
    if (larger := larger_family(values, folder)) is not None:
        raise UserError(larger.refusal(folder))


def stored_bytes(folder: Path) -> int:
    """Bytes of the weights in a folder, as far as they are there, or as an index of parts says; 0 where none are."""
    totals = [0]
    for name in (WEIGHTS, PICKLED):
        noted = entries(folder / f"{name}.index.json", LARGEST_TABLE).get("metadata")
        told = noted.get("total_size") if isinstance(noted, dict) else None
        totals.append(told if type(told) is int and 0 < told <= LARGEST else 0)
        stem, ending = name.split(".")
        totals.append(sum(file.stat().st_size for file in folder.glob(f"{stem}*.{ending}") if file.is_file()))
    return max(totals)
