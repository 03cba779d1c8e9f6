"""Tokenizers lose nothing, and are found where people keep them."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bundled_models import ASSETS
from engine.language import backends
from engine.language.automata import DEAD
from engine.language.backends import END_OF_TEXT
from engine.language.documents import encoded
from engine.language.patterns import Pattern
from engine.language.tokenizers import Tokenizer, find_tokenizer, tokenizer_from, train_tokenizer
from engine.protocol import UserError
from engine.stopping import Stopped, stoppable

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
    with pytest.raises(UserError, match=r"damaged|holds NUL characters") as error:
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


def test_a_tokenizer_that_is_in_use_is_shared_and_one_that_is_not_is_gone() -> None:
    tokenizer = train_tokenizer(iter(["once upon a time"] * 3), 260)
    text = tokenizer.to_json()
    first = tokenizer_from(text)
    assert first.piece(5) == tokenizer.piece(5)
    assert tokenizer_from(text) is first
    gone = weakref.ref(first)
    gc.disable()
    try:
        del first
        assert gone() is None
    finally:
        gc.enable()


def split_by(expression: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": False}


def changed(folder: Path, **parts: Any) -> Path:
    """A folder with a tokenizer some of whose parts are others."""
    (folder / "tokenizer.json").write_text(json.dumps(json.loads(TOKENIZER.to_json()) | parts))
    return folder


SLOW = r"[\s\S]{1,100}[\s\S]{1,100}[\s\S]{1,30}(?=\b\B)"
"""What tries a hundred million ways to find itself in some hundred characters, and never does."""
QUIET = split_by("Q|\ufb01") | {"behavior": "Removed"}
BEFORE = json.loads(TOKENIZER.to_json())["pre_tokenizer"]


def test_a_tokenizer_that_takes_far_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "PATIENCE", 0.2)
    changed(tmp_path, pre_tokenizer={"type": "Sequence", "pretokenizers": [split_by(SLOW), BEFORE]})
    with pytest.raises(UserError, match=r"is damaged .it takes far too long.; put a whole copy there"):
        find_tokenizer(tmp_path)


def test_a_tokenizer_that_is_slow_on_a_text_can_be_stopped_and_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [split_by(r"(?<=q)" + SLOW), BEFORE]
    tokenizer = find_tokenizer(changed(tmp_path, pre_tokenizer={"type": "Sequence", "pretokenizers": parts}))
    assert tokenizer.decode(tokenizer.encode("a" * 200)) == "a" * 200
    asked = iter((False, False, True))
    with stoppable(lambda: next(asked)), pytest.raises(Stopped):
        tokenizer.encode("q" * 400)
    monkeypatch.setattr(backends, "PATIENCE", 0.2)
    with pytest.raises(UserError, match=r"cannot read this text .it takes far too long.; take another"):
        tokenizer.encode("q" * 400)
    with pytest.raises(UserError, match="takes far too long"):  # and not each record for itself
        list(encoded(["q" * 400, "a"], tokenizer, lambda _: None))


@pytest.mark.parametrize(
    "parts",
    [
        {"normalizer": {"type": "Replace", "pattern": {"String": "Q"}, "content": ""}},
        {"normalizer": {"type": "NFKC"}},
        {
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [QUIET, BEFORE],
            }
        },
    ],
)
def test_no_character_of_a_text_is_dropped_in_silence(tmp_path: Path, parts: dict[str, Any]) -> None:
    tokenizer = find_tokenizer(changed(tmp_path, **parts))
    assert tokenizer.decode(tokenizer.encode("Once upon")) == "Once upon"
    with pytest.raises(UserError, match="does not give this text back"):
        tokenizer.encode_all(["Once", "Queen of the \ufb01eld"])


def test_what_a_file_says_of_writing_tokens_has_no_say(tmp_path: Path) -> None:
    swollen = {"type": "Replace", "pattern": {"String": "Q"}, "content": "b" * 10**6}
    tokenizer = find_tokenizer(changed(tmp_path, decoder=swollen, normalizer={"type": "NFC"}))
    for text in ("Queen", "e\u0301"):
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_a_token_that_stands_for_no_text_is_in_no_match(tmp_path: Path) -> None:
    model = json.loads(TOKENIZER.to_json())["model"]
    model["vocab"]["\u4f60"] = len(model["vocab"])
    tokenizer = find_tokenizer(changed(tmp_path, model=model))
    machine = Pattern.compile(".*", tokenizer).automaton
    assert machine.moves[0, machine.classes[tokenizer.vocabulary - 1]] == DEAD
    assert machine.moves[0, machine.classes[tokenizer.encode("a")[0]]] != DEAD


def test_texts_encoded_together_are_encoded_as_alone() -> None:
    tokenizer = find_tokenizer(ASSETS / "stories-gpt")
    texts = ["Once upon a time", "", "  two\nlines <|endoftext|>", "L'été 你好"]
    assert tokenizer.encode_all(texts) == [tokenizer.encode(text) for text in texts]
    assert tokenizer.decode_all(tokenizer.encode_all(texts)) == texts
