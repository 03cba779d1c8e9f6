"""The page that plays a run, and a chapter of Learn, in a real browser without a network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.runs.carried import read_run
from engine.runs.map_colours import table_of
from engine.runs.map_modes import MAP_MODES
from engine.runs.run_map import RunMap
from engine.runs.trajectory import Trajectory
from sedd_studio.painting.lessons.export import ChapterPicture, write_page
from sedd_studio.painting.theme import LIGHT
from sedd_studio.painting.token_text import UNREADABLE
from sedd_studio.record import exports
from sedd_studio.record.chapters import chapter
from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.document import known_runs
from sedd_studio.window.export_kinds import EXPORTS, View
from tests.sedd_studio.chapter_cases import shown as chapter_shown
from tests.sedd_studio.chromium import Chromium
from tests.sedd_studio.exported import STEPS, made, written
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.test_characters import canvas_with

pytestmark = pytest.mark.usefixtures("qapp")


def text_at(run: Trajectory, step: int, sample: int) -> str:
    """What the page should write: known tokens, nothing for masked ones."""
    assert run.origin is not None
    tokens, _ = run.at(step, sample)
    parts = (run.origin.tokenizer.graphemes(ids) for _, ids in known_runs(run.shown(tokens)))
    return "".join(text or "" for part in parts for _, _, text in part)


def shown(page: Chromium) -> str:
    return str(page.value("document.getElementById('text').textContent"))


def step(page: Chromium) -> int:
    return int(page.value("document.getElementById('step').value"))


@pytest.mark.parametrize("noise", ["absorb", "uniform"])
def test_the_page_plays_the_run_to_its_end_and_obeys_the_keys(noise: str, tmp_path: Path) -> None:
    run = made(tmp_path, noise)
    path = written("page", run, tmp_path / "run.html")
    with Chromium(tmp_path / "profile") as page:
        page.open(path)
        page.wait(lambda: step(page) == STEPS)
        page.wait(lambda: page.value("document.getElementById('play').textContent") == "Play")
        assert shown(page) == text_at(run, STEPS, 0)
        page.press("Home")
        assert step(page) == 0
        assert shown(page) == text_at(run, 0, 0)
        for _ in range(3):
            page.press("ArrowRight")
        page.press("ArrowLeft")
        assert step(page) == 2
        assert shown(page) == text_at(run, 2, 0)
        masked = page.value("document.querySelectorAll('.mask').length")
        assert masked == int((run.at(2, 0)[0] == run.mask).sum())
        slanted = page.value("document.querySelectorAll('.noise').length")
        assert slanted == int((run.unsettled(2, 0) & (run.at(2, 0)[0] != run.mask)).sum())
        facts = page.value("document.getElementById('facts').textContent")
        assert f"{run.settled_curve(0)[2]} of {run.free} settled" in facts
        page.value("document.getElementById('sample').focus()")
        page.press("ArrowDown")
        page.wait(lambda: shown(page) == text_at(run, 2, 1))
        page.value("document.activeElement.blur()")
        page.press("End")
        assert shown(page) == text_at(run, STEPS, 1)
        page.press(" ")
        page.wait(lambda: 0 < step(page) < STEPS)
        assert "settled" in page.value("document.getElementById('facts').textContent")
        assert page.troubles == []
        assert page.requests == [path.as_uri()]


def test_with_reduced_motion_nothing_moves_by_itself(tmp_path: Path) -> None:
    run = made(tmp_path)
    path = tmp_path / "run.html"
    path.write_text(exports.as_html(run), encoding="utf-8")
    with Chromium(tmp_path / "profile", reduced_motion=True) as page:
        page.open(path)
        assert step(page) == STEPS
        assert page.value("document.getElementById('play').textContent") == "Play"
        assert page.value("document.querySelectorAll('.fading').length") == 0
        page.press(" ")
        page.wait(lambda: page.value("document.getElementById('play').textContent") == "Pause")
        assert page.troubles == []


def test_words_that_run_from_right_to_left_do_so_on_the_page(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.session.editor.set_prompt("שלום לכם [2] סוף\nshe said مرحبا بكم")
    scene.run(STEPS)
    scene.play(STEPS)
    run = scene.session.view.run
    assert run is not None
    path = written("page", run, tmp_path / "run.html")
    with Chromium(tmp_path / "profile", reduced_motion=True) as page:
        page.open(path)
        assert shown(page) == text_at(run, STEPS, 0)

        def left(text: str) -> float:
            """Where the first token with a letter stands."""
            find = f"[...document.querySelectorAll('#text span')].find((span) => span.textContent.includes('{text}'))"
            return float(page.value(f"{find}.getBoundingClientRect().left"))

        assert left("ש") > left("כ") > left("ף")
        assert left("ש") > page.value("document.getElementById('text').getBoundingClientRect().right") - 60
        assert left("said") < left("ك") < left("ح")
        assert page.troubles == []


def test_runs_beside_each_other_share_the_slider_and_are_plain_text(tmp_path: Path) -> None:
    runs = [made(tmp_path / name).only(0) for name in ("one", "two")]
    trap = "</script><img src=x onerror=alert(1)>\N{RIGHT-TO-LEFT OVERRIDE}"
    path = tmp_path / "panes.html"
    page_text = exports.compared_as_html([(f"{trap} {number}", "4 calls", run) for number, run in enumerate(runs)])
    path.write_text(page_text, encoding="utf-8")
    with Chromium(tmp_path / "profile", reduced_motion=True) as page:
        page.open(path)
        titles = page.value("[...document.querySelectorAll('h2')].map((title) => title.textContent).join('|')")
        assert titles.count("</script><img src=x onerror=alert(1)>") == 2
        assert page.value("document.querySelectorAll('img').length") == 0
        texts = "[...document.querySelectorAll('.text')].map((text) => text.textContent).join('|')"
        assert page.value(texts) == "|".join(text_at(run, STEPS, 0) for run in runs)
        page.press("Home")
        assert page.value(texts) == "|".join(text_at(run, 0, 0) for run in runs)
        page.press("ArrowRight")
        assert page.value(texts) == "|".join(text_at(run, 1, 0) for run in runs)
        assert page.value("document.querySelector('p').textContent") == f"step 1 of {STEPS} \u00b7 4 calls"
        assert "noise level" in page.value("document.getElementById('facts').textContent")
        assert page.troubles == []
        assert page.requests == [path.as_uri()]


TURNS = "she said \u202eשלום 12 לכם (3) and ran 45 \u2067to\u2069 the end </pre> 'it' [2]"  # noqa: RUF001
"""Words from right to left, numbers beside them, and orders that turn the direction of writing and are never ended."""
LEFTS = """(() => {
  const walk = document.createTreeWalker(document.getElementById("made"), NodeFilter.SHOW_TEXT), lefts = [];
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const at = node.textContent.indexOf(NAME);
    for (let i = at; at >= 0 && i < at + NAME.length; i += 1) {
      const range = document.createRange();
      range.setStart(node, i); range.setEnd(node, i + 1);
      lefts.push(range.getBoundingClientRect().left);
    }
  }
  return lefts;
})()"""


def test_a_text_that_turns_the_direction_of_writing_turns_nothing_of_the_page(tmp_path: Path, qtbot: QtBot) -> None:
    scene, canvas = canvas_with(TURNS, tmp_path / "studio", qtbot)
    scene.run(STEPS)
    scene.play(STEPS)
    run = scene.session.view.run
    assert run is not None
    assert run.origin is not None
    path = tmp_path / "run.html"
    path.write_text(exports.as_html(run), encoding="utf-8")
    with Chromium(tmp_path / "profile", reduced_motion=True) as page:
        page.open(path)
        assert shown(page) == text_at(run, STEPS, 0)
        seen = "".join(piece or "" for piece in canvas.picture.text.pieces)
        assert seen == text_at(run, STEPS, 0).translate(UNREADABLE)
        assert page.value("document.getElementById('made').textContent") == exports.made_by(run.origin)
        assert not set("\u202e\u2067") & set(page.value("document.title"))
        page.value("document.querySelector('details').open = true")
        for name in ("--steps", "--seed", "--model"):
            lefts = page.value(LEFTS.replace("NAME", f'"{name}"'))
            assert len(lefts) == len(name)
            assert lefts == sorted(lefts)
        facts = page.value("document.getElementById('facts').getBoundingClientRect().left")
        assert facts > page.value("document.getElementById('play').getBoundingClientRect().left")
        assert page.troubles == []


@pytest.mark.parametrize("mode", ["state", "settled", "regret"])
def test_the_map_beside_the_text_has_the_colours_of_the_record_and_follows_it(mode: str, tmp_path: Path) -> None:
    run = made(tmp_path)
    path = tmp_path / "run.html"
    view = View(run, STEPS, 1, LIGHT, mode, {"regret": np.zeros(run.length)}, beside=True)
    list(EXPORTS["page"].write(view, path))
    with Chromium(tmp_path / "profile", reduced_motion=True) as page:
        page.open(path)
        for sample in range(2):
            page.value(f"(choice.value = {sample}, choice.dispatchEvent(new Event('change')))")
            drawn = page.value(
                "[...document.querySelector('.plot canvas').getContext('2d').getImageData(0, 0, "
                f"{run.length}, {STEPS + 1}).data]"
            )
            found = np.array(drawn, np.uint8).reshape(STEPS + 1, run.length, 4)
            asked = "state" if mode == "regret" else mode  # of several samples nothing is asked
            codes = MAP_MODES[asked].codes(RunMap(run, sample).grown(), None)
            np.testing.assert_array_equal(found[..., :3], np.array(table_of("light"), np.uint8)[codes])
        top, high = "document.querySelector('.plot hr').style.top", f"{100 * (3 + 0.5) / (STEPS + 1)}%"
        page.press("Home")
        for _ in range(3):
            page.press("ArrowRight")
        assert float(page.value(top).rstrip("%")) == pytest.approx(float(high.rstrip("%")), abs=1e-3)
        assert shown(page) == text_at(run, 3, 1)
        page.value("document.querySelector('.plot').scrollIntoView({ block: 'center' })")
        box = page.value("JSON.stringify(document.querySelector('.plot canvas').getBoundingClientRect())")
        place = json.loads(box)
        y = place["top"] + place["height"] * (5 + 0.5) / (STEPS + 1)
        page.do("Input.dispatchMouseEvent", type="mousePressed", x=place["left"] + 9, y=y, button="left", buttons=1)
        page.do("Input.dispatchMouseEvent", type="mouseReleased", x=place["left"] + 9, y=y, button="left")
        assert step(page) == 5
        assert shown(page) == text_at(run, 5, 1)
        said = page.value("document.querySelector('.plot canvas').getAttribute('aria-label')")
        assert "positions across and steps down" in said
        assert "locked" in said
        assert [trouble for trouble in page.troubles if "getImageData" not in trouble] == []  # what this test reads
        assert page.requests == [path.as_uri()]
    assert read_run(path).recorded == run.recorded


def test_the_page_runs_its_own_script_alone(tmp_path: Path) -> None:
    path = written("page", made(tmp_path), tmp_path / "run.html")
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace("<main>", "<script>document.title = 'taken'</script><main>", 1), encoding="utf-8")
    with Chromium(tmp_path / "profile", reduced_motion=True) as page:
        page.open(path)
        assert page.value("document.title") != "taken"
        assert step(page) == STEPS
        assert "Content Security Policy" in "".join(page.troubles)


def test_a_chapter_of_learn_moves_by_its_slider_its_keys_and_its_address(tmp_path: Path) -> None:
    made = ChapterPicture("precision", chapter_shown("precision"), LIGHT)
    path = tmp_path / "chapter.html"
    list(write_page(made, path))
    told, strip = chapter("precision"), chapter("precision").strip(made.shown)

    def spoken(place: int) -> str:
        return told.spoken(Shown(made.shown.figure, strip.choices[place]))

    with Chromium(tmp_path / "profile") as page:
        page.open(path)
        assert page.value("document.getElementById('spoken').textContent") == spoken(strip.at)
        for key, place in (("Home", 0), ("ArrowRight", 1), ("End", len(strip.choices) - 1)):
            page.press(key)
            assert page.value("document.getElementById('spoken').textContent") == spoken(place)
            assert page.value("document.getElementById('says').textContent") == strip.says[place]
        drawn = page.value("document.getElementById('figure').innerHTML")
        page.value("location.hash = '#t=0.5'")
        page.wait(lambda: page.value("document.getElementById('spoken').textContent") == spoken(len(strip.says) // 2))
        assert page.value("document.getElementById('figure').innerHTML") != drawn
        page.value("document.getElementById('play').click()")
        page.wait(lambda: page.value("document.getElementById('slider').value") == page.value("String(end)"))
        page.value("document.head.append(Object.assign(document.createElement('script'), {textContent: 'made = 1'}))")
        assert page.value("typeof made") == "undefined"  # the policy lets no other script run
        assert [trouble for trouble in page.troubles if "Content Security Policy" not in trouble] == []
        assert len(page.troubles) == 1
        assert page.requests == [path.as_uri()]
    with Chromium(tmp_path / "calm", reduced_motion=True) as page:
        page.open(path)
        assert page.value("document.getElementById('play').hidden")
        assert page.troubles == []
