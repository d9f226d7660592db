"""Whether there are as many in all as a list says."""

from __future__ import annotations

import re

from ....code_graph import CodeGraph
from .exception_handlers import count_of_handlers
from .raising_places import count_of_raising

_FORM = re.compile(
    r"(?P<list>`(?P<name>\w+)`(?: defined in `(?P<path>[^`]+)`)? is (?P<verb>raised|caught) in .+, among others)"
    r" \((?P<count>\d+) in all\)\."
)


def without_total(graph: CodeGraph, sentence: str) -> tuple[str, bool]:
    """(the sentence without the number of all, whether that number is right)."""
    form = _FORM.fullmatch(sentence.strip())
    if form is None:
        return sentence, True
    count = (
        count_of_raising(graph, form["name"], form["path"])
        if form["verb"] == "raised"
        else count_of_handlers(graph, form["name"])
    )
    return f"{form['list']}.", count == int(form["count"])
