"""Files that are opened and saved: whatever lies at a path goes where it belongs."""

from __future__ import annotations

from pathlib import Path

from engine.messages import UserError
from sedd_studio import runfile
from sedd_studio.session import Session

TEXTS = (".txt", ".md")


def open_path(session: Session, path: str | Path) -> None:
    """Opens a run file, a text as the prompt, or a model; what is wrong with it goes to the banner."""
    path = Path(path)
    if path.suffix == runfile.SUFFIX:
        open_run(session, path)
    elif path.suffix in TEXTS and path.is_file():
        open_prompt(session, path)
    else:
        session.open_model(path)


def open_run(session: Session, path: Path) -> None:
    """Shows a saved run."""
    try:
        run = runfile.open_run(path)
    except UserError as error:
        session.show_error(str(error))
        return
    session.show_run(run)


def open_prompt(session: Session, path: Path) -> None:
    """Makes the text of a file the prompt."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        session.show_error(f"{path} is not a text that can be read; choose a UTF-8 text file.")
        return
    session.set_prompt(text)


def save_run(session: Session, path: Path) -> bool:
    """Saves the run on show; False, with the reason in the banner, if that cannot be done."""
    run = session.document.trajectory
    if run is None:
        return False
    try:
        runfile.save_run(path.with_suffix(runfile.SUFFIX), run)
    except UserError as error:
        session.show_error(str(error))
        return False
    return True


def file_name(session: Session) -> str:
    """A name for the file of the run on show: model, steps and seed."""
    run = session.document.trajectory
    if run is None or run.origin is None:
        return f"run{runfile.SUFFIX}"
    return f"{run.origin.info.name}-{run.steps}-steps-seed-{run.origin.request.seed}{runfile.SUFFIX}"
