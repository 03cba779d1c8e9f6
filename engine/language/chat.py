"""Questions, put as a model that chats was taught them.

A tokenizer that brings a chat template brings a program, and no program of a file is run here: the template is text in
which the marks of a known way to put turns are looked for. One that has others, or puts its turns otherwise, is
unknown. What is taken from it, beside the choice, is the system's turn that it puts before a question by itself.
Imports no torch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.files import read_bounded
from engine.language.prompts import longest_prompt
from engine.language.tokenizers import Tokenizer
from engine.language.turn_marks import marks_of, without_spaces_around
from engine.protocol import FREE, Tokens, UserError, frozen
from engine.protocol.model_info import MOST_OF_A_CHAT, Chat
from engine.strict_json import read_json

TEMPLATE, DESCRIPTION = "chat_template.jinja", "tokenizer_config.json"
LARGEST = 2**22
"""Bytes of a tokenizer's description, which lists its added tokens."""
LARGEST_TEMPLATE = 2**17
"""Characters."""
DEFAULT_ANSWER = 60
UNKNOWN = "this model's chat template is not one that the studio knows"
_TOKEN_LIKE = re.compile(r"<\|[^|<>\s]{1,40}\|>|<(?:start|end)_of_[a-z]{1,20}>|\[/?[A-Z][A-Za-z_]{2,20}\]")
"""What looks like a mark between turns."""
_JOINED = re.compile(r"(['\"]) *\+ *\1")
"""Between two texts of a template that are put together."""


@dataclass(frozen=True)
class Turns:
    """A known way to put turns: the `chat` of a question, by which `marks` in a template it is known, and by which
    texts: all of `always`, and at least one of `wanted`.

    The marks must be single tokens if they are `special`, and so must the end of a turn if it is `ended` by the
    tokenizer's. A template may have the `other` marks, too, and none of `never`. `opening` is what stands before the
    first turn if the tokenizer has that token and the template names it, or asks for it.
    """

    chat: Chat
    marks: tuple[str, ...]
    wanted: tuple[str, ...]
    special: bool = True
    ended: bool = False
    other: tuple[str, ...] = ("<|endoftext|>",)
    always: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    opening: str = ""
    system: tuple[str, str] = ("", "")
    """Between which texts the words of a system's turn stand. With nothing behind them no such turn is put."""


