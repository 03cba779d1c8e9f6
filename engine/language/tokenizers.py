"""Text to token ids and back, on the `tokenizers` library; imports no torch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from weakref import WeakValueDictionary

from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

from engine.files import write_whole
from engine.language.backends import END_OF_TEXT, MARKS, byte_level, read_all
from engine.language.graphemes import Grapheme, graphemes, is_without_spaces
from engine.language.spare_tokens import Spare, fitted, of_bases
from engine.language.tokenizer_files import FILE_NAME, backend_in, cache_folders
from engine.protocol import UserError
from engine.protocol.errors import refusing

LARGEST_MULTIPLE = 128
SHOWN = 100
"""Characters of a list in a message."""
MOST_HELD, LONGEST_HELD = 2**14, 2**11
"""Tokens of runs that are remembered as they divide: of all, about, and of one."""
MOST_SIZES = 32
"""Of symbols, in characters: longer ones are not read."""
PROBE = "Once upon  a time,\n(2 + 2) \u00e9 \u4f60"
_PRINTABLE = [*range(ord("!"), ord("~") + 1), *range(ord("\u00a1"), ord("\u00ac") + 1), *range(ord("\u00ae"), 256)]
_OTHERS = [byte for byte in range(256) if byte not in _PRINTABLE]
# How byte-level vocabularies write bytes: printable ones as they are, the others as characters from 256 on.
_BYTES = {chr(byte): byte for byte in _PRINTABLE} | {chr(256 + k): byte for k, byte in enumerate(_OTHERS)}
# In no text, or hardly: control characters, and those without a meaning yet. SmolLM2's vocabulary lacks some.
_RARE = (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, 0xC0, 0xC1, *range(0xF1, 0x100))


class Tokenizer:
    """Text to tokens and back. Immutable.

    Byte-level BPE knows every text; a tokenizer of symbols refuses texts with others.
    """

    def __init__(self, backend: Backend) -> None:
        backend.encode_special_tokens = True  # a marker written in a text is text
        backend.no_truncation()
        backend.no_padding()
        self._backend = backend
        self._by_symbol = isinstance(backend.model, models.WordLevel)
        writer = decoders.Fuse if self._by_symbol else decoders.ByteLevel
        if not isinstance(backend.decoder, writer):  # another would write other texts, or spaces between symbols
            backend.decoder = writer()
        if isinstance(backend.normalizer, normalizers.NFC):  # which gives some texts back in another spelling
            backend.normalizer = None
        self._added = {token: added.content for token, added in backend.get_added_tokens_decoder().items()}
        self.vocabulary: int = backend.get_vocab_size()
        self.eot_id: int | None = backend.token_to_id(END_OF_TEXT)
        self._pieces: dict[int, str] = {}
        self._spellings: dict[int, bytes] = {}
        self._divided: dict[tuple[int, ...], tuple[list[Grapheme], list[tuple[int, int]]]] = {}
        self._held = 0
        """Tokens of the runs that are remembered as they divide."""

    @property
    def backend(self) -> Backend:
        """The library's tokenizer, for what must be saved in its own ways."""
        return self._backend

    def encode(self, text: str) -> list[int]:
        """The token ids of a text. A marker <|endoftext|> in it is text like any other: callers add `eot_id`."""
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, as `encode` gives them; several are shared out among the cores.

        A UserError where they would not give the texts back.
        """
        for text in texts if self._by_symbol else ():
            if strange := self._strange(text):
                known = " ".join(self.symbols)
                shown = known if len(known) <= SHOWN else f"{known[:SHOWN]} …"
                raise UserError(f'This model does not know the symbol "{strange}"; it knows {shown}')
        found = read_all(self._backend, texts)
        for text, ids in zip(texts, found, strict=True):
            if b"".join(map(self.spelling, ids)) != text.encode():
                raise UserError("The tokenizer does not give this text back as it was; take another tokenizer.")
        return found

    def _strange(self, text: str) -> str:
        """The first character with which no symbol begins, each being the longest that fits; "" if there is none."""
        at = 0
        while at < len(text):
            size = next((size for size in self._sizes if text[at : at + size] in self._known), 0)
            if not size:
                return text[at]
            at += size
        return ""

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.symbols)

    @cached_property
    def _sizes(self) -> list[int]:
        return sorted(set(map(len, self.symbols)))[MOST_SIZES::-1]

    @cached_property
    def longest_piece(self) -> int:
        """Characters that one token stands for at most."""
        return max(map(len, self._backend.get_vocab()), default=1)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The symbols, in the order of their ids; none for byte-level BPE."""
        ids = range(self.vocabulary) if self._by_symbol else ()
        return tuple(self.piece(token) for token in ids if token != self.eot_id)

    def forms(self, word: str) -> tuple[str, ...]:
        """How a word may stand in a text: at its beginning, and after a space where there are spaces."""
        return (word,) if self.symbols and " " not in self.symbols else (word, f" {word}")

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids; bytes that are no UTF-8 become U+FFFD. A UserError for ids out of range."""
        if any(not 0 <= i < self.vocabulary for i in ids):
            raise UserError("A token is not in this tokenizer's vocabulary; the tokenizer belongs to another model.")
        with refusing("The tokenizer cannot write these tokens", "take another tokenizer"):
            text: str = self._backend.decode(list(ids), skip_special_tokens=False)
        return text

    def decode_all(self, sequences: Sequence[Sequence[int]]) -> list[str]:
        """The text of each sequence of token ids, of this vocabulary; they are shared out among the cores."""
        with refusing("The tokenizer cannot write these tokens", "take another tokenizer"):
            return list(self._backend.decode_batch([list(ids) for ids in sequences], skip_special_tokens=False))

    def piece(self, token: int) -> str:
        """What one token shows as text, its leading space included; a part of a character is written as \\xe4\\xbd."""
        if token not in self._pieces:
            text = self.decode([token])
            broken = "\N{REPLACEMENT CHARACTER}" in text
            self._pieces[token] = self.spelling(token).decode(errors="backslashreplace") if broken else text
        return self._pieces[token]

    def spelling(self, token: int) -> bytes:
        """The bytes of one token, which may be a part of a character; empty for the end-of-text token.

        One that stands for no text has a byte that is in none.
        """
        if token not in self._spellings:
            self._spellings[token] = self._spelled(token)
        return self._spellings[token]

    def _spelled(self, token: int) -> bytes:
        if token == self.eot_id:
            return b""
        if self._by_symbol or token in self._added:
            return self.decode([token]).encode()
        written = str(self._backend.id_to_token(token))
        return bytes(_BYTES[character] for character in written) if _BYTES.keys() >= set(written) else b"\xff"

    def graphemes(self, ids: Sequence[int]) -> list[Grapheme]:
        """The shortest runs of positions that whole characters divide into, in order, covering all of `ids`."""
        return self._divides(ids)[0]

    def _divides(self, ids: Sequence[int]) -> tuple[list[Grapheme], list[tuple[int, int]]]:
        """Characters and words of a run of tokens; remembered, since from step to step most of a text is the same."""
        key = tuple(ids)
        found = self._divided.get(key)
        if found is None:
            characters = self._characters(key)
            found = characters, self._words(characters, len(key))
            if len(key) > LONGEST_HELD:
                return found
            if self._held > MOST_HELD:
                self._divided, self._held = {}, 0
            self._divided[key] = found
            self._held += len(key) + 1
        return found

    def _characters(self, ids: tuple[int, ...]) -> list[Grapheme]:
        if self._by_symbol:
            return [Grapheme(position, position + 1, self.piece(token)) for position, token in enumerate(ids)]
        found = graphemes([self.spelling(token) for token in ids])
        return [one._replace(text=END_OF_TEXT) if ids[one.start] == self.eot_id else one for one in found]

    def words(self, ids: Sequence[int]) -> list[tuple[int, int]]:
        """Half-open runs of positions that form one word each, in order, covering all of `ids`.

        A word starts at a token that begins with white space, after one that ends a line, and at and after the
        end-of-text token and marks between turns. Symbols are words, and so are characters of scripts without spaces.
        """
        return self._divides(ids)[1]

    def _words(self, characters: list[Grapheme], length: int) -> list[tuple[int, int]]:
        if self._by_symbol:
            return [(position, position + 1) for position in range(length)]
        starts, before = [], END_OF_TEXT
        for start, _, whole in characters:
            text = whole or ""
            if before.endswith("\n") or text[:1].isspace() or _apart(before, text):
                starts.append(start)
            before = text
        return list(zip(starts, [*starts[1:], length], strict=True))

    @property
    def writes_back(self) -> bool:
        """Whether the tokens of a text, spelled one after another, are that text, as all that works on tokens expects.

        Byte-level ones do, and those with a token for each symbol; those that put or drop spaces or capitals do not.
        Some lack the bytes of characters that hardly any text has: a text that has them is refused when it is read.
        """
        if not self._by_symbol:
            text, bytes_of_texts = PROBE, [mark for mark, byte in _BYTES.items() if byte not in _RARE]
            complete = all(self._backend.token_to_id(mark) is not None for mark in bytes_of_texts)
        else:
            alone = [symbol for symbol in self.symbols if self._stands_alone(symbol)]
            text, complete = "".join(alone), bool(alone)
        try:
            ids = self.encode(text) if complete else []
            return bool(ids) and self.decode(ids) == text
        except UserError:
            return False

    def _stands_alone(self, symbol: str) -> bool:
        try:
            return len(read_all(self._backend, [symbol])[0]) == 1
        except UserError:
            return False

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the tokenizer's JSON, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def save(self, folder: Path) -> None:
        """Writes tokenizer.json into `folder`, whole or not at all."""
        write_whole(folder / FILE_NAME, self._backend.to_str(pretty=True).encode())

    def to_json(self) -> str:
        """All of it as JSON; `tokenizer_from` makes it again."""
        return str(self._backend.to_str())


def _apart(before: str, after: str) -> bool:
    """Whether one of two texts that follow each other is a mark, or of a script without spaces there."""
    spaceless = not f"{before}{after}".isascii() and any(map(is_without_spaces, (before[-1:], after[:1])))
    return spaceless or before in MARKS or after in MARKS


def train_tokenizer(texts: Iterator[str], vocabulary: int) -> Tokenizer:
    """A byte-level BPE tokenizer of `vocabulary` tokens, all 256 bytes and the end-of-text token among them."""
    smallest = len(pre_tokenizers.ByteLevel.alphabet()) + 1
    if vocabulary < smallest:
        raise UserError(f"A vocabulary of {vocabulary} is too small for bytes; choose at least {smallest}.")
    backend = byte_level(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    return Tokenizer(backend)


def symbol_tokenizer(symbols: Sequence[str]) -> Tokenizer:
    """One token for each of the `symbols`, after the end-of-text token; where several fit, the longest is read."""
    vocabulary = {END_OF_TEXT: 0} | {symbol: k + 1 for k, symbol in enumerate(symbols)}
    backend = Backend(models.WordLevel(vocabulary))
    longest_first = [re.escape(symbol) for symbol in sorted(symbols, key=len, reverse=True)]
    backend.pre_tokenizer = pre_tokenizers.Split(Regex("|".join([*longest_first, r"[\s\S]"])), "isolated")
    backend.decoder = decoders.Fuse()
    backend.add_special_tokens([END_OF_TEXT])
    return Tokenizer(backend)


def tokenizer_from(text: str) -> Tokenizer:
    """The tokenizer whose JSON this is; a UserError if it is damaged.

    It is the one that was made of the same text before, while that is in use: runs of one model share it.
    """
    name = hashlib.sha256(text.encode()).hexdigest()
    tokenizer = _in_use.get(name)
    if tokenizer is None:
        with refusing("The tokenizer is damaged", "use a whole copy"):
            tokenizer = _in_use[name] = _whole(Backend.from_str(text), "The tokenizer")
    return tokenizer


_in_use: WeakValueDictionary[str, Tokenizer] = WeakValueDictionary()


def find_tokenizer(folder: Path | str, vocabulary: int | None = None, spare: Spare = "nothing") -> Tokenizer:
    """The tokenizer beside the weights in `folder`, else GPT-2's from the user's Hugging Face cache.

    With `vocabulary` only one of that size is taken, or one from whose size it `was_padded`, once it is made to fit by
    what is `spare`. A UserError says which files to put where if there is none.
    """
    folder = Path(folder)
    tokenizer = _tokenizer_in(folder, vocabulary, spare)
    if tokenizer is not None:
        if vocabulary is not None and not _fits(tokenizer, vocabulary):
            raise UserError(
                f"The tokenizer in {folder} has {tokenizer.vocabulary} tokens and the model {vocabulary}; "
                "put the tokenizer that the model was trained with there."
            )
        return tokenizer
    for cached in cache_folders():
        tokenizer = _tokenizer_in(cached, vocabulary, spare)
        if tokenizer is not None and (vocabulary is None or _fits(tokenizer, vocabulary)):
            return tokenizer
    raise UserError(
        "No tokenizer was found for the model; put tokenizer.json, or vocab.json and merges.txt, "
        f"or encoder.json and vocab.bpe, into {folder}."
    )


def was_padded(known: int, vocabulary: int) -> bool:
    """Whether a model of `vocabulary` tokens may be one for `known` tokens, fewer, that was padded.

    That makes sizes round, the mask counted or not: by 127 tokens at most, to a multiple of 8 at least.
    """
    return 0 < vocabulary - known < LARGEST_MULTIPLE and 0 in (vocabulary % 8, (vocabulary + 1) % 8)


def _fits(tokenizer: Tokenizer, vocabulary: int) -> bool:
    return tokenizer.vocabulary == vocabulary or was_padded(tokenizer.vocabulary, vocabulary)


def _tokenizer_in(folder: Path, vocabulary: int | None, spare: Spare) -> Tokenizer | None:
    what, backend = f"The tokenizer in {folder}", backend_in(folder) or (of_bases() if spare == "bases" else None)
    with refusing(f"{what} is damaged", "put a whole copy there"):
        return None if backend is None else _whole(fitted(backend, vocabulary, spare), what)


def _whole(backend: Backend, what: str) -> Tokenizer:
    """A ValueError unless the ids are 0 .. vocabulary - 1: others would point outside the model's embedding.

    A UserError unless its tokens write texts back.
    """
    if sorted(backend.get_vocab().values()) != list(range(backend.get_vocab_size())):
        raise ValueError("its token ids have gaps")
    tokenizer = Tokenizer(backend)
    if not tokenizer.writes_back:
        raise UserError(
            f"{what} does not give texts back as they were, so it cannot be used here; take a byte-level one, or "
            "one with a token for each character."
        )
    return tokenizer
