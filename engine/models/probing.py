"""Whether a model answers best as its files are read.

Where the mask is, and whether laws are found one position before, names do not always tell. A text of which every third
token is hidden does: a wrong reading costs several nats a token.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace

import torch

from engine.language.tokenizers import Tokenizer
from engine.models.loading import Model
from engine.models.stored import Stored
from engine.protocol import UserError
from engine.theory.diffusion import Diffusion, gather

ENGLISH = (
    "Once upon a time there was a little girl who lived with her mother near the forest. One day she went out to play "
    "in the garden, and there she saw a small dog under a big tree. The dog was very sad because it could not find its "
    "home. The girl gave it some bread and they walked along the road together until they came to a house."
)
PASSAGES = (
    ENGLISH,
    "".join(sign for sign in ENGLISH.lower() if sign.isalpha() or sign == " "),
    "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG",
    "ACATTTGCTTCTGACACAACTGTGTTCACTAGCAACCTCAAACAGACACCATGGTGCATCTGACTCCTGAGGAGAAGTCTGCC",
    "CC(=O)NC1=CC=C(O)C=C1",
)
"""English, the same in small letters alone, a protein (ubiquitin), DNA (the beginning of a gene of haemoglobin), and a
molecule (paracetamol). A model is probed by the first that its tokenizer knows."""
TOKENS, EVERY, LEAST = 64, 3, 12
MARGIN = 0.5
"""Nats a token by which another reading must be better to be told."""


def readings(model: Model, stored: Stored) -> dict[str, float]:
    """Nats a hidden token by each reading, the one by which the model is used first; a UserError where there is none.

    Readings differ in the mask, that of the model or the last id of its files, and in the shift. Takes a network call
    each.
    """
    diffusion = model.diffusion
    refusal = "This model has no masks, so there is nothing to probe; go by its files."
    last, ids = diffusion.graph.need_mask(refusal), passage(model.tokenizer)[: min(TOKENS, model.info.length)]
    if len(ids) < LEAST:
        raise UserError(f"Texts of {model.info.length} tokens are too short for a probe; go by its files.")
    masks = {last: stored.mask}
    if stored.mask < last:  # what was the last row has its place now
        masks[stored.mask] = stored.config.network.states - 1
    shifted = diffusion.config.framing.shift
    return {
        f"mask {name:,}{', shifted by one' if shift else ''}": nats(diffusion, ids, mask, shift)
        for mask, name in masks.items()
        for shift in (shifted, not shifted)
    }


def passage(tokenizer: Tokenizer) -> list[int]:
    """The tokens of a text of the kind that a tokenizer is for; a UserError if it knows none of ours."""
    for text in PASSAGES:
        with suppress(UserError):
            return tokenizer.encode(text)
    raise UserError("There is no text for a probe in the symbols of this model; go by its files.")


@torch.no_grad()
def nats(diffusion: Diffusion, ids: list[int], mask: int, shift: bool) -> float:
    """-log p of the hidden tokens, their mean, by a reading."""
    framing = replace(diffusion.config.framing, shift=shift)
    read = Diffusion(replace(diffusion.config, framing=framing), diffusion.network, diffusion.graph)
    clean = torch.tensor([ids], device=diffusion.device)
    hidden = torch.arange(len(ids), device=diffusion.device)[None] % EVERY == 1
    sigma = torch.full((1,), -math.log1p(-1 / EVERY), device=diffusion.device)
    output = read.output(gather(read.features(clean.masked_fill(hidden, mask), sigma), hidden)).double()
    output[:, mask] = -math.inf
    return -float(output.log_softmax(-1).gather(-1, clean[hidden][:, None]).mean())


def better(found: dict[str, float]) -> str | None:
    """The reading that is clearly better than the first; None where that is the best."""
    used, best = next(iter(found)), min(found, key=lambda name: found[name])
    return best if found[used] - found[best] > MARGIN else None
