"""The record of a run: every frame, as what changed, so that any step of it can be shown at any time.

Memory: three int64 numbers a change, and every `KEYFRAME` steps a full copy of the tokens and of when they settled,
int32 each. 1,024 steps of 4 samples of 256 tokens take about 0.3 MB under absorbing noise.
"""

from __future__ import annotations

import copy
from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, Finished, Frame, Generate, ModelInfo, Started, frozen
from engine.protocol.options import USUAL
from engine.stopping import look

KEYFRAME = 32
BYTES_OF_FRAME, BYTES_OF_CHANGE = 700, 24
"""Of a frame that changes nothing, and of what it changes."""

TOLD = ("tokens", "start", "sampler", "steps", "seed", "samples", "first_sample", "first_step")
MORE = tuple(name for name in USUAL if name not in TOLD)
"""Entries of a request that always tell a run from others, and those that do where they are unusual."""

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]


Change = tuple[Ints, Ints, Ints]
"""Entry k sets tokens[sample[k], position[k]] = token[k]: sample, position, token."""


@dataclass(frozen=True)
class Moment:
    """Where the chain stood after a step: time t, total noise sigma, network calls and seconds so far."""

    time: float
    sigma: float
    calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Progress:
    """How far a run is: `calls` of the network and `seconds` so far.

    `seconds_left` is None where that is not known, or nothing more is to come.
    """

    step: int = 0
    steps: int = 0
    calls: int = 0
    seconds: float = 0.0
    seconds_left: float | None = None

    @property
    def share(self) -> float:
        """Of the steps, 0 to 1."""
        return self.step / self.steps if self.steps else 0.0


@dataclass(frozen=True, eq=False)
class Origin:
    """What it takes to make a run again: the request, the model, its tokenizer; and when it was made, ISO 8601.

    `kept` are the positions (L,) bool that the user had locked, where the request gives others, too: it draws some
    tokens of a text again.
    """

    request: Generate
    info: ModelInfo
    tokenizer: Tokenizer
    made: str
    kept: np.ndarray | None = None

    @staticmethod
    def of_now(request: Generate, info: ModelInfo, tokenizer: Tokenizer, locked: np.ndarray | None = None) -> Origin:
        """That of a run which begins now, of a text in which these positions (L,) bool are locked."""
        more = locked is not None and not np.array_equal(locked, request.tokens != FREE)
        return Origin(
            request, info, tokenizer, datetime.now(UTC).isoformat(timespec="milliseconds"), locked if more else None
        )

    @property
    def locked(self) -> np.ndarray:
        """The positions (L,) bool that the user had locked."""
        return self.request.tokens != FREE if self.kept is None else self.kept

    @property
    def key(self) -> str:
        """Tells the run from others wherever it is kept: the same for as long as it is the same run.

        What is asked for in the usual way is not told, so that runs which were kept before there was a choice keep
        theirs.
        """
        asked, start = self.request, self.request.start
        told = (self.made, self.info.name, asked.sampler, asked.steps, asked.seed, asked.samples, asked.first_step)
        tokens = [array.astype(np.int64).tobytes() for array in (asked.tokens, start) if array is not None]
        more = [(name, _alike(value)) for name in MORE if (value := getattr(asked, name)) != USUAL[name]]
        return blake2b(repr((told, asked.first_sample, *tokens, *more)).encode(), digest_size=16).hexdigest()


def _alike(value: Any) -> Any:
    """Entries of a request, with numbers that are equal written in one way."""
    if isinstance(value, tuple):
        return tuple(map(_alike, value))
    return value if isinstance(value, str) else float(value)


@dataclass(frozen=True)
class Came:
    """What a run came from: the `key` of another, the step there, and what was changed: "2 locks added", or nothing."""

    key: str
    step: int
    change: str

    @property
    def way(self) -> str:
        """In one phrase: "from step 40, 2 locks added"."""
        return f"from step {self.step}{', ' if self.change else ''}{self.change}"


