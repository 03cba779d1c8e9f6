"""A run as a command and as Python: text that makes the same tokens without the window."""

from __future__ import annotations

import shlex
from dataclasses import fields

import numpy as np

from engine.language.documents import STANDARD_INPUT
from engine.language.prompts import format_ids, format_prompt, parse_prompt
from engine.plain_text import plain
from engine.protocol import Generate, UserError
from engine.protocol.options import OPTIONS
from engine.runs.trajectory import Origin


def as_command(origin: Origin) -> str:
    """The `sedd` command of a run, for a shell; a UserError where no command can say it."""
    request = origin.request
    if request.start is not None or request.banned:
        raise UserError("A run that went on from a step cannot be said as a command; copy it as Python instead.")
    words = ["sedd", "infill", *prompt_options(origin)]
    for row in sorted(OPTIONS.values(), key=lambda row: row.kind.composed):  # those that are long come last
        value = getattr(request, row.name)
        if (row.main or value != row.usual) and not row.idle(request):
            given = row.kind.given(value)
            for each in given if row.kind.several else [given]:
                words += [row.flag, str(each)]
    words += ["--model", origin.info.path, "--device", place(origin), "--precision", origin.info.precision]
    command = shlex.join(words)
    if plain(command) != command:
        raise UserError("This run has signs that a terminal would obey; copy it as Python instead.")
    return command


def prompt_options(origin: Origin) -> list[str]:
    """The prompt as text where that is cut into the same tokens again, and has nothing that a terminal into which it is
    pasted would obey; else as token ids."""
    tokens, tokenizer = origin.request.tokens, origin.tokenizer
    text = format_prompt(tokens, tokenizer)
    try:
        again = parse_prompt(text, tokenizer, origin.info.length)
    except UserError:
        again = None
    same = again is not None and np.array_equal(again, tokens)
    if same and plain(text) == text and text != STANDARD_INPUT:
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
        if value != field.default or (field.name in OPTIONS and OPTIONS[field.name].main):
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
