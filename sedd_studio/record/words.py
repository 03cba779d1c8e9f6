"""What the window says in the exact terms of the field, and in plain words for visitors."""

from __future__ import annotations

PLAIN: dict[str, str] = {
    # the noise
    "Absorbing noise": "Words vanish",
    "Absorbing": "Vanishing",
    "Uniform noise": "Words are mixed up",
    "Uniform": "Mixed up",
    "Masks and uniform noise": "Words vanish or are mixed up",
    "Mixed": "Both ways",
    "Tokens vanish behind a mask; a written token stays.": "Words vanish behind a mask; a written word stays.",
    "Tokens turn into random ones; each may change until the end.": (
        "Words turn into other ones by chance; each may change until the end."
    ),
    "Tokens vanish or turn into random ones; each may change.": (
        "Words vanish or turn into other ones by chance; each may change."
    ),
    "Works with absorbing noise only.": "Works where words vanish only.",
    "How words that are given are kept: under uniform noise that is not certain.": (
        "How words that are given are kept: where words are mixed up that is not certain."
    ),
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
    "Second look (biased)": "With a second look",
    "Remasking": "With words taken back",
    "Tau-leaping": "In leaps",
    "Uniformization": "Change by change",
    "Gibbs corrector": "With corrections",
    "Solver of the reverse chain.": "In which order, and how many at once, words are filled in.",
    "Nats that it costs to stand beside one of the same step.": "How far apart the words of one step stand.",
    "Nats that tokens revealed together may know of each other.": "How much words of one step may go together.",
    "Nats by which a token may surprise more than is usual.": "How odd a word may be.",
    "How often all are drawn anew at the end (absorbing noise).": "How often all are drawn anew at the end.",
    "{summary}\nNetwork calls: {calls} (N steps, L free tokens).": (
        "{summary}\nAsks the model {calls} times (N steps, L free {words})."
    ),
    "{steps}, {calls}, {seconds}": "{steps}, model asked {times}, {seconds}",
    # the step on show
    "{sigma}t {time:.2f}": "noise {noise:.0f} %",
    "{settled} of {free} settled": "{part} of the {words} {are} there",
    "{settled} changes": "{settled} {words} were changed so far",
    "{calls} calls · {seconds:.1f} s": "model asked {calls} times · {seconds:.1f} s",
    # a position
    "entropy {entropy:.2f} nats": "as open as a choice among {choices:.1f} {words}",
    "{cost:.2f} nats of the bound": "at most as surprising as a chance of 1 in {odds:,.0f}",
    "{tokens} guessed, {sure:.0%} sure and {entropy:.2f} nats of entropy on average": (
        "{tokens} guessed, {sure:.0%} sure on average, as open as a choice among {choices:.1f} {words}"
    ),
    # the colours
    "Entropy": "How open it is",
    "0 nats": "little",
    "8 nats and more": "much",
    "Regret": "Second thoughts",
    "Confidence when chosen": "How sure it was of it",
    "Entropy when chosen": "How open the choice was",
    "0 nats: sure": "sure",
    "5 nats and more": "wide open",
    "4 nats less": "much less likely",
    "1 nat and more": "much",
    "{tokens}, log ratio in nats: {named}": "{tokens}, the worst first: {named}",
    "chosen at {then:.1%}, now {now:.1%}: {ratio:+.2f} nats": "chance when it was chosen {then:.1%}, now {now:.1%}",
    # what a text costs
    "nats a token": "cost a word",
    "bits a token": "in bits",
    "bits a byte": "bits a letter",
    "± nats (95 %)": "±",
    "perplexity a token": "surprise",
    "What the text costs this model, as an upper bound in nats, bits and perplexity, and where it comes from.": (
        "How much the text surprises this model, and at which words."
    ),
    "An upper bound: the model gives the text at least this much probability. ± is half of the 95 % interval.": (
        "The text costs the model at most so much: the lower, the less it surprises. ± says how sure the figure is."
    ),
    "95 % within ± {width:g} nats": "sure within ± {width:g}",
    " {calls:,} network calls.": " The model was asked {calls:,} times.",
    " It goes on until that is {precision:g} nats a token.": " It goes on until that is {precision:g}.",
    "Scored {about}: <= {nats:.2f} nats a token": "Scored {about}: a word costs at most {nats:.2f}",
    "number {rank} of {of} by likelihood: at most {nats:.3f} ± {error:.3f} nats a token given the locked words": (
        "number {rank} of {of}, the least surprising first: what was filled in costs at most {nats:.3f} ± {error:.3f} "
        "a word"
    ),
    "nats a token <=": "cost a word <=",
    "network calls": "times the model was asked",
    "noised share": "share of words that are hidden",
    # the comparison
    "noise {level:g}": "{noise:.0f} % noise",
    "tokens": "pieces",
    "What the text in the studio costs each model in bits a byte, and how well each fills what is not locked.": (
        "How much the text in the studio surprises each model, and how well each fills what is not locked."
    ),
    "{name} needs the fewest bits a byte: {gap:.3f} ± {spread:.3f} less than {other}.": (
        "The text surprises {name} the least: by {gap:.3f} ± {spread:.3f} bits a letter less than {other}."
    ),
    "{name} and {other} need about as many bits a byte: they differ by {gap:.3f} ± {spread:.3f}.": (
        "The text surprises {name} and {other} about as much: by {gap:.3f} ± {spread:.3f} bits a letter more or less."
    ),
    "{name} mends it best, at noise {level:g}: in {share} of the texts, where {lost} of the other words change.": (
        "{name} mends it best, with {noise:.0f} % noise: in {share} of the texts, where {lost} of the other words "
        "change."
    ),
    "sampler": "method",
    "budget": "number",
    "Step budgets": "Numbers of steps",
    "Samplers": "Methods",
    "Noise types and left to right": "Kinds of noise and left to right",
    "noise level {level:.2f}": "noise {noise:.0f} %",
    "The prompt in several ways beside each other: each with its calls, perplexity and entropy, on one timeline.": (
        "The prompt in several ways beside each other: how often each asks the model, and how good its texts are."
    ),
    "Marked words differ from the largest budget or the last sampler.": (
        "Marked words differ from the run of most steps, or of the last method."
    ),
    "One pane has nothing beside it; choose another budget, sampler, noise, seed or model.": (
        "One pane has nothing beside it; choose another number of steps, method, noise, seed or model."
    ),
    "{panes} panes of {texts}: {calls:,.0f} network calls{about}": (
        "{panes} panes of {texts}: the model is asked {calls:,.0f} times{about}"
    ),
    "calls": "asks",
    "perplexity": "surprise",
    "entropy": "richness",
    "Network calls of a text.": "How often the model was asked for a text.",
    "Of the texts, as the judging model writes from left to right; lower is better, with its error.": (
        "How much the texts surprise a model that judges them; lower is better, with its error."
    ),
    "Of a text's tokens, in nats; low where words repeat, so it is read beside perplexity.": (
        "How many different words a text uses; low where words repeat, so it is read beside the surprise."
    ),
    "The share of tokens that equal those of the pane that this one is held against.": (
        "The share of words that equal those of the pane that this one is held against."
    ),
    "Quality against compute: perplexity by the judge, lower is better, and entropy; mean ± standard error": (
        "Quality against work: how much the texts surprise a judge, lower is better, and how rich their words are"
    ),
    "network calls a text": "times the model was asked for a text",
    "entropy, nats": "richness",
    "{name}: perplexity {figures}, entropy {entropy:.2f}, with {calls:.4g} calls. Click to open it.": (
        "{name}: surprise {figures}, richness {entropy:.2f}, model asked {calls:.4g} times. Click to open it."
    ),
    "{ends} perplexity changes by {change} ± {error:.1f}, which is within its error.": (
        "{ends} the surprise stays the same: it changes by {change} ± {error:.1f}, which may be chance."
    ),
    "{ends} perplexity falls by {share:.0%}": "{ends} the texts surprise the judge less, by {share:.0%}",
    "{ends} perplexity rises by {share:.0%}": "{ends} the texts surprise the judge more, by {share:.0%}",
    "while entropy stays within its error ({change} ± {error:.2f} nats).": (
        "while their words stay as rich as before ({change} ± {error:.2f})."
    ),
    "while entropy falls by {change} ± {error:.2f} nats.": (
        "while their words become less rich, by {change} ± {error:.2f}."
    ),
    "while entropy rises by {change} ± {error:.2f} nats.": (
        "while their words become richer, by {change} ± {error:.2f}."
    ),
    "entropy by {change} ± {error:.2f} nats: part of the gain may be repetition.": (
        "and their words become less rich, by {change} ± {error:.2f}: part of the gain may be repetition."
    ),
    "entropy by {change} ± {error:.2f} nats: part of the loss may be variety.": (
        "and their words become richer, by {change} ± {error:.2f}: part of the loss may be variety."
    ),
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
