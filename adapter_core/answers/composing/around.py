"""Sentences about what surrounds a symbol: who overrides and extends it, who is passed it, which tests reach it, how many of each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from ...code_graph import CodeGraph, is_test_path
from ...graph.finding.lookup import scope_at
from ...graph.linking.modules import imported_modules
from ...graph.outline import outline_of
from ...types import Import, ModuleFacts, SymbolRef, TestLink
from ..checking.statements import callee
from ..inert import code
from .candidate import Candidate, Speaker, class_header, definition, listed, scope_name
from .conditions import cited, condition_of
from .counts import NOUNS, count_of, methods_of
from .links import Links
from .placed import function_at, statements
from .placed import source as quote
from .quotes import quoted_at

_MAX_LISTED = 4
_MAX_FAR = 3  # tests told at a time that reach something over several calls, each with the lines of these
_MAX_COUNTED = 12  # lines that show a count
_MAX_READS = 40
_REFERENCES_SECONDS = 0.5  # of a name that is everywhere, what is found by then is enough
_MAX_USES = 2
_MAX_CONTENTS = 8
_MAX_IMPORT = 60  # lines of one import statement


def inheritance(speaker: Speaker, links: Links) -> Iterator[Candidate]:
    """What it overrides and what overrides it; of a class, what extends it."""
    ref = links.ref
    name = code(ref.symbol.qualname)
    if ref.symbol.kind in ("method", "property"):
        for base in [r for r in links.overridden if _named(r)][:1]:
            yield speaker.say_of(
                "bases", f"{name} overrides {code(base.symbol.qualname)}.", definition(ref), definition(base)
            )
        yield from _listing(speaker, links, f"{name} is overridden by", links.overrides)
    elif ref.symbol.kind == "class":
        yield from _listing(speaker, links, f"{name} is extended by", links.subclasses)


def _listing(speaker: Speaker, links: Links, beginning: str, refs: Sequence[SymbolRef]) -> Iterator[Candidate]:
    named = {r.symbol.qualname: r for r in refs if _named(r)}
    shown = list(named.items())[:_MAX_LISTED]
    if shown:
        others = " among others" if len(refs) > len(shown) else ""
        text = f"{beginning} {listed([code(n) for n, _ in shown])}{others}."
        yield speaker.say_of("overridden", text, *(lines for _, r in shown for lines in class_header(links.graph, r)))


def _named(ref: SymbolRef) -> bool:
    return ref.symbol.name != "<lambda>"


def contents(speaker: Speaker, facts: ModuleFacts) -> Iterator[Candidate]:
    """The functions and classes of a module that are public; where it has none of these, all."""
    own = [s for s in facts.symbols if s.parent == 0 and (s.is_callable or s.kind == "class")]
    named = {s.name: s for s in reversed([s for s in own if not s.name.startswith("_")] or own)}
    shown = list(reversed(named.values()))[:_MAX_CONTENTS]
    if shown:
        others = ", among others" if len(named) > len(shown) else ""
        text = f"The module {code(_module_name(facts.module, facts.path))} defines {listed([code(s.name) for s in shown])}{others}."
        yield speaker.say("contents", text, *((s.name_line, s.name_line) for s in shown))


def standing_at(graph: CodeGraph, place: tuple[str, int] | None) -> Candidate | None:
    """The statement that stands at a line of a function."""
    facts, document = (graph.facts(place[0]), graph.document(place[0])) if place is not None else (None, None)
    index = scope_at(facts, place[1]) if facts is not None and place is not None else 0
    if place is None or facts is None or document is None or not facts.symbols[index].is_callable:
        return None
    found = quoted_at(facts.symbols[index].qualname, facts.symbols[index], document.lines, place[1])
    return Speaker(facts, index, 0).say("at", found[0], *found[1]) if found is not None else None


def reads(speaker: Speaker, graph: CodeGraph, ref: SymbolRef) -> Iterator[Candidate]:
    """The statements of the product that read what is assigned: what it is for shows there."""
    seen: set[str] = set()
    for reference in graph.refs_of(ref, _REFERENCES_SECONDS).items[:_MAX_READS]:
        owner, document = reference.owner, graph.document(reference.span.path)
        if reference.kind != "read" or owner is None or document is None or is_test_path(reference.span.path):
            continue
        found = quoted_at(scope_name(owner), owner.symbol, document.lines, reference.span.start)
        if found is not None and found[0] not in seen:
            seen.add(found[0])
            yield speaker.say_of("used", found[0], *((owner.path, *lines) for lines in found[1]))
        if len(seen) == _MAX_USES:
            return


def passed(speaker: Speaker, graph: CodeGraph, ref: SymbolRef) -> Iterator[Candidate]:
    """Where it is handed to something that may call it: `app.add_url_rule("/", view_func=index)`."""
    name = code(ref.symbol.qualname)
    said = 0
    for reference in graph.refs_of(ref, _REFERENCES_SECONDS).items[:_MAX_READS]:
        if reference.kind != "read" or reference.owner is None or said >= _MAX_LISTED:
            continue
        taker = _taker(graph, reference.span.path, reference.span.start, reference.column, ref.symbol.name)
        if taker is not None:
            said += 1
            text = f"{name} is passed to {code(taker[0] + '()')} in {code(scope_name(reference.owner))}."
            yield speaker.say_of("registered", text, (reference.span.path, *taker[1:]), definition(ref))


def imported(speaker: Speaker, graph: CodeGraph, ref: SymbolRef, in_tests: bool = False) -> Iterator[Candidate]:
    """Which modules import it, the product's first, each with its import; `in_tests`: those of tests alone."""
    places: dict[str, tuple[str, int, int]] = {}
    found = [place for place in _imports_of(graph, ref) if place[0] != ref.path]
    for place in sorted(found, key=lambda p: (is_test_path(p[0]), not p[0].startswith(ref.path.partition("/")[0]))):
        if is_test_path(place[0]) or not in_tests:
            places.setdefault(_module_name(graph.module_for_file(place[0]), place[0]), place)
    name = code(scope_name(ref))
    others = ", among others" if len(places) > 2 * _MAX_LISTED else ""
    for start in range(0, min(len(places), 2 * _MAX_LISTED), _MAX_LISTED):
        group = dict(list(places.items())[start : start + _MAX_LISTED])
        text = f"{name} is imported by {listed([code(module) for module in group])}{others}."
        lines = [line for place in group.values() for line in _shown(*place)]
        yield speaker.say_of("tests" if in_tests else "imports", text, *lines)


