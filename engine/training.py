"""Training: a generator of events around one optimiser step.

The loss is denoising score entropy, weighted over time. Everything random in step n is drawn from streams keyed
by (seed, n), and the state on disk holds the weights, their average and the optimiser: a run that was killed goes
on from its last save with the loss curve of an unbroken one.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from engine.datasets import Batches, blocks
from engine.diffusion import Diffusion
from engine.likelihood import Bound, bound
from engine.messages import UserError
from engine.objectives import implicit_by_one_target

VALIDATION_BLOCKS = 64
SMALLEST_TIME = 1e-4
HIDDEN = ("blocks.", "transformer.h.")
"""Where the matrices between embedding and head stand, in score networks and in GPT-2 models."""


@dataclass(frozen=True)
class TrainingConfig:
    """What decides a run beside the model and the data.

    `weighting` "bound" is the rate sigma'(t) of the likelihood bound; "flat" multiplies it by the noised fraction,
    which has a much lower variance and the same optimum. `objective` "dse" is denoising score entropy; "ise", implicit
    score entropy by one target, is for absorbing noise and for comparison. `times` are drawn one in each of B equal
    strata ("systematic"), or independently ("iid"). `locks` is the share of sequences in which some tokens are held
    clean and marked as given, for a network that marks locks. `optimizer` "muon" takes Muon for the hidden matrices
    and AdamW for the rest. `short` is the share of batches cut into halves or quarters, so that short texts are
    known too. The learning rate rises over `warmup` steps, holds, and falls in a straight line to 0 over the last
    `decay` share of the steps.
    """

    steps: int = 10_000
    batch: int = 32
    learning_rate: float = 2e-3
    warmup: int = 100
    decay: float = 0.5
    weight_decay: float = 0.01
    clip: float = 1.0
    ema: float = 0.999
    weighting: Literal["bound", "flat"] = "flat"
    objective: Literal["dse", "ise"] = "dse"
    times: Literal["systematic", "iid"] = "systematic"
    locks: float = 0.5
    optimizer: Literal["adamw", "muon"] = "muon"
    short: float = 0.3
    seed: int = 0
    precision: Literal["fp32", "bf16"] = "bf16"
    save_seconds: float = 60.0
    validate_every: int = 500


@dataclass(frozen=True)
class Trained:
    """Step `step` of `steps` is done: its `loss` (nats per token, weighted), `tokens` seen so far, `seconds` spent."""

    step: int
    steps: int
    loss: float
    tokens: int
    seconds: float


@dataclass(frozen=True)
class Validated:
    """The bound on validation blocks after `step`, with averaged weights."""

    step: int
    bound: Bound


@dataclass(frozen=True)
class Saved:
    """The state after `step` is on disk."""

    step: int
    path: Path


Event = Trained | Validated | Saved


class Average:
    """Exponential moving average of the weights, with a warm-up: decay min(ema, (1 + n) / (10 + n))."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.weights = [p.detach().clone() for p in network.parameters()]

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self.weights, list(network.parameters()), 1 - decay)

    @torch.no_grad()
    def swap(self, network: nn.Module) -> None:
        """Exchanges the network's weights and the averaged ones."""
        for average, parameter in zip(self.weights, network.parameters(), strict=True):
            kept = parameter.detach().clone()
            parameter.copy_(average)
            average.copy_(kept)


