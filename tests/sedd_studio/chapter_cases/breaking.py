"""Breaking a text."""

from __future__ import annotations

from sedd_studio.record.chapters.chapter import Shown

CASES: list[dict[str, object]] = [
    {},
    {"level": 0},
    {"level": 169},
    {"seed": 3, "level": 100},
    {"sentence": "Die Sonne scheint, und [3] ___ warten", "alphabet": ""},
    {"sentence": "x"},
    {"sentence": "星が静かな川に落ちたので狐は走って行った", "alphabet": "山"},
    {"sentence": " ".join(["extraordinarily"] * 32)},
]


def results(made: Shown) -> list[float]:
    return [float(made.figure.kept[made.choices["level"]]), float(made.figure.same[made.choices["level"]])]