def _shown(path: str, first: int, last: int) -> list[tuple[str, int, int]]:
    """Lines that show a statement: all of them, or of many the first and the last."""
    return [(path, first, last)] if last - first < _MAX_COUNTED else [(path, first, first), (path, last, last)]


def _imports_of(graph: CodeGraph, ref: SymbolRef) -> Iterator[tuple[str, int, int]]:
    """Where files import a function, class or module by name, in order: from the statement's first line to the one that names it."""
    is_module = ref.symbol.kind == "module"
    paths = graph.importers_of(ref.module) if is_module else graph.view.paths_using(ref.symbol.name)
    for path in paths:
        facts = graph.facts(path)
        if facts is None:
            continue
        for item in facts.imports:
            if is_module:
                meant = any(name == ref.module for name, _ in imported_modules(graph.inference, facts, item))
            else:
                bound = item.alias or item.name
                meant = item.name == ref.symbol.name and ref in graph.resolve(path, item.line, bound or "")
            if meant:
                yield path, item.line, _named_at(graph, path, item.line, item.name or item.module)


def import_statement(graph: CodeGraph, path: str, item: Import) -> list[tuple[str, int, int]]:
    """The lines of a file that show an import."""
    return _shown(path, item.line, _named_at(graph, path, item.line, item.name or item.module))


def _named_at(graph: CodeGraph, path: str, start: int, name: str) -> int:
    """The line of an import statement that names what it imports: brackets may hold one on each line."""
    document = graph.document(path)
    lines = document.lines[start - 1 : start - 1 + _MAX_IMPORT] if document is not None else []
    for number, line in enumerate(lines):
        named = line if number else line.partition("import")[2]
        if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", named):
            return start + number
    return start


def _module_name(module: str, path: str) -> str:
    """The dotted name of a module; its path where that cannot be one (`tests/part-1/test_a.py`)."""
    return module if module and all(part.isidentifier() for part in module.split(".")) else path


