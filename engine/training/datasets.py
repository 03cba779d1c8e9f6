"""Texts to blocks of tokens.

Documents are joined with the end-of-text token between them and cut into blocks of fixed length, so no token is wasted
on padding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.language.documents import ENCODED_AT_ONCE, Tell, documents, encoded, in_lists, refuse
from engine.protocol import UserError

if TYPE_CHECKING:
    from engine.language.tokenizers import Tokenizer


def tokenize(paths: Sequence[Path], tokenizer: Tokenizer, tell: Tell = refuse) -> np.ndarray:
    """All documents as one stream (n,) uint16 or uint32, an end-of-text token after each; of what is none is told."""
    dtype = np.uint16 if tokenizer.vocabulary <= 2**16 else np.uint32
    end = [] if tokenizer.eot_id is None else [tokenizer.eot_id]
    stream = [
        np.array(ids + end, dtype)
        for path in paths
        for some in in_lists(documents(path, tell), ENCODED_AT_ONCE)
        for ids in tokenizer.encode_all(some)
    ]
    return np.concatenate(stream) if stream else np.empty(0, dtype)


def blocks(stream: np.ndarray, length: int) -> np.ndarray:
    """The stream cut into (n, length) int64; what is left over at the end is dropped."""
    count = len(stream) // length
    return stream[: count * length].reshape(count, length).astype(np.int64)


def pieces(stream: np.ndarray, length: int) -> list[np.ndarray]:
    """The stream cut into arrays (length,) int64, the last of what is left over."""
    return [stream[start : start + length].astype(np.int64) for start in range(0, len(stream), length)]


def fill_rows(records: Iterable[str], tokenizer: Tokenizer, length: int, tell: Tell = refuse) -> np.ndarray:
    """A row (n, length) for each record, filled up with end-of-text tokens; of records that are longer it is told, and
    of those that the tokenizer cannot write."""
    if tokenizer.eot_id is None:
        raise UserError("Rows are filled up with end-of-text tokens, and this tokenizer has none; take another.")
    found = (ids for _, ids in encoded(records, tokenizer, tell, length))
    made = [ids + [tokenizer.eot_id] * (length - len(ids)) for ids in found]
    return np.array(made, np.uint16 if tokenizer.vocabulary <= 2**16 else np.uint32).reshape(-1, length)


class Batches:
    """Blocks of a stream (n,), or rows (n, L), in random order: batch k of a seed is always the same, so a resumed run
    sees what an unbroken one would have seen.

    Each pass over the data shuffles anew, and cuts a stream at a new offset.
    """

    def __init__(self, data: np.ndarray, length: int, batch: int, seed: int) -> None:
        self._whole = data.ndim == 2
        self._stream, self._length, self._batch, self._seed = data.reshape(-1), length, batch, seed
        self._count = len(data) if self._whole else (len(data) - length) // length
        self.per_epoch = self._count // batch
        if self.per_epoch < 1:
            raise UserError(
                f"There are {len(data):,} sequences, too few for a batch of {batch}; choose smaller ones."
                if self._whole
                else f"The text has {len(data):,} tokens, too few for one batch of {batch} blocks of {length}; "
                "add text, or choose smaller blocks or batches."
            )
        self._epoch = -1
        self._starts = np.empty(0, np.int64)

    def __getitem__(self, number: int) -> np.ndarray:
        """Batch `number`, (batch, length) int64."""
        epoch, k = divmod(number, self.per_epoch)
        if epoch != self._epoch:
            generator = np.random.Generator(np.random.Philox(key=[self._seed, epoch]))
            offset = 0 if self._whole else generator.integers(self._length)
            self._starts = generator.permutation(self._count) * self._length + offset
            self._epoch = epoch
        starts = self._starts[k * self._batch : (k + 1) * self._batch]
        batch: np.ndarray = self._stream[starts[:, None] + np.arange(self._length)]
        return batch.astype(np.int64)
