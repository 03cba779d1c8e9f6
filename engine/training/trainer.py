"""Training: a generator of events around one optimiser step.

What is learned, and how well, is the learner's business. Everything random in step n is drawn from streams keyed
by (seed, n), for the whole batch, of which each process takes its part: several processes have the loss curve of
one, but for rounding and for what dropout leaves out. The state on disk holds the weights, their average and the
optimiser: a run that was killed goes on from its last save with the loss curve of an unbroken one.
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from engine.files import replacing
from engine.likelihood.result import Bound
from engine.models.pickles import unpickle
from engine.protocol import UserError, is_lack_of_memory
from engine.training.datasets import Batches, blocks
from engine.training.learners import Learner
from engine.training.optimizers import build_optimizers, fall, learning_rate, take_moments
from engine.training.processes import Processes
from engine.training.settings import TrainingConfig

VALIDATION_BLOCKS = 64
VALIDATION_ROWS = 512
VALIDATION_SEED = 0
"""The same whatever the seed of a run, so that the bounds of runs can be compared."""
LARGEST_STATE, A_STEP = 2**22, 16
"""Bytes of what is no tensor in a training state, at most: names and numbers, and the loss of each step."""
LEAST_TRAINING = 10
"""Times as long as saving takes it is trained before the next save."""
COMPILERS = ("c++", "g++", "clang++", "cl")


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


@dataclass(frozen=True)
class Unsaved:
    """The state after `step` could not be written, for a `reason`; it is tried again."""

    step: int
    reason: str


Event = Trained | Validated | Saved | Unsaved


class Differs(Exception):
    """A state belongs to a run with other settings."""


class Average:
    """Exponential moving average of the weights, with a warm-up: decay min(ema, (1 + n) / (lag + n)) after n steps.

    While it warms up, step k counts about as k^(lag - 2) does: 10 looks back over a tenth of the steps; 2 takes all
    alike, 3 later ones more, which suits a low and constant learning rate (Izmailov et al., arXiv 1803.05407).
    """

    def __init__(self, network: nn.Module, decay: float, lag: int = 10) -> None:
        self.decay, self.lag = decay, lag
        self.updates = 0
        self.weights = [p.detach().clone() for p in network.parameters()]

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (self.lag + self.updates))
        torch._foreach_lerp_(self.weights, list(network.parameters()), 1 - decay)

    @torch.no_grad()
    def swap(self, network: nn.Module) -> None:
        """Exchanges the network's weights and the averaged ones."""
        for average, parameter in zip(self.weights, network.parameters(), strict=True):
            kept = parameter.detach().clone()
            parameter.copy_(average)
            average.copy_(kept)


