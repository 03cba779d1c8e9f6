"""Requests to small networks, and what came of them: the same request gives the same tokens in every version.

The weights are drawn by NumPy, whose uniform numbers are the same everywhere. `python -m tests.engine.kept_requests`
writes the record anew; it refuses a request whose tokens hang on the rounding of a processor.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.causal.causal_model import CausalModel, build_causal
from engine.language.domains import domain_named
from engine.language.tokenizers import Tokenizer, train_tokenizer
from engine.models.loading import Model
from engine.models.own_layout import save
from engine.performing.causal_performer import CausalPerformer
from engine.performing.diffusion_performer import DiffusionPerformer
from engine.performing.engine import Engine
from engine.performing.performer import Performer
from engine.protocol import FREE, Failed, Finished, Frame, Generate, ModelInfo, Noise, Started, frozen
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig

RECORD = Path(__file__).parents[1] / "data" / "tokens.json"
LENGTH = 24
ROUNDING = 2e-5
"""Far more than the share by which the products of two processors differ."""

WORDS = "once upon a time there was a red fox and a blue owl in the old forest"
TEXT = train_tokenizer(iter([WORDS] * 4), 300)
MOLECULES = domain_named("molecules").tokenizer(iter(()), 0)
LOCKED = frozen([*TEXT.encode("once upon"), *[FREE] * 7, *TEXT.encode(" fox"), *[FREE] * 4])
NOTHING_LOCKED = frozen([FREE] * 10)
LONG = frozen([*TEXT.encode("once"), *[FREE] * 18, *TEXT.encode(" fox")])
COLOURS = tuple(TEXT.encode(" red blue old"))
BEGUN = frozen(np.where(LOCKED != FREE, LOCKED, np.where(np.arange(len(LOCKED)) % 3 == 0, COLOURS[0], FREE))[None])
NOISY = frozen(np.arange(40, 50)[None])

Change = Callable[[torch.Tensor, np.random.Generator], torch.Tensor]

REQUESTS: dict[str, tuple[str, Generate]] = {
    "surest": ("absorb", Generate(LOCKED, 6, "surest", 1)),
    "subset, first sample, cosine": ("absorb", Generate(LOCKED, 6, "subset", 2, 2, 3, spacing="cosine")),
    "tweedie, sigma": ("absorb", Generate(LOCKED, 8, "tweedie", 3, 2, spacing="sigma")),
    "first hitting, temperature": ("absorb", Generate(NOTHING_LOCKED, 6, "first-hitting", 4, temperature=0.7)),
    "trapezoidal, theta": ("scores", Generate(LOCKED, 6, "trapezoidal", 5, options=(("theta", 0.3),))),
    "entropy bounded, soft limits": (
        "absorb",
        Generate(LOCKED, 8, "entropy-bounded", 30, options=(("gamma", 4.0),), limits=((4, 7, COLOURS),)),
    ),
    "confidence, banned words": ("absorb", Generate(LOCKED, 6, "confidence", 7, words=("a", "th"))),
    "subset, pattern": ("absorb", Generate(NOTHING_LOCKED, 6, "subset", 8, pattern="[a-z ]+")),
    "second look": ("absorb", Generate(LONG, 32, "second-look", 33, options=(("surprise", 0.2),))),
    "second look, pattern": ("absorb", Generate(LONG, 32, "second-look", 35, pattern="[a-z ]+", top_p=0.9)),
    "remask, top-p": ("absorb", Generate(LOCKED, 8, "remask", 9, options=(("rate", 8.0),), top_p=0.6)),
    "tau-leaping, given times": ("scores", Generate(LOCKED, 3, "tau-leaping", 10, spacing=(1.0, 0.6, 0.3, 0.0))),
    "gibbs, banned tokens": (
        "absorb",
        Generate(LOCKED, 4, "gibbs", 11, options=(("corrections", 2), ("sweeps", 1)), banned=COLOURS),
    ),
    "analytic": ("scores", Generate(LOCKED, 6, "analytic", 31)),
    "euler": ("scores", Generate(NOTHING_LOCKED, 6, "euler", 13)),
    "going on": ("absorb", Generate(LOCKED, 8, "tweedie", 14, start=BEGUN, first_step=4)),
    "molecules, @smiles": ("molecules", Generate(frozen([FREE] * 12), 6, "subset", 32, pattern="@smiles")),
    "uniform tweedie, gibbs locks": ("uniform", Generate(LOCKED, 4, "tweedie", 16, locking="gibbs")),
    "uniform trapezoidal": ("uniform", Generate(LOCKED, 6, "trapezoidal", 17, locking="clamp")),
    "uniform tau-leaping, temperature": ("uniform", Generate(NOTHING_LOCKED, 6, "tau-leaping", 18, temperature=0.8)),
    "uniformization": ("uniform", Generate(NOTHING_LOCKED[:5], 4, "uniformization", 19)),
    "uniform gibbs, top-p": ("uniform", Generate(NOTHING_LOCKED, 5, "gibbs", 20, top_p=0.8)),
    "uniform analytic": ("uniform", Generate(LOCKED, 6, "analytic", 21, locking="clamp")),
    "uniform euler": ("uniform", Generate(LOCKED, 6, "euler", 22, locking="clamp")),
    "uniform particles": ("uniform", Generate(LOCKED, 4, "tweedie", 23, locking="particles")),
    "uniform going on": ("uniform", Generate(NOTHING_LOCKED, 8, "tweedie", 24, start=NOISY, first_step=5)),
    "another model": ("absorb", Generate(LOCKED, 6, "tweedie", 25, model="uniform", locking="clamp")),
    "left to right": ("causal", Generate(LOCKED, 1, "auto", 26, 2, 1, top_p=0.8)),
    "left to right, limits": (
        "causal",
        Generate(LOCKED, 1, "auto", 27, temperature=0.8, limits=((4, 7, COLOURS),), banned=(5, 6)),
    ),
}


def same(weight: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Weights as they are."""
    return weight


