"""The history on disk: what is kept comes back and is found by its words; a kill loses nothing that was written."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.protocol import UserError
from engine.runs.runfile import decode
from engine.runs.trajectory import Trajectory
from sedd_studio.record.history import Entry, History
from sedd_studio.record.own_session import OwnSession
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import left_over

pytestmark = pytest.mark.usefixtures("qapp")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History(tmp_path / "data" / "history.sqlite3")
    yield history
    history.close()


def made(folder: Path, steps: int = 12, seed: int = 1729, played: int | None = None) -> Trajectory:
    scene = Scene(folder)
    scene.session.form.set(seed=seed)
    scene.run(steps, samples=2)
    scene.play(steps if played is None else played)
    run = scene.session.view.run
    assert run is not None
    return run


def test_a_run_comes_back_whole_with_what_it_is_listed_by(history: History, tmp_path: Path) -> None:
    run = made(tmp_path)
    number = history.add(run)
    (entry,) = history.search()
    assert (entry.id, entry.steps, entry.seed, entry.samples) == (number, 12, 1729, 2)
    assert (entry.model, entry.noise, entry.finished, entry.favourite) == ("stories-absorb", "absorb", True, False)
    assert entry.text.startswith("Once upon a time, there was a little fox named Ember. She lived")
    assert "[" in entry.prompt
    again = decode(history.content(number))
    np.testing.assert_array_equal(again.at(12, 1), run.at(12, 1))
    with pytest.raises(UserError):
        decode(history.content(number + 1))


def test_the_text_of_a_stopped_run_is_what_was_known(history: History, tmp_path: Path) -> None:
    history.add(made(tmp_path, played=0))
    (entry,) = history.search()
    assert not entry.finished
    assert entry.text.startswith("Once upon a time, there was a little fox named Ember. the smallest star")


def test_runs_are_found_by_words_of_text_and_settings_newest_first(history: History, tmp_path: Path) -> None:
    first, second = history.add(made(tmp_path, seed=3)), history.add(made(tmp_path, steps=20, seed=4))

    def found(words: str) -> list[int]:
        return [entry.id for entry in history.search(words)]

    assert found("") == [second, first]
    assert found("smallest owl") == [second, first]
    assert found("small OWL") == [second, first]  # the beginning of a word is enough
    assert found("seed 3") == [first]
    assert found("20 steps") == [second]
    assert found("dinosaur") == []
    for odd in ('"', "a* OR b", "NEAR(", "-fox", "prompt:fox", "'; DROP TABLE runs"):
        found(odd)  # whatever is typed is words
    assert len(history.search(most=1)) == 1


def test_favourites_and_removed_runs(history: History, tmp_path: Path) -> None:
    first, second = history.add(made(tmp_path)), history.add(made(tmp_path))
    history.set_favourite(first, True)
    assert [entry.id for entry in history.search(favourites=True)] == [first]
    history.set_removed([first, second], True)
    assert history.search() == history.search("fox") == []
    history.set_removed([second], False)
    history.tidy([1])
    history.set_removed([first], False)
    assert [entry.id for entry in history.search("fox")] == [second]


def test_a_session_is_remembered_until_it_is_forgotten(history: History, tmp_path: Path) -> None:
    assert left_over(history) is None
    history.remember({"prompt": "one"}, None)
    history.remember({"prompt": "two"}, made(tmp_path))
    left = left_over(history)
    assert left is not None
    assert left.state == {"prompt": "two"}
    assert left.content is not None
    history.forget([1])
    assert left_over(history) is None


def test_several_that_open_a_new_history_at_once_all_can(tmp_path: Path) -> None:
    """The window reads while the keeper's thread makes the file."""
    for number in range(20):
        opened: list[list[Entry]] = []
        start = threading.Barrier(4)
        threads = [
            threading.Thread(target=open_and_search, args=(tmp_path / f"{number}.sqlite3", start, opened))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert opened == [[], [], [], []]


def open_and_search(path: Path, start: threading.Barrier, opened: list[list[Entry]]) -> None:
    start.wait()
    history = History(path)
    opened.append(history.search())
    history.close()


def test_a_damaged_file_is_put_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    path.write_bytes(b"this is no database, and it is long enough to be looked at" * 20)
    history = History(path)
    assert history.put_aside is not None
    assert history.put_aside.read_bytes().startswith(b"this is no database")
    assert history.search() == []
    history.close()


def test_a_place_that_cannot_be_used_is_not_taken_for_damage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        History(tmp_path / "file" / "history.sqlite3")


def test_killed_while_writing_again_and_again_every_run_in_the_history_is_whole(tmp_path: Path) -> None:
    script = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        sys.path.insert(0, {str(ROOT)!r})
        from PySide6.QtCore import QCoreApplication
        from sedd_studio.record.history import COLUMNS, Entry, History
        from tests.sedd_studio.test_history import made
        app = QCoreApplication([])
        run = made(Path({str(tmp_path)!r}))
        history = History(Path({str(tmp_path / "history.sqlite3")!r}))
        print("ready", flush=True)
        while True:
            print(history.add(run), flush=True)
            history.remember({{"prompt": "text"}}, run)
    """)
    acknowledged = 0
    for attempt in range(4):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        lines = [process.stdout.readline() for _ in range(1 + attempt)]  # then it is in the midst of the next
        process.kill()
        lines += process.stdout.read().splitlines(keepends=True)
        process.stdout.close()
        process.wait()
        acknowledged = max([acknowledged, *(int(line) for line in lines if line.endswith("\n"))])
    history = History(tmp_path / "history.sqlite3")
    entries = history.search()
    assert len(entries) >= acknowledged > 0
    for entry in entries:
        assert decode(history.content(entry.id)).result is not None
    assert left_over(history) is not None
    assert history.put_aside is None
    history.close()


def test_a_studio_deletes_what_it_removed_and_not_what_another_may_put_back(tmp_path: Path) -> None:
    here, there = (History(tmp_path / "history.sqlite3", session) for session in (5, 6))
    first, second = here.add(made(tmp_path)), here.add(made(tmp_path))
    here.set_removed([first], True)
    there.set_removed([second], True)
    assert set(here.sessions()) == {5, 6}
    here.tidy([5])
    here.set_removed([first], False)
    there.set_removed([second], False)
    assert [entry.id for entry in there.search()] == [second]
    here.close()
    there.close()


def test_a_third_reader_sees_what_two_sessions_keep_and_each_forgets_its_own(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    here, there, reader = (History(path, session) for session in (5, 6, 7))
    here.remember({"prompt": "here"}, None)
    there.remember({"prompt": "there"}, None)
    here.add(made(tmp_path))
    assert [left.state for number in (5, 6) if (left := reader.left_by(number))] == [{"prompt": x} for x in STATES]
    assert len(reader.search()) == 1
    here.forget([5])
    here.close()
    assert reader.left_by(5) is None
    assert reader.left_by(6) is not None
    there.close()
    assert len(reader.search()) == 1
    reader.close()


STATES = ("here", "there")


def test_a_session_is_taken_over_only_when_its_process_is_no_more(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    script = (
        "import sys; from pathlib import Path; from sedd_studio.record.own_session import OwnSession; "
        f"own = OwnSession(Path({str(path)!r})); own.begin(); print(own.number, flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    number = int(process.stdout.readline())
    own, other = OwnSession(path), OwnSession(path)
    own.begin()
    other.begin()
    assert not own.take(number)
    assert not own.take(other.number)
    assert not own.take(own.number)
    process.kill()
    process.communicate()
    other.sweep([number])
    assert own.take(number)
    assert not other.take(number)
    assert set(own.numbers) == {own.number, number}
    (tmp_path / "session-9.lock").touch()
    other.sweep([])
    assert set(other.numbers) == {other.number, 9}
    own.close()
    other.close()
    assert not list(tmp_path.glob("*.lock"))
