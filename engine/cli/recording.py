"""A run of the command line kept as a file, as the studio keeps its own."""

from __future__ import annotations

from pathlib import Path

from engine.files import check_place
from engine.protocol import Event, Finished, Frame, Generate, ModelLoaded, Started, UserError
from engine.runs.runfile import SUFFIX, save_run
from engine.runs.trajectory import Origin, Trajectory


class Recording:
    """Records a run of the model that is `loaded`, and writes it to `path` once it is over; a UserError, or an OSError,
    if that cannot be done, before there is any run."""

    def __init__(self, path: Path, loaded: ModelLoaded) -> None:
        if path.suffix.lower() != SUFFIX:
            raise UserError(f"A run is kept as {SUFFIX} and not as {path.name}; name it run{SUFFIX}.")
        check_place(path)
        self._path, self._loaded = path, loaded
        self._run: Trajectory | None = None

    def take(self, request: Generate, event: Event) -> None:
        """What has come of the request."""
        match event:
            case Started():
                origin = Origin.of_now(request, self._loaded.info, self._loaded.tokenizer)
                self._run = Trajectory(event, self._loaded.info.mask_id, origin)
            case Frame() if self._run is not None:
                self._run.append(event)
            case Finished() if self._run is not None:
                self._run.result = event
                save_run(self._path, self._run)
