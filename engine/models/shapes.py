"""Whether weights are those of a network: names and shapes are compared before any memory is taken."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from engine.models.config_reader import shown
from engine.protocol import UserError
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.unfilled import unfilled


def fitting(config: DiffusionConfig, weights: Mapping[str, Tensor], source: Path) -> Diffusion:
    """The model of a configuration, which takes no memory yet; a UserError unless the weights have the names and shapes
    that it asks for."""
    with unfilled():
        diffusion = Diffusion(config)
    check_shapes(diffusion, weights, source)
    return diffusion


def check_shapes(diffusion: Diffusion, weights: Mapping[str, Tensor], source: Path) -> None:
    """Raises a UserError unless the weights have the names and shapes that a model asks for."""
    sizes = diffusion.config.network
    if sizes.block_size > sizes.length:
        raise UserError(
            f"{source} is of a model whose blocks of {sizes.block_size:,} tokens are longer than its texts of "
            f"{sizes.length:,}; put the configuration that belongs to the weights there."
        )
    wanted = {name: tuple(tensor.shape) for name, tensor in diffusion.network.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    if missing := sorted(wanted.keys() - found.keys()):
        raise UserError(f"{source} lacks {len(missing)} weights, {missing[0]} first; it is not such a model.")
    if extra := sorted(found.keys() - wanted.keys()):
        raise UserError(f"{source} has {len(extra)} weights too many, {shown(extra[0])} first; it is not such a model.")
    for name, shape in wanted.items():
        if found[name] != shape:
            raise UserError(
                f"{source} does not match its configuration: {name} is {_shape(found[name])} "
                f"instead of {_shape(shape)}; use files that belong together."
            )


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) if 0 < len(shape) <= 8 else f"of {len(shape)} sizes" if shape else "a number"