class Trajectory:
    """An append-only record. `steps` frames are expected; `recorded` have come. Tokens are (B, L).

    It `hides` what is not drawn yet by the `mask`; without one that shows noise. It is `under_way` while the engine
    adds to it, or is `held`; `came` says from which run it comes; `result` is there once it has come to its end.
    """

    def __init__(self, started: Started, mask: int | None, origin: Origin | None = None) -> None:
        self.started = started
        self.locked = started.locked
        self.steps = started.steps
        self.mask, self.hides = mask, mask is not None
        self.origin = origin
        self.result: Finished | None = None
        self.came: Came | None = None
        self.under_way = self.held = False
        self.moments = [Moment(1.0, started.sigma)]
        self.changes: list[Change] = []
        self._changed = 0
        self._tokens: Small = started.tokens.astype(np.int32)
        self._settled: Small = np.full(self._tokens.shape, -1, np.int32)
        self._keyframes: list[tuple[Small, Small]] = [(self._tokens.copy(), self._settled.copy())]

    @property
    def recorded(self) -> int:
        return len(self.changes)

    @property
    def samples(self) -> int:
        return int(self._tokens.shape[0])

    @property
    def length(self) -> int:
        return int(self._tokens.shape[1])

    @property
    def free(self) -> int:
        """Number of positions that the run fills."""
        return int((~self.locked).sum())

    @property
    def bytes(self) -> int:
        """How much memory it takes, about."""
        copies = 2 * self._tokens.nbytes * (len(self._keyframes) + 1)
        return copies + BYTES_OF_FRAME * self.recorded + BYTES_OF_CHANGE * self._changed

    @property
    def progress(self) -> Progress:
        """How far it is; a branch counts what it added itself."""
        before = self.origin.request.first_step - 1 if self.origin is not None else 0
        done, last = self.recorded - before, self.moments[-1]
        if done <= 0:
            return Progress(self.recorded, self.steps)
        calls, seconds = (last.calls, last.seconds) if self.result is None else (self.result.calls, self.result.seconds)
        left = last.seconds / done * (self.steps - self.recorded) if self.under_way else None
        return Progress(self.recorded, self.steps, calls, seconds, left)

    @property
    def newest(self) -> Ints:
        """Tokens (B, L) after the newest step."""
        return self._tokens.astype(np.int64)

    def known(self, step: int | None = None) -> list[list[int]]:
        """What of each sample is not masked, in order: after a step, or after the newest."""
        rows = self.newest if step is None else [self.at(step, sample)[0] for sample in range(self.samples)]
        return [[token for token in row.tolist() if token not in (self.mask, FREE)] for row in rows]

    def append(self, frame: Frame) -> None:
        """Adds the next frame; a ValueError if it is not the next."""
        if frame.step != self.recorded + 1:
            raise ValueError(f"frame {frame.step} does not follow step {self.recorded}")
        change: Change = (frame.sample, frame.position, frame.token)
        _apply(self._tokens, self._settled, change, frame.step)
        self.changes.append(change)
        self._changed += len(frame.token)
        self.moments.append(Moment(frame.time, frame.sigma, frame.calls, frame.seconds))
        if frame.step % KEYFRAME == 0:
            self._keyframes.append((self._tokens.copy(), self._settled.copy()))

    def snapshot(self) -> Trajectory:
        """The record as it stands: a copy that does not grow, for another thread."""
        taken = copy.copy(self)
        taken.under_way = False
        taken.moments, taken.changes, taken._keyframes = self.moments[:], self.changes[:], self._keyframes[:]
        taken._tokens, taken._settled = self._tokens.copy(), self._settled.copy()
        return taken

    def only(self, sample: int) -> Trajectory:
        """One sample as a run of its own, which the same request for that sample alone makes again."""
        begun = frozen(self.started.tokens[sample : sample + 1])
        origin = self.origin
        if origin is not None:
            asked = origin.request
            start = None if asked.start is None else frozen(asked.start[sample : sample + 1])
            number = asked.first_sample + sample
            origin = replace(origin, request=replace(asked, samples=1, first_sample=number, start=start))
        made = Trajectory(replace(self.started, tokens=begun), self.mask, origin)
        for number, (samples, positions, tokens) in enumerate(self.changes, start=1):
            look()
            own, moment = samples == sample, self.moments[number]
            where = frozen(np.zeros(int(own.sum()))), frozen(positions[own]), frozen(tokens[own])
            made.append(Frame(0, number, moment.time, moment.sigma, *where, moment.calls, moment.seconds))
        if self.result is not None:
            weights = self.result.log_weights[sample : sample + 1]
            made.result = replace(self.result, evaluations=self.result.calls, log_weights=weights)
        return made

    def joined(self, other: Trajectory) -> Trajectory:
        """One record of these samples and of those of another run of the same request, which are the next ones."""
        assert self.result is not None
        assert other.result is not None
        begun, origin = frozen(np.concatenate([self.started.tokens, other.started.tokens])), self.origin
        if origin is not None:
            origin = replace(origin, request=replace(origin.request, samples=len(begun)))
        made = Trajectory(replace(self.started, tokens=begun), self.mask, origin)
        pairs = zip(self.changes, other.changes, self.moments[1:], other.moments[1:], strict=True)
        for number, (own, added, one, two) in enumerate(pairs, start=1):
            sample = frozen(np.concatenate([own[0], added[0] + self.samples]))
            position, token = (frozen(np.concatenate(both)) for both in zip(own[1:], added[1:], strict=True))
            calls, seconds = max(one.calls, two.calls), one.seconds + two.seconds
            made.append(Frame(0, number, one.time, one.sigma, sample, position, token, calls, seconds))
        one_end, two_end = self.result, other.result
        made.result = replace(
            one_end,
            calls=max(one_end.calls, two_end.calls),
            seconds=one_end.seconds + two_end.seconds,
            evaluations=one_end.evaluations + two_end.evaluations,
            log_weights=one_end.log_weights + two_end.log_weights,
        )
        return made

    def step_at(self, position: float) -> int:
        """The recorded step whose noise is nearest to that at a position from 0, all noise, to 1, none."""
        time = 1 - position
        after = bisect_left(self.moments, -time, key=lambda moment: -moment.time)
        if after == len(self.moments):
            return self.recorded
        nearer = after > 0 and self.moments[after - 1].time - time <= time - self.moments[after].time + 1e-9
        return after - nearer

    def at(self, step: int, sample: int) -> tuple[Ints, Ints]:
        """Tokens (L,) after `step`, and the step (L,) in which each last changed up to then, -1 for never."""
        step = min(max(step, 0), self.recorded)
        tokens, settled = (array[sample].astype(np.int64) for array in self._keyframes[step // KEYFRAME])
        for number in range(step - step % KEYFRAME, step):
            samples, positions, changed = self.changes[number]
            own = samples == sample
            tokens[positions[own]], settled[positions[own]] = changed[own], number + 1
        return tokens, settled

    def shown(self, tokens: Ints) -> Ints:
        """Tokens of this run with `FREE` for masks."""
        return np.where(tokens == self.mask, FREE, tokens)

    def unsettled(self, step: int, sample: int) -> npt.NDArray[np.bool_]:
        """Which free positions (L,) do not stand yet, after `step`, as they do at the end of what is recorded.

        Where the noise has no mask, one that has not changed at all still shows noise until the last step has come.
        """
        last, masked = self._settled[sample], self._tokens[sample] == self.mask
        waits = (last > step) | masked
        if not self.hides and self.recorded < self.steps:
            waits |= last < 0
        return np.asarray(waits & ~self.locked)

    def change_counts(self, step: int, sample: int) -> Ints:
        """How often each position (L,) of a sample has changed up to `step`."""
        own = [positions[samples == sample] for samples, positions, _ in self.changes[:step]]
        found = np.concatenate([np.empty(0, np.int64), *own])
        return np.bincount(found, minlength=self.length).astype(np.int64)

    def branch(self, step: int, sample: int, started: Started, origin: Origin | None = None) -> Trajectory:
        """A record that has been here up to `step`, in one `sample`, and goes on as `started` says.

        What `started` shows differently was edited at that step; the frames to come begin with `step` + 1.
        """
        now = started.tokens[0]
        before, _ = self.at(step, sample)
        edited = np.flatnonzero(before != now)
        begun = self.at(0, sample)[0]
        if step == 0:
            begun[edited] = now[edited]
        first = replace(started, tokens=frozen(begun[None]), sigma=self.moments[0].sigma, first_step=1)
        made = Trajectory(first, self.mask, origin)
        for number, (samples, positions, tokens) in enumerate(self.changes[:step], start=1):
            own = samples == sample
            position, token = positions[own], tokens[own]
            if number == step:
                position, token = np.append(position, edited), np.append(token, now[edited])
            moment = self.moments[number]
            where = frozen(np.zeros(len(position))), frozen(position), frozen(token)
            made.append(Frame(0, number, moment.time, moment.sigma, *where, moment.calls, moment.seconds))
        return made

    def curve(self, sample: int) -> Ints:
        """How many positions were settled at each recorded step; if nothing is hidden, how often tokens had changed."""
        return self.settled_curve(sample) if self.hides else self.changes_curve(sample)

    def changes_curve(self, sample: int) -> Ints:
        """How often tokens of a sample have changed up to each recorded step, (recorded + 1,)."""
        counts = [int((samples == sample).sum()) for samples, _, _ in self.changes]
        return np.cumsum([0, *counts]).astype(np.int64)

    def settled_curve(self, sample: int) -> Ints:
        """How many free positions are settled (see `unsettled`) after each recorded step, (recorded + 1,)."""
        settles = ~self.unsettled(self.recorded, sample) & ~self.locked
        since = np.maximum(self._settled[sample][settles], 0)  # what never changed stood where it was from the start
        return np.bincount(since, minlength=self.recorded + 1).cumsum().astype(np.int64)

    def changed_steps(self, sample: int) -> Ints:
        return np.array([k + 1 for k, change in enumerate(self.changes) if (change[0] == sample).any()], np.int64)


def _apply(tokens: Small, settled: Small, change: Change, step: int) -> None:
    sample, position, token = change
    tokens[sample, position] = token
    settled[sample, position] = step
