"""The question as it is understood: `session.run` is `Session.run` where no module has that name, "X - who catches it?" asks who
catches X, and "where is X raised and caught?" asks two things."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from ..code_graph import CodeGraph, is_test_path
from ..evidence.ranking import is_aside
from ..graph import terms
from ..types import SymbolRef
from .composing.links.library_uses import product_first_key
from .inert import code
from .module_aliases import members_of_alias
from .relation_words import plain_relation_question

_MAX_CHARS = 300
_DOTTED = re.compile(
    r"(?<![\w./-])(?P<tick>`?)(?P<name>(?:[a-z_]\w*\.)+[A-Za-z_]\w*)(?P<call>\(\))?(?P=tick)(?![\w/(-])"
)
_RECEIVERS = frozenset({"self", "cls", "super"})
# `setup.cfg` is a file, and no member of `Setup`.
_FILE_ENDINGS = frozenset(
    "cfg com conf css csv html ini io js json lock log md net org pdf po py rst sh toml txt xml yaml yml".split()
)
_MAX_DEFINITIONS = 200  # of one name that are looked at
_MAX_FILES, _MAX_CALLS = 20, 6  # in which calls are looked for, and that are resolved
_MAX_MEMBERS = 3  # that a question may mean
_MIN_ABBREVIATION = 3
_CAMEL_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]+|[a-z0-9]+")
_LEAD = re.compile(
    r"\W*?(?P<name>`[^`\n]+`|[A-Za-z_]\w*(?:\.\w+)*(?:\(\))?)\s*(?:\s[-\u2013\u2014]|[:,;])\s+"
    r"(?P<rest>(?:and\s+)?(?:who|what|where|which|when|how|why)\b.*)\Z",
    re.I | re.DOTALL,
)
_CODE_LIKE = re.compile(r"[`._(]|[a-z][A-Z]")
_GREETING = re.compile(
    r"\W*(?:(?:hi|hello|hey|hiya|ok|okay|so|well|first|firstly|now|then|next|also|please|thanks|thank you|sorry|(?:quick )?question|btw|"
    r"by the way)(?: (?:there|everyone|all|team|again|so))?\s*[,:;.!\u2013\u2014-]+\s+)+(?=\w)",
    re.I,
)
_PRONOUN = re.compile(r"\b(?:it|this|they|them)\b(?!')", re.I)


def understood_question(graph: CodeGraph, question: str) -> str:
    """The question with the names that it means; unchanged if it is long, as reports are, or means what it says."""
    if len(question) > _MAX_CHARS or "\n" in question.strip():
        return question
    question = _without_greeting(question)
    plain = plain_relation_question(graph, _without_lead(graph, question))
    return _DOTTED.sub(lambda match: _member_name(graph, match), plain)


def _without_greeting(question: str) -> str:
    """ "what is this?" for "Hi there, what is this?"; the question itself if it is nothing else."""
    greeting = _GREETING.match(question)
    return question[greeting.end() :] if greeting is not None else question


def _without_lead(graph: CodeGraph, question: str) -> str:
    """ "who catches X?" for "X - who catches it?"."""
    lead = _LEAD.match(question)
    if lead is None or _PRONOUN.search(lead["rest"]) is None:
        return question
    name = lead["name"]
    if not (_CODE_LIKE.search(name) or graph.find_symbol(name, at_most=1)):
        return question  # a word that names nothing
    return _PRONOUN.sub(lambda _: lead["name"], lead["rest"], count=1)


def _member_name(graph: CodeGraph, match: re.Match[str]) -> str:
    names = [name + (match["call"] or "") for name in _qualified_names(graph, match["name"])]
    if not names:
        return match.group()
    return "/".join(map(code, names)) if match["tick"] or len(names) > 1 else names[0]


def _qualified_names(graph: CodeGraph, dotted: str) -> list[str]:
    """The members that `session.run` may mean, by qualified name; none if it is the name of something else."""
    receiver, _, name = dotted.rpartition(".")
    top, receiver = receiver.partition(".")[0], receiver.rpartition(".")[2]
    if name in _FILE_ENDINGS or receiver in _RECEIVERS or graph.find_symbol(dotted, at_most=1):
        return []
    if top == receiver and (top in sys.stdlib_module_names or graph.importers_of(top)):
        return []  # a library's
    members = members_of_alias(graph, receiver, name) if top == receiver else []
    members = members or members_of_instance(graph, receiver, name)
    return [_unambiguous_name(graph, ref) for ref in members] if len(members) <= _MAX_MEMBERS else []


def members_of_instance(graph: CodeGraph, receiver: str, name: str) -> list[SymbolRef]:
    """The members called `name` of the classes that a variable called `receiver` is likely an instance of: `Repo` of `repo`, or else
    `BaseRepo`, or else the one whose last word begins so, as `BuildEnvironment` does for `env`."""
    members = [m for cls in classes_of_instance(graph, receiver) for m in graph.members(cls, name)]
    if members:
        return _best(graph, members)
    definitions = graph.find_symbol(name, at_most=_MAX_DEFINITIONS)
    if len(definitions) > _MAX_DEFINITIONS:
        return []
    words = [word.lower() for word in terms.words(receiver.replace("_", " "))]
    by_owner = [(ref, _class_words(ref)) for ref in definitions if "." in ref.symbol.qualname]
    members = [ref for ref, owner_words in by_owner if words and owner_words[-len(words) :] == words]
    if members:
        return _best(graph, members)
    is_short = len(words) == 1 and len(words[0]) >= _MIN_ABBREVIATION
    members = [
        ref for ref, owner_words in by_owner if is_short and owner_words and owner_words[-1].startswith(words[0])
    ]
    members = _best(graph, members or list(_called_members(graph, receiver, name)))
    return members if len(members) == 1 else []


def _called_members(graph: CodeGraph, receiver: str, name: str) -> Iterator[SymbolRef]:
    """The methods that calls such as `app.add_directive()` lead to."""
    number = 0
    for path in sorted(graph.view.paths_using(name, "called"), key=product_first_key)[:_MAX_FILES]:
        facts = graph.facts(path)
        for call in facts.calls if facts is not None else ():
            if call.name != name or call.callee.split(".")[-2:] != [receiver, name]:
                continue
            if facts is None or number >= _MAX_CALLS:
                return
            number += 1
            yield from (ref for ref in graph.site(facts, call).targets if "." in ref.symbol.qualname)


def classes_of_instance(graph: CodeGraph, receiver: str) -> list[SymbolRef]:
    """The product's classes that are called like a variable, but for the case."""
    camel = "".join(part.capitalize() for part in receiver.split("_"))
    refs = [ref for name in dict.fromkeys((camel, receiver.upper())) for ref in graph.find_symbol(name)]
    return [ref for ref in refs if ref.symbol.kind == "class" and not is_test_path(ref.path)]


