"""What docs/results.md measures: one row a section, each with its commands."""

from __future__ import annotations

from scripts.measured import Command, Page, Section

VALID = "data/text/tinystories_valid.txt"
QM9 = "data/molecules/qm9.smi"
GPT = "assets/stories-gpt"
NOT_ANNEALED = "stories-gpt, not annealed"
SUITING = "1.14"
"""About the temperature at which the baseline gives the validation stories the highest probability."""
CALIBRATED = f"stories-gpt, temperature {SUITING}"
NOISES = ("absorb", "uniform")
EVERY_BUDGET = "4,8,16,32,64,128,256,512,1024"
SOME_BUDGETS = "4,16,64,256,1024"
BUDGETS = {
    "absorb": {
        "surest": "4,8,16,32,64,128,256",  # as many steps as tokens: more change nothing
        "subset": EVERY_BUDGET,
        "tweedie": SOME_BUDGETS,
        "trapezoidal": SOME_BUDGETS,
        "first-hitting": "256",  # one token a call, whatever the budget
    },
    "uniform": {"tweedie": "4,8,16,32,64,128,256,1024", "trapezoidal": SOME_BUDGETS, "euler": SOME_BUDGETS},
}
"""Steps of each sampler that is measured, the default one of a noise type first."""
DRAWN_MORE = ("surest", "subset")
"""Samplers of which twice as many samples are drawn: the default one, and that which differs from it in order alone."""
PROMPT = "Once upon a time [24] the dragon [40] The end."
SCORED = {"absorb": ("--orders", "8", "--max-calls", "42700"), "uniform": ()}
"""How the stories are scored; under absorbing noise in several orders, too, as many blocks as take half an hour."""
ONE_THREAD = ("--threads", "1")
"""Given wherever seconds are reported, so that they mean the same in all rows."""
HELD = ("--pattern", "@smiles")
"""Molecules with their branches and rings closed and no atom with too many bonds."""
NUCLEUS = ("--top-p", "0.9")
"""Each token from the likeliest nine tenths of its law: what the window does unless one asks for something else."""
ARC = "004cgb3003gb8g5007g10d9005g21f80"
"""The upper half of a round digit, drawn for this page: it can become a 0, 2, 3, 8 or 9."""


def story_model(noise: str) -> str:
    """The folder of a story model."""
    return f"assets/stories-{noise}"


def likelihoods() -> tuple[Command, ...]:
    """The exact value of the baseline, then the bound of each noise type."""
    bounds = [
        Command(f"stories-{noise}", ("score", VALID, *SCORED[noise], "--model", story_model(noise))) for noise in NOISES
    ]
    return Command("stories-gpt", ("baseline", VALID, "--model", GPT)), *bounds


def budgets() -> tuple[Command, ...]:
    """Samples of the baseline, then each sampler at its budgets, then the baseline where it suits the data best."""
    drawn = ("--samples", "64", *ONE_THREAD, "--model", GPT)
    rows = [Command(NOT_ANNEALED, ("baseline", *drawn))]
    for noise in NOISES:
        for sampler, steps in BUDGETS[noise].items():
            samples = "32" if sampler in DRAWN_MORE else "16"
            judged = ("--judge", GPT, "--steps", steps, "--samples", samples, "--sampler", sampler)
            rows.append(
                Command(f"{noise}, {sampler}", ("compare", *judged, *ONE_THREAD, "--model", story_model(noise)))
            )
    return *rows, Command(CALIBRATED, ("baseline", "--temperature", SUITING, *drawn))


def ways() -> tuple[Command, ...]:
    """Shorter samples: as the window draws them, in random order with nothing cut off, and ways between the two."""
    drawn = ("--judge", GPT, "--length", "128", "--samples", "12", *ONE_THREAD)
    rows: dict[str, tuple[str, ...]] = {
        "surest, top-p 0.9: the window's": ("absorb", "surest", "64", *NUCLEUS, "--reference", VALID),
        "surest": ("absorb", "surest", "16,32"),
        "subset": ("absorb", "subset", "16,32"),
        "first-hitting": ("absorb", "first-hitting", "128"),
        "uniform noise, tweedie": ("uniform", "tweedie", "16,32"),
    }
    return tuple(
        Command(label, ("compare", *drawn, "--steps", steps, "--sampler", name, *how, "--model", story_model(noise)))
        for label, (noise, name, steps, *how) in rows.items()
    )


