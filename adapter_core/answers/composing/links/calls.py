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
from ...unparsing import unparse
from ..candidate import Candidate, SentenceBuilder, definition_span, join_list, scope_name
from ..statements.call_conditions import tests_by_call
from ..statements.conditions import Lines, condition_of, lines_of_tests, merge_ranges
from ..statements.quotes import quote_at_line
from .calls_by_name import calls_by_name
from .known_links import Links

_MAX_LISTED = 4
_MAX_TESTS = 8  # up to so many tests are all listed
_MAX_GROUPS = 4
_MAX_USES = 3
_MAX_CITED = 12
_NAMES = re.compile(r"[\w.]+")
BY_NAME = "By name alone: "  # the lead of sentences about calls of which only the name is known
_PathLines = tuple[str, int, int]


def call_sentences(builder: SentenceBuilder, graph: CodeGraph, ref: SymbolRef, lines: list[str]) -> Iterator[Candidate]:
    """The sentences about what it calls in the workspace, in the order of the text, each call with its line: first the calls that run
    unless an early exit is taken, then those of each branch, loop and handler."""
    facts = graph.facts(ref.path)
    index = index_of(facts, ref.symbol) if facts else None
    if facts is None or index is None:
        return
    tests_by_site = tests_by_call(ref.symbol, lines)
    groups: dict[tuple[str, tuple[Lines, ...]], dict[str, int]] = {}
    seen_callees: set[str] = set()
    for call in facts.calls:
        tests = tests_by_site.get((call.callee, call.line))
        if call.owner != index or call.deferred or call.callee in seen_callees or tests is None:
            continue
        if not graph.site(facts, call).sure:
            continue
        seen_callees.add(call.callee)
        condition = condition_of(tests, call.line, call.line, loops=True)
        key = (condition.words, tuple(lines_of_tests(condition.tests)))
        groups.setdefault(key, {})[call.callee] = call.line
    if list(seen_callees) == [f"super().{ref.symbol.name}"]:
        return  # what every override does
    name = code(ref.symbol.qualname)
    for (words, tests_lines), callees in list(groups.items())[:_MAX_GROUPS]:
        items = list(callees.items())
        for start in range(0, min(len(items), 2 * _MAX_LISTED), _MAX_LISTED):
            group = items[start : start + _MAX_LISTED]
            callee_list = join_list([code(callee + "()") for callee, _ in group])
            # The order of the text is a fact; the order of execution depends on nesting.
            order = ", in the order written," if len(group) > 1 else ""
            text = f"{name} calls{order} {callee_list}{' ' if words else ''}{words}."
            yield builder.sentence("calls", text, *merge_ranges([*tests_lines, *((line, line) for _, line in group)]))


def caller_sentences(builder: SentenceBuilder, links: Links, with_tests: bool, name: str) -> Iterator[Candidate]:
    """The sentences about its callers, the product's first. A call on a value also cites the line that shows the value's type; without one
    the sentence says that types were inferred, and "perhaps" if the value may be something else. Calls of its name on unknown values are
    listed by name alone; if sure calls exist, only those whose value is named like its class, and the sentence says that there may be
    others. `with_tests`: include one example of a test. `name`: of the symbol in the sentences."""
    ref = links.ref
    is_called = f"{name} is {_verb_of(ref)}"
    other_sites = [s for s in links.callers.items if s.caller is not None and s.caller != ref]
    sites = [s for s in other_sites if not s.deferred]
    test_sites = [s for s in sites if is_test_path(s.span.path)]
    product_sites = [s for s in sites if not is_test_path(s.span.path)]
    same_name_sites = [s for s in product_sites if s.callee.rpartition(".")[2] == ref.symbol.name]
    sure_sites = [s for s in product_sites if leads_to(s, ref)]
    doubtful = [s for s in same_name_sites if s.resolved and not leads_to(s, ref)]
    unknown = [s for s in same_name_sites if not s.resolved and _NAMES.fullmatch(s.callee)]
    name_only_sites = [s for s in unknown if not sure_sites or _is_named_like(s, ref)]
    sure_test_sites = [s for s in test_sites if leads_to(s, ref)]
    shown_sites = sure_sites or ([] if doubtful or name_only_sites else sure_test_sites)
    name_of = _caller_names(product_sites or test_sites)
    sure_callers = _SureCallers(links, shown_sites, name_of)
    yield from sure_callers.sentences(
        builder, is_called, ", perhaps among others" if len(name_only_sites) < len(unknown) else ""
    )
    doubtful_calls = _first_calls(doubtful, name_of)
    for group, others in _grouped({n: lines for n, lines in doubtful_calls.items() if n not in sure_callers.names}):
        text = f"{name} is perhaps {_verb_of(ref)} by {join_list([code(n) for n in group])}{others}."
        yield builder.sentence_at("callers", text, *group.values(), definition_span(ref))
    yield from _name_only_sentences(builder, name_only_sites, name_of)
    if not product_sites:
        # A call in a lambda may run elsewhere or never, so the statement that contains it is quoted.
        lambda_sites = [s for s in other_sites if s.deferred and leads_to(s, ref)]
        for text, spans in _quote_call_statements(links, sorted(lambda_sites, key=lambda s: is_test_path(s.span.path))):
            yield builder.sentence_at("callers", text, *spans)
    if with_tests and shown_sites is not sure_test_sites:
        yield from _test_example_sentences(builder, links, sure_test_sites, f"{name} is also {_verb_of(ref)}")
    if not product_sites and not sure_test_sites:
        name_only_test_sites = [
            s for s in test_sites if s.callee.rpartition(".")[2] == ref.symbol.name and not s.resolved
        ]
        name_only_test_sites = name_only_test_sites or calls_by_name(links.graph, ref)
        yield from _name_only_sentences(builder, name_only_test_sites, name_of)


