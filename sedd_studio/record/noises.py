"""In which words the window tells of each noise. What follows from it stands in `engine.protocol.noises`."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol import Noise


@dataclass(frozen=True)
class NoiseInfo:
    """What a noise is called, in full and in `short`, what it does, and how the names of its folders tell it from those
    of other noises."""

    title: str
    short: str
    meaning: str
    ending: str


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
    ),
}
