"""States of the window of which pictures are made: each is a session, or a session and what to do in the window.

The settings and the history of a state are in the folder `home`. A module for each area, and one table of all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from scripts.window_states.colours import influence, regret, settled
from scripts.window_states.learning import learn
from scripts.window_states.maps import run_map
from scripts.window_states.pages import compare, guess, history, likelihood, models
from scripts.window_states.presenting import presenter, presenter_text
from scripts.window_states.studio import (
    editing,
    error,
    finished,
    fresh,
    long_text,
    of_domain,
    position,
    running,
    settings,
    uniform,
)
from scripts.window_states.touring import tour

PRESENTED = {
    "breaking": 3,
    "rule": 4,
    "texts": 2,
    "score": 1,
    "walking": 4,
    "many": 2,
    "training": 3,
    "locks": 2,
    "likely": 2,
    "precision": 2,
    "real": 2,
}
"""How many steps into its script each chapter is presented."""
STATES: dict[str, Callable[[Path], object]] = {
    "fresh": fresh,
    "running": running,
    "finished": finished,
    "settings": settings,
    "position": position,
    "likelihood": likelihood,
    "compare": compare,
    "guess": guess,
    "editing": editing,
    "long": long_text,
    "error": error,
    "uniform": uniform,
    "history": history,
    "models": models,
    "learn-breaking": partial(learn, chapter="breaking"),
    "learn-rule": partial(learn, chapter="rule"),
    "learn-rule-own": partial(learn, chapter="rule", kind="keyboard", entry=7, rate=20, level=80),
    "learn-many": partial(learn, chapter="many"),
    "learn-many-uniform": partial(learn, chapter="many", noise="uniform", steps=2),
    "learn-walking": partial(learn, chapter="walking", go=1000),
    "learn-walking-jump": partial(learn, chapter="walking", go="jump"),
    "learn-walking-uniform": partial(learn, chapter="walking", noise="uniform", factor=2.0, go="jump"),
    "learn-score": partial(learn, chapter="score"),
    "learn-score-uniform": partial(learn, chapter="score", noise="uniform", level=40, chosen=1),
    "learn-score-part": partial(learn, chapter="score", level=90, chosen=2),
    "learn-texts": partial(learn, level=59),
    "learn-texts-three": partial(learn, world="rain", level=80),
    "learn-texts-uniform": partial(learn, noise="uniform", level=50),
    "learn-locks": partial(learn, chapter="locks"),
    "learn-likely": partial(learn, chapter="likely"),
    "learn-likely-true": partial(learn, chapter="likely", text=2, spoilt=0, calls=31),
    "learn-precision": partial(learn, chapter="precision"),
    "learn-real": partial(learn, chapter="real"),
    "learn-real-other": partial(
        learn, chapter="real", sentence="The king of the northern mountains had never laughed.", noised=5, place=3
    ),
    "learn-training": partial(learn, chapter="training", start=1, level=22),
    "learn-training-end": partial(learn, chapter="training", noise="uniform", start=1, level=140),
    "map": run_map,
    "map-live": partial(run_map, played=37, at=37),
    "map-marked": partial(run_map, where="marked"),
    "map-settled": partial(run_map, mode="settled", at=64),
    "map-uniform": partial(run_map, noise="uniform", at=30),
    "map-changes": partial(run_map, noise="uniform", mode="changes", at=30),
    "map-against": partial(run_map, where="against"),
    "map-regret": partial(run_map, mode="regret", at=64),
    "map-entropy": partial(run_map, mode="entropy", at=64),
    "regret": regret,
    "influence": influence,
    "map-order": partial(run_map, where="order", at=64),
    "map-mean": partial(run_map, where="mean", at=64),
    "settled": settled,
    "map-samples": partial(run_map, where="samples", at=64, samples=16),
    "map-beside": partial(run_map, where="beside"),
    **{name: partial(of_domain, name) for name in ("molecules", "digits", "promoters")},
    **{f"presenter-{name}": partial(presenter, chapter=name, turns=turns) for name, turns in PRESENTED.items()},
    "presenter-formula": partial(presenter, chapter="score", turns=2, formula=True, laser=True),
    "presenter-begin": partial(presenter, chapter="texts", turns=0),
    "tour-offer": partial(tour, stop=-1, played=0),
    "tour-write": partial(tour, stop=0, played=0),
    **{
        f"tour-{name}": partial(tour, stop=number)
        for number, name in enumerate(("run", "lock", "scrub", "fits", "likely", "compare", "learn"), 1)
    },
    "presenter-text": presenter_text,
    "presenter-digits": partial(presenter_text, domain="digits"),
    "presenter-molecules": partial(presenter_text, played=64, domain="molecules"),
    "presenter-text-fresh": partial(presenter_text, played=0),
    "presenter-text-long": partial(presenter_text, repeat=4),
}
