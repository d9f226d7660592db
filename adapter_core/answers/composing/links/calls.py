"""Sentences about calls: what a function calls and when, who calls it, and in which tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from ....code_graph import CodeGraph, index_of, is_test_path
from ....graph.memory.request_cache import request_cache
from ....graph.outline import outline_of
from ....types import CallSite, SymbolRef
from ...inert import code
from ..candidate import Candidate, SentenceBuilder, definition_span, join_list, scope_name
from ..statements.call_conditions import tests_by_call
from ..statements.conditions import Lines, condition_of, lines_of_tests, merge_ranges
from ..statements.quotes import quote_at_line
from .known_links import Links

_MAX_LISTED = 4
_MAX_TESTS = 8  # that are all told
_MAX_GROUPS = 4
_MAX_USES = 3
_MAX_CITED = 12
_NAMES = re.compile(r"[\w.]+")
BY_NAME = "By name alone: "  # begins what is told of calls of which no more is known
_PathLines = tuple[str, int, int]


def call_sentences(builder: SentenceBuilder, graph: CodeGraph, ref: SymbolRef, lines: list[str]) -> Iterator[Candidate]:
    """What it calls of the workspace, in the order of the text, each call with its line: those that nothing but early exits keeps from
    running, and those of each branch, loop and handler apart."""
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts else None
    if facts is None or index is None:
        return
    around = tests_by_call(ref.symbol, lines)
    groups: dict[tuple[str, tuple[Lines, ...]], dict[str, int]] = {}
    seen: set[str] = set()
    for call in facts.calls:
        tests = around.get((call.callee, call.line))
        if call.owner != index or call.deferred or call.callee in seen or tests is None:
            continue
        if not graph.site(facts, call).sure:
            continue
        seen.add(call.callee)
        condition = condition_of(tests, call.line, call.line, loops=True)
        key = (condition.words, tuple(lines_of_tests(condition.tests)))
        groups.setdefault(key, {})[call.callee] = call.line
    if list(seen) == [f"super().{ref.symbol.name}"]:
        return  # what every override does
    name = code(ref.symbol.qualname)
    for (words, tests_lines), own in list(groups.items())[:_MAX_GROUPS]:
        items = list(own.items())
        for start in range(0, min(len(items), 2 * _MAX_LISTED), _MAX_LISTED):
            group = items[start : start + _MAX_LISTED]
            shown = join_list([code(callee + "()") for callee, _ in group])
            # The order of the text is a fact; the order of execution depends on nesting.
            order = ", in the order written," if len(group) > 1 else ""
            text = f"{name} calls{order} {shown}{' ' if words else ''}{words}."
            yield builder.sentence("calls", text, *merge_ranges([*tests_lines, *((line, line) for _, line in group)]))


def caller_sentences(builder: SentenceBuilder, links: Links, tests_too: bool, name: str) -> Iterator[Candidate]:
    """Who calls it, the product's code first. Of a call on a value also the line that says what the value is; where there is none, it is
    said that types were inferred, and where the value may be something else, "perhaps". Calls of its name on values of which nothing is
    known: where calls of the product are surely of it, those whose value is named like its class, and that there may be others. With
    `tests_too` tests in one clause, and alone where nothing else calls it. `name`: what it is called in the sentences."""
    ref = links.ref
    is_called = f"{name} is {_called(ref)}"
    found = [s for s in links.callers.items if s.caller is not None and s.caller != ref]
    sites = [s for s in found if not s.deferred]
    tests = [s for s in sites if is_test_path(s.span.path)]
    own = [s for s in sites if not is_test_path(s.span.path)]
    named = [s for s in own if s.callee.rpartition(".")[2] == ref.symbol.name]
    surely = [s for s in own if leads_to(s, ref)]
    doubtful = [s for s in named if s.resolved and not leads_to(s, ref)]
    unknown = [s for s in named if not s.resolved and _NAMES.fullmatch(s.callee)]
    by_name = [s for s in unknown if not surely or _is_named_like(s, ref)]
    tests_surely = [s for s in tests if leads_to(s, ref)]
    sure = surely or ([] if doubtful or by_name else tests_surely)
    label = _told_apart(own or tests)
    told = _Callers(links, sure, label)
    yield from told.sentences(builder, is_called, ", perhaps among others" if len(by_name) < len(unknown) else "")
    perhaps = _places(doubtful, label)
    for group, others in _groups({n: at for n, at in perhaps.items() if n not in told.names}):
        text = f"{name} is perhaps {_called(ref)} by {join_list([code(n) for n in group])}{others}."
        yield builder.sentence_at("callers", text, *group.values(), definition_span(ref))
    yield from _by_name(builder, by_name, label)
    if not own:
        # Whether and where a lambda is called is another matter, so what it stands in is told as it is.
        inside = [s for s in found if s.deferred and leads_to(s, ref)]
        for text, places in _as_they_stand(links, sorted(inside, key=lambda s: is_test_path(s.span.path))):
            yield builder.sentence_at("callers", text, *places)
    if tests_too and sure is not tests_surely:
        yield from _in_tests(builder, links, tests_surely, f"{name} is also {_called(ref)}")
    if not own and not tests_surely:
        of_its_name = [s for s in tests if s.callee.rpartition(".")[2] == ref.symbol.name and not s.resolved]
        yield from _by_name(builder, of_its_name, label)


def _told_apart(sites: Sequence[CallSite]) -> Callable[[SymbolRef], str]:
    """What names callers: their qualified names, with the module where several of these sites' callers in different files go by one."""
    paths: dict[str, set[str]] = {}
    for site in sites:
        if site.caller is not None:
            paths.setdefault(scope_name(site.caller), set()).add(site.caller.path)
    return lambda ref: ref.full_name if len(paths.get(scope_name(ref), ())) > 1 else scope_name(ref)