def _caller_names(sites: Sequence[CallSite]) -> Callable[[SymbolRef], str]:
    """A function that names a caller: its qualified name, with the module if callers in several files have the same one."""
    paths: dict[str, set[str]] = {}
    for site in sites:
        if site.caller is not None:
            paths.setdefault(scope_name(site.caller), set()).add(site.caller.path)
    return lambda ref: ref.full_name if len(paths.get(scope_name(ref), ())) > 1 else scope_name(ref)


def _verb_of(ref: SymbolRef) -> str:
    return "constructed" if ref.symbol.kind == "class" else "called"


class _SureCallers:
    """The callers by calls that surely lead to one symbol: those whose lines show it, and those known by inferred types only."""

    def __init__(self, links: Links, sites: Sequence[CallSite], name_of: Callable[[SymbolRef], str]) -> None:
        """`name_of`: names a caller."""
        self._ref = ref = links.ref
        value_lines_of = {id(s): value_lines(links.graph, ref, s) for s in sites}
        # First the calls whose own line shows what is called, and those in the symbol's own package.
        package = ref.path.partition("/")[0]
        ordered = sorted(
            sites,
            key=lambda s: (
                value_lines_of[id(s)] is None,
                not s.span.path.startswith(package),
                value_lines_of[id(s)] != (s.span.path, s.span.start, s.span.end),
            ),
        )
        self._shown = _first_calls([s for s in ordered if value_lines_of[id(s)] is not None], name_of)
        self._value_lines = _first_calls(ordered, name_of, spans=lambda s: value_lines_of[id(s)])
        self._inferred = {n: lines for n, lines in _first_calls(ordered, name_of).items() if n not in self._shown}

    @property
    def names(self) -> set[str]:
        return {*self._shown, *self._inferred}

    def sentences(self, builder: SentenceBuilder, is_called: str, open_ending: str) -> Iterator[Candidate]:
        """`open_ending`: the words for further calls that may lead to the symbol."""
        definition = definition_span(self._ref)
        for group, others in _grouped(self._shown):
            text = f"{is_called} by {join_list([code(n) for n in group])}{others or open_ending}."
            type_lines = (self._value_lines[n] for n in group if self._value_lines[n] != group[n])
            yield builder.sentence_at("callers", text, *group.values(), *type_lines, definition)
        for group, others in _grouped(self._inferred):
            text = f"{is_called} by {join_list([code(n) for n in group])}{others}, judged by inferred types."
            yield builder.sentence_at("callers", text, *group.values(), definition)


