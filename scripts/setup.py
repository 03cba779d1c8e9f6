"""Create .venv and install the project into it; do nothing where that is done and nothing has changed.

Plain Python without dependencies. Every package must have a hash that stands in `requirements`, which scripts/lock.py
writes. A Linux machine that has no NVIDIA GPU gets torch's CPU build if the configured index has the one that is
locked, every other machine the usual one. TORCH_INDEX names another index to take torch, and nothing else, from (a CUDA
or ROCm build, the CPU builds): what it serves is trusted, because its builds are not locked here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.system_libraries import how_to_install, install_packages, provide_window_libraries

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
STAMP = VENV / "setup-stamp"
ALL, TORCH, TORCH_CPU = (ROOT / "requirements" / name for name in ("all.txt", "torch.txt", "torch-cpu.txt"))
INPUTS = (ROOT / "pyproject.toml", ROOT / "setup.py", ALL, TORCH, TORCH_CPU, Path(__file__).resolve())
OLDEST_PYTHON = (3, 11)


def main() -> int:
    """Set up what has changed. Returns the exit code."""
    if sys.version_info < OLDEST_PYTHON:
        print(f"Python 3.11 or newer is needed and this is {platform.python_version()}; run make PYTHON=<a newer one>.")
        return 1
    provide_window_libraries()
    fingerprint = _fingerprint()
    if PYTHON.exists() and STAMP.is_file() and STAMP.read_text() == fingerprint:
        return 0
    if not _make_environment() or not _install():
        return 1
    STAMP.write_text(fingerprint)
    return 0


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for part in (
        *(path.read_bytes() for path in INPUTS),
        str(ROOT).encode(),
        os.environ.get("TORCH_INDEX", "").encode(),
    ):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _make_environment() -> bool:
    if _works():
        return True
    print("Creating .venv", flush=True)
    venv_package = ["python3-venv"]
    if importlib.util.find_spec("ensurepip") is None and not install_packages(venv_package):
        print(f"Python's venv module is incomplete here; {how_to_install(venv_package)}", file=sys.stderr)
        return False
    return subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=False).returncode == 0


def _works() -> bool:
    """Whether .venv is whole and was made here: its programs name the folder in which it was made."""
    try:
        result = subprocess.run([PYTHON.with_name("pip"), "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return str(VENV) in result.stdout


def _install() -> bool:
    print("Installing torch (the largest part; minutes the first time)", flush=True)
    if not _install_torch():
        return False
    print("Installing SEDD Studio and its other dependencies", flush=True)
    # Nothing is built from what an index would serve today: setuptools is among what is locked.
    return _locked(ALL) and _pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def _install_torch() -> bool:
    index = os.environ.get("TORCH_INDEX")
    if index:
        return _pip("--no-deps", "--index-url", index, f"torch=={pinned(TORCH, 'torch')}")
    if not sys.platform.startswith("linux") or _has_nvidia():
        return _locked(TORCH)
    if _locked(TORCH_CPU, quietly=True):
        return True
    print(
        "The package index set up here has not the locked CPU build of torch, so the usual one is taken: gigabytes "
        "more.\nTo take another CPU build, stop and set TORCH_INDEX to the address of PyTorch's index of them.",
        flush=True,
    )
    return _locked(TORCH)


def pinned(file: Path, name: str) -> str:
    """The version of a package that a locked file names."""
    match = re.search(rf"^{name}==([^\s;+]+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise SystemExit(f"{file.name} names no version of {name}; run make lock.")
    return match[1]


def _has_nvidia() -> bool:
    return shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia/version").exists()


def _locked(file: Path, quietly: bool = False) -> bool:
    """Installs what a file names; what has another hash, or none, is refused."""
    return _pip("--require-hashes", "--no-deps", "--requirement", str(file), quietly=quietly)


def _pip(*arguments: str, quietly: bool = False) -> bool:
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=quietly, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
