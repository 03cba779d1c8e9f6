"""Checkpoints of Lightning: weights, averages and configuration are read, and no object of the file is made."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from engine.models import load
from engine.models.loading import build
from engine.protocol import UserError
from tests.engine.families import COND, Sizes, forward, nested, noised, random_weights

SIZES = Sizes()


@pytest.fixture
def node() -> Iterator[Callable[[Any], Any]]:
    """Wraps data as OmegaConf's containers keep it, in classes that are gone when the file is read."""
    module = ModuleType("omegaconf_of_old")

    class Node:
        _parent: Any

        def __init__(self, content: Any) -> None:
            if isinstance(content, dict):
                self._content = {key: Node(value) for key, value in content.items()}
                for child in self._content.values():
                    child._parent = self
            else:
                self._val = content

    Node.__module__, Node.__qualname__ = module.__name__, "Node"
    module.Node = Node  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    yield Node
    sys.modules.pop(module.__name__, None)


def config(**more: Any) -> dict[str, Any]:
    """What MDLM's program is configured by."""
    model = nested(SIZES, name="tiny", type="ddit", scale_by_sigma=True, tie_word_embeddings=False)
    return {
        "model": model,
        "parameterization": "subs",
        "diffusion": "absorbing_state",
        "time_conditioning": False,
    } | more


def state(described: Any, average: bool = True) -> dict[str, Any]:
    """A checkpoint whose averages are the weights of `random_weights`, and whose weights are others."""
    weights = random_weights(SIZES)
    shadow = [tensor for name, tensor in weights.items() if "inv_freq" not in name]
    other = {name: tensor if "inv_freq" in name else tensor + 1 for name, tensor in weights.items()}
    beside = {"noise.sigma_max": torch.ones(1), "teacher.x": torch.ones(2)}
    held = {f"backbone.{name}": tensor for name, tensor in (other if average else weights).items()} | beside
    return {
        "state_dict": held,
        "ema": {"decay": 0.9999, "num_updates": 7, "shadow_params": shadow if average else shadow[1:]},
        "hyper_parameters": {"config": described},
        "global_step": 1234,
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(3)}}}],
    }


