"""A session with a scripted chain instead of an engine: the widget tests and the screenshots are made with it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from engine.language.domains import DOMAINS
from engine.language.prompts import format_prompt
from engine.language.tokenizers import Tokenizer, train_tokenizer
from engine.protocol import (
    FREE,
    Event,
    Finished,
    Frame,
    Generate,
    ModelInfo,
    ModelLoaded,
    Noise,
    Request,
    Started,
    Tokens,
    frozen,
)
from engine.training.datasets import fill_rows
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.session.vocabulary import Vocabulary

STORY = (
    "Once upon a time, there was a little fox named Ember. She lived at the edge of a deep green forest with her "
    "mother and an old owl. Every night she climbed the tall grey hill behind the house to look at the stars.\n"
    "One evening, the smallest star fell into the river. Ember ran as fast as she could to find the water. "
    '"I will carry you home," she said softly, because the water was cold and the little star was shivering. '
    "She held it in her paws until it was warm again. And the sky was never dark again."
)
HELD = (
    "Once upon a time, there was a little fox named Ember.",
    " the smallest star fell into the river.",
    " And the sky was never dark again.",
)
VOCABULARY = 520
ENDS = {
    "molecules": "CC(=O)OC1CC1C#N",
    "digits": "005dd50001ga2f6004f00c8004c008800580098004b01c7002e5cc00006ga000",
    "promoters": "ACGTTGCA" * 27 + "AATATAAAGG" + "GCGC" * 18 + "AG",
}
"""What scripted runs of other domains end with."""


class SilentRunner(Runner):
    """Takes requests and answers nothing; the scene plays the engine's part."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.asked: list[Request] = []
        self.cancelled = 0

    def submit(self, request: Request) -> int:
        self.requests.append(request)
        return len(self.requests)

    def ask(self, request: Request) -> int:
        self.asked.append(request)
        return -len(self.asked)

    def drop(self, question: int) -> None:
        """There is nothing to drop."""

    def cancel(self) -> None:
        self.cancelled += 1

    def take(self) -> list[Event]:
        return []

    def close(self) -> None:
        """There is no thread to end."""


@cache
def tokenizer() -> Tokenizer:
    """A small byte-level tokenizer; some words of the story are several tokens."""
    return train_tokenizer(iter([STORY] * 4), VOCABULARY)


def words_of(scene: Scene) -> Vocabulary:
    """The words that parts of a window speak in."""
    return Vocabulary(scene.session.models, scene.settings)