def _class_words(member: SymbolRef) -> list[str]:
    """The words of the name of a member's class, in lower case."""
    owner = member.symbol.qualname.split(".")[-2]
    return [word.lower() for word in _CAMEL_WORD.findall(owner)]


def _best(graph: CodeGraph, members: list[SymbolRef]) -> list[SymbolRef]:
    """Of several members those of the product that its packages export, or that are defined nearest the top."""
    distinct = {(ref.path, ref.symbol.qualname): ref for ref in reversed(members)}
    refs = [ref for ref in reversed(distinct.values()) if not is_test_path(ref.path)]
    refs = [ref for ref in refs if not is_aside(ref.path)] or refs
    if len(refs) > 1:
        refs = list(_exported(graph, refs)) or refs
    depth = min((ref.path.count("/") for ref in refs), default=0)
    return [ref for ref in refs if ref.path.count("/") == depth]


def _exported(graph: CodeGraph, members: list[SymbolRef]) -> Iterator[SymbolRef]:
    """Those whose class can be imported from the top package."""
    for member in members:
        top, owner = member.module.partition(".")[0], member.symbol.qualname.partition(".")[0]
        if top != member.module and any(cls.path == member.path for cls in graph.find_symbol(f"{top}.{owner}")):
            yield member


def _unambiguous_name(graph: CodeGraph, ref: SymbolRef) -> str:
    namesakes = [r for r in graph.find_symbol(ref.symbol.qualname) if not is_test_path(r.path)]
    return ref.symbol.qualname if len({r.path for r in namesakes}) < 2 else ref.full_name
