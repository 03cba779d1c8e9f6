"""Lays the records of a page of measurements out as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.cli.evaluate import in_digits
from engine.language.domains import DOMAINS
from engine.language.domains.molecules import canonical
from engine.language.prompts import parse_prompt
from engine.protocol import FREE
from scripts.measured import Command, Found, Kind, Page, Records, Section
from scripts.results_claims import judged
from scripts.results_figures import columns, drawn, first_to_meet, fitted_line, line_above_floor, of_real_text, rises
from scripts.results_plan import NUCLEUS

FLOOR_POINTS = 5
"""Budgets of which there must be more for a floor and a line above it to be read off."""


def render(page: Page, found: Found) -> str:
    """The whole page, Markdown."""
    return "\n".join([page.head, *(part for section in page.sections for part in parts(section, found))])


def parts(section: Section, found: Found) -> list[str]:
    """Heading, text, commands, picture and tables of a section, and which models it waits for."""
    measured = [command for command in section.commands if command in found]
    lines = [f"## {section.title}\n\n{section.text}\n"]
    if measured:
        lines.append("```\n" + "\n".join(command.shown for command in measured) + "\n```\n")
        lines += [f"![{section.title}](images/{section.picture})\n"] if section.picture else []
        lines.append(LAYOUTS[section.kind](found, measured))
    missing = sorted({name for command in section.commands if command not in found for name in command.models})
    if missing:
        lines.append(f"Not measured yet, because not all of these models are bundled: {', '.join(missing)}.\n")
    return lines


def table(head: Sequence[str], rows: Sequence[Sequence[str]], side: str = ":") -> str:
    """A Markdown table; numbers stand to the right, words, with no `side`, to the left."""
    lines = [head, ["---", *["---" + side] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def with_error(value: float | None, error: float | None, digits: int = 3) -> str:
    """A value with its standard error, `digits` behind the point, one for values of ten and more."""
    if value is None:
        return "-"
    digits = min(digits, 1) if abs(value) >= 10 else digits
    return f"{value:.{digits}f}" + (f" ± {error:.{digits}f}" if error is not None else "")


def likelihood(found: Found, commands: Sequence[Command]) -> str:
    """Bounds beside the exact value, and how many times it they are."""
    rows = []
    lines = [found[command][0]["perplexity"] for command in commands if command.arguments[0] == "baseline"]
    exact = lines[0] if lines else None
    for command in commands:
        most = "" if command.arguments[0] == "baseline" else "<= "
        for record in found[command]:
            ratio = "" if exact is None else f"{record['perplexity'] / exact:.3f}"
            rows.append(
                [
                    command.label + (f", {record['orders']} orders of a text" if "orders" in record else ""),
                    most + with_error(record["nats_per_token"], record["nats_per_token_standard_error"], 4),
                    f"{most}{record['bits_per_byte']:.4f}",
                    f"{most}{record['perplexity']:.2f} ± {record['perplexity_standard_error']:.2f}",
                    ratio,
                ]
            )
    notes = [
        f"- {command.label}: {record['orders']} orders take {record['slack_nats_per_token']:.4f} ± "
        f"{record['slack_nats_per_token_standard_error']:.4f} nats off the bound, as {record['blocks']} blocks say"
        + (f"; what is left is {record['perplexity'] / min(lines):.3f} times the baseline's best." if lines else ".")
        for command in commands
        for record in found[command]
        if "orders" in record
    ]
    head = ("model", "nats a token", "bits a byte", "perplexity a token", "times the baseline's")
    return table(head, rows) + ("\n" + "\n".join(notes) + "\n" if notes else "")


def budgets(found: Found, commands: Sequence[Command]) -> str:
    """A row for each sampler and step budget and for real text, and where each sampler meets the baseline."""
    real = of_real_text(found[command] for command in commands)
    lines = {command.label: found[command][0] for command in commands if command.arguments[0] == "baseline"}
    rows = [budget_row(command.label, record) for command in commands for record in drawn(found[command])]
    rows[:0] = [budget_row(label, record) for label, record in lines.items()]
    if real is not None:
        rows.insert(0, budget_row("the test stories", real))
    notes = [
        f"- {command.label}: {trend(drawn(found[command]), lines, real)}"
        for command in commands
        if lines and drawn(found[command])
    ]
    drawn_as = ("sampler", "steps", "calls", "samples", "seconds a sample")
    head = (*drawn_as, "generative perplexity", "entropy, nats", "self-BLEU", "distinct 2, 4")
    return table(head, rows) + "\n" + "\n".join(notes) + "\n"


def budget_row(label: str, record: Mapping[str, Any]) -> list[str]:
    """A sampler at one budget; the baseline has neither steps nor calls, and real text was not drawn."""
    return [
        label,
        str(record.get("steps", "")),
        f"{record['calls']:.0f}" if "calls" in record else "",
        str(record.get("samples", "")),
        f"{record['seconds']:.3f}" if "seconds" in record else "",
        with_error(record["perplexity_by_token"], record["perplexity_by_token_error"], 2),
        with_error(record["entropy"], record["entropy_error"]),
        f"{record['self_bleu']:.3f}",
        f"{record['distinct_2']:.3f}, {record['distinct_4']:.3f}",
    ]


def ways(found: Found, commands: Sequence[Command]) -> str:
    """A row for each way to draw and budget, with what it shares with the budget before, and one of real data."""
    rows = [way_row(command.label, record) for command in commands for record in found[command]]
    head = ("way", "steps", "generative perplexity", "entropy, nats", "self-BLEU", "same tokens", "by chance")
    return table(head, rows)


def way_row(label: str, record: Mapping[str, Any]) -> list[str]:
    """A way at one budget; the reference has neither steps nor another budget."""
    same = [f"{record[name]:.1%}" if name in record else "" for name in ("same_tokens", "same_tokens_by_chance")]
    return [
        "the test stories" if "reference" in record else label,
        str(record.get("steps", "")),
        with_error(record["perplexity_by_token"], record["perplexity_by_token_error"], 2),
        with_error(record["entropy"], record["entropy_error"]),
        f"{record['self_bleu']:.3f}",
        *same,
    ]


def trend(records: Records, lines: Mapping[str, Mapping[str, Any]], real: Mapping[str, Any] | None) -> str:
    """The slope on log-log axes up to 256 steps, whether it falls, and where it meets samples of the baseline."""
    steps, values, errors = columns(records, 256)
    said = []
    if len(steps) > 1:
        said.append(f"slope {fitted_line(steps, values)[0]:+.2f} up to 256 steps")
        if len(steps) > FLOOR_POINTS:
            floor, slope, explained = line_above_floor(steps, values, errors)
            said[0] += f" ({slope:+.2f} above a floor of {floor:.1f}, a line that explains {explained:.1%})"
        rising = rises(values, errors)
        said[0] += ", rises somewhere by more than two standard errors" if rising else ", falls within error"
    return "; ".join([*said, *(meeting(records, label, line, real) for label, line in lines.items())]) + "."


def meeting(records: Records, label: str, line: Mapping[str, Any], real: Mapping[str, Any] | None) -> str:
    """Where step budgets meet samples of the baseline, or how far the best stays from them, and how near real text
    its entropy and self-BLEU are."""
    met = first_to_meet(records, line)
    best = met or min(records, key=lambda r: r["perplexity_by_token"])
    times = best["perplexity_by_token"] / line["perplexity_by_token"]
    where = f"{best['steps']} steps, {best['calls']:.0f} calls"
    said = f"meets {label} at {where}" if met else f"does not meet {label}: {times:.2f} times at its best, {where}"
    if real is None:
        return said
    entropy, alike = (best[name] / real[name] - 1 for name in ("entropy", "self_bleu"))
    return f"{said} (entropy {entropy:+.1%}, self-BLEU {alike:+.1%} beside real stories)"


def infilling(found: Found, commands: Sequence[Command]) -> str:
    """The judge's perplexity of the wholes; what the real middles cost given both sides and given the left."""
    rows, costs = [], []
    for command in commands:
        for record in found[command]:
            name = record["row"]
            if "nats" in record:
                most = "<= " if "bound" in name else ""
                costs.append([command.label, name, most + with_error(record["nats"], record["standard_error"])])
            else:
                value = with_error(record["perplexity_by_token"], record["perplexity_by_token_error"], 2)
                right = with_error(record["right_nats"], record["right_nats_error"])
                label = f"{name}, {command.label}" if "sees" in name and NUCLEUS[0] in command.arguments else name
                rows.append([label, value, right, with_error(record["entropy"], record["entropy_error"])])
    unique = [row for number, row in enumerate(rows) if row not in rows[:number]]
    first = table(("whole blocks", "perplexity by the judge", "right side, nats a token", "entropy, nats"), unique)
    return first + "\n" + table(("model", "real middles", "nats a token"), costs)


