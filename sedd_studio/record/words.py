"""What the window says in the exact terms of the field, and in plain words for visitors."""

from __future__ import annotations

PLAIN: dict[str, str] = {
    # the noise
    "Absorbing noise": "Words vanish",
    "Absorbing": "Vanishing",
    "Uniform noise": "Words are mixed up",
    "Uniform": "Mixed up",
    # the form
    "Sampler": "Method",
    "Spacing": "Pace",
    "Where between noise and text the steps lie.": "When words are filled in: evenly, or more slowly at the end.",
    "Temperature": "Boldness",
    "Below 1 the likely words become likelier still.": "Low is safe and repeats itself, high is bold and often wrong.",
    "temp. {temperature:.2f}": "boldness {temperature:.2f}",
    "Top-p": "Variety",
    "Only the likeliest tokens, with so much probability together; 1 cuts nothing off.": (
        "Low lets in only the likeliest words, 1 lets in every word."
    ),
    # ways to fill
    "Fixed-size subsets": "In random order",
    "Tweedie": "Each at its time",
    "First hitting": "One by one",
    "Theta-trapezoidal": "In double steps",
    "Entropy-bounded": "All that are sure",
    "Confidence (biased)": "Likeliest first",
    "Remasking": "With second looks",
    "Tau-leaping": "In leaps",
    "Uniformization": "Change by change",
    "Gibbs corrector": "With corrections",
    # the step on show
    "{sigma}t {time:.2f}": "noise {noise:.0f} %",
    "{settled} of {free} settled": "{part} of the {words} {are} there",
    "{settled} changes": "{settled} {words} were changed so far",
    "{calls} calls · {seconds:.1f} s": "model asked {calls} times · {seconds:.1f} s",
    # a position
    "entropy {entropy:.2f} nats": "as open as a choice among {choices:.1f} {words}",
    "{cost:.2f} nats of the bound": "at most as surprising as a chance of 1 in {odds:,.0f}",
}
"""Plain words by the exact ones. What is said of a number is said in both of the same number."""
PARTS = (
    (0.02, "a few"),
    (0.1, "a tenth"),
    (0.25, "a quarter"),
    (1 / 3, "a third"),
    (0.5, "half"),
    (2 / 3, "two thirds"),
    (0.75, "three quarters"),
    (0.9, "nine tenths"),
    (0.98, "nearly all"),
)


def part_of(count: int, whole: int) -> str:
    """The nearest simple part; none and all are said of nothing else."""
    if count in (0, whole):
        return "all" if count == whole else "none"
    return min(PARTS, key=lambda part: abs(part[0] - count / whole))[1]