def _called(ref: SymbolRef) -> str:
    return "constructed" if ref.symbol.kind == "class" else "called"


class _Callers:
    """The callers by calls that are surely of one symbol: those whose lines show it, and those that inferred types alone tell."""

    def __init__(self, links: Links, sites: Sequence[CallSite], label: Callable[[SymbolRef], str]) -> None:
        """`label`: what names a caller."""
        self._ref = ref = links.ref
        shown = {id(s): value_lines(links.graph, ref, s) for s in sites}
        # Those first whose line alone shows what is called, and what is no example beside the product.
        top = ref.path.partition("/")[0]
        ordered = sorted(
            sites,
            key=lambda s: (
                shown[id(s)] is None,
                not s.span.path.startswith(top),
                shown[id(s)] != (s.span.path, s.span.start, s.span.end),
            ),
        )
        self._plain = _places([s for s in ordered if shown[id(s)] is not None], label)
        self._types = _places(ordered, label, spans=lambda s: shown[id(s)])
        self._inferred = {n: at for n, at in _places(ordered, label).items() if n not in self._plain}

    @property
    def names(self) -> set[str]:
        return {*self._plain, *self._inferred}

    def sentences(self, builder: SentenceBuilder, is_called: str, unknown: str) -> Iterator[Candidate]:
        """`unknown`: what is said of calls of which it is not known whether they are of it."""
        defined = definition_span(self._ref)
        for group, others in _groups(self._plain):
            text = f"{is_called} by {join_list([code(n) for n in group])}{others or unknown}."
            types = (self._types[n] for n in group if self._types[n] != group[n])
            yield builder.sentence_at("callers", text, *group.values(), *types, defined)
        for group, others in _groups(self._inferred):
            text = f"{is_called} by {join_list([code(n) for n in group])}{others}, judged by inferred types."
            yield builder.sentence_at("callers", text, *group.values(), defined)


