"""Worlds so small that everything is known exactly, and a sampler's whole law on them."""
