"""Who changes an attribute or variable: what it is at first, and the places that change it later, each as it is written there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ....code_graph import CodeGraph, index_of
from ....types import SymbolRef
from ...inert import code
from ..candidate import MAX_CITED, Candidate, SentenceBuilder, join_list
from ..definitions import value_sentences
from ..documentation.attribute_docs import attribute_doc_sentences
from ..documentation.comments import comment_above_sentences, comment_sentences_in
from ..statements.quotes import quote_at_line
from .asked_write import asked_write
from .written_targets import PlacedWrite, Target, find_target

# The lead of sentences about writes of which only the name is known, and the words of those that list the rest.
PERHAPS = "Perhaps, by the name alone: "
UNTOLD = "Perhaps, by a name that is not told: "
ALSO_CHANGED, ALSO_SET = "is also changed in", "is also set in"
_CONSTRUCTORS = ("__init__", "__new__", "__post_init__", "__attrs_post_init__", "__init_subclass__", "__setstate__")
_MAX_SENTENCES = 6
_MAX_UNTOLD = 1  # writes of attributes that the code does not name
_MAX_FIRST = 2  # what it is at first: the definition, and the constructor
_MAX_LISTED = 6
_MAX_TARGET, _MAX_STATEMENT = 80, 200


def write_sentences(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """The definition of the attribute or variable that the question asks for, and the statements that change it: quotes where the graph
    knows whose attribute it is, then those where only the name is the same."""
    asked = asked_write(question)
    target = find_target(graph, asked, check) if asked is not None else None
    if target is None or not (target.writes or target.guesses or target.untold or len(target.definitions) > 1):
        return  # what is only defined is told of as any other symbol is
    for rank, candidate in enumerate(_all_sentences(graph, target)):
        # The order of the sentences is that of their ranks.
        yield replace(candidate, kind="listing", rank=rank, order=-1, named=True)


def _all_sentences(graph: CodeGraph, target: Target) -> Iterator[Candidate]:
    first = list(_first_sentences(graph, target))
    yield from first
    room = _MAX_SENTENCES - len(first)
    later = sorted(_later_writes(target), key=lambda placed: _order_key(target, placed))
    overriding = [ref for ref in target.definitions if _is_override(ref, target)]
    sentences = _told(graph, target, later, overriding, room)
    yield from sentences
    guesses = [placed for placed in target.guesses if placed.write.form != "likely"]
    guesses.sort(key=lambda placed: placed.path.startswith("doc"))
    told = _told(graph, target, guesses, [], room - len(sentences))
    certain = {sentence.text for sentence in sentences}  # the same statement may stand twice in a function
    yield from (replace(guess, text=PERHAPS + guess.text) for guess in told if guess.text not in certain)
    if len(sentences) + len(told) < room:
        untold = [sentence for placed in target.untold if (sentence := _sentence_of(graph, placed)) is not None]
        yield from (replace(sentence, text=UNTOLD + sentence.text) for sentence in untold[:_MAX_UNTOLD])


def _told(
    graph: CodeGraph, target: Target, writes: Sequence[PlacedWrite], overriding: Sequence[SymbolRef], room: int
) -> list[Candidate]:
    """At most `room` sentences about the writes, one of each function first; the last lists those that are not told by the others.
    `overriding`: definitions in derived classes, which are only listed."""
    seen: set[tuple[str, int]] = set()
    repeated = [placed for placed in writes if _is_seen(seen, placed)]
    ordered = [*[placed for placed in writes if placed not in repeated], *repeated]
    certain = [placed for placed in ordered if placed.write.form != "likely"]
    ordered = [*certain, *[placed for placed in ordered if placed.write.form == "likely"]]
    quoted_room = room - (len(certain) + len(overriding) > room or bool(overriding))
    sentences: list[Candidate] = []
    told_scopes: set[tuple[str, int]] = set()
    left: list[PlacedWrite] = []
    for placed in ordered:
        sentence = _sentence_of(graph, placed) if len(sentences) < quoted_room else None
        if sentence is None:
            left += [placed] if placed in certain else []
            continue
        told_scopes.add((placed.path, placed.scope))
        if all(sentence.text != other.text for other in sentences):
            sentences.append(sentence)
    unquoted = [placed for placed in left if (placed.path, placed.scope) not in told_scopes]
    rest = _rest_sentence(target, unquoted, overriding) if room > len(sentences) else None
    return [*sentences, rest] if rest is not None else sentences


def _is_seen(scopes: set[tuple[str, int]], placed: PlacedWrite) -> bool:
    key = (placed.path, placed.scope)
    is_seen = key in scopes
    scopes.add(key)
    return is_seen


# -- what it is at first -----------------------------------------------------------------------------------------------


def _first_sentences(graph: CodeGraph, target: Target) -> Iterator[Candidate]:
    """The definition with what its comment or docstring says first, and the assignment in a constructor."""
    count = 0
    for ref in target.definitions:
        facts, document = graph.facts(ref.path), graph.document(ref.path)
        index = index_of(facts, ref.symbol) if facts is not None else None
        if facts is None or document is None or index is None or _is_override(ref, target):
            continue
        builder = SentenceBuilder(facts, index, 0)
        value = next(value_sentences(builder, document.lines), None)
        span = (ref.symbol.start, min(ref.symbol.end, ref.symbol.start + MAX_CITED - 1))
        yield value or builder.sentence("where", f"{code(ref.symbol.qualname)} is defined in {code(ref.path)}.", span)
        about = [*attribute_doc_sentences(builder, document.lines), *comment_above_sentences(builder, document.lines)]
        yield from about[:1]
        count += 1
        if count >= _MAX_FIRST:
            return
    placed = _first_write(target)
    sentence = _sentence_of(graph, placed) if placed is not None else None
    if placed is not None and sentence is not None:
        yield sentence
        yield from list(_comment_on(graph, placed))[:1]


def _is_override(ref: SymbolRef, target: Target) -> bool:
    """Whether a definition is that of another class than those asked for."""
    return (ref.path, ref.symbol.parent) not in target.owners and any(
        (other.path, other.symbol.parent) in target.owners for other in target.definitions
    )


def _first_write(target: Target) -> PlacedWrite | None:
    """The first assignment in a constructor, one of the class that is asked for before those of its bases."""
    found = [p for p in target.writes if _function_name(p) in _CONSTRUCTORS and p.write.is_rebound]
    own = [p for p in found if p.owner in target.owners]
    return min(own or found[:1], key=lambda p: _CONSTRUCTORS.index(_function_name(p)), default=None)


def _function_name(placed: PlacedWrite) -> str:
    return placed.facts.symbols[placed.scope].name


def _comment_on(graph: CodeGraph, placed: PlacedWrite) -> Iterator[Candidate]:
    document = graph.document(placed.path)
    builder = SentenceBuilder(placed.facts, placed.scope, 0)
    for sentence in comment_sentences_in(builder, document.lines) if document is not None else ():
        if sentence.spans[0][1] < placed.write.start == sentence.spans[0][2]:
            yield replace(sentence, subject=f"{placed.path}:{placed.write.start}:comment")


# -- what changes it later ---------------------------------------------------------------------------------------------


def _later_writes(target: Target) -> list[PlacedWrite]:
    first = _first_write(target)
    return [placed for placed in target.writes if placed is not first]


def _order_key(target: Target, placed: PlacedWrite) -> tuple[bool, bool, bool]:
    """The class's own methods first, then those of related classes, then other functions; constructors last."""
    is_method = placed.write.receiver in ("self", "cls", "")
    return _function_name(placed) in _CONSTRUCTORS, not is_method, placed.owner not in target.owners


