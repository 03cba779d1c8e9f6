"""A tiny model in this project's layout and one in the published layout."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch

from engine.language.tokenizers import Tokenizer, train_tokenizer
from engine.models.own_layout import save
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig

GOLDEN = Path(__file__).parent.parent / "golden"
TOKENIZER: Tokenizer = train_tokenizer(iter(["one two three"] * 5), 262)
CONFIG = DiffusionConfig(
    NetworkConfig(states=263, length=16, hidden=16, blocks=1, heads=2, cond_dim=8, absolute_positions=True),
    parametrisation="posterior",
    time_free=True,
)


def saved_in(folder: Path) -> Path:
    """A network with random weights, in this project's layout."""
    torch.manual_seed(0)
    diffusion = Diffusion(CONFIG)
    for parameter in diffusion.network.parameters():
        torch.nn.init.normal_(parameter)
    save(folder / "model", diffusion, TOKENIZER, "# A card\n", {"training steps": "7"}, precision="fp32")
    return folder / "model"


def published_in(folder: Path) -> Path:
    """SEDD's layout, in a folder of its own that can be changed."""
    return Path(shutil.copytree(GOLDEN / "absorb-loglinear", folder / "published"))