def _taker(graph: CodeGraph, path: str, line: int, column: int, name: str) -> tuple[str, int, int] | None:
    """(callee, first line, line of the argument) of the innermost call that takes the name at a place as an argument."""
    document = graph.document(path)
    tree = outline_of("\n".join(document.lines) + "\n").tree if document is not None else None
    best: tuple[str, int, int] | None = None
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, ast.Call) or not node.lineno <= line <= (node.end_lineno or node.lineno):
            continue
        for argument in (*node.args, *(k.value for k in node.keywords)):
            last = argument.attr if isinstance(argument, ast.Attribute) else getattr(argument, "id", None)
            if last == name and argument.lineno <= line <= (argument.end_lineno or line) and line - node.lineno < 12:
                called = callee(node)
                best = (called, node.lineno, line) if called else None
    return best


def tests(speaker: Speaker, links: Links) -> Iterator[Candidate]:
    """The tests from which several calls lead to it, by their pytest ids; those that call it themselves are told with their calls."""
    far = [t for t in links.tests.items if t.distance > 1]
    for start in range(0, min(len(far), 2 * _MAX_FAR), _MAX_FAR):
        yield _reached(speaker, links.ref, far[start : start + _MAX_FAR])


def _reached(speaker: Speaker, ref: SymbolRef, links: Sequence[TestLink]) -> Candidate:
    word = "tests" if len(links) > 1 else "test"
    text = (
        f"{code(ref.symbol.qualname)} is reached by calls from the {word} {listed([code(t.node_id) for t in links])}."
    )
    places = [(at.path, at.start, at.end) for t in links for at in t.via]
    return speaker.say_of("tests", text, *places, definition(ref))


def numbers(
    speaker: Speaker, links: Links, kinds: Sequence[str] = tuple(NOUNS), only_shown: bool = False
) -> Iterator[Candidate]:
    """How many: only what can be counted in full. `kinds`: keys of `NOUNS`. `only_shown`: only where the cited lines show all of them."""
    name = code(links.ref.symbol.qualname)
    for what in kinds:
        one, several = NOUNS[what]
        count = count_of(links, what)
        shown = _examples(links, what) if count else []
        whole = what == "parameters" or count == len(set(shown))
        if not count or (only_shown and not whole):
            continue
        noun = one if count == 1 else several
        said = f"{name} is called at {count} {noun}" if what == "places" else f"{name} has {count} {noun}"
        # A reader sees a few lines; that there are more is what the index says.
        more = "" if whole else ", as the index counts; the first are cited"
        yield speaker.say_of("count", f"{said}{more}.", *shown, definition(links.ref, whole=what == "parameters"))


def _examples(links: Links, what: str) -> list[tuple[str, int, int]]:
    """Lines of the first things counted."""
    found: list[tuple[str, int, int]] = []
    if what == "places":
        found = [(s.span.path, s.span.start, s.span.end) for s in links.callers.items if not s.deferred]
    elif what == "subclasses":
        found = [definition(r) for r in links.subclasses]
    elif what == "overrides":
        found = [definition(r) for r in links.overrides if _named(r)]
    elif what == "methods":
        found = [(links.ref.path, s.name_line, s.name_line) for s in methods_of(links).values()]
    elif what == "tests":
        found = [(t.span.path, t.span.start, t.span.start) for t in links.tests.items]
    return found[:_MAX_COUNTED]


_MUTATORS = frozenset(
    "append add extend insert update pop remove discard clear setdefault popitem appendleft sort reverse".split()
)


def mutations(speaker: Speaker, ref: SymbolRef, lines: list[str]) -> Iterator[Candidate]:
    """Calls of the methods by which containers change, on attributes: what is said is that they are called."""
    node = function_at(ref.symbol, lines)
    for placed in statements(node, lines) if node is not None else ():
        call = placed.node.value if isinstance(placed.node, ast.Expr) else None
        if (
            not isinstance(call, ast.Call)
            or not isinstance(call.func, ast.Attribute)
            or call.func.attr not in _MUTATORS
        ):
            continue
        target = quote(call.func.value, lines)
        if "." in target and all(p.isidentifier() for p in target.split(".")) and call.lineno == call.func.end_lineno:
            end = call.end_lineno or call.lineno
            condition = condition_of(placed.tests, call.lineno, end)
            told = f"{' ' if condition.words else ''}{condition.words}"
            text = f"{code(ref.symbol.qualname)} calls {code(f'{target}.{call.func.attr}()')}{told}."
            yield speaker.say("sets", text, *cited(condition.tests, call.lineno, end))
