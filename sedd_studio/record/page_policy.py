"""What an exported page may do: run its own script, have its own style, and load nothing."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

POLICY = "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'"
OWN = re.compile(r"<style>(.*?)</style>.*<script>(.*?)</script>", re.DOTALL)


def policy_of(page: str) -> str:
    """The policy of a page that has one style and one script, which names both by what they are."""
    own = OWN.search(page)
    if own is None:
        raise ValueError("a page without a style and a script of its own")
    style, script = (f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}" for text in own.groups())
    return POLICY.format(script, style)