def _in_tests(builder: SentenceBuilder, links: Links, tests: Sequence[CallSite], lead: str) -> Iterator[Candidate]:
    """That tests call it, with one call whose line shows it: in what pytest collects, or else in what stands beside that."""
    shown = ((s, _test_around(links.graph, s) or s.caller, value_lines(links.graph, links.ref, s)) for s in tests)
    found = islice(((s, _node_id(links, c), at) for s, c, at in shown if c is not None and at is not None), _MAX_TESTS)
    for site, caller, at in sorted(found, key=lambda one: "::" not in one[1])[:1]:
        where = f"in the test {code(caller)}" if "::" in caller else f"by {code(caller)} in tests"
        yield builder.sentence_at(
            "tests", f"{lead} {where}, for example.", at, _place_of(site), definition_span(links.ref)
        )


def _is_named_like(site: CallSite, ref: SymbolRef) -> bool:
    """Whether a call is on a value that is named like the class of a method: `self.huey.execute()` of `Huey.execute`."""
    owner = ref.symbol.qualname.rpartition(".")[0].rpartition(".")[2].strip("_").lower()
    receiver = site.callee.rpartition(".")[0].rpartition(".")[2].replace("_", "").lower()
    return bool(owner) and receiver == owner


def leads_to(site: CallSite, ref: SymbolRef) -> bool:
    """To one definition, by names or, where it is called by its own, by inference; and it can be no other one."""
    single = site.resolved and len(site.targets) == 1 and not site.external and not site.open
    return site.sure or (single and site.callee.rpartition(".")[2] == ref.symbol.name)


def _by_name(
    builder: SentenceBuilder, sites: Sequence[CallSite], label: Callable[[SymbolRef], str]
) -> Iterator[Candidate]:
    """Calls of something of its name on a value whose type the text does not tell: what is called is told as it is written."""
    named = [s for s in sites if _NAMES.fullmatch(s.callee)]
    places = _places(named, label, at_most=_MAX_LISTED + 1)
    group = dict(list(places.items())[:_MAX_LISTED])
    if group:
        # Each as it is written in the first call of its caller.
        written = {(s.span.path, s.span.start): s.callee for s in reversed(named)}
        told = "; ".join(f"{code(n)} calls {code(written[at[:2]] + '()')}" for n, at in group.items())
        others = ", among others" if len(places) > len(group) else ""
        yield builder.sentence_at("callers", f"{BY_NAME}{told}{others}.", *group.values())


def use_sentences(builder: SentenceBuilder, links: Links) -> Iterator[Candidate]:
    """The statements of the product that call it, as they stand: what it is for shows there."""
    own = (s for s in links.callers.items if s.sure and s.caller != links.ref and not is_test_path(s.span.path))
    for text, places in _as_they_stand(links, own):
        yield builder.sentence_at("used", text, *places)


def _as_they_stand(links: Links, sites: Iterable[CallSite]) -> Iterator[tuple[str, list[_PathLines]]]:
    """The statements of some calls and their lines: of the first callers one each."""
    seen: set[str] = set()
    for site in sites:
        document, caller = links.graph.document(site.span.path), site.caller
        if caller is None or document is None or scope_name(caller) in seen:
            continue
        if value_lines(links.graph, links.ref, site) is None:
            continue
        found = quote_at_line(scope_name(caller), caller.symbol, document.lines, site.span.start)
        if found is not None:
            seen.add(scope_name(caller))
            yield found[0], [(caller.path, *lines) for lines in found[1]]
        if len(seen) == _MAX_USES:
            return


def _groups(places: dict[str, _PathLines]) -> Iterator[tuple[dict[str, _PathLines], str]]:
    """The callers, a few at a time, and what is said of those that are left out."""
    others = " among others" if len(places) > _MAX_LISTED else ""
    for start in range(0, min(len(places), 2 * _MAX_LISTED), _MAX_LISTED):
        yield dict(list(places.items())[start : start + _MAX_LISTED]), others


