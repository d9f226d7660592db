"""How a section is named in a sentence that quotes it, and what such a sentence quotes."""

from __future__ import annotations

import re

from ....types import Symbol
from ...inert import prose
from ..candidate import Candidate

QUOTES = re.compile("[“”]")  # would end the quotation around them


def title_of(symbol: Symbol) -> str:
    """ ", “Usage”" for a section, "" for anything else."""
    return f", “{prose(symbol.name)}”" if symbol.kind == "section" else ""


def is_quotable(title: str) -> bool:
    """Whether a title, as `title_of` gives it, has no quotation within its own."""
    return QUOTES.search(title[3:-1]) is None


def quoted_in(sentence: Candidate) -> str:
    """The words of a document that a sentence of `quote_documentation` quotes, with the mark at their end."""
    return sentence.text.partition(": “")[2]
