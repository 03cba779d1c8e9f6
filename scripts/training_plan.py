"""What docs/training.md measures: short runs that differ from one base in one thing each."""

from __future__ import annotations

from scripts.measured import Command, Page, Section

TRIAL = "runs/trial"
"""Stands for a folder of the trial's own."""
STORIES = ("data/text/tinystories_train.txt",)
VALID = ("--valid", "data/text/tinystories_valid.txt")
OTHERS = ("data/text/storybooks_ccby.txt", "data/text/fairytaleqa.txt")
SMALL_MOLECULES = ("--hidden", "128", "--blocks", "4", "--heads", "4", "--batch", "128", "--steps", "300")
SMALL_STORIES = ("--vocabulary", "2048", "--batch", "16", "--steps", "600")
UNIFORM = ("--noise", "uniform", "--locks", "0")
MIDDLE = ("--hidden", "192", "--blocks", "4", "--heads", "3")


def molecules(label: str, *options: str) -> Command:
    """A run on QM9: 1.3 M parameters, 0.9 M tokens."""
    return trial(
        label, ("data/molecules/qm9.smi", "--domain", "molecules", *SMALL_MOLECULES, "--decay", "0.3"), options
    )


def stories(label: str, *options: str, files: tuple[str, ...] = STORIES, size: tuple[str, ...] = MIDDLE) -> Command:
    """A run on stories: some 3 M parameters, 2.5 M tokens, one pass."""
    return trial(label, (*files, *VALID, *SMALL_STORIES, *size), options)


def trial(label: str, base: tuple[str, ...], options: tuple[str, ...]) -> Command:
    """A row: an option that stands in the base already is replaced."""
    arguments = list(base)
    for name, value in zip(options[::2], options[1::2], strict=True):
        if name in arguments:
            arguments[arguments.index(name) + 1] = value
        else:
            arguments += [name, value]
    return Command(label, ("train", *arguments, "--out", TRIAL))


