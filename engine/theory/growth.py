"""A deeper network that computes the same."""

from __future__ import annotations

from engine.protocol import UserError
from engine.theory.network import Network


def block_places(count: int, places: int) -> list[int]:
    """Where `count` blocks stand among `places`, evenly; a UserError if there are too few places."""
    if places < count:
        raise UserError(f"A model of {count} blocks cannot grow to {places}; choose a larger number.")
    return [block * places // count for block in range(count)]


def deepen(network: Network, shallow: Network) -> None:
    """Takes over the weights of a network with as many blocks or fewer, spread evenly over this one's.

    A fresh block passes on what it is given, because its gates are 0: the deeper network computes the same.
    """
    rest = {name: value for name, value in shallow.state_dict().items() if not name.startswith("blocks.")}
    network.load_state_dict(rest, strict=False)
    for block, place in zip(shallow.blocks, block_places(len(shallow.blocks), len(network.blocks)), strict=True):
        network.blocks[place].load_state_dict(block.state_dict())