KNOWN: tuple[Turns, ...] = (
    Turns(
        Chat("ChatML", "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>"),
        marks=("<|im_start|>", "<|im_end|>"),
        wanted=("<|im_start|>assistant\n'", '<|im_start|>assistant\n"'),
        system=("<|im_start|>system\n", "<|im_end|>\n"),
    ),
    Turns(
        Chat(
            "Llama 3",
            "<|start_header_id|>user<|end_header_id|>\n\n",
            "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
            "<|eot_id|>",
        ),
        marks=("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        wanted=(
            "<|start_header_id|>assistant<|end_header_id|>\n\n'",
            '<|start_header_id|>assistant<|end_header_id|>\n\n"',
        ),
        other=("<|endoftext|>", "<|begin_of_text|>"),
        never=("date_string", "strftime"),
        opening="<|begin_of_text|>",
        system=("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"),
    ),
    Turns(
        Chat("Llama 2", "[INST] ", " [/INST]", "</s>"),
        marks=("[INST]", "[/INST]"),
        wanted=("'[INST] '", '"[INST] "'),
        special=False,
        never=("[INST]'", '[INST]"', "'[/INST]", '"[/INST]'),
        opening="<s>",
        system=("<<SYS>>\n", ""),
    ),
    Turns(
        Chat("dLLM", "[Question]\n", "\n[/Question]\n\n[Answer]\n", "\n[/Answer]"),
        marks=("[Question]", "[/Question]", "[Answer]", "[/Answer]"),
        wanted=("[/Question]\n\n{%",),
        special=False,
        other=("[SYS]", "[/SYS]"),
        system=("[SYS]\n", "[/SYS]"),
    ),
    Turns(
        Chat("Phi 3", "<|user|>\n", "<|end|>\n<|assistant|>\n", "<|end|>"),
        marks=("<|user|>", "<|end|>", "<|assistant|>"),
        wanted=("<|assistant|>\n'", '<|assistant|>\n"'),
        other=("<|endoftext|>", "<|system|>"),
        always=("<|end|>\n",),
        opening="<s>",
        system=("<|system|>\n", "<|end|>\n"),
    ),
    Turns(
        Chat("Phi 4", "<|im_start|>user<|im_sep|>", "<|im_end|><|im_start|>assistant<|im_sep|>", "<|im_end|>"),
        marks=("<|im_start|>", "<|im_sep|>", "<|im_end|>"),
        wanted=("<|im_start|>assistant<|im_sep|>'", '<|im_start|>assistant<|im_sep|>"'),
        always=("<|im_start|>user<|im_sep|>",),
        system=("<|im_start|>system<|im_sep|>", "<|im_end|>"),
    ),
    Turns(
        Chat("Gemma", "<start_of_turn>user\n", "<end_of_turn>\n<start_of_turn>model\n", "<end_of_turn>"),
        marks=("<start_of_turn>", "<end_of_turn>"),
        wanted=("<start_of_turn>model\n'", '<start_of_turn>model\n"'),
        other=("<start_of_image>",),
        always=("<end_of_turn>\n",),
        opening="<bos>",
    ),
    Turns(
        Chat("Zephyr", "<|user|>\n", "</s>\n<|assistant|>\n", "</s>"),
        marks=("<|user|>", "<|assistant|>"),
        wanted=("'<|assistant|>' }}\n", '"<|assistant|>" }}\n'),
        special=False,
        ended=True,
        other=("<|system|>",),
        always=("<|user|>\n", "eos_token }}\n"),
        system=("<|system|>\n", ""),
    ),
)


def chat_in(folder: Path, tokenizer: Tokenizer) -> Chat | None:
    """How the model in a folder is asked, by the chat template beside its tokenizer: None where it brings none, and a
    `Chat` without a name where that is not known here, or cannot be read."""
    try:
        template = template_in(folder)
    except (OSError, ValueError, RecursionError):
        return Chat()
    return None if template is None else recognised(template, tokenizer)


def template_in(folder: Path) -> Any:
    """The chat template in a folder, which should be a text; None where there is none."""
    if (folder / TEMPLATE).exists():
        return read_bounded(folder / TEMPLATE, LARGEST_TEMPLATE).decode()
    return template_of(read_json(folder / DESCRIPTION, LARGEST)) if (folder / DESCRIPTION).exists() else None


def template_of(described: Any) -> Any:
    """The chat template in a tokenizer's description: the only one, or that which is called the usual one."""
    found = described.get("chat_template") if isinstance(described, dict) else ""
    if isinstance(found, list):
        named = [each for each in found if isinstance(each, dict) and each.get("name") == "default"]
        return named[0].get("template") if named else ""
    return found


def recognised(template: Any, tokenizer: Tokenizer) -> Chat:
    """How a question is put by a template, which is read as text; a `Chat` without a name where that is not known."""
    if not isinstance(template, str) or len(template) > LARGEST_TEMPLATE:
        return Chat()
    text = _JOINED.sub("", template.replace("\\n", "\n"))
    known = marks_of(tokenizer)
    seen = set(_TOKEN_LIKE.findall(text))
    for turns in KNOWN:
        if not seen.issuperset(turns.marks) or not seen.issubset({*turns.marks, *turns.other}):
            continue
        if not known.keys() >= {*(turns.marks if turns.special else ()), *((turns.chat.end,) if turns.ended else ())}:
            continue
        if any(each in text for each in turns.never) or not any(each in text for each in turns.wanted):
            continue
        if all(each in text for each in turns.always):
            chat = _with_system(turns, text, known)
            before, after = (without_spaces_around(part, tokenizer) for part in (chat.before, chat.after))
            return Chat(chat.name, before, after, chat.end)
    return Chat()