def _test_example_sentences(
    builder: SentenceBuilder, links: Links, tests: Sequence[CallSite], lead: str
) -> Iterator[Candidate]:
    """One example of a test that calls it, with a call whose lines show that: a test that pytest collects, or else other code in tests."""
    examples = ((s, _enclosing_test(links.graph, s) or s.caller, value_lines(links.graph, links.ref, s)) for s in tests)
    usable = islice(
        ((s, _test_id(links, c), lines) for s, c, lines in examples if c is not None and lines is not None), _MAX_TESTS
    )
    for site, caller, lines in sorted(usable, key=lambda item: "::" not in item[1])[:1]:
        where = f"in the test {code(caller)}" if "::" in caller else f"by {code(caller)} in tests"
        yield builder.sentence_at(
            "tests", f"{lead} {where}, for example.", lines, _site_lines(site), definition_span(links.ref)
        )


def _is_named_like(site: CallSite, ref: SymbolRef) -> bool:
    """Whether a call is on a value named like the method's class: `self.huey.execute()` for `Huey.execute`."""
    owner = ref.symbol.qualname.rpartition(".")[0].rpartition(".")[2].strip("_").lower()
    receiver = site.callee.rpartition(".")[0].rpartition(".")[2].replace("_", "").lower()
    return bool(owner) and receiver == owner


def leads_to(site: CallSite, ref: SymbolRef) -> bool:
    """Whether a call can lead to no other definition: by resolved names, or by inference if it is called by its own name."""
    has_one_target = site.resolved and len(site.targets) == 1 and not site.external and not site.open
    return site.sure or (has_one_target and site.callee.rpartition(".")[2] == ref.symbol.name)


def _name_only_sentences(
    builder: SentenceBuilder, sites: Sequence[CallSite], name_of: Callable[[SymbolRef], str]
) -> Iterator[Candidate]:
    """The sentence about calls of its name on values of unknown type, with the callees as written."""
    plain_sites = [s for s in sites if _NAMES.fullmatch(s.callee)]
    first_calls = _first_calls(plain_sites, name_of, limit=_MAX_LISTED + 1)
    group = dict(list(first_calls.items())[:_MAX_LISTED])
    if group:
        # The callee as written in the first call of each caller.
        callee_at = {(s.span.path, s.span.start): s.callee for s in reversed(plain_sites)}
        clauses = "; ".join(f"{code(n)} calls {code(callee_at[lines[:2]] + '()')}" for n, lines in group.items())
        others = ", among others" if len(first_calls) > len(group) else ""
        yield builder.sentence_at("callers", f"{BY_NAME}{clauses}{others}.", *group.values())


def use_sentences(builder: SentenceBuilder, links: Links) -> Iterator[Candidate]:
    """Quotes of the product's statements that call it, which show what it is for."""
    product_sites = (
        s for s in links.callers.items if s.sure and s.caller != links.ref and not is_test_path(s.span.path)
    )
    for text, spans in _quote_call_statements(links, product_sites):
        yield builder.sentence_at("used", text, *spans)


def _quote_call_statements(links: Links, sites: Iterable[CallSite]) -> Iterator[tuple[str, list[_PathLines]]]:
    """The quoted statements of calls with their lines, one for each of the first `_MAX_USES` callers."""
    seen: set[str] = set()
    for site in sites:
        document, caller = links.graph.document(site.span.path), site.caller
        if caller is None or document is None or scope_name(caller) in seen:
            continue
        if value_lines(links.graph, links.ref, site) is None:
            continue
        quote = quote_at_line(scope_name(caller), caller.symbol, document.lines, site.span.start)
        if quote is not None:
            seen.add(scope_name(caller))
            yield quote[0], [(caller.path, *lines) for lines in quote[1]]
        if len(seen) == _MAX_USES:
            return


def _grouped(lines_by_caller: dict[str, _PathLines]) -> Iterator[tuple[dict[str, _PathLines], str]]:
    """The callers in groups of `_MAX_LISTED`, each with the words for those left out."""
    others = " among others" if len(lines_by_caller) > _MAX_LISTED else ""
    for start in range(0, min(len(lines_by_caller), 2 * _MAX_LISTED), _MAX_LISTED):
        yield dict(list(lines_by_caller.items())[start : start + _MAX_LISTED]), others


