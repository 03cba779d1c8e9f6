"""The table behind `sedd samplers`."""

from __future__ import annotations

from dataclasses import asdict

from engine.cli.output import Output
from engine.protocol.sampler_table import SAMPLERS, SamplerInfo


def show_samplers(output: Output) -> None:
    """Prints what is known of each sampler."""
    if output.json_lines:
        for row in SAMPLERS:
            output.record(**asdict(row) | {"noises": list(row.noises)})
        return
    for row in SAMPLERS:
        options = [f"{option.name}={option.default:g}: {option.summary}" for option in row.options]
        output.line(f"{row.name}  ({', '.join(row.noises)})", "bold")
        output.line(f"    {row.summary}")
        output.line(f"    calls: {row.calls}; error: {accuracy(row)}")
        for option in options:
            output.line(f"    {option}")
    output.line(
        "N steps, L free positions; errors with exact scores. The first that fits the noise is the default.", "dim"
    )


def accuracy(row: SamplerInfo) -> str:
    """How far a sampler is from exact, in a few words."""
    if row.biased:
        return "biased"
    order = "" if row.order is None else f"order {row.order}"
    exact = f"exact {row.exact}" if row.exact else ""
    return ", ".join(part for part in (order, exact) if part)