def domain(found: Found, commands: Sequence[Command]) -> str:
    """What a domain measures of the samples of each command, beside the data's own figures."""
    records = [found[command][0] for command in commands]
    rows = []
    for name, value in records[0]["measures"].items():
        values = [*(record["measures"][name]["value"] for record in records), value["data"]]
        rows.append([name, *(figure(x) for x in values)])
    rows.append(["samples", *(f"{record['samples']}" for record in records), ""])
    rows.append(["seconds a sample", *(f"{record['seconds']:.3f}" for record in records), ""])
    return table(("", *(command.label for command in commands), "data"), rows)


def figure(value: float | None) -> str:
    """A figure that may be missing."""
    return "-" if value is None else in_digits(value)


def gallery(found: Found, commands: Sequence[Command]) -> str:
    """Nothing more: the picture says it."""
    return ""


def fragments(found: Found, commands: Sequence[Command]) -> str:
    """In how many samples the locked symbols stand where they were, and how many samples are molecules."""
    molecules, rows = DOMAINS["molecules"], []
    tokenizer = molecules.tokenizer(iter(()), 0)
    for command in commands:
        records = found[command]
        asked = parse_prompt(command.option("--text"), tokenizer, molecules.length)
        made = np.array([record["tokens"] for record in records])
        kept = int((made == asked)[:, asked != FREE].all(1).sum())
        valid = sum(canonical(record["text"]) is not None for record in records)
        rows.append([command.label, f"{len(records)}", f"{kept}", f"{valid}"])
    return table(("locked", "samples", "fragment in place", "valid"), rows)


