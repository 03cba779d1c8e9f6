"""The text of the studio: before a run, under way, over, edited, with an error, of other domains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow


def fresh(home: Path) -> object:
    """The first sight: a prompt, a model and no run."""
    from tests.sedd_studio.scene import Scene

    return Scene(home).session


def running(home: Path) -> object:
    """Two thirds through a run of four samples."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64, samples=4)
    scene.play(41)
    return scene.session


def finished(home: Path) -> object:
    """A run that is over, with the prompt editor open."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64)
    scene.play(64)
    return scene.session, lambda window: window.prompt.toggle.setChecked(True)


def settings(home: Path) -> object:
    """The folded settings open, a sampler with a number of its own, two settings changed."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.session.form.set(sampler="trapezoidal", temperature=0.8, banned="sad, angry")
    scene.run(64)
    scene.play(20)
    return scene.session, lambda window: window.run_form.more.setChecked(True)


def position(home: Path) -> object:
    """The likely tokens at a masked position."""
    from dataclasses import replace

    from sedd_studio.session.state import Candidate
    from tests.sedd_studio.scene import Scene, tokenizer

    scene = Scene(home)
    scene.run(64)
    scene.play(30)
    scene.session.playhead.pause()
    shares = (0.61, 0.17, 0.09, 0.05, 0.03, 0.02, 0.01, 0.004, 0.002, 0.001)
    words = (" night", " day", " hill", " star", " and", " forest", " the", " house", " old", " owl")
    rows = tuple(
        Candidate(tokenizer().encode(word)[0], word, share, 2 * share)
        for word, share in zip(words, shares, strict=True)
    )

    def prepare(window: MainWindow) -> None:
        window.canvas.pointed.emit(29)
        assert window.services.pointer.pointed is not None
        window.services.pointer.pointed = replace(window.services.pointer.pointed, candidates=rows, entropy=1.31)
        window.services.pointer.changed.emit()

    return scene.session, prepare


def editing(home: Path) -> object:
    """A word is being replaced."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64)
    scene.play(64)

    def prepare(window: MainWindow) -> None:
        window.canvas.line.open(window.session.view.word_at(30), "lantern [3]")

    return scene.session, prepare


def long_text(home: Path) -> object:
    """A text that scrolls, with a selection made by the keyboard."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home, repeat=4)
    scene.run(256)
    scene.play(150)
    scene.session.view.select((40, 52))
    return scene.session


def error(home: Path) -> object:
    """An error with its details open."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64)
    scene.play(30)
    headline = "There is no model in this folder: choose one that holds config.json and model.safetensors."
    scene.session.errors.show(headline, "FileNotFoundError: config.json\n  in load(path)\n  in perform(request)")
    return scene.session, lambda window: window.banner.details.setChecked(True)


def uniform(home: Path) -> object:
    """Uniform noise: nothing is masked, what still is noise stands dim and slanted."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home, noise="uniform")
    scene.run(64)
    scene.play(36)
    return scene.session


def of_domain(domain: str, home: Path) -> object:
    """Two thirds through a sequence that is no text, its picture above the symbols."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home, domain=domain)
    scene.run(64)
    scene.play(46)
    return scene.session