def value_lines(graph: CodeGraph, ref: SymbolRef, site: CallSite) -> _PathLines | None:
    """The lines that show that a call is of this symbol: those of the call if it names the symbol, else the line on which the value is
    constructed or annotated with the class; None if no line in the file shows it."""
    call_lines = (site.span.path, site.span.start, site.span.end)
    owner, _, callee_name = site.callee.rpartition(".")
    if callee_name != ref.symbol.name:
        return _renaming_lines(graph, site, callee_name, ref.symbol.name)
    is_method = ref.symbol.kind in ("method", "property")
    if not is_method:
        # The value of a parameter comes from the callers; its default is only one of the possible ones.
        parameters = site.caller.symbol.parameters if site.caller is not None and not site.direct else ()
        return None if any(p.name == site.callee.partition(".")[0] for p in parameters) else call_lines
    class_name = ref.symbol.qualname.split(".")[-2] if "." in ref.symbol.qualname else ""
    receiver = owner.rpartition(".")[2]
    caller_parts = site.caller.symbol.qualname.split(".") if site.caller is not None else []
    if (
        receiver == class_name
        or (owner in ("self", "cls", "super()") and class_name in caller_parts)
        or owner == "super()"
    ):
        return call_lines
    if owner in ("self", "cls"):
        return call_lines  # inherited: the enclosing class shows from which
    if owner == "()" and class_name and (document := graph.document(site.span.path)) is not None:
        return (
            call_lines
            if re.search(rf"\b{class_name}\(.*\)\.{callee_name}\b", document.lines[site.span.start - 1])
            else None
        )
    return _binding_line(graph, site, owner, class_name)


def _binding_line(graph: CodeGraph, site: CallSite, owner: str, class_name: str) -> _PathLines | None:
    """The line on which `owner` is bound to `Class(…)` or annotated as `Class`, in the file of the call; None if there is none."""
    document = graph.document(site.span.path)
    best: _PathLines | None = None
    for line, names in _file_bindings(document.text).get(owner, ()) if document is not None and owner else ():
        is_in_caller = site.caller is None or site.caller.symbol.start <= line <= site.caller.symbol.end
        if (
            class_name in names
            and (is_in_caller or owner.startswith("self."))
            and (best is None or line <= site.span.start)
        ):
            best = (site.span.path, line, line)
    return best


@request_cache(8)
def _file_bindings(text: str) -> dict[str, list[tuple[int, frozenset[str]]]]:
    """For each name that a file binds, the lines that show its type, each with the type names on it. Cached, since hundreds of calls may
    need it."""
    bindings: dict[str, list[tuple[int, frozenset[str]]]] = {}
    tree = outline_of(text).tree
    for node in ast.walk(tree) if tree is not None else ():
        targets: list[tuple[ast.AST, ast.expr | None]] = []
        if isinstance(node, ast.Assign):
            targets = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign):
            targets = [(node.target, node.annotation)]
        elif isinstance(node, ast.arg):
            targets = [(node, node.annotation)]
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            targets = [(i.optional_vars, i.context_expr) for i in node.items if i.optional_vars is not None]
        for target, value in targets:
            if value is not None:
                name = target.arg if isinstance(target, ast.arg) else unparse(target)
                bindings.setdefault(name, []).append((value.lineno, frozenset(_type_names(value))))
    return bindings


def _renaming_lines(graph: CodeGraph, site: CallSite, new_name: str, old_name: str) -> _PathLines | None:
    """The lines on which another name is bound to the called symbol, in the file of the call: `import f as g`, `handler = f`."""
    document = graph.document(site.span.path)
    lines = _file_renamings(document.text).get((new_name, old_name)) if document is not None else None
    return (site.span.path, *lines) if lines is not None else None


@request_cache(8)
def _file_renamings(text: str) -> dict[tuple[str, str], Lines]:
    """The first lines on which a file binds a new name to an old one, by (new name, old name)."""
    renamings: dict[tuple[str, str], Lines] = {}
    tree = outline_of(text).tree
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            pairs = [(a.asname, a.name.rpartition(".")[2]) for a in node.names if a.asname]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, (ast.Name, ast.Attribute)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            pairs = [(_last_name(target), _last_name(node.value)) for target in targets]
        else:
            continue
        if (node.end_lineno or node.lineno) - node.lineno < _MAX_CITED:
            for pair in pairs:
                renamings.setdefault(pair, (node.lineno, node.end_lineno or node.lineno))
    return renamings


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _type_names(value: ast.expr) -> set[str]:
    """The names that show the type of a value: the callee of a call, or the names in an annotation."""
    if isinstance(value, ast.Await):
        return _type_names(value.value)
    if isinstance(value, ast.Call):
        return {unparse(value.func).rpartition(".")[2]}
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return {value.value.strip().rpartition(".")[2]}
    return {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} | {
        n.attr for n in ast.walk(value) if isinstance(n, ast.Attribute)
    }


