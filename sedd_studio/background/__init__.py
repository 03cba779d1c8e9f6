"""Threads beside the window's: the engine's, long jobs, the keeper of the history; and where garbage is collected."""
