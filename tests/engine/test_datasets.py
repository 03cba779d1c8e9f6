"""Text files as documents, tokens, blocks and batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.files import sha256
from engine.language.documents import documents, text_files
from engine.language.tokenizers import train_tokenizer
from engine.protocol import UserError
from engine.training.datasets import Batches, blocks, tokenize

TOKENIZER = train_tokenizer(iter(["one two"]), 257)


def test_documents_are_separated_by_the_marker_and_stripped(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n<|endoftext|>\n\n<|endoftext|>\nthree\n", encoding="utf-8")
    assert list(documents(tmp_path / "a.txt")) == ["one\ntwo", "three"]


def test_an_end_of_text_token_follows_every_document(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one<|endoftext|>two", encoding="utf-8")
    stream = tokenize([tmp_path / "a.txt"], TOKENIZER)
    eot = TOKENIZER.eot_id
    assert stream.tolist() == [*TOKENIZER.encode("one"), eot, *TOKENIZER.encode("two"), eot]


def test_folders_give_their_text_files_in_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "c.md"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in text_files([tmp_path, tmp_path / "c.md"])] == ["a.txt", "b.txt", "c.md"]


def test_missing_and_unreadable_texts_are_answered_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file or folder"):
        text_files([tmp_path / "absent"])
    with pytest.raises(UserError, match="No text files"):
        text_files([tmp_path])
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="not UTF-8"):
        list(documents(tmp_path / "a.txt"))


def test_blocks_drop_what_is_left_over() -> None:
    assert blocks(np.arange(7), 3).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_pass_shows_every_token_at_most_once_and_passes_differ() -> None:
    batches = Batches(np.arange(100), length=8, batch=3, seed=1)
    passes = [
        np.concatenate([batches[k].ravel() for k in range(n, n + batches.per_epoch)]) for n in (0, batches.per_epoch)
    ]
    for seen in passes:
        assert len(np.unique(seen)) == len(seen)
    assert not np.array_equal(passes[0], passes[1])


def test_a_batch_is_the_same_whatever_was_asked_before() -> None:
    one, other = (Batches(np.arange(300), length=8, batch=3, seed=1) for _ in range(2))
    for k in range(30):
        one[k]
    np.testing.assert_array_equal(one[17], other[17])


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
