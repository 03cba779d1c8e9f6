"""Tokenizers of models that chat, and chat templates as they are published, in words of our own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import AddedToken

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
PHI_3 = (
    "{{ bos_token }}"
    + LOOP
    + r"{% if turn['role'] == 'system' %}{{ '<|system|>' + '\n' + turn['content'] + '<|end|>' + '\n' }}"
    r"{% elif turn['role'] == 'user' %}{{ '<|user|>' + '\n' + turn['content'] + '<|end|>' + '\n' }}"
    r"{% else %}{{ turn['content'] + '<|end|>' + '\n' }}{% endif %}{% endfor %}"
    r"{% if add_generation_prompt %}{{ '<|assistant|>' + '\n' }}{% endif %}"
)
PHI_4 = LOOP + (
    "{% if turn['role'] == 'user' %}{{ '<|im_start|>user<|im_sep|>' + turn['content'] + '<|im_end|>' }}{% else %}"
    "{{ '<|im_start|>assistant<|im_sep|>' + turn['content'] + '<|im_end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant<|im_sep|>' }}{% endif %}"
)
GEMMA = (
    "{{ bos_token }}" + LOOP + "{% set who = 'model' if turn['role'] == 'assistant' else turn['role'] %}"
    r"{{ '<start_of_turn>' + who + '\n' + turn['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    r"{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"
)
ZEPHYR = r"""{% for turn in messages %}
{% if turn['role'] == 'user' %}
{{ '<|user|>\n' + turn['content'] + eos_token }}
{% elif turn['role'] == 'system' %}
{{ '<|system|>\n' + turn['content'] + eos_token }}
{% else %}
{{ '<|assistant|>\n' + turn['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""
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
    """A way to chat: its template, the special tokens that its tokenizer adds, and which one begins a text; those that
    `take` in the spaces that stand behind them."""

    name: str
    template: str
    special: tuple[str, ...] = ()
    begins: str = ""
    take: tuple[str, ...] = ()

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
    "phi-3": Kind("Phi 3", PHI_3, ("<s>", "<|system|>"), "<s>", ("<|user|>", "<|end|>", "<|assistant|>")),
    "phi-3-plain": Kind("Phi 3", PHI_3, ("<s>", "<|user|>", "<|end|>", "<|assistant|>"), "<s>"),
    "phi-4": Kind("Phi 4", PHI_4, (*ENDS, "<|im_sep|>")),
    "gemma": Kind("Gemma", GEMMA, ("<bos>", "<start_of_turn>", "<end_of_turn>"), "<bos>"),
    "zephyr": Kind("Zephyr", ZEPHYR, ("<s>", "</s>"), "<s>"),
    "zephyr-marks": Kind("Zephyr", ZEPHYR, ("</s>", "<|user|>", "<|assistant|>")),
}


def chat_tokenizer(special: tuple[str, ...] = ENDS, mask: bool = False, take: tuple[str, ...] = ()) -> Tokenizer:
    """A byte-level tokenizer with special tokens, the last of them a `mask` if one is wanted. Those that `take` in the
    spaces behind them are added before."""
    backend = train_tokenizer(iter([STORY] * 4), VOCABULARY).backend
    backend.add_special_tokens([AddedToken(token, rstrip=True, special=True) for token in take])
    backend.add_special_tokens([*special, *(["<|mask|>"] if mask else [])])
    return Tokenizer(backend)


def give(folder: Path, template: object) -> None:
    """Puts a chat template where tokenizers have theirs."""
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}))
