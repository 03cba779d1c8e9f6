"""The tables of docs/models.md are what `sedd families` prints: `python -m scripts.models_page` puts them there."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from engine.cli import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "models.md"
BEGIN, END = "<!-- what `sedd families` prints -->\n", "<!-- the end of it -->\n"


def with_tables(page: str) -> str:
    """The page with the tables as they are now."""
    printed = CliRunner().invoke(app, ["families"], catch_exceptions=False).stdout
    tables = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in printed.splitlines())).strip()
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
