"""Models whose vocabulary was padded: the network knows more tokens than the tokenizer has, for round sizes.

Nothing is ever written with the tokens beyond, so they are cut off when the model is read. What is left is the model
with the law of each token restricted to those that the tokenizer has, and renormalised; it writes, guesses and
scores by these laws. A bound is that of the restricted model: it lacks what the padding took of each token's
probability, so on a text it is at most that of the model as it was stored.

- Absorbing noise: the law of a masked token given the others is a softmax; without some of the states it is the law
  restricted to the others. Scores of tokens that are left stay as they are.
- Uniform noise on N states, seen only where all tokens are among the first K, is uniform noise on K states: both keep
  the token that is there in preference to all others, which are alike. The levels differ, by what
  `Diffusion.features` tells the network; scores and leave-one-out posteriors of the tokens that are left are those of
  the N states, restricted.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from engine.theory.diffusion import Diffusion
from engine.theory.unfilled import unfilled


def trimmed(diffusion: Diffusion, vocabulary: int) -> tuple[Diffusion, torch.Tensor]:
    """The same model with the first `vocabulary` of its clean tokens, which takes no memory yet; and which of its
    states it keeps."""
    config, states = diffusion.config, range(diffusion.graph.states)
    kept = torch.tensor([*states[:vocabulary], *states[diffusion.vocabulary :]])
    network = replace(config.network, states=len(kept))
    padding = config.padding + diffusion.vocabulary - vocabulary
    framing = replace(config.framing, never=tuple(token for token in config.framing.never if token < vocabulary))
    with unfilled():
        return Diffusion(replace(config, network=network, padding=padding, framing=framing)), kept
