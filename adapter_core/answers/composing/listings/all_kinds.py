"""Listings: sentences about all things of a kind in the workspace, for questions that ask for them; each kind has its own module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ....code_graph import CodeGraph
from ...clauses import split_question
from ..candidate import Candidate
from ..collections.told_collections import collection_sentences
from ..links.known_links import KnownLinks
from ..settings.command_options import command_option_sentences
from ..settings.described import described_sentences
from ..settings.sentences import setting_sentences
from ..settings.setting_questions import asks_variable
from .attribute_writes import write_sentences
from .base_classes import base_sentences
from .classes_with_method import method_owner_sentences
from .default_values import default_value_sentences
from .defined_exceptions import defined_exception_sentences
from .entry_points import entry_point_sentences
from .environment_variables import environment_variable_sentences
from .error_messages import message_sentences
from .exception_handlers import handler_sentences
from .module_choices import choice_sentences
from .raising_places import raising_sentences
from .sent_signals import sending_sentences
from .test_runs import test_run_sentences
from .topic_tests import topic_test_sentences
from .uses import use_listing
from .what_it_raises import raised_sentences


def cached_listings(links: KnownLinks, question: str) -> tuple[Candidate, ...]:
    """`listings`, computed once per question, within the time budget of the links."""
    with links.budget.spend():
        return links.once(("listings", question), lambda: tuple(listings(links.graph, question, links.budget.check)))


def listings(graph: CodeGraph, question: str, check: Callable[[], None] = lambda: None) -> Iterator[Candidate]:
    """The listings that the question or a part of it asks for: classes with a method, defined exceptions, base classes, handlers of an
    exception, where one is raised (also by its message), what a function raises, where something is read, who sends a signal, who changes
    an attribute, entry points, what a module decides on import, environment variables, options, and default values; where it asks for none
    of these, the collections and the settings that it describes. `check`: raises if the answer was cancelled."""
    described = list(described_sentences(graph, question, check)) if asks_variable(question) else []
    found = described or list(_of_parts(graph, question, check))
    collected = [] if found else list(collection_sentences(graph, question, check))
    told = {item.text for item in collected}
    exceptions = (item for part in split_question(question) for item in defined_exception_sentences(graph, part))
    yield from (*found, *(item for item in exceptions if item.text not in told), *collected)
    if not found:
        collections = {frozenset(item.spans) for item in collected}
        of_settings = described_sentences(graph, question, check)
        yield from (item for item in of_settings if frozenset(item.spans) not in collections)
    yield from message_sentences(graph, question)


def _of_parts(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    for part in split_question(question):
        yield from method_owner_sentences(graph, part)
        yield from base_sentences(graph, part)
        yield from handler_sentences(graph, part)
        yield from raising_sentences(graph, part, check)
        yield from raised_sentences(graph, part, check)
        yield from use_listing(graph, part, check)
        yield from sending_sentences(graph, part, check)
        yield from entry_point_sentences(graph, part)
        yield from choice_sentences(graph, part)
        yield from environment_variable_sentences(graph, part, check)
        yield from command_option_sentences(graph, part)
        yield from setting_sentences(graph, part, check)
        yield from default_value_sentences(graph, part)
        yield from write_sentences(graph, part, check)
        yield from list(test_run_sentences(graph, part)) or topic_test_sentences(graph, part)
