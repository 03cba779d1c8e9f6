"""Work in a process of its own, where memory is measured: what other tests left behind does not count there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MIB = 2**20
PEAKS = """if True:
    import gc, sys
    from pathlib import Path
    import torch
    from benchmarks.memory import memory

    torch.set_num_threads(1)

    def measure(opened, folder, precision):
        opened(folder, precision)  # what is needed once is there
        gc.collect()
        before = memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
        held = sum(tensor.nbytes for tensor in opened(folder, precision))
        print(memory("VmHWM") - before, held)
"""
"""What counts, in bytes, how far opening a model raises the memory of the process, and what its tensors hold."""
AT_ONCE = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""What has the C library give memory back as soon as it is free."""


def printed(code: str, *arguments: object, **environment: str) -> list[str]:
    """The lines that Python code prints, in a process of its own and with more in its environment."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | environment,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def peaks(opened: str, *folders: Path) -> list[tuple[int, int]]:
    """How far opening each folder raises the memory, fp32 and bf16, and what is then held, both in bytes. `opened` is
    Python code that defines `opened(folder, precision)`, which returns tensors."""
    code = PEAKS + opened + "for folder in map(Path, sys.argv[1:]):\n    for precision in ('fp32', 'bf16'):\n"
    lines = printed(code + "        measure(opened, folder, precision)\n", *folders, **AT_ONCE)
    return [(int(grown), int(held)) for grown, held in map(str.split, lines)]
