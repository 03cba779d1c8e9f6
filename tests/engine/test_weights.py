"""The importance weights of samples that are held to constraints, against enumeration.

Every choice of a sampler is followed, each path with its weight. What comes out must be what the same steps give
without the constraints, restricted to what these allow; its sum, the mean weight, is the chance to keep to them.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.exact.sampler_law import exact_law
from engine.exact.toy import ToyWorld, diffusion
from engine.language.automata import DEAD, Automaton
from engine.language.patterns import Pattern
from engine.protocol import FREE
from engine.protocol.sampler_table import SAMPLERS
from engine.samplers import sampler_named
from engine.samplers.loop import Plan, run_chain
from engine.samplers.subset import Subset
from engine.theory.conditioning import Locks, Shaping
from engine.theory.graphs import Absorbing

STATES = 3
WORLD = ToyWorld.random("absorb", STATES, 2, 0.7, seed=5)
UNIFORM = ToyWorld.random("uniform", STATES, 2, 0.7, seed=5)

DIFFER = Pattern(Automaton.of(np.where(np.eye(4, 3, -1), DEAD, [1, 2, 3]), np.ones(4, np.bool_)))
"""No equal neighbours: the state is the last token."""
NO_TWO_ZERO = Pattern(Automaton.of(np.array([[0, 0, 1], [DEAD, 0, 1]]), np.ones(2, np.bool_)))
"""The word of tokens 2 and 0 is banned."""
EACH = torch.tensor([[True, False, True], [False, True, True]])
"""What each position allows."""

CONSTRAINTS: dict[str, tuple[Tensor | None, Pattern | None]] = {
    "pattern": (None, DIFFER),
    "banned word": (None, NO_TWO_ZERO),
    "allowed sets": (EACH, None),
    "allowed sets and a pattern": (EACH, DIFFER),
}
SHAPES = {"as it is": (1.0, 1.0), "temperature": (0.6, 1.0), "coldest": (0.0, 1.0), "nucleus": (1.0, 0.6)}
NOT_KNOWN = ("gibbs", "remask", "confidence", "analytic", "euler")
BY_ENTROPY = ("surest", "second-look", "entropy-bounded")
KNOWN = [row.name for row in SAMPLERS if "absorb" in row.noises and row.name not in NOT_KNOWN]


def allows(constraint: str) -> Tensor:
    """Which sequences (V,) * 2 keep to it."""
    allowed, pattern = CONSTRAINTS[constraint]
    kept = torch.zeros(STATES, STATES, dtype=torch.bool)
    for sequence in product(range(STATES), repeat=2):
        fits = allowed is None or all(allowed[i, token] for i, token in enumerate(sequence))
        state = 0
        for token in sequence:
            state = int(pattern.automaton.moves[state, pattern.automaton.classes[token]]) if pattern else 0
            fits = fits and state != DEAD
        kept[sequence] = fits
    return kept


@cache
def law(name: str, steps: int, shape: str, constraint: str = "") -> Tensor:
    """The weighted law (V,) * 2 of finished texts; nothing else is ever finished."""
    allowed, pattern = CONSTRAINTS.get(constraint, (None, None))
    shaping = Shaping(*SHAPES[shape], allowed=allowed)
    sampler = sampler_named(name, "absorb", (("gamma", 0.2),) if name == "entropy-bounded" else ())
    found = exact_law(diffusion(WORLD, "posterior"), sampler, steps, np.full(2, FREE), None, shaping, pattern)
    return found[:STATES, :STATES]


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("name", KNOWN)
def test_weighted_samples_have_the_law_of_those_that_keep_to_the_constraints_unasked(
    name: str, constraint: str, shape: str, steps: int
) -> None:
    expected = law(name, steps, shape)
    if name in BY_ENTROPY and CONSTRAINTS[constraint][0] is not None and steps == 2:
        expected = by_entropy(shape)  # allowed sets decide which position the model is surest of
    torch.testing.assert_close(law(name, steps, shape, constraint), expected * allows(constraint), atol=1e-9, rtol=0)


def test_a_nucleus_does_not_rule_out_what_may_follow_when_more_is_known() -> None:
    """The second token is likely to be 0, so no nucleus has another one; after a 0 it is likely to be 1."""
    joint = torch.tensor([[0.05, 0.3, 0.05], [0.26, 0.02, 0.02], [0.26, 0.02, 0.02]], dtype=torch.float64)
    model, kept = diffusion(ToyWorld(joint, Absorbing(STATES)), "posterior"), Shaping(top_p=0.5)
    free, held = (
        exact_law(model, Subset(), 2, np.full(2, FREE), None, kept, pattern)[:STATES, :STATES]
        for pattern in (None, DIFFER)
    )
    assert float(free[0, 1]) > 0.1
    torch.testing.assert_close(held, free * allows("pattern"), atol=1e-9, rtol=0)


def test_where_nothing_that_is_left_matches_the_weight_is_nothing_and_no_warning_is_printed() -> None:
    """Three tokens: a nucleus leaves states from which what is allowed cannot match, and the text counts nothing."""
    world, each = ToyWorld.random("absorb", STATES, 3, 0.7, seed=5), torch.cat((EACH, ~EACH[:1] | ~EACH[1:]))
    even = Pattern(Automaton.of(np.array([[0, 0, 1], [1, 1, 0]]), np.array([True, False])))
    held, free = (
        exact_law(
            diffusion(world, "posterior"),
            sampler_named("tweedie", "absorb"),
            2,
            np.full(3, FREE),
            None,
            Shaping(top_p=0.55, allowed=allowed),
            pattern,
        )[:STATES, :STATES, :STATES]
        for allowed, pattern in ((each, even), (None, None))
    )
    twos = (torch.tensor(list(product(range(STATES), repeat=3))) == 2).sum(-1).reshape(STATES, STATES, STATES)
    kept = (twos % 2 == 0) & each[0][:, None, None] & each[1][None, :, None] & each[2][None, None]
    torch.testing.assert_close(held, free * kept, atol=1e-9, rtol=0)


def by_entropy(shape: str) -> Tensor:
    """One token after the other, without constraints, in the order of their entropies with `EACH`."""
    shaping, rows = Shaping(*SHAPES[shape]), torch.arange(2)
    restricted = Shaping(allowed=EACH).restrict(torch.stack((WORLD.joint.sum(1), WORLD.joint.sum(0))), rows)
    first = int(torch.special.entr(restricted).sum(-1).argmin())
    joint = WORLD.joint if first == 0 else WORLD.joint.T
    marginal, others = joint.sum(1, keepdim=True), joint / joint.sum(1, keepdim=True)
    found = shaping.sharpen(marginal.T).T * shaping.sharpen(others)
    return found if first == 0 else found.T


@pytest.mark.parametrize("name", NOT_KNOWN)
def test_a_weight_that_is_not_known_is_no_number(name: str) -> None:
    """Of tokens that are drawn anew, of those that are kept for what they are, and of scores as they are."""
    for constraint in ("allowed sets",) if name in ("analytic", "euler") else CONSTRAINTS:
        for shape in ("as it is", "nucleus"):
            assert law(name, 2, shape, constraint).isnan().any()
    assert law(name, 2, "nucleus").isfinite().all()


@pytest.mark.parametrize("name", [row.name for row in SAMPLERS if "uniform" in row.noises])
def test_under_uniform_noise_weights_are_not_known(name: str) -> None:
    for allowed, known in ((EACH, False), (None, True)):
        plan = Plan(Locks.of(np.full(2, FREE), STATES, 2), 2, 3, shaping=Shaping(allowed=allowed))
        *_, last = run_chain(diffusion(UNIFORM), sampler_named(name, "uniform"), plan, seed=1)
        assert np.array_equal(last.log_weight, np.zeros(2)) if known else np.isnan(last.log_weight).all()
