"""Answers and evidence in a terminal: colour where there is one, plain text in a pipe.

Without colours, code keeps its backticks; `pathline check` reads such output.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

from ..answers.render import has_heading
from ..evidence.spans import line_score
from ..graph import terms
from ..types import Answer, Claim, Evidence
from .common import note, printable
from .console import PipedConsole

_CODE = re.compile(r"(?<!`)(`+)(?!`)\s?(.+?)\s?(?<!`)\1(?!`)")
_ESCAPED = re.compile(r"\\([\[\]*<>#|\\~!+\-])")
_MAX_EVIDENCE_LINES = 6
_SLOW_STAGES = {
    "reading": "The model reads (a few seconds; --no-model answers at once)",
    "phrasing": "The model writes",
}


class Screen:
    """Writes answers and evidence to stdout; progress of slow stages to stderr, in a terminal only."""

    def __init__(self, quiet: bool = False) -> None:
        self._out = PipedConsole(highlight=False, soft_wrap=not sys.stdout.isatty())
        self._coloured = self._out.color_system is not None and not self._out.no_color
        self._quiet = quiet
        self._streamed = 0
        self._status: Status | None = None

    def event(self, name: str, value: Any) -> None:
        """The event sink of an answer: prints phrased sentences as they pass verification."""
        if name == "stage":
            self.done()
            if value in _SLOW_STAGES and sys.stderr.isatty():
                self._status = Console(stderr=True).status(_SLOW_STAGES[value])
                self._status.start()
        elif name == "detail":
            self.done()
            print(printable(str(value)), file=sys.stderr)
        elif name == "claim" and not self._quiet and value.kind == "phrased":
            self._streamed += 1
            self._claim(value)

    def done(self) -> None:
        """Remove the spinner. Idempotent."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def answer(self, answer: Answer, explain: bool = False, hint: str = "", footer: bool = False) -> None:
        if not answer.found:
            self._out.print(self._markdown(answer.text.partition("\n")[0]))
        notes = self._notes(answer)
        if answer.claims and notes and not self._streamed and has_heading(answer.text):
            note(notes.pop(0))  # the heading: what is told is not what was asked for
        for claim in answer.claims[self._streamed :]:
            self._claim(claim)
        if footer and answer.provenance.commit:
            self._out.print(Text(f"Commit {answer.provenance.commit}", style="dim"))
        if explain:
            self._out.print()
            self.evidence(answer.evidence, {}, explain=True)
        for text in (*notes, hint):
            note(text)

    @staticmethod
    def _notes(answer: Answer) -> list[str]:
        notes = [answer.reason] if answer.reason else []
        if answer.dropped:
            notes.append(
                f"{len(answer.dropped)} sentence{'s' * (len(answer.dropped) > 1)} not shown: failed the checks"
            )
        return notes

    def evidence(self, items: Sequence[Evidence], weights: Mapping[str, float], explain: bool = False) -> None:
        if not items:
            self._out.print("Nothing in this workspace matches.")
        for item in items:
            head = Text(printable(str(item.span)), style="cyan")
            head.append(f"  {printable(item.symbol)}", style="bold")
            head.append(f"  {item.kind}  {item.score:.2f}", style="dim")
            self._out.print(head)
            if explain:
                for why in item.why:
                    self._out.print(Text(f"    {printable(why)}", style="dim"))
            for number, line in _excerpt_lines(item, weights):
                text = Text(f"{number:>6}  ", style="dim")
                text.append_text(_highlighted(line, weights))
                self._out.print(text, soft_wrap=True)

    def _claim(self, claim: Claim) -> None:
        text = Text("• ")
        text.append_text(self._markdown(claim.lead))
        for citation in claim.citations:
            text.append("  ")
            text.append(printable(str(citation.span)), style="cyan")
        self._out.print(text)
        for step in claim.steps:
            self._out.print(Text("    ").append_text(self._markdown(step)))

    def _markdown(self, source: str) -> Text:
        """The little Markdown that claims use: code spans and escapes."""
        text = Text()
        source = printable(source)
        position = 0
        for match in _CODE.finditer(source):
            text.append(_ESCAPED.sub(r"\1", source[position : match.start()]))
            text.append(match[2] if self._coloured else match.group(), style="bold green")
            position = match.end()
        text.append(_ESCAPED.sub(r"\1", source[position:]))
        return text


def _excerpt_lines(item: Evidence, weights: Mapping[str, float]) -> list[tuple[int, str]]:
    """The first line and the best matching ones, in order."""
    lines = [(item.span.start + i, line) for i, line in enumerate(item.text.split("\n"))]
    ranked = sorted(lines, key=lambda pair: -line_score(pair[1], weights))
    keep = {lines[0][0]} | {number for number, _ in ranked[: _MAX_EVIDENCE_LINES - 1]}
    return [(n, line) for n, line in lines if n in keep and line.strip()]


def _highlighted(line: str, weights: Mapping[str, float]) -> Text:
    text = Text(printable(line.expandtabs(4)))
    for match in re.finditer(r"\w+", text.plain):
        if any(t in weights for t in terms.split(match.group())):
            text.stylize("bold yellow", *match.span())
    return text
