"""SEDD Studio: the desktop window over the engine."""
