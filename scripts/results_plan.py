"""What docs/results.md measures: one row a section, each with its commands."""

from __future__ import annotations

from scripts.measured import Command, Page, Section

TEST = "data/text/tinystories_test.txt"
"""Stories that no model learned from and none was chosen by."""
QM9 = "data/molecules/qm9.smi"
GPT = "assets/stories-gpt"
JUDGE = "runs/judge"
"""SmolLM2-135M-Instruct, made ready by `sedd judge`."""
JUDGED = ("--judge", JUDGE)
NOT_ANNEALED = "stories-gpt, not annealed"
CUT = "stories-gpt, top-p 0.9"
SUITING = "1.14"
"""About the temperature at which the baseline gives the validation stories the highest probability."""
CALIBRATED = f"stories-gpt, temperature {SUITING}"
NOISES = ("absorb", "uniform")
SAMPLES = "128"
"""Samples of what claims are made of; others are fewer."""
FEWER = "32"
EVERY_BUDGET = "4,8,16,32,64,128,256"  # as many steps as tokens: more change nothing where the order is chosen
SOME_BUDGETS = "4,16,64,256"
FEW_BUDGETS = "4,16,64"
NUCLEUS = ("--top-p", "0.9")
"""Each token from the likeliest nine tenths of its law: what the window does unless one asks for something else."""
LOOKS = "second-look"
BUDGETS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("absorb, surest", "surest", EVERY_BUDGET, SAMPLES, ("--reference", TEST)),
    ("absorb, second look", LOOKS, "32,64,128", SAMPLES, ()),  # with fewer steps it is `surest`
    ("absorb, surest, top-p 0.9", "surest", "64", SAMPLES, NUCLEUS),
    ("absorb, second look, top-p 0.9", LOOKS, "64", SAMPLES, NUCLEUS),
    ("absorb, subset", "subset", SOME_BUDGETS, "16", ()),
    ("absorb, tweedie", "tweedie", SOME_BUDGETS, "16", ()),
    ("absorb, trapezoidal", "trapezoidal", FEW_BUDGETS, "16", ()),
    ("absorb, first-hitting", "first-hitting", "256", "16", ()),  # one token a call, whatever the budget
    ("uniform, tweedie", "tweedie", EVERY_BUDGET, "16", ()),
    ("uniform, trapezoidal", "trapezoidal", FEW_BUDGETS, "16", ()),
    ("uniform, euler", "euler", FEW_BUDGETS, "16", ()),
)
"""Name, sampler, steps, samples and further options of each row, the default sampler of a noise type first."""
PROMPT = "Once upon a time [24] the dragon [40] The end."
SCORED = {"absorb": ("--orders", "8", "--max-calls", "42700"), "uniform": ()}
"""How the stories are scored; under absorbing noise in several orders, too, as many blocks as take half an hour."""
ONE_THREAD = ("--threads", "1")
"""Given wherever seconds are reported, so that they mean the same in all rows."""
HELD = ("--pattern", "@smiles")
"""Molecules with their branches and rings closed and no atom with too many bonds."""
ARC = "004cgb3003gb8g5007g10d9005g21f80"
"""The upper half of a round digit, drawn for this page: it can become a 0, 2, 3, 8 or 9."""


def story_model(noise: str) -> str:
    """The folder of a story model."""
    return f"assets/stories-{noise}"


def likelihoods() -> tuple[Command, ...]:
    """The exact value of the baseline, then the bound of each noise type."""
    bounds = [
        Command(f"stories-{noise}", ("score", TEST, *SCORED[noise], "--model", story_model(noise))) for noise in NOISES
    ]
    return Command("stories-gpt", ("baseline", TEST, "--model", GPT)), *bounds


def left_to_right(label: str, *how: str) -> Command:
    """Samples of the baseline, drawn as the options `how` say."""
    return Command(label, ("baseline", "--samples", SAMPLES, *JUDGED, *how, *ONE_THREAD, "--model", GPT))


def budgets() -> tuple[Command, ...]:
    """Samples of the baseline, plain and from the nucleus, then each sampler at its budgets."""
    rows = []
    for label, sampler, steps, samples, how in BUDGETS:
        asked = ("--steps", steps, "--samples", samples, "--sampler", sampler, *how, *ONE_THREAD)
        rows.append(Command(label, ("compare", *JUDGED, *asked, "--model", story_model(label.partition(",")[0]))))
    return left_to_right(NOT_ANNEALED), left_to_right(CUT, *NUCLEUS), *rows


