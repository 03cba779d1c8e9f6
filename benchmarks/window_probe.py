"""The studio as its command starts it, with a probe (`probe.py`) in the place of a user."""

from __future__ import annotations

import sys

from sedd_studio.__main__ import load

if __name__ == "__main__":
    studio = load()  # before all else that needs Qt, as in the command

    from benchmarks.probe import ProbedWindow

    setattr(studio, "MainWindow", ProbedWindow)  # noqa: B010 - a replacement that types forbid on purpose
    sys.exit(studio.main(sys.argv[1:]))