def _site_lines(site: CallSite) -> _PathLines:
    return site.span.path, site.span.start, site.span.end


def _first_calls(
    sites: Sequence[CallSite],
    name_of: Callable[[SymbolRef], str],
    spans: Callable[[CallSite], _PathLines | None] = _site_lines,
    limit: int | None = None,
) -> dict[str, _PathLines]:
    """The lines of the first call of each caller, by the caller's name; of at most `limit` callers. `spans`: the lines to take for a call;
    calls for which it returns None are skipped."""
    found: dict[str, _PathLines] = {}
    for site in sites:
        if limit is not None and len(found) >= limit:
            break
        lines = spans(site)
        if site.caller is not None and lines is not None:
            found.setdefault(name_of(site.caller), lines)
    return found


def _test_id(links: Links, test: SymbolRef) -> str:
    """The pytest id of a test, without parameters; its qualified name if pytest would not collect it."""
    nodes = links.graph.tests.nodes_of(test.path, test.symbol.qualname)
    return nodes[0].node_id.partition("[")[0] if nodes else test.symbol.qualname


def _enclosing_test(graph: CodeGraph, site: CallSite) -> SymbolRef | None:
    """The test function that contains a call, also within nested functions; None if there is none."""
    scopes = [site.caller, *graph.owners_of(site.caller)] if site.caller is not None else []
    named = (s for s in scopes if s is not None and s.symbol.is_callable and s.symbol.name.startswith("test"))
    return next(named, None)


def _calls_in_test_functions(links: Links) -> list[CallSite]:
    """The calls in test functions, with the test as caller in place of a function nested in it."""
    return [
        replace(site, caller=test)
        for site in links.callers.items
        if is_test_path(site.span.path)
        and not site.deferred
        and (test := _enclosing_test(links.graph, site)) is not None
    ]


def tests_that_call(links: Links) -> list[tuple[SymbolRef, _PathLines, _PathLines | None]]:
    """The tests that call it: (test, lines of its first call, lines that show the value's type; None if that is only inferred)."""
    found: dict[tuple[str, str], tuple[SymbolRef, _PathLines, _PathLines | None]] = {}
    for site in _calls_in_test_functions(links):
        if site.caller is None or not leads_to(site, links.ref):
            continue
        key, call_lines = (site.caller.path, site.caller.symbol.qualname), _site_lines(site)
        if key not in found or found[key][2] is None:
            shown_lines = call_lines if site.sure else value_lines(links.graph, links.ref, site)
            if key not in found or shown_lines is not None:
                found[key] = site.caller, call_lines, shown_lines
    return list(found.values())


def calling_test_sentences(builder: SentenceBuilder, links: Links, name: str) -> Iterator[Candidate]:
    """The sentences about tests that call it: all if they are few, else some and their number; and about tests that call its name on values
    of unknown type. `name`: of the symbol in the sentences."""
    tests = tests_that_call(links)
    is_few = len(tests) <= _MAX_TESTS
    total = f"; it is called in a total of {len(tests)} tests" if links.callers.complete and not is_few else ""
    shown = [item for item in tests if item[2] is not None]
    inferred = [item for item in tests if item[2] is None] if is_few or not shown else []
    for tests_of_kind, suffix in ((shown, ""), (inferred, ", judged by inferred types")):
        group = tests_of_kind if is_few else tests_of_kind[:_MAX_LISTED]
        if group:
            noun = "tests" if len(group) > 1 else "test"
            others = ", among others" if len(group) < len(tests) else ""
            test_ids = [code(_test_id(links, test)) for test, _, _ in group]
            text = f"{name} is called in the {noun} {join_list(test_ids)}{others}{suffix}{total}."
            call_lines = [lines for _, lines, _ in group]
            lines_of_values = [lines for _, _, lines in group if lines is not None]
            yield builder.sentence_at("tests", text, *call_lines, *lines_of_values, definition_span(links.ref))
    unknown = [s for s in _calls_in_test_functions(links) if not s.resolved]
    for item in _name_only_sentences(builder, unknown, lambda r: _test_id(links, r)):
        yield builder.sentence_at("tests", item.text, *item.spans)