class Trainer:
    """A learner in training. `run` yields events; `save` and `resume` keep the state in one file.

    `train` and `valid` are streams (n,) of tokens, cut into blocks, or rows (n, L), each a sequence of its own.
    """

    def __init__(
        self,
        learner: Learner,
        config: TrainingConfig,
        train: np.ndarray,
        valid: np.ndarray,
        processes: Processes | None = None,
    ) -> None:
        self.processes = processes or Processes()
        if config.batch % self.processes.count:
            raise UserError(
                f"{self.processes.count} processes cannot share a batch of {config.batch} alike; "
                f"choose a batch that is a multiple of {self.processes.count}."
            )
        learner.network.requires_grad_(True)
        self.device = next(learner.network.parameters()).device
        if config.compile:
            compile_layers(learner.layers, self.device)
        self.learner = learner
        self.config = config
        self.batches = Batches(train, learner.length, config.batch, config.seed)
        rows = valid.ndim == 2
        held_out = valid[:VALIDATION_ROWS].astype(np.int64) if rows else blocks(valid, learner.length)
        self.valid = list(held_out if rows else held_out[:VALIDATION_BLOCKS])
        self.average = Average(learner.network, config.ema, config.lag)
        self.optimizers = build_optimizers(learner.network, config)
        self.step = 0
        self.seconds = 0.0
        self.losses: list[float] = []

    def run(self, path: Path) -> Iterator[Event]:
        """Trains to the last step, saving to `path` on the way and at the end; a UserError if the end is not saved.

        Also before it validates, which may take long. Where saving takes long it is done less often than asked.
        """
        started = saved = time.monotonic()
        before, pause = self.seconds, self.config.save_every
        while self.step < self.config.steps:
            loss = self._step()
            self.seconds = before + time.monotonic() - started
            tokens = self.step * self.config.batch * self.learner.length
            yield Trained(self.step, self.config.steps, loss, tokens, self.seconds)
            last = self.step == self.config.steps
            if not self.processes.speaks:
                continue
            validates = bool(self.valid) and (last or self.step % self.config.validate_every == 0)
            if saves := last or validates or time.monotonic() - saved > pause:
                begun = time.monotonic()
                told = self._saved(path, last)
                saved = time.monotonic()
                if pause:  # 0 is after every step
                    pause = max(self.config.save_every, LEAST_TRAINING * (saved - begun))
            if validates:
                yield Validated(self.step, self.validate())
            if saves:
                yield told

    def _step(self) -> float:
        config, network = self.config, self.learner.network
        generator = np.random.Generator(np.random.Philox(key=[config.seed, 2**32 + self.step]))
        torch.manual_seed(int(generator.integers(2**62)))  # dropout
        clean = self._cut(self.batches[self.step], generator)
        network.train()
        self.learner.reach(self.step, fall(self.step, config) < 1)
        with self._autocast(), fastest_attention(self.device):
            loss = self.learner.loss(self.processes.part(self.learner.draw(clean, generator)))
        loss.backward()  # type: ignore[no-untyped-call]
        loss = self.processes.average(network, loss.detach())
        nn.utils.clip_grad_norm_(network.parameters(), config.clip)
        factor = learning_rate(self.step, config)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["base"] * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.average.update(network)
        self.step += 1
        self.losses.append(float(loss))
        return self.losses[-1]

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    def _cut(self, batch: np.ndarray, generator: np.random.Generator) -> Tensor:
        """The batch, or the same tokens as twice or four times as many shorter sequences."""
        pieces = int(generator.choice([2, 4])) if generator.random() < self.config.short else 1
        if batch.shape[1] % pieces == 0:
            batch = batch.reshape(batch.shape[0] * pieces, -1)
        return torch.from_numpy(batch).to(self.device)

    def validate(self) -> Bound:
        """The bound on the validation blocks with the averaged weights; the same draws every time and in every run."""
        network = self.learner.network
        network.eval()
        self.average.swap(network)
        try:
            with self._autocast(), torch.compiler.set_stance("force_eager"):  # to compile for its shapes takes longer
                return self.learner.validate(self.valid, VALIDATION_SEED)
        finally:
            self.average.swap(network)

    def _saved(self, path: Path, last: bool) -> Event:
        """Saves; a disk that is full for a while ends no training, but the `last` save must come."""
        try:
            self.save(path)
        except UserError as error:
            if last:
                raise
            return Unsaved(self.step, str(error))
        return Saved(self.step, path)

    def save(self, path: Path) -> None:
        """Writes the whole state to `path`, or leaves what was there as it was."""
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "losses": self.losses,
            "network": self.learner.network.state_dict(),
            "average": self.average.weights,
            "updates": self.average.updates,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "config": json.dumps(comparable(self.config)),
        }
        try:
            with replacing(path) as file:
                torch.save(state, file)
        except (OSError, RuntimeError) as error:  # torch has its own for a disk that is full
            if is_lack_of_memory(error):
                raise
            reason = getattr(error, "strerror", None) or "the disk may be full"
            raise UserError(
                f"The training state cannot be written to {path}: {reason}; free some room, then give the same command."
            ) from error

    def resume(self, path: Path) -> None:
        """Goes on from the state at `path`; a UserError if it cannot be read, is damaged, or belongs to another
        run."""
        try:
            state: dict[str, Any] = unpickle(path, LARGEST_STATE + A_STEP * self.config.steps)
            if state["config"] != json.dumps(comparable(self.config)):
                raise Differs
            self.learner.network.load_state_dict(state["network"])
            for average, found in zip(self.average.weights, state["average"], strict=True):
                average.copy_(found)
            self.average.updates = int(state["updates"])
            for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
                take_moments(optimizer, saved)
            self.step, self.seconds = int(state["step"]), float(state["seconds"])
            self.losses = [float(loss) for loss in state["losses"]]
            if not 0 <= self.step == self.average.updates == len(self.losses) <= self.config.steps:
                raise ValueError("it is of no step of this run")
            if not 0 <= self.seconds < math.inf:
                raise ValueError("it took no time that can be")
        except Differs:
            raise UserError(f"{path} was trained with other settings; use the same ones, or another folder.") from None
        except Exception as error:  # whatever a damaged file provokes
            if is_lack_of_memory(error):
                raise
            if isinstance(error.__cause__, PermissionError):
                raise
            raise UserError(f"The training state {path} is damaged; delete it to start again.") from error


@contextmanager
def fastest_attention(device: torch.device) -> Iterator[None]:
    """On a CPU the plain product of matrices trains twice as fast as the fused kernel at these lengths."""
    if device.type != "cpu":
        yield
        return
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)  # a global switch; it acts on CPUs too
    with sdpa_kernel([SDPBackend.MATH]):
        yield


def compile_layers(layers: Sequence[nn.Module], device: torch.device) -> None:
    """Compiles each layer in place; a UserError where there is no compiler for the CPU."""
    if device.type == "cpu" and not any(map(shutil.which, COMPILERS)):
        raise UserError("Compiling needs a C++ compiler, and none was found; install one, or leave out --compile.")
    for layer in layers:
        # On a GPU each of the three shapes of a batch has kernels of its own; kernels for any shape would be slower.
        layer.compile(dynamic=False if device.type == "cuda" else None)


def comparable(config: TrainingConfig) -> dict[str, Any]:
    """The settings that a resumed run must share: not how often it saves, nor whether it is compiled."""
    return {name: value for name, value in asdict(config).items() if name not in ("save_every", "compile")}
