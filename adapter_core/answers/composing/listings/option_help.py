"""What a command-line option does, by the help text it is defined with, where a question names the option: `--dry`, "the dry option"."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from ....code_graph import CodeGraph
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....graph.memory.request_cache import request_cache
from ....graph.outline import outline_of
from ....types import Citation
from ...inert import code, printable
from ..candidate import MAX_CITED, Candidate
from .product_files import product_files_with

_FLAG = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
_OPTION = re.compile(
    r"\b(?:what|which|how|explain|describe)\b[^?]{0,40}?[`\"']?(?P<name>[A-Za-z][\w-]+)[`\"']? (?:option|flag|switch)\b",
    re.I,
)
_SENTENCE = re.compile(r"The help of `(?P<flag>[^`]+)` says: “(?P<help>[^“”]+)”")
_DEFINING = frozenset({"add_argument", "add_option", "option", "Option", "argument", "Argument"})
_MAX_CHARS, _MAX_HELP = 300, 400
_MAX_FILES, _MAX_TOLD = 40, 2


@dataclass(frozen=True, slots=True)
class Option:
    """An option as a call defines it on lines `start..end`. `names`: its flags and names as written; `help`: its help on one line."""

    names: tuple[str, ...]
    help: str
    start: int
    end: int

    def has(self, name: str) -> bool:
        """Whether it goes by a name, with or without dashes."""
        return _bare(name) in map(_bare, self.names)


def option_help_sentences(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """ "The help of `--dry` says: “…”" of the product's options. `check` raises once the question is cancelled."""
    question = question[:_MAX_CHARS]
    match = _OPTION.search(question)
    names = dict.fromkeys([*_FLAG.findall(question), *([match["name"]] if match else [])])
    candidates = (item for name in names for item in _of_option(graph, name, check))
    yield from islice(candidates, _MAX_TOLD)


def help_is_quoted(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether the cited lines define the option of such a sentence with this help text; None where the sentence has another form."""
    match = _SENTENCE.fullmatch(sentence.strip())
    if match is None:
        return None
    for span in (citation.span for citation in citations):
        document = graph.document(span.path)
        for option in options_of(document.text) if document is not None else ():
            shown = span.start <= option.start and option.end <= span.end
            if shown and option.has(match["flag"]) and _quotable(option.help) == match["help"]:
                return True
    return False


@request_cache(16)
def options_of(text: str) -> tuple[Option, ...]:
    """The options with a help text that a file defines, in order; none where it does not parse."""
    tree = outline_of(text).tree
    found = [_option(node) for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree is not None else []
    return tuple(sorted((option for option in found if option is not None), key=lambda option: option.start))


def _option(call: ast.Call) -> Option | None:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if function not in _DEFINING:
        return None
    named = [k.value for k in call.keywords if k.arg in ("name", "names", "dest")]
    values = [e for v in (*call.args, *named) for e in (v.elts if isinstance(v, (ast.Tuple, ast.List)) else [v])]
    names = tuple(v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str) and v.value)
    helps = [k.value.value for k in call.keywords if k.arg == "help" and isinstance(k.value, ast.Constant)]
    text = " ".join(helps[0].split()) if helps and isinstance(helps[0], str) else ""
    return Option(names, text, call.lineno, call.end_lineno or call.lineno) if names and text else None


def _of_option(graph: CodeGraph, name: str, check: Callable[[], None]) -> Iterator[Candidate]:
    with graph.store.snapshot():
        # By the first word: the compound `dry_run` is no term of `--dry-run`.
        paths = product_files_with(SearchIndex(graph), terms.split(_bare(name))[:1])
    for path in paths[:_MAX_FILES]:
        if graph.inference.expired:
            return
        check()
        document = graph.document(path)
        for option in options_of(document.text) if document is not None else ():
            text = _quotable(option.help)
            if option.has(name) and text and option.end - option.start < MAX_CITED:
                flag = next(n for n in option.names if _bare(n) == _bare(name))
                sentence = f"The help of {code(flag)} says: “{text}”"
                span = (path, option.start, option.end)
                yield Candidate(sentence, "listing", (span,), f"{path}:{option.start}", 0, -1, named=True)


def _quotable(text: str) -> str:
    """A help text as it is quoted, "" where it is too long or has quotation marks of its own."""
    text = printable(text).replace("`", "")
    return text if len(text) <= _MAX_HELP and not re.search("[“”]", text) else ""


def _bare(name: str) -> str:
    return name.lstrip("-").replace("-", "_").lower()
