"""Tokens that a tokenizer and its model do not share: the mask, which is no token of a text, and padding."""

from __future__ import annotations

import json
from typing import Any, Literal

from tokenizers import Regex
from tokenizers import Tokenizer as Backend
from tokenizers.decoders import Fuse
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

MASKS = ("[MASK]", "<mask>", "<|mask|>", "<|MASK|>", "[\u00a8M\u00a8]")
PADDING = "[PAD]"
NEW_MASK = "<|mask|>"
Spare = Literal["nothing", "mask", "padding", "bases"] | int
"""What makes a tokenizer fit a model: it has a mask that is no clean token, or lacks the token for padding. A number is
the id of an ordinary token that was taken for the mask. With "bases" none is needed: its tokens are those of DNA."""
BASES = "ACGT"
NEVER = -1e6
"""The score of a piece that a text is never cut into, because it is read as a token of its own before."""


def mask_of(backend: Backend) -> str | None:
    """The token that is a mask by its name, if there is one."""
    added = {token.content for token in backend.get_added_tokens_decoder().values()}
    return next((mark for mark in MASKS if mark in added), None)


def with_mask(backend: Backend) -> Backend:
    """A copy with one token more, the last: a mask, which no text is read as."""
    copy = Backend.from_str(backend.to_str())
    copy.add_special_tokens([NEW_MASK])
    return copy


def of_bases() -> Backend:
    """A tokenizer whose tokens are the four bases, and no other."""
    backend = Backend(WordLevel({base: number for number, base in enumerate(BASES)}))
    backend.pre_tokenizer = Split(Regex(r"[\s\S]"), "isolated")
    backend.decoder = Fuse()
    return backend


def fitted(backend: Backend, vocabulary: int | None, spare: Spare) -> Backend:
    """The same for a model of a `vocabulary`, without what is `spare`, or with it where it lacks."""
    size = backend.get_vocab_size()
    if spare == "mask" and (mask := mask_of(backend)) is not None:
        return _without(backend, mask)
    if spare == "padding" and vocabulary == size + 1:
        backend.add_special_tokens([PADDING])
    if isinstance(spare, int) and vocabulary == size - 1 and (mask := backend.id_to_token(spare)) is not None:
        return _without(backend, mask)
    return backend


def _without(backend: Backend, token: str) -> Backend:
    """The same without a token, whose texts are put together of others; the last one takes its id, so that the ids
    have no gap."""
    described = json.loads(backend.to_str())
    freed, last = backend.token_to_id(token), backend.get_vocab_size() - 1
    name = backend.id_to_token(last)
    added = described["added_tokens"]
    _drop(described["model"], token, (freed, last), name)
    if "merges" in described["model"]:
        described["model"]["merges"] = [pair for pair in described["model"]["merges"] if not _makes(pair, token)]
    described["added_tokens"] = [entry for entry in added if entry["content"] != token]
    for entry in described["added_tokens"]:
        entry["id"] = freed if entry["content"] == name else entry["id"]
    described["post_processor"] = None  # it knows ids, and is not used
    return Backend.from_str(json.dumps(described))


def _drop(model: dict[str, Any], token: str, ids: tuple[Any, int], name: str | None) -> None:
    """Takes a token out of a vocabulary, a table, or of Unigram a list of pieces by their ids, and gives its id to the
    `name` of the last; `ids` are both."""
    vocab, (freed, last) = model["vocab"], ids
    if isinstance(vocab, dict):
        vocab.pop(token, None)
        if freed != last:
            vocab[name] = freed
        return
    if freed < len(vocab):
        vocab[freed] = vocab[last] if last < len(vocab) else [name, NEVER]
    del vocab[last:]
    if model.get("unk_id") == last:
        model["unk_id"] = freed


def _makes(pair: Any, token: str) -> bool:
    """Whether two tokens that are merged are, or make, this one."""
    first, second = pair.split(" ") if isinstance(pair, str) else pair
    return token in (first, second, first + second)
