"""`python -m engine.cli`, for launchers that start modules."""

from engine.cli import main

main()
