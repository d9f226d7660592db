"""What there is of a kind in the whole workspace, where a question asks for that: each kind has a module of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ....code_graph import CodeGraph
from ...clauses import parts_of
from ..candidate import Candidate
from ..links.known_links import KnownLinks
from .classes_with_method import classes_with_method
from .default_values import default_values
from .defined_exceptions import defined_exceptions
from .entry_points import entry_points
from .error_messages import message_sentences
from .exception_handlers import handler_sentences
from .raising_places import raising_places


def cached_listings(links: KnownLinks, question: str) -> tuple[Candidate, ...]:
    """`listings`, worked out once, within the time that links may take."""
    with links.budget.spend():
        return links.once(("listings", question), lambda: tuple(listings(links.graph, question, links.budget.check)))


def listings(graph: CodeGraph, question: str, check: Callable[[], None] = lambda: None) -> Iterator[Candidate]:
    """What there is of a kind, where a question or a part of it asks for that: classes that have a method, exceptions that are defined,
    handlers of one, where one is raised, also by its message, and what something is by default. `check` raises where nobody waits any
    more."""
    for part in parts_of(question):
        yield from classes_with_method(graph, part)
        yield from defined_exceptions(graph, part)
        yield from handler_sentences(graph, part)
        yield from raising_places(graph, part, check)
        yield from entry_points(graph, part)
        yield from default_values(graph, part)
    yield from message_sentences(graph, question)