def rounded(weight: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Weights that were rounded otherwise, but more."""
    return weight * (1 + ROUNDING * torch.from_numpy(rng.uniform(-1, 1, weight.shape)).float())


def models(folder: Path, change: Change = same) -> dict[str, Performer]:
    """The small models by name, each weight changed; the one of uniform noise also lies in `folder`."""
    found: dict[str, Performer] = {
        "absorb": _diffusion("absorb", TEXT, "posterior", change),
        "scores": _diffusion("absorb", TEXT, "log_score", change),
        "uniform": _diffusion("uniform", TEXT, "leave_one_out", change),
        "molecules": _diffusion("absorb", MOLECULES, "posterior", change),
        "causal": _causal(change),
    }
    other = found["uniform"]
    assert isinstance(other, DiffusionPerformer)
    save(folder / "uniform", other.model.diffusion, TEXT, "", precision="fp32")
    return found


def _diffusion(noise: Noise, tokenizer: Tokenizer, parametrisation: Any, change: Change) -> DiffusionPerformer:
    size, absorbing = tokenizer.vocabulary, noise == "absorb"
    network = NetworkConfig(size + absorbing, LENGTH, hidden=16, blocks=2, heads=2, cond_dim=8)
    normalised = parametrisation == "posterior"
    config = DiffusionConfig(
        network,
        noise,
        parametrisation=parametrisation,
        scale_by_sigma=absorbing and not normalised,
        time_free=normalised,
        log_sigma=not absorbing,
    )
    diffusion = Diffusion(config)
    _fill(diffusion.network, change)
    domain = {"domain": "molecules"} if tokenizer is MOLECULES else {}
    return DiffusionPerformer(Model(diffusion, _info(noise, tokenizer, diffusion.graph.mask, domain), tokenizer))


def _causal(change: Change) -> CausalPerformer:
    network = build_causal(TEXT, LENGTH, hidden=16, blocks=2, heads=2)
    _fill(network, change)
    return CausalPerformer(CausalModel("causal", network, None), _info("none", TEXT, TEXT.vocabulary), TEXT)


def _fill(network: torch.nn.Module, change: Change) -> None:
    drawn, rounding = np.random.default_rng(4), np.random.default_rng()
    for parameter in network.parameters():
        weight = torch.from_numpy(drawn.uniform(-0.7, 0.7, parameter.shape)).float()
        parameter.data = change(weight, rounding)
    network.eval()


def _info(noise: Noise, tokenizer: Tokenizer, mask: int | None, facts: dict[str, str] | None = None) -> ModelInfo:
    size = tokenizer.vocabulary
    return ModelInfo("tiny", "tiny", noise, "loglinear", LENGTH, size, mask, 1, "cpu", "fp32", facts or {})


def outcome(engine: Engine, request: Generate) -> dict[str, Any]:
    """The final tokens (B, L), the step in which each was last placed (0: never), and the network calls."""
    for event in engine.perform(1, request):
        match event:
            case Started():
                tokens, settled = np.array(event.tokens), np.zeros(event.tokens.shape, np.int64)
            case Frame():
                tokens[event.sample, event.position] = event.token
                settled[event.sample, event.position] = event.step
            case Finished():
                return {"tokens": tokens.tolist(), "settled": settled.tolist(), "calls": event.evaluations}
            case Failed():
                raise AssertionError(event.headline + event.detail)
    raise AssertionError("the run did not end")


def outcomes(folder: Path, change: Change = same) -> dict[str, dict[str, Any]]:
    """What comes of every request, by its name."""
    engines = {name: Engine(model) for name, model in models(folder, change).items()}
    return {
        name: outcome(engines[model], replace(request, model=request.model and str(folder / request.model)))
        for name, (model, request) in REQUESTS.items()
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = outcomes(Path(folder))
        for _ in range(3):
            moved = outcomes(Path(folder), rounded)
            if unsteady := [name for name in found if found[name] != moved[name]]:
                raise SystemExit(f"choose other seeds for {', '.join(unsteady)}")
    RECORD.parent.mkdir(exist_ok=True)
    lines = (f"{json.dumps(name)}: {json.dumps(kept)}" for name, kept in found.items())
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
