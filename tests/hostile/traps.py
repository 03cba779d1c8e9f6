"""Model folders with code in every place where code can stand: whoever runs any of it makes a canary file."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from engine.causal.causal_model import build_causal, save_causal
from engine.language.tokenizers import train_tokenizer

Trap = Callable[[Path, Path], None]
TEXTS = ["Once upon a time there was a dragon.", "The dragon lived on a hill."]
CODE = """
open({canary!r}, "w").close()
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
class Trapped(GPT2LMHeadModel):
    config_class = GPT2Config
class Settings(GPT2Config):
    pass
class Reader(PreTrainedTokenizerFast):
    pass
def generate(*given, **named):
    pass
"""
TEMPLATE = "{{% set os = cycler.__init__.__globals__.os %}}{{{{ os.system('touch {canary}') }}}}"


class Bomb:
    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.canary,)


def causal_folder(folder: Path) -> Path:
    """A tiny causal model."""
    torch.manual_seed(0)
    tokenizer = train_tokenizer(iter(TEXTS), 280)
    save_causal(folder, build_causal(tokenizer, length=32, hidden=16, blocks=1, heads=2), tokenizer, "# Judge\n")
    return folder


def edit(path: Path, **entries: object) -> None:
    """Puts entries into a file of JSON."""
    path.write_text(json.dumps((json.loads(path.read_text()) if path.exists() else {}) | entries))


def code(folder: Path, canary: Path) -> None:
    (folder / "trap.py").write_text(CODE.format(canary=str(canary)))


def own_model(folder: Path, canary: Path) -> None:
    code(folder, canary)
    edit(folder / "config.json", auto_map={"AutoModelForCausalLM": "trap.Trapped", "AutoConfig": "trap.Settings"})


def own_tokenizer(folder: Path, canary: Path) -> None:
    code(folder, canary)
    edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["trap.Reader", "trap.Reader"]})


def tokenizer_in_config(folder: Path, canary: Path) -> None:
    code(folder, canary)
    edit(folder / "config.json", auto_map={"AutoTokenizer": ["trap.Reader", None]})


def hidden_map(folder: Path, canary: Path) -> None:
    code(folder, canary)
    edit(folder / "config.json", text_config={"model_type": "gpt2", "auto_map": {"AutoConfig": "trap.Settings"}})


def own_type(folder: Path, canary: Path) -> None:
    code(folder, canary)
    edit(folder / "config.json", model_type="trapped", auto_map={"AutoConfig": "trap.Settings"})


def own_generation(folder: Path, canary: Path) -> None:
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(CODE.format(canary=str(canary)))


def generation_config(folder: Path, canary: Path) -> None:
    code(folder, canary)
    edit(folder / "generation_config.json", custom_generate="trap")


def kernel(folder: Path, canary: Path) -> None:
    code(folder, canary)
    edit(folder / "config.json", _attn_implementation=f"{folder}/trap", attn_implementation="someone/kernels")


def deep_kernel(folder: Path, canary: Path) -> None:
    edit(folder / "config.json", attn_implementation={"": "someone/kernels:trap"})


def experts(folder: Path, canary: Path) -> None:
    edit(folder / "config.json", _experts_implementation="someone/kernels")


def quantised(folder: Path, canary: Path) -> None:
    edit(folder / "config.json", quantization_config={"quant_method": "gptq", "bits": 4})


def adapter(folder: Path, canary: Path) -> None:
    code(folder, canary)
    edit(folder / "adapter_config.json", base_model_name_or_path=str(folder), auto_mapping={"base": "trap.Trapped"})


def pickled(folder: Path, canary: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"x": Bomb(canary)}, folder / "pytorch_model.bin")


def pickled_part(folder: Path, canary: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "part.bin").write_bytes(pickle.dumps(Bomb(canary)))
    edit(folder / "pytorch_model.bin.index.json", weight_map={"transformer.wte.weight": "part.bin"})


def linked(folder: Path, canary: Path) -> None:
    outside = folder.parent / f"outside-{folder.name}.json"
    (folder / "config.json").rename(outside)
    (folder / "config.json").symlink_to(outside)


REFUSED: dict[str, Trap] = {
    trap.__name__: trap
    for trap in (
        own_model,
        own_tokenizer,
        tokenizer_in_config,
        hidden_map,
        own_type,
        own_generation,
        generation_config,
        kernel,
        deep_kernel,
        experts,
        quantised,
        adapter,
        pickled,
        pickled_part,
        linked,
    )
}
"""A folder with one of these is not opened."""


def chat_template(folder: Path, canary: Path) -> None:
    template = TEMPLATE.format(canary=canary)
    edit(folder / "tokenizer_config.json", chat_template=template)
    (folder / "chat_template.jinja").write_text(template)


def unused_files(folder: Path, canary: Path) -> None:
    for name in ("__init__.py", "modeling_gpt2.py", "tokenization.py", "setup.py", "conftest.py", "sitecustomize.py"):
        (folder / name).write_text(CODE.format(canary=str(canary)))
    for name in ("vocab.pkl", "training_args.bin", "optimizer.pt", "spiece.model"):
        (folder / name).write_bytes(pickle.dumps(Bomb(canary)))


OPENED: dict[str, Trap] = {trap.__name__: trap for trap in (chat_template, unused_files)}
"""These are passed over: nothing that a model needs stands there."""