def infillings() -> tuple[Command, ...]:
    """The middles of validation stories, written again by each noise type."""
    return tuple(
        Command(f"stories-{noise}", ("infilling", VALID, "--judge", GPT, "--model", story_model(noise)))
        for noise in NOISES
    )


def evaluated(label: str, name: str, reference: str, samples: int, *how: str) -> Command:
    """Samples of a domain's model, drawn as the options `how` say, measured beside the data."""
    budget = ("--samples", str(samples), "--chunk", "50", *ONE_THREAD)
    return Command(label, ("evaluate", "--reference", reference, *budget, *how, "--model", f"assets/{name}"))


def filled(label: str, name: str, text: str, samples: int, *how: str) -> Command:
    """Samples around locked symbols, drawn as the options `how` say."""
    budget = ("--samples", str(samples), "--steps", "64", *how)
    return Command(label, ("infill", "--text", text, *budget, "--model", f"assets/{name}"))


def drawn(label: str, name: str, samples: int) -> Command:
    """Samples from nothing."""
    return Command(label, ("sample", "--samples", str(samples), "--steps", "64", "--model", f"assets/{name}"))


def written(label: str, *how: str) -> Command:
    """Stories from nothing, drawn as the options `how` say."""
    return Command(label, ("sample", "--samples", "20", "--steps", "256", *how, "--model", story_model("absorb")))