TRAINING = Page(
    "training.md",
    "# Training\n\n"
    "Written by `make results DATA=folder PAGE=training` from what the commands on this page printed; `data/` stands "
    "for that folder. Each row is one run with one seed and differs from the first row of its table in what its name "
    "says. They are short: what learns fast at first, such as small batches, looks better than it is in the end. "
    "Bounds are on held-out data with averaged weights; ± is one standard error over texts. The runs of a table "
    "share texts and draws of the bound, so differences between them are surer than ± says; still, read only the large "
    "ones.\n\n"
    "## What the bundled models use, and why\n\n"
    "- **Absorbing noise**: the network gives the posterior of each masked token and is not told the noise level. Its "
    "score entropy is then a weighted cross entropy, and samplers need no network to know when a token appears.\n"
    "- **Uniform noise**: the network gives the leave-one-out posterior, told log sigma. In a tenth of the sequences a "
    "random part is held clean and marked as given, so that infilling is exact for the network.\n"
    "- **Absolute positions** for molecules, digits and DNA, whose sequences are whole records: rotary positions tell "
    "distances alone, and a record that is masked throughout read the same everywhere. Molecules then ended too often "
    "after two or three symbols. Stories are cut anywhere and go without.\n"
    "- **Cross entropy of posteriors**, which under absorbing noise is score entropy with another weight, and under "
    "uniform noise has the optimum of score entropy. There score entropy learns faster at first, as the second table "
    "shows; in long runs its gradients vary too much.\n"
    "- **Flat weighting** of noise levels, one time in each of B strata of a batch. Under uniform noise the weighting "
    "of the bound takes its place once the learning rate falls.\n"
    "- **Muon** for the matrices of the blocks, AdamW for the rest, one learning rate for both: 100 steps of warm-up, "
    "a plateau, then a straight line down. Averaged weights with a decay of 0.999 and a warm-up.\n"
    "- **bf16 autocast** with the loss in float32; one batch in ten, three for the smaller models, is cut into halves "
    "or quarters, so that short texts are known too.\n"
    "- **Dropout and weight decay for the stories**: 2.5 M tokens are few for 9 M parameters. With dropout of 0.1, "
    "later 0.15, diffusion learned from every pass over them that there was time for (the cards count them); the "
    "autoregressive model, with 0.2, was at its best much sooner and was stopped there. Its validation loss with 0.3 "
    "was higher throughout.\n"
    "- **A second rise of the learning rate**: where the first run ended, at a low rate, more steps at low rates "
    "taught diffusion little about other stories and much about those that it was shown. Up again to two thirds of the "
    "first rate, held there for a quarter of the steps and taken down to nothing, the bounds of both noise types fell "
    "far below where they had been.\n"
    "- **A finish without dropout**: steps at a low, constant learning rate, averaged over all of them (Izmailov et "
    "al., arXiv 1803.05407), lowered the validation loss of all three at once, that of the autoregressive model for 75 "
    "steps. With dropout such steps, tried under absorbing noise, made the network too sure of itself and raised the "
    "bound.\n"
    "- **All of validation, not a part**: the 64 blocks that training looks at can promise more than all 420 keep; "
    "what was kept of these models was chosen by all.\n"
    "- **A GPU**: batches of 128 blocks on one H100 or H200, both noise types and the baseline at the same time, "
    "because a small network leaves most of such a device idle while the next kernels are called.\n\n"
    "`make train MODEL=name DATA=folder` makes a bundled model again; its card has the hashes of its data, its seed "
    "and its wall time. `python benchmarks/training.py` prints how fast a machine trains "
    "([figures](../benchmarks/README.md)).\n",
    (
        Section(
            "Objective, weighting, times and optimiser",
            "Molecules (QM9) under absorbing noise, 1.3 M parameters, 0.9 M tokens. `log_score` is the published form: "
            "the network gives log scores, scaled by sigma, and is told the time.",
            "trials",
            (
                molecules("posterior, flat weighting, one time a stratum, Muon"),
                molecules("weighting of the bound", "--weighting", "bound"),
                molecules("independent times", "--times", "iid"),
                molecules("AdamW alone", "--optimizer", "adamw"),
                molecules("published form: denoising score entropy of log scores", "--parametrisation", "log_score"),
                molecules("implicit score entropy by one target", "--objective", "ise"),
                molecules("half the learning rate", "--learning-rate", "0.001"),
                molecules("twice the learning rate", "--learning-rate", "0.004"),
            ),
        ),
        Section(
            "Uniform noise",
            "The same under uniform noise. Marks of given tokens cost a little of the bound without any, and make "
            "infilling exact.",
            "trials",
            (
                molecules("leave-one-out posterior, cross entropy, flat weighting", *UNIFORM),
                molecules("weighting of the bound", *UNIFORM, "--weighting", "bound"),
                molecules("denoising score entropy", *UNIFORM, "--objective", "dse"),
                molecules("published form: log scores", "--noise", "uniform", "--parametrisation", "log_score"),
                molecules("a quarter with given tokens", "--noise", "uniform", "--locks", "0.25"),
            ),
        ),
        Section(
            "Stories: tokenizer, shape, batch, regularisation, data",
            "Stories under absorbing noise, 2.5 M tokens, one pass. Other tokenizers cut the text into other tokens: "
            "compare those in bits a byte.",
            "trials",
            (
                stories("vocabulary 2,048; 4 blocks of width 192; batch 16"),
                stories("vocabulary 1,024", "--vocabulary", "1024"),
                stories("vocabulary 4,096", "--vocabulary", "4096"),
                stories("8 blocks of width 128", size=("--hidden", "128", "--blocks", "8", "--heads", "2")),
                stories("2 blocks of width 256", size=("--hidden", "256", "--blocks", "2", "--heads", "4")),
                stories("batch 8, twice the steps", "--batch", "8", "--steps", "1200"),
                stories("dropout 0.1", "--dropout", "0.1"),
                stories("weight decay 0.1", "--weight-decay", "0.1"),
                stories("storybooks and fairy tales among the stories", files=(*OTHERS, *STORIES)),
            ),
        ),
    ),
)
