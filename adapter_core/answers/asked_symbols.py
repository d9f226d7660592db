"""Which symbols of the workspace a question names: as code, in plain words, or as a member of a class."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from ..code_graph import CodeGraph, is_test_path
from ..evidence.assigned import is_named
from ..evidence.question import Question
from ..evidence.selection import Found
from ..graph.source import is_python
from ..types import Evidence, SymbolRef
from .citations import locate
from .kinds import LINKS, answer_kind, asks_difference, asks_parameters, asks_what_it_does, compared_names

_QUOTED = re.compile(r"`(\w+)(?:\(\))?`|\"(\w+)\"|'(\w+)'")
# "the prepare method of PreparedRequest", "PreparedRequest's prepare method".
_MEMBER_OF = re.compile(r"\b(\w+)`? (?:method|function|property) (?:of|on|in) (?:the )?`?([A-Z]\w+)")
_MEMBER = re.compile(r"\b([A-Z]\w+)`?'s `?(\w+)`? (?:method|function|property)\b")
# "Who calls match?": a word without an article in this position is a name, whatever it looks like.
_OBJECT = re.compile(
    r"\b(?:(?:who|what|which (?:\w+ )?(?:functions?|methods?|classes)) (?:calls?|invokes?|overrides?)|"
    r"(?:callers?|call sites?|subclasses|overrides) of|(?:if|when) (?:i|we|you|one) (?:change|rename|remove|delete)d?|"
    r"how (?:many [\w ]{3,30}?|often) (?:is|does|do|has|have|cover|exercise|call|calls|use|of|for)) "
    r"(?P<name>[A-Za-z_][\w.]*)(?: (?:have|take|define|accept|get|called|used|invoked))?\W*\Z",
    re.I,
)
_PRONOUNS = frozenset({"it", "this", "that", "them", "these", "those", "what", "something", "anything"})
_TEST_OBJECT = re.compile(
    r"\btests? (?:that )?(?:covers?|exercises?|calls?|uses?|runs?|reach(?:es)?|for|of) (?P<name>[A-Za-z_]\w*)\W*\Z",
    re.I,
)
_CODE_USES = ("called", "decorated", "base", "aliased")
# "How does bind work?", in so many words.
_HOW_IT_WORKS = re.compile(r"\W*(?:how (?:does|do)|what does) (?P<name>[A-Za-z_]\w+) (?:works?|do)\W*\Z", re.I)
_MODULE_QUESTION = re.compile(
    r"\W*(?:what(?:'s| is| are)?(?: defined)? (?:in|inside)|what does|what is|explain|describe|summari[sz]e|"
    r"(?:give (?:me )?)?an? overview of|what is the purpose of|what's) (?:the )?(?:module |file |package )?"
    r"[`\"']?(?P<name>[\w./-]+?)[`\"']?(?: (?:module|file|package))?(?: (?:do|for|about|contain|define|provide))?\W*\Z",
    re.I,
)
_MODULE_KINDS = ("tests", "impact", "callers")
_MAX_CHARS = 300
_MAX_MODULES = 2
_MAX_MODULE_DEFINITIONS = 4  # definitions of a module
_MAX_NAMED = 8
_MAX_EXPLAINED = 2
_MAX_DEFINITIONS = 4  # of one name
_MAX_COMPARED = 24


def resolve_answer_kind(graph: CodeGraph, question: Question) -> str:
    """`answer_kind`, corrected by what the graph knows: a count of nothing that is named is asked as "how", and the callers of a name that
    is no symbol as "where"."""
    kind = answer_kind(question)
    if kind == "callers" and question.identifiers and not named_symbols(graph, question):
        # Callers of what the search finds do not answer where a parameter or an attribute is used.
        is_used = any(
            is_used_in_code(graph, n.rpartition(".")[2]) or graph.importers_of(n) for n in question.identifiers
        )
        return kind if is_used else "where"
    names_counted = kind != "count" or leading_symbols(graph, question) or named_symbols(graph, question)
    return kind if names_counted else "how"


def is_used_in_code(graph: CodeGraph, name: str) -> bool:
    """Whether the workspace calls, decorates with, extends or imports under another name something of this name, wherever it is defined."""
    texts = graph.documents.open_texts
    paths = {
        path for use in _CODE_USES for path in graph.view.paths_using(name, use)
    }  # open files are among them always
    return any(path not in texts or re.search(rf"\b{re.escape(name)}\b", texts[path]) for path in paths)


def named_symbols(graph: CodeGraph, question: Question) -> list[SymbolRef]:
    """All symbols that a question names, tests excluded: members, then names written as code, then classes named by a capitalised word."""
    members = (
        named_members(graph, question) or bare_object_symbols(graph, question) or plainly_named_symbols(graph, question)
    )
    # `send` of "Session.send" is no other `send`.
    parts = {part for ref in members for part in ref.symbol.qualname.split(".")}
    parts |= {part for name in question.identifiers if "." in name for part in name.split(".")}
    found = [
        r
        for name in question.identifiers[:_MAX_NAMED]
        if name not in parts
        for r in (definitions_of(graph, name) or _unique_by_last_part(graph, name))[:_MAX_DEFINITIONS]
    ]
    found += [r for r in _capitalised_classes(graph, question) if r.symbol.name not in parts]
    return _distinct_product_symbols([*members, *found])


def definitions_of(graph: CodeGraph, name: str) -> list[SymbolRef]:
    """The definitions of a name. Of many methods those that override no other come first: calls of the overrides mostly go through
    these."""
    refs = graph.find_symbol(name)
    product_refs = [r for r in refs if not is_test_path(r.path)]
    if not _MAX_DEFINITIONS < len(product_refs) <= _MAX_COMPARED or not all(
        r.symbol.kind in ("method", "property") for r in product_refs
    ):
        return refs
    return sorted(product_refs, key=lambda r: bool(graph.overridden_by(r)))


def plainly_named_symbols(graph: CodeGraph, question: Question) -> list[SymbolRef]:
    """The functions and classes named by a plain word: `bind` of "How does bind work?", `load` of "What is the difference between load and
    dump?"."""
    match = _HOW_IT_WORKS.match(question.text[:_MAX_CHARS])
    names = [match["name"]] if match and match["name"].lower() not in _PRONOUNS else compared_names(question.text)
    found = [r for name in names for r in definitions_of(graph, name)[:_MAX_DEFINITIONS]]
    compares = len(names) > 1  # then variables of a module count, too
    return [r for r in found if r.symbol.is_callable or r.symbol.kind == "class" or (compares and r.symbol.parent == 0)]