@torch.no_grad()
@pytest.mark.parametrize("average", [True, False])
def test_a_checkpoint_gives_its_averaged_weights(tmp_path: Path, node: Callable[[Any], Any], average: bool) -> None:
    """Or its weights where there is not one average for each; and it is the only file that is needed."""
    file = tmp_path / "mdlm.ckpt"
    torch.save(state(node(config()), average), file)
    del sys.modules["omegaconf_of_old"]
    tokens, _ = noised(SIZES, uniform=False)
    expected = forward(random_weights(SIZES), SIZES.heads, tokens, torch.zeros(3))
    for path in (file, tmp_path):
        diffusion, stored = build(path)
        diffusion.network.double()
        output = diffusion.network(tokens, torch.zeros(3).double())
        torch.testing.assert_close(output, expected, rtol=0, atol=1e-10 * float(expected.abs().max()))
        assert stored.facts["weights"].startswith("averaged" if average else "not averaged")
        assert (stored.facts["training steps"], diffusion.config.parametrisation) == ("1234", "posterior")
    assert load(file, device="cpu").info.name == tmp_path.name


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"parameterization": "sedd", "time_conditioning": True}, ("absorb", "log_score", False, 0)),
        ({"diffusion": "uniform", "time_conditioning": True}, ("uniform", "leave_one_out", False, 0)),
        ({"algo": {"name": "duo_base", "time_conditioning": True}}, ("uniform", "leave_one_out", False, 0)),
        ({"algo": {"name": "bd3lm", "time_conditioning": False}, "block_size": 4}, ("absorb", "posterior", True, 4)),
    ],
)
def test_the_program_s_configuration_says_what_the_output_stands_for(
    tmp_path: Path, node: Callable[[Any], Any], more: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    torch.save(state(node(config(**more))), tmp_path / "run.ckpt")
    found = build(tmp_path / "run.ckpt")[0].config
    assert (found.noise, found.parametrisation, found.time_free, found.network.block_size) == expected


def test_a_class_table_among_the_weights_is_known(tmp_path: Path, node: Callable[[Any], Any]) -> None:
    held = state(node(config(diffusion="uniform", time_conditioning=True)), average=False)
    held["state_dict"]["backbone.cond_map.embedding_table.weight"] = torch.zeros(3, COND)
    torch.save(held, tmp_path / "run.ckpt")
    assert build(tmp_path / "run.ckpt")[0].config.network.classes == 2


class Hostile:
    """Asks for a call when it is read."""

    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call, self.arguments


@pytest.mark.parametrize("call", [os.system, subprocess.check_output, eval, exec, os.mkdir, __import__])
def test_nothing_of_a_checkpoint_is_run(
    tmp_path: Path, node: Callable[[Any], Any], call: Callable[..., object]
) -> None:
    """It stays inert, or the file is refused where it reaches for the system."""
    canary = tmp_path / "canary"
    told = {eval: f"open({str(canary)!r}, 'w')", exec: f"open({str(canary)!r}, 'w')", os.mkdir: str(canary)}
    argument = told.get(call, f"touch {canary}")
    held = state(node(config())) | {"callbacks": Hostile(call, argument)}
    torch.save(held, tmp_path / "run.ckpt")
    try:
        assert build(tmp_path / "run.ckpt")[0].config.noise == "absorb"
    except UserError as error:
        assert "asks to run code" in str(error)  # noqa: PT017 - either is right
    assert not canary.exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda held: held.pop("state_dict"), "state_dict is missing"),
        (lambda held: held.update(state_dict=[1]), "state_dict is missing"),
        (lambda held: held.update(state_dict={"backbone.x": "text"}), "does not hold the weights"),
        (lambda held: held["state_dict"].pop("backbone.vocab_embed.embedding"), "vocab_size = 0"),
        (lambda held: held["ema"]["shadow_params"].reverse(), "instead of"),
        (lambda held: held.pop("hyper_parameters"), "does not say how its network is built"),
        (lambda held: held.update(hyper_parameters={"config": {"model": 3}}), "does not say how"),
        (lambda held: held.update(hyper_parameters={"config": config(parameterization="ar")}), "the algorithm 'ar'"),
        (lambda held: held.update(hyper_parameters={"config": config(model={})}), "lacks the entry"),
    ],
)
def test_a_damaged_checkpoint_is_answered_in_a_sentence(
    tmp_path: Path, node: Callable[[Any], Any], spoil: Callable[[dict[str, Any]], None], said: str
) -> None:
    held = state(node(config()))
    spoil(held)
    torch.save(held, tmp_path / "run.ckpt")
    with pytest.raises(UserError, match=said) as raised:
        build(tmp_path / "run.ckpt")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("length", [0, 10, 1000, 20_000])
def test_a_checkpoint_that_is_cut_short_is_answered_in_a_sentence(
    tmp_path: Path, node: Callable[[Any], Any], length: int
) -> None:
    file = tmp_path / "run.ckpt"
    torch.save(state(node(config())), file)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(UserError, match="damaged"):
        build(file)


def test_of_several_checkpoints_one_is_to_be_named(tmp_path: Path, node: Callable[[Any], Any]) -> None:
    for name in ("a.ckpt", "b.ckpt"):
        torch.save(state(node(config())), tmp_path / name)
    with pytest.raises(UserError, match="holds 2 checkpoints"):
        build(tmp_path)
    (tmp_path / "b.ckpt").rename(tmp_path / "best.ckpt")
    assert build(tmp_path)[1].source.name == "best.ckpt"


def test_a_configuration_beside_a_checkpoint_is_taken_where_it_has_none(tmp_path: Path) -> None:
    import yaml

    held = state(None)
    del held["hyper_parameters"]
    (tmp_path / ".hydra").mkdir()
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / ".hydra" / "config.yaml").write_text(yaml.safe_dump(config()))
    torch.save(held, tmp_path / "checkpoints" / "best.ckpt")
    assert build(tmp_path / "checkpoints" / "best.ckpt")[0].config.parametrisation == "posterior"
