"""The kinds of files that are opened: a good one of each, how it is damaged beyond its bytes, and what reads it.

To add a kind: a row in `KINDS`, with a function that makes good files and one that reads a file as the program does. A
reader raises UserError for what it refuses, and whatever else it raises is a fault.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.models.gguf import check_whole
from engine.protocol import UserError
from engine.runs.runfile import decode
from sedd_studio.record.history import History
from sedd_studio.record.settings import SETTINGS, Settings
from sedd_studio.session.recovery import read_left
from tests.engine.adapted import ADAPTED
from tests.hostile.checkpoints import in_run
from tests.hostile.containers import (
    in_header,
    in_index,
    in_pickle,
    in_records,
    in_tensors,
    in_weights,
    pickle_bombs,
    safetensors_bombs,
)
from tests.hostile.damage import Damage, bytewise, in_json
from tests.hostile.folders import (
    causal_bombs,
    config_bombs,
    in_yaml,
    opening,
    template_bombs,
    tokenizer_bombs,
    whole,
    yaml_bombs,
)
from tests.hostile.ggufs import gguf, gguf_models, in_gguf_header, open_gguf
from tests.hostile.runs import (
    DATA,
    LEFT_TO_RIGHT,
    RUN,
    RUN_DAMAGES,
    film,
    in_about,
    in_arrays,
    long_runs,
    look_at_run,
    picture,
    picture_bombs,
    run_bombs,
)
from tests.hostile.texts import (
    FILES,
    PATTERNS,
    PROMPTS,
    command_lines,
    in_options,
    pieced,
    read_pattern,
    read_prompt,
    read_records,
    read_words,
    refused_lines,
    run_line,
)
from tests.hostile.training import go_on, in_state, state
from tests.hostile.window import show_run

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Kind:
    """`good` makes whole files, which end in `suffix`, and `bombs` those that are small and ask for much; `read` opens
    one, `damages` are the ways in which one is damaged."""

    suffix: str
    good: Callable[[], list[bytes]]
    read: Callable[[Path], object]
    damages: tuple[Damage, ...] = (bytewise,)
    bombs: Callable[[], list[bytes]] = list


# ---- settings


def read_settings(path: Path) -> None:
    """Reads every setting, as the studio does at its start, and writes one."""
    settings = Settings(path)
    for name in SETTINGS:
        assert SETTINGS[name].accepts(settings[name])
    settings.set("zoom", 1.5)
    settings.remember_model("folder")


# ---- the history


@contextmanager
def opened(path: Path) -> Iterator[History]:
    """A history; what the keeper tells in a sentence is refused."""
    try:
        with closing(History(path)) as history:
            yield history
    except (OSError, sqlite3.Error) as error:
        raise UserError(str(error)) from error


def read_history(path: Path) -> None:
    """Lists, searches, opens, marks and removes runs, and looks for what a session left."""
    with opened(path) as history:
        entries = history.search()
        history.search("fox 1", favourites=True)
        for entry in entries:
            try:
                decode(history.content(entry.id))
            except UserError:
                continue
            history.add(decode(history.content(entry.id)))
        for entry in entries:
            history.set_favourite(entry.id, True)
            history.set_removed([entry.id], True)
        for number in history.sessions():
            if (left := history.left_by(number)) is not None:
                read_left(left)
        history.tidy(history.sessions())


def in_memory(content: bytes) -> sqlite3.Connection:
    """A database to be changed; one in memory has no write-ahead mode, which two bytes say."""
    database = sqlite3.connect(":memory:")
    database.deserialize(content[:18] + b"\1\1" + content[20:])
    return database


def in_rows(content: bytes, draw: random.Random) -> bytes:
    """Values of rows are others, or tables and columns are missing."""
    database = in_memory(content)
    table = draw.choice(("runs", "runs", "session"))
    column = draw.choice([row[1] for row in database.execute(f"PRAGMA table_info({table})")])
    match draw.randrange(8):
        case 0:
            database.execute(f"DROP TABLE {draw.choice(('runs', 'words', 'session'))}")
        case 1:
            database.execute(f"PRAGMA user_version = {draw.choice((0, 2, 3, -1, 2**31 - 1))}")
        case 2:
            database.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO other")
        case 3:
            database.execute(f"DROP TABLE {table}")
            database.execute(
                f"CREATE VIEW {table} AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) "
                "SELECT id FROM n"
            )
        case _:
            value = draw.choice((None, 0, -1, 2**62, 1e300, float("inf"), "", "x" * 10**6, b"\xff\0", b"\xff" * 10**6))
            if column != "id":
                database.execute(f"UPDATE {table} SET {column} = ?", (value,))
    database.commit()
    return database.serialize()


def in_session(content: bytes, draw: random.Random) -> bytes:
    """What a session left is damaged: its state, or its run."""
    database = in_memory(content)
    state, run = database.execute("SELECT state, content FROM session").fetchone()
    if draw.random() < 0.7:
        state = in_json(state.encode(), draw).decode()
    else:
        run = draw.choice(RUN_DAMAGES)(run, draw)
    database.execute("UPDATE session SET state = ?, content = ?", (state, run if draw.random() < 0.8 else None))
    database.commit()
    return database.serialize()


def file(name: str) -> Callable[[], list[bytes]]:
    """A file that an earlier version wrote."""
    return lambda: [(DATA / name).read_bytes()]


def in_folder(
    kind: str, name: str, damages: tuple[Damage, ...] = (bytewise,), bombs: Callable[[], list[bytes]] = list
) -> Kind:
    """A file in a model's folder."""
    return Kind("", whole(kind, name), opening(kind, name), damages, bombs)