def _unique_by_last_part(graph: CodeGraph, name: str) -> list[SymbolRef]:
    """The only top-level definition of a dotted name's last part, or none: `pytest.raises` is the only `raises` where the package builds
    its names dynamically, while `json.dumps` is no `dumps` of the workspace."""
    owner, _, last = name.rpartition(".")
    top = owner.partition(".")[0]
    is_external = not graph.facts_of_module(top) and (top in sys.stdlib_module_names or graph.importers_of(top))
    refs = graph.find_symbol(last) if owner.islower() and not is_external else []
    top_level = [r for r in refs if "." not in r.symbol.qualname and (r.symbol.is_callable or r.symbol.kind == "class")]
    product_refs = [r for r in top_level if not is_test_path(r.path) and "overload" not in r.symbol.traits]
    return product_refs if len(product_refs) == 1 else []


def leading_symbols(graph: CodeGraph, question: Question) -> list[SymbolRef]:
    """The symbols that the answer is about first, before any evidence. For a question about links ("How many methods does Router have?"):
    the members that it names, else the classes; for one about what something does: that symbol; for one about a place ("Where is the "get"
    method defined?"): the definitions of a quoted name."""
    if answer_kind(question) in _MODULE_KINDS and (modules := named_modules(graph, question)):
        limit = _MAX_MODULE_DEFINITIONS if answer_kind(question) == "tests" else _MAX_MODULE_DEFINITIONS // 2
        return _distinct_product_symbols(
            ref for module in modules for ref in (module, *_most_tested_definitions(graph, module)[:limit])
        )
    if answer_kind(question) in LINKS:
        return (
            named_members(graph, question)
            or classes_in_link_question(graph, question)
            or bare_object_symbols(graph, question)
        )
    if asks_difference(question.text):
        return list({r.symbol.name: r for r in reversed(named_symbols(graph, question))}.values())[::-1]
    if asks_what_it_does(question.text) or _HOW_IT_WORKS.match(question.text):
        return named_symbols(graph, question)[:_MAX_EXPLAINED]
    if answer_kind(question) != "where":
        return []
    names = [next(filter(None, m.groups())) for m in _QUOTED.finditer(question.text[:_MAX_CHARS])]
    refs = [r for name in names for r in graph.find_symbol(name) if r.symbol.is_callable or r.symbol.kind == "class"]
    return _distinct_product_symbols(refs)[:_MAX_DEFINITIONS]


def parameter_owners(graph: CodeGraph, question: Question) -> list[SymbolRef]:
    """For a question about parameters: the functions that it names, and the constructors of the classes that it names."""
    if not asks_parameters(question):
        return []
    named = named_symbols(graph, question)
    constructors = [
        r for c in named if c.symbol.kind == "class" for r in graph.find_symbol(f"{c.full_name}.__init__")[:1]
    ]
    return _distinct_product_symbols([*(r for r in named if r.symbol.is_callable), *constructors])[:_MAX_EXPLAINED]


