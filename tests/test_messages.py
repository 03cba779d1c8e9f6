"""What users are told, as it stands in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def told(tree: ast.AST) -> Iterator[str]:
    """The literal texts of user errors; what is put into one is shown as (...)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "UserError":
            for given in node.args:
                match given:
                    case ast.Constant(value=str(text)):
                        yield text
                    case ast.JoinedStr(values=parts):
                        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "(...)" for part in parts)


def test_what_a_user_can_put_right_is_one_sentence() -> None:
    texts = [
        text
        for package in ("engine", "sedd_studio")
        for path in (ROOT / package).rglob("*.py")
        for text in told(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert len(texts) > 100
    assert [text for text in texts if re.search(r"[.!?] [A-Z]|\n", text)] == []
