"""What the documents list is what the tables of the program have."""

from __future__ import annotations

from pathlib import Path

from engine.cli.verify import DATA
from engine.protocol.sampler_table import SAMPLERS
from sedd_studio.window.panels import BESIDE, PAGES, PANELS

ROOT = Path(__file__).resolve().parent.parent


def test_each_sampler_has_its_distances_in_the_table_and_claims_there_what_it_does() -> None:
    told = (ROOT / "docs" / "science.md").read_text(encoding="utf-8").partition("| sampler | noise | data |")[2]
    rows = [[cell.strip() for cell in line.strip("| ").split(" |")] for line in told.partition("\n\n")[0].splitlines()]
    claims = {tuple(row[:3]): row[-1] for row in rows[2:]}
    wanted = {
        (sampler.name, noise, data): sampler.accuracy
        for sampler in SAMPLERS
        for noise in sampler.noises
        if noise in ("absorb", "uniform")
        for data in DATA
    }
    assert claims.keys() == wanted.keys()
    assert [row for row, accuracy in wanted.items() if not claims[row].startswith(accuracy)] == []


def test_the_readme_names_every_page_and_every_panel_beside_the_text() -> None:
    told = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    pages = ", ".join(["Studio", *(PANELS[name].title for name in PAGES)])
    assert f"(Ctrl+1 to {len(PAGES) + 1}): {pages}." in told
    *first, last = (PANELS[name].title for name in BESIDE)
    assert f"one panel: {', '.join(first)} or {last}." in told
