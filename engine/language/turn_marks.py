"""Special tokens that stand between the turns of a chat, and in prompts for themselves. Imports no torch."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from engine.language.backends import TURN_MARKS
from engine.language.tokenizers import Tokenizer

_found: WeakKeyDictionary[Tokenizer, dict[str, int]] = WeakKeyDictionary()


def marks_of(tokenizer: Tokenizer) -> dict[str, int]:
    """Those of a tokenizer, which reads no text as them, by how they are written."""
    if tokenizer not in _found:
        added = tokenizer.backend.get_added_tokens_decoder()
        ids = {token.content: number for number, token in added.items() if token.special}
        _found[tokenizer] = {mark: ids[mark] for mark in TURN_MARKS if mark in ids}
    return _found[tokenizer]
