"""How much memory a piece of work takes, and how long: estimated before it is begun, and refused where it cannot fit.

Bytes, of a network of P parameters with N blocks of width d and H heads and V states, for B texts of L tokens that are
computed at once:

    opening    4 P, in bf16 2 P, and a twentieth: weights are copied out of files that are mapped, part by part, and the
               system maps what lies beside a part; of a GGUF file, whose matrices are multiplied out, its own size, too
    a pass     B L 72 d, of a network of the `transformers` library B L 112 d, whose activations are made in several
               steps; what attention compares is never held
    laws       4 B L V for each copy, of which there are 3
    a run      a pass, and for each sample its features and draws, L (4 d + 64); on a CPU 3 copies of output for each
               core that has 128 positions of a text to work on, and 10 copies of laws, 24 where they are cut to a
               nucleus, of 2^19 numbers at most; elsewhere 5 or 7 copies of laws, of 2^27 numbers at most; and 8 of
               all positions of a text where a pattern holds
    writing    from left to right: a pass and laws of 1 text, for each sample keys and values, L N 8 d
    scores     of either kind: a pass and 5 copies of laws of as many texts as a batch holds, or as are asked for; of a
               bound on a CPU 8 copies of laws, of 2^22 numbers at most
    training   P 22: weights, gradients, their average and two moments, and what is left of reading it; P 18 with Muon;
               activations B L N (68 d + 12 H L); laws

24 MB more stand for what libraries keep. What the process holds already is not counted. `python -m benchmarks.memory`
compares this with what is measured: 0.85 to 2.8 times it.

Time is that of the arithmetic, 2 P for each token that a network reads and 6 P in training, at a rate that hardware of
its kind hardly exceeds: work is refused that would take longer than a month even so.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.protocol import UserError

if TYPE_CHECKING:
    import torch

GIB = 2**30
KEPT = 24 * 2**20
PASS, LIBRARY_PASS = 72, 112
"""Bytes of a pass for each unit of width of a position."""
RATES = {"cuda": 1e15, "mps": 3e13, "cpu": 1e11}
"""Operations a second; on a CPU those of a core."""
LONGEST = 30 * 86_400
"""Seconds."""
PART, FEW_LAWS, LARGEST_LAWS = 128, 2**19, 2**27
"""Positions of which a core computes the output at once (`engine.theory.lanes`), numbers of laws that it makes of that
at once, and numbers of laws elsewhere."""
UNLIMITED = 2**60
"""Bytes: as much as a limit of a control group that is none."""


@dataclass(frozen=True)
class Shape:
    """The sizes of a network: P parameters, N blocks of width d with H heads, V states."""

    parameters: int
    hidden: int
    blocks: int
    heads: int
    states: int

    @staticmethod
    def of(network: Any) -> Shape:
        """Of a score network, or of one of the `transformers` library."""
        sizes: list[int] = [
            next(int(getattr(network.config, name)) for name in names if hasattr(network.config, name))
            for names in (
                ("hidden", "hidden_size"),
                ("blocks", "num_hidden_layers"),
                ("heads", "num_attention_heads"),
                ("states", "vocab_size"),
            )
        ]
        return Shape(sum(parameter.numel() for parameter in network.parameters()), *sizes)

    def work(self, texts: int, length: int, copies: int, wide: int = PASS) -> int:
        """Bytes of a pass over texts at once, of so many for each unit of width, with so many copies of laws."""
        return KEPT + texts * length * (wide * self.hidden + 4 * copies * self.states)


def opening(parameters: int, size: int = 4) -> int:
    """Bytes of a model that is opened, whose weights are copied into so many bytes each."""
    return KEPT + size * parameters * 21 // 20


def running(
    shape: Shape, samples: int, length: int, nucleus: bool, device: str = "cpu", patterned: bool = False
) -> int:
    """Bytes of a run of samples, which are computed one after the other on a CPU, and all at once elsewhere."""
    at_once = 1 if device == "cpu" else samples
    if device == "cpu":
        lanes, part = min(os.cpu_count() or 1, -(-length // PART)), min(length, PART) * shape.states
        laws = 4 * lanes * (3 * part + (24 if nucleus else 10) * min(FEW_LAWS, part))
    else:
        laws = 4 * (7 if nucleus else 5) * min(at_once * length * shape.states, LARGEST_LAWS)
    return shape.work(at_once, length, 8 if patterned else 0) + laws + samples * length * (4 * shape.hidden + 64)


def writing(shape: Shape, samples: int, length: int) -> int:
    """Bytes of samples that are written from left to right."""
    return shape.work(1, length, 1, LIBRARY_PASS) + 8 * samples * length * shape.blocks * shape.hidden


def scoring(shape: Shape, texts: int, length: int, largest: int, laws: int | None = None) -> int:
    """Bytes of a bound, or of exact likelihoods: of so many texts together, but for a `largest` batch of output, of
    which so many numbers of `laws` are held at once, or all."""
    together = min(texts, max(1, largest // (length * shape.states)))
    if laws is None:
        return shape.work(together, length, 5, LIBRARY_PASS)
    return shape.work(together, length, 0) + 4 * 8 * min(laws, together * length * shape.states)


def training(shape: Shape, batch: int, length: int, muon: bool) -> int:
    """Bytes of a training that steps by a batch of blocks of a length."""
    held = shape.parameters * (18 if muon else 22)
    activations = shape.blocks * (68 * shape.hidden + 12 * shape.heads * length)
    return KEPT + held + batch * length * (activations + 3 * 4 * shape.states)


def require(needed: int, what: str, device: str | torch.device = "cpu", do: str = "choose less of it") -> None:
    """A UserError where `what` needs more bytes than a device has left; where that is not known nothing is said."""
    available = free(str(device))
    if available is not None and needed > available:
        raise UserError(
            f"{what} needs about {needed / GIB:,.1f} GiB of memory, and {available / GIB:,.1f} GiB are free; {do}."
        )


def require_time(tokens: int, parameters: int, what: str, device: str | torch.device = "cpu", passes: int = 1) -> None:
    """A UserError where a network would read so many tokens for longer than a month; training makes 3 `passes`."""
    kind = str(device).partition(":")[0]
    rate = RATES.get(kind, RATES["cuda"]) * ((os.cpu_count() or 1) if kind == "cpu" else 1)
    seconds = 2 * passes * parameters * tokens / rate
    if seconds > LONGEST:
        raise UserError(
            f"{what} would read {tokens:,} tokens with {parameters:,} parameters each and take {seconds / 86_400:,.0f} "
            f"days at least, more than the {LONGEST // 86_400} that are allowed; choose fewer or shorter ones."
        )


def free(device: str = "cpu") -> int | None:
    """Bytes that are free on a device; None where that is not known."""
    kind, _, number = device.partition(":")
    if kind == "cuda":
        torch: Any = import_module("torch")  # which reading a text, in the window, must not bring
        index = int(number or 0)
        kept = torch.cuda.memory_reserved(index) - torch.cuda.memory_allocated(index)
        return int(torch.cuda.mem_get_info(index)[0] + kept)
    if kind == "mps" or sys.platform != "linux":
        return None
    found = [left for left in (free_in_system(), free_in_limits(), *free_in_groups()) if left is not None]
    return min(found, default=None)


def free_in_system(path: Path = Path("/proc/meminfo")) -> int | None:
    """Bytes that the system can give, swap among them."""
    entries = numbers(path)
    if "MemAvailable:" not in entries:
        return None
    return 1024 * (entries["MemAvailable:"] + entries.get("SwapFree:", 0))


def free_in_limits(used: Path = Path("/proc/self/statm")) -> int | None:
    """Bytes that are left of what this process may have in its addresses, as `ulimit -v` says; None without a limit."""
    resource: Any = import_module("resource")  # not on every system
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = "".join(lines(used)).split()
    if most == resource.RLIM_INFINITY or not pages:
        return None
    return max(0, int(most) - int(pages[0]) * int(resource.getpagesize()))


def free_in_groups(
    own: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")
) -> tuple[int | None, ...]:
    """Bytes that are left in the control groups that limit this process, of both versions, and in those above them."""
    left: list[int | None] = []
    for line in lines(own):
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = root / "memory" if controllers else root
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if controllers else ("memory.max", "memory.current")
        place = top / path.lstrip("/")
        groups = (group for group in (place, *place.parents) if group.is_relative_to(top))
        left.extend(left_in(group, *names) for group in groups)
    return tuple(left)


def left_in(group: Path, limit: str, used: str) -> int | None:
    """Bytes that are left in a control group, the system's copies of files counted as free; None without a limit."""
    given, taken = ("".join(lines(group / name)) for name in (limit, used))
    if not given.isdigit() or not taken.isdigit() or int(given) > UNLIMITED:
        return None
    files = sum(numbers(group / "memory.stat").get(name, 0) for name in ("inactive_file", "active_file"))
    return max(0, int(given) - max(0, int(taken) - files))


def lines(path: Path) -> list[str]:
    """The lines of a file of the system; none where there is none. Names of files in them may hold any sign but that of
    the end of a line."""
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            return list(filter(None, file.read().split("\n")))
    except (OSError, ValueError):
        return []


def numbers(path: Path) -> dict[str, int]:
    """The numbers of a file of the system by the words before them."""
    found = (line.split() for line in lines(path))
    return {words[0]: int(words[1]) for words in found if len(words) > 1 and words[1].isdigit()}
