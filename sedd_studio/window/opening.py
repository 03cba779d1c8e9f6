"""Files that are opened and saved: whatever lies at a path goes where it belongs."""

from __future__ import annotations

import os
import re
from pathlib import Path

from PySide6.QtCore import Qt

from engine.bundled_models import bundled
from engine.catalogue.fetched import name_in
from engine.files import ends_in
from engine.language.documents import read_text
from engine.language.prompts import format_prompt, longest_prompt
from engine.protocol import UserError
from engine.runs import runfile
from engine.runs.carried import CARRIERS, read_run
from sedd_studio.record.document import Document
from sedd_studio.session.session import Session

TEXTS = (".txt", ".md")
RECORDS = (".fa", ".fasta", ".fna", ".smi", ".csv", ".tsv", ".json", ".jsonl", ".ndjson")
OF_A_MODEL = (
    *("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
    *("added_tokens.json", "vocab.json", "vocab.txt", "merges.txt"),
)
"""Names of files that lie beside the weights of a model."""
NO_NAME = re.compile(r'[\\/:*?"<>|\s]+')
"""What cannot be part of a file's name everywhere, or makes it a path."""
LARGEST = 2**26
"""Bytes of a file of which the prompt is taken."""


def open_path(session: Session, path: str | Path) -> None:
    """Opens a run, a text as the prompt, or a model, none of it in the window's thread; what is wrong with it goes to
    the banner."""
    path = Path(path)
    there, folder = os.path.isfile(path), os.path.isdir(path)  # noqa: PTH112, PTH113 - never raise
    if there:
        session.settings.remember_file(path)
    if ends_in(path, (runfile.SUFFIX, *CARRIERS)):
        open_run(session, path)
    elif ends_in(path, TEXTS + RECORDS) and not folder and not part_of_model(path):
        open_prompt(session, path)
    else:
        session.models.open(path)


def never_without(session: Session) -> None:
    """Opens the default model once what is being opened has ended and given none; what was wrong stays on show."""
    models, reader = session.models, session.reader

    def look() -> None:
        if models.info is None and (models.loading or reader.busy):
            return
        for told in (models.loading_changed, reader.changed):
            told.disconnect(look)
        if models.info is None:
            models.open()

    for told in (models.loading_changed, reader.changed):
        told.connect(look)
    look()


def named_on_hub(path: str) -> str:
    """What the hub may call a model that is not on this machine; "" where that is another thing, or is here."""
    here = os.path.lexists(path) or bundled(path) is not None
    file = ends_in(Path(path), (runfile.SUFFIX, *CARRIERS, *TEXTS, *RECORDS))
    return "" if here or file else name_in(path)


def part_of_model(path: Path) -> bool:
    """Whether a file is no text but lies in a folder of a model as part of it."""
    described = os.path.isfile(path.with_name("config.json"))  # noqa: PTH113 - never raises
    return described and (path.name in OF_A_MODEL or path.name.endswith(".index.json"))


def open_run(session: Session, path: Path) -> None:
    """Shows a saved run, or the one that a page, a picture or a film carries, once it is read."""
    session.reader.read(lambda: read_run(path), lambda run: session.show_run(run, file=path.name))


def open_prompt(session: Session, path: Path) -> None:
    """Makes the text of a file the prompt, once it is read and cut into tokens; of a file of records the first.

    Where there is no model yet, the default one is opened to run it.
    """
    models = session.models
    tokenizer, length, domain = models.tokenizer, models.length, models.domain
    if models.info is None and not models.loading:
        models.open()
    if tokenizer is None and ends_in(path, RECORDS):  # a file of which kind, the model says
        models.came.connect(lambda _: open_prompt(session, path), Qt.ConnectionType.SingleShotConnection)
        return

    def read() -> tuple[str, Document | None]:
        try:
            size = path.stat().st_size
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}); choose another file.") from None
        if size > LARGEST:
            raise UserError(f"{path.name} is larger than {LARGEST >> 20} MB; choose a shorter text.")
        if ends_in(path, TEXTS) or tokenizer is None:
            text = read_text(path).strip()
        else:
            record = next(domain.read(path), "")
            short = len(record) <= longest_prompt(tokenizer, length)
            text = format_prompt(tokenizer.encode(record), tokenizer) if short else record
        return text, None if tokenizer is None else Document.from_text(text, tokenizer, length)

    def take(found: tuple[str, Document | None]) -> None:
        text, document = found
        if document is None or session.models.tokenizer is not tokenizer or session.models.length != length:
            session.editor.set_prompt(text, path.name)  # another model has come meanwhile
        else:
            session.editor.set_document(document, path.name)

    session.reader.read(read, take)


def file_name(session: Session, suffix: str = runfile.SUFFIX) -> str:
    """A name for the file of the run on show: model, steps and seed."""
    run = session.view.run
    if run is None or run.origin is None:
        return f"run{suffix}"
    model = NO_NAME.sub("-", run.origin.info.name).lstrip("-. ")
    return f"{model}-{run.steps}-steps-seed-{run.origin.request.seed}{suffix}"