def is_named_by_words(item: Evidence, found: Found) -> bool:
    """Whether the question's words name the assigned variable: `DEFAULT_TIMEOUT` of "Where is the default timeout?"."""
    return is_named(item.kind, item.symbol, item.span.path, found.weights)


def named_modules(graph: CodeGraph, question: Question) -> list[SymbolRef]:
    """The modules that a question names by their paths ("Which tests exercise src/shop/cart.py?") or as code."""
    paths = [located for path in question.paths if (located := locate(graph, path))]
    refs = [graph.ref(facts, 0) for path in paths if is_python(path) and (facts := graph.facts(path)) is not None]
    for name in question.identifiers[:_MAX_NAMED]:
        found = graph.find_symbol(name)
        if found and "." in name and all(r.symbol.kind == "module" for r in found):
            refs += found[:1]
    return _distinct_product_symbols(refs)[:_MAX_MODULES]


def module_asked_about(graph: CodeGraph, question: Question) -> SymbolRef | None:
    """The module of "What is in shop.cart?" or "What does src/shop/cart.py do?"; None if the question asks anything else."""
    match = _MODULE_QUESTION.match(question.text[:_MAX_CHARS])
    modules = named_modules(graph, question) if match else []
    name = match["name"] if match else ""
    # A package's own file may be called like what it exports.
    is_module = len(modules) == 1 and (
        "/" in name or name.endswith(".py") or name in (modules[0].module, modules[0].path)
    )
    return modules[0] if is_module else None


def _most_tested_definitions(graph: CodeGraph, module: SymbolRef) -> list[SymbolRef]:
    """The public definitions of a module that tests call by name: functions and classes before methods, most test files first."""
    definitions = [r for r in graph.defs_in(module.path) if r.symbol.is_callable or r.symbol.kind == "class"]
    public = [r for r in definitions if not any(part.startswith("_") for part in r.symbol.qualname.split("."))]
    test_files = {ref: sum(map(is_test_path, graph.view.paths_using(ref.symbol.name, "called"))) for ref in public}
    tested = sorted(
        (ref for ref in test_files if test_files[ref]), key=lambda ref: ("." in ref.symbol.qualname, -test_files[ref])
    )
    return tested


def classes_in_link_question(graph: CodeGraph, question: Question) -> list[SymbolRef]:
    """The classes that a question about links names by a plain capitalised word; empty for other questions."""
    return _capitalised_classes(graph, question) if answer_kind(question) in LINKS else []


def bare_object_name(question: Question) -> str:
    """The name in object position, written as a plain word: `match` of "Who calls match?"; "" for other questions."""
    match = _OBJECT.search(question.text[:_MAX_CHARS])
    name = match["name"].strip(".") if match else ""
    return "" if name.lower() in _PRONOUNS else name


def bare_object_symbols(graph: CodeGraph, question: Question) -> list[SymbolRef]:
    """The functions and classes of the name in object position (`bare_object_name`, or of "tests for …")."""
    match = _TEST_OBJECT.search(question.text[:_MAX_CHARS])  # what is tested may be a subject, and no name
    name = bare_object_name(question) or (match["name"] if match else "") if answer_kind(question) in LINKS else ""
    refs = definitions_of(graph, name) if name else []
    return [r for r in refs if r.symbol.is_callable or r.symbol.kind == "class"][:_MAX_DEFINITIONS]


def named_members(graph: CodeGraph, question: Question) -> list[SymbolRef]:
    """The members named with their class: "the prepare method of PreparedRequest"."""
    text = question.text[:_MAX_CHARS]
    names = [f"{owner}.{name}" for name, owner in _MEMBER_OF.findall(text)]
    names += [f"{owner}.{name}" for owner, name in _MEMBER.findall(text)]
    return [r for name in names for r in graph.find_symbol(name)[:1]]


def _capitalised_classes(graph: CodeGraph, question: Question) -> list[SymbolRef]:
    owner_names = {part for name in question.identifiers for part in name.split(".")[:-1]}  # `Router` of `Router.match`
    words = [w for w in question.words if w[:1].isupper() and w not in owner_names]
    return [r for w in words for r in graph.find_symbol(w)[:1] if r.symbol.kind == "class"]


def _distinct_product_symbols(refs: Iterable[SymbolRef]) -> list[SymbolRef]:
    """The symbols without duplicates and without those in tests."""
    return list({(r.path, r.symbol.start, r.symbol.name): r for r in refs if not is_test_path(r.path)}.values())
