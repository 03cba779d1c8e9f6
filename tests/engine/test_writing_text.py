"""Text that a causal model writes for others to learn from: the decoder, the command."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from typer.testing import CliRunner

from engine.causal.causal_model import save_causal
from engine.causal.decoding import Decoder, documents_of, drawn
from engine.cli import app
from engine.cli.write import Page
from engine.language.documents import documents
from engine.language.sieve import RUN
from engine.language.tokenizers import find_tokenizer
from engine.protocol import UserError

STORIES = Path("assets/stories-gpt")


def llama(vocabulary: int = 50, **changed: Any) -> Any:
    """A small network of Llama's architecture whose laws are far from flat."""
    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "vocab_size": vocabulary,
        "hidden_size": 24,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 6,
        "max_position_embeddings": 256,
    }
    network = transformers.LlamaForCausalLM(transformers.LlamaConfig(**(sizes | changed)))
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 2:
                parameter.mul_(8)
    return network.eval()  # type: ignore[no-untyped-call]


def test_the_decoder_has_the_laws_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    network = llama()
    decoder = Decoder(network, 3, 130, [0])  # the cache reaches further twice
    seen: list[torch.Tensor] = []
    law = decoder.logits

    def noted(token: torch.Tensor, reach: int) -> torch.Tensor:
        seen.append(law(token, reach))
        return seen[-1]

    monkeypatch.setattr(decoder, "logits", noted)
    written = decoder.write()
    with torch.no_grad():
        read = network(torch.cat([torch.zeros(3, 1, dtype=torch.long), written[:, :-1]], 1)).logits
    torch.testing.assert_close(torch.stack(seen, 1), read, atol=1e-4, rtol=1e-4)


def test_tokens_are_drawn_from_the_law() -> None:
    network = llama(vocabulary=5)
    torch.manual_seed(1)
    decoder = Decoder(network, 40_000, 1, [0])
    found = np.bincount(decoder.write()[:, 0].numpy(), minlength=5) / 40_000
    with torch.no_grad():
        law = network(torch.zeros(1, 1, dtype=torch.long)).logits[0, 0].softmax(-1).numpy()
    assert np.abs(found - law).max() < 5 * np.sqrt(0.25 / 40_000)


def test_streams_go_on_from_what_they_begin_with_and_differ() -> None:
    decoder = Decoder(llama(), 4, 20, [0, 7, 8, 0])
    first, second = decoder.write(), decoder.write()
    assert first[:, :3].tolist() == [[7, 8, 0]] * 4
    assert (first != second).any()


def test_tokens_that_the_tokenizer_lacks_are_never_drawn() -> None:
    decoder = Decoder(llama(vocabulary=64), 50, 20, [0], vocabulary=12)
    assert decoder.write().max() < 12


def test_tokens_of_no_chance_are_not_drawn_and_a_single_one_always_is() -> None:
    none = float("-inf")
    tokens, sound = drawn(torch.tensor([[none, 0.0, none]]).expand(2000, 3))
    assert (set(tokens.tolist()), bool(sound)) == ({1}, True)
    assert drawn(torch.zeros(5, 1))[0].tolist() == [0] * 5


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_a_network_whose_numbers_are_not_finite_writes_nothing_and_says_so(wrong: float) -> None:
    network = llama(vocabulary=9)
    with torch.no_grad():
        network.lm_head.weight[3] = wrong
    decoder = Decoder(network, 2, 5, [0])
    with pytest.raises(UserError, match="not finite"):
        decoder.write()
    with torch.no_grad():
        network.lm_head.weight[3] = 0.0
    assert decoder.write().max() < 9


def test_another_architecture_is_refused_with_a_sentence() -> None:
    network = transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=1))
    with pytest.raises(UserError, match="Llama"):
        Decoder(network, 1, 4, [0])