JSON: tuple[Damage, ...] = (bytewise, in_json, in_json)
TABLE: tuple[Damage, ...] = (bytewise, in_header, in_weights, in_weights)
ARCHIVE: tuple[Damage, ...] = (bytewise, in_records, in_tensors)
FOLDERS: dict[str, Kind] = {
    "own": in_folder("own", "config.json", JSON, config_bombs),
    "weights": in_folder("own", "model.safetensors", (bytewise, in_header), safetensors_bombs),
    "tokenizer": in_folder("own", "tokenizer.json", JSON, tokenizer_bombs),
    "vocab": in_folder("pair", "vocab.json", JSON, lambda: [b"[" * 10**6, b"{}"]),
    "merges": in_folder("pair", "merges.txt"),
    "alphabet": in_folder("proteins", "vocab.txt"),
    "published": in_folder("uniform-geometric", "config.json", JSON),
    "pickle": in_folder("pickled", "pytorch_model.bin", ARCHIVE, pickle_bombs),
    "yaml": in_folder("absorb-training-run", ".hydra/config.yaml", (bytewise, in_yaml), yaml_bombs),
    "checkpoint": in_folder("absorb-training-run", "checkpoints-meta/checkpoint.pth", ARCHIVE, pickle_bombs),
    **{
        f"{name.rpartition('/')[2]}-{kind}": in_folder(name, file, damages)
        for name in (
            *(f"families/{name}" for name in ("mdlm", "radd", "duo", "udlm", "bd3lm", "gidd")),
            "hydra",
            *ADAPTED,
        )
        for kind, file, damages in (("config", "config.json", JSON), ("weights", "model.safetensors", TABLE))
    },
    "shards": in_folder("shards", "model.safetensors.index.json", (*JSON, in_index)),
    "shard": in_folder("shards", "model-00002-of-00002.safetensors", TABLE),
    "family-pickled": in_folder("family-pickled", "pytorch_model.bin", (*ARCHIVE, in_pickle, in_pickle)),
    "lightning": in_folder("lightning", "run.ckpt", (bytewise, in_records, *[in_run] * 4), pickle_bombs),
    "d3": in_folder("bases", "D3.ckpt", (bytewise, in_records), pickle_bombs),
    "d3-yaml": in_folder("bases", "config.yaml", (bytewise, in_yaml), yaml_bombs),
    "chat": in_folder("chat", "chat_template.jinja", (bytewise,), template_bombs),
    "causal": in_folder("causal", "config.json", JSON, causal_bombs),
    "judge": in_folder("causal", "tokenizer.json", JSON, tokenizer_bombs),
    "judged-by": in_folder("causal", "tokenizer_config.json", JSON),
    "layers": in_folder("causal", "model.safetensors", (bytewise, in_header), safetensors_bombs),
    "gguf": Kind(".gguf", gguf, check_whole),
    "gguf-model": Kind(".gguf", gguf_models, open_gguf, (bytewise, in_gguf_header)),
    "training-state": Kind(".pt", lambda: [state()], go_on, (bytewise, in_records, *[in_state] * 6), pickle_bombs),
}

PROSE: tuple[Damage, ...] = (bytewise, pieced)
WRITTEN: dict[str, Kind] = {
    "prompt": Kind(
        ".txt",
        lambda: [text.encode() for text in PROMPTS],
        read_prompt,
        PROSE,
        lambda: [b" " * 40_000, b"[" * 40_000, b"\\" * 40_000 + b"[3]", b"a " * 10**6],
    ),
    "pattern": Kind(
        ".txt",
        lambda: [text.encode() for text in PATTERNS],
        read_pattern,
        PROSE,
        lambda: [
            *(b".*a.{20}", b"[^a]{2000}", b"(.*a){12}.{12}", b"([a-z]+ ?){500}", rb"(\w+ ){1,40}", b"(a?){1999}"),
            *(b"(" * 10**5, b"a{" + b"9" * 5000 + b"}"),
        ],
    ),
    "banned words": Kind(
        ".txt",
        lambda: [b"dragon\nhill\n caf\xc3\xa9"],
        read_words,
        PROSE,
        lambda: [b"a" * 30_000, random.Random(0).randbytes(30_000), b"\n".join(b"a" * k for k in range(1, 1_000))],
    ),
    "command": Kind(".json", command_lines, run_line, (in_options,), refused_lines),
    **{
        name: Kind(suffix, lambda good=good: [good.encode()], read_records(domain), PROSE)  # type: ignore[misc]
        for name, (domain, suffix, good) in FILES.items()
    },
}

KINDS: dict[str, Kind] = (
    FOLDERS
    | WRITTEN
    | {
        "run": Kind(
            ".sedd", lambda: [RUN.read_bytes(), LEFT_TO_RIGHT.read_bytes()], look_at_run, RUN_DAMAGES, run_bombs
        ),
        "window": Kind(
            ".sedd", lambda: [RUN.read_bytes(), LEFT_TO_RIGHT.read_bytes()], show_run, (in_about, in_arrays), long_runs
        ),
        "page": Kind(".html", file("page.html"), look_at_run),
        "png": Kind(".png", picture("PNG"), look_at_run, bombs=picture_bombs),
        "gif": Kind(".gif", picture("GIF"), look_at_run, bombs=picture_bombs),
        "webp": Kind(".webp", picture("WEBP"), look_at_run, bombs=picture_bombs),
        "mp4": Kind(".mp4", film, look_at_run),
        "settings": Kind(
            ".json",
            file("settings.json"),
            read_settings,
            (bytewise, in_json, in_json),
            lambda: [b"[" * 10**5, b"{" * 10**7],
        ),
        "history": Kind(".sqlite3", file("history.sqlite3"), read_history, (bytewise, in_rows, in_rows)),
        "session": Kind(".sqlite3", file("history.sqlite3"), read_history, (in_session,)),
    }
)
