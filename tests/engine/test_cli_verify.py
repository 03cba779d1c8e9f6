"""`sedd samplers` and `sedd verify`: the tables are printed, and say what the laws are."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from engine.cli import app, verify
from engine.cli.output import Output
from engine.protocol import UserError
from engine.protocol.sampler_table import ALL_SAMPLERS, SAMPLERS
from tests.strict import strict

CLAIMS = [(row.name, noise) for row in SAMPLERS for noise in row.noises]


def test_samplers_are_listed_with_cost_and_accuracy() -> None:
    shown = CliRunner().invoke(app, ["samplers"]).stdout
    for row in ALL_SAMPLERS:
        assert f"{row.name}  (" in shown
        assert row.calls in shown
        assert all(option.name in shown for option in row.options)
    assert "biased" in shown
    assert "order 2" in shown
    records = [strict(line) for line in CliRunner().invoke(app, ["samplers", "--json"]).stdout.splitlines()]
    assert [record["name"] for record in records] == [row.name for row in ALL_SAMPLERS]


def test_verify_has_a_row_for_every_claim_and_prints_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verify, "DATA", {"smooth": 20.0})
    monkeypatch.setattr(verify, "LENGTHS", {"absorb": 2, "uniform": 1})
    rows = list(verify.sampler_rows(SAMPLERS, (2, 4), samples=300))
    assert {(row.sampler, row.noise) for row in rows} == set(CLAIMS)
    by_name = {(row.sampler, row.noise, row.data): row for row in rows}
    assert max(by_name["first-hitting", "absorb", "smooth"].distances.values()) < 1e-12
    assert by_name["tweedie", "absorb", "smooth"].ratio == pytest.approx(2.0, abs=0.3)
    assert "sampled 300 times" in by_name["uniformization", "uniform", "smooth"].sampled
    locked = list(verify.lock_rows(6, samples=40))
    assert all(row.distance < 1e-12 for row in locked if row.noise == "absorb")

    monkeypatch.setattr(
        verify,
        "sampler_rows",
        lambda named, steps, samples: (row for row in rows if row.sampler in {each.name for each in named}),
    )
    monkeypatch.setattr(verify, "lock_rows", lambda calls, samples: iter(locked))
    verify.verify_samplers(quick=True, output=Output(json_lines=False))
    printed = capsys.readouterr().out
    assert "| first-hitting" in printed
    assert "marked in training" in printed
    verify.verify_samplers(quick=False, output=Output(json_lines=True))
    assert len(capsys.readouterr().out.splitlines()) == len(rows) + len(locked)
    verify.verify_samplers(quick=True, output=Output(json_lines=True), only="tweedie")
    assert [strict(line)["sampler"] for line in capsys.readouterr().out.splitlines()] == ["tweedie", "tweedie"]
    with pytest.raises(UserError, match="no sampler called"):
        verify.verify_samplers(quick=True, output=Output(json_lines=True), only="twedie")
