"""The engine as the window and the command line see it: requests in, events out."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.models.loading import checkpoint_folder
from engine.performing.doctor import examine
from engine.performing.evaluating import evaluate
from engine.performing.fitting import check_run, check_score
from engine.performing.judging import Judges
from engine.performing.kept import Kept, give_back
from engine.performing.mending import mend
from engine.performing.opening import open_folder
from engine.performing.performer import Performer
from engine.performing.teaching import teach
from engine.protocol import (
    Evaluate,
    Event,
    Failed,
    Generate,
    Guess,
    Identified,
    Identify,
    Influence,
    Inspect,
    Introduced,
    Judge,
    Lesson,
    LoadModel,
    Mend,
    ModelLoaded,
    Request,
    Review,
    Score,
    UserError,
    Weigh,
    is_lack_of_memory,
)
from engine.protocol.option_kinds import check_ranges
from engine.protocol.options import check_options, check_together


class Engine:
    """Holds the open model and performs one request at a time."""

    def __init__(self, performer: Performer | None = None) -> None:
        self.performer = performer
        self._others: Kept[Performer] = Kept(open_folder)
        self._judges = Judges()

    def perform(self, run_id: int, request: Request) -> Iterator[Event]:
        """The events of a request, ending with one that `protocol.ends` it; closing the iterator cancels.

        Nothing is raised: what goes wrong comes as `Failed`.
        """
        try:
            yield from self._answer(run_id, request)
        except UserError as error:
            yield Failed(run_id, str(error), found=found_out(request, str(error)))
        except (GeneratorExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # the boundary: whatever it was, a panic of a library too, the window must go on
            if is_lack_of_memory(error):
                yield Failed(run_id, lacking_for(request), found=found_out(request, lacking_for(request)))
                return
            yield Failed(run_id, f"The engine stopped with an unexpected error: {error}", traceback.format_exc())

    def _answer(self, run_id: int, request: Request) -> Iterator[Event]:
        match request:
            case LoadModel():
                place = request.device, request.precision, request.hashed
                performer = open_folder(checkpoint_folder(Path(request.path)), *place)
                loaded = ModelLoaded(run_id, performer.info, performer.tokenizer)
                self.performer = performer
                give_back()  # what the model before took
                return iter((loaded,))
            case Identify():
                return iter((Identified(run_id, self._open.identify()),))
            case Generate() if request.model:
                return self._generate_with_another(run_id, request)
            case Generate():
                performer = self._open
                check_options(request)
                check_together(request)
                check_run(request, performer)
                return performer.generate(run_id, request)
            case Inspect() | Guess() | Review() | Influence():
                check_ranges(request)
                return self._looked(run_id, request)
            case Score():
                check_ranges(request)
                check_score(request, self._open)
                return self._open.score(run_id, request)
            case Evaluate() | Mend():
                return self._with_any(run_id, request)
            case Lesson():
                return teach(run_id, request, self.performer)
            case Weigh() | Judge():
                return iter((self._judge(run_id, request),))

    @property
    def _open(self) -> Performer:
        if self.performer is None:
            raise UserError("No model is loaded yet; open one first.")
        return self.performer

    def _looked(self, run_id: int, request: Inspect | Guess | Review | Influence) -> Iterator[Event]:
        """What the open model makes of a text as it stands."""
        match request:
            case Inspect():
                return iter((self._open.inspect(run_id, request),))
            case Guess():
                return iter((self._open.guess(run_id, request),))
            case Review():
                return self._open.review(run_id, request)
            case Influence():
                return self._open.influence(run_id, request)

    def _judge(self, run_id: int, request: Weigh | Judge) -> Event:
        if isinstance(request, Weigh):
            return self._judges.weigh(run_id, request, self._open)
        return self._judges.judge(run_id, request, self.performer)

    def _with_any(self, run_id: int, request: Evaluate | Mend) -> Iterator[Event]:
        """By the open model, or by another, whatever its tokenizer; it is introduced first."""
        check_ranges(request)
        performer = self._another(request.model) if request.model else self._open
        yield Introduced(run_id, performer.info)
        match request:
            case Evaluate():
                yield from evaluate(run_id, request, performer, self._judges)
            case Mend():
                yield from mend(run_id, request, performer)

    def _another(self, path: str) -> Performer:
        """The model in a folder, on the device and in the precision of the open one, if one is; the last is kept."""
        here = self.performer
        if here is not None and path == here.info.path:
            return here
        place = ("auto", "auto") if here is None else (here.info.device, here.info.precision)
        return self._others.model(checkpoint_folder(Path(path)), *place)

    def _generate_with_another(self, run_id: int, request: Generate) -> Iterator[Event]:
        """By another model than the open one, with the same tokenizer; the last one is kept."""
        here = self._open
        other = self._another(request.model)
        if other.tokenizer.fingerprint != here.tokenizer.fingerprint:
            raise UserError(f"{other.info.name} has another tokenizer than {here.info.name}; choose another model.")
        check_options(request)
        check_together(request)
        check_run(request, other)
        yield Introduced(run_id, other.info)
        yield from other.generate(run_id, request)


def found_out(request: Request, refusal: str) -> str:
    """What to do about a model that was not opened, beside the refusal, and what is known of it, in lines; "" for other
    requests."""
    if not isinstance(request, LoadModel):
        return ""
    with suppress(Exception):  # whatever it was, the refusal is told
        found = examine(request.path, request.device, request.precision)
        advice = (problem for problem in found.problems if problem != refusal)
        return "\n".join([*advice, *(f"{name}: {fact}" for name, fact in found.told.items() if name != "path")])
    return ""


def lacking_for(request: Request) -> str:
    """The sentence for a request for which there is not enough memory."""
    match request:
        case LoadModel():
            return "There is not enough memory for this model; close other programs, or choose a smaller model."
        case Score() | Weigh() | Evaluate():
            return "There is not enough memory to score this text; shorten it, or close other programs."
        case Judge():
            return "There is not enough memory to judge these texts; choose fewer or shorter ones, or a smaller judge."
        case _:
            return "There is not enough memory for this run; choose fewer samples or a shorter text."