def value_lines(graph: CodeGraph, ref: SymbolRef, site: CallSite) -> _PathLines | None:
    """The line that shows that a call is one of this symbol: the call itself where it names it, else where its value is made or annotated
    with the name of the class; None where no line near shows it."""
    here = (site.span.path, site.span.start, site.span.end)
    owner, _, last = site.callee.rpartition(".")
    if last != ref.symbol.name:
        return _renamed(graph, site, last, ref.symbol.name)
    method = ref.symbol.kind in ("method", "property")
    if not method:
        # A parameter is what callers give; its default is one of these.
        parameters = site.caller.symbol.parameters if site.caller is not None and not site.direct else ()
        return None if any(p.name == site.callee.partition(".")[0] for p in parameters) else here
    kind = ref.symbol.qualname.split(".")[-2] if "." in ref.symbol.qualname else ""
    receiver = owner.rpartition(".")[2]
    own = site.caller.symbol.qualname.split(".") if site.caller is not None else []
    if receiver == kind or (owner in ("self", "cls", "super()") and kind in own) or owner == "super()":
        return here
    if owner in ("self", "cls"):
        return here  # inherited: the class around says of whom
    if owner == "()" and kind and (document := graph.document(site.span.path)) is not None:
        return here if re.search(rf"\b{kind}\(.*\)\.{last}\b", document.lines[site.span.start - 1]) else None
    return _made(graph, site, owner, kind)


def _made(graph: CodeGraph, site: CallSite, owner: str, kind: str) -> _PathLines | None:
    """Where a value is bound to `Kind(…)` or annotated as `Kind`, in the file of the call."""
    document = graph.document(site.span.path)
    best: _PathLines | None = None
    for line, names in _bindings(document.text).get(owner, ()) if document is not None and owner else ():
        inside = site.caller is None or site.caller.symbol.start <= line <= site.caller.symbol.end
        if kind in names and (inside or owner.startswith("self.")) and (best is None or line <= site.span.start):
            best = (site.span.path, line, line)
    return best


@request_cache(8)
def _bindings(text: str) -> dict[str, list[tuple[int, frozenset[str]]]]:
    """What a file binds: for each name the lines that say what it is, each with the names that do; hundreds of calls may ask for them."""
    found: dict[str, list[tuple[int, frozenset[str]]]] = {}
    tree = outline_of(text).tree
    for node in ast.walk(tree) if tree is not None else ():
        bound: list[tuple[ast.AST, ast.expr | None]] = []
        if isinstance(node, ast.Assign):
            bound = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign):
            bound = [(node.target, node.annotation)]
        elif isinstance(node, ast.arg):
            bound = [(node, node.annotation)]
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            bound = [(i.optional_vars, i.context_expr) for i in node.items if i.optional_vars is not None]
        for target, value in bound:
            if value is not None:
                written = target.arg if isinstance(target, ast.arg) else ast.unparse(target)
                found.setdefault(written, []).append((value.lineno, frozenset(_names(value))))
    return found


def _renamed(graph: CodeGraph, site: CallSite, called: str, name: str) -> _PathLines | None:
    """Where the name by which something is called is bound to it, in the file of the call: `import f as g`, `handler = f`."""
    document = graph.document(site.span.path)
    lines = _other_names(document.text).get((called, name)) if document is not None else None
    return (site.span.path, *lines) if lines is not None else None


@request_cache(8)
def _other_names(text: str) -> dict[tuple[str, str], Lines]:
    """The first lines in which a file binds a name to something of another one: (name, other one)."""
    found: dict[tuple[str, str], Lines] = {}
    tree = outline_of(text).tree
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            pairs = [(a.asname, a.name.rpartition(".")[2]) for a in node.names if a.asname]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, (ast.Name, ast.Attribute)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            pairs = [(_last(target), _last(node.value)) for target in targets]
        else:
            continue
        if (node.end_lineno or node.lineno) - node.lineno < _MAX_CITED:
            for pair in pairs:
                found.setdefault(pair, (node.lineno, node.end_lineno or node.lineno))
    return found


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _names(value: ast.expr) -> set[str]:
    """The names that say what a value is: the callee of a call, what an annotation is written with."""
    if isinstance(value, ast.Await):
        return _names(value.value)
    if isinstance(value, ast.Call):
        return {ast.unparse(value.func).rpartition(".")[2]}
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return {value.value.strip().rpartition(".")[2]}
    return {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} | {
        n.attr for n in ast.walk(value) if isinstance(n, ast.Attribute)
    }


