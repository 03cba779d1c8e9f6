"""A run as a command and as Python: text that makes the same tokens without the window."""

from __future__ import annotations

import shlex
from dataclasses import fields

import numpy as np

from engine.language.prompts import format_ids, format_prompt, parse_prompt
from engine.protocol import Generate, UserError
from sedd_studio.record.trajectory import Origin

DEFAULTS = {field.name: field.default for field in fields(Generate)}
ALWAYS = ("steps", "sampler", "seed", "samples")
"""Settings that are written out even where they are the usual ones: a reader wants to see them."""
PLAIN = (*ALWAYS, "first_sample", "temperature", "top_p", "pattern", "locking")
"""Settings whose option is called like them and takes their value."""


def as_command(origin: Origin) -> str:
    """The `sedd` command of a run, for a shell; a UserError where no command can say it."""
    request = origin.request
    if request.start is not None or request.banned:
        raise UserError("A run that went on from a step cannot be said as a command; copy it as Python instead.")
    words = ["sedd", "infill", *prompt_options(origin)]
    for name in PLAIN:
        if name in ALWAYS or getattr(request, name) != DEFAULTS[name]:
            words += [f"--{name.replace('_', '-')}", str(getattr(request, name))]
    if request.spacing != DEFAULTS["spacing"]:
        times = request.spacing if isinstance(request.spacing, str) else ",".join(map(repr, request.spacing))
        words += ["--spacing", times]
    for name, value in request.options:
        words += ["--option", f"{name}={value!r}"]
    for word in request.words:
        words += ["--ban", word]
    for start, stop, tokens in request.limits:
        words += ["--only", f"{start}-{stop - 1}={','.join(map(str, tokens))}"]
    words += ["--model", origin.info.path, "--device", place(origin), "--precision", origin.info.precision]
    return shlex.join(words)


def prompt_options(origin: Origin) -> list[str]:
    """The prompt as text where that is cut into the same tokens again, else as token ids."""
    tokens, tokenizer = origin.request.tokens, origin.tokenizer
    text = format_prompt(tokens, tokenizer)
    try:
        again = parse_prompt(text, tokenizer, origin.info.length).tokens
    except UserError:
        again = None
    if again is not None and np.array_equal(again, tokens):
        return ["--text", text]
    return ["--tokens", format_ids(tokens)]


def place(origin: Origin) -> str:
    """The kind of device, without its number."""
    return origin.info.device.split(":", maxsplit=1)[0]


def as_python(origin: Origin) -> str:
    """A Python program that makes the run: `tokens` (B, L) in the end."""
    request = origin.request
    settings = [f"frozen({request.tokens.tolist()})"]
    for field in fields(Generate):
        value = getattr(request, field.name)
        if field.name in ("tokens", "start"):
            continue
        if field.name in ALWAYS or value != DEFAULTS[field.name]:
            settings.append(f"{field.name}={value!r}")
    if request.start is not None:
        settings.append(f"start=frozen({request.start.tolist()})")
    arguments = "".join(f"    {setting},\n" for setting in settings)
    where = f"{origin.info.path!r}, {place(origin)!r}, {origin.info.precision!r}"
    return (
        "from engine.protocol import Failed, Frame, Generate, LoadModel, Started, frozen\n"
        "from engine.performing.engine import Engine\n\n"
        "engine = Engine()\n"
        f"(loaded,) = engine.perform(0, LoadModel({where}))\n"
        f"request = Generate(\n{arguments})\n"
        "for event in engine.perform(1, request):\n"
        "    match event:\n"
        "        case Started():\n"
        "            tokens = event.tokens.copy()\n"
        "        case Frame():\n"
        "            tokens[event.sample, event.position] = event.token\n"
        "        case Failed():\n"
        "            raise SystemExit(event.headline)\n"
        "for row in tokens:\n"
        "    print(loaded.tokenizer.decode(row.tolist()))\n"
    )
