"""Tokenizers lose nothing, and are found where people keep them."""

from __future__ import annotations

import gc
import json
import resource
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

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


def kept_in(folder: Path, backend: Backend) -> Path:
    backend.save(str(folder / "tokenizer.json"))
    return folder


def of_pieces(model: models.Model, before: Any, decoder: Any, normalizer: Any = None) -> Backend:
    backend = Backend(model)
    backend.pre_tokenizer, backend.decoder, backend.normalizer = before, decoder, normalizer
    return backend


def trained(backend: Backend, trainer: Any) -> Backend:
    backend.train_from_iterator(TEXTS, trainer)
    return backend


SPECIAL = ["<unk>", "[MASK]"]
LOSSY: dict[str, Callable[[], Backend]] = {
    "sentencepiece": lambda: trained(
        of_pieces(models.BPE(unk_token="<unk>"), pre_tokenizers.Metaspace(), decoders.Metaspace()),
        trainers.BpeTrainer(vocab_size=200, special_tokens=SPECIAL, show_progress=False),
    ),
    "without anything before": lambda: trained(
        of_pieces(models.BPE(unk_token="<unk>"), None, None),
        trainers.BpeTrainer(vocab_size=200, special_tokens=SPECIAL, show_progress=False),
    ),
    "unigram": lambda: trained(
        of_pieces(models.Unigram(), pre_tokenizers.Metaspace(), decoders.Metaspace()),
        trainers.UnigramTrainer(vocab_size=60, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False),
    ),
    "wordpiece": lambda: trained(
        of_pieces(
            models.WordPiece(unk_token="<unk>"),
            pre_tokenizers.BertPreTokenizer(),
            decoders.WordPiece(),
            normalizers.BertNormalizer(),
        ),
        trainers.WordPieceTrainer(vocab_size=200, special_tokens=SPECIAL, show_progress=False),
    ),
    "words": lambda: of_pieces(
        models.WordLevel({f"word{k}": k for k in range(5000)}, unk_token="word0"), pre_tokenizers.Whitespace(), None
    ),
    "one word": lambda: of_pieces(models.WordLevel({"a": 0, "b": 1}, unk_token="a"), None, None),
    "a space before": lambda: trained(
        of_pieces(models.BPE(), pre_tokenizers.ByteLevel(add_prefix_space=True), decoders.ByteLevel()),
        trainers.BpeTrainer(vocab_size=280, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False),
    ),
    "bytes that are missing": lambda: trained(
        of_pieces(models.BPE(), pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()),
        trainers.BpeTrainer(vocab_size=100, show_progress=False),
    ),
}


@pytest.mark.parametrize("kind", LOSSY)
def test_a_tokenizer_that_does_not_give_texts_back_is_refused_in_one_short_sentence(tmp_path: Path, kind: str) -> None:
    folder = kept_in(tmp_path, LOSSY[kind]())
    with pytest.raises(UserError, match="does not give texts back") as error:
        find_tokenizer(folder)
    assert len(str(error.value)) < 200 + len(str(folder))
    with pytest.raises(UserError, match="does not give texts back"):
        tokenizer_from((folder / "tokenizer.json").read_text())


def test_characters_of_other_programs_are_used_and_what_they_lack_is_said_shortly(tmp_path: Path) -> None:
    symbols = ["[PAD]", "[UNK]", *map(chr, range(0x4E00, 0x4E00 + 2000)), *"acgt"]
    backend = of_pieces(
        models.WordLevel({symbol: k for k, symbol in enumerate(symbols)}, unk_token="[UNK]"),
        pre_tokenizers.Split("", "isolated"),
        None,
    )
    tokenizer = find_tokenizer(kept_in(tmp_path, backend))
    ids = tokenizer.encode("acgtacgt")
    assert len(ids) == 8
    assert tokenizer.decode(ids) == "acgtacgt"
    with pytest.raises(UserError, match='the symbol "x"') as error:
        tokenizer.encode("acxgt")
    assert len(str(error.value)) < 200


def test_every_token_that_was_added_is_spelled_as_it_is_shown(tmp_path: Path) -> None:
    backend = Backend.from_str(TOKENIZER.to_json())
    backend.add_special_tokens(["<\uff5cfim\u2581begin\uff5c>", "<|im_start|>"])
    backend.add_tokens(["日本語"])
    tokenizer = find_tokenizer(kept_in(tmp_path, backend))
    spelled = [tokenizer.spelling(token) for token in range(tokenizer.vocabulary)]
    assert spelled[-3:] == [text.encode() for text in ("<\uff5cfim\u2581begin\uff5c>", "<|im_start|>", "日本語")]
    assert tokenizer.decode(tokenizer.encode("in 日本語.")) == "in 日本語."


@pytest.mark.parametrize("part", ["model", "pre_tokenizer", "decoder", "normalizer", "added_tokens"])
@pytest.mark.parametrize("value", [None, [], {}, "x", {"type": "Sequence"}])
def test_a_damaged_tokenizer_is_answered_in_one_short_sentence(tmp_path: Path, part: str, value: object) -> None:
    described = {**json.loads(TOKENIZER.to_json()), part: value}
    (tmp_path / "tokenizer.json").write_text(json.dumps(described))
    said = ""
    try:
        assert find_tokenizer(tmp_path).writes_back
    except UserError as error:
        said = str(error)
    assert len(said) < 300 + len(str(tmp_path))


def panicking(expression: str) -> str:
    """A tokenizer whose expression tries more ways than the library allows, which then panics; in Rust."""
    described = json.loads(TOKENIZER.to_json())
    trap = {"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": False}
    described["pre_tokenizer"] = trap
    return json.dumps(described)


def test_a_panic_of_the_library_is_a_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="cannot read this text"):
        Tokenizer(Backend.from_str(panicking(r"(\w|\w)*!"))).encode(f"{'b' * 50} !")
    (tmp_path / "tokenizer.json").write_text(panicking(r"(\w|\w)*¡"))
    with pytest.raises(UserError, match="is damaged"):
        find_tokenizer(tmp_path)
    assert "panicked" in capfd.readouterr().err  # the library itself says so


@pytest.mark.parametrize(
    "change",
    [
        {"normalizer": {"type": "Replace", "pattern": {"String": "a"}, "content": "b" * 100_000}},
        {
            "padding": {
                "strategy": {"Fixed": 10**9},
                "direction": "Right",
                "pad_to_multiple_of": None,
                "pad_id": 0,
                "pad_type_id": 0,
                "pad_token": "a",
            }
        },
        {"model": []},
        {
            "added_tokens": [
                {
                    "id": 10**9,
                    "content": "x",
                    "single_word": False,
                    "lstrip": False,
                    "rstrip": False,
                    "normalized": False,
                    "special": True,
                }
            ]
        },
    ],
)
def test_a_tokenizer_that_would_unfold_takes_no_memory(tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps(json.loads(TOKENIZER.to_json()) | change))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with suppress(UserError):
        assert len(find_tokenizer(tmp_path).encode("a")) == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 2**10


@pytest.mark.parametrize("content", [b"[" * 10**6, b'{"a":' * 10**5, b"\0" * 10**6, b"9" * 10**6, b"\xff\xfe{}"])
def test_deep_or_empty_descriptions_are_refused(tmp_path: Path, content: bytes) -> None:
    for names in (("tokenizer.json",), ("vocab.json", "merges.txt")):
        for name in names:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError):
            find_tokenizer(tmp_path)
        (tmp_path / names[0]).unlink()


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
