"""Knowledge factors: what one file says about its repository, as counted features, one group ("view") for each kind of knowledge.

Everything here is local to a file, so it can be kept by the file's hash; what links files (topology, tests) is in `topology.py`.
A feature is a text: its kind, a colon, what it says. Terms are those of `graph.terms`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..code_graph import is_test_path
from ..graph import terms
from ..graph.finding.dependencies import absolute_module
from ..graph.source import is_python
from ..types import Call, ModuleFacts
from .commonplace import BUILTIN_METHODS, COMMONPLACE
from .options import EmbeddingOptions

# In the order in which they are added up.
VIEWS = ("sym", "doc", "mod", "top", "types", "calls", "tests", "text")
Features = dict[str, Counter[str]]


def file_features(facts: ModuleFacts, lines: Sequence[str], options: EmbeddingOptions) -> Features:
    """The features of one file by view. Of a test file, what it defines and calls says what is tested, and counts as that alone."""
    views: Features = {}
    if is_python(facts.path):
        names = _Names(facts)
        if is_test_path(facts.path):
            views["tests"] = Counter(_tests(facts, names))
        else:
            views["sym"] = Counter(_symbols(facts))
            views["doc"] = Counter(_docstrings(facts))
            views["mod"] = Counter(_module(facts))
            views["types"] = Counter(_types(facts))
            views["calls"] = Counter(_calls(facts, names))
    if options.include_text:
        views["text"] = Counter(_text(lines, options))
    return {view: features for view, features in views.items() if features}


def telling(text: str) -> Iterator[str]:
    """The terms of a text that say something: no commonplaces, numbers or single letters."""
    return (t for t in terms.terms_of(text) if _tells(t))


def imported_names(facts: ModuleFacts) -> dict[str, str]:
    """What the names that a file imports mean: alias to dotted name, leading dots worked out."""
    found: dict[str, str] = {}
    for item in facts.imports:
        module = absolute_module(facts, item)
        if item.name is None:
            # `import a.b` binds `a`.
            found[item.alias] = item.alias if item.alias == module.partition(".")[0] else module
        elif item.name != "*":
            found[item.alias] = f"{module}.{item.name}"
    return found


class _Names:
    """What names mean as far as one file tells."""

    def __init__(self, facts: ModuleFacts) -> None:
        self._facts = facts
        self.imported = imported_names(facts)
        self._defined = {s.name for s in facts.symbols[1:] if s.parent == 0}

    def callee(self, call: Call) -> str:
        """The dotted name of what is called: imports spelled out, `self.x` with its class. "" where nothing tells what it is but a
        name that is everywhere."""
        head, dot, rest = call.callee.partition(".")
        if head in self.imported:
            return f"{self.imported[head]}{dot}{rest}"
        if head in ("self", "cls", "super()") and rest and "." not in rest:
            cls = self._class_around(call.owner)
            return f"{self._facts.module}.{cls}.{rest}" if cls else rest
        if not dot and head in self._defined:
            return f"{self._facts.module}.{head}"
        return call.name if call.name not in BUILTIN_METHODS and _tells(call.name.lower()) else ""

    def _class_around(self, owner: int) -> str:
        symbols = self._facts.symbols
        while owner > 0 and symbols[owner].kind != "class":
            owner = symbols[owner].parent
        return symbols[owner].qualname if owner > 0 else ""


def _tells(term: str) -> bool:
    return len(term) > 1 and not term.isdigit() and term not in COMMONPLACE


def _symbols(facts: ModuleFacts) -> Iterator[str]:
    for symbol in facts.symbols[1:]:
        words = [*telling(symbol.name)]
        if words:
            yield f"{symbol.kind}:{symbol.name}"
        yield from (f"term:{t}" for t in words)
        yield from (f"parameter:{p.name}" for p in symbol.parameters if _tells(p.name.lower()))
        yield from (f"decorator:{d.partition('(')[0]}" for d in symbol.decorators if _tells(d.lower()))
        yield from (f"trait:{symbol.kind}:{trait}" for trait in symbol.traits)


def _docstrings(facts: ModuleFacts) -> Iterator[str]:
    for symbol in facts.symbols:
        yield from telling(symbol.docstring)


def _module(facts: ModuleFacts) -> Iterator[str]:
    """The packages around a module, and the words of their names and of its path."""
    parts = [p for p in facts.module.split(".") if p]
    yield from (f"package:{'.'.join(parts[:n])}" for n in range(1, len(parts) + 1))
    yield from (f"term:{t}" for t in telling(" ".join(parts)))
    yield from (f"folder:{part}" for part in facts.path.split("/")[:-1])


def _types(facts: ModuleFacts) -> Iterator[str]:
    for symbol in facts.symbols[1:]:
        for text in (*(p.annotation for p in symbol.parameters), symbol.returns):
            yield from (f"annotation:{word}" for word in terms.words(text or "") if _tells(word.lower()))
        for base in symbol.bases:
            name = base.partition("[")[0]
            words = [*telling(name)]
            if words:
                yield f"base:{name.rpartition('.')[2]}"
            yield from (f"term:{t}" for t in words)


def _calls(facts: ModuleFacts, names: _Names) -> Iterator[str]:
    for call in facts.calls:
        callee = names.callee(call)
        if callee:
            yield f"callee:{callee}"
            yield f"edge:{facts.symbols[call.owner].name}>{call.name}"
            yield from (f"term:{t}" for t in telling(call.name))


def _tests(facts: ModuleFacts, names: _Names) -> Iterator[str]:
    yield from (f"import:{name}" for name in set(names.imported.values()))
    for symbol in facts.symbols[1:]:
        yield from (f"term:{t}" for t in telling(symbol.name) if t != "test")
        yield from (f"fixture:{p.name}" for p in symbol.parameters if _tells(p.name.lower()))
    yield from (f"callee:{callee}" for call in facts.calls if (callee := names.callee(call)))


def _text(lines: Sequence[str], options: EmbeddingOptions) -> Iterator[str]:
    """The words at the beginning of a file, up to both limits."""
    left_bytes, left_tokens = options.text_max_bytes, options.max_text_tokens
    for line in lines:
        left_bytes -= len(line.encode("utf-8", "surrogatepass")) + 1
        if left_bytes < 0:
            return
        for term in telling(line):
            if not left_tokens:
                return
            left_tokens -= 1
            yield term
