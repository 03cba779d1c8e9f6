"""What went wrong, as the user is told."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can put right. The message says in one sentence what is wrong and what to do."""