class Trainer:
    """A model in training. `run` yields events; `save` and `resume` keep the state in one file."""

    def __init__(self, diffusion: Diffusion, config: TrainingConfig, train: np.ndarray, valid: np.ndarray) -> None:
        diffusion.network.requires_grad_(True)
        self.diffusion = diffusion
        self.config = config
        self.batches = Batches(train, diffusion.config.network.length, config.batch, config.seed)
        self.valid = list(blocks(valid, diffusion.config.network.length)[:VALIDATION_BLOCKS])
        self.average = Average(diffusion.network, config.ema)
        self.optimizers = build_optimizers(diffusion.network, config)
        self.step = 0
        self.seconds = 0.0
        self.losses: list[float] = []

    def run(self, path: Path) -> Iterator[Event]:
        """Trains to the last step, saving to `path` on the way and at the end."""
        saved = started = time.monotonic()
        before = self.seconds
        while self.step < self.config.steps:
            loss = self._step()
            self.seconds = before + time.monotonic() - started
            tokens = self.step * self.config.batch * self.diffusion.config.network.length
            yield Trained(self.step, self.config.steps, loss, tokens, self.seconds)
            last = self.step == self.config.steps
            if self.valid and (last or self.step % self.config.validate_every == 0):
                yield Validated(self.step, self.validate())
            if last or time.monotonic() - saved > self.config.save_seconds:
                self.save(path)
                saved = time.monotonic()
                yield Saved(self.step, path)

    def _step(self) -> float:
        config, network = self.config, self.diffusion.network
        generator = np.random.Generator(np.random.Philox(key=[config.seed, 2**32 + self.step]))
        torch.manual_seed(int(generator.integers(2**62)))  # dropout
        clean = self._cut(self.batches[self.step], generator)
        network.train()
        with self._autocast(), fastest_attention(network.device):
            loss = self._loss(clean, generator)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), config.clip)
        factor = learning_rate(self.step, config)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["base"] * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.average.update(network)
        self.step += 1
        self.losses.append(float(loss.detach()))
        return self.losses[-1]

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.diffusion.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    def _cut(self, batch: np.ndarray, generator: np.random.Generator) -> Tensor:
        """The batch, or the same tokens as twice or four times as many shorter sequences."""
        pieces = int(generator.choice([2, 4])) if generator.random() < self.config.short else 1
        if batch.shape[1] % pieces == 0:
            batch = batch.reshape(batch.shape[0] * pieces, -1)
        return torch.from_numpy(batch).to(self.diffusion.device)

    def _loss(self, clean: Tensor, generator: np.random.Generator) -> Tensor:
        """The weighted objective, nats per token."""
        device, diffusion = clean.device, self.diffusion
        t = torch.from_numpy(draw_times(len(clean), self.config.times, generator)).to(device)
        flip, target = (torch.from_numpy(generator.random(clean.shape, np.float32)).to(device) for _ in range(2))
        noise = diffusion.schedule(t)
        x = diffusion.perturb(clean, t, flip, target)
        weight = noise.rate
        if self.config.weighting == "flat":
            weight = weight * -torch.expm1(-noise.total)
        if self.config.objective == "ise":
            choice = torch.from_numpy(generator.random(clean.shape, np.float32)).to(device)
            return (weight * implicit_by_one_target(diffusion, x, noise.total, choice)).sum() / clean.numel()
        locked = None
        if diffusion.marks_locks:
            locked = torch.from_numpy(draw_locks(clean.shape, self.config.locks, generator)).to(device)
            x = torch.where(locked, clean, x)
        return (weight * diffusion.score_entropy(x, noise.total, clean, locked).sum(-1)).sum() / clean.numel()

    def validate(self) -> Bound:
        """The bound on the validation blocks with the averaged weights; the same draws every time."""
        network = self.diffusion.network
        network.eval()
        self.average.swap(network)
        try:
            with self._autocast():
                *_, last = bound(self.diffusion, self.valid, draws=4, seed=self.config.seed)
        finally:
            self.average.swap(network)
        return last

    def save(self, path: Path) -> None:
        """Writes the whole state to `path`, or leaves what was there as it was."""
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "losses": self.losses,
            "network": self.diffusion.network.state_dict(),
            "average": self.average.weights,
            "updates": self.average.updates,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "config": json.dumps(comparable(self.config)),
        }
        temporary = path.with_name(path.name + ".part")
        try:
            with temporary.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            raise UserError(f"The training state cannot be written to {path}: {error.strerror}.") from error

    def resume(self, path: Path) -> None:
        """Goes on from the state at `path`; a UserError if it is damaged or belongs to another run."""
        try:
            state: dict[str, Any] = torch.load(path, map_location=self.diffusion.device, weights_only=True)
        except Exception as error:  # whatever a damaged file provokes
            raise UserError(f"The training state {path} is damaged; delete it to start again.") from error
        if state["config"] != json.dumps(comparable(self.config)):
            raise UserError(f"{path} was trained with other settings; use the same ones, or another folder.")
        self.diffusion.network.load_state_dict(state["network"])
        self.average.weights = state["average"]
        self.average.updates = state["updates"]
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step, self.seconds, self.losses = state["step"], state["seconds"], state["losses"]


def draw_times(count: int, times: Literal["systematic", "iid"], generator: np.random.Generator) -> np.ndarray:
    """Times (B,) float32, uniform in (0, 1): each alone is, but systematic ones lie one in each of B strata."""
    strata = (generator.random() + np.arange(count) / count) % 1
    drawn = generator.random(count) if times == "iid" else strata
    return drawn.astype(np.float32).clip(min=SMALLEST_TIME)


def draw_locks(shape: tuple[int, ...], share: float, generator: np.random.Generator) -> np.ndarray:
    """Which tokens are given (B, L): in a `share` of sequences a random part, one half of them scattered, the other a
    beginning and an end around a gap, as prompts are."""
    count, length = shape
    chosen = generator.random(count) < share
    part = generator.random((count, 1))
    scattered = generator.random(shape) < part
    gap_start = generator.random((count, 1)) * part
    place = (np.arange(length) + 0.5) / length
    around = (place < gap_start) | (place > gap_start + 1 - part)
    kind = np.where(generator.random((count, 1)) < 0.5, scattered, around)
    locked: np.ndarray = kind & chosen[:, None]
    return locked


@contextmanager
def fastest_attention(device: torch.device) -> Iterator[None]:
    """On a CPU the plain product of matrices trains twice as fast as the fused kernel at these lengths."""
    if device.type != "cpu":
        yield
        return
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)  # a global switch; it acts on CPUs too
    with sdpa_kernel([SDPBackend.MATH]):
        yield


def comparable(config: TrainingConfig) -> dict[str, Any]:
    """The settings that a resumed run must share: not how often it saves."""
    return asdict(replace(config, save_seconds=0.0))


def learning_rate(step: int, config: TrainingConfig) -> float:
    """The share of the full learning rate at a step: a linear rise, a plateau, and a linear fall to 0."""
    rise = (step + 1) / max(1, config.warmup)
    fall = (config.steps - step) / max(1.0, config.decay * config.steps)
    return min(1.0, rise, fall)


def build_optimizers(network: nn.Module, config: TrainingConfig) -> list[torch.optim.Optimizer]:
    """AdamW for everything, or Muon for the blocks' matrices and AdamW for the rest."""
    hidden = [
        p
        for name, p in network.named_parameters()
        if config.optimizer == "muon" and p.ndim == 2 and name.startswith(HIDDEN) and "adaLN" not in name
    ]
    chosen = {id(p) for p in hidden}
    rest = [p for p in network.parameters() if id(p) not in chosen]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(rest, lr=config.learning_rate, betas=(0.9, 0.98), weight_decay=config.weight_decay)
    ]
    if hidden:
        optimizers.append(
            torch.optim.Muon(
                hidden,
                lr=config.learning_rate,
                momentum=0.95,
                weight_decay=config.weight_decay,
                adjust_lr_fn="match_rms_adamw",
            )
        )
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["base"] = config.learning_rate
    return optimizers