def test_a_document_ends_with_its_mark_and_the_last_without_one_is_left_out() -> None:
    assert list(documents_of(torch.tensor([[5, 6, 0, 7, 0], [0, 8, 9, 1, 2]]), 0)) == [[5, 6], [7], []]


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small writer, and the tokenizer of the stories."""
    folder = tmp_path_factory.mktemp("writer")
    tokenizer = find_tokenizer(STORIES)
    network = llama(tokenizer.vocabulary)
    with torch.no_grad():
        network.lm_head.weight.mul_(0.1)
        network.lm_head.weight[0] *= 10  # documents end now and then
    save_causal(folder, network, tokenizer, "")
    return folder


def run(*arguments: object) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def test_the_command_writes_documents_and_counts_them(writer: Path, tmp_path: Path) -> None:
    out = tmp_path / "text.txt"
    told = run("write", "--model", writer, "--out", out, "--tokens", 500, "--batch", 8, "--length", 200)
    written = list(documents(out))
    assert len(written) == told["documents"] > 0
    assert all(len(text.split()) >= RUN for text in written)
    assert told["tokens"] >= 500


def test_a_model_that_writes_no_document_is_not_asked_for_ever(
    writer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.cli.write.BARREN", 100)
    out = tmp_path / "text.txt"
    asked = ("write", "--model", writer, "--out", out, "--tokens", 500, "--batch", 4, "--length", 10)
    told = said(*asked)  # in which none has 20 words
    assert "held no document that is kept" in told
    assert "text.txt.unfinished, then choose a longer --length" in told
    assert not out.exists()


def test_what_was_written_is_kept_where_no_more_documents_come(
    writer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.cli.write.BARREN", 100)
    taken: list[torch.Tensor] = []
    add = Page.add

    def same(page: Page, streams: torch.Tensor) -> None:
        if not page.tokens:
            taken.append(streams)
        add(page, taken[-1])

    monkeypatch.setattr(Page, "add", same)
    out = tmp_path / "text.txt"
    told = run("write", "--model", writer, "--out", out, "--tokens", 10_000, "--batch", 8, "--length", 200)
    assert len(list(documents(out))) == told["documents"] > 0
    assert told["tokens"] < told["asked"] == 10_000
    assert told["repeated"] >= 20
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]


ASKED = ("--tokens", 200, "--batch", 4, "--length", 100, "--seed", 3)


FEW = (*ASKED, "--tokens", 60)
"""A third of the batches."""


def stopped(writer: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Writing that is stopped in its third batch; what counts the batches that are drawn from then on."""
    drawn: list[int] = []
    write = Decoder.write

    def noted(decoder: Decoder) -> torch.Tensor:
        drawn.append(1)
        if len(drawn) == 3:
            raise KeyboardInterrupt
        return write(decoder)

    monkeypatch.setattr(Decoder, "write", noted)
    assert CliRunner().invoke(app, ["write", "--model", str(writer), "--out", str(out), *map(str, ASKED)]).exit_code
    assert not out.exists()
    return drawn


