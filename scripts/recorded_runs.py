"""Runs of the bundled models as the window records them, without a window."""

from __future__ import annotations

import numpy as np

from engine.bundled_models import ASSETS
from engine.cli.generate import unfailing
from engine.language.prompts import parse_prompt
from engine.performing.engine import Engine
from engine.protocol import FREE, Finished, Frame, Generate, LoadModel, ModelLoaded, Review, Reviewed, Started, frozen
from engine.runs.trajectory import Origin, Trajectory


class Recording:
    """A bundled model that writes, and looks back."""

    def __init__(self, name: str) -> None:
        self.engine = Engine()
        (loaded,) = unfailing(self.engine, LoadModel(str(ASSETS / name)))
        assert isinstance(loaded, ModelLoaded)
        self.info, self.tokenizer = loaded.info, loaded.tokenizer

    def tokens(self, prompt: str | int) -> np.ndarray:
        """Those of a prompt, or so many free positions."""
        if isinstance(prompt, int):
            return frozen(np.full(prompt, FREE))
        return parse_prompt(prompt, self.tokenizer, self.info.length)

    def run(self, request: Generate) -> Trajectory:
        """The record of a run."""
        made: Trajectory | None = None
        for event in unfailing(self.engine, request):
            match event:
                case Started():
                    made = Trajectory(event, self.info.mask_id, Origin.of_now(request, self.info, self.tokenizer))
                case Frame():
                    assert made is not None
                    made.append(event)
                case Finished():
                    assert made is not None
                    made.result = event
        assert made is not None
        return made

    def look_back(self, request: Review) -> tuple[np.ndarray, np.ndarray, int]:
        """The log probabilities (L,) now and then, NaN where they were not asked, and the network calls."""
        now, then, calls = np.full(len(request.tokens), np.nan), np.full(len(request.tokens), np.nan), 0
        for event in unfailing(self.engine, request):
            if isinstance(event, Reviewed):
                now[event.positions], then[event.positions], calls = event.now, event.then, event.calls
        return now, then, calls
