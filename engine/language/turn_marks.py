"""Special tokens that stand between the turns of a chat, and in prompts for themselves. Imports no torch."""

from __future__ import annotations

import re
from weakref import WeakKeyDictionary

from engine.language.backends import TURN_MARKS
from engine.language.tokenizers import Tokenizer

_found: WeakKeyDictionary[Tokenizer, dict[str, int]] = WeakKeyDictionary()


def without_spaces_around(text: str, tokenizer: Tokenizer) -> str:
    """A text with marks in it, without the spaces and ends of lines that special tokens of the tokenizer take in."""
    for token in tokenizer.backend.get_added_tokens_decoder().values():
        if token.special and token.content in TURN_MARKS:
            before, after = r"\s*" * token.lstrip, r"\s*" * token.rstrip
            text = re.sub(before + re.escape(token.content) + after, token.content, text)
    return text


def marks_of(tokenizer: Tokenizer) -> dict[str, int]:
    """Those of a tokenizer, which reads no text as them, by how they are written."""
    if tokenizer not in _found:
        added = tokenizer.backend.get_added_tokens_decoder()
        ids = {token.content: number for number, token in added.items() if token.special}
        _found[tokenizer] = {mark: ids[mark] for mark in TURN_MARKS if mark in ids}
    return _found[tokenizer]