def test_writing_that_was_stopped_goes_on_and_ends_as_if_it_had_not_been(
    writer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run("write", "--model", writer, "--out", tmp_path / "whole.txt", *ASKED)
    with monkeypatch.context() as patched:
        drawn = stopped(writer, tmp_path / "text.txt", patched)
        told = run("write", "--model", writer, "--out", tmp_path / "text.txt", *ASKED)
    counts = ("tokens", "documents", "repeated", "short", "unreadable", "sha256")
    assert [told[name] for name in counts] == [whole[name] for name in counts]
    assert (tmp_path / "text.txt").read_bytes() == (tmp_path / "whole.txt").read_bytes()
    assert len(drawn) > 4, "several batches are drawn after the stop"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["text.txt", "whole.txt"], "nothing is left beside it"


def test_what_other_options_or_a_damaged_file_left_is_not_gone_on_with(
    writer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "text.txt"
    with monkeypatch.context() as patched:
        stopped(writer, out, patched)
    asked = ["write", "--model", str(writer), "--out", str(out), *map(str, ASKED)]
    other = CliRunner().invoke(app, [*asked, "--seed", "4"])
    assert "another model or other options" in " ".join(other.output.split())
    first = tmp_path / "text.txt.unfinished" / "000000.tokens"
    for content in (b"", first.read_bytes()[:-4], b"\xff" * first.stat().st_size):
        first.write_bytes(content)
        damaged = CliRunner().invoke(app, asked)
        assert "is damaged; delete it" in " ".join(damaged.output.split())
    first.unlink()
    assert CliRunner().invoke(app, asked).exit_code == 0


def said(*arguments: object) -> str:
    """Of a command that fails, in a sentence: what it says, on one line."""
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert result.exit_code == 2, result.output
    return " ".join(result.output.split())


def test_what_lies_where_batches_are_kept_is_neither_taken_for_them_nor_deleted(writer: Path, tmp_path: Path) -> None:
    asked = ("write", "--model", writer, "--out", tmp_path / "text.txt", *FEW)
    place = tmp_path / "text.txt.unfinished"
    place.write_text("a file")
    assert "is no folder; move it away" in said(*asked)
    assert place.read_text() == "a file"
    place.unlink()
    place.mkdir()
    (place / "000000.tokens").write_bytes(bytes(4 * 4 * 100))  # nobody knows what drew it
    assert "another model or other options" in said(*asked)
    (place / "000000.tokens").unlink()
    (place / "notes.md").write_text("a user's own")
    run(*asked)
    assert [path.name for path in place.iterdir()] == ["notes.md"]


def test_a_place_that_takes_no_file_is_left_as_it_was(writer: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert "choose another --out" in said("write", "--model", writer, "--out", tmp_path / "folder", *FEW)
    assert "choose another --out" in said("write", "--model", writer, "--out", tmp_path / "none" / "a.txt", *FEW)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_text_that_is_there_is_not_written_over(writer: Path, tmp_path: Path) -> None:
    (out := tmp_path / "text.txt").write_text("a user's own", encoding="utf-8")
    asked = ("write", "--model", writer, "--out", out, *FEW)
    for more in ((), ("--apart", out)):
        assert "text.txt is there already; move it away, or choose another --out." in said(*asked, *more)
    assert out.read_text(encoding="utf-8") == "a user's own"
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]


def test_a_second_process_does_not_write_the_same_text(
    writer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("write", "--model", writer, "--out", tmp_path / "text.txt", *FEW)
    refused: list[str] = []
    write = Decoder.write

    def meanwhile(decoder: Decoder) -> torch.Tensor:
        if not refused:
            refused.append("")
            refused.append(said(*asked))
        return write(decoder)

    monkeypatch.setattr(Decoder, "write", meanwhile)
    run(*asked)
    assert "Another process writes into" in refused[1]
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]


def test_batches_that_were_kept_become_text_whatever_time_is_left(
    writer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "text.txt"
    with monkeypatch.context() as patched:
        stopped(writer, out, patched)  # its plan says nothing of how many tokens there shall be
    kept = len(list((tmp_path / "text.txt.unfinished").glob("*.tokens")))
    taken: list[int] = []
    add = Page.add

    def noted(page: Page, streams: torch.Tensor) -> None:
        taken.append(1)
        add(page, streams)

    monkeypatch.setattr(Page, "add", noted)
    run("write", "--model", writer, "--out", out, *FEW, "--seconds", 0)
    assert len(taken) == kept > 1


class AtOnce:
    """Does what it is given before it goes on, as a quick other thread would."""

    def __init__(self, _: int) -> None: ...

    def __enter__(self) -> AtOnce:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*arguments))
        return done


def test_the_text_does_not_depend_on_how_quick_the_other_thread_is(
    writer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Page.add

    def late(page: Page, streams: torch.Tensor) -> None:
        time.sleep(0.01)
        add(page, streams)

    with monkeypatch.context() as patched:
        patched.setattr(Page, "add", late)
        slow = run("write", "--model", writer, "--out", tmp_path / "slow.txt", *FEW)
    monkeypatch.setattr("engine.cli.write.ThreadPoolExecutor", AtOnce)
    quick = run("write", "--model", writer, "--out", tmp_path / "quick.txt", *FEW)
    counts = ("tokens", "documents", "short", "sha256")  # one batch more has some short documents more
    assert [quick[name] for name in counts] == [slow[name] for name in counts]


def test_a_fine_tuned_model_of_any_kind_starts_where_the_other_ended(writer: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("\n<|endoftext|>\n".join(f"A fox saw {' '.join(map(str, range(k, k + 30)))}." for k in range(40)))
    common = f"train {text} --kind causal --model {writer} --batch 2 --length 32 --optimizer adamw".split()
    told = run(*common, "--steps", 2, "--learning-rate", 1e-9, "--out", tmp_path / "tuned")
    before = run("baseline", text, "--model", writer)
    after = run("baseline", text, "--model", told["folder"])
    assert after["nats_per_token"] == pytest.approx(before["nats_per_token"], rel=1e-3)