def by_itself() -> tuple[Command, ...]:
    """Some of the same samples of the baseline and of a second look, and the stories, judged by the baseline itself."""
    compared = ("compare", "--judge", GPT, "--steps", "64", "--samples", FEWER, "--sampler", LOOKS)
    return (
        Command("stories-gpt, by itself", ("baseline", "--samples", FEWER, *ONE_THREAD, "--model", GPT)),
        Command(
            "absorb, second look, by stories-gpt",
            (*compared, "--reference", TEST, *ONE_THREAD, "--model", story_model("absorb")),
        ),
    )


def ways() -> tuple[Command, ...]:
    """Shorter samples: as the window draws them, in random order with nothing cut off, and ways between the two."""
    drawn = (*JUDGED, "--length", "128", "--samples", "12", *ONE_THREAD)
    rows: dict[str, tuple[str, ...]] = {
        "surest, top-p 0.9: the window's": ("absorb", "surest", "64", *NUCLEUS, "--reference", TEST),
        "second look, top-p 0.9": ("absorb", LOOKS, "64", *NUCLEUS),
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
    """The middles of test stories, written again by each noise type; those of absorbing noise are looked at again."""
    looks = {"absorb": ("--sampler", LOOKS), "uniform": ()}

    def row(label: str, noise: str, *how: str) -> Command:
        asked = ("infilling", TEST, *JUDGED, "--samples", FEWER, *looks[noise], *how)
        return Command(label, (*asked, "--model", story_model(noise)))

    return *(row(f"stories-{noise}", noise) for noise in NOISES), row("top-p 0.9", "absorb", *NUCLEUS)


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
    asked = ("sample", "--samples", "20", "--steps", "64", "--sampler", LOOKS, *how)
    return Command(label, (*asked, "--model", story_model("absorb")))


RESULTS = Page(
    "results.md",
    "# Results\n\n"
    "Written by `make results DATA=folder` from what the commands on this page printed; `data/` stands for that "
    "folder, `runs/judge` for what `sedd judge --out runs/judge` makes. ± is one standard error. How the models were "
    "found and trained: [training.md](training.md).\n\n"
    "Models were chosen by the validation stories; everything here is of test stories, which no model saw and none was "
    "chosen by. The judge is SmolLM2-135M-Instruct (Allal et al., arXiv 2502.02737), which learned from other text.\n",
    (
        Section(
            "What was claimed, and what holds here",
            "The claims of the paper (Lou, Meng, Ermon, arXiv 2310.16834), made with some ten times the parameters and "
            "a thousand times the text, beside the figures of the sections below. As there, a larger model judges that "
            "none of them learned with. How samples change with steps is told of `surest`, the default; how good they "
            "are, and infills, of `second-look`, which mends what it has drawn. The paper's sampler is `tweedie`; its "
            "figures stand below. With nothing cut off, `second-look` alone comes as near as the baseline: by `surest` "
            "and by `tweedie` neither claim about samples holds.",
            "claims",
            (*likelihoods(), budgets()[0], *budgets()[2:4], *infillings()[:1]),
        ),
        Section(
            "Likelihood",
            "The test stories, joined and cut into blocks of 256 tokens. The three models share data and "
            "tokenizer, and the number and width of their blocks. The value of the autoregressive model is exact, "
            "those of diffusion are upper bounds. Under absorbing noise the model's own law is a mean over the orders "
            "in which tokens can be written; the usual bound loses what orders differ by, and several orders of a text "
            "win a part of it back ([science.md](science.md), section 6). Under uniform noise there are no orders: "
            "compare its bound with the usual one.",
            "likelihood",
            (*likelihoods(), Command(CALIBRATED, ("baseline", TEST, "--temperature", SUITING, "--model", GPT))),
        ),
        Section(
            "Quality against steps",
            "Generative perplexity is what the judge makes of samples of 256 tokens, mean and one standard error over "
            "samples, each token of the judge's. It is worth nothing without what stands beside it: repetition and "
            "sameness are cheap. Entropy is that of a sample's own tokens; self-BLEU is how much samples are made of "
            "each other's parts (1: all alike), and grows with their number: only rows with as many samples can be "
            "compared; distinct is the share of different ones among all pairs and fours of tokens. The curves flatten "
            "where steps no longer matter: each sampler has a law of its own there; what is above that floor falls on "
            "a log-log line. The law depends on the order in which positions are filled, because the network knows "
            "some of the conditional laws that it is asked for better than others: `surest` begins with those that it "
            "is surest of, the other samplers of absorbing noise take a random order. `second-look` fills as `surest` "
            "does, in half of the steps, and then draws anew what does not fit; in up to 16 steps it is `surest`. How "
            "it does so was chosen by this judge, among seven variants by 16 samples each at 64 calls (22.2 to 25.9, "
            "with errors of 1.2 to 1.9), of the seed that the samples here have, too. By another seed, which chose "
            "nothing, 128 samples have 24.3 ± 0.6 at 64 calls (entropy 4.459, self-BLEU 0.444) and 21.2 ± 0.6 at 128 "
            "(4.446, 0.467), and 128 of the baseline 25.6 ± 0.8 (4.491, 0.450); with top-p 0.9 a second look has "
            "16.4 ± 0.3 at 64. The rows of `second-look` here and the blind sheet were drawn before the draws of a "
            "look went by its step: of the same laws, by other numbers. Seconds "
            "were taken while the machine did other work at times: only large differences say something. "
            "Published curves may owe a part of their further fall to draws from 32-bit numbers, which lower the "
            "temperature as steps grow (Zheng et al., arXiv 2409.02908); draws here are made in 64 bits.",
            "budgets",
            budgets(),
            "quality-against-steps.png",
        ),
        Section(
            "The same, judged by the baseline itself",
            "Once, to show why it is no judge: it finds what it wrote itself better than real stories, and so nobody "
            "else can write to its taste.",
            "budgets",
            by_itself(),
        ),
        Section(
            "What the window draws, and what budgets have in common",
            "The window's default fills the surest places first, each token from the likeliest nine tenths of its law; "
            "`first-hitting` fills one place at a time, in random order, with nothing cut off. Texts of 128 tokens. "
            "The last two columns: how "
            "many tokens a text has in common with that of the next smaller budget, of the same seed, and with others "
            "of that budget. Runs of one seed draw by the same races, in which laws that are alike draw the same "
            "token; but once two texts differ their laws do, too, and most tokens then are different ones.",
            "ways",
            ways(),
        ),
        Section(
            "Infilling",
            "The middle half of blocks of the test stories is written again. Diffusion sees both sides; the "
            "left-to-right model, the baseline, cannot see the right one. The judge reads the wholes; what the right "
            "side costs it after all that stands before says how well the two fit.",
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
                evaluated("held to @smiles", "molecules-absorb", QM9, 200, "--steps", "24", *HELD),
                evaluated("as drawn", "molecules-absorb", QM9, 200, "--steps", "24"),
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
            (evaluated("promoters", "promoters-absorb", "data/dna", 60, "--steps", "128"),),
            "promoters.png",
        ),
        Section(
            "Twenty samples, none left out",
            "Texts of 256 tokens from nothing, as they came, in 64 steps with a second look. Each token is from the "
            "likeliest nine tenths of its law, as in the window unless one asks for something else.\n\n"
            "[A blind sheet](blind-sheet.md) has twenty stories and twenty infills like these beside as many that "
            "`surest` wrote in as many calls, in random order; [the key](blind-key.json) is apart. `python -m "
            "scripts.blind_sheet assets/stories-absorb assets/stories-absorb FOLDER --sampler second-look` makes one. "
            "Two language models read this without the key and chose the second look in 26 and in 27 of the 40 pairs, "
            "which lots do in 4 % and in 2 % of all cases: 15 and 14 of the 20 stories, 11 and 13 of the 20 infills. "
            "No person has marked it yet.",
            "samples",
            (written("samples", *NUCLEUS),),
        ),
        Section(
            "Twenty infills, none left out",
            "Beginning, middle and end are locked, the rest is free; drawn in the same way.",
            "samples",
            (filled("infills", "stories-absorb", PROMPT, 20, "--sampler", LOOKS, *NUCLEUS),),
        ),
        Section(
            "Twenty samples with nothing cut off",
            "Each token is from the whole of its law; the perplexities above are of texts like these.",
            "samples",
            (written("samples"),),
        ),
    ),
)
