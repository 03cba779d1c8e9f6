"""Find the system libraries that Qt opens a window with, and install or name the packages of those that are missing."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
FONT_PACKAGE = "fonts-dejavu-core"
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")


def provide_window_libraries() -> None:
    """Install what a window needs as root on Debian; elsewhere print the one line to type."""
    if not sys.platform.startswith("linux"):
        return
    missing = [package for library, package in PACKAGES.items() if not _loads(library)]
    if not _has_fonts():
        missing.append(FONT_PACKAGE)
    if missing and not install_packages(missing):
        print(
            f"To open a window, Qt needs system packages that are not here; {how_to_install(missing)}", file=sys.stderr
        )


def install_packages(packages: list[str]) -> bool:
    """Install Debian packages as root. False where this user or this system cannot, or where apt-get fails."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-qq"], install):
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if result.returncode:
            print(result.stderr.strip(), file=sys.stderr)
            return False
    return True


def how_to_install(packages: list[str]) -> str:
    """The line that the user can type."""
    names = " ".join(packages)
    if shutil.which("apt-get"):
        return f"type: sudo apt-get install -y {names}"
    return f"install what Debian calls: {names}"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_fonts() -> bool:
    return any(
        path.suffix.lower() in {".ttf", ".otf", ".ttc"}
        for folder in FONT_FOLDERS
        if folder.is_dir()
        for path in folder.rglob("*")
    )