def _with_system(turns: Turns, text: str, known: Mapping[str, int]) -> Chat:
    """With the turn of the system that the template has in words, and what stands before all turns."""
    begin, end = turns.system
    told, begun = set[str](), 0
    if begin:
        words = rf"(?P<words>[^'\"{{}}<>\[\]]{{1,{MOST_OF_A_CHAT // 2}}})"
        told = {match["words"] for match in re.finditer(re.escape(begin) + words + re.escape(end), text)}
        begun = len(re.findall(re.escape(begin) + r"[^'\"{]", text))
    if len(told) > 1 or (begun and not told) or (told and not end):
        return Chat()  # which one it takes is up to the program
    first = turns.opening if turns.opening in known and (turns.opening in text or "bos_token" in text) else ""
    before = "".join((first, *(f"{begin}{each}{end}" for each in told), turns.chat.before))
    return Chat(turns.chat.name, before, turns.chat.after, turns.chat.end)


def asked(chat: Chat | None, question: str, answer: int, tokenizer: Tokenizer, length: int) -> Tokens:
    """The prompt of a question for a model of `length` tokens: given, but for an answer of so many tokens at the end.

    The question is text, whatever it looks like. A UserError if it does not fit, or the model is not known to chat.
    """
    if chat is None:
        raise UserError("This model brings no chat template, so it is not asked questions; write a prompt with a gap.")
    if not chat.name:
        raise UserError(f"{UNKNOWN[0].upper()}{UNKNOWN[1:]}; write its turns into a prompt with a gap.")
    text = question.strip()
    if not text:
        raise UserError("The question is empty; write one.")
    if len(text) > (most := longest_prompt(tokenizer, length)):
        raise UserError(
            f"The question has {len(text):,} characters, and the {length} positions of this model hold fewer than "
            f"{most:,}; shorten it."
        )
    if answer < 1:
        raise UserError(f"An answer of {answer} tokens holds nothing; ask for one at least.")
    given = _given(chat, text, tokenizer)
    if len(given) + answer > length:
        raise UserError(
            f"The question takes {len(given):,} tokens with the turns around it, and an answer of {answer:,} does not "
            f"fit behind it into the {length:,} positions of this model; shorten one of them."
        )
    return frozen(np.array([*given, *[FREE] * answer], np.int64))


def _given(chat: Chat, text: str, tokenizer: Tokenizer) -> list[int]:
    known = marks_of(tokenizer)
    between = re.compile(f"({'|'.join(map(re.escape, known))})") if known else re.compile("((?!))")
    before, after = between.split(chat.before), between.split(chat.after)
    parts = [*before[:-1], before[-1] + text + after[0], *after[1:]]
    found = tokenizer.encode_all(parts[::2])
    ids = found[0]
    for mark, following in zip(parts[1::2], found[1:], strict=True):
        ids = [*ids, known[mark], *following]
    return ids


def question_in(chat: Chat | None, tokens: Tokens, tokenizer: Tokenizer) -> tuple[str, int] | None:
    """The question that a prompt of tokens (L,) is, and the tokens of its answer; None if it is another prompt."""
    free = np.flatnonzero(tokens == FREE)
    if chat is None or not chat.name or not len(free) or (tokens[free[0] :] != FREE).any():
        return None
    given = tokens[: free[0]].tolist()
    text = tokenizer.decode(given)
    question = text.removeprefix(chat.before).removesuffix(chat.after)
    if f"{chat.before}{question}{chat.after}" != text or not question.strip() or question != question.strip():
        return None
    return (question, len(free)) if _given(chat, question, tokenizer) == given else None


def answer_in(chat: Chat, tokens: Tokens, free: np.ndarray, tokenizer: Tokenizer) -> str:
    """The text of an answer, at the positions `free` (L,) of tokens (L,), up to where it ends."""
    return tokenizer.decode(tokens[free].tolist()).split(chat.end, maxsplit=1)[0].strip()
