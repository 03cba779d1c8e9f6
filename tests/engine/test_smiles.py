"""The pattern @smiles: what it accepts is what RDKit can read, and molecules are held to it."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.language.domains import DOMAINS
from engine.language.domains.molecules import canonical
from engine.language.domains.smiles import Reading, after
from engine.language.patterns import Pattern
from engine.language.prompts import parse_prompt
from engine.models.own_layout import save
from engine.performing.engine import Engine
from engine.protocol import Frame, Generate, LoadModel, Started, UserError
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig

MOLECULES = DOMAINS["molecules"]
TOKENIZER = MOLECULES.tokenizer(iter(()), 0)
BOUND_TWICE = re.compile(r"[CO]=?1+=?[CO]?1|1.*1.*1.*1")
"""With one kind of ring of at most five symbols: the ring joins an atom to itself or to one beside it."""


def accepts(symbols: tuple[str, ...] | list[str]) -> bool:
    reading = Reading()
    for symbol in symbols:
        reached = after(reading, symbol)
        if reached is None:
            return False
        reading = reached
    return reading.whole


@pytest.mark.parametrize("length", range(1, 6))
def test_it_accepts_what_rdkit_reads_and_else_only_bonds_that_are_there_twice(length: int) -> None:
    for symbols in product("CO=(1)", repeat=length):
        text = "".join(symbols)
        if accepts(symbols) != (canonical(text) is not None):
            assert accepts(symbols), text
            assert BOUND_TWICE.search(text), text


@pytest.mark.parametrize(
    "text",
    ["C", "CC1CCC2OC1C2=O", "C#CC#CC1=CNN=C1", "OC(C(C)(C)F)C#N", "C[NH+]1CC1C([O-])=O", "FC(F)(F)F", "C12C3C4C1C2C34"],
)
def test_molecules_are_accepted_token_by_token(text: str) -> None:
    assert canonical(text) is not None
    machine, state = MOLECULES.patterns["@smiles"](TOKENIZER), 0
    for token in TOKENIZER.encode(text):
        state = machine.moves[state, machine.classes[token]]
    assert machine.accepting[state]


@pytest.mark.parametrize(
    "text", ["", "C(", "C1CC", "C=", "(C)C", "F=C", "C(C)(C)(C)(C)C", "N#[NH3+]", "C((C))C", "C()C"]
)
def test_what_is_not_well_formed_is_refused(text: str) -> None:
    symbols = [TOKENIZER.piece(token) for token in TOKENIZER.encode(text)]
    assert not accepts(symbols)


def test_nothing_but_the_end_follows_the_end() -> None:
    assert accepts(["C", "", ""])
    assert not accepts(["C", "", "C"])
    assert not accepts(["C", "=", ""])


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """With a model of molecules that has learnt nothing."""
    torch.manual_seed(0)
    sizes = NetworkConfig(TOKENIZER.vocabulary + 1, 24, hidden=16, blocks=1, heads=2, cond_dim=8)
    config = DiffusionConfig(sizes, parametrisation="posterior", time_free=True)
    diffusion = Diffusion(config)
    torch.nn.init.normal_(diffusion.network.get_parameter("output_layer.linear.weight"), std=0.2)
    save(tmp_path, diffusion, TOKENIZER, "# Molecules", {"domain": "molecules"})
    engine = Engine()
    list(engine.perform(0, LoadModel(str(tmp_path), "cpu", "fp32")))
    return engine


def run(engine: Engine, request: Generate) -> np.ndarray:
    started, *frames, _ = engine.perform(1, request)
    assert isinstance(started, Started)
    tokens = started.tokens.copy()
    for frame in frames:
        assert isinstance(frame, Frame)
        tokens[frame.sample, frame.position] = frame.token
    return tokens


def test_every_sample_is_well_formed_around_what_is_locked(engine: Engine) -> None:
    prompt = parse_prompt("[6] C1CC1 [8]", TOKENIZER, 24)
    tokens = run(engine, Generate(prompt, 8, seed=1, samples=8, pattern="@smiles"))
    assert len({*map(tuple, tokens.tolist())}) == 8
    for row in tokens:
        assert TOKENIZER.decode(row[6:11].tolist()) == "C1CC1"
        assert accepts(["" if token == TOKENIZER.eot_id else TOKENIZER.piece(token) for token in row.tolist()])


def test_a_name_that_is_not_known_is_told_with_those_that_are() -> None:
    with pytest.raises(UserError, match="There is no pattern @pdb; the model's kind has @smiles"):
        Pattern.compile("@pdb", TOKENIZER, (), MOLECULES.patterns)
    with pytest.raises(UserError, match="the model's kind has none"):
        Pattern.compile("@smiles", TOKENIZER, (), DOMAINS["text"].patterns)
