"""Tokenizers of the `tokenizers` library, read and used with suspicion: a file can hold anything. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tokenizers import Regex, decoders, models, pre_tokenizers
from tokenizers import Tokenizer as Backend

from engine.files import read_bounded
from engine.language.documents import decoded
from engine.protocol import UserError
from engine.protocol.errors import refusing
from engine.stopping import look, within
from engine.strict_json import shallow

T = TypeVar("T")
END_OF_TEXT = "<|endoftext|>"
TURN_MARKS = (
    *("<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    *("<s>", "</s>", "[INST]", "[/INST]"),
    *("<|user|>", "<|assistant|>", "<|system|>", "<|end|>", "<|im_sep|>"),
    *("<bos>", "<start_of_turn>", "<end_of_turn>"),
)
"""What special tokens that stand between the turns of a chat are called."""
MARKS = frozenset((END_OF_TEXT, *TURN_MARKS))
MAX_BYTES = 40 * 2**20
SIGNS = "".join(map(chr, range(32, 383)))
MOST_FOR_A_SIGN = 16
"""Tokens: those that spell it by its bytes, and some to spare."""
MOST_SIGNS = 1_000
"""Tokens of a list that is an alphabet."""
REMEMBERED = 10_000
"""Words, as many as the library remembers by itself."""
SHORT = 2**14
"""Characters of texts that are cut into tokens in no time."""
PATIENCE, SLOWEST = 4.0, 1e-4
"""Seconds that reading texts may take, and for each of their characters besides."""


def read_backend(path: Path) -> Backend:
    """The library's tokenizer in a file; a UserError if it is damaged, or cannot read a short text."""
    with refusing(f"The tokenizer in {path.parent} is damaged", "put a whole copy there"):
        backend = Backend.from_str(_read(path))
        backend.no_padding()
        backend.no_truncation()
        try:
            with nothing_remembered(backend):
                (made,) = read_all(backend, [SIGNS])
        except UserError as error:
            if type(error.__cause__) is not Exception:  # a panic, or it takes too long
                raise error.__cause__ or error from None
            made = []  # one of symbols does not know them all
        if len(made) > MOST_FOR_A_SIGN * len(SIGNS):
            raise ValueError("it makes far too much of a text")
        return backend


@contextmanager
def nothing_remembered(backend: Backend) -> Iterator[None]:
    """The library remembers words that it has cut, in memory that it never gives back, not even with the tokenizer:
    22 kB for each tokenizer that was tried."""
    resize = getattr(backend.model, "_resize_cache", lambda most: None)  # of some kinds, in some versions
    resize(0)
    try:
        yield
    finally:
        resize(REMEMBERED)


def read_all(backend: Backend, texts: Sequence[str]) -> list[list[int]]:
    """The token ids of each text; a UserError where the library raises, panics, or takes far too long.

    It can be stopped, which the library does not look for. What took too long must not be used again: it may be locked.
    """

    def read() -> list[list[int]]:
        try:  # the one call of the library that leaves other threads alone
            return [encoded.ids for encoded in backend.encode_batch_fast(texts, add_special_tokens=False)]
        except TypeError:  # a text with half a character: a byte that was no UTF-8, or one part of a pair
            raise UserError("A text holds what is no character in UTF-8; write it again in UTF-8.") from None

    look()
    characters = sum(map(len, texts))
    with refusing("The tokenizer cannot read this text", "take another tokenizer"):
        if characters < SHORT and not has_expression(backend):
            return read()
        return within(PATIENCE + SLOWEST * characters, read)


def has_expression(backend: Backend) -> bool:
    """Whether texts are cut or changed by a regular expression of the file's own, which may try endlessly."""
    parts = (backend.normalizer, backend.pre_tokenizer)
    return any(part is not None and b'"Regex"' in part.__getstate__() for part in parts)


def _read(path: Path) -> str:
    try:
        return decoded(read_bounded(path, MAX_BYTES), path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; put a whole copy there.") from None


def from_pair(vocab: Path, merges: Path) -> Backend:
    """A byte-level tokenizer from its vocabulary and its merges; whatever they raise where they are damaged."""
    tokens: dict[str, int] = shallow(json.loads(_read(vocab)))
    lines = [line for line in _read(merges).splitlines() if line and not line.startswith("#version")]
    pairs = [(line.split(" ")[0], line.split(" ")[1]) for line in lines]
    backend = byte_level(models.BPE(vocab=tokens, merges=pairs))
    if END_OF_TEXT in tokens:
        backend.add_special_tokens([END_OF_TEXT])
    return backend


def from_alphabet(vocab: Path) -> Backend | None:
    """A tokenizer with a token for each character, from its list of tokens: those in brackets stand for none. None for
    a list of words."""
    tokens = [line for line in _read(vocab).splitlines() if line]
    signs = [token for token in tokens if len(token) == 1]
    marks = [token for token in tokens if len(token) > 1]
    if not signs or len(tokens) > MOST_SIGNS or not all(mark[0] + mark[-1] in ("<>", "[]") for mark in marks):
        return None
    backend = Backend(models.WordLevel({token: k for k, token in enumerate(tokens)}))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    backend.decoder = decoders.Fuse()
    backend.add_special_tokens(marks)
    return backend


def byte_level(model: models.Model) -> Backend:
    """One of `model` that cuts and joins bytes as GPT-2's does."""
    backend = Backend(model)
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    return backend
