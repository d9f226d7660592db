"""Questions about a relation in plainer words: "where is X raised and caught inside shop?" asks where it is raised, and where caught."""

from __future__ import annotations

import re

from ..code_graph import CodeGraph
from ..evidence.search_index import SearchIndex
from ..graph import terms

# Words that state what is asked about a name, or where: they are never what a question is about.
RELATION_WORDS = frozenset(
    "raise raises raised raising throw throws thrown catch catches caught catching handle handles handled handling "
    "suppress suppresses suppressed swallow swallows swallowed call calls called caller callers calling invoke "
    "invokes invoked use uses used using usage usages set sets setting assign assigns assigned change changes "
    "changed modify modifies modified read reads define defines defined extend extends extended inherit inherits "
    "inherited derive derives derived subclass subclasses override overrides overridden implement implements "
    "implemented construct constructs constructed instantiate instantiated import imports imported configure "
    "configured mixin mixins base bases exception exceptions error errors inside within anywhere everywhere "
    "somewhere elsewhere throughout across outside".split()
)
_PASSIVE = r"(?:raised|thrown|caught|handled|suppressed|swallowed|called|used|set|assigned|changed|read|defined|constructed|created)"
_ACTIVE = r"(?:raises?|throws?|catch(?:es)?|handles?|suppress(?:es)?|swallows?|calls?|uses?|sets?|changes?|reads?)"
_NAME = r"`?[A-Za-z_][\w.]*`?(?:\(\))?(?: (?:exceptions?|errors?))?"
_AND = r"(?:\s*(?:,|/|&)\s*(?:(?:and|or) )?|\s+(?:and|or)\s+)(?:also )?"
_TWO_PASSIVES = re.compile(
    rf"(?P<lead>\W*where (?:is|are|gets?) (?:the )?)(?P<name>{_NAME}) "
    rf"(?P<first>{_PASSIVE}){_AND}(?P<second>{_PASSIVE})(?P<rest>\W*)",
    re.I,
)
_TWO_ACTIVES = re.compile(
    rf"(?P<lead>\W*(?:who|what|which (?:functions?|methods?|code|places?)) )"
    rf"(?P<first>{_ACTIVE}){_AND}(?P<second>{_ACTIVE}) "
    rf"(?P<name>(?:an? |the )?{_NAME})(?P<rest>\W*)",
    re.I,
)
_STATES_RELATION = re.compile(
    rf"\b(?:{_PASSIVE}|{_ACTIVE}|extends?|inherits?|derives?|mixins?|base class(?:es)?)\b", re.I
)
_ASKS = re.compile(r"\W*(?:where|who|what|which|in which|does|do)\b", re.I)
_NOUN = r"(?:package|codebase|code base|project|library|repo|repository|source|source code|code|workspace)"
_WHERE = r"(?:inside|within|in|across|throughout)(?: of)?"
_ANYWHERE = r"(?:(?:anywhere|everywhere|somewhere) )?"
_TAIL = re.compile(
    rf"\s+{_ANYWHERE}{_WHERE} (?:(?:the|this|our) )?(?:(?:whole|entire) )?"
    rf"(?:(?P<name>[\w.-]+?)(?:'s)?(?: {_NOUN})?|{_NOUN})(?P<end>\W*)\Z"
    r"|\s+(?:anywhere|everywhere|somewhere|at all)(?P<bare_end>\W*)\Z",
    re.I,
)
_HEAD = re.compile(
    rf"(?P<where>\W*where) {_ANYWHERE}{_WHERE} (?:(?:the|this) )?(?:(?P<name>[\w.-]+?)(?:'s)?(?: {_NOUN})?|{_NOUN}) "
    r"(?=(?:is|are|do|does|gets?)\b)",
    re.I,
)
_USES_LIBRARY = re.compile(
    r"\W*(?:(?:where )?does|do) (?P<own>[\w.-]+|(?:this|the) [a-z]+) (?:(?:internally|actually|really|also|ever) )?"
    r"(?:use|uses|import|rely on|depend on|build on|run on) (?:the )?(?P<library>[A-Za-z_]\w+)(?:'s(?: [a-z]+){1,3})?"
    r"(?: (?:under the hood|internally|behind the scenes|anywhere|at all))?\W*\Z",
    re.I,
)
_IS_NOUN = re.compile(rf"{_NOUN}\Z", re.I)


def plain_relation_question(graph: CodeGraph, question: str) -> str:
    """The question without the whereabouts that are the whole project, and with two relations asked one after the other; unchanged if it
    asks for no relation."""
    if not _ASKS.match(question) or not _STATES_RELATION.search(question):
        return question
    library = _USES_LIBRARY.match(question)
    if library is not None and _names_project(graph, library["own"]) and graph.importers_of(library["library"]):
        return f"where is {library['library']} used?"
    text = _without_whereabouts(graph, question)
    two = _TWO_PASSIVES.fullmatch(text)
    if two is not None:
        lead, name = two["lead"], two["name"]
        return f"{lead}{name} {two['first']}, and {lead.strip()} {name} {two['second']}{two['rest']}"
    two = _TWO_ACTIVES.fullmatch(text)
    if two is not None:
        lead, name = two["lead"], two["name"]
        return f"{lead}{two['first']} {name}, and {lead.strip()} {two['second']} {name}{two['rest']}"
    return text


def _without_whereabouts(graph: CodeGraph, question: str) -> str:
    tail = _TAIL.search(question)
    if tail is not None and _is_whole_project(graph, tail["name"]):
        question = question[: tail.start()] + (tail["end"] or tail["bare_end"] or "")
    head = _HEAD.match(question)
    if head is not None and _is_whole_project(graph, head["name"]):
        question = f"{head['where']} {question[head.end() :]}"
    return question


def _names_project(graph: CodeGraph, words: str) -> bool:
    return words.lower() in ("it", "this") or _is_whole_project(graph, words.rpartition(" ")[2])


def _is_whole_project(graph: CodeGraph, name: str | None) -> bool:
    """Whether a name is the project's own; None, or a noun for it, stands for "the package"."""
    if name is None or _IS_NOUN.match(name):
        return True
    with graph.store.snapshot():
        return terms.compound(name) in SearchIndex(graph).own_names
