"""What crosses the boundary between the window and the engine: requests go down, events come up. No torch.

Requests are frozen and hold everything that decides a run; every event carries the id of the run that it belongs to.
Arrays are read-only copies.
"""

from engine.protocol.errors import UserError, is_lack_of_memory
from engine.protocol.events import (
    Attributed,
    Bounded,
    Cancelled,
    Event,
    Failed,
    Finished,
    Frame,
    Guessed,
    Insight,
    Introduced,
    Judged,
    ModelLoaded,
    Started,
    Tightened,
    Weighed,
    ends,
)
from engine.protocol.model_info import ModelInfo, Noise
from engine.protocol.requests import Generate, Guess, Inspect, Judge, Limit, LoadModel, Question, Request, Score, Weigh
from engine.protocol.tokens import FREE, Tokens, frozen

__all__ = [
    "FREE",
    "Attributed",
    "Bounded",
    "Cancelled",
    "Event",
    "Failed",
    "Finished",
    "Frame",
    "Generate",
    "Guess",
    "Guessed",
    "Insight",
    "Inspect",
    "Introduced",
    "Judge",
    "Judged",
    "Limit",
    "LoadModel",
    "ModelInfo",
    "ModelLoaded",
    "Noise",
    "Question",
    "Request",
    "Score",
    "Started",
    "Tightened",
    "Tokens",
    "UserError",
    "Weigh",
    "Weighed",
    "ends",
    "frozen",
    "is_lack_of_memory",
]
