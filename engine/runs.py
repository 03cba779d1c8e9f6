"""The engine as the window and the command line see it: requests in, events out."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator

import numpy as np

from engine.checkpoints import Model, load
from engine.conditioning import Locks
from engine.messages import (
    Event,
    Failed,
    Finished,
    Frame,
    Generate,
    LoadModel,
    ModelLoaded,
    Request,
    Started,
    UserError,
    frozen,
)
from engine.randomness import Streams
from engine.samplers import sampler_named
from engine.samplers.chain import State, run_chain

FRAME_BYTES = 24
MEMORY_CAP = 2 * 2**30


class Engine:
    """Holds the loaded model and performs one request at a time."""

    def __init__(self, model: Model | None = None) -> None:
        self.model = model

    def perform(self, run_id: int, request: Request) -> Iterator[Event]:
        """The events of a request, ending with one of ModelLoaded, Finished or Failed; closing the iterator cancels.

        Nothing is raised: what goes wrong comes as `Failed`.
        """
        try:
            match request:
                case LoadModel():
                    model = load(request.path, request.device, request.precision)
                    loaded = ModelLoaded(run_id, model.info, model.tokenizer)
                    self.model = model
                    yield loaded
                case Generate():
                    yield from self._generate(run_id, request)
        except UserError as error:
            yield Failed(run_id, str(error))
        except MemoryError:
            yield Failed(run_id, "There is not enough memory for this run; choose fewer samples or a shorter text.")
        except Exception as error:  # the boundary: whatever it was, the window must go on
            yield Failed(run_id, f"The engine stopped with an unexpected error: {error}", traceback.format_exc())

    def _generate(self, run_id: int, request: Generate) -> Iterator[Event]:
        if self.model is None:
            raise UserError("No model is loaded yet; open one first.")
        diffusion = self.model.diffusion
        sampler = sampler_named(request.sampler)
        check(request)
        locks = Locks.of(request.tokens, diffusion.vocabulary, diffusion.config.network.length)
        streams = Streams(request.seed, request.samples, len(request.tokens), request.first_sample)
        started = time.perf_counter()
        chain = run_chain(diffusion, sampler, locks, streams, request.samples, request.steps)
        start = next(chain)
        tokens = frozen(start.tokens.cpu().numpy())
        yield Started(run_id, tokens, request.tokens >= 0, request.steps, start.sigma)
        calls = 0
        for state in chain:
            seconds = time.perf_counter() - started
            calls, now = state.calls, frozen(state.tokens.cpu().numpy())
            yield frame(run_id, state, tokens, now, seconds)
            tokens = now
        yield Finished(run_id, calls, time.perf_counter() - started)


def frame(run_id: int, state: State, before: np.ndarray, now: np.ndarray, seconds: float) -> Frame:
    """What changed between the token states `before` and `now` (B, L)."""
    sample, position = np.nonzero(before != now)
    return Frame(
        run_id=run_id,
        step=state.step,
        time=state.time,
        sigma=state.sigma,
        sample=frozen(sample),
        position=frozen(position),
        token=frozen(now[sample, position]),
        calls=state.calls,
        seconds=seconds,
    )


def check(request: Generate) -> None:
    """Refuses a request that makes no sense or would not fit into memory."""
    if request.steps < 1:
        raise UserError("A run needs at least 1 step; choose a larger number of steps.")
    if request.samples < 1:
        raise UserError("A run needs at least 1 sample; choose a larger number of samples.")
    if request.seed < 0:
        raise UserError("A seed is a whole number of at least 0; choose another seed.")
    # At worst every position of every sample changes in every step (uniform noise).
    needed = FRAME_BYTES * request.steps * request.samples * len(request.tokens)
    if needed > MEMORY_CAP:
        raise UserError(
            f"Recording this run could take {needed / 2**30:.1f} GiB, more than the {MEMORY_CAP / 2**30:.0f} GiB "
            "allowed; choose fewer steps or samples."
        )
