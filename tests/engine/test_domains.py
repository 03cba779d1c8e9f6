"""Molecules, digits and DNA: their files, their symbols, what is measured, and training on them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from engine.cli import app
from engine.language.documents import LeftOut
from engine.language.domains import DOMAINS, domain_named
from engine.language.domains.dna import LENGTH, composition, motif_share
from engine.language.domains.images import picture
from engine.language.prompts import parse_prompt
from engine.protocol import FREE, UserError
from engine.training.datasets import Batches, fill_rows
from tests.strict import strict

FILES = {
    "molecules": "CCO\nCC(=O)O\nN#C\n\nC1CC1\n[NH3+]CC([O-])=O\n",
    "digits": "tra," + ",".join(["0", "16"] * 32) + ",7\n" + ",".join(["3"] * 64) + ",1\n",
    "promoters": "ACGT" * 75 + "\n" + "acgn" * 75 + "\n" + "TTTT" * 75 + "\n",
}
ROWS = [domain for domain in DOMAINS.values() if domain.rows]


def records(name: str, folder: Path) -> list[str]:
    path = folder / name
    path.write_text(FILES[name])
    return list(domain_named(name).read(path, LeftOut()))


@pytest.mark.parametrize("domain", ROWS, ids=lambda domain: domain.name)
def test_records_go_to_tokens_and_back(domain: object, tmp_path: Path) -> None:
    domain = domain_named(domain.name)  # type: ignore[attr-defined]
    found = records(domain.name, tmp_path)
    tokenizer = domain.tokenizer(iter(found), 0)
    rows = fill_rows(found, tokenizer, domain.length)
    assert rows.shape == (len(found), domain.length)
    for row, record in zip(rows, found, strict=True):
        assert tokenizer.decode(row.tolist()).split("<|endoftext|>", maxsplit=1)[0] == record
        assert tokenizer.words(row.tolist())[:2] == [(0, 1), (1, 2)]


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=lambda domain: domain.name)
def test_examples_are_prompts_that_fit(domain: object) -> None:
    domain = domain_named(domain.name)  # type: ignore[attr-defined]
    tokenizer = domain.tokenizer(iter(["once upon a time"] * 3), 300)
    for example in domain.examples:
        assert (parse_prompt(example, tokenizer, domain.length) == FREE).sum() > 0


def test_an_unknown_symbol_and_an_unknown_domain_are_answered_in_a_sentence() -> None:
    tokenizer = domain_named("promoters").tokenizer(iter([]), 0)
    with pytest.raises(UserError, match='symbol "X"'):
        tokenizer.encode("ACXT")
    with pytest.raises(UserError, match="no domain music"):
        domain_named("music")


def test_a_charged_atom_is_one_token_and_a_part_of_it_is_answered_in_a_sentence() -> None:
    tokenizer = domain_named("molecules").tokenizer(iter([]), 0)
    pieces = [tokenizer.piece(token) for token in tokenizer.encode("C[NH3+]12=O")]
    assert pieces == ["C", "[NH3+]", "1", "2", "=", "O"]
    assert (parse_prompt("[NH3+]C[3][O-]", tokenizer, 24) == FREE).sum() == 3
    with pytest.raises(UserError, match=re.escape('symbol "["; it knows # ( )')):
        tokenizer.encode("C[NH")


def test_pictures_are_their_levels(tmp_path: Path) -> None:
    first, second = records("digits", tmp_path)
    assert picture(first)[0].tolist() == [0, 16] * 4
    assert (picture(second) == 3).all()
    assert picture("g").ravel()[:2].tolist() == [16, 0]


@pytest.mark.parametrize("line", ["1,2,3", "tra," + ",".join(["17"] * 64), "a,b"])
def test_a_line_that_is_no_picture_is_answered_in_a_sentence(line: str, tmp_path: Path) -> None:
    (tmp_path / "digits").write_text(line)
    with pytest.raises(UserError, match="no picture"):
        list(domain_named("digits").read(tmp_path / "digits"))


def test_digits_are_recognised_by_their_neighbours(tmp_path: Path) -> None:
    """Two kinds of real pictures, dark zeros and light ones, and samples of both, of neither and one between."""
    generator = np.random.default_rng(0)

    def near(level: int) -> list[int]:
        return [level + k for k in generator.integers(-1, 2, 64)]

    def text(levels: list[int]) -> str:
        return "".join("0123456789abcdefg"[level] for level in levels)

    real = [(near(4), 0) for _ in range(30)] + [(near(12), 1) for _ in range(10)]
    path = tmp_path / "digits.csv"
    path.write_text("".join(",".join(map(str, [*levels, digit])) + "\n" for levels, digit in real))
    samples = [text(near(4)), text(near(12)), text(near(8)), text(real[0][0])]
    recognised, evenness, copies, ink, right = domain_named("digits").measure(samples, path)
    assert recognised.value == pytest.approx(3 / 4)
    assert recognised.data == pytest.approx(0.95, abs=0.06)
    thirds = -(2 / 3 * np.log(2 / 3) + 1 / 3 * np.log(1 / 3)) / np.log(10)
    assert evenness.value == pytest.approx(thirds)
    assert copies.value == pytest.approx(1 / 4)
    assert ink.data == pytest.approx(6, abs=0.2)
    assert right.value == 1
    assert domain_named("digits").measure(["0"], None)[0].note
    path.write_text(",".join(["3"] * 64) + ",x\n")
    with pytest.raises(UserError, match="without its digit"):
        domain_named("digits").measure(samples, path)


def test_composition_and_motif_are_counted_by_position(tmp_path: Path) -> None:
    texts = ["ACGT", "AAGT", "TATAAA"]
    shares = composition(texts)
    assert shares[:, 0].tolist() == [2 / 3, 0, 0, 1 / 3]
    assert motif_share(texts).tolist() == [1 / 3, *[0] * (LENGTH - 1)]
    real = ["C" * 40 + "TATAAA" + "G" * 254] * 4
    path = tmp_path / "promoters.txt"
    path.write_text("\n".join(real))
    measures = {m.name: m for m in domain_named("promoters").measure(real, path)}
    assert domain_named("promoters").measure(real, None)[0].note
    assert measures["TATA motif most frequent at base"].value == 40
    assert measures["with the motif there"].value == 1
    assert measures["composition by position, mean difference"].value == 0


def test_molecules_are_valid_unique_and_novel_or_a_sentence_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data.smi").write_text("CCO\n")
    measure = domain_named("molecules").measure
    valid, unique, novel = measure(["CCO", "OCC", "C1CC", "CN<|endoftext|>C", ""], tmp_path / "data.smi")
    assert valid.value == pytest.approx(3 / 5)
    assert unique.value == pytest.approx(2 / 3)
    assert novel.value == pytest.approx(1 / 2)
    monkeypatch.setitem(sys.modules, "rdkit", None)
    assert all('pip install "sedd-studio[molecules]"' in figure.note for figure in measure(["CCO"], None))


def test_rows_come_in_shuffled_passes() -> None:
    batches = Batches(np.arange(20).reshape(10, 2), length=2, batch=3, seed=1)
    first = np.concatenate([batches[k] for k in range(3)])
    assert len({tuple(row) for row in first}) == 9
    assert not np.array_equal(first, np.concatenate([batches[k] for k in range(3, 6)]))
    np.testing.assert_array_equal(batches[4], Batches(np.arange(20).reshape(10, 2), 2, 3, 1)[4])
    with pytest.raises(UserError, match="too few"):
        Batches(np.zeros((2, 4)), 4, 3, 0)


def test_a_model_of_a_domain_is_trained_sampled_and_measured(tmp_path: Path) -> None:
    (tmp_path / "dna.txt").write_text(("ACGT" * 75 + "\n") * 40)
    sizes = ("--hidden", 16, "--blocks", 1, "--heads", 2, "--batch", 4, "--steps", 2, "--precision", "fp32")
    out = tmp_path / "model"
    made = sedd("train", tmp_path / "dna.txt", "--domain", "promoters", "--out", out, *sizes)
    assert made["domain"] == "promoters"
    row = sedd("evaluate", "--model", out, "--samples", 2, "--steps", 2, "--reference", tmp_path / "dna.txt")
    measures, curves = row["measures"], row["curves"]
    assert isinstance(measures, dict)
    assert isinstance(curves, dict)
    assert "G and C" in measures
    assert list(curves) == ["A", "C", "G", "T", "TATAAA"]
    assert curves["A"]["data"] == [1.0, 0.0, 0.0, 0.0] * 75
    sample = sedd("infill", "--text", "ACG [3] TT", "--steps", 2, "--model", out)
    assert str(sample["text"]).startswith("ACG")
    assert str(sample["text"]).endswith("TT")


def sedd(*arguments: object) -> dict[str, object]:
    result = CliRunner().invoke(app, [str(argument) for argument in (*arguments, "--json")])
    assert result.exit_code == 0, result.output
    record: dict[str, object] = strict(result.stdout.splitlines()[-1])
    return record
