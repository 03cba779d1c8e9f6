"""Small worlds, kinds and levels of noise, drawn at random for the tests of lessons."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from engine.protocol import Noise
from engine.protocol.lessons import SIGMAS, World

NOISES: tuple[Noise, ...] = ("absorb", "uniform")
EXACT = 1e-12


@st.composite
def worlds(draw: st.DrawFn, most: int = 3) -> World:
    """Worlds of two places, some of whose texts may be impossible."""
    words = draw(st.integers(2, most))
    weights = draw(st.lists(st.integers(0, 50), min_size=words**2, max_size=words**2).filter(any))
    return World(tuple("abcd"[:words]), tuple(weight / sum(weights) for weight in weights))


levels = st.integers(0, len(SIGMAS) - 1)
noises = st.sampled_from(NOISES)
few = settings(max_examples=25, deadline=None)
