"""What is told of a loaded model."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.plain_text import plain_facts, plain_line
from engine.protocol.noises import NOISE_KINDS, Noise, NoiseKind

LONGEST = {"name": 80, "schedule": 40, "device": 12, "precision": 12}
"""Characters of what is shown in one line."""
BLOCKS = "trained on blocks of"
"""The fact of a model that has seen no shorter text than the longest that it takes."""

NOT_YET = "files:"
"""How `weights` begins while the hash is not known."""
BLOCKWISE = "blocks of"
"""How what a model writes begins, if it writes block by block."""
MOST_OF_A_CHAT = 4_000
"""Characters around a question."""


@dataclass(frozen=True, slots=True)
class Chat:
    """How a model that chats is asked: what stands `before` a question, and `after` it, before the answer, which ends
    with `end`. Special tokens stand there as they are written. One without a `name` is not known here.
    """

    name: str = ""
    before: str = ""
    after: str = ""
    end: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", plain_line(self.name, LONGEST["schedule"]))
        if len(self.before) + len(self.after) + len(self.end) > MOST_OF_A_CHAT:
            raise ValueError("too much stands around a question")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known about a loaded model.

    `vocabulary` counts clean tokens; `mask_id` is the token id of the mask, None where the noise has none. From left
    to right it stands for what is not written yet.
    `length` is the longest sequence in tokens. `facts` holds lines from the checkpoint, such as training steps;
    `weights` is the SHA-256 of the file of weights, in hexadecimal. `classes` of texts, numbered from 0, can be asked
    for. `chat` is how it is asked, if it brings a template for that. What is shown is plain, whatever a file said.
    """

    name: str
    path: str
    noise: Noise
    schedule: str
    length: int
    vocabulary: int
    mask_id: int | None
    parameters: int
    device: str
    precision: str
    facts: dict[str, str] = field(default_factory=dict)
    weights: str = ""
    classes: int = 0
    chat: Chat | None = None

    def __post_init__(self) -> None:
        for name, most in LONGEST.items():
            object.__setattr__(self, name, plain_line(getattr(self, name), most))
        object.__setattr__(self, "facts", plain_facts(self.facts))

    @property
    def kind(self) -> NoiseKind:
        """What follows from its noise."""
        return NOISE_KINDS[self.noise]

    @property
    def domain(self) -> str:
        """The kind of sequence that it writes: a name from `engine.language.domains`."""
        return self.facts.get("domain", "text")

    @property
    def identified(self) -> bool:
        """Whether the hash of the weights is known."""
        return not self.weights.startswith(NOT_YET)

    def same_weights(self, other: ModelInfo) -> bool:
        """Whether another has the same; as long as one hash of the two is not known it has if it lies at the same
        place, and while both are not if the files are the same."""
        told = self.identified != other.identified
        return self.weights == other.weights or (told and self.path == other.path)

    @property
    def blockwise(self) -> bool:
        """Whether it writes block by block, and sees nothing of what stands behind the block."""
        return self.facts.get("writes", "").startswith(f"{BLOCKWISE} ")

    def unfamiliar(self, tokens: int) -> str:
        """What to know of the bound on so many tokens, as a sentence; empty if the model may have seen such texts."""
        if tokens >= self.length or BLOCKS not in self.facts:
            return ""
        return (
            f"This model was trained on blocks of {self.length:,} tokens alone and has seen no text of {tokens:,}: "
            "the bound may be far too high."
        )
