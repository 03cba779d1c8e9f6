"""Tokenizers of models that chat, and chat templates as they are published, in words of our own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.language.tokenizers import Tokenizer, train_tokenizer

STORY = "What is a dragon? A dragon is a large animal that lived on a hill. Who asked? The user asked the system."
VOCABULARY = 300
LOOP = "{% for turn in messages %}"
CHATML = LOOP + (
    r"{{ '<|im_start|>' + turn['role'] + '\n' + turn['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    r"{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
HELP = r"'<|im_start|>system\nYou help in few words.<|im_end|>\n'"
SYSTEM = "{% if messages[0]['role'] != 'system' %}{{ " + HELP + " }}{% endif %}"
LLAMA_3 = LOOP + (
    r"{% set put = '<|start_header_id|>' + turn['role'] + '<|end_header_id|>\n\n' + turn['content'] + '<|eot_id|>' %}"
    r"{% if loop.first %}{% set put = bos_token + put %}{% endif %}{{ put }}{% endfor %}"
    r"{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
LLAMA_2 = LOOP + (
    "{% if turn['role'] == 'user' %}{{ bos_token + '[INST] ' + turn['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + turn['content'] + ' ' + eos_token }}{% endif %}{% endfor %}"
)
DLLM = """{% for turn in messages %}
{% if turn['role'] == 'user' %}
[Question]
{{ turn['content'] }}
[/Question]

{% else %}
[Answer]
{{ turn['content'] }}
[/Answer]

{% endif %}
{% endfor %}
{% if add_generation_prompt %}
[Answer]
{% endif %}
"""


@dataclass(frozen=True)
class Kind:
    """A way to chat: its template, the special tokens that its tokenizer adds, and which one begins a text."""

    name: str
    template: str
    special: tuple[str, ...] = ()
    begins: str = ""

    def rendered(self, question: str) -> str:
        """What the library's own machinery makes of a question; only templates that stand here are given to it."""
        made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(self.template)
        turns = [{"role": "user", "content": question}]
        return made.render(messages=turns, add_generation_prompt=True, bos_token=self.begins, eos_token="</s>")


ENDS = ("<|im_start|>", "<|im_end|>")
HEADERS = ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
KINDS: Mapping[str, Kind] = {
    "chatml": Kind("ChatML", CHATML, ENDS),
    "chatml-system": Kind("ChatML", SYSTEM + CHATML, ENDS),
    "llama-3": Kind("Llama 3", LLAMA_3, HEADERS, "<|begin_of_text|>"),
    "llama-2": Kind("Llama 2", LLAMA_2, ("<s>", "</s>"), "<s>"),
    "mistral": Kind("Llama 2", LLAMA_2, ("<s>", "</s>", "[INST]", "[/INST]"), "<s>"),
    "dllm": Kind("dLLM", DLLM),
}


def chat_tokenizer(special: tuple[str, ...] = ENDS, mask: bool = False) -> Tokenizer:
    """A byte-level tokenizer with special tokens, the last of them a `mask` if one is wanted."""
    backend = train_tokenizer(iter([STORY] * 4), VOCABULARY).backend
    backend.add_special_tokens([*special, *(["<|mask|>"] if mask else [])])
    return Tokenizer(backend)


def give(folder: Path, template: object) -> None:
    """Puts a chat template where tokenizers have theirs."""
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}))
