"""Runs of positions that hold whole words of a list: what fills them, by which law, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from engine.exact.sampler_law import exact_law
from engine.exact.toy import ToyWorld, diffusion
from engine.language.automata import DEAD, Automaton
from engine.language.domains import DOMAINS
from engine.language.patterns import Pattern, anything
from engine.language.tokenizers import Tokenizer, train_tokenizer
from engine.language.word_runs import Stretch, stretches
from engine.language.word_tokens import as_tokens
from engine.protocol import FREE, Generate, UserError, frozen
from engine.samplers.loop import Plan, run_chain
from engine.samplers.tweedie import AbsorbingTweedie
from engine.theory.conditioning import Locks
from tests.engine.test_patterns import accepts, by

TEXTS = ["the cat ran and jumped", "a dog ran", "cats and dogs jumped (ran)", "été"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(iter(TEXTS * 4), 290)


def run_of(words: tuple[str, ...], tokenizer: Tokenizer, before: str, length: int) -> Automaton:
    """The automaton of a run of `length` after a locked text, or after a gap of one."""
    known = tokenizer.encode(before) if before != "?" else [FREE]
    tokens = frozen([*known, *[FREE] * length])
    (run,) = stretches(Generate(tokens, limits=((len(known), len(tokens), words),)), tokenizer)
    assert (run.start, run.stop) == (len(known), len(tokens))
    return run.automaton


@pytest.mark.parametrize(
    ("before", "opened"),
    [("", "ran"), ("the dog", " ran"), ("?", " ran"), ("(", "ran"), ("(", " ran"), ("the dog ", "ran")],
)
def test_a_run_spells_whole_words_with_spaces_between_them(before: str, opened: str, tokenizer: Tokenizer) -> None:
    words, length = ("ran", "cat"), 4
    automaton = run_of(words, tokenizer, before, length)
    begins = {"": [""], "(": ["", " "], "the dog ": ["", " "]}.get(before, [" "])
    whole = {lead + " ".join(chosen) for n in range(1, 5) for chosen in product(words, repeat=n) for lead in begins}
    alphabet = sorted(
        {
            t
            for text in (" ran", "ran", " cat", "cat", "r", "a", "n", " ", "s", "c", "t")
            for t in tokenizer.encode(text)
        }
    )
    found = set()
    for tokens in product(alphabet, repeat=length):
        text = tokenizer.decode(list(tokens))
        assert accepts(automaton, list(tokens)) == (text in whole), text
        found |= {text} if text in whole else set()
    assert any(text.startswith(opened) for text in found)


def test_a_word_may_be_cut_in_any_way_and_is_never_glued_to_what_stands_beside_it(tokenizer: Tokenizer) -> None:
    letters = [tokenizer.encode(letter)[0] for letter in " ran"]
    assert accepts(run_of(("ran",), tokenizer, "the dog", 4), letters)
    assert not accepts(run_of(("ran",), tokenizer, "the dog", 3), letters[1:])
    request = Generate(frozen([*tokenizer.encode("ran"), FREE, FREE]), limits=((1, 2, ("ran",)),))
    after = stretches(request, tokenizer)[-1]
    assert (after.start, after.stop) == (2, 3)
    assert accepts(after.automaton, tokenizer.encode(" and")[:1])
    assert accepts(after.automaton, [tokenizer.eot_id or 0])
    assert not accepts(after.automaton, tokenizer.encode("s"))


def twos(odd: bool) -> Automaton:
    """Over three tokens: an odd number of 2s, or an even one."""
    return Automaton.of(np.array([[0, 0, 1], [1, 1, 0]]), np.array([not odd, odd]))


def no_two_alike() -> Automaton:
    """Over three tokens: none after itself; state k + 1 is after token k."""
    table = np.array([[1, 2, 3], [DEAD, 2, 3], [1, DEAD, 3], [1, 2, DEAD]])
    return Automaton.of(table, np.ones(4, bool))


WHOLE = Pattern(no_two_alike(), (Stretch(0, 2, twos(odd=True)), Stretch(2, 3, twos(odd=False))))
FREE_AROUND = Pattern(anything(3), (Stretch(1, 3, twos(odd=True)),))


def fits(pattern: Pattern, sequence: tuple[int, ...]) -> bool:
    parts = [accepts(run.automaton, list(sequence[run.start : run.stop])) for run in pattern.runs]
    return accepts(pattern.automaton, list(sequence)) and all(parts)


@pytest.mark.parametrize("pattern", [WHOLE, FREE_AROUND])
@pytest.mark.parametrize("known", [{}, {1: 2}, {0: 0}])
def test_a_draw_is_likelier_by_the_matching_mass_before_over_after(pattern: Pattern, known: dict[int, int]) -> None:
    generator = np.random.default_rng(1)
    laws = generator.dirichlet([1.0] * 3, size=3)
    tokens = np.array([known.get(i, FREE) for i in range(3)])
    free = np.flatnonzero(tokens == FREE)

    def mass(fixed: dict[int, int]) -> float:
        fitting = [s for s in product(range(3), repeat=3) if fits(pattern, s) and all(s[i] == fixed[i] for i in fixed)]
        return float(sum(np.prod([laws[i, s[i]] for i in free if i not in fixed]) for s in fitting))

    revealed = np.array([True] + [False] * (len(free) - 1))
    for times in generator.standard_exponential((20, 1, 3)):
        drawn, log_weight = pattern.draw(tokens, laws[free], laws[free], revealed, by(times))
        now = mass(known | {int(free[0]): int(drawn[0])})
        assert log_weight == pytest.approx(math.log(mass(known) / now))
    drawn, log_weight = pattern.draw(
        tokens, laws[free], laws[free], np.ones(len(free), bool), by(generator.standard_exponential((3, 3)))
    )
    full = tokens.copy()
    full[free] = drawn
    assert fits(pattern, tuple(full.tolist()))
    assert log_weight == pytest.approx(math.log(mass(known)))


@pytest.mark.parametrize("pattern", [WHOLE, FREE_AROUND])
def test_weights_average_to_the_chance_of_the_runs_and_make_the_samples_exact(pattern: Pattern) -> None:
    free, model = np.full(3, FREE), diffusion(ToyWorld.random("absorb", 3, 3, 0.7, 5), "posterior")
    *_, last = run_chain(model, AbsorbingTweedie(), Plan(Locks.of(free, 3, 3), 300, 2, pattern=pattern), seed=1)
    made, weights = last.tokens, np.exp(last.log_weight)
    allowed = [sequence for sequence in product(range(3), repeat=3) if fits(pattern, sequence)]
    law = exact_law(model, AbsorbingTweedie(), 2, free)
    truth = np.array([float(law[sequence]) for sequence in allowed])
    assert abs(weights.mean() - truth.sum()) < 4 * weights.std() / np.sqrt(len(weights))
    share = np.array([weights[(made == sequence).all(1)].sum() for sequence in allowed]) / len(weights)
    assert np.abs(share - truth).sum() < 0.25
    assert sum((made == sequence).all(1).sum() for sequence in allowed) == len(made)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (((1, 9, ("fox",)),), "positions that the text does not have"),
        (((1, 3, ("fox",)), (2, 4, ("fox",))), "Two lists of words are for the same positions"),
        (
            ((1, 2, ("antidisestablishmentarianism",)),),
            'No words of "antidisestablishment[.]{3}" fill one position exactly',
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(limits: object, said: str, tokenizer: Tokenizer) -> None:
    request = Generate(frozen([*tokenizer.encode("ran"), *[FREE] * 4]), limits=limits)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=said):
        stretches(request, tokenizer)


def test_what_draws_each_token_on_its_own_holds_words_of_one_token(tokenizer: Tokenizer) -> None:
    request = Generate(frozen([FREE] * 4), limits=((0, 2, ("ran", "cat")), (3, 4, (7, 8))))
    bare, spaced = (
        tuple(sorted(ids[0] for ids in map(tokenizer.encode, forms))) for forms in (("ran", "cat"), (" ran", " cat"))
    )
    assert as_tokens(request, tokenizer).limits[:3] == ((3, 4, (7, 8)), (0, 1, bare), (1, 2, spaced))
    ((first, last, following),) = as_tokens(request, tokenizer).limits[3:]
    assert (first, last) == (2, 3)
    assert not any(tokenizer.spelling(int(token))[:1].isalnum() for token in following)
    assert set(tokenizer.encode(" and(")) <= set(following)
    assert as_tokens(replace(request, limits=((1, 4, ("ran", "cat")),)), tokenizer).limits == ((1, 4, spaced),)
    with pytest.raises(UserError, match='"antics" is not one token'):
        as_tokens(replace(request, limits=((0, 1, ("antics",)),)), tokenizer)


def test_a_run_that_the_laws_rule_out_leaves_the_laws_of_other_positions_alone() -> None:
    """As a nucleus may, which keeps but one token here."""
    laws = np.tile([0.0, 1.0, 0.0], (3, 1))  # never a 2
    wide = np.tile([0.2, 0.3, 0.5], (3, 1))
    for times in np.random.default_rng(0).standard_exponential((30, 3, 3)):
        drawn, log_weight = FREE_AROUND.draw(np.full(3, FREE), laws, wide, np.ones(3, bool), by(times))
        assert drawn[0] == 1  # outside of the run
        assert fits(FREE_AROUND, tuple(drawn.tolist()))
        assert log_weight == -math.inf


def test_words_that_allowed_tokens_rule_out_are_refused_before_the_run(tokenizer: Tokenizer) -> None:
    request = Generate(frozen([FREE] * 4), limits=((1, 3, ("ran",)),))
    pattern = Pattern.compile("", tokenizer, runs=stretches(request, tokenizer))
    pattern.check(request.tokens)
    allowed = np.ones((4, tokenizer.vocabulary), bool)
    allowed[1] = False
    allowed[1, tokenizer.encode("cat")] = True
    with pytest.raises(UserError, match="No text of 4 tokens"):
        pattern.check(request.tokens, allowed)


def test_locked_text_that_would_make_a_word_grow_is_refused(tokenizer: Tokenizer) -> None:
    request = Generate(frozen([FREE, FREE, *tokenizer.encode("s ran")]), limits=((0, 2, ("ran",)),))
    with pytest.raises(UserError, match="begins with a letter"):
        stretches(request, tokenizer)


def test_many_words_are_a_list_and_runs_alike_share_one_automaton(tokenizer: Tokenizer) -> None:
    words = tuple(f"{first}{second}at" for first in "abcdefghijklmnopqrst" for second in "aeiou")
    request = Generate(frozen([FREE] * 13), limits=tuple((k, k + 2, words) for k in (1, 4, 7, 10)))
    found = stretches(request, tokenizer)
    assert len(found) == 8  # each with what may follow it
    assert len({id(run.automaton) for run in found}) == 2
    with pytest.raises(UserError, match="list of words is too long"):
        stretches(replace(request, limits=((1, 3, tuple(f"{w}{k}" * 9 for w in words for k in range(9))),)), tokenizer)


def test_automata_of_runs_that_are_too_large_together_are_refused(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Generate(frozen([FREE] * 9), limits=((1, 3, ("ran",)), (5, 8, ("cats", "dog"))))
    whole = Pattern.compile("[a-z ]{1,40}", tokenizer, runs=stretches(request, tokenizer))
    monkeypatch.setattr("engine.language.patterns.MOST_JOINT", 100)
    with pytest.raises(UserError, match="too large together"):
        whole.check(request.tokens)


def test_symbols_without_spaces_are_no_words_that_could_grow() -> None:
    bases = DOMAINS["promoters"].tokenizer(iter(()), 0)
    found = stretches(Generate(frozen([FREE] * 6), limits=((1, 4, ("AC", "G")),)), bases)
    assert [(run.start, run.stop) for run in found] == [(1, 4)]
    assert accepts(found[0].automaton, bases.encode("ACG"))
    assert not accepts(found[0].automaton, bases.encode("ACC"))
