"""What is installed from the wheel, away from the checkout, and what is left out of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    """The distributions that are asked for."""
    return {canonicalize_name(Requirement(text).name) for text in requirements}


BASE = names(PROJECT["dependencies"])
OF_EXTRAS = names([text for name, texts in PROJECT["optional-dependencies"].items() if name != "dev" for text in texts])
BLOCKED = [
    module
    for module, distributions in packages_distributions().items()
    if OF_EXTRAS & set(map(canonicalize_name, distributions)) and module not in ("engine", "sedd_studio")
]
BARE = f"""
import sys
sys.modules.update(dict.fromkeys({BLOCKED}))
from engine.bundled_models import ASSETS
from engine.cli import main
sys.stderr.write(str(ASSETS))
main()
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages as the wheel has them, in a folder of their own."""
    folder = tmp_path_factory.mktemp("installed")
    build = ["build", "--build-base", str(folder / "build"), "--build-lib", str(folder / "packages")]
    egg_info = ["egg_info", "--egg-base", str(folder)]
    made = subprocess.run(
        [sys.executable, "setup.py", *egg_info, *build], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return folder / "packages"


def sedd(installed: Path, *arguments: str) -> str:
    """What a command prints where only the wheel and the libraries of the base are."""
    done = subprocess.run(
        [sys.executable, "-c", BARE, *arguments],
        cwd=installed.parent,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(str(installed / "engine" / "assets"))
    return done.stdout


def test_every_file_of_the_packages_and_every_model_is_in_the_wheel(installed: Path) -> None:
    wanted = {
        str(Path(package, path.relative_to(ROOT / folder)))
        for folder, package in (("engine", "engine"), ("sedd_studio", "sedd_studio"), ("assets", "engine/assets"))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    made = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert made == wanted
    assert {
        "engine/assets/stories-absorb/model.safetensors",
        "sedd_studio/record/player.html",
        "sedd_studio/painting/stylesheet.qss",
    } <= made


def test_it_samples_and_scores_with_the_base_alone(installed: Path) -> None:
    sampled = sedd(installed, "infill", "--text", "Once upon a time [20] The end.", "--steps", "4", "--device", "cpu")
    story = sampled.splitlines()[0]
    assert story.startswith("Once upon a time")
    assert story.endswith("The end.")
    scored = sedd(installed, "score", "--text", story, "--model", "stories-uniform", "--device", "cpu", "--json")
    assert json.loads(scored.splitlines()[-1])["nats_per_token"] > 0


def test_a_saved_run_is_read_with_the_base_alone(installed: Path) -> None:
    shown = sedd(installed, "trajectory", str(ROOT / "tests" / "data" / "run.sedd"), "--json")
    assert json.loads(shown.splitlines()[0])["steps"] > 0


def test_the_base_brings_no_library_of_an_extra() -> None:
    assert not BASE & OF_EXTRAS
    assert {"PySide6", "av", "transformers", "accelerate"} <= set(BLOCKED)
