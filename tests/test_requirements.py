"""What the set-up installs is locked: versions that pyproject.toml allows, each with its hashes."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import setup

LOCKED = (setup.ALL, setup.TORCH, setup.TORCH_CPU)


def entries(file: Path) -> list[str]:
    """The requirements of a file, each with all that belongs to it in one line."""
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("file", LOCKED, ids=lambda file: file.name)
def test_every_package_has_one_version_and_hashes(file: Path) -> None:
    assert entries(file)
    for entry in entries(file):
        assert re.fullmatch(r"[\w.-]+==[\w.+]+( ;.*?)?(\s+--hash=sha256:[0-9a-f]{64})+", entry), entry[:80]


def test_what_is_locked_is_what_the_project_asks_for() -> None:
    project = tomllib.loads((setup.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["dev"]]
    wanted += [one for name in ("causal", "film", "molecules", "studio", "train") for one in extras[name]]
    versions = {}
    for file in LOCKED[:2]:
        for entry in entries(file):
            name, version = entry.split()[0].split("==")
            versions[canonicalize_name(name)] = version
    for requirement in map(Requirement, wanted):
        if canonicalize_name(requirement.name) != "sedd-studio":
            assert versions[canonicalize_name(requirement.name)] in requirement.specifier, requirement


@pytest.mark.parametrize("index", ["", "https://torch.example/simple"])
def test_nothing_is_installed_without_a_hash_but_torch_from_an_index_of_its_own(
    index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append([str(part) for part in command])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("TORCH_INDEX", index)
    assert setup._install()
    (torch, rest, project) = commands
    assert all("--no-deps" in command for command in commands)
    assert "--extra-index-url" not in {part for command in commands for part in command}
    assert ("--index-url" in torch) if index else ("--require-hashes" in torch)
    assert "--require-hashes" in rest
    assert project[-1] == str(setup.ROOT)
    assert "--no-build-isolation" in project
