"""What is opened before there is any model: the default one opens for it, and what is wrong is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine import bundled_models
from engine.protocol import LoadModel
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.session import session as session_module
from sedd_studio.session.session import Session
from sedd_studio.window.opening import never_without, open_path
from sedd_studio.window.page_names import STUDIO
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import window_of


@pytest.mark.parametrize(
    ("name", "content", "prompt"),
    [
        ("story.txt", "Once upon a time [9] The end.\n", "Once upon a time [9] The end."),
        ("texts.jsonl", '{"text": "The [3] end."}\n{"text": "two"}\n', "The \\[3] end."),
    ],
    ids=["a text", "records"],
)
def test_what_is_opened_before_any_model_waits_for_the_default_one_which_opens_for_it(
    name: str, content: str, prompt: str, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    alone = Session(Runner(FakeEngine), Reader(), Settings(tmp_path / "others.json"))
    window = window_of(alone, settings, qtbot)
    open_path(alone, tmp_path / name)
    assert alone.models.loading
    qtbot.waitUntil(lambda: alone.models.ready)
    qtbot.waitUntil(lambda: alone.view.prompt == prompt)
    assert window.actions_by_name["run"].isEnabled()
    alone.shutdown()


@pytest.mark.parametrize("name", ["story.txt", "rows.csv", "owner/story.txt"])
def test_a_text_that_is_not_there_is_said_and_the_default_model_opens(
    name: str, settings: Settings, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one whose name was mistyped when the studio was started."""
    monkeypatch.chdir(tmp_path)
    alone, told = Session(Runner(FakeEngine), Reader(), settings), []
    alone.reader.failed.connect(lambda headline, _: told.append(headline))
    window = window_of(alone, settings, qtbot)
    window.open(name)
    assert window.places.page == STUDIO
    qtbot.waitUntil(lambda: alone.models.ready and bool(told))
    assert told == [f"{Path(name)} cannot be read (No such file or directory); choose another file."]
    assert window.actions_by_name["run"].isEnabled()
    alone.shutdown()


@pytest.mark.parametrize("name", ["broken", "missing.sedd", "owner/name"])
def test_what_gives_no_model_at_the_start_is_said_and_the_default_one_opens(
    name: str, settings: Settings, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session_module, "PROMPT", "Once [8]")
    engine = FakeEngine()
    alone = Session(Runner(lambda: engine), Reader(), settings)
    window = window_of(alone, settings, qtbot)
    window.open(name)
    never_without(alone)
    qtbot.waitUntil(lambda: alone.models.ready)
    assert window.actions_by_name["run"].isEnabled()
    said = {"broken": "There is no model at broken", "missing.sedd": "missing.sedd cannot be read"}
    assert window.banner.headline.text().startswith(said.get(name, ""))
    assert window.banner.isVisible() is (name in said)  # the other one is offered for download
    loaded = [request.path for request in engine.requests if isinstance(request, LoadModel)]
    assert loaded == [*(["broken"] if name == "broken" else []), str(bundled_models.DEFAULT_MODEL)]
    window.open("broken")  # with a model there is nothing to fall back from
    qtbot.waitUntil(lambda: not alone.models.loading)
    assert sum(isinstance(request, LoadModel) for request in engine.requests) == len(loaded) + 1
    alone.shutdown()