def _sentence_of(graph: CodeGraph, placed: PlacedWrite) -> Candidate | None:
    """The quote of the statement, or else what it does in words; None if neither can be told."""
    document = graph.document(placed.path)
    scope, write = placed.facts.symbols[placed.scope], placed.write
    if document is None:
        return None
    builder = SentenceBuilder(placed.facts, placed.scope, 0)
    lines: list[tuple[int, int]] = [(write.start, min(write.end, write.start + MAX_CITED - 1))]
    text = ""
    if scope.is_callable:
        quote = quote_at_line(scope.qualname, scope, document.lines, write.start)
        text, lines = quote if quote is not None else ("", lines)
    if not text and len(write.target) <= _MAX_TARGET and write.form in ("assign", "call"):
        owner = code(scope.qualname if placed.scope else placed.facts.module)
        text = f"{owner} {'sets' if write.form == 'assign' else 'calls'} {code(write.target)}."
    if not text:
        return None
    return replace(builder.sentence("sets", text, *lines), subject=f"{placed.path}:{write.start}")


def _rest_sentence(target: Target, left: Sequence[PlacedWrite], overriding: Sequence[SymbolRef]) -> Candidate | None:
    """ "`C.x` is also changed in `f` and `Sub`, among others." """
    places: dict[str, tuple[str, int, int]] = {}
    for placed in left:
        scope = placed.facts.symbols[placed.scope]
        name = scope.qualname if placed.scope else placed.facts.module
        places.setdefault(name, (placed.path, placed.write.line, placed.write.line))
    for ref in overriding:
        places.setdefault(
            ref.symbol.qualname.rpartition(".")[0] or ref.module, (ref.path, ref.symbol.name_line, ref.symbol.name_line)
        )
    if not places:
        return None
    listed = list(places)[:_MAX_LISTED]
    others = ", among others" if len(places) > len(listed) or not target.complete else ""
    text = f"{code(target.name)} {ALSO_CHANGED if left else ALSO_SET} {join_list([code(name) for name in listed])}{others}."
    spans = tuple(places[name] for name in listed)
    return Candidate(text, "listing", spans, f"{spans[0][0]}:{spans[0][1]}:rest", 0, 0)
