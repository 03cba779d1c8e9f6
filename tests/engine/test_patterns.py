"""Texts held to regular expressions and banned words: what is accepted, the law of what is drawn, its weights."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.exact.sampler_law import exact_law
from engine.exact.toy import ToyWorld, diffusion
from engine.language.automata import DEAD, Automaton, words_automaton
from engine.language.expressions import expression_automaton
from engine.language.patterns import Choose, Pattern
from engine.language.tokenizers import Tokenizer, train_tokenizer
from engine.protocol import FREE, UserError
from engine.samplers import sampler_named
from engine.samplers.loop import Plan, run_chain
from engine.samplers.tweedie import AbsorbingTweedie
from engine.theory.conditioning import Locks
from engine.theory.randomness import race

TEXTS = ["the cat sat on the mat", "a catch of cats", "yes or no", "no, yes: été"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(iter(TEXTS * 4), 300)


def accepts(automaton: Automaton, tokens: list[int]) -> bool:
    state = 0
    for token in tokens:
        state = int(automaton.moves[state, automaton.classes[token]])
        if state == DEAD:
            return False
    return bool(automaton.accepting[state])


def pieces(tokenizer: Tokenizer, texts: list[str]) -> list[int]:
    return sorted({token for text in texts for token in tokenizer.encode(text)})


@pytest.mark.parametrize(
    "expression",
    [
        r"(a|b)*b",
        r"[ab ]+",
        r"a{2,3}.*",
        r"",
        r"(?s).*b\n?",
        "(a|ab)(b |b  b)?",
        "a*?",
        "(a+|b)+ ",
        "(a+|b )",
        r"^\w\s+\W?.$",
        "(?i)A(B|[^a ])*",
        "(?i:A)b{0,2}(?:)a?",
        "(a*)*b|",
        "[^\\sb]{1,}?(b|a{2}){,2}",
    ],
)
def test_an_expression_accepts_what_python_matches(expression: str, tokenizer: Tokenizer) -> None:
    automaton = expression_automaton(expression, tokenizer)
    tokens = [tokenizer.encode(character)[0] for character in "ab \n"]
    for length in range(5):
        for sequence in product(tokens, repeat=length):
            text = tokenizer.decode(sequence)
            assert accepts(automaton, list(sequence)) == bool(re.fullmatch(expression, text)), repr(text)


def test_a_text_may_end_early_and_what_follows_is_free(tokenizer: Tokenizer) -> None:
    automaton = expression_automaton("yes|no", tokenizer)
    end, yes = tokenizer.eot_id, tokenizer.encode("yes")
    assert end is not None
    assert accepts(automaton, yes)
    assert accepts(automaton, [*yes, end, *yes, end])
    assert not accepts(automaton, [end, *yes])
    assert not accepts(automaton, [*yes, *yes])


def test_banned_words_are_found_however_they_are_spelled(tokenizer: Tokenizer) -> None:
    """Against Python's regular expressions, on random texts of tokens that can spell the words."""
    words = ("cat", "on the", "no,")
    automaton = words_automaton(words, tokenizer)
    tokens = pieces(tokenizer, [*TEXTS, *"catsonhe ,", "Cat", "ON", "é"])
    banned = re.compile(r"(?<![^\W_])(cat|on the)(?![^\W_])|(?<![^\W_])no,", re.IGNORECASE)
    generator = np.random.default_rng(0)
    found = 0
    for _ in range(4000):
        sequence = generator.choice(tokens, size=int(generator.integers(1, 9))).tolist()
        text = tokenizer.decode(sequence)
        if "\ufffd" in text:
            continue  # a part of a character
        found += (hit := banned.search(text) is not None)
        assert accepts(automaton, sequence) != hit, repr(text)
    assert found > 40


def test_a_banned_word_stays_banned_after_the_end_of_a_text(tokenizer: Tokenizer) -> None:
    automaton, cat = words_automaton(("cat",), tokenizer), tokenizer.encode("cat")
    assert tokenizer.eot_id is not None
    assert not accepts(automaton, [tokenizer.eot_id, *cat])
    assert not accepts(automaton, [*cat, tokenizer.eot_id])
    assert accepts(automaton, [*tokenizer.encode("catch"), tokenizer.eot_id])


def test_the_product_accepts_what_both_accept(tokenizer: Tokenizer) -> None:
    both = Pattern.compile("[a-z ]*", tokenizer, ("cat",)).automaton
    parts = [expression_automaton("[a-z ]*", tokenizer), words_automaton(("cat",), tokenizer)]
    generator = np.random.default_rng(1)
    tokens = pieces(tokenizer, [*TEXTS, "cat", "X"])
    verdicts = set()
    for _ in range(2000):
        sequence = generator.choice(tokens, size=4).tolist()
        verdict = all(accepts(part, sequence) for part in parts)
        verdicts.add(verdict)
        assert accepts(both, sequence) == verdict
    assert verdicts == {True, False}


def every_second(states: int) -> Automaton:
    """Over three tokens: token 2 only after token 1, and not at the end twice."""
    table = np.array([[0, 1, DEAD], [0, 1, 2], [0, 1, DEAD]])
    return Automaton.of(table[:states], np.array([True, True, False]))


PATTERN = Pattern(every_second(3))