class Scene:
    """A session on a story of which some passages are locked, and a run that is played as far as one likes."""

    def __init__(self, folder: Path, noise: Noise = "absorb", repeat: int = 1, domain: str = "text") -> None:
        self.runner = SilentRunner()
        self.settings = settings = Settings(folder / "settings.json")
        settings.set("follow", True)
        self.session = Session(self.runner, Reader(), settings)
        text = "\n".join([STORY] * repeat)
        self.tokenizer = tokenizer() if domain == "text" else DOMAINS[domain].tokenizer(iter(()), 0)
        self.final = np.array(tokenizer().encode(text), np.int64) if domain == "text" else self._row(domain)
        words = self.tokenizer.vocabulary
        mask = words if noise == "absorb" else None
        length = max(256, len(self.final)) if domain == "text" else len(self.final)
        name = f"{'stories' if domain == 'text' else domain}-{noise}"
        facts = {} if domain == "text" else {"domain": domain}
        sizes = (length, words, mask, 11_800_000)
        self.info = ModelInfo(name, str(folder), noise, "loglinear", *sizes, "cpu", "bf16", facts)
        self.session.errors.dismiss()
        self.load(self.info)
        if domain == "text":
            self.session.errors.dismiss()
            self.session.editor.set_prompt(format_prompt(np.where(self._held(text), self.final, FREE), tokenizer()))
        self._played = 0
        self._frames: list[Frame] = []

    def load(self, info: ModelInfo) -> None:
        """Open a model, and answer that it is there."""
        self.session.models.open(info.path)
        self.session.engine.deliver([ModelLoaded(self._id, info, self.tokenizer)])

    def _row(self, domain: str) -> Tokens:
        """The sequence that a run of this domain ends with."""
        (row,) = fill_rows([ENDS[domain]], self.tokenizer, DOMAINS[domain].length).astype(np.int64)
        return frozen(row)

    def _held(self, text: str) -> np.ndarray:
        """Which tokens lie in the passages to lock."""
        ends = np.cumsum([len(tokenizer().piece(token)) for token in self.final.tolist()])
        starts = np.concatenate([[0], ends[:-1]])
        held = np.zeros(len(ends), bool)
        for passage in HELD:
            first = text.index(passage)
            held |= (starts >= first) & (ends <= first + len(passage))
        return held

    def run(self, steps: int = 64, samples: int = 1) -> None:
        """Ask for a run as the Run button does, and answer that it has begun."""
        self.session.form.set(steps=steps, samples=samples)
        self.session.runs.start()
        self.start()

    def start(self) -> None:
        """Answer the newest request: the chain stands at full noise."""
        request = self.runner.requests[-1]
        assert isinstance(request, Generate)
        locked = request.tokens != FREE
        rng = np.random.default_rng(5)
        noise = self._noise(rng, request.samples, len(locked))
        tokens = np.where(locked, request.tokens, noise)
        self._frames = list(self._chain(request, locked, rng))
        self._played = 0
        self.session.engine.deliver([Started(self._id, frozen(tokens), locked, request.steps, 2.3)])
        self.session.clock.tick()

    def change_again(self, times: int) -> None:
        """Positions of the run that has begun change up to so many times more before they stay."""
        rng, frames = np.random.default_rng(11), []
        for frame in self._frames:
            early = rng.integers(0, times + 1, len(frame.position)) if frame.step > 1 else np.zeros(len(frame.position))
            for sample, position, more in zip(frame.sample, frame.position, early, strict=True):
                steps = set(rng.integers(1, frame.step, int(more)).tolist())
                frames += [(step, int(sample), int(position), int(rng.choice(self.final))) for step in steps]
        for number, frame in enumerate(self._frames):
            more = np.array([change[1:] for change in frames if change[0] == frame.step], np.int64).reshape(-1, 3)
            self._frames[number] = replace(
                frame,
                sample=frozen(np.append(frame.sample, more[:, 0])),
                position=frozen(np.append(frame.position, more[:, 1])),
                token=frozen(np.append(frame.token, more[:, 2])),
            )

    def play(self, step: int) -> None:
        """Let the engine come to `step`."""
        events: list[Event] = list(self._frames[self._played : step])
        self._played = step
        if step == len(self._frames):
            events.append(Finished(self._id, step, step * 0.035))
        self.session.engine.deliver(events)
        self.session.clock.tick()

    def answer_start(self, question: int, request: Generate) -> Event:
        """The first answer to a run that was asked for beside others."""
        locked = request.tokens != FREE
        noise = self._noise(np.random.default_rng(5), request.samples, len(locked))
        return Started(question, frozen(np.where(locked, request.tokens, noise)), locked, request.steps, 2.3)

    def answer_frames(self, question: int, request: Generate, part: float) -> list[Event]:
        """The answers after it, up to a part of the steps; with all of them the end, too."""
        frames = self._chain(request, request.tokens != FREE, np.random.default_rng(request.steps))
        made: list[Event] = [replace(frame, run_id=question) for frame in frames[: round(part * request.steps)]]
        if part == 1:
            made.append(Finished(question, request.steps, request.steps * 0.035))
        return made

    @property
    def _id(self) -> int:
        return len(self.runner.requests)

    def _noise(self, rng: np.random.Generator, samples: int, length: int) -> Tokens:
        if self.info.mask_id is not None:
            return np.full((samples, length), self.info.mask_id)
        return rng.choice(self.final, (samples, length))

    def _chain(self, request: Generate, locked: np.ndarray, rng: np.random.Generator) -> list[Frame]:
        when = rng.integers(1, request.steps + 1, (request.samples, len(locked)))
        frames = []
        for step in range(1, request.steps + 1):
            sample, position = np.nonzero((when == step) & ~locked)
            time = 1 - step / request.steps
            token = self.final[position % len(self.final)]
            where = (frozen(sample), frozen(position), frozen(token))
            frames.append(Frame(self._id, step, time, 2.3 * time, *where, step, step * 0.035))
        return frames
