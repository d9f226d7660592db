"""Whether there are as many in all as a list says."""

from __future__ import annotations

import re

from ....code_graph import CodeGraph
from .environment_variables import count_of_variables
from .exception_handlers import count_of_handlers
from .raising_places import count_of_raising

_FORM = re.compile(
    r"(?P<list>`(?P<name>[\w.]+)`(?: defined in `(?P<path>[^`]+)`)? is (?P<verb>raised in|caught in|extended by|overridden by) .+"
    r", among others) \((?P<count>\d+) in all\)\."
)


_VARIABLES = re.compile(
    r"(?P<list>`\w+`(?:, `\w+`)*(?: and `\w+`)? (?:is|are) read in `[^`]+`, among others) \((?P<count>\d+) in all\)\."
)


def without_total(graph: CodeGraph, sentence: str) -> tuple[str, bool]:
    """(the sentence without the number of all, whether that number is right)."""
    variables = _VARIABLES.fullmatch(sentence.strip())
    if variables is not None:
        return f"{variables['list']}.", count_of_variables(graph) == int(variables["count"])
    form = _FORM.fullmatch(sentence.strip())
    if form is None:
        return sentence, True
    return f"{form['list']}.", int(form["count"]) in _counts(graph, form["verb"], form["name"], form["path"])


def _counts(graph: CodeGraph, verb: str, name: str, path: str | None) -> list[int | None]:
    """How many there are, for each symbol that may be meant."""
    if verb == "raised in":
        return [count_of_raising(graph, name, path)]
    if verb == "caught in":
        return [count_of_handlers(graph, name)]
    linked = graph.subclasses_of if verb == "extended by" else graph.overrides_of
    return [len(linked(ref)) for ref in graph.find_symbol(name)]
