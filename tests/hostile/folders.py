"""Model folders as kinds of files: one file of a whole folder is damaged, and the engine opens and uses the folder."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from safetensors.torch import load_file

from engine.language.tokenizers import symbol_tokenizer, train_tokenizer
from engine.models.own_layout import save as save_own
from engine.performing.doctor import examine
from engine.performing.engine import Engine
from engine.protocol import FREE, Failed, Generate, LoadModel, ModelLoaded, Request, UserError, frozen
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from sedd_studio.session import model_folders
from tests.engine.adapted import ADAPTED, PROTEINS, make
from tests.engine.chats import KINDS, chat_tokenizer
from tests.engine.test_d3 import config, of_lightning
from tests.hostile.checkpoints import run, run_config
from tests.hostile.containers import CANARY, GOLDEN, shards, small_weights
from tests.hostile.traps import TEXTS, causal_folder

SYMBOLS = {"uniform-geometric": 61, "absorb-training-run": 53}
SYMBOLS |= {f"families/{name}": 46 for name in ("mdlm", "radd", "bd3lm", "gidd")} | {
    f"families/{name}": 47 for name in ("duo", "udlm")
}
"""Sizes of the vocabularies, the end-of-text token counted."""


def own(place: Path) -> None:
    tokenizer = train_tokenizer(iter(TEXTS), 262)
    sizes = NetworkConfig(states=263, length=16, hidden=16, blocks=1, heads=2, cond_dim=8)
    diffusion = Diffusion(DiffusionConfig(sizes, parametrisation="posterior", time_free=True))
    save_own(place, diffusion, tokenizer, "", {"training steps": "7"})


def pickled(place: Path) -> None:
    shutil.copytree(template("uniform-geometric"), place)
    (place / "model.safetensors").unlink()
    torch.save(small_weights(), place / "pytorch_model.bin")


def family_pickled(place: Path) -> None:
    shutil.copytree(template("families/mdlm"), place)
    torch.save(load_file(place / "model.safetensors"), place / "pytorch_model.bin")
    (place / "model.safetensors").unlink()


def parted(place: Path) -> None:
    shutil.copytree(template("families/mdlm"), place)
    shards(place)


def lightning(place: Path) -> None:
    symbols(place, 46)
    (place / "run.ckpt").write_bytes(run())


def bases(place: Path) -> None:
    place.mkdir(exist_ok=True)
    torch.save(of_lightning(None), place / "D3.ckpt")
    (place / "config.yaml").write_text(yaml.safe_dump(config()))


def chat(place: Path) -> None:
    tokenizer = chat_tokenizer((), mask=True)
    make(place, "modernbert", tokenizer.vocabulary, max_position_embeddings=80)
    tokenizer.save(place)
    (place / "chat_template.jinja").write_text(KINDS["dllm"].template)


def hydra(place: Path) -> None:
    symbols(place, 46)
    shutil.copy(GOLDEN / "families" / "mdlm" / "model.safetensors", place)
    told = {"config": run_config() | {"algo": {"name": "mdlm"}}, "vocab_size": 47}
    (place / "config.json").write_text(json.dumps(told))


def pair(place: Path) -> None:
    shutil.copytree(template("own"), place)
    tokens = json.loads((place / "tokenizer.json").read_text())["model"]
    (place / "tokenizer.json").unlink()
    (place / "vocab.json").write_text(json.dumps(tokens["vocab"]))
    (place / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(pair) for pair in tokens["merges"]))


def proteins(place: Path) -> None:
    make(place, "dplm", len(PROTEINS))
    (place / "vocab.txt").write_text("\n".join(PROTEINS))


def symbols(place: Path, states: int) -> None:
    """A tokenizer for so many states, the end-of-text token counted."""
    place.mkdir(exist_ok=True)
    symbol_tokenizer([chr(0x100 + k) for k in range(states - 1)]).save(place)


MADE: dict[str, Callable[[Path], object]] = {
    "causal": causal_folder,
    "own": own,
    "pickled": pickled,
    "family-pickled": family_pickled,
    "shards": parted,
    "lightning": lightning,
    "hydra": hydra,
    "bases": bases,
    "chat": chat,
    "pair": pair,
    "proteins": proteins,
}
"""Folders that are made by name; others are those of `ADAPTED`, and the golden ones."""


@cache
def template(kind: str) -> Path:
    """A whole folder of a kind of model, made once."""
    torch.manual_seed(0)
    place = Path(tempfile.mkdtemp()) / kind
    if kind in MADE:
        MADE[kind](place)
    elif kind in ADAPTED:
        make(place, kind, 11, bos_token_id=0, cls_token_id=0, pad_token_id=1, eos_token_id=2)
        symbol_tokenizer([*"abcdefghi"]).save(place)
    else:
        shutil.copytree(GOLDEN / kind, place)
        symbols(place, SYMBOLS[kind])
    return place


def whole(kind: str, name: str) -> Callable[[], list[bytes]]:
    """A file as it stands in a whole folder."""
    return lambda: [(template(kind) / name).read_bytes()]


def opening(kind: str, name: str) -> Callable[[Path], object]:
    """Puts a file in its place in a folder, and opens that."""

    def read(path: Path) -> None:
        folder = Path(shutil.copytree(template(kind), path.parent / "model"))
        (folder / name).write_bytes(path.read_bytes())
        try:
            use(folder)
        finally:
            shutil.rmtree(folder)
            assert not CANARY.exists()

    return read


def use(folder: Path) -> None:
    """Lists a model as the window does, examines and opens it, writes a little with it and reads it back. What is said
    of it beforehand is what comes."""
    model_folders.is_model(folder)
    model_folders.noise_of(folder)
    engine = Engine()
    found = examine(folder, "cpu", "fp32")
    *_, loaded = engine.perform(1, LoadModel(str(folder), "cpu", "fp32"))
    opened = isinstance(loaded, ModelLoaded)
    causal = str(found.facts.get("kind")).startswith("an autoregressive model")
    assert found.opens == opened or (causal and found.opens), (found, loaded)  # a library uses those when it opens them
    if isinstance(loaded, Failed):
        raise RuntimeError(loaded.detail) if loaded.detail else UserError(loaded.headline)
    assert isinstance(loaded, ModelLoaded)
    loaded.tokenizer.fingerprint  # noqa: B018
    ids = loaded.tokenizer.encode(loaded.tokenizer.decode([k % loaded.tokenizer.vocabulary for k in (5, 6)]))
    loaded.tokenizer.words(ids)
    free = frozen(np.full(min(4, loaded.info.length), FREE))
    asked(engine, Generate(free, steps=2))


def asked(engine: Engine, request: Request) -> object:
    """The last event of a request; a UserError if it failed with a sentence, another error if with a traceback."""
    *_, event = engine.perform(1, request)
    if isinstance(event, Failed):
        raise RuntimeError(event.detail) if event.detail else UserError(event.headline)
    return event


# ---- damages


YAML_VALUES = (
    *("!!python/object/apply:os.mkdir [canary]", "!!timestamp ''", "!!int ''", "!!bool x", "!!float x", "!!set {a}"),
    *("!!omap [1]", "!!binary \u00e9", "*unknown", "&a [*a]", "{<<: 1}", "1:2:3:4", "1e999", "2020-99-99", "? [a]"),
    *(".nan", "0x" + "f" * 5000, "9" * 5000, "[" * 3000, "|", "%", "\t", "!<tag:x> y", "null", "-1", "[]", "{}"),
)


def in_yaml(content: bytes, draw: random.Random) -> bytes:
    """A line has another value, an odd tag among them, or is deeper than it was."""
    lines = content.splitlines()
    place = draw.randrange(len(lines))
    name = lines[place].split(b":")[0]
    lines[place] = name + b": " + draw.choice(YAML_VALUES).encode()
    return b"\n".join(lines)


# ---- bombs


def config_bombs() -> list[bytes]:
    """Descriptions that are deep, long, or name sizes beyond reason."""
    own = json.loads((template("own") / "config.json").read_bytes())
    sizes = [own | {"network": own["network"] | {name: 10**7}} for name in own["network"]]
    others = [own | {"facts": None}, own | {"facts": {"\x1b[2J": ["x"] * 1000}}, own | {"padding": 10**6}]
    return [*(json.dumps(each).encode() for each in (*sizes, *others)), b"[" * 10**6, b"[]," * 10**6, b"\0" * 2**26]


def template_bombs() -> list[bytes]:
    """Chat templates that would take long, or run something, if they were run."""
    loop = b"{% for i in range(10 ** 9) %}{% for k in range(10 ** 9) %}x{% endfor %}{% endfor %}"
    code = b"{{ cycler.__init__.__globals__.os.system('touch canary') }}"
    marks = [b"[Question]" * 10_000, b"<|im_start|>system\n" * 6_000, b"{" * 2**17, b"\\n" * 2**16, b"\xff" * 64]
    return [loop, code, loop + KINDS["dllm"].template.encode(), *marks, bytes(2**20)]


def causal_bombs() -> list[bytes]:
    """The same of a causal model."""
    good = json.loads((template("causal") / "config.json").read_bytes())
    names = ("n_layer", "n_positions", "n_embd", "vocab_size", "n_inner", "n_head", "bos_token_id")
    sizes = [good | {name: size} for name in names for size in (10**4, 10**7, 10**12, -1, 0, "x", [1], 1.5, None)]
    kinds = (
        "llama",
        "bert",
        "t5",
        "mamba",
        "xlm",
        "gpt_neox",
        "musicgen",
        "encoder-decoder",
        "rag",
        "mixtral",
        "blip-2",
    )
    others = [good | {"model_type": kind} for kind in kinds]
    others += [{"model_type": kind} for kind in kinds] + [good | {"return_dict": False}, good | {"torchscript": True}]
    return [json.dumps(each).encode() for each in (*sizes, *others)] + [b'{"model_type":' * 10**5]


def yaml_bombs() -> list[bytes]:
    """What unfolds, is deep, or is long."""
    laughs = "a0: &a0 [x, x]\n" + "".join(f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]\n" for k in range(1, 60))
    merges = "a0: &a0 {x: 1}\n" + "".join(f"a{k}: &a{k} {{<<: [*a{k - 1}, *a{k - 1}]}}\n" for k in range(1, 40))
    good = (template("absorb-training-run") / ".hydra" / "config.yaml").read_text()
    texts = (
        laughs,
        merges,
        good + laughs,
        "a: 1\n" * 600_000,
        "[" * 60_000,
        "{a: " * 15_000,
        "? " * 30_000,
        "- " * 30_000,
    )
    return [text.encode() for text in (*texts, "!!int 1" + ":1" * 30_000, "&a [*a]", "9" * 65_000)]


def tokenizer_bombs() -> list[bytes]:
    """Tokenizers that are deep, make much of little, or try endlessly."""
    good = json.loads((template("own") / "tokenizer.json").read_bytes())
    split = {"type": "Split", "behavior": "Isolated", "invert": False}
    added = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    changes: list[dict[str, Any]] = [
        {"normalizer": {"type": "Replace", "pattern": {"String": "a"}, "content": "b" * 10**6}},
        {"normalizer": {"type": "Prepend", "prepend": "b" * 10**6}},
        {"pre_tokenizer": split | {"pattern": {"Regex": r"(\w|\w)*!"}}},
        {"pre_tokenizer": split | {"pattern": {"Regex": "(" * 5000}}},
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers": []}},
        {"pre_tokenizer": None},
        {"decoder": None},
        {"decoder": {"type": "Strip", "content": "a", "start": 10**9, "stop": 0}},
        {"truncation": {"direction": "Right", "max_length": 0, "strategy": "LongestFirst", "stride": 10**9}},
        {"added_tokens": [added | {"id": 2**32 - 1, "content": "x"}]},
        {"added_tokens": [added | {"id": 0, "content": ""}]},
    ]
    return [*(json.dumps(good | change).encode() for change in changes), b"[" * 10**7, b'{"a":' * 10**6]