RESULTS = Page(
    "results.md",
    "# Results\n\n"
    "Written by `make results DATA=folder` from what the commands on this page printed; `data/` stands for that "
    "folder. ± is one standard error. How the models were found and trained: [training.md](training.md).\n",
    (
        Section(
            "What was claimed, and what holds here",
            "The claims of the paper (Lou, Meng, Ermon, arXiv 2310.16834), made with some ten times the parameters and "
            "a thousand times the text, beside the figures of the sections below. One difference weighs in two of "
            "them: there a much larger GPT-2 is the judge, here the baseline judges itself, and nobody writes more to "
            "its taste than it does. Samples are drawn by `surest`, the default; the paper's sampler is `tweedie`, "
            "whose figures stand below.",
            "claims",
            (*likelihoods(), *budgets()[:2], *infillings()[:1]),
        ),
        Section(
            "Likelihood",
            "The validation stories, joined and cut into blocks of 256 tokens. The three models share data and "
            "tokenizer, and the number and width of their blocks. Both noise types saw the same number of tokens "
            "within two in a hundred; the "
            "autoregressive model overfits first and was stopped at its best; it is too sure of itself all the same, "
            "as a temperature shows that suits the validation stories better. Its value is exact, those of diffusion "
            "are upper bounds. Under absorbing noise the model's own law is a mean over the orders in which tokens can "
            "be written; the usual bound loses what orders differ by, and several orders of a text win a part of it "
            "back ([science.md](science.md), section 6). Under uniform noise there are no orders: compare its bound "
            "with the usual one.",
            "likelihood",
            (*likelihoods(), Command(CALIBRATED, ("baseline", VALID, "--temperature", SUITING, "--model", GPT))),
        ),
        Section(
            "Quality against steps",
            "Generative perplexity is what the baseline makes of samples of 256 tokens, mean and one standard error "
            "over samples. It is worth nothing without the entropy of the samples beside it: repetition is cheap. What "
            "the baseline itself writes is more to its taste than real stories are; the dotted line is the baseline at "
            "the temperature that suits those best. The curves flatten where steps no longer matter: each sampler has "
            "a law of its own there; what is above that floor falls on a log-log line. The law depends on the order in "
            "which positions are filled, because the network knows some of the conditional laws that it is asked for "
            "better than others: `surest` begins with those that it is surest of, the other samplers of absorbing "
            "noise take a random order. Published curves may owe a part of their further fall to draws from 32-bit "
            "numbers, which lower the temperature as steps grow (Zheng et al., arXiv 2409.02908); draws here "
            "are made in 64 bits.",
            "budgets",
            budgets(),
            "quality-against-steps.png",
        ),
        Section(
            "What the window draws, and what budgets have in common",
            "The window's default fills the surest places first, each token from the likeliest nine tenths of its law; "
            "`first-hitting` fills one place at a time, in random order, with nothing cut off. Self-BLEU is how much "
            "the texts are made of each other's parts (1: all alike); texts of 128 tokens. The last two columns: how "
            "many tokens a text has in common with that of the next smaller budget, of the same seed, and with others "
            "of that budget. Runs of one seed draw by the same races, in which laws that are alike draw the same "
            "token; but once two texts differ their laws do, too, and most tokens then are different ones.",
            "ways",
            ways(),
        ),
        Section(
            "Infilling",
            "The middle half of blocks of the validation stories is written again. Diffusion sees both sides; the "
            "left-to-right model cannot see the right one.",
            "infilling",
            infillings(),
        ),
        Section(
            "Molecules",
            "Validity is RDKit's word; different and novel ones are told apart by canonical SMILES, novel means not in "
            "the data. The pattern @smiles closes branches and rings and gives no atom too many bonds; each token is "
            "drawn given that the rest can still follow.",
            "domain",
            (
                evaluated("held to @smiles", "molecules-absorb", QM9, 2000, "--steps", "24", *HELD),
                evaluated("as drawn", "molecules-absorb", QM9, 2000, "--steps", "24"),
            ),
        ),
        Section(
            "Molecules around a locked fragment",
            "Locked symbols are the same in every sample, at their places.",
            "fragments",
            (
                filled("an acetyl group at the start", "molecules-absorb", "CC(=O) [18]", 200, *HELD),
                filled("a ring of three in the middle", "molecules-absorb", "[6] C1CC1 [8]", 200, *HELD),
            ),
        ),
        Section(
            "Molecules, drawn",
            "Samples as they came.",
            "gallery",
            (drawn("from nothing", "molecules-absorb", 20),),
            "molecules.png",
        ),
        Section(
            "Digits",
            "A nearest-neighbour classifier trained on the data recognises a sample if its neighbours agree and are as "
            "near as real digits are to each other.",
            "domain",
            (evaluated("digits", "digits-absorb", "data/images/optdigits_all.csv", 500, "--steps", "64"),),
        ),
        Section(
            "Digits, drawn",
            "Samples as they came; below, the upper half is locked and the lower half filled in.",
            "gallery",
            (
                drawn("from nothing", "digits-absorb", 20),
                filled("upper half locked", "digits-absorb", ARC + "[32]", 20),
            ),
            "digits.png",
        ),
        Section(
            "DNA",
            "Promoters of 300 bases: composition by position, and the TATA motif, beside the data.",
            "domain",
            (evaluated("promoters", "promoters-absorb", "data/dna", 500, "--steps", "128"),),
            "promoters.png",
        ),
        Section(
            "Twenty samples, none left out",
            "Texts of 256 tokens from nothing, as they came. Each token is from the likeliest nine tenths of its law, "
            "as in the window unless one asks for something else.",
            "samples",
            (written("samples", *NUCLEUS),),
        ),
        Section(
            "Twenty infills, none left out",
            "Beginning, middle and end are locked, the rest is free; drawn in the same way.",
            "samples",
            (filled("infills", "stories-absorb", PROMPT, 20, *NUCLEUS),),
        ),
        Section(
            "Twenty samples with nothing cut off",
            "Each token is from the whole of its law; the perplexities above are of texts like these.",
            "samples",
            (written("samples"),),
        ),
    ),
)
