"""Requests in, events out: the window and the command line both go through the `Engine` here."""
