"""The runs that wait in the queue, on disk: those of one prompt are kept together, each as what its form has
otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from engine.plain_text import plain_line
from engine.protocol import FREE, Generate, UserError, frozen
from engine.protocol.options import check_options
from engine.runs.runfile import check_model
from engine.runs.schema import check_limits, check_range, converted
from sedd_studio.record.form import Form
from sedd_studio.record.schema import MOST_PROMPTS, MOST_QUEUED, QueuedState
from sedd_studio.session.queueing import Queued


def queue_state(items: Iterable[Queued]) -> list[dict[str, object]]:
    """The runs as JSON values, as many as would be read again."""
    groups: list[tuple[Queued, dict[str, Any], list[dict[str, Any]]]] = []
    for _, item in zip(range(MOST_QUEUED), items, strict=False):
        form = Form.entries_of(item.request, item.info.noise)
        if not groups or not of_one_prompt(groups[-1][0], item):
            groups.append((item, form, []))
        _, first, runs = groups[-1]
        runs.append({name: value for name, value in form.items() if value != first.get(name)})
    return [
        {
            "tokens": item.request.tokens.tolist(),
            "limits": [list(limit) for limit in item.request.limits],
            "prompt": item.prompt,
            "model": asdict(item.info),
            "form": form,
            "runs": runs,
        }
        for item, form, runs in groups[:MOST_PROMPTS]
    ]


def of_one_prompt(one: Queued, other: Queued) -> bool:
    """Whether two came of the same prompt at once."""
    same = one.request.tokens is other.request.tokens and one.request.limits is other.request.limits
    return same and one.info is other.info


def read_queue(found: object) -> list[Queued]:
    """The runs that waited, which wait on until they are wished for; what is damaged is left out."""
    items: list[Queued] = []
    for one in found[:MOST_PROMPTS] if isinstance(found, list) else ():
        with suppress(ValueError, UserError):
            items += read_group(converted(one, QueuedState))
    return items[:MOST_QUEUED]


def read_group(state: QueuedState) -> list[Queued]:
    """The runs of one prompt; a ValueError or a UserError if one is damaged."""
    info, tokens = state.model, frozen(np.array(state.tokens, np.int64))
    check_model(info, info.vocabulary)
    check_range(tokens, FREE, info.vocabulary - 1)
    check_limits(state.limits, len(tokens), info.vocabulary)
    if len(tokens) > info.length:
        raise ValueError("the prompt is longer than its model takes")
    info = replace(info, name=plain_line(info.name))
    requests = [Form.read(state.form | run).request(tokens, info.noise, info.classes) for run in state.runs]
    return [Queued(checked(replace(one, limits=state.limits)), info, state.prompt, held=True) for one in requests]


def checked(request: Generate) -> Generate:
    """The run, if the engine takes its options; a UserError if not."""
    check_options(request)
    return request