def by(times: np.ndarray) -> Choose:
    """Draws by these exponential times (r, V)."""
    return lambda number, weights: int(race(weights[None], times[number : number + 1])[0])


def matching(length: int) -> list[tuple[int, ...]]:
    return [sequence for sequence in product(range(3), repeat=length) if accepts(PATTERN.automaton, list(sequence))]


def test_a_joint_draw_has_the_law_of_the_product_given_a_match() -> None:
    generator = np.random.default_rng(0)
    laws = generator.dirichlet([0.5] * 3, size=3)
    tokens = np.array([FREE, FREE, 1, FREE])
    chance = {s: laws[0, s[0]] * laws[1, s[1]] * laws[2, s[3]] for s in matching(4) if s[2] == 1}
    mass = sum(chance.values())
    counts = dict.fromkeys(chance, 0)
    for times in generator.standard_exponential((6000, 3, 3)):
        drawn, log_weight = PATTERN.draw(tokens, laws, laws, np.ones(3, np.bool_), by(times))
        counts[drawn[0], drawn[1], 1, drawn[2]] += 1
        assert log_weight == pytest.approx(np.log(mass))
    expected = np.array([6000 * p / mass for p in chance.values()])
    found = np.array(list(counts.values()))
    likely = expected > 5
    statistic = ((found - expected)[likely] ** 2 / expected[likely]).sum()
    assert statistic < likely.sum() + 4 * np.sqrt(2 * likely.sum())


def test_the_weight_of_a_partial_draw_is_the_matching_mass_before_over_after() -> None:
    laws = np.random.default_rng(3).dirichlet([1.0] * 3, size=3)
    tokens, revealed = np.full(3, FREE), np.array([False, True, False])

    def mass(known: dict[int, int]) -> float:
        free = [i for i in range(3) if i not in known]
        fitting = [s for s in matching(3) if all(s[i] == token for i, token in known.items())]
        return float(sum(np.prod([laws[i, s[i]] for i in free]) for s in fitting))

    for times in np.random.default_rng(4).standard_exponential((50, 1, 3)):
        drawn, log_weight = PATTERN.draw(tokens, laws, laws, revealed, by(times))
        assert log_weight == pytest.approx(np.log(mass({}) / mass({1: int(drawn[0])})))


def test_weights_average_to_the_chance_of_a_match_and_make_the_samples_exact() -> None:
    """The draws of production; `test_weights` has every sampler by enumeration."""
    free, allowed, model = (
        np.full(3, FREE),
        matching(3),
        diffusion(ToyWorld.random("absorb", 3, 3, 0.7, 5), "posterior"),
    )
    *_, last = run_chain(model, AbsorbingTweedie(), Plan(Locks.of(free, 3, 3), 500, 4, pattern=PATTERN), seed=1)
    made, weights = last.tokens, np.exp(last.log_weight)
    law = exact_law(model, AbsorbingTweedie(), 4, free)
    truth = np.array([float(law[sequence]) for sequence in allowed])
    assert abs(weights.mean() - truth.sum()) < 4 * weights.std() / np.sqrt(len(weights))
    share = np.array([weights[(made == sequence).all(1)].sum() for sequence in allowed]) / len(weights)
    assert np.abs(share - truth).sum() < 0.2
    assert sum((made == sequence).all(1).sum() for sequence in allowed) == len(made)


def test_where_the_law_rules_every_match_out_one_is_drawn_all_the_same() -> None:
    only_two = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    drawn, log_weight = PATTERN.draw(
        np.full(2, FREE), only_two, only_two + 1e-300, np.ones(2, np.bool_), by(np.ones((2, 3)))
    )
    assert tuple(drawn) in matching(2)
    assert log_weight == -np.inf


def test_locks_that_rule_a_pattern_out_are_found_before_the_run(tokenizer: Tokenizer) -> None:
    pattern = Pattern.compile("yes.*", tokenizer)
    pattern.check(np.array([*tokenizer.encode("yes"), FREE, FREE]))
    with pytest.raises(UserError, match="No text of 3 tokens"):
        pattern.check(np.array([*tokenizer.encode("no"), FREE, FREE]))


def test_the_spelling_of_a_token_is_its_bytes(tokenizer: Tokenizer, tmp_path: Path) -> None:
    text = "the été \n\x00 cat"
    assert b"".join(map(tokenizer.spelling, tokenizer.encode(text))) == text.encode()
    assert tokenizer.eot_id is not None
    assert tokenizer.spelling(tokenizer.eot_id) == b""


def test_a_chain_on_a_model_keeps_to_the_pattern() -> None:
    """Every path through a run, whatever the step: `torch` draws nothing here."""
    state = torch.get_rng_state()
    world = ToyWorld.random("absorb", 3, 3, 0.3, seed=8)
    for name in ("confidence", "remask", "entropy-bounded", "trapezoidal"):
        sampler = sampler_named(name, "absorb")
        plan = Plan(Locks.of(np.full(3, FREE), 3, 3), 64, 3, pattern=PATTERN)
        try:
            *_, last = run_chain(diffusion(world, "posterior"), sampler, plan, seed=2)
        except UserError:
            continue  # it says that it cannot keep to a pattern
        assert {tuple(row) for row in last.tokens.tolist()} <= set(matching(3))
    assert torch.equal(state, torch.get_rng_state())
