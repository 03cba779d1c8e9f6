"""Records: FASTA, tables and JSON lines are read by what they are, and what cannot be used is told with its place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from engine.cli import app
from engine.language.documents import LeftOut, documents
from engine.language.domains import domain_named
from engine.protocol import UserError
from engine.training.datasets import fill_rows

SIZES = ("--steps", 1, "--batch", 1, "--hidden", 16, "--blocks", 1, "--heads", 2, "--precision", "fp32")
BASES = st.text("ACGT", min_size=1, max_size=300)


def told_of(name: str, path: Path) -> tuple[list[str], list[str]]:
    """The records of a file, and what is told of the others."""
    told: list[str] = []
    return list(domain_named(name).read(path, told.append)), [line.removeprefix(f"{path}, ") for line in told]


def sedd(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


@given(st.lists(BASES, min_size=1, max_size=4), st.integers(1, 80), st.sampled_from(["\n", "\r\n"]))
def test_fasta_in_lines_of_any_length_is_its_sequences(
    tmp_path_factory: pytest.TempPathFactory, sequences: list[str], width: int, end: str
) -> None:
    path = tmp_path_factory.mktemp("fasta") / "two.fa"
    wrapped = [
        [f">seq{k}", *(text[i : i + width].lower() for i in range(0, len(text), width)), ""]
        for k, text in enumerate(sequences)
    ]
    path.write_bytes(end.join(line for lines in wrapped for line in lines).encode())
    assert list(domain_named("promoters").read(path)) == sequences


def test_dna_that_cannot_be_used_is_told_by_its_line(tmp_path: Path) -> None:
    (path := tmp_path / "some.fa").write_text("ACGT\nACGN\n>one\nAC\nGT\n>none\n;comment\n>two\nACRT\n>three\nAA\n")
    found, told = told_of("promoters", path)
    assert found == ["ACGT", "ACGT", "AA"]
    assert [line.split(":")[0] for line in told] == ["line 2", "line 6", "line 8"]
    with pytest.raises(UserError, match="line 2: N is none of the bases"):
        list(domain_named("promoters").read(path))


def test_molecules_are_read_without_their_names_and_from_the_column_of_a_table(tmp_path: Path) -> None:
    (path := tmp_path / "a.smi").write_text("smiles\nCCO ethanol\nC1CC1\tring\n")
    assert told_of("molecules", path) == (["CCO", "C1CC1"], [])
    (path := tmp_path / "a.csv").write_text('id,smiles\n1,CCO\n2,"C1CC1"\n3\n')
    found, told = told_of("molecules", path)
    assert found == ["CCO", "C1CC1"]
    assert told == ["line 4: it has no smiles"]
    (path := tmp_path / "b.csv").write_text("id,name\n1,x\n")
    with pytest.raises(UserError, match="no column named smiles"):
        told_of("molecules", path)


def test_rows_leave_out_what_is_unknown_or_too_long_and_count_it(tmp_path: Path) -> None:
    (path := tmp_path / "mols.smi").write_text("CCO\nClCCBr\n" + "C" * 25 + "\nCCN\n")
    molecules, said = domain_named("molecules"), list[str]()
    tokenizer, left_out = molecules.tokenizer(iter(()), 0), LeftOut()
    assert len(fill_rows(molecules.read(path, left_out), tokenizer, 24, left_out)) == 2
    left_out.say(said.append)
    assert said[0].startswith(f"2 records were left out, first {path}, line 2: ")
    with pytest.raises(UserError, match="line 2"):
        fill_rows(molecules.read(path), tokenizer, 24)


PIXELS = [[(k * j) % 17 for k in range(64)] for j in range(1, 9)]
CORNERS = [[0, *row[1:63], 16] for row in PIXELS]


def written(path: Path, rows: Sequence[Sequence[object]], separator: str = ",") -> Path:
    path.write_text("".join(separator.join(map(str, row)) + "\n" for row in rows))
    return path


def test_the_digit_is_found_at_either_end_of_a_table_and_by_its_name(tmp_path: Path) -> None:
    digits = domain_named("digits")
    wanted = ["".join("0123456789abcdefg"[level] for level in row) for row in CORNERS]
    names = [f"pixel{k}" for k in range(64)]
    tables: dict[str, Sequence[Sequence[object]]] = {
        "last": [[*row, k % 10] for k, row in enumerate(CORNERS)],
        "part": [["tra", *row, k % 10] for k, row in enumerate(CORNERS)],
        "none": [[*row] for row in CORNERS],
        "first": [[k % 10, *row] for k, row in enumerate(CORNERS)],
        "named first": [["label", *names], *([k % 10, *row] for k, row in enumerate(CORNERS))],
        "named last": [["id", *names, "Digit"], *([7, *row, k % 10] for k, row in enumerate(CORNERS))],
        "decimal": [[*map(float, row), float(k % 10)] for k, row in enumerate(CORNERS)],
    }
    for name, rows in tables.items():
        for separator in (",", ";", "\t"):
            path = written(tmp_path / f"{name}.csv", rows, separator)
            assert list(digits.read(path)) == wanted, name


def test_tables_that_do_not_say_which_column_is_the_digit_are_refused(tmp_path: Path) -> None:
    rows: list[list[object]] = [[k, *[3] * 63, 9 - k] for k in range(9)]
    with pytest.raises(UserError, match="does not say which end"):
        list(domain_named("digits").read(written(tmp_path / "a.csv", rows)))
    named: list[list[object]] = [[f"c{k}" for k in range(65)], *rows]
    with pytest.raises(UserError, match="65 columns"):
        list(domain_named("digits").read(written(tmp_path / "a.csv", named)))
    assert told_of("digits", written(tmp_path / "b.csv", [[*CORNERS[0]], [1, 2], [*CORNERS[0], 3, 4, 5]]))[1] == [
        "line 2: it is no picture of 8 x 8 grey levels from 0 to 16",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"text": "one\\ntwo", "id": 0}\n\n{"id": 1, "text": "three"}\n'),
        ("a.txt", '{"text": "one\\ntwo", "id": 0}\n{"id": 1, "text": "three"}\n'),
        ("a.json", '[{"text": "one\\ntwo"}, {"text": "three"}]'),
        ("a.csv", 'label,text\n0,"one\ntwo"\n1,three\n'),
        ("a.tsv", "Text\tlabel\none\\two\t0\nthree\t1\n"),
    ],
)
def test_texts_are_read_by_their_field(tmp_path: Path, name: str, content: str) -> None:
    (path := tmp_path / name).write_text(content)
    first, second = documents(path)
    assert (first.replace("\\", "\n"), second) == ("one\ntwo", "three")


def test_a_text_in_a_table_may_be_as_long_as_any_other(tmp_path: Path) -> None:
    text = "word " * 100_000
    (tmp_path / "texts.csv").write_text(f'text,label\n"{text}",1\nshort,2\n', encoding="utf-8")
    assert list(documents(tmp_path / "texts.csv")) == [text.strip(), "short"]


def test_json_that_would_unfold_is_refused_before_it_does_and_one_of_long_texts_is_read(tmp_path: Path) -> None:
    path = tmp_path / "many.json"
    path.write_text("[" + ",".join(["[]"] * 600_000) + "]", encoding="utf-8")
    with pytest.raises(UserError, match=r"many\.json is made of marks more than of text"):
        list(documents(path))
    path.write_text(json.dumps(["a fox, an owl, and all that, " * 400_000]), encoding="utf-8")
    [read] = documents(path)
    assert read.count(",") == 1_200_000


def test_what_is_no_text_among_json_lines_and_tables_is_told_or_refused(tmp_path: Path) -> None:
    (path := tmp_path / "a.jsonl").write_text('{"text": "one"}\n{"text": 5}\n{"tex\n{"body": "x"}\n[1]\n"two"\n')
    found, told = told_of("text", path)
    assert found == ["one", "two"]
    assert [line.split(":")[0] for line in told] == ["line 2", "line 3", "line 4", "line 5"]
    (path := tmp_path / "a.csv").write_text("label,words\n0,x\n")
    with pytest.raises(UserError, match="no column named text"):
        list(documents(path))
    (path := tmp_path / "a.txt").write_text('{ "a" }\nis code, and a text,\n')
    assert list(documents(path)) == ['{ "a" }\nis code, and a text,']


def test_commands_say_what_they_leave_out(tmp_path: Path) -> None:
    dna = tmp_path / "dna.txt"
    dna.write_text(("ACGT" * 10 + "\n") * 30 + "ACGN\n" + "A" * 50 + "\n")
    model = tmp_path / "model"
    said = f"2 records were left out, first {dna}, line 31: N is none of the bases ACGT."
    made = sedd("train", dna, "--domain", "promoters", "--length", 40, "--out", model, *SIZES)
    assert said in made.stderr
    assert said in sedd("score", dna, "--model", model, "--draws", 1).stderr
    assert said in sedd("evaluate", "--model", model, "--samples", 1, "--steps", 1, "--reference", dna).stderr
