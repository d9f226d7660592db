"""The constants of a module that is called what is asked for, and those whose names begin alike: `EXIT_OK`, `EXIT_USAGE`."""

from __future__ import annotations

from ....code_graph import CodeGraph
from ....graph import terms
from ....types import ModuleFacts, Symbol
from ...inert import code
from ..candidate import Candidate, SentenceBuilder
from .asked_collection import AskedCollection
from .named_values import Entry, comment_at, comment_behind, files_about, spans_of_entries

_MIN_ENTRIES, _MAX_TOLD = 3, 40
_MAX_CODE = 60
_MIN_SHARE, _IN_PLACE = (
    0.6,
    0.7,
)  # of the wanted terms in the name of a module or a prefix; what a term counts at the head of the module
_HEAD_CHARS = 600  # where its docstring stands
_ASIDE = frozenset({"logger", "log", "T"})


def constants_in(facts: ModuleFacts, prefix: str = "") -> list[Symbol]:
    """The public constants of a module, in its order; with `prefix` those whose names begin so. Of a module that
    defines nothing else also its variables."""
    defines = any(s.parent == 0 and s.is_definition and not s.name.startswith("_") for s in facts.symbols)
    kinds = ("constant",) if prefix or defines else ("constant", "variable")
    found = [
        s
        for s in facts.symbols
        if s.parent == 0
        and s.kind in kinds
        and not s.name.startswith("_")
        and s.name.startswith(prefix)
        and not s.conditional
    ]
    return list({s.name: s for s in found if s.name not in _ASIDE}.values())


def _as_entry(symbol: Symbol, lines: list[str], with_value: bool) -> Entry:
    said = comment_at(lines, symbol.start, symbol.end)
    first = symbol.start if not said or comment_behind(lines, symbol.end) else symbol.start - 1
    shown = code(symbol.signature if with_value else symbol.name)
    return Entry(f"{shown}: “{said}”" if said else shown, first, symbol.end if with_value else symbol.start)


def constant_groups(graph: CodeGraph, asked: AskedCollection) -> list[tuple[float, Candidate]]:
    """The constants of a module that is called so, and those whose names begin with what is asked for, with how far they are that."""
    found: list[tuple[float, Candidate]] = []
    for path in files_about(graph, asked):
        facts, document = graph.facts(path), graph.document(path)
        if facts is None or document is None:
            continue
        stem = path.removesuffix(".py").rpartition("/")[2]
        of_text = dict.fromkeys(terms.distinct(document.text[:_HEAD_CHARS]), _IN_PLACE)
        share = asked.share(of_text | dict.fromkeys(terms.distinct(stem), 1.0))
        parts = terms.parts(stem)
        is_module = bool(asked.head) and (
            bool(asked.counts(asked.head, dict.fromkeys(parts, 1.0))) or _is_whole(asked, parts)
        )
        definitions = sum(s.parent == 0 and s.is_definition and not s.name.startswith("_") for s in facts.symbols)
        if is_module and share >= _MIN_SHARE and definitions <= len(constants_in(facts)):
            found += [
                (share, sentence)
                for sentence in [constants_sentence(facts, document.lines, "")]
                if sentence is not None
            ]
        counts: dict[str, int] = {}
        for symbol in facts.symbols:
            if symbol.parent == 0 and symbol.kind == "constant" and "_" in symbol.name.strip("_"):
                prefix = symbol.name[: symbol.name.index("_", 1) + 1]
                counts[prefix] = counts.get(prefix, 0) + 1
        for prefix, count in counts.items():
            share = asked.share(dict.fromkeys(terms.parts(prefix), 1.0))
            if count >= _MIN_ENTRIES and share >= _MIN_SHARE:
                found += [(share, s) for s in [constants_sentence(facts, document.lines, prefix)] if s is not None]
    return sorted(found, key=lambda pair: -pair[0])


def _is_whole(asked: AskedCollection, parts: set[str]) -> bool:
    """Whether a name is nothing but a word of what is asked for: `box` for "box styles"."""
    return len(parts) == 1 and all(asked.weights.get(part, 0.0) >= 1.0 for part in parts)


def constants_sentence(facts: ModuleFacts, lines: list[str], prefix: str) -> Candidate | None:
    """ "`shop/codes.py` defines 4 constants:", with the constants as steps. None where there are few or many."""
    symbols = constants_in(facts, prefix)
    if not _MIN_ENTRIES <= len(symbols) <= _MAX_TOLD:
        return None
    is_short = all(len(symbol.signature) <= _MAX_CODE and "=" in symbol.signature for symbol in symbols)
    entries = [_as_entry(symbol, lines, is_short) for symbol in symbols]
    named = f" whose names begin with {code(prefix)}" if prefix else ""
    noun = "constants" if all(symbol.kind == "constant" for symbol in symbols) else "names"
    lead = f"{code(facts.path)} defines {len(entries)} {noun}{named}:"
    builder = SentenceBuilder(facts, 0, 0)
    return builder.step_list("listing", lead, tuple(entry.text for entry in entries), *spans_of_entries([], entries))
