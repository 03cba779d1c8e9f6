"""Tokenizers lose nothing, and are found where people keep them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.tokenizers import END_OF_TEXT, Tokenizer, find_tokenizer, train_tokenizer
from engine.protocol import UserError

TEXTS = ["Once upon a time there was a dragon.", "The dragon slept. Once upon a hill."] * 5
SIZE = 270
TOKENIZER: Tokenizer = train_tokenizer(iter(TEXTS), SIZE)


@given(st.text())
def test_decoding_gives_the_text_back(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text


@given(st.text(min_size=1))
def test_words_cover_every_position_in_order(text: str) -> None:
    ids = TOKENIZER.encode(text)
    words = TOKENIZER.words(ids)
    assert [p for start, stop in words for p in range(start, stop)] == list(range(len(ids)))


def test_a_word_of_several_tokens_is_one_word() -> None:
    ids = TOKENIZER.encode("a zyx hill")
    assert [TOKENIZER.decode(ids[start:stop]) for start, stop in TOKENIZER.words(ids)] == ["a", " zyx", " hill"]


def test_the_end_of_text_stands_for_itself() -> None:
    assert TOKENIZER.eot_id is not None
    ids = [*TOKENIZER.encode("end."), TOKENIZER.eot_id, *TOKENIZER.encode("Once")]
    words = [TOKENIZER.decode(ids[start:stop]) for start, stop in TOKENIZER.words(ids)]
    assert words == ["end.", END_OF_TEXT, "Once"]


def test_a_marker_written_in_a_text_is_text() -> None:
    text = f"Once {END_OF_TEXT} upon"
    ids = TOKENIZER.encode(text)
    assert TOKENIZER.eot_id not in ids
    assert TOKENIZER.decode(ids) == text


def test_a_piece_keeps_its_leading_space() -> None:
    assert TOKENIZER.piece(TOKENIZER.encode(" dragon")[0]).startswith(" ")


def test_training_gives_the_vocabulary_asked_for() -> None:
    assert TOKENIZER.vocabulary == SIZE
    with pytest.raises(UserError, match="at least 257"):
        train_tokenizer(iter(TEXTS), 100)


def test_a_token_out_of_range_is_answered_in_a_sentence() -> None:
    with pytest.raises(UserError, match="another model"):
        TOKENIZER.decode([SIZE])


def test_a_saved_tokenizer_is_found_beside_the_weights(tmp_path: Path) -> None:
    TOKENIZER.save(tmp_path)
    assert find_tokenizer(tmp_path).fingerprint == TOKENIZER.fingerprint


@pytest.mark.parametrize(("vocab", "merges"), [("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe")])
def test_a_pair_of_files_is_found_beside_the_weights(tmp_path: Path, vocab: str, merges: str) -> None:
    write_pair(tmp_path, vocab, merges)
    found = find_tokenizer(tmp_path)
    assert found.encode(" dragon slept") == TOKENIZER.encode(" dragon slept")
    assert found.eot_id == TOKENIZER.eot_id


@pytest.mark.parametrize("variable", ["HF_HOME", "HF_HUB_CACHE"])
def test_the_hugging_face_cache_is_looked_at_last(
    tmp_path: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = tmp_path / "hub" if variable == "HF_HOME" else tmp_path
    snapshot = hub / "models--openai-community--gpt2" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    write_pair(snapshot, "vocab.json", "merges.txt")
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    (tmp_path / "model").mkdir()
    assert find_tokenizer(tmp_path / "model", SIZE).vocabulary == SIZE
    with pytest.raises(UserError, match="No tokenizer"):
        find_tokenizer(tmp_path / "model", 50_257)


def test_a_damaged_tokenizer_is_answered_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(UserError, match="damaged"):
        find_tokenizer(tmp_path)


@pytest.mark.parametrize("content", ["[1]", "null", "{}", '{"model": {"type": "BPE"}}', "\x00"])
def test_a_file_that_is_no_tokenizer_is_answered_in_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(UserError, match="damaged") as error:
        find_tokenizer(tmp_path)
    assert "\n" not in str(error.value)


def test_token_ids_outside_the_vocabulary_are_refused(tmp_path: Path) -> None:
    """They would point outside the model's embedding."""
    write_pair(tmp_path, "vocab.json", "merges.txt")
    vocab = json.loads((tmp_path / "vocab.json").read_text())
    (tmp_path / "vocab.json").write_text(json.dumps({token: 7 + i for token, i in vocab.items()}))
    with pytest.raises(UserError, match="ids have gaps"):
        find_tokenizer(tmp_path)


def write_pair(folder: Path, vocab: str, merges: str) -> None:
    TOKENIZER.save(folder)
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    (folder / "tokenizer.json").unlink()
    (folder / vocab).write_text(json.dumps(model["vocab"]))
    lines = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    (folder / merges).write_text("#version: 0.2\n" + "\n".join(lines) + "\n")
