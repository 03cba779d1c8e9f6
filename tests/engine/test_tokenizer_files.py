"""Files of tokenizers, whoever wrote them: what is used, and what is refused in a sentence."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

from engine.language.spare_tokens import fitted
from engine.language.tokenizers import Tokenizer, find_tokenizer, tokenizer_from
from engine.protocol import UserError
from tests.engine.test_tokenizers import TEXTS, TOKENIZER


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


@pytest.mark.parametrize("kind", [kind for kind in LOSSY if "[MASK]" in LOSSY[kind]().get_vocab()])
@pytest.mark.parametrize("more", [[], ["<more>"]])
def test_without_its_mask_a_tokenizer_cuts_texts_as_before_whatever_its_kind(
    tmp_path: Path, kind: str, more: list[str]
) -> None:
    backend = LOSSY[kind]()
    backend.add_special_tokens(more)
    made = fitted(Backend.from_str(backend.to_str()), None, "mask")
    assert "[MASK]" not in made.get_vocab()
    assert sorted(made.get_vocab().values()) == list(range(backend.get_vocab_size() - 1))
    for text in (*TEXTS, "".join(more)):
        assert (
            made.encode(text, add_special_tokens=False).tokens == backend.encode(text, add_special_tokens=False).tokens
        )
    with pytest.raises(UserError, match="does not give texts back"):
        find_tokenizer(kept_in(tmp_path, backend), spare="mask")


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


@pytest.mark.parametrize(("lacking", "opens"), [("\N{LATIN CAPITAL LETTER A WITH OGONEK}", True), ("e", False)])
def test_a_vocabulary_may_lack_what_hardly_any_text_has(tmp_path: Path, lacking: str, opens: bool) -> None:
    """A with ogonek is how the control character 4 is written in such a vocabulary."""
    described = json.loads(TOKENIZER.to_json())
    vocabulary = [piece for piece in described["model"]["vocab"] if lacking not in piece]
    described["model"] |= {"vocab": {piece: k for k, piece in enumerate(vocabulary)}, "merges": []}
    described["added_tokens"] = []
    (tmp_path / "tokenizer.json").write_text(json.dumps(described))
    if not opens:
        with pytest.raises(UserError, match="does not give texts back"):
            find_tokenizer(tmp_path)
        return
    tokenizer = find_tokenizer(tmp_path)
    assert tokenizer.decode(tokenizer.encode("the end")) == "the end"
    with pytest.raises(UserError, match="does not give this text back"):
        tokenizer.encode("the\x04end")


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