def samples(found: Found, commands: Sequence[Command]) -> str:
    """Texts as they came."""
    texts = [record["text"] for command in commands for record in found[command]]
    return "\n\n".join(f"{number}. {quoted(text)}" for number, text in enumerate(texts, 1)) + "\n"


def quoted(text: str) -> str:
    """A text on one line, its ends of documents and of lines as signs, for Markdown."""
    return escape(text.replace("<|endoftext|>", " ⏎ ").strip().replace("\n", " / "))


def escape(text: str) -> str:
    """Text whose marks Markdown leaves alone."""
    return "".join("\\" + letter if letter in "\\`*_{}[]<>#|" else letter for letter in text)


def trials(found: Found, commands: Sequence[Command]) -> str:
    """The last bound of each run on the validation data, and the tokens that it took."""
    rows = []
    for command in commands:
        last = [record for record in found[command] if record.get("event") == "validated"][-1]
        seen = [record["tokens"] for record in found[command] if record.get("event") == "trained"][-1]
        bound = with_error(last["nats"], last["standard_error"], 4)
        rows.append([command.label, bound, f"{last['bits_per_byte']:.4f}", f"{seen:,}"])
    return table(("", "nats a token <=", "bits a byte <=", "tokens seen"), rows)


def claims(found: Found, commands: Sequence[Command]) -> str:
    """What was published beside what was found."""
    return table(("claim", "published", "here", "holds"), judged(found, commands), "")


LAYOUTS: dict[Kind, Callable[[Found, Sequence[Command]], str]] = {
    "likelihood": likelihood,
    "budgets": budgets,
    "ways": ways,
    "infilling": infilling,
    "domain": domain,
    "gallery": gallery,
    "fragments": fragments,
    "samples": samples,
    "trials": trials,
    "claims": claims,
}