def _place_of(site: CallSite) -> _PathLines:
    return site.span.path, site.span.start, site.span.end


def _places(
    sites: Sequence[CallSite],
    label: Callable[[SymbolRef], str],
    spans: Callable[[CallSite], _PathLines | None] = _place_of,
    at_most: int | None = None,
) -> dict[str, _PathLines]:
    """The first call of each caller, by the caller's name; of the first callers, where there are more than `at_most`."""
    found: dict[str, _PathLines] = {}
    for site in sites:
        if at_most is not None and len(found) >= at_most:
            break
        place = spans(site)
        if site.caller is not None and place is not None:
            found.setdefault(label(site.caller), place)
    return found


def _node_id(links: Links, test: SymbolRef) -> str:
    """As pytest names it, without parameters; its own name where pytest would not collect it."""
    nodes = links.graph.tests.nodes_of(test.path, test.symbol.qualname)
    return nodes[0].node_id.partition("[")[0] if nodes else test.symbol.qualname


def _test_around(graph: CodeGraph, site: CallSite) -> SymbolRef | None:
    """The test in which a call stands, be it in a function of its own."""
    scopes = [site.caller, *graph.owners_of(site.caller)] if site.caller is not None else []
    named = (s for s in scopes if s is not None and s.symbol.is_callable and s.symbol.name.startswith("test"))
    return next(named, None)


def _calls_in_tests(links: Links) -> list[CallSite]:
    """Its calls in tests, of these and not of functions in them."""
    return [
        replace(site, caller=test)
        for site in links.callers.items
        if is_test_path(site.span.path) and not site.deferred and (test := _test_around(links.graph, site)) is not None
    ]


def tests_that_call(links: Links) -> list[tuple[SymbolRef, _PathLines, _PathLines | None]]:
    """The tests that call it, each with its first call and the line that shows what that is on; None where only inferred types tell."""
    found: dict[tuple[str, str], tuple[SymbolRef, _PathLines, _PathLines | None]] = {}
    for site in _calls_in_tests(links):
        if site.caller is None or not leads_to(site, links.ref):
            continue
        key, here = (site.caller.path, site.caller.symbol.qualname), _place_of(site)
        if key not in found or found[key][2] is None:
            shown = here if site.sure else value_lines(links.graph, links.ref, site)
            if key not in found or shown is not None:
                found[key] = site.caller, here, shown
    return list(found.values())


def calling_test_sentences(builder: SentenceBuilder, links: Links, name: str) -> Iterator[Candidate]:
    """Tests that call it, all where they are few, and else how many; apart from these, tests that call something of its name on a value
    whose type the text does not tell. `name`: what it is called in the sentences."""
    tests = tests_that_call(links)
    few = len(tests) <= _MAX_TESTS
    number = f"; it is called in a total of {len(tests)} tests" if links.callers.complete and not few else ""
    plain = [one for one in tests if one[2] is not None]
    inferred = [one for one in tests if one[2] is None] if few or not plain else []
    for told, judged in ((plain, ""), (inferred, ", judged by inferred types")):
        group = told if few else told[:_MAX_LISTED]
        if group:
            word = "tests" if len(group) > 1 else "test"
            others = ", among others" if len(group) < len(tests) else ""
            nodes = [code(_node_id(links, test)) for test, _, _ in group]
            text = f"{name} is called in the {word} {join_list(nodes)}{others}{judged}{number}."
            shown = [at for _, _, at in group if at is not None]
            yield builder.sentence_at(
                "tests", text, *(here for _, here, _ in group), *shown, definition_span(links.ref)
            )
    unknown = [s for s in _calls_in_tests(links) if not s.resolved]
    for item in _by_name(builder, unknown, lambda r: _node_id(links, r)):
        yield builder.sentence_at("tests", item.text, *item.spans)
