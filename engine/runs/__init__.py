"""Recorded runs: as files, as maps, and what is asked about them. No torch, no Qt."""
