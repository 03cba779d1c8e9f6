"""Models of the Hugging Face hub that open here and are worth a try, with what their cards and files say."""

from __future__ import annotations

from dataclasses import dataclass

from engine.catalogue import families
from engine.catalogue.families import Family
from engine.catalogue.glance import needed_by
from engine.estimates import Shape


@dataclass(frozen=True)
class Offer:
    """A model by its `name` on the hub, and what it is good for, in a sentence. `size` is that of its weights in bytes,
    0 where that is not known; `licence` is "" where that is not. It `answers` questions, or
    writes what its family does."""

    name: str
    family: Family
    good_for: str
    licence: str
    shape: Shape
    length: int = 1024
    size: int = 0
    block_size: int = 0
    answers: bool = False

    @property
    def writes(self) -> str:
        """One of `KINDS`."""
        return "questions" if self.answers else self.family.writes

    @property
    def needed(self) -> int:
        """Bytes of memory that opening it and a run of one text take."""
        return needed_by(self.shape, self.length)


SMALL = Shape(169_627_218, 768, 12, 12, 50_258)
"""SEDD's and that of all that were made to be compared with it."""
QWEN3 = Shape(595_777_536, 1024, 28, 16, 151_670)
APACHE, MIT = "Apache-2.0", "MIT"

OFFERS: tuple[Offer, ...] = (
    Offer("louaaron/sedd-small", families.SEDD, "Web text. What the authors of SEDD published.", MIT, SMALL),
    Offer(
        "kuleshov-group/mdlm-owt",
        families.MDLM,
        "Web text. The reference for masked diffusion.",
        APACHE,
        SMALL,
        size=679_000_000,
    ),
    Offer(
        "JingyangOu/radd-lambda-dce",
        families.RADD,
        "Web text. Masked diffusion whose network is told no noise level.",
        APACHE,
        Shape(162_360_405, 768, 12, 12, 50_258),
        size=649_000_000,
    ),
    Offer("s-sahoo/duo", families.DUO, "Web text under uniform noise: a word may change until the end.", APACHE, SMALL),
    Offer(
        "s-sahoo/duo-distilled",
        families.DUO,
        "Web text in 8 to 32 steps under uniform noise. Its likelihood bound says little.",
        APACHE,
        SMALL,
    ),
    Offer(
        "haoyangzheng/didi-instruct-small", families.HYDRA, "Web text in few steps, distilled from MDLM.", MIT, SMALL
    ),
    Offer(
        "kuleshov-group/bd3lm-owt-block_size4",
        families.BD3LM,
        "Web text, written block after block, four tokens at a time.",
        APACHE,
        SMALL,
        block_size=4,
    ),
    Offer(
        "dvruette/gidd-small-p_unif-0.2",
        families.GIDD,
        "Web text. Trained to mend its own slips: words that are there may change.",
        MIT,
        SMALL,
        length=512,
        size=679_000_000,
    ),
    Offer(
        "diffusionfamily/diffugpt-s",
        families.DIFFUGPT,
        "GPT-2, trained on so that it fills a text in any order.",
        APACHE,
        Shape(124_439_808, 768, 12, 12, 50_257),
        length=1023,
        size=249_000_000,
    ),
    Offer(
        "dllm-hub/ModernBERT-base-chat-v0.1",
        families.MODERNBERT,
        "Answers questions, and is small enough for a CPU.",
        APACHE,
        Shape(149_655_232, 768, 22, 12, 50_368),
        answers=True,
    ),
    Offer(
        "airkingbd/dplm_150m",
        families.DPLM,
        "Proteins: keep a motif and have the rest written around it.",
        APACHE,
        Shape(148_139_553, 640, 30, 20, 33),
        length=1022,
    ),
    Offer(
        "dllm-hub/Qwen3-0.6B-diffusion-mdlm-v0.1",
        families.A2D,
        "Qwen3, trained on so that it fills a text in any order.",
        APACHE,
        QWEN3,
    ),
    Offer(
        "dllm-hub/Qwen3-0.6B-diffusion-bd3lm-v0.1",
        families.A2D,
        "Qwen3, trained on so that it writes blocks of 32 tokens.",
        APACHE,
        QWEN3,
        block_size=32,
    ),
    Offer(
        "JetLM/SDAR-1.7B-Chat",
        families.A2D,
        "Chat, written in blocks of four tokens. The largest of these.",
        "",
        Shape(1_720_030_208, 2048, 28, 16, 151_670),
        size=4_060_000_000,
        block_size=4,
        answers=True,
    ),
)
