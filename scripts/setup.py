"""Create .venv and install the project into it; do nothing where that is done and nothing has changed.

Plain Python without dependencies. TORCH_INDEX names a package index to take torch from (the CPU builds, a CUDA or
ROCm build, a mirror). Without it a Linux machine that has no NVIDIA GPU gets the CPU build if the configured index
has it, and every other machine the usual one.
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
CONSTRAINTS = ROOT / "constraints.txt"
INPUTS = (ROOT / "pyproject.toml", ROOT / "setup.py", CONSTRAINTS, Path(__file__).resolve())
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
    version = _pinned_torch()
    print(f"Installing torch {version} (the largest part; minutes the first time)", flush=True)
    if not _install_torch(version):
        return False
    print("Installing SEDD Studio and its other dependencies", flush=True)
    return _pip("--editable", f"{ROOT}[dev]", "--constraint", str(CONSTRAINTS))


def _install_torch(version: str) -> bool:
    index = os.environ.get("TORCH_INDEX")
    if index:
        return _pip(f"torch=={version}", "--extra-index-url", index)
    if not sys.platform.startswith("linux") or _has_nvidia():
        return _pip(f"torch=={version}")
    # The "+cpu" label can never match a CUDA build.
    if _pip(f"torch=={version}+cpu", quietly=True):
        return True
    print(
        "The package index set up here has no CPU build of torch, so the usual one is taken: gigabytes more.\n"
        "To take the CPU build, stop and set TORCH_INDEX to the address of PyTorch's index of CPU builds.",
        flush=True,
    )
    return _pip(f"torch=={version}")


def _pinned_torch() -> str:
    match = re.search(r"^torch==(\S+)$", CONSTRAINTS.read_text(), re.MULTILINE)
    if match is None:
        raise SystemExit("constraints.txt names no version of torch; add a line such as torch==2.13.0.")
    return match[1]


def _has_nvidia() -> bool:
    return shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia/version").exists()


def _pip(*arguments: str, quietly: bool = False) -> bool:
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=quietly, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
