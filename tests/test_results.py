"""The results page: what it says follows from the records, and a command is not run twice for the same inputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.main import get_command

from engine.cli import app
from engine.language.domains import DOMAINS
from scripts import results
from scripts.measured import Command, Found, Kind, Page, Records, Section
from scripts.results import PAGES, Places, measured
from scripts.results_page import render
from scripts.results_pictures import draw
from scripts.results_plan import CALIBRATED, CUT, JUDGE, NOT_ANNEALED, RESULTS
from scripts.training_plan import TRAINING, TRIAL

LIKELIHOOD = {"nats_per_token": 2.0, "nats_per_token_standard_error": 0.1, "bits_per_byte": 0.9}
COMMANDS = {(section.kind, command.label): command for section in RESULTS.sections for command in section.commands}
SCHEMES = PAGES.values()


def page(found: Found) -> str:
    return render(RESULTS, found)


def section(kind: Kind) -> Section:
    return next(section for section in RESULTS.sections if section.kind == kind)


def value(perplexity: float) -> dict[str, float]:
    return {
        "perplexity_by_token": perplexity,
        "perplexity_by_token_error": 0.5,
        "entropy": 4.5,
        "entropy_error": 0.01,
        "seconds": 0.1,
        "self_bleu": 0.2,
        "distinct_2": 0.5,
        "distinct_4": 0.9,
    }


def test_bounds_are_compared_with_the_exact_value() -> None:
    exact = LIKELIHOOD | {"perplexity": 10.0, "perplexity_standard_error": 0.2}
    text = page(
        {
            COMMANDS["likelihood", "stories-gpt"]: [exact],
            COMMANDS["likelihood", "stories-absorb"]: [exact | {"perplexity": 12.5}],
            COMMANDS["likelihood", CALIBRATED]: [exact | {"perplexity": 8.0}],
        }
    )
    assert "| stories-absorb | <= 2.0000 ± 0.1000 | <= 0.9000 | <= 12.50 ± 0.20 | 1.250 |" in text
    assert "| stories-gpt | 2.0000 ± 0.1000 | 0.9000 | 10.00 ± 0.20 | 1.000 |" in text
    assert "Not measured yet, because not all of these models are bundled: assets/stories-uniform." in text


def test_ways_to_draw_stand_beside_real_text_with_what_budgets_have_in_common() -> None:
    first = value(20.0) | {"steps": 16, "self_bleu": 0.18}
    second = first | {"steps": 32, "same_tokens": 0.075, "same_tokens_by_chance": 0.009}
    real = value(13.0) | {"reference": "valid.txt", "self_bleu": 0.1}
    text = page({COMMANDS["ways", "surest"]: [first, second, real]})
    assert "| surest | 16 | 20.0 ± 0.5 | 4.500 ± 0.010 | 0.180 |  |  |" in text
    assert "| surest | 32 | 20.0 ± 0.5 | 4.500 ± 0.010 | 0.180 | 7.5% | 0.9% |" in text
    assert "| the test stories |  | 13.0 ± 0.5 | 4.500 ± 0.010 | 0.100 |  |  |" in text


def test_a_bound_that_orders_tighten_has_a_row_and_a_note_of_its_own() -> None:
    exact = LIKELIHOOD | {"perplexity": 10.0, "perplexity_standard_error": 0.2}
    less = {"orders": 8, "blocks": 40, "slack_nats_per_token": 0.1, "slack_nats_per_token_standard_error": 0.01}
    found: Found = {
        COMMANDS["likelihood", "stories-gpt"]: [exact],
        COMMANDS["likelihood", "stories-absorb"]: [exact | {"perplexity": 12.0}, exact | less | {"perplexity": 10.9}],
        COMMANDS["likelihood", CALIBRATED]: [exact | {"perplexity": 9.083333}],
    }
    text = page(found)
    assert "| stories-absorb, 8 orders of a text | <= 2.0000 ± 0.1000 | <= 0.9000 | <= 10.90 ± 0.20 | 1.090 |" in text
    assert "- stories-absorb: 8 orders take 0.1000 ± 0.0100 nats off the bound, as 40 blocks say; " in text
    assert "what is left is 1.200 times the baseline's best." in text
    assert "| within 10 % | 1.20 times it; 1.09 by 8 orders of a text | no |" in text


def test_a_line_of_slope_minus_one_meets_the_baseline(tmp_path: Path) -> None:
    records = [value(640 / steps) | {"steps": steps, "calls": steps} for steps in (4, 16, 64)]
    found = {
        COMMANDS["budgets", NOT_ANNEALED]: [value(11.0)],
        COMMANDS["budgets", "absorb, tweedie"]: records,
        COMMANDS["budgets", "absorb, surest"]: [record | {"perplexity_by_token": 44.0} for record in records],
    }
    text = page(found)
    assert (
        "- absorb, tweedie: slope -1.00 up to 256 steps, falls within error; "
        "meets stories-gpt, not annealed at 64 steps, 64 calls." in text
    )
    assert "does not meet stories-gpt, not annealed: 4.00 times at its best, 4 steps, 4 calls." in text
    draw(section("budgets"), found, tmp_path)
    assert (tmp_path / "quality-against-steps.png").stat().st_size > 10_000


def test_samples_stand_beside_the_real_stories_in_what_shows_repetition(tmp_path: Path) -> None:
    records = [value(640 / steps) | {"steps": steps, "calls": steps, "samples": 128} for steps in (4, 16, 64)]
    real = {**value(9.0), "reference": "test.txt", "entropy": 4.0, "self_bleu": 0.25}
    del real["seconds"]
    found: Found = {
        COMMANDS["budgets", NOT_ANNEALED]: [value(20.0)],
        COMMANDS["budgets", CUT]: [value(5.0)],
        COMMANDS["budgets", "absorb, surest"]: [*records, real],
    }
    text = page(found)
    assert "| the test stories |  |  |  |  | 9.00 ± 0.50 | 4.000 ± 0.010 | 0.250 | 0.500, 0.900 |" in text
    beside = "(entropy +12.5%, self-BLEU -20.0% beside real stories)"
    assert f"meets stories-gpt, not annealed at 64 steps, 64 calls {beside}; " in text
    assert f"does not meet {CUT}: 2.00 times at its best, 64 steps, 64 calls {beside}." in text
    draw(section("budgets"), found, tmp_path)
    assert (tmp_path / "quality-against-steps.png").stat().st_size > 10_000


def test_claims_are_judged_by_the_figures_of_the_page() -> None:
    exact = LIKELIHOOD | {"perplexity": 10.0, "perplexity_standard_error": 0.2}
    samples = [value(640 / steps) | {"steps": steps, "calls": steps} for steps in (4, 16, 64)]
    right = {"right_nats": 2.0, "right_nats_error": 0.1}
    wholes = [{**value(x), **right, "row": name} for x, name in ((8.0, "text"), (9.0, "filled"), (9.5, "continued"))]
    costs = [{"row": "bound", "nats": 1.0, "standard_error": 0.1}]
    found: dict[Command, Records] = {
        COMMANDS["likelihood", "stories-gpt"]: [exact],
        COMMANDS["likelihood", "stories-absorb"]: [exact | {"perplexity": 12.5}],
        COMMANDS["likelihood", "stories-uniform"]: [exact | {"perplexity": 15.0, "bits_per_byte": 1.0}],
        COMMANDS["budgets", NOT_ANNEALED]: [value(11.0)],
        COMMANDS["budgets", "absorb, surest"]: samples,
        COMMANDS["budgets", "absorb, second look"]: samples[1:],
        COMMANDS["infilling", "stories-absorb"]: [*wholes, *costs],
    }
    text = page(found)
    assert "| within 10 % | 1.25 times it | no |" in text
    assert "| 0.900 against 1.000 bits a byte | yes |" in text
    assert "| a line | slope -1.00, the line explains 100% | yes |" in text
    assert "| 0.91 times the baseline's at 64 steps | yes |" in text
    assert "| met with 64 calls, 4.0 times fewer than one a token | yes |" in text
    assert "| 9.0 against 9.5 left to right; right sides 2.00 against 2.00 nats a token | yes |" in text
    found[COMMANDS["budgets", "absorb, second look"]] = [record | {"perplexity_by_token": 44.0} for record in samples]
    text = page(found)
    assert "| not met with up to 64 calls | no |" in text


def test_a_curve_that_flattens_is_on_a_line_above_its_floor() -> None:
    steps = (4, 8, 16, 32, 64, 128, 256)
    flat: Records = [value(16 + 1600 * n**-1.5) | {"steps": n, "calls": n} for n in steps]
    text = page({COMMANDS["budgets", "absorb, surest"]: flat, COMMANDS["budgets", NOT_ANNEALED]: [value(11.0)]})
    said = next(line for line in text.splitlines() if "log-log line" in line)
    assert "above a floor of 16.0 the slope is -1.50 and it explains 100% | no |" in said
    assert "(-1.50 above a floor of 16.0, a line that explains 100.0%), falls within error" in text


def test_a_rise_beyond_the_errors_is_said() -> None:
    records = [value(20.0 + steps) | {"steps": steps, "calls": steps} for steps in (4, 16)]
    text = page({COMMANDS["budgets", NOT_ANNEALED]: [value(11.0)], COMMANDS["budgets", "absorb, tweedie"]: records})
    assert "rises somewhere by more than two standard errors" in text


def test_measures_stand_beside_the_data() -> None:
    drawn = {"valid": {"value": 0.8, "data": 1.0}, "novel": {"value": 0.7, "data": None}}
    corrected = {"valid": {"value": 0.96, "data": 1.0}, "novel": {"value": 0.3, "data": None}}
    text = page(
        {
            COMMANDS["domain", "as drawn"]: [{"measures": drawn, "samples": 2000, "seconds": 0.1}],
            COMMANDS["domain", "held to @smiles"]: [{"measures": corrected, "samples": 2000, "seconds": 0.4}],
        },
    )
    assert "|  | held to @smiles | as drawn | data |" in text
    assert "| valid | 0.960 | 0.800 | 1.000 |" in text
    assert "| novel | 0.300 | 0.700 | - |" in text


def test_curves_and_samples_of_domains_are_drawn(tmp_path: Path) -> None:
    curve = {"values": [0.2] * 20, "data": [0.3] * 20}
    dna, digits = COMMANDS["domain", "promoters"], COMMANDS["gallery", "upper half locked"]
    found: Found = {dna: [{"curves": {"A": curve, "TATAAA": curve}}], digits: [{"text": "0g" * 32}] * 3}
    for part in RESULTS.sections:
        draw(part, found, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"promoters.png", "digits.png"}


def test_a_locked_fragment_counts_where_it_was_and_not_elsewhere() -> None:
    command = COMMANDS["fragments", "a ring of three in the middle"]
    tokenizer = DOMAINS["molecules"].tokenizer(iter(()), 0)
    texts = ["CCCCCCC1CC1OOOOOCCC", "C1CC1CCCCCCCCCCCCCC", "CCCCCCC1CC1OOOOO((("]
    text = page({command: [{"text": text, "tokens": tokenizer.encode(text)} for text in texts]})
    assert "| a ring of three in the middle | 3 | 2 | 2 |" in text


def test_a_trial_is_its_last_bound_and_what_it_saw() -> None:
    command = TRAINING.sections[0].commands[0]
    records = [
        {"event": "validated", "nats": 3.0, "standard_error": 0.1, "bits_per_byte": 2.0},
        {"event": "trained", "tokens": 4_000_000, "seconds": 100.0},
        {"event": "validated", "nats": 2.0, "standard_error": 0.1, "bits_per_byte": 1.0},
    ]
    text = render(TRAINING, {command: records})
    assert f"| {command.label} | 2.0000 ± 0.1000 | 1.0000 | 4,000,000 |" in text


def test_every_trial_differs_from_every_other() -> None:
    trials = [command for part in TRAINING.sections for command in part.commands]
    assert len({command.arguments for command in trials}) == len(trials)
    assert all(command.arguments[-1] == TRIAL for command in trials)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_every_command_on_a_page_is_one_that_the_program_understands(scheme: Page) -> None:
    for part in scheme.sections:
        for command in part.commands:
            name, *arguments = command.arguments
            context = get_command(app).make_context("sedd", [name], resilient_parsing=True)
            get_command(app).get_command(context, name).make_context(name, arguments)  # type: ignore[attr-defined]


def test_middles_and_samples_are_laid_out() -> None:
    right = {"right_nats": 2.0, "right_nats_error": 0.1}
    rows = [
        {"row": "text", **value(13.0), **right},
        {"row": "filled, sees both sides", **value(15.0), **right},
        {"row": "continued, sees the left side", **value(14.0), **right},
        {"row": "bound of the middle, both sides given", "nats": 2.5, "standard_error": 0.05},
    ]
    samples = [{"text": "One *day*<|endoftext|>\nTwo"}]
    found: Found = {
        COMMANDS["infilling", "stories-absorb"]: rows,
        COMMANDS["infilling", "top-p 0.9"]: [rows[0], rows[1] | value(12.0)],
        COMMANDS["samples", "samples"]: samples,
    }
    text = page(found)
    assert text.count("| text | 13.0 ± 0.5 | 2.000 ± 0.100 | 4.500 ± 0.010 |") == 1
    assert "| filled, sees both sides | 15.0 ± 0.5 |" in text
    assert "| filled, sees both sides, top-p 0.9 | 12.0 ± 0.5 |" in text
    assert "| stories-absorb | bound of the middle, both sides given | <= 2.500 ± 0.050 |" in text
    assert "1. One \\*day\\* ⏎  / Two" in text


def test_a_command_runs_again_only_when_its_inputs_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "KEPT", tmp_path / "kept")
    text = tmp_path / "text.txt"
    text.write_text("first", encoding="utf-8")
    places, asked = Places(tmp_path / "assets", tmp_path), []

    def perform(arguments: list[str]) -> str:
        asked.append(arguments)
        return json.dumps({"asked": len(asked)}) + "\n"

    command = Command("text", ("score", "data/text.txt", "--model", "assets/m"))
    assert measured(command, places, perform) == measured(command, places, perform) == [{"asked": 1}]
    text.write_text("second", encoding="utf-8")
    assert measured(command, places, perform) == [{"asked": 2}]
    assert asked[0] == ["score", str(text), "--model", str(tmp_path / "assets" / "m")]
    assert not places.has(command)


def test_the_judge_is_made_once_and_for_pages_that_ask_for_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(results, "run", asked.append)
    results.make_judge(TRAINING, tmp_path)
    assert not asked
    results.make_judge(RESULTS, tmp_path)
    assert asked == [["judge", "--out", str(tmp_path)]]
    (tmp_path / "config.json").touch()
    results.make_judge(RESULTS, tmp_path)
    assert len(asked) == 1
    assert Places(tmp_path, tmp_path).real(JUDGE) == str(results.RUNS / "judge")


def test_a_trial_has_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "KEPT", tmp_path)
    folders = []

    def perform(arguments: list[str]) -> str:
        folders.append(Path(arguments[-1]))
        folders[-1].mkdir()
        return "{}\n"

    for command in TRAINING.sections[0].commands[:2]:
        measured(command, Places(tmp_path, tmp_path), perform)
    assert len({*folders, Path(TRIAL)}) == 3
    assert not any(folder.exists() for folder in folders)
