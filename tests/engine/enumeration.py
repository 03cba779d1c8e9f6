"""Small worlds from the formulas alone, in numpy: what the lessons of Learn are held against.

Nothing of the engine's theory is used: a text is noised by exp(sigma Q) of one huge generator over all texts.
"""

from __future__ import annotations

from itertools import product

import numpy as np

Array = np.ndarray


def generator(words: int, absorbing: bool) -> Array:
    """Q (N, N) of one word, columns from; the mask is last."""
    if absorbing:
        matrix = np.zeros((words + 1, words + 1))
        matrix[-1, :-1] = 1.0
        matrix[np.arange(words), np.arange(words)] = -1.0
        return matrix
    return np.full((words, words), 1 / words) - np.eye(words)


def of_texts(single: Array, places: int) -> Array:
    """The generator over all texts: one word jumps at a time."""
    states = len(single)
    whole = np.zeros((states**places,) * 2)
    for place in range(places):
        whole += np.kron(np.kron(np.eye(states**place), single), np.eye(states ** (places - 1 - place)))
    return whole


def exponential(matrix: Array) -> Array:
    """exp of a matrix: a series of a small one, squared again and again."""
    squarings = max(0, int(np.ceil(np.log2(max(np.abs(matrix).sum(0).max(), 1e-300)))) + 3)
    small = matrix / 2**squarings
    term = total = np.eye(len(matrix))
    for order in range(1, 25):
        term = term @ small / order
        total = total + term
    for _ in range(squarings):
        total = total @ total
    return total


def texts(states: int, places: int) -> list[tuple[int, ...]]:
    return list(product(range(states), repeat=places))


def noised(law: Array, words: int, places: int, absorbing: bool, sigma: float) -> Array:
    """The chance of each text of states at a level of noise, from that of each clean one."""
    single = generator(words, absorbing)
    start = np.zeros(len(single) ** places)
    for number, text in enumerate(texts(len(single), places)):
        if max(text) < words:
            start[number] = law[texts(words, places).index(text)]
    return exponential(sigma * of_texts(single, places)) @ start
