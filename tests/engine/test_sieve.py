"""What becomes of written documents before a model learns from them."""

from __future__ import annotations

import numpy as np

from engine.language.sieve import RUN, Sieve


def words(count: int, start: int = 0) -> str:
    return " ".join(f"w{k}" for k in range(start, start + count))


def test_the_sieve_drops_what_shares_a_run_what_is_repeated_and_what_is_short() -> None:
    sieve = Sieve.apart_from([words(30), words(5, 900)])
    near, far = words(RUN, 10), words(RUN - 1, 11)
    asked = [f"x {near} y", f"x {far} y", f"x  {far}\ny", "too short", words(40, 100), f"{words(40, 200)} \0"]
    assert list(sieve.pass_on(asked)) == [asked[1], asked[4]]
    assert (sieve.shared, sieve.repeated, sieve.short, sieve.unreadable, len(sieve)) == (1, 1, 1, 1, 2)


def test_the_sieve_finds_the_shared_runs_that_a_plain_search_finds() -> None:
    draws = np.random.default_rng(0)
    kept = [" ".join(map(str, draws.integers(0, 2, 60))) for _ in range(20)]
    runs = {tuple(text.split()[k : k + RUN]) for text in kept for k in range(61 - RUN)}
    asked = [" ".join(map(str, draws.integers(0, 2, 21))) for _ in range(200)] + [text[20:80] for text in kept]
    expected = [
        t for t in asked if not any(tuple(t.split()[k:][:RUN]) in runs for k in range(len(t.split()) - RUN + 1))
    ]
    assert list(Sieve.apart_from(kept).pass_on(asked)) == expected
