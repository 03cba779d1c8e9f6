"""Tells the desktop about run files, so that a double click opens them in the studio (freedesktop.org's formats)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from engine.files import write_whole
from engine.protocol import UserError
from engine.runs.runfile import SUFFIX

MIME = "application/x-sedd-run"
ELSEWHERE = (
    f"The studio registers run files on Linux desktops only; here, open a {SUFFIX} file with “Open with …” and choose "
    "sedd-studio, or drop it on the window."
)
ENTRY = """[Desktop Entry]
Type=Application
Name=SEDD Studio
Comment=Watch text appear out of noise around words you lock
Exec={command} %f
Terminal=false
Categories=Education;Science;
MimeType={mime};
"""
TYPES = """<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="{mime}">
    <comment>Recorded run of SEDD Studio</comment>
    <glob pattern="*{suffix}"/>
  </mime-type>
</mime-info>
"""
REFRESH = (("update-mime-database", "mime"), ("update-desktop-database", "applications"))
"""Programs that make the desktop read its folders anew, where they are installed."""


def register(data: Path, command: str) -> list[Path]:
    """Writes the entry and the type into the user's data folder; returns the files. A UserError where it cannot be."""
    if not sys.platform.startswith("linux"):
        raise UserError(ELSEWHERE)
    files = {
        data / "applications" / "sedd-studio.desktop": ENTRY.format(command=quoted(command), mime=MIME),
        data / "mime" / "packages" / "sedd-studio.xml": TYPES.format(mime=MIME, suffix=SUFFIX),
    }
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content.encode())
    except OSError as error:
        raise UserError(f"Nothing can be written to {data} ({error.strerror}); free some room there.") from error
    for program, folder in REFRESH:
        if (found := shutil.which(program)) is not None:
            subprocess.run([found, str(data / folder)], check=False, capture_output=True)
    return list(files)


def quoted(command: str) -> str:
    """A path as an argument of an Exec line."""
    special = {letter: f"\\{letter}" for letter in '"`$\\'}
    inner = "".join(special.get(letter, letter) for letter in command).replace("%", "%%")
    return f'"{inner}"'
