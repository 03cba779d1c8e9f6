"""What the window knows of each noise. Which options go with it stands in `engine.protocol.options`."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol import Noise


@dataclass(frozen=True)
class NoiseInfo:
    """What a noise is called, in full and in `short`, what it does, and how the names of its folders tell it from those
    of other noises.

    A model without noise is `exact`: it says what a text costs without a bound, and sees only what stands to the left.
    """

    title: str
    short: str
    meaning: str
    ending: str
    exact: bool = False


NOISES: dict[Noise, NoiseInfo] = {
    "absorb": NoiseInfo(
        "Absorbing noise", "Absorbing", "Tokens vanish behind a mask; a written token stays.", "absorb"
    ),
    "uniform": NoiseInfo(
        "Uniform noise", "Uniform", "Tokens turn into random ones; each may change until the end.", "uniform"
    ),
    "mixed": NoiseInfo(
        "Masks and uniform noise", "Mixed", "Tokens vanish or turn into random ones; each may change.", "mixed"
    ),
    "none": NoiseInfo(
        "From left to right",
        "Left to right",
        "No noise: one token after another is written, and each sees only what stands to its left.",
        "gpt",
        exact=True,
    ),
}
