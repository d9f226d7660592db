"""The sentences that tell a collection: how many members there are and which, and what each says of itself.

How many there are cannot be seen on the cited lines alone: the sentence that says so is checked by making it again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from ....code_graph import CodeGraph, index_of
from ....evidence.search_index import SearchIndex
from ....graph import terms
from ....types import Citation, SymbolRef
from ...citations import are_within, spans_of
from ...inert import code, printable
from ..candidate import COLLECTED, Candidate, definition_span, join_list
from ..links.imports import module_name
from ..listings.changed_collections import is_changed
from ..listings.defined_exceptions import exceptions_by_module, exceptions_sentence, is_exception
from .asked_collection import AskedCollection, asked_collections
from .class_families import Family, families, of_product, subclasses, with_ending
from .commands import Command, commands_by_file, commands_in, told
from .decorated import Decorated, decorated_so, with_decorator
from .documented_lists import documented_list_holds, documented_lists
from .members import member_holds, member_sentences
from .module_constants import constant_groups, constants_sentence
from .module_contents import Contents, module_called, modules_about, package_of, public_definitions
from .named_values import Holder, entries_of, holder_sentence, holders

MAX_SENTENCES = 18
_MAX_NAMED, _MAX_TOLD = 24, 12
_MIN_WORDS = 3  # of the items of a list that says more than the names
_MAX_LISTS, _MAX_COMMAND_FILES = 3, 6
_FEW = 3  # modules
_PACKAGE, _CALLED_SO, _DECORATED = 0.65, 0.6, 0.97
_EXCEPTIONS = frozenset(map(terms.stem, ("error", "errors", "exception", "exceptions", "warning", "warnings")))
_COMMANDS_ARE = (terms.stem("command"), terms.stem("subcommand"))
_SURE, _LIKELY = 0.7, 0.5
_LIST_FACTOR = 0.85  # of a list in documentation, where it is not asked what its items mean
_MEANING_FACTOR = 0.7  # of what has no words on each of its entries, where it is asked what they mean
_MODULE_FACTOR, _HOLDER_FACTOR = 1.0, 0.95
_TELLING = 0.6  # of the most that an exception has of what is asked
_NAMES = r"`[^`]+`(?:(?:, | and )`[^`]+`)*"
_BASE = re.compile(rf"`(?P<name>[^`]+)` is the base of (?P<count>\d+) classes(?:: |, among them )(?P<names>{_NAMES})\.")
_ENDING = re.compile(
    rf"(?P<count>\d+) classes have names that end in `(?P<ending>\w+)`(?:: |, among them )(?P<names>{_NAMES})\."
)
_DECORATED_WITH = re.compile(
    rf"(?P<count>\d+) functions are decorated with `@(?P<name>\w+)`(?:: |, among them )(?P<names>{_NAMES})\."
)
_MODULE = re.compile(
    rf"The module `(?P<name>[^`]+)` defines (?P<count>\d+) public [a-z ]+(?:: |, among them )(?P<names>{_NAMES})\."
)
_HOLDER = re.compile(r"`(?P<name>[^`]+)` has (?P<count>\d+) (?:members|keys|entries)(?:, among them)?: .+", re.DOTALL)
_CONSTANTS = re.compile(
    r"`(?P<path>[^`]+)` defines (?P<count>\d+) (?:constants|names)(?: whose names begin with `(?P<prefix>\w+)`)?: .+",
    re.DOTALL,
)
_COMMANDS = re.compile(r"`(?P<path>[^`]+)` registers (?P<count>\d+) commands?: .+", re.DOTALL)


def collection_sentences(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """The collections that the parts of a question ask for. `check`: raises if the answer was cancelled."""
    with graph.store.snapshot():
        own_names = SearchIndex(graph).own_names
    seen: set[str] = set()
    order = -100
    for asked in asked_collections(question, own_names):
        check()
        for sentence in _told(graph, asked):
            if sentence.text not in seen:
                seen.add(sentence.text)
                subject = f"{sentence.spans[0][0]}:{sentence.spans[0][1]}"
                yield replace(
                    sentence, kind="listing", subject=subject, rank=0, order=order, named=True, role=COLLECTED
                )
                order += 1


def is_of_collection(item: Candidate) -> bool:
    """Whether a sentence is one that tells a collection, or a side of a comparison in words."""
    return item.kind == "listing" and item.role == COLLECTED


def _told(graph: CodeGraph, asked: AskedCollection) -> list[Candidate]:
    if asked.sort == "commands" and (registered := _registered(graph, asked)):
        return registered
    options: list[tuple[float, list[Candidate]]] = []
    lists = documented_lists(graph, asked)
    if lists:
        best = lists[0][0] * (1.0 if asked.meaning else _LIST_FACTOR)
        options.append(
            (
                best,
                [
                    one
                    for score, one in lists[:_MAX_LISTS]
                    if score >= lists[0][0] and one.spans[0][0] == lists[0][1].spans[0][0]
                ],
            )
        )
    if asked.sort not in ("functions", "commands"):
        for family in _of_sort(graph, asked, families(graph, asked))[:1]:
            options.append((family.score * (1.0 if not asked.meaning else 0.9), _of_family(graph, family)))
    if asked.sort in ("", "commands") and not asked.tools:
        found = holders(graph, asked)
        if asked.meaning:
            found.sort(
                key=lambda h: (
                    -h.score * (1.0 if 2 * sum(e.explains for e in h.entries) > len(h.entries) else _MEANING_FACTOR)
                )
            )
        for holder in found[:1]:
            options.append((holder.score * _HOLDER_FACTOR, [holder_sentence(holder)]))
        for score, sentence in constant_groups(graph, asked)[:1]:
            options.append((score * _HOLDER_FACTOR, [sentence]))
    if asked.sort == "exceptions":
        options.append(_exceptions(graph, asked))
    if asked.head and not asked.sort and (parts := package_of(graph, asked)):
        options.append((_PACKAGE, parts))
    if asked.sort in ("", "functions") and not asked.tools and (named := module_called(graph, asked)) is not None:
        options.append((_CALLED_SO, _of_module(graph, named)))
    if (decorated := decorated_so(graph, asked)) is not None:
        is_larger = all(len(decorated.members) >= len(sentences) for _, sentences in options)
        options.append(
            (
                _DECORATED if is_larger else _LIKELY,
                [_decorated_sentence(decorated), *_of_members(graph, decorated.members)],
            )
        )
    if asked.tools or asked.sort == "functions":
        for contents in modules_about(graph, asked)[:1]:
            options.append((contents.score * _MODULE_FACTOR, _of_module(graph, contents)))
    options = [(score, sentences) for score, sentences in options if score >= _LIKELY and sentences]
    options.sort(key=lambda option: -option[0])
    chosen = options[0][1] if options else []
    for score, sentences in options[1:]:  # a list of documentation beside what the code says
        if score >= _SURE and lists and sentences[0] is lists[0][1] and _names_members(sentences, chosen):
            chosen = [*chosen, *sentences]
    return chosen[:MAX_SENTENCES]


def _registered(graph: CodeGraph, asked: AskedCollection) -> list[Candidate]:
    """The commands that are registered, or the classes that are commands where there are more of these."""
    found = commands_by_file(graph)
    wanted = [replace(asked, head=term, weights={term: 1.0}, alternatives={}) for term in _COMMANDS_ARE]
    largest = max((f for one in wanted for f in families(graph, one)), key=lambda f: len(f.members), default=None)
    if largest is not None and len(largest.members) > sum(map(len, found.values())):
        return _of_family(graph, largest)
    return [_commands_sentence(path, commands) for path, commands in list(found.items())[:_MAX_COMMAND_FILES]]


def _of_sort(graph: CodeGraph, asked: AskedCollection, found: Iterable[Family]) -> list[Family]:
    """The families; where exceptions are asked for, those of exceptions."""
    if asked.sort != "exceptions":
        return list(found)
    return [family for family in found if all(is_exception(graph, ref, {}) for ref in family.members[:_FEW])]


def _exceptions(graph: CodeGraph, asked: AskedCollection) -> tuple[float, list[Candidate]]:
    """The exceptions of the modules that have those which are asked for, with how far they are that; of all modules where it is not
    said which."""
    modules = exceptions_by_module(graph)
    if not _EXCEPTIONS.issuperset(asked.weights):
        scores = [max((_share(asked, ref) for ref in refs), default=0.0) for refs in modules]
        least = _LIKELY if not asked.described else max(scores, default=0.0)
        modules = [refs for score, refs in zip(scores, modules, strict=True) if score >= least and score == max(scores)]
        if asked.described:  # those that have much of it, and of the others that they are there
            modules = [sorted(refs, key=lambda ref: -_share(asked, ref)) for refs in modules]
            telling = [ref for refs in modules for ref in refs if _share(asked, ref) >= _TELLING * max(scores)]
            sentences = [*map(exceptions_sentence, modules[:_FEW]), *_of_members(graph, telling[:_MAX_TOLD])]
            return (_LIKELY if telling and max(scores) > 0 else 0.0), sentences
    told = [ref for refs in modules[:_FEW] for ref in refs[:_MAX_TOLD]]
    return (_LIKELY if told else 0.0), [*map(exceptions_sentence, modules[:_FEW]), *_of_members(graph, told)]


def _share(asked: AskedCollection, ref: SymbolRef) -> float:
    return asked.share(dict.fromkeys(terms.distinct(f"{ref.symbol.name} {ref.symbol.docstring}"), 1.0))


def _names_members(lists: Sequence[Candidate], told: Sequence[Candidate]) -> bool:
    """Whether a list of documentation is about most of what is told: its items begin with these names."""
    names = set(re.findall(r"`([\w.]+)`", told[0].text))
    items = [step for one in lists for step in one.steps]
    named = sum(bool(names.intersection(re.findall(r"[\w.]+", item)[:2])) for item in items)
    return 2 * named > len(items) and sum(len(item.split()) for item in items) > _MIN_WORDS * len(items)


def _of_family(graph: CodeGraph, family: Family) -> list[Candidate]:
    lead = (
        _base_sentence(family.base, family.members)
        if family.base is not None
        else _ending_sentence(family.ending, family.members)
    )
    has_doc = family.base is not None and bool(family.base.symbol.docstring) and not _is_abstract(family.base)
    own = [*member_sentences(graph, family.base)][:1] if has_doc and family.base is not None else []
    return [lead, *own, *_of_members(graph, family.members)]


def _is_abstract(ref: SymbolRef) -> bool:
    return bool(re.match(r"_*(?:Abstract|Base|Generic)|I[A-Z]", ref.symbol.name)) or ref.symbol.name.endswith(
        ("Base", "ABC", "Mixin", "Protocol")
    )


def _of_module(graph: CodeGraph, contents: Contents) -> list[Candidate]:
    return [_module_sentence(contents.module, contents.members), *_of_members(graph, contents.members)]


def _of_members(graph: CodeGraph, members: Sequence[SymbolRef]) -> Iterator[Candidate]:
    public = [ref for ref in members if not ref.symbol.name.startswith("_")]
    names = names_of(members)
    for ref in list({(ref.path, ref.symbol.qualname): ref for ref in public}.values())[:_MAX_TOLD]:
        yield from member_sentences(graph, ref, names[ref.path, ref.symbol.qualname])


def _names(members: Sequence[SymbolRef]) -> tuple[str, str]:
    """(what stands before the names, the names of as many members as are told)."""
    names = [code(name) for name in names_of(members).values()]
    return ", among them " if len(names) > _MAX_NAMED else ": ", join_list(names[:_MAX_NAMED])


def names_of(members: Iterable[SymbolRef]) -> dict[tuple[str, str], str]:
    """How each member is called: by its qualified name, with the module where several have it. Those that are defined twice are one."""
    found = {(ref.path, ref.symbol.qualname): ref for ref in members}
    shared = Counter(name for _, name in found)
    return {key: ref.full_name if shared[key[1]] > 1 else key[1] for key, ref in found.items()}


def _count(members: Iterable[SymbolRef]) -> int:
    return len(names_of(members))


def _base_sentence(base: SymbolRef, members: Sequence[SymbolRef]) -> Candidate:
    before, names = _names(members)
    name = (
        base.full_name if any(ref.symbol.qualname == base.symbol.qualname for ref in members) else base.symbol.qualname
    )
    text = f"{code(name)} is the base of {_count(members)} classes{before}{names}."
    return Candidate(text, "listing", (definition_span(base),), "", 0, 0)


def _ending_sentence(ending: str, members: Sequence[SymbolRef]) -> Candidate:
    before, names = _names(members)
    text = f"{_count(members)} classes have names that end in {code(ending)}{before}{names}."
    return Candidate(text, "listing", tuple(map(definition_span, members[:_MAX_NAMED])), "", 0, 0)


def _module_sentence(module: SymbolRef, members: Sequence[SymbolRef]) -> Candidate:
    before, names = _names(members)
    kinds = {ref.symbol.kind == "class" for ref in members}
    noun = "classes and functions" if len(kinds) == 2 else "classes" if True in kinds else "functions"
    name = module_name(module.module, module.path)
    text = f"The module {code(name)} defines {_count(members)} public {noun}{before}{names}."
    return Candidate(text, "listing", ((module.path, 1, 1),), "", 0, 0)


def _decorated_sentence(decorated: Decorated) -> Candidate:
    before, names = _names(decorated.members)
    text = f"{_count(decorated.members)} functions are decorated with {code('@' + decorated.decorator)}{before}{names}."
    spans = tuple((ref.path, ref.symbol.start, ref.symbol.name_line) for ref in decorated.members[:_MAX_NAMED])
    return Candidate(text, "listing", spans, "", 0, 0)


def _commands_sentence(path: str, commands: Sequence[Command]) -> Candidate:
    steps = tuple(map(told, commands))
    lead = f"{code(path)} registers {len(commands)} command{'s' * (len(commands) > 1)}:"
    spans = tuple(dict.fromkeys((path, a, b) for command in commands for a, b in command.joined_spans))
    return Candidate(f"{lead} {'; '.join(steps)}", "listing", spans, "", 0, 0, steps=steps)


def collection_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether a sentence on what a collection has is what it has, on cited lines; None for a sentence of another form."""
    for holds in (documented_list_holds, member_holds):
        if (found := holds(graph, sentence, citations)) is not None:
            return found
    text, cited = sentence.strip(), spans_of(citations)
    made: list[Candidate] = []
    if form := _BASE.fullmatch(text):
        bases = [ref for ref in graph.find_symbol(form["name"]) if ref.symbol.kind == "class"]
        made = [_base_sentence(ref, subclasses(graph, ref)) for ref in bases]
    elif form := _ENDING.fullmatch(text):
        made = [_ending_sentence(form["ending"], with_ending(graph, form["ending"]))]
    elif form := _DECORATED_WITH.fullmatch(text):
        made = [_decorated_sentence(Decorated(form["name"], with_decorator(graph, form["name"])))]
    elif form := _MODULE.fullmatch(text):
        return _module_holds(graph, text, form, cited)
    elif form := _COMMANDS.fullmatch(text):
        document = graph.document(form["path"])
        made = [_commands_sentence(form["path"], list(commands_in(document.lines)))] if document is not None else []
    elif form := _CONSTANTS.fullmatch(text):
        facts, document = graph.facts(form["path"]), graph.document(form["path"])
        one = (
            constants_sentence(facts, document.lines, form["prefix"] or "")
            if facts is not None and document is not None
            else None
        )
        made = [one] if one is not None else []
    elif form := _HOLDER.fullmatch(text):
        made = list(_holder_sentences(graph, form["name"]))
        if not made:
            return None
    else:
        return None
    return any(printable(one.text) == printable(text) and are_within(one.spans, cited) for one in made)


def _module_holds(graph: CodeGraph, text: str, form: re.Match[str], cited: Sequence[tuple[str, int, int]]) -> bool:
    for path in dict.fromkeys(path for path, _, _ in cited):
        facts = graph.facts(path)
        members = public_definitions(graph, path)
        if facts is None or not members or module_name(facts.module, path) != form["name"]:
            continue
        made = _module_sentence(graph.ref(facts, 0), members).text
        if made.partition(" public ")[0] == text.partition(" public ")[0] and set(_listed(form["names"])) <= {
            ref.symbol.qualname for ref in members
        }:
            return True
    return False


def _listed(names: str) -> list[str]:
    return re.findall(r"`([^`]+)`", names)


def _holder_sentences(graph: CodeGraph, name: str) -> Iterator[Candidate]:
    for ref in graph.find_symbol(name):
        facts, document = graph.facts(ref.path), graph.document(ref.path)
        index = index_of(facts, ref.symbol) if facts is not None else None
        if facts is None or document is None or index is None or not of_product(ref.path):
            continue
        noun, entries = entries_of(facts, index, document.lines)
        if entries and (ref.symbol.kind == "class" or not is_changed(graph, ref.path, name)):
            yield holder_sentence(Holder(facts, index, noun, entries, 0.0))
