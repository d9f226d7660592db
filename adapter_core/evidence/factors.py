"""Knowledge factors: the counted features of one file, one group ("view") for each kind of knowledge.

Everything here is local to a file, so it can be cached by the file's hash; what links files (topology, tests) is in `topology.py`.
A feature is a string of its kind, a colon and its value. Terms are those of `graph.terms`.
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

# In the order in which they are summed.
VIEWS = ("sym", "doc", "mod", "top", "types", "calls", "tests", "text")
Features = dict[str, Counter[str]]


def file_features(facts: ModuleFacts, lines: Sequence[str], options: EmbeddingOptions) -> Features:
    """The features of one file by view. A test file's definitions and calls say what is tested, so they count in the view "tests" alone."""
    views: Features = {}
    if is_python(facts.path):
        resolver = _NameResolver(facts)
        if is_test_path(facts.path):
            views["tests"] = Counter(_test_features(facts, resolver))
        else:
            views["sym"] = Counter(_symbol_features(facts))
            views["doc"] = Counter(_docstring_terms(facts))
            views["mod"] = Counter(_module_features(facts))
            views["types"] = Counter(_type_features(facts))
            views["calls"] = Counter(_call_features(facts, resolver))
    if options.include_text:
        views["text"] = Counter(_text_terms(lines, options))
    return {view: features for view, features in views.items() if features}


def informative_terms(text: str) -> Iterator[str]:
    """The terms of a text without commonplaces, numbers and single letters."""
    return (t for t in terms.terms_of(text) if _is_informative(t))


def imported_names(facts: ModuleFacts) -> dict[str, str]:
    """Alias to dotted name for each name that a file imports; relative imports are made absolute."""
    dotted_names: dict[str, str] = {}
    for item in facts.imports:
        module = absolute_module(facts, item)
        if item.name is None:
            # `import a.b` binds `a`.
            dotted_names[item.alias] = item.alias if item.alias == module.partition(".")[0] else module
        elif item.name != "*":
            dotted_names[item.alias] = f"{module}.{item.name}"
    return dotted_names


class _NameResolver:
    """Resolves the names of one file, from that file alone."""

    def __init__(self, facts: ModuleFacts) -> None:
        self._facts = facts
        self.imported = imported_names(facts)
        self._defined = {s.name for s in facts.symbols[1:] if s.parent == 0}

    def callee(self, call: Call) -> str:
        """The dotted name of a call's target: imports spelled out, `self.x` with its class. "" for a call of unknown target by a name that
        is common everywhere."""
        head, dot, rest = call.callee.partition(".")
        if head in self.imported:
            return f"{self.imported[head]}{dot}{rest}"
        if head in ("self", "cls", "super()") and rest and "." not in rest:
            cls = self._enclosing_class(call.owner)
            return f"{self._facts.module}.{cls}.{rest}" if cls else rest
        if not dot and head in self._defined:
            return f"{self._facts.module}.{head}"
        return call.name if call.name not in BUILTIN_METHODS and _is_informative(call.name.lower()) else ""

    def _enclosing_class(self, owner: int) -> str:
        symbols = self._facts.symbols
        while owner > 0 and symbols[owner].kind != "class":
            owner = symbols[owner].parent
        return symbols[owner].qualname if owner > 0 else ""


def _is_informative(term: str) -> bool:
    return len(term) > 1 and not term.isdigit() and term not in COMMONPLACE


def _symbol_features(facts: ModuleFacts) -> Iterator[str]:
    for symbol in facts.symbols[1:]:
        words = [*informative_terms(symbol.name)]
        if words:
            yield f"{symbol.kind}:{symbol.name}"
        yield from (f"term:{t}" for t in words)
        yield from (f"parameter:{p.name}" for p in symbol.parameters if _is_informative(p.name.lower()))
        yield from (f"decorator:{d.partition('(')[0]}" for d in symbol.decorators if _is_informative(d.lower()))
        yield from (f"trait:{symbol.kind}:{trait}" for trait in symbol.traits)


def _docstring_terms(facts: ModuleFacts) -> Iterator[str]:
    for symbol in facts.symbols:
        yield from informative_terms(symbol.docstring)


def _module_features(facts: ModuleFacts) -> Iterator[str]:
    """The packages around a module, and the words of their names and of its path."""
    parts = [p for p in facts.module.split(".") if p]
    yield from (f"package:{'.'.join(parts[:n])}" for n in range(1, len(parts) + 1))
    yield from (f"term:{t}" for t in informative_terms(" ".join(parts)))
    yield from (f"folder:{part}" for part in facts.path.split("/")[:-1])


def _type_features(facts: ModuleFacts) -> Iterator[str]:
    for symbol in facts.symbols[1:]:
        for text in (*(p.annotation for p in symbol.parameters), symbol.returns):
            yield from (f"annotation:{word}" for word in terms.words(text or "") if _is_informative(word.lower()))
        for base in symbol.bases:
            name = base.partition("[")[0]
            words = [*informative_terms(name)]
            if words:
                yield f"base:{name.rpartition('.')[2]}"
            yield from (f"term:{t}" for t in words)


def _call_features(facts: ModuleFacts, resolver: _NameResolver) -> Iterator[str]:
    for call in facts.calls:
        callee = resolver.callee(call)
        if callee:
            yield f"callee:{callee}"
            yield f"edge:{facts.symbols[call.owner].name}>{call.name}"
            yield from (f"term:{t}" for t in informative_terms(call.name))


def _test_features(facts: ModuleFacts, resolver: _NameResolver) -> Iterator[str]:
    yield from (f"import:{name}" for name in set(resolver.imported.values()))
    for symbol in facts.symbols[1:]:
        yield from (f"term:{t}" for t in informative_terms(symbol.name) if t != "test")
        yield from (f"fixture:{p.name}" for p in symbol.parameters if _is_informative(p.name.lower()))
    yield from (f"callee:{callee}" for call in facts.calls if (callee := resolver.callee(call)))


def _text_terms(lines: Sequence[str], options: EmbeddingOptions) -> Iterator[str]:
    """The words at the beginning of a file, up to both limits."""
    bytes_left, tokens_left = options.text_max_bytes, options.max_text_tokens
    for line in lines:
        bytes_left -= len(line.encode("utf-8", "surrogatepass")) + 1
        if bytes_left < 0:
            return
        for term in informative_terms(line):
            if not tokens_left:
                return
            tokens_left -= 1
            yield term
