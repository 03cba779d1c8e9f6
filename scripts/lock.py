"""Write the versions and hashes that scripts/setup.py installs: `make lock`, and commit what it wrote.

`all.txt` is everything but torch; `torch.txt` is torch as the package index has it, with what it needs, for a GPU;
`torch-cpu.txt` is its build without. What is written already stays as it is unless pyproject.toml asks for another;
`make lock UPGRADE=1` takes the newest that pyproject.toml allows.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.setup import ALL, PYTHON, ROOT, TORCH, TORCH_CPU, pinned

OLDEST_PYTHON = "3.11"
OF_TORCH = r"^(torch|triton|nvidia-|cuda-)[^=\n]*==[^\\\n]*(\\\n[^\\\n]*)*\n"
"""An entry of torch, or of what only a build of it for a GPU needs."""


def main() -> int:
    """Writes the three files. Returns the exit code."""
    upgrade = ["--upgrade"] if os.environ.get("UPGRADE") else []
    _compile(TORCH, "-", *upgrade, given=f"torch{_asked_of_torch()}\n")
    torch = pinned(TORCH, "torch")
    _compile(ALL, "pyproject.toml", "--extra", "dev", *upgrade)
    ALL.write_text(re.sub(OF_TORCH, "", ALL.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8")
    TORCH_CPU.write_text(f"# Written by make lock.\n{_built_without_gpu(torch)}", encoding="utf-8")
    return 0


def _asked_of_torch() -> str:
    found = re.search(r'"torch([^"]*)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if found is None:
        raise SystemExit("pyproject.toml does not ask for torch; name it among the dependencies.")
    return found[1]


def _compile(file: Path, *arguments: str, given: str | None = None) -> None:
    options = ["--universal", "--generate-hashes", "--no-annotate", "--quiet", "--python-version", OLDEST_PYTHON]
    command = [str(PYTHON), "-m", "uv", "pip", "compile", *options, "--custom-compile-command", "make lock"]
    subprocess.run([*command, "--output-file", str(file), *arguments], cwd=ROOT, check=True, input=given, text=True)


def _built_without_gpu(version: str) -> str:
    """The line of the build that this machine's package index has."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(PYTHON), "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
        subprocess.run([*command, f"torch=={version}+cpu"], check=True)
        (wheel,) = Path(folder).iterdir()
        return f"torch=={version}+cpu --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


if __name__ == "__main__":
    sys.exit(main())
