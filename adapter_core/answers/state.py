"""The state of one answer in progress: options, results, notes, metrics, and how it is stopped."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ..code_graph import CodeGraph
from ..errors import Cancelled
from ..evidence.selection import Found
from ..models.backend import Backend
from ..types import CancelToken, Claim, Dropped, EventSink
from .compose import candidates
from .composing.candidate import Candidate
from .composing.links.known_links import KnownLinks
from .composing.links.time_budget import TimeBudget
from .options import AskOptions
from .selecting import Selected, select
from .verify import verify_claim

_SELECTION_SECONDS = 5.0  # time limit for the modules around a zoom symbol and for reranking


@dataclass
class Run:
    """One question on its way to its answer. `selected`: cache of `selection`. `links`: the links looked up so far, with the time budget
    for more. `asked`: the question as the user wrote it. `model_works`: False once the model has failed, so that one question does not
    start it twice."""

    graph: CodeGraph
    question: str
    options: AskOptions
    backend: Backend | None
    cancel: CancelToken | None
    emit: EventSink
    dropped: list[Dropped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)
    model_name: str | None = None
    adapter_name: str | None = None
    model_works: bool = True
    selected: Selected | None = None
    asked: str = ""
    links: KnownLinks = field(init=False)
    started: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        self.links = KnownLinks(self.graph, TimeBudget(self.graph, self.options.compose.link_seconds, self.check))

    def check(self) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("The answer was stopped.")

    def mark(self, name: str) -> None:
        """Record the milliseconds since the question as the metric `{name}_ms`."""
        self.metrics[f"{name}_ms"] = round((time.perf_counter() - self.started) * 1000, 1)

    def note(self, text: str) -> None:
        """Add a note for the user (part of the answer's reason); repeated notes are added once."""
        text = text.strip().rstrip(".")
        if text and text not in self.notes:
            self.notes.append(text)

    def detail(self, text: str) -> None:
        if self.options.verbose:
            self.emit("detail", text)

    def selection(self, found: Found) -> Selected:
        """The modules and files that the question is about; computed on first use."""
        if self.selected is None:
            with self.graph.within(_SELECTION_SECONDS):
                self.selected = select(self.graph, self.question, found, self.options)
        return self.selected

    def candidates(self, found: Found) -> list[Candidate]:
        """The candidate sentences, compiled once: both phrasing and, if nothing phrased passes, composing use them."""
        limit = self.options.compose.max_candidates
        return self.links.once("candidates", lambda: candidates(self.graph, found, limit, self.links))

    def is_late(self) -> bool:
        """Whether the model's time is over (`attempts.deadline`, in seconds)."""
        limit = self.options.attempts.deadline
        return limit is not None and time.perf_counter() - self.started >= limit

    def verify(self, claim: Claim) -> Claim | None:
        """The claim with checked citations; None (and recorded as dropped, with the reason) if it does not hold."""
        checked, problem = verify_claim(self.graph, claim, self.links)
        if problem:
            self.drop(claim.text, problem)
            return None
        return checked

    def drop(self, text: str, reason: str) -> None:
        if all(d.text != text for d in self.dropped):
            self.dropped.append(Dropped(text, reason))


class DeadlineToken:
    """A cancel token that is set when the caller's is, or when the model's time is over."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def is_set(self) -> bool:
        cancel = self._run.cancel
        return (cancel is not None and cancel.is_set()) or self._run.is_late()
