"""Kinds of discrete sequences: a file each but for text, and a row here."""

from __future__ import annotations

from engine.language.domains.dna import DNA
from engine.language.domains.domain import TEXT, Curve, Domain, Measure, View
from engine.language.domains.images import IMAGES
from engine.language.domains.molecules import MOLECULES
from engine.language.tokenizers import Tokenizer
from engine.protocol import UserError

DOMAINS: dict[str, Domain] = {domain.name: domain for domain in (TEXT, MOLECULES, IMAGES, DNA)}

__all__ = ["DOMAINS", "TEXT", "Curve", "Domain", "Measure", "View", "domain_named", "is_in_words"]
NO_JUDGE = "There is no judge for this kind of text."


def domain_named(name: str) -> Domain:
    """The domain of that name; a UserError lists those that there are."""
    if name not in DOMAINS:
        raise UserError(f"There is no domain {name}; choose one of: {', '.join(DOMAINS)}.")
    return DOMAINS[name]


def is_in_words(domain: str, tokenizer: Tokenizer) -> bool:
    """Whether what a model of a domain writes is text in words, which a judge of stories can read.

    A model whose domain is not told is taken for one of text; where it has a token for each symbol and none for a
    space it is not, as of proteins.
    """
    return domain == TEXT.name and (not tokenizer.symbols or " " in tokenizer.symbols)
