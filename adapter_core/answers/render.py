"""Claims to Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from ..types import Claim, Provenance
from .inert import code


def to_markdown(claims: Sequence[Claim]) -> str:
    """One list item for each sentence, its places behind it in `path:line` form."""
    lines = []
    for claim in claims:
        places = ", ".join(code(str(c.span)) for c in claim.citations)
        lines.append(f"- {claim.text} ({places})")
    return "\n".join(lines)


def not_found_text(nearest: Sequence[str], places: Sequence[str]) -> str:
    """The text of an answer that is none."""
    text = "Not found in this workspace."
    if nearest:
        shown = [
            f"{code(name)} ({code(place)})" if place else code(name)
            for name, place in zip(nearest, places, strict=True)
        ]
        text += " The nearest symbols: " + ", ".join(shown) + "."
    return text


def missing_names_heading(names: Sequence[str]) -> str:
    """What stands before an answer to a question that names what is not there; "" where it names nothing of the kind."""
    return f"Not found in this workspace: {', '.join(map(code, names))}. What comes nearest:\n\n" if names else ""


def commit_footer(provenance: Provenance) -> str:
    """Which commit an answer speaks of, "" where that is unknown."""
    if provenance.commit is None:
        return ""
    tree = f", tree {code(provenance.tree)}" if provenance.tree else ""
    return f"\n\nCommit {code(provenance.commit)}{tree}."
