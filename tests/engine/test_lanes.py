"""The number of threads changes no token, on whatever processor: threads share parts, and no product is split."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from engine.theory import lanes as lanes_module
from engine.theory.lanes import LONGEST, SHORTEST, Lanes, move_on, one_thread, parts, processor, shared

ROOT = Path(__file__).parents[2]
KERNELS: dict[str, dict[str, str]] = {
    "this processor's": {},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "AVX-512": {"ATEN_CPU_CAPABILITY": "avx512", "MKL_CBWR": "AVX512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
    "oldest": {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "ONEDNN_MAX_CPU_ISA": "SSE41"},
}
"""Variables that have the libraries take the kernels of older processors. They are read when a process begins."""

COMPARE = """
    import json
    import numpy as np, torch
    from engine.models.loading import load
    from engine.theory.lanes import Lanes
    from engine.protocol import FREE, Frame, Generate, frozen
    from engine.theory.network import Features
    from engine.performing.diffusion_performer import DiffusionPerformer
    from engine.performing.engine import Engine

    def same(work):
        found = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            with Lanes() as lanes, lanes.open():
                found.append(work())
        return all(torch.equal(found[0], other) for other in found)

    @torch.no_grad()
    def network(name, precision):
        model = load(f"assets/{name}", "cpu", precision)
        network, other = model.diffusion.network, []
        for length in (2, 5, 63, 146):
            tokens = torch.arange(length)[None] % network.config.states
            length = min(length, model.info.length)
            tokens, sigma = tokens[:, :length], torch.ones(1)
            hidden = network.body(tokens, sigma).hidden[0]
            rows = Features(hidden, torch.ones(length, network.config.cond_dim))
            if not same(lambda: network.body(tokens, sigma).hidden) or not same(lambda: network.head(rows)):
                other.append(f"{name} {precision} {length}")
        return model, other

    def infill(model):
        tokens = np.full(146, FREE)
        tokens[:110] = np.arange(110)
        frames = Engine(DiffusionPerformer(model)).perform(1, Generate(frozen(tokens), 3, "analytic", 3, top_p=0.9))
        placed = [(event.position, event.token) for event in frames if isinstance(event, Frame)]
        return torch.from_numpy(np.concatenate([np.stack(pair) for pair in placed], axis=1))

    other = []
    for name in ("stories-absorb", "molecules-absorb"):
        for precision in ("fp32", "bf16") if name.startswith("stories") else ("fp32",):
            model, found = network(name, precision)
            other += found
            if name.startswith("stories") and not same(lambda: infill(model)):
                other.append(f"infill {precision}")
    print(json.dumps(other))
"""


@pytest.mark.parametrize("kernels", KERNELS)
def test_every_number_of_threads_gives_the_same_numbers(kernels: str) -> None:
    """All products of the bundled networks, for few and many rows, and a whole infill, on 1 to 3 threads."""
    script = "\n".join(line[4:] for line in COMPARE.splitlines())
    environment = os.environ | KERNELS[kernels] | {"OMP_NUM_THREADS": "3", "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []


def test_how_a_sequence_is_cut_depends_on_its_length_alone() -> None:
    before = torch.get_num_threads()
    try:
        for length in (1, 63, 64, 100, 146, 256, 300, 1024):
            found = []
            for threads in (1, 2, 3):
                torch.set_num_threads(threads)
                assert parts(length) == [slice(0, length)]  # outside a run torch's own threads do all
                with Lanes() as lanes, lanes.open():
                    found.append(parts(length))
            assert found[0] == found[1] == found[2]
            covered = [position for part in found[0] for position in range(part.start, part.stop)]
            assert covered == list(range(length))
            sizes = [part.stop - part.start for part in found[0]]
            assert max(sizes) <= LONGEST + 8
            assert len(sizes) == 1 or min(sizes) >= SHORTEST - 8
    finally:
        torch.set_num_threads(before)


def test_a_part_is_computed_on_one_thread_of_the_libraries() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with Lanes() as lanes:
            with lanes.open():
                assert lanes.map(lambda _: torch.get_num_threads(), range(12)) == [1] * 12
            assert torch.get_num_threads() == 3
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_results_come_in_the_order_of_the_parts_and_errors_are_raised() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with Lanes() as lanes, lanes.open():
            assert lanes.map(lambda part: part * 2, range(20)) == [2 * part for part in range(20)]
            for failing in range(5):
                with pytest.raises(ZeroDivisionError):
                    lanes.map(lambda part, failing=failing: 1 // (part - failing), range(5))  # type: ignore[misc]
    finally:
        torch.set_num_threads(before)


def test_a_helper_that_wakes_on_the_processor_of_its_caller_moves_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each helper by another number, the caller never; elsewhere than on the caller's, a helper stays."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    caller = threading.get_ident()
    moved: list[int] = []
    everyone = threading.Barrier(3)
    monkeypatch.setattr(lanes_module, "move_on", moved.append)
    try:
        with Lanes() as lanes:
            monkeypatch.setattr(lanes_module, "processor", lambda: 5)
            lanes.map(lambda _: everyone.wait(10), range(3))
            assert sorted(moved) == [1, 2]
            monkeypatch.setattr(lanes_module, "processor", lambda: 5 if threading.get_ident() == caller else 6)
            lanes.map(lambda _: everyone.wait(10), range(3))
            assert len(moved) == 2
    finally:
        torch.set_num_threads(before)


def test_a_thread_that_moved_on_may_use_the_processors_that_it_might_before() -> None:
    """Where the system does not let a thread choose, none is told and nothing moves."""

    def allowed() -> set[int] | set[None]:
        return os.sched_getaffinity(0) if sys.platform == "linux" else {None}

    before = allowed()
    for by in range(2 * len(before)):
        move_on(by)
        assert allowed() == before
    assert processor() in before


def test_a_single_question_is_shared_out_on_a_cpu_alone() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with shared(torch.device("cpu")):
            assert torch.get_num_threads() == 1
            assert len(parts(300)) == 3
        assert torch.get_num_threads() == 2
        with shared(torch.device("meta")):
            assert len(parts(300)) == 1
    finally:
        torch.set_num_threads(before)
