"""How long tests wait for what must come: so long that no loaded machine makes one fail."""

PATIENCE = 120.0
"""Seconds until what is waited for is taken for lost."""
